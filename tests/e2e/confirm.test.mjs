// Where the settings ask for it, the edge takes no key that the registry does not confirm, whatever KV shows.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { inObjects } from "../support/ageing.js";
import { call } from "../support/client.js";
import { eventually } from "../support/eventually.js";
import { events } from "../support/gateway.js";
import { found } from "../support/operator.js";
import { startRegistry } from "../support/registry.js";

const KEY = { kind: "basic", environment: "production", roles: [{ role: "read-only", accounts: "all" }] };
/** How long a confirmation is good for while nobody asks again, and how long while the registry is being asked. */
const CONFIRMED_MS = 30_000, CONFIRMING_MS = 60_000;

let registry, admin;
before(async () => {
  // Memory alone would keep a key for five minutes.
  registry = await startRegistry({ gateway: { confirmKeys: true, isolateTtlSeconds: 300 } });
  admin = await found(registry, "acme");
});
after(() => registry?.stop());
beforeEach(() => registry.kv.reset());

const text = (key) => registry.kv.get(`k/${key.keyId}`);
const outcome = async (key) => (await call(registry, { as: key })).outcome;
/** The reasons in the log, from a line on: awaited, since they come after the answers. */
async function reasons(from, count) {
  const decisions = () => events(registry.logs.slice(from)).filter(({ event }) => event === "decision");
  await eventually(() => decisions().length >= count, `${count} decisions are logged`);
  return decisions().map(({ reason }) => reason);
}

async function make(name) {
  const key = await admin.expect(201, "POST", "/v1/keys", { ...KEY, name });
  await eventually(async () => (await text(key)) !== null, "it is published");
  await eventually(async () => (await outcome(key)) === "200", "it is confirmed");
  return key;
}

test("an isolate that has never seen a key does not believe an older record of it", async () => {
  const key = await make("shown as it was");
  const older = await text(key);
  await admin.expect(200, "POST", `/v1/keys/${key.keyId}/disable`);
  await eventually(async () => (await text(key)) !== older, "it is published");
  const present = await text(key);
  await registry.restart();
  await registry.kv.put(`k/${key.keyId}`, older);
  const from = registry.logs.length;
  for (let times = 0; times < 3; times++) assert.equal(await outcome(key), "503 store_unavailable");
  assert.deepEqual(await reasons(from, 3), ["record_outdated", "record_generation_went_back", "record_generation_went_back"]);
  await registry.kv.put(`k/${key.keyId}`, present);
  assert.equal(await outcome(key), "401 key_disabled");
});

test("a key that was taken away is refused as soon as it is confirmed no more, though KV never hears of it", async () => {
  const [asked, idle] = [await make("asked about"), await make("used by nobody for a while")];
  await registry.kv.hold();
  for (const key of [asked, idle]) await admin.expect(200, "DELETE", `/v1/keys/${key.keyId}`);
  await registry.gatewayAhead(CONFIRMED_MS);
  // This one time it is taken while the registry is asked, and never again.
  assert.equal(await outcome(asked), "200");
  await eventually(async () => (await outcome(asked)) === "503 store_unavailable", "the registry has answered");
  await registry.gatewayAhead(CONFIRMING_MS);
  for (const key of [asked, idle]) assert.equal(await outcome(key), "503 store_unavailable");
  await registry.kv.release();
  await registry.gatewayAhead(0);
  for (const key of [asked, idle]) await eventually(async () => (await outcome(key)) === "401 invalid_credentials", "KV shows it");
});

test("where the registry does not answer, a key that it never confirmed is refused", async () => {
  const key = await make("unconfirmed");
  await registry.kill();
  await inObjects(registry, "organisation", "keys", ["ALTER TABLE keys RENAME TO elsewhere"]);
  await registry.restart();
  const from = registry.logs.length;
  assert.equal(await outcome(key), "503 store_unavailable");
  assert.deepEqual(await reasons(from, 1), ["registry_unavailable"]);
  await registry.kill();
  await inObjects(registry, "organisation", "elsewhere", ["ALTER TABLE elsewhere RENAME TO keys"]);
  await registry.restart();
  assert.equal(await outcome(key), "200");
});
