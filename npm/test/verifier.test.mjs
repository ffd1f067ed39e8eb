// Guarantees what a verifier does with its store, its memory, its replay store, and with callers who use it wrongly.
import assert from "node:assert/strict";
import { test } from "node:test";

import { basic, keys, keyward, now, open, outcome, published, records, signed } from "./deployment.js";

const request = { method: "GET", scheme: "https", authority: "api.example", target: "/v1/users", headers: [basic()] };
const unknown = (n) => ({ ...request, headers: [basic({ keyId: `legacy-${n}`, secret: keys.basic.secret })] });

/** A store that counts, and answers when it is told to. */
function store(get = async (name) => records[name]) {
  const asked = [];
  return { asked, get: (name, more) => (asked.push(name), get(name, more)) };
}

test("a key is fetched once for all who wait for it, and then used from memory", async () => {
  const gate = Promise.withResolvers();
  const counting = store(async (name) => (await gate.promise, records[name]));
  const verifier = open({ store: counting });
  const waiting = Array.from({ length: 50 }, () => verifier.verify(request));
  gate.resolve();
  assert.deepEqual(new Set((await Promise.all(waiting)).map(outcome)), new Set(["allow"]));
  assert.equal(outcome(await verifier.verify(request)), "allow");
  assert.deepEqual(counting.asked, [`k/${keys.basic.keyId}`]);
  const { keys: count, store: { lookups } } = verifier.stats();
  assert.deepEqual([count, lookups], [1, 1]);
});

test("after its time a key is fetched again; with none, for each request", async () => {
  for (const [cacheTtl, after, fetched] of [[30, 29_999, 1], [30, 30_000, 2], [0, 0, 2]]) {
    let time = now * 1000;
    const counting = store();
    const verifier = open({ store: counting, cacheTtl, clock: () => time });
    assert.equal(outcome(await verifier.verify(request)), "allow");
    time += after;
    assert.equal(outcome(await verifier.verify(request)), "allow");
    assert.equal(counting.asked.length, fetched, `${cacheTtl} s, after ${after} ms`);
  }
});

test("a change takes effect when memory ends, and a record of an older generation is not taken back", async () => {
  let time = now * 1000;
  let change = { generation: 7 };
  const verifier = open({ store: store(async () => published(keys.basic, change)), clock: () => time });
  const next = (more) => {
    change = more;
    time += 30_000;
    return verifier.verify(request).then(outcome);
  };
  assert.equal(outcome(await verifier.verify(request)), "allow");
  assert.equal(await next({ generation: 8, disabled: true }), "key_disabled");
  assert.equal(await next({ generation: 7 }), "store_unavailable");
  assert.deepEqual({ ...verifier.stats().store.errors }, { record_generation_went_back: 1 });
  assert.equal(await next({ generation: 9 }), "allow");
  assert.equal(await next({ generation: 10, v: 2 }), "store_unavailable");
  assert.equal(verifier.stats().store.errors.record_future_version, 1);
  assert.equal(await next({ generation: 10, quota: 5 }), "store_unavailable");
  assert.equal(verifier.stats().store.errors.record_malformed, 1);
});

test("an unknown key is remembered apart, and who asks for many is told to stop", async () => {
  const counting = store();
  const verifier = open({ store: counting, importedKeyIds: true });
  const ask = (n, clientAddress = "192.0.2.7") => verifier.verify(unknown(n), { clientAddress }).then(outcome);
  for (let n = 0; n < 100; n += 1) assert.equal(await ask(n), "invalid_credentials");
  assert.equal(await ask(0), "invalid_credentials", "known not to be there");
  assert.equal(await ask(100), "rate_limited");
  assert.equal(await ask(100, "192.0.2.8"), "invalid_credentials");
  assert.equal(counting.asked.length, 101);
  assert.equal(outcome(await verifier.verify(request, { clientAddress: "192.0.2.8" })), "allow");
  const stats = verifier.stats();
  assert.deepEqual([stats.keys, stats.misses], [1, 101]);
});

const BROKEN = {
  "that fails": [async () => { throw new Error("away"); }, "failed"],
  "that throws at once": [() => { throw new Error("away"); }, "failed"],
  "that hangs": [() => new Promise(() => {}), "timeout"],
  "that answers with bytes": [async () => new Uint8Array(3), "not_text"],
  "that answers with nonsense": [async () => "nonsense", "record_malformed"],
  "that answers with a record of the future": [async () => "kwr2.p1.e30.AAAA", "record_future_version"],
  "that answers with another key's record": [async () => records[`k/${keys.signed.keyId}`], "record_wrong_signature"],
  "that answers with too much": [async () => `kwr1.p1.${"A".repeat(300_000)}.AAAA`, "record_too_large"],
};
for (const [name, [get, reason]] of Object.entries(BROKEN)) {
  test(`a store ${name}: 503, counted, and the next request asks again`, async () => {
    let broken = true;
    const verifier = open({ store: store((...given) => (broken ? get(...given) : records[given[0]])), limits: { storeMs: 50 } });
    const { denial } = await verifier.verify(request);
    assert.deepEqual([denial.code, denial.status], ["store_unavailable", 503]);
    assert.deepEqual({ ...verifier.stats().store.errors }, { [reason]: 1 });
    broken = false;
    assert.equal(outcome(await verifier.verify(request)), "allow");
  });
}

test("a store that is given up is told so", async () => {
  const told = Promise.withResolvers();
  const get = (name, { signal }) => new Promise(() => signal.addEventListener("abort", told.resolve));
  assert.equal(outcome(await open({ store: { get }, limits: { storeMs: 20 } }).verify(request)), "store_unavailable");
  await told.promise;
});

const strict = Object.entries(keys).find(([, key]) => key.record?.replay === "strict")[1];

test("a request of a key that refuses copies passes once", async () => {
  const noted = new Map();
  const replay = { insert: async (key, until) => !noted.has(key) && Boolean(noted.set(key, until)) };
  const verifier = open({ replay });
  const once = signed({ key: strict, nonce: "n1" });
  const all = await Promise.all([verifier.verify(once), verifier.verify(once), verifier.verify(once)]);
  assert.deepEqual(all.map(outcome).sort(), ["allow", "replayed", "replayed"]);
  assert.deepEqual([...noted], [[[...noted.keys()][0], now + 300 + 60]]);
  assert.match([...noted.keys()][0], /^[0-9a-f]{64}$/);
  assert.ok(all.find(({ denial }) => denial).denial.headers.some(([name]) => name === "www-authenticate"));
  assert.equal(outcome(await verifier.verify(signed({ key: strict, nonce: "n2" }))), "allow");
  assert.deepEqual(verifier.stats().replay, { inserted: 2, copies: 2, errors: 0 });
});

const UNCLEAR = {
  "there is none": undefined,
  "it fails": { insert: async () => { throw new Error("away"); } },
  "it hangs": { insert: () => new Promise(() => {}) },
  "it answers with something else": { insert: async () => "OK" },
};
for (const [name, replay] of Object.entries(UNCLEAR)) {
  test(`without a replay store that can tell, because ${name}: 503 for keys that refuse copies alone`, async () => {
    const verifier = open({ replay, limits: { replayMs: 20 } });
    const { denial } = await verifier.verify(signed({ key: strict, nonce: "n1" }));
    assert.deepEqual([denial.code, denial.status], ["replay_store_unavailable", 503]);
    assert.equal(verifier.stats().replay.errors, 1);
    assert.equal(outcome(await verifier.verify(request)), "allow");
  });
}

test("what is no request is told so", async () => {
  const verifier = open();
  for (const [wrong, words] of [
    [undefined, /takes a Request/],
    ["GET /", /takes a Request/],
    [{}, /method is to be text/],
    [{ ...request, scheme: "ftp" }, /scheme is to be/],
    [{ ...request, target: new URL("https://api.example/") }, /target is to be text/],
    [{ ...request, headers: { authorization: "x" } }, /headers are to be a list/],
    [{ ...request, headers: [["accept", ["a", "b"]]] }, /two values are two headers/],
    [{ ...request, body: { parsed: true } }, /as received and not parsed/],
    [{ ...request, body: "abc", contentLength: 4 }, /not the length of body/],
    [{ ...request, contentLength: -1 }, /whole number/],
  ]) {
    await assert.rejects(verifier.verify(wrong), (error) => error.code === "invalid_request" && words.test(error.message));
  }
  await assert.rejects(verifier.verify(request, { clientAddress: 5 }), { code: "invalid_request" });
  const post = signed({ method: "POST", body: "hello" });
  await assert.rejects(verifier.verify(post, { body: async () => "hello" }), { code: "invalid_request" });
});

test("the caller can bring the content, and its time is bounded", async () => {
  const verifier = open({ limits: { contentTotalMs: 20 } });
  const post = { ...signed({ method: "POST", body: "hello" }), contentLength: 5 };
  const brings = (text) => ({ body: async () => new TextEncoder().encode(text) });
  assert.equal(outcome(await verifier.verify(post, brings("hello"))), "allow");
  assert.equal(outcome(await verifier.verify(post, brings("hullo"))), "content_digest_mismatch");
  assert.equal(outcome(await verifier.verify(post, { body: () => new Promise(() => {}) })), "content_timeout");
});

test("content that is checked at a time is bounded, and the share is given back", async () => {
  const verifier = open({ limits: { bufferedBytes: 6_000 } });
  const body = "a".repeat(5_000);
  const post = { ...signed({ method: "POST", body }), body };
  const slow = verifier.verify(post);
  const second = verifier.verify(post);
  assert.deepEqual((await Promise.all([slow, second])).map(outcome).sort(), ["allow", "content_buffers_full"]);
  assert.equal(outcome(await verifier.verify(post)), "allow");
});

test("large content is hashed by the runtime, small content by the core, with the same answer", async () => {
  const verifier = open();
  for (const size of [1, 4_096, 4_097, 1_000_000]) {
    const body = "a".repeat(size);
    const post = signed({ method: "POST", body });
    const verdict = await verifier.verify(post);
    assert.equal(outcome(verdict), "allow", String(size));
    assert.equal(verdict.grant.body.length, size);
    assert.equal(outcome(await verifier.verify({ ...post, body: `b${body.slice(1)}` })), "content_digest_mismatch");
  }
});

test("a closed verifier says so, also to who waits", async () => {
  const gate = Promise.withResolvers();
  const verifier = open({ store: { get: () => gate.promise } });
  const waiting = verifier.verify(request);
  verifier.close();
  gate.resolve(records[`k/${keys.basic.keyId}`]);
  assert.notEqual(await waiting.then(outcome, (error) => error.code), "allow");
  await assert.rejects(verifier.verify(request), { code: "verifier_closed" });
  verifier.close();
  assert.equal(verifier.stats().keys, 0);
});

test("a grant is what it was, whatever is verified after it", async () => {
  const verifier = open();
  const { grant } = await verifier.verify(request);
  await verifier.verify(signed({ target: "/v1/files" }));
  assert.equal(grant.keyId, keys.basic.keyId);
  assert.deepEqual(JSON.parse(JSON.stringify(grant)).roles, ["admin"]);
  assert.deepEqual(grant.headers.map(([name]) => name), ["keyward-key-id", "keyward-organisation", "keyward-roles"]);
  const { target, headers } = grant.forward();
  assert.deepEqual([target, headers], ["/v1/users", grant.headers]);
  verifier.close();
  assert.equal(grant.organisation, "acme");
  assert.throws(() => grant.forward(), keyward.KeywardError);
});

test("text beyond ASCII and beyond every bound is refused, not cut", async () => {
  const verifier = open();
  const ask = (more) => verifier.verify({ ...request, ...more }).then(outcome);
  assert.equal(await ask({ headers: [basic(), ["x-name", "Jos\u00e9 \u{1F511} \ud800"]] }), "allow");
  assert.equal(await ask({ headers: [basic(), ["x-\u00e9", "a"]] }), "invalid_header");
  assert.equal(await ask({ headers: [basic(), ["x-a", "b\0c"]] }), "invalid_header");
  assert.equal(await ask({ headers: [basic(), ["x-a", "a".repeat(2_000_000)]] }), "invalid_header");
  assert.equal(await ask({ headers: Array.from({ length: 10_000 }, () => ["a", "b"]) }), "invalid_header");
  assert.equal(await ask({ target: `/${"a".repeat(1_000_000)}` }), "ambiguous_target");
  assert.equal(await ask({}), "allow");
});

test("a mark at the beginning of a field goes on with it", async () => {
  const { grant } = await open().verify({ ...request, headers: [basic(), ["x-name", "\ufeffAda"]] });
  assert.deepEqual(grant.forward().headers[0], ["x-name", "\ufeffAda"]);
});

test("a clock that does not tell the time lets no key through that is over", async () => {
  const over = published(keys.basic, { generation: 9, expiresAt: now - 10 });
  for (const clock of [() => NaN, () => undefined, () => "now", () => -1, () => now, () => Infinity, () => 5n]) {
    await assert.rejects(open({ clock, store: { get: async () => over } }).verify(request), { code: "invalid_option" });
  }
  assert.equal(outcome(await open({ store: { get: async () => over } }).verify(request)), "key_expired");
});
