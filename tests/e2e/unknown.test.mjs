// Keys that there are not (rules 20, 21 and 25): what can be refused without a look-up is, and who guesses costs KV
// little and other clients nothing.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import { call } from "../support/client.js";
import { deploy } from "../support/deployment.js";

/** Look-ups that may fail for one network in 10 s. */
const MISSES_MAX = 100;

let gateway, keys;
before(async () => {
  const live = ["live", "known", "other", "removed", "malformed"].map((name) => ({ name }));
  gateway = await deploy({ keys: [...live, { name: "uat", environment: "uat" }] });
  keys = gateway.keys;
});
after(() => gateway?.stop());

let network = 0;
/** An address of this machine that no other test comes from. */
const elsewhere = () => `127.0.1.${(network += 1)}`;

let guesses = 0;
/** A well-formed id that nobody has: imported ones carry no checksum. */
const guess = () => ({ kind: "basic", keyId: `guess-${(guesses += 1)}`, secret: "not-a-secret-of-anybody" });

describe("without faults", () => {
  afterEach(() => gateway.kv.reset());

  test("a tombstone is like no key at all, and the log knows", async () => {
    await gateway.kv.put(keys.removed.kvName, keys.removed.removed);
    const from = gateway.logs.length;
    assert.equal(await gateway.ask(keys.removed), "401 invalid_credentials");
    assert.equal((await gateway.logged({ keyId: keys.removed.keyId }, from)).reason, "removed");
  });

  test("a key of another environment is like no key at all, and the log knows", async () => {
    const from = gateway.logs.length;
    assert.equal(await gateway.ask(keys.uat), "401 invalid_credentials");
    assert.equal((await gateway.logged({ keyId: keys.uat.keyId }, from)).reason, "other_environment");
    assert.equal(await gateway.ask(keys.uat, { host: "uat.example" }), "200");
  });

  test("a malformed id is refused without a look-up", async () => {
    const { keyId } = keys.malformed;
    const mistyped = keyId.slice(0, -1) + (keyId.endsWith("0") ? "1" : "0");
    for (const id of [mistyped, keyId.slice(0, -1), `${keyId}0`, keyId.toLowerCase(), "kwk_", "a b", "a/b", "x".repeat(129), "", "k\xe9y"]) {
      for (const kind of ["signed", "basic"]) {
        assert.equal(await gateway.ask({ ...keys.malformed, keyId: id, kind }), "401 malformed_credentials", `${kind} ${id}`);
      }
    }
    assert.equal(await gateway.ask(keys.malformed, { sign: { parameters: { keyid: undefined } } }), "401 malformed_credentials");
    assert.deepEqual(await gateway.kv.log(), []);
  });

  test("so is a mistyped secret", async () => {
    const secret = keys.malformed.secret.slice(0, -1) + (keys.malformed.secret.endsWith("0") ? "1" : "0");
    assert.equal(await gateway.ask({ ...keys.malformed, kind: "basic", secret }), "401 malformed_credentials");
    assert.deepEqual(await gateway.kv.log(), []);
  });

  test("who guesses is told to wait, without a look-up; keys in memory and other networks are served", async () => {
    const from = elsewhere();
    const outcomes = [];
    for (let n = 0; n < MISSES_MAX + 40; n += 20) {
      assert.equal(await gateway.ask(keys.known, { from }), "200");
      outcomes.push(...(await Promise.all(Array.from({ length: 20 }, () => gateway.ask(guess(), { from })))));
    }
    const missed = outcomes.filter((one) => one === "401 invalid_credentials").length;
    const waiting = outcomes.filter((one) => one === "429 rate_limited").length;
    assert.equal(missed + waiting, outcomes.length);
    // Twenty at a time are under way when the bound is reached.
    assert.ok(missed >= MISSES_MAX && missed < MISSES_MAX + 20, `${missed} misses`);

    await gateway.kv.reset();
    const answer = await call(gateway, { as: guess(), from });
    assert.equal(answer.outcome, "429 rate_limited");
    assert.match(answer.field("retry-after"), /^\d+$/);
    assert.deepEqual(await gateway.kv.log(), []);
    assert.equal(await gateway.ask(keys.known, { from }), "200");
    assert.equal(await gateway.ask(keys.other, { from: elsewhere() }), "200");
  });

  test("guesses evict no key", async () => {
    assert.equal(await gateway.ask(keys.live), "200");
    for (let n = 0; n < 60; n += 1) await gateway.ask(guess(), { from: elsewhere() });
    await gateway.kv.fail({ key: keys.live.kvName });
    assert.equal(await gateway.ask(keys.live), "200");
  });
});

test("what was not found is remembered for 10 s, and then looked up again", async () => {
  const key = keys.malformed;
  await gateway.kv.delete(key.kvName);
  const began = Date.now();
  assert.equal(await gateway.ask(key), "401 invalid_credentials");
  await gateway.kv.put(key.kvName, key.live);
  assert.equal(await gateway.ask(key), "401 invalid_credentials");
  assert.equal(await gateway.reads(key), 1);
  await gateway.eventually("200", key, 10_500);
  assert.ok(Date.now() - began >= 9_500, "not before");
  assert.equal(await gateway.reads(key), 2);
});
