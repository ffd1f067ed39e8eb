// Guarantees what `onUsage` is told of the use of keys, and when: after the answer, once a minute for each key, and again
// what it did not take.
import assert from "node:assert/strict";
import { test } from "node:test";

import { basic, keys, keyward, now, open, outcome, signed } from "./deployment.js";

const MINUTE = now - (now % 60);
const request = { method: "GET", scheme: "https", authority: "api.example", target: "/v1/users", headers: [basic()] };
const guess = { ...request, headers: [basic({ keyId: keys.basic.keyId, secret: keys.signed.secret })] };
const strict = Object.entries(keys).find(([, key]) => key.record?.replay === "strict")[1];

/** A verifier with what its `onUsage` was told; `take` may throw. */
function counting({ take = () => {}, ...more } = {}) {
  const told = [];
  const next = [];
  const onUsage = async (batch) => {
    told.push(batch);
    next.shift()?.(batch);
    await take(batch);
  };
  const verifier = open({ onUsage, ...more });
  return { verifier, told, batch: () => new Promise((resolve) => next.push(resolve)) };
}

test("the first use of a key is told by itself: minute, network, secret, and why requests were refused", async () => {
  const { verifier, told, batch } = counting({ clientAddress: () => "192.0.2.77" });
  const first = batch();
  const { grant } = await verifier.verify(request);
  assert.equal(told.length, 0, "nothing is told before the answer");
  assert.deepEqual(await first, [{
    organisation: grant.organisation, keyId: keys.basic.keyId, allowed: 1, lastUsedAt: MINUTE, lastUsedFrom: "192.0.2.0/24",
    issues: [[grant.issue, MINUTE]], denials: [],
  }]);
  assert.equal(outcome(await verifier.verify(guess)), "invalid_credentials");
  assert.equal(outcome(await verifier.verify(guess)), "invalid_credentials");
  await verifier.flushUsage();
  assert.deepEqual(told[1], [{
    organisation: grant.organisation, keyId: keys.basic.keyId, allowed: 0, issues: [], denials: [["invalid_credentials", 2]],
  }]);
  assert.deepEqual(verifier.stats().usage, { told: 2, failed: 0 });
});

test("requests of keys that there are not are nobody's use", async () => {
  const { verifier, told } = counting();
  await verifier.verify({ ...request, headers: [basic({ keyId: "legacy-1", secret: keys.basic.secret })] });
  await verifier.verify({ ...request, headers: [] });
  await verifier.flushUsage();
  assert.deepEqual(told, []);
});

test("a copy of a request is a refusal, and counts as a use once", async () => {
  const noted = new Set();
  const replay = { insert: async (key) => noted.size < noted.add(key).size };
  const { verifier, told } = counting({ replay, clientAddress: () => "2001:db8:1:2::3" });
  const once = signed({ key: strict, nonce: "n1" });
  assert.equal(outcome(await verifier.verify(once)), "allow");
  assert.equal(outcome(await verifier.verify(once)), "replayed");
  await verifier.flushUsage();
  const [[{ allowed, lastUsedFrom, denials }]] = told;
  assert.deepEqual({ allowed, lastUsedFrom, denials }, { allowed: 1, lastUsedFrom: "2001:db8:1::/48", denials: [["replayed", 1]] });
});

test("that nobody could decide is no refusal of the key", async () => {
  const { verifier, told } = counting();
  assert.equal(outcome(await verifier.verify(signed({ key: strict, nonce: "n1" }))), "replay_store_unavailable");
  await verifier.flushUsage();
  assert.deepEqual(told, []);
});

test("content that the key's holder did not finish counts by its code", async () => {
  const { verifier, told } = counting({ limits: { contentBytes: 64 } });
  const body = "x".repeat(65);
  const { denial } = await verifier.verify({ ...signed({ method: "POST", body }), contentLength: "unknown" });
  assert.equal(denial.code, "content_too_large");
  await verifier.flushUsage();
  assert.deepEqual(told[0][0].denials, [["content_too_large", 1]]);
});

test("a key is told once a minute, another one at once", async () => {
  let time = now * 1000;
  const { verifier, told, batch } = counting({ clock: () => time });
  let next = batch();
  await verifier.verify(request);
  await next;
  await verifier.verify(request);
  await verifier.verify(request);
  next = batch();
  await verifier.verify(signed());
  assert.deepEqual((await next).map(({ keyId }) => keyId), [keys.signed.keyId]);
  // The look whether there is more belongs to the same minute.
  await new Promise(setImmediate);
  time += 60_000;
  next = batch();
  await verifier.verify(request);
  assert.deepEqual((await next).map(({ keyId, allowed }) => [keyId, allowed]), [[keys.basic.keyId, 3]]);
  assert.equal(told.length, 3);
});

test("what was not taken is told the next time, with what came since", async () => {
  let isAway = true;
  const take = () => {
    if (isAway) throw new Error("away");
  };
  const { verifier, told } = counting({ take });
  await verifier.verify(request);
  await assert.rejects(verifier.flushUsage(), /away/);
  await verifier.verify(request);
  isAway = false;
  await verifier.flushUsage();
  assert.deepEqual(told.map(([{ allowed }]) => allowed), [1, 2]);
  assert.deepEqual(verifier.stats().usage, { told: 1, failed: 1 });
  await verifier.flushUsage();
  assert.equal(told.length, 2, "nothing is told twice that was taken");
});

test("what is thrown where nobody waits for it ends no server", async () => {
  const failed = Promise.withResolvers();
  const verifier = open({ onUsage: () => { failed.resolve(); throw new Error("away"); } });
  assert.equal(outcome(await verifier.verify(request)), "allow");
  await failed.promise;
  await new Promise(setImmediate);
  assert.deepEqual(verifier.stats().usage, { told: 0, failed: 1 });
});

test("two who flush at once tell one after the other, and what the first could not tell is not lost", async () => {
  let running = 0;
  const take = async () => {
    running += 1;
    assert.equal(running, 1);
    await new Promise(setImmediate);
    running -= 1;
    if (told.length === 1) throw new Error("away");
  };
  const { verifier, told } = counting({ take });
  await verifier.verify(request);
  const both = await Promise.allSettled([verifier.flushUsage(), verifier.flushUsage()]);
  assert.deepEqual(both.map(({ status }) => status), ["rejected", "fulfilled"]);
  assert.deepEqual(told.map(([{ allowed }]) => allowed), [1, 1]);
});

test("without onUsage nothing is counted, and there is nothing to flush", async () => {
  const verifier = open();
  await verifier.verify(request);
  await verifier.flushUsage();
  assert.deepEqual(verifier.stats().usage, { told: 0, failed: 0 });
});

test("closing ends it", async () => {
  const { verifier, told } = counting();
  await verifier.verify(request);
  verifier.close();
  await verifier.flushUsage();
  assert.deepEqual(told, []);
});

test("a reporter is told what is wrong with its options", () => {
  const { keyId, secret } = keys.signed;
  const wrong = (options, message) => assert.throws(() => keyward.registryReporter(options), { code: "invalid_option", message });
  wrong({ url: "https://admin.example/v1", keyId, secret }, /url is to be that of the registry/);
  wrong({ url: "admin.example", keyId, secret }, /url/);
  wrong({ url: "https://admin.example", keyId: "", secret }, /keyId/);
});
