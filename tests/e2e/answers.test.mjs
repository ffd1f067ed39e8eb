// How a refusal is said: one table of codes and statuses, one shape of body, challenges that any client can read, and
// nothing about a key that whoever asks has not proven to know (rules 11 and 12, RFC 9457, RFC 9110 section 11.6.1).
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { call } from "../support/client.js";
import { deploy } from "../support/deployment.js";
import { ROOT, events } from "../support/gateway.js";
import { challenges, dictionary } from "../support/parse.js";
import { AUTHORITY } from "../support/seed.js";
import { basic, digest, signature } from "../support/sign.js";

const DAY_S = 24 * 60 * 60;

let gateway, debugging, keys;
before(async () => {
  const plan = [
    { name: "signed" },
    { name: "basic", kind: "basic" },
    { name: "sha256", algorithm: "hmac-sha256" },
    { name: "nonce", nonce: "required" },
    { name: "early", beginsInSeconds: DAY_S },
    { name: "expired", endsInSeconds: -DAY_S },
    { name: "elsewhere", addresses: "198.51.100.0/24" },
    { name: "viewer", role: "read-only" },
    { name: "strict", replay: "strict" },
    { name: "disabled" },
    { name: "removed" },
    { name: "removed-basic", kind: "basic" },
    { name: "unknown" },
    { name: "unknown-basic", kind: "basic" },
    { name: "broken" },
    { name: "uat", environment: "uat" },
    { name: "uat-basic", kind: "basic", environment: "uat" },
  ];
  gateway = await deploy({ keys: plan, settings: { originTimeoutSeconds: 2 } });
  debugging = await deploy({ keys: plan.slice(0, 2), settings: { debug: true } });
  keys = gateway.keys;
  await gateway.kv.put(keys.disabled.kvName, keys.disabled.disabled);
  for (const name of ["removed", "removed-basic"]) await gateway.kv.put(keys[name].kvName, keys[name].removed);
  for (const name of ["unknown", "unknown-basic"]) await gateway.kv.delete(keys[name].kvName);
  await gateway.kv.put(keys.broken.kvName, "broken");
});
after(() => Promise.all([gateway?.stop(), debugging?.stop()]));

const ask = (how) => call(gateway, how);
const ago = (seconds) => Math.floor(Date.now() / 1000) - seconds;
const signed = (how) => ({ as: keys.signed, ...how });

/** A hundred misses, so that the next one is too many. */
async function guess() {
  const guesses = Array.from({ length: 100 }, (_, n) => ask({ as: { kind: "basic", keyId: `guess-${n}`, secret: "not-a-secret-of-anybody" }, from: "127.0.2.1" }));
  await Promise.all(guesses);
}

/** A request for each code, in the order of the table. */
const DENIALS = {
  misdirected_request: [421, () => ({ host: "other.example" })],
  insecure_transport: [400, () => ({ host: "secure.example" })],
  method_not_allowed: [405, () => ({ method: "TRACE" })],
  upgrade_not_supported: [501, () => ({ fields: [["Upgrade", "websocket"]] })],
  ambiguous_target: [400, () => ({ target: "/v1/../x" })],
  invalid_header: [400, () => ({ fields: [["Date", "now"]] })],
  unexpected_content: [400, () => ({ content: "abc" })],
  method_override: [400, () => ({ fields: [["X-HTTP-Method", "GET"]] })],
  origin_not_allowed: [403, () => ({ method: "OPTIONS", target: "/browser/x", fields: [["Origin", "https://evil.example"], ["Access-Control-Request-Method", "PUT"]] })],
  multiple_credentials: [400, () => signed({ fields: [basic(keys.basic)] })],
  content_too_large: [413, () => signed({ method: "POST", fields: [["Content-Length", "9999999"]] })],
  missing_credentials: [401, () => ({})],
  malformed_credentials: [401, () => ({ fields: [["Authorization", "Bearer x"]] })],
  unsupported_component: [401, () => signed({ sign: { covers: ["@method", "@target-uri", "cookie"] } })],
  insufficient_coverage: [401, () => signed({ sign: { covers: ["@method"] } })],
  store_unavailable: [503, () => ({ as: keys.broken })],
  invalid_credentials: [401, () => ({ as: keys.unknown })],
  signature_stale: [401, () => signed({ sign: { parameters: { created: ago(400) } } })],
  nonce_required: [401, () => ({ as: keys.nonce })],
  content_digest_mismatch: [401, () => signed({ method: "POST", content: "abc", digest: digest("xyz") })],
  key_not_yet_valid: [401, () => ({ as: keys.early })],
  key_disabled: [401, () => ({ as: keys.disabled })],
  key_expired: [401, () => ({ as: keys.expired })],
  address_not_allowed: [403, () => ({ as: keys.elsewhere })],
  no_route: [403, () => signed({ target: "/nowhere" })],
  permission_denied: [403, () => ({ as: keys.viewer, method: "DELETE" })],
  rate_limited: [429, async () => (await guess(), { as: { kind: "basic", keyId: "guess", secret: "not-a-secret-of-anybody" }, from: "127.0.2.1" })],
  replayed: [401, async () => {
    const twice = { as: keys.strict, method: "POST", sign: { parameters: { created: ago(1) } } };
    assert.equal((await ask(twice)).status, 200);
    return twice;
  }],
  origin_unavailable: [502, () => signed({ target: "/v1/__echo/throw" })],
  origin_timeout: [504, () => signed({ target: "/v1/__echo/slow?ms=6000" })],
};
/** In content.test.mjs, since they take their time, and in trap.test.mjs. */
const ELSEWHERE = ["content_timeout", "content_buffers_full", "replay_store_unavailable"];

describe("every refusal", () => {
  for (const [code, [status, how]] of Object.entries(DENIALS)) {
    test(`${status} ${code}`, async () => {
      const asked = await how();
      const begun = Date.now();
      const answer = await ask(asked);
      assert.equal(answer.outcome, `${status} ${code}`);
      const { type, title, detail, missing, ...rest } = answer.json;
      assert.equal(type, `urn:keyward:problem:${code}`);
      assert.deepEqual(rest, { status, code });
      assert.match(title, /^[A-Z].*[^.]$/);
      if (detail !== undefined) assert.match(detail, /\w/);
      if (missing !== undefined) assert.equal(code, "insufficient_coverage");

      assert.equal(answer.field("cache-control"), "no-store");
      const date = Date.parse(answer.field("date"));
      assert.ok(date > begun - 1_000 && date <= Date.now(), "clients see the server's clock");
      assert.equal(answer.field("content-length"), String(answer.content.length));
      assert.deepEqual(answer.fields.filter(([name]) => /^(server|x-powered-by|server-timing|set-cookie|keyward.*)$/.test(name)), []);
      assert.equal(answer.field("www-authenticate") !== null, status === 401);
      assert.equal(answer.field("accept-signature") !== null, status === 401);
      assert.equal(answer.field("want-content-digest") !== null, status === 401);
      assert.equal(answer.field("allow") !== null, status === 405);
      assert.equal(/^\d+$/.test(answer.field("retry-after")), [429, 503].includes(status));
    });
  }

  test("none of the README's table is forgotten here", async () => {
    const table = await readFile(join(ROOT, "README.md"), "utf8");
    const codes = [...table.matchAll(/^\| `([a-z_]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [code, Number(status)]);
    const tested = Object.entries(DENIALS).map(([code, [status]]) => [code, status]);
    assert.deepEqual(codes.filter(([code]) => !ELSEWHERE.includes(code)).sort(), tested.sort());
    for (const code of ELSEWHERE) assert.ok(codes.some(([one]) => one === code), code);
  });
});

describe("challenges", () => {
  const SIGNED = ["Signature", "hmac", "HmacSHA512", "Bearer"].map((scheme) => ({ scheme, realm: "keyward" }));
  const BASIC = { scheme: "Basic", realm: "keyward", charset: "UTF-8" };
  const offered = async (how) => challenges((await ask(how)).field("www-authenticate"));

  test("name what the deployment takes, Basic last", async () => {
    for (const how of [{}, { as: keys.unknown }, { as: keys["unknown-basic"] }, { as: keys.expired }]) {
      assert.deepEqual(await offered(how), [...SIGNED, BASIC]);
    }
  });

  test("Basic only where the route takes it", async () => {
    for (const how of [{ target: "/signed/x" }, { as: keys.basic, target: "/signed/x" }, { target: "/nowhere" }]) {
      assert.deepEqual(await offered(how), SIGNED);
    }
    assert.equal((await ask({ as: keys.basic, target: "/signed/x" })).outcome, "401 malformed_credentials");
  });

  test("Accept-Signature says what to cover and which parameters to give", async () => {
    const asked = dictionary((await ask({})).field("accept-signature"));
    assert.deepEqual(asked, {
      keyward: {
        value: ["@method", "@target-uri", "content-digest"],
        parameters: { created: true, keyid: true, nonce: true, tag: "keyward" },
      },
    });
  });

  test("who does as it says is let through", async () => {
    const { keyward } = dictionary((await ask({})).field("accept-signature"));
    const parameters = { created: ago(0), nonce: "n-1", tag: keyward.parameters.tag };
    const answer = await ask(signed({ method: "POST", content: "abc", sign: { covers: keyward.value, parameters } }));
    assert.equal(answer.status, 200, answer.text);
  });

  test("Want-Content-Digest prefers SHA-512", async () => {
    const wanted = dictionary((await ask({})).field("want-content-digest"));
    assert.deepEqual(Object.keys(wanted).sort(), ["sha-256", "sha-512"]);
    assert.ok(wanted["sha-512"].value > wanted["sha-256"].value);
  });
});

describe("what is said about a key that nobody proved to know", () => {
  const shape = (answer) => ({
    status: answer.status,
    content: answer.text,
    fields: answer.fields.filter(([name]) => name !== "date").map(([name, value]) => `${name}: ${value}`).sort(),
  });
  const other = (key) => ({ ...key, secret: "not-the-secret-of-this-key" });

  test("one answer, byte for byte, whatever is wrong", async () => {
    const wrong = {
      "unknown": { as: keys.unknown },
      "removed": { as: keys.removed },
      "wrong secret": { as: other(keys.signed) },
      "unknown, Basic": { as: keys["unknown-basic"] },
      "removed, Basic": { as: keys["removed-basic"] },
      "wrong secret, Basic": { as: other(keys.basic) },
      "another kind": { as: { ...keys.signed, kind: "basic" } },
      "another kind, signed": { as: { ...keys.basic, kind: "signed" } },
      "another environment": { as: keys.uat },
      "another environment, Basic": { as: keys["uat-basic"] },
      "another algorithm": { as: { ...keys.signed, algorithm: "hmac-sha256" } },
      "another algorithm, the other way": { as: { ...keys.sha256, algorithm: "hmac-sha512" } },
      "alg of another algorithm": signed({ sign: { parameters: { alg: "hmac-sha256" } } }),
      "disabled, wrong secret": { as: other(keys.disabled) },
      "expired, wrong secret": { as: other(keys.expired) },
      "not yet valid, wrong secret": { as: other(keys.early) },
      "address not allowed, wrong secret": { as: other(keys.elsewhere) },
      "nonce missing, wrong secret": { as: other(keys.nonce) },
      "stale, wrong secret": { as: other(keys.signed), sign: { parameters: { created: ago(4_000) } } },
      "no permission, wrong secret": { as: other(keys.viewer) },
    };
    const expected = shape(await ask({ as: keys.unknown }));
    assert.match(expected.content, /"invalid_credentials"/);
    for (const [name, how] of Object.entries(wrong)) assert.deepEqual(shape(await ask(how)), expected, name);
  });

  test("detail only after the secret was right", async () => {
    const answer = await ask(signed({ sign: { parameters: { created: ago(400) } } }));
    assert.match(answer.json.detail, /created is 40\d s ago, at most 300 s/);
  });

  test("in debug, a wrong signature carries our base, whether or not the key exists", async () => {
    const target = "/v1/things?a=1";
    for (const key of [{ ...debugging.keys.signed, secret: "not-the-secret-of-this-key" }, keys.signed]) {
      const sign = { parameters: { created: ago(0) } };
      const answer = await call(debugging, { as: key, target, sign });
      assert.equal(answer.outcome, "401 invalid_credentials");
      assert.equal(answer.json.signatureBase, signature(key, { method: "GET", authority: AUTHORITY, target }, sign).base);
    }
  });
});

describe("paths of the gateway's own", () => {
  test("health", async () => {
    for (const method of ["GET", "HEAD"]) {
      const answer = await ask({ method, target: "/_keyward/health" });
      assert.deepEqual([answer.status, answer.field("content-type"), answer.field("cache-control")], [200, "application/health+json", "no-store"]);
      if (method === "GET") assert.deepEqual(answer.json, { status: "pass" });
    }
  });

  test("nothing else is there, with or without a key", async () => {
    for (const target of ["/_keyward", "/_keyward/", "/_keyward/x", "/_keyward/health/", "/_keyward/Health"]) {
      for (const as of [undefined, keys.signed]) assert.equal((await ask({ as, target })).outcome, "403 no_route");
    }
    assert.equal((await ask({ method: "POST", target: "/_keyward/health" })).outcome, "403 no_route");
  });

  test("what only begins like them is an API's", async () => {
    assert.equal((await ask(signed({ target: "/_keywardx" }))).outcome, "403 no_route");
    assert.equal((await ask({ target: "/_keywardx" })).outcome, "401 missing_credentials");
  });
});

describe("the log", () => {
  test("has exactly one line for each request, and says what happened", async () => {
    // In memory, where keys that there are not stay for 10 s.
    for (const as of [keys.signed, keys.basic, keys.unknown]) await ask({ as });
    // Lines come after their answers: this one comes after those of the tests before.
    await ask({ method: "TRACE" });
    await gateway.logged({ code: "method_not_allowed" }, gateway.logs.length - 1);
    const from = gateway.logs.length;
    const sent = [signed({ target: "/v1/things?limit=17" }), { as: keys.basic }, {}, { as: keys.unknown }, { host: "other.example" }, { target: "/v1/../x" }];
    for (const how of sent) await ask(how);
    await gateway.logged({ code: "ambiguous_target" }, from);
    const lines = gateway.logs.slice(from);
    assert.equal(lines.length, sent.length, lines.join("\n"));
    const at = { event: "decision", environment: "production", route: "/v1/**" };
    const allowed = { ...at, outcome: "allow", status: 200, organisation: "acme" };
    assert.deepEqual(events(lines), [
      { ...allowed, keyId: keys.signed.keyId, tier: "memory" },
      { ...allowed, keyId: keys.basic.keyId, tier: "memory" },
      { ...at, outcome: "deny", status: 401, code: "missing_credentials" },
      { ...at, outcome: "deny", status: 401, code: "invalid_credentials", keyId: keys.unknown.keyId, tier: "memory" },
      { event: "decision", outcome: "deny", status: 421, code: "misdirected_request" },
      { event: "decision", outcome: "deny", status: 400, code: "ambiguous_target" },
    ]);
  });

  // Whatever was confided in any test of any file: `deploy` looks for it in each log when the gateway stops.
  test("holds no secret, MAC, content, cookie or query", async () => {
    const fields = [["Cookie", "session=0123456789abcdef"], ["X-Token", "0123456789abcdef"]];
    const how = { method: "POST", target: "/v1/x?token=0123456789abcdef", content: "a word in confidence", fields };
    for (const as of [keys.signed, keys.basic, keys.unknown, undefined]) await ask({ as, ...how });
    await ask({ ...how, fields: [...fields, ["Authorization", "Digest 0123456789abcdef"]] });
    await gateway.logged({ code: "malformed_credentials" }, gateway.logs.length - 5);
    assert.ok(!gateway.logs.some((line) => line.includes("0123456789abcdef")));
  });

  test("has nothing else in it", () => {
    const others = gateway.logs.filter((line) => !line.startsWith('{"event":"decision"'));
    assert.deepEqual(others.filter((line) => /panick|error|exception|warn/i.test(line)), []);
  });
});
