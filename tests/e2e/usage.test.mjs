// What the gateway saw of a key, the registry shows: when it was last used, from where, and why it was refused.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { inObjects } from "../support/ageing.js";
import { call } from "../support/client.js";
import { eventually } from "../support/eventually.js";
import { events } from "../support/gateway.js";
import { found } from "../support/operator.js";
import { startRegistry } from "../support/registry.js";

let registry, admin;
before(async () => {
  registry = await startRegistry();
  admin = await found(registry, "acme");
});
after(() => registry?.stop());

const KEY = { kind: "basic", environment: "production", roles: [{ role: "read-only", accounts: "all" }] };
/** How long after a report of a key the next one is. */
const REPORT_EVERY_MS = 60_000;

async function make(name, change) {
  const key = await admin.expect(201, "POST", "/v1/keys", { ...KEY, name, ...change });
  await eventually(async () => (await registry.kv.get(`k/${key.keyId}`)) !== null, "it is published");
  return key;
}

const show = ({ keyId }) => admin.expect(200, "GET", `/v1/keys/${keyId}`);
const outcome = async (key, how) => (await call(registry, { as: key, ...how })).outcome;

/** Resolves with the key as soon as it is shown so. */
async function shown(key, is, what) {
  let seen;
  await eventually(async () => is((seen = await show(key))), what);
  return seen;
}

/** The present minute, or the one before, should it have ended just now. */
function assertThisMinute(seconds) {
  assert.equal(seconds % 60, 0);
  assert.ok(Date.now() / 1000 - seconds < 120, `${seconds}`);
}

describe("a key that is used", () => {
  let key, before, used;
  test("says the minute and the network, and which of its secrets it was", async () => {
    key = await make("used");
    before = await admin.ask("GET", `/v1/keys/${key.keyId}`);
    const { lastUsedAt, lastUsedFrom, allowed, denials, issues } = before.json;
    assert.deepEqual({ lastUsedAt, lastUsedFrom, allowed, denials }, { lastUsedAt: null, lastUsedFrom: null, allowed: 0, denials: {} });
    assert.equal(issues[0].lastUsedAt, null);
    assert.equal(await outcome(key, { from: "127.0.0.77" }), "200");
    used = await shown(key, (seen) => seen.lastUsedAt !== null, "the use is shown");
    assertThisMinute(used.lastUsedAt);
    assert.equal(used.lastUsedFrom, "127.0.0.0/24");
    assert.equal(used.allowed, 1);
    assert.equal(used.issues[0].lastUsedAt, used.lastUsedAt);
  });

  test("is shown so in lists", async () => {
    const { items } = await admin.expect(200, "GET", "/v1/keys?search=used");
    assert.deepEqual(items, [used]);
  });

  test("is the same key: no other ETag, no entry in the audit log, nothing published", async () => {
    const now = await admin.ask("GET", `/v1/keys/${key.keyId}`);
    assert.equal(now.headers.etag, before.headers.etag);
    assert.equal(now.json.generation, before.json.generation);
    const log = (await admin.expect(200, "GET", `/v1/audit?subject=${key.keyId}`)).split("\n").filter(Boolean);
    assert.deepEqual(log.map((line) => JSON.parse(line).action), ["key.created"]);
    assert.ok(!log[0].includes("lastUsed"));
    const writes = (await registry.kv.log()).filter((one) => one.op === "put" && one.key === `k/${key.keyId}`);
    assert.equal(writes.length, 1);
  });
});

test("a refused request counts by its reason, and is no use", async () => {
  const wrong = await make("guessed");
  assert.equal(await outcome(wrong, { secret: "kws_wrong" }), "401 malformed_credentials");
  const other = await make("another");
  assert.equal(await outcome(wrong, { secret: other.secret }), "401 invalid_credentials");
  const guessed = await shown(wrong, (seen) => seen.denials.invalid_credentials === 1, "the guess is shown");
  assert.equal(guessed.lastUsedAt, null);
  assert.equal(guessed.denials.malformed_credentials, undefined);
  const reader = await make("a reader");
  assert.equal(await outcome(reader, { method: "DELETE" }), "403 permission_denied");
  const refused = await shown(reader, (seen) => seen.denials.permission_denied === 1, "the refusal is shown");
  assert.deepEqual([refused.lastUsedAt, refused.lastUsedFrom, refused.allowed], [null, null, 0]);
});

test("both secrets of a rotation show their last use", async () => {
  const first = await make("rotated");
  assert.equal(await outcome(first), "200");
  await shown(first, (seen) => seen.allowed === 1, "the first secret's use");
  const second = await admin.expect(200, "POST", `/v1/keys/${first.keyId}/rotate`, { oldUntil: Math.floor(Date.now() / 1000) + 3600 });
  assert.deepEqual(second.issues.map(({ lastUsedAt }) => lastUsedAt === null), [true, false]);
  await eventually(async () => (await outcome(second)) === "200", "the second secret is taken");
  // Another isolate, which has not reported anything yet.
  await registry.restart();
  assert.equal(await outcome(second), "200");
  const both = await shown(first, ({ issues }) => issues.every(({ lastUsedAt }) => lastUsedAt !== null), "both");
  assert.equal(both.issues.length, 2);
});

test("another secret is given while the first is unused, and only then", async () => {
  const again = (key) => admin.ask("POST", `/v1/keys/${key.keyId}/secret`, { body: {} });
  const guessed = await make("lost answer");
  const other = await make("lost answer, too");
  assert.equal(await outcome(guessed, { secret: other.secret }), "401 invalid_credentials");
  await shown(guessed, (seen) => seen.denials.invalid_credentials === 1, "the guess is shown");
  assert.equal((await again(guessed)).status, 200);
  for (const [key, how] of [[other, {}], [await make("known elsewhere"), { method: "DELETE" }]]) {
    await outcome(key, how);
    await shown(key, (seen) => seen.allowed + Object.keys(seen.denials).length > 0, "the edge saw the secret");
    const answer = await again(key);
    assert.equal(answer.json.code, "conflict");
    assert.match(answer.json.detail, /used/);
  }
});

test("keys are sorted by their last use, and those that nobody uses are found", async () => {
  const names = ["idle 1", "idle 2", "busy", "new"];
  const keys = new Map();
  for (const name of names) keys.set(name, await make(`${name} of a list`));
  assert.equal(await outcome(keys.get("busy")), "200");
  await shown(keys.get("busy"), (seen) => seen.allowed === 1, "it is used");
  await registry.kill();
  await inObjects(registry, "organisation", "keys", [
    `UPDATE keys SET created_at_s = created_at_s - 90000 WHERE key_id <> '${keys.get("new").keyId}'`,
    `UPDATE keys SET used_at_s = created_at_s - 60 WHERE key_id = '${keys.get("idle 2").keyId}'`,
  ]);
  await registry.restart();
  const list = async (query) => {
    const found = [];
    let next = "";
    do {
      const page = await admin.expect(200, "GET", `/v1/keys?search=of%20a%20list&limit=1&${query}${next && `&after=${next}`}`);
      found.push(...page.items.map(({ name }) => name.replace(" of a list", "")));
      next = page.next;
    } while (next);
    return found;
  };
  const byUse = await list("sort=lastUsed");
  assert.deepEqual(byUse.slice(0, 2).sort(), ["idle 1", "new"]);
  assert.deepEqual(byUse.slice(2), ["idle 2", "busy"]);
  assert.deepEqual(await list("sort=-lastUsed"), byUse.toReversed());
  const anHourAgo = Math.floor(Date.now() / 1000) - 3600;
  assert.deepEqual((await list(`unusedSince=${anHourAgo}`)).sort(), ["idle 1", "idle 2"]);
  const wrong = await admin.ask("GET", "/v1/keys?unusedSince=yesterday");
  assert.equal(wrong.json.errors[0].field, "unusedSince");
});

test("within a minute a key is reported once, and then the rest of that minute", async () => {
  const key = await make("often");
  const others = [await make("meanwhile"), await make("nearly then")];
  const usedAlone = async (other) => {
    assert.equal(await outcome(other), "200");
    await shown(other, (seen) => seen.allowed === 1, "another key does not wait for it");
    assert.equal((await show(key)).allowed, 1);
  };
  const begun = Date.now();
  assert.equal(await outcome(key), "200");
  await shown(key, (seen) => seen.allowed === 1, "the first use is shown at once");
  for (let times = 0; times < 20; times++) assert.equal(await outcome(key), "200");
  await usedAlone(others[0]);
  // Late in that minute, however long it took until here.
  await registry.gatewayAhead(Math.max(0, begun + 45_000 - Date.now()));
  await usedAlone(others[1]);
  await registry.gatewayAhead(REPORT_EVERY_MS);
  assert.equal(await outcome(others[0]), "200");
  await shown(key, (seen) => seen.allowed === 21, "the rest is shown");
});

test("a registry that cannot note it costs no answer, and is said in the log", async () => {
  const key = await make("unnoted");
  await registry.kill();
  await inObjects(registry, "organisation", "usage", ["ALTER TABLE usage RENAME TO elsewhere"]);
  const from = registry.logs.length;
  await registry.restart();
  assert.equal(await outcome(key), "200");
  const said = () => events(registry.logs.slice(from)).find(({ event }) => event === "usage_not_reported");
  await eventually(said, "it is said");
  assert.deepEqual([said().reason, said().keys, said().dropped], ["organisations", 1, 0]);
  assert.equal(await outcome(key), "200");
  await registry.kill();
  await inObjects(registry, "organisation", "elsewhere", ["ALTER TABLE elsewhere RENAME TO usage"]);
  await registry.restart();
});
