// How soon the edge refuses a key that was taken away, and that it never takes one again, whatever KV does.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { inObjects } from "../support/ageing.js";
import { call } from "../support/client.js";
import { eventually } from "../support/eventually.js";
import { events } from "../support/gateway.js";
import { found } from "../support/operator.js";
import { startRegistry } from "../support/registry.js";

const ISOLATE_TTL_MS = 2_000;
const KEY = { kind: "basic", environment: "production", roles: [{ role: "read-only", accounts: "all" }] };

let registry, admin;
before(async () => {
  registry = await startRegistry({ gateway: { isolateTtlSeconds: ISOLATE_TTL_MS / 1_000 } });
  admin = await found(registry, "acme");
});
after(() => registry?.stop());
beforeEach(() => registry.kv.reset());

const outcome = async (key) => (await call(registry, { as: key })).outcome;

/** The generation that KV shows. */
async function generation(keyId) {
  const text = await registry.kv.get(`k/${keyId}`);
  return text === null ? 0 : JSON.parse(Buffer.from(text.split(".")[2], "base64url")).generation;
}

const isGeneration = (key, number) => async () => (await generation(key.keyId)) === number;

async function make(name) {
  const key = await admin.expect(201, "POST", "/v1/keys", { ...KEY, name });
  await eventually(isGeneration(key, 1), "it is published");
  assert.equal(await outcome(key), "200");
  return key;
}

const writesOf = async (key) => (await registry.kv.log()).filter((one) => one.op === "put" && one.key === `k/${key.keyId}`).length;

/** Asks until the key is refused. Once KV shows that, no request is let through that begins when the memory is over. */
async function refused(key, isShown) {
  for (let memoryUntil = Infinity; ; ) {
    const [begun, wasShown] = [performance.now(), isShown()];
    const said = await outcome(key);
    if (said === "401 invalid_credentials") return;
    assert.equal(said, "200");
    // What it took from KV is at most as new as its answer. The gateway's clock has whole milliseconds.
    if (!wasShown) memoryUntil = performance.now() + ISOLATE_TTL_MS + 2;
    assert.ok(begun < memoryUntil, `let through ${Math.round(begun - memoryUntil)} ms after the memory's end`);
  }
}

let aheadMs = 0;
/** The gateway's clock goes on at once by so much. */
const later = (ms) => registry.gatewayAhead((aheadMs += ms));

test("a removed key is refused within what the write, KV and the isolate's memory take", async () => {
  const measured = [];
  for (const [delayMs, staleMs] of [[0, 0], [1_500, 0], [500, 1_500]]) {
    await registry.kv.reset();
    const key = await make(`removed ${delayMs} ${staleMs}`);
    await registry.kv.delay({ ms: delayMs, only: "put" });
    await registry.kv.stale(staleMs > 0);
    await admin.expect(200, "DELETE", `/v1/keys/${key.keyId}`);
    const start = performance.now();
    let isShown = false;
    const shows = (async () => {
      await eventually(isGeneration(key, 2), "the tombstone is written");
      await new Promise((resolve) => setTimeout(resolve, staleMs));
      await registry.kv.stale(false);
      isShown = true;
    })();
    await refused(key, () => isShown);
    const took = Math.round(performance.now() - start);
    await shows;
    measured.push(`${took} ms of ${delayMs} + ${staleMs} + ${ISOLATE_TTL_MS}`);
    // From here on it stays so: the memory's end changes nothing.
    await later(ISOLATE_TTL_MS);
    assert.equal(await outcome(key), "401 invalid_credentials");
  }
  console.log(`refused after (write + stale KV + isolate): ${measured.join("; ")}`);
});

test("a cache that shows an older record again is not believed by an isolate that saw the newer one", async () => {
  const key = await make("brought back");
  const older = await registry.kv.get(`k/${key.keyId}`);
  await admin.expect(200, "DELETE", `/v1/keys/${key.keyId}`);
  await eventually(async () => (await outcome(key)) === "401 invalid_credentials", "it is refused");
  await registry.kv.put(`k/${key.keyId}`, older);
  const from = registry.logs.length;
  await later(ISOLATE_TTL_MS);
  for (let times = 0; times < 2; times++) assert.equal(await outcome(key), "503 store_unavailable");
  const reasons = () => events(registry.logs.slice(from)).map(({ reason }) => reason);
  await eventually(() => reasons().includes("record_generation_went_back"), "the log says so");
});

test("a write that was given up and arrives late is never believed again, and is written over", async () => {
  const key = await make("late");
  await admin.expect(200, "POST", `/v1/keys/${key.keyId}/disable`);
  await eventually(isGeneration(key, 2), "it is disabled");
  await registry.kv.hold({ key: `k/${key.keyId}` });
  const before = await writesOf(key);
  await admin.expect(200, "POST", `/v1/keys/${key.keyId}/enable`);
  await eventually(async () => (await writesOf(key)) === before + 1, "the write that allows it is under way");
  await admin.expect(200, "DELETE", `/v1/keys/${key.keyId}`);
  // KV does not answer; the registry gives that write up and writes what is true by now.
  await eventually(async () => (await writesOf(key)) === before + 2, "the tombstone is under way");
  await registry.kv.release({ order: "reverse", n: 1 });
  await eventually(isGeneration(key, 4), "the tombstone is written");
  await eventually(async () => (await outcome(key)) === "401 invalid_credentials", "the edge has seen it");
  await registry.kv.release();
  await eventually(isGeneration(key, 3), "the older write has arrived");
  await later(ISOLATE_TTL_MS);
  for (let times = 0; times < 2; times++) assert.notEqual(await outcome(key), "200");
  // Two minutes after the tombstone was written it is written once more.
  await registry.kill();
  await inObjects(registry, "organisation", "publish", ["UPDATE publish SET due_at_ms = due_at_ms - 120000, written_at_ms = written_at_ms - 120000"]);
  await registry.restart();
  await admin.expect(200, "GET", "/v1/session");
  await eventually(isGeneration(key, 4), "it is true again");
  await eventually(async () => (await outcome(key)) === "401 invalid_credentials", "and refused");
  const { differing } = await admin.expect(200, "POST", "/v1/reconcile", {});
  assert.deepEqual(differing, []);
});
