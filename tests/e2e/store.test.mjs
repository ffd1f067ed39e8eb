// KV that fails and the isolate's memory (rules 21 and 23): no look-up that fails becomes an allow, and what was
// revoked is refused when the memory's time is over.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { deploy } from "../support/deployment.js";

/** How long a key is used from memory where that is to end here; 30 s where nothing is said. */
const TTL_S = 1;

let gateway, lasting;
const names = Array.from({ length: 20 }, (_, at) => `key ${at}`);
/** A key that no other test uses: what one test does to its record is no concern of another's. */
const fresh = () => gateway.keys[names.shift()];

before(async () => {
  const keys = [...names.map((name) => ({ name })), { name: "basic", kind: "basic" }];
  gateway = await deploy({ keys, settings: { isolateTtlSeconds: TTL_S } });
  lasting = await deploy({ keys: ["kept", "guessed", "known"].map((name) => ({ name })).concat({ name: "basic", kind: "basic" }) });
});
after(async () => {
  await gateway?.stop();
  await lasting?.stop();
});
afterEach(() => gateway.kv.reset());

test("KV fails: 503, and the log says so", async () => {
  const key = fresh();
  await gateway.kv.fail({ key: key.kvName });
  const from = gateway.logs.length;
  assert.equal(await gateway.ask(key), "503 store_unavailable");
  assert.equal((await gateway.logged({ keyId: key.keyId }, from)).reason, "kv_failed");
  await gateway.kv.reset();
  assert.equal(await gateway.ask(key), "200");
});

test("KV is slow: given up after 5 s, and others are served meanwhile", async () => {
  const key = fresh();
  await gateway.kv.delay({ key: key.kvName, ms: 7_000 });
  const from = gateway.logs.length;
  const began = Date.now();
  const late = gateway.ask(key);
  assert.equal(await gateway.ask(fresh()), "200");
  assert.equal(await late, "503 store_unavailable");
  assert.ok(Date.now() - began >= 4_900, "not before");
  assert.equal((await gateway.logged({ keyId: key.keyId }, from)).reason, "kv_timeout");
});

test("the second request reads nothing", async () => {
  for (const key of [lasting.keys.kept, lasting.keys.basic]) {
    const from = lasting.logs.length;
    assert.equal(await lasting.ask(key), "200");
    assert.equal(await lasting.ask(key), "200");
    assert.equal(await lasting.reads(key), 1);
    for (const tier of ["kv", "memory"]) {
      assert.equal((await lasting.logged({ keyId: key.keyId, tier }, from)).outcome, "allow");
    }
  }
});

test("a wrong secret reads nothing more either", async () => {
  const key = lasting.keys.guessed;
  for (let n = 0; n < 5; n += 1) assert.equal(await lasting.ask({ ...key, secret: "wrong" }), "401 invalid_credentials");
  assert.equal(await lasting.reads(key), 1);
});

test("KV fails while a key is in memory: it is used", async () => {
  const key = lasting.keys.known;
  assert.equal(await lasting.ask(key), "200");
  await lasting.kv.fail({ key: key.kvName });
  assert.equal(await lasting.ask(key), "200");
});

test("KV fails while a key is in memory: it is not used when its time is over", async () => {
  const key = fresh();
  assert.equal(await gateway.ask(key), "200");
  await gateway.kv.fail({ key: key.kvName });
  await gateway.eventually("503 store_unavailable", key, TTL_S * 1000 + 1_000);
  await gateway.kv.reset();
  assert.equal(await gateway.ask(key), "200");
});

for (const [state, expected] of [["disabled", "401 key_disabled"], ["removed", "401 invalid_credentials"]]) {
  test(`${state}: refused when the memory's time is over`, async () => {
    const key = fresh();
    assert.equal(await gateway.ask(key), "200");
    await gateway.kv.put(key.kvName, key[state]);
    await gateway.eventually(expected, key, TTL_S * 1000 + 1_000);
  });

  test(`${state}: an older record does not bring the key back`, async () => {
    const key = fresh();
    await gateway.kv.put(key.kvName, key[state]);
    assert.equal(await gateway.ask(key), expected);
    await gateway.kv.put(key.kvName, key.live);
    const from = gateway.logs.length;
    await gateway.eventually("503 store_unavailable", key);
    const line = await gateway.logged({ keyId: key.keyId, code: "store_unavailable" }, from);
    assert.equal(line.reason, "record_generation_went_back");
  });
}

// Rule 23: the bound that users are told adds what KV may take, which the platform does not guarantee.
test("a KV that serves the past keeps a revoked key alive as long as it does, and no longer than that and the TTL", async () => {
  const key = fresh();
  assert.equal(await gateway.ask(key), "200");
  await gateway.kv.stale(true);
  await gateway.kv.put(key.kvName, key.disabled);
  await untilReadAgain(key);
  assert.equal(await gateway.ask(key), "200");
  await gateway.kv.stale(false);
  await gateway.eventually("401 key_disabled", key, TTL_S * 1000 + 1_000);
});

test("a record that is gone is missed once, not at every request", async () => {
  const key = fresh();
  assert.equal(await gateway.ask(key), "200");
  await gateway.kv.delete(key.kvName);
  await gateway.eventually("401 invalid_credentials", key);
  for (let n = 0; n < 5; n += 1) assert.equal(await gateway.ask(key), "401 invalid_credentials");
  assert.equal(await gateway.reads(key), 2);
});

test("a renewed record is taken as it comes", async () => {
  const key = fresh();
  assert.equal(await gateway.ask(key), "200");
  await gateway.kv.put(key.kvName, gateway.republish(key.live, (record) => { record.freshUntil += 60; }));
  await untilReadAgain(key);
});

/** Asks until KV was read once more; the key is let through all the time. */
async function untilReadAgain(key) {
  const before = await gateway.reads(key);
  while ((await gateway.reads(key)) === before) {
    assert.equal(await gateway.ask(key), "200");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
