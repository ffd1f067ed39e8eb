// How long the package takes for a decision, and how long others take for the part of it that they do: all in one
// process, turn by turn, each in five rounds of which the median counts. CPU time, so that what else the machine does
// matters less. The ratios are worth more than the figures.
//
// What is compared is not the same work: the package also judges target and fields, finds the key, its record's
// freshness, its allowlist and its permission for the route. The others verify one signature with a key at hand.
import assert from "node:assert/strict";
import { createHmac, createPublicKey, createSecretKey, timingSafeEqual, verify } from "node:crypto";

import { createVerifier as fastVerifier } from "fast-jwt";
import { httpbis } from "http-message-signatures";
import { createLocalJWKSet, jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";

import { seed, AUTHORITY } from "../support/seed.js";
import { signature, signatureFields } from "../support/sign.js";

const dist = new URL("../../target/npm/package/dist/esm/index.js", import.meta.url);
const { createVerifier, memoryStore } = await import(dist);

const ROUNDS = 5;
const made = await seed({
  keys: [
    { name: "signed", kind: "signed" },
    { name: "basic", kind: "basic" },
    { name: "hs", kind: "token", algorithm: "HS512" },
    { name: "ed", kind: "token" },
  ],
});
const { publishKeys } = JSON.parse(made.vars.SECRETS);
const verifier = createVerifier({
  store: memoryStore(made.records),
  publishKeys,
  organisationKeys: made.organisationKeys.production,
  environment: "production",
  authorities: [`http://${AUTHORITY}`],
  catalogue: JSON.parse(made.vars.CATALOGUE),
  tokenKeys: made.tokenKeys.production,
  // Every round is of one moment, as it would be in a day.
  cacheTtl: 300,
});

const target = "/v1/things/7?limit=2";
const usual = [
  ["host", AUTHORITY],
  ["user-agent", "bench/1.0"],
  ["accept", "application/json"],
  ["accept-encoding", "gzip, br"],
  ["x-request-id", "b3ff0a52-3bd1-4b5e-9d8f-2f0a0a3f1c11"],
];
const request = (...fields) => ({ method: "GET", scheme: "http", authority: AUTHORITY, target, headers: [...usual, ...fields] });
const ours = (sent) => async () => {
  const { outcome } = await verifier.verify(sent);
  assert.equal(outcome, "allow");
};

function rfc9421() {
  const { signed: key } = made.keys;
  const covers = ["@method", "@authority", "@path", "@query"];
  const asked = { method: "GET", scheme: "http", authority: AUTHORITY, target };
  const how = { covers, parameters: { nonce: "n-0123456789abcdef" } };
  const fields = signatureFields(key, asked, how);
  const { base, mac } = signature(key, asked, how);
  const secret = createSecretKey(Buffer.from(key.secret));
  const config = {
    keyLookup: async () => ({ id: key.keyId, verify: async (data, presented) => timingSafeEqual(createHmac("sha512", secret).update(data).digest(), presented) }),
  };
  const url = `http://${AUTHORITY}${target}`;
  const headers = Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value]));
  return {
    keyward: ours(request(...fields)),
    "http-message-signatures": async () => assert.equal(await httpbis.verifyMessage(config, { method: "GET", url, headers }), true),
    "node:crypto, the MAC alone": () => assert.ok(timingSafeEqual(createHmac("sha512", secret).update(base).digest(), mac)),
  };
}

function hs512() {
  const { hs: key } = made.keys;
  const secret = createSecretKey(Buffer.from(key.tokenSecret, "base64url"));
  const fast = fastVerifier({ key: Buffer.from(key.tokenSecret, "base64url"), algorithms: ["HS512"] });
  const cached = fastVerifier({ key: Buffer.from(key.tokenSecret, "base64url"), algorithms: ["HS512"], cache: true });
  return {
    keyward: ours(request(["authorization", `Bearer ${key.secret}`])),
    "fast-jwt": () => void fast(key.secret),
    "fast-jwt, from its cache": () => void cached(key.secret),
    jsonwebtoken: () => void jsonwebtoken.verify(key.secret, secret, { algorithms: ["HS512"] }),
    jose: () => jwtVerify(key.secret, secret, { algorithms: ["HS512"] }),
  };
}

function eddsa() {
  const { ed: key } = made.keys;
  const set = made.tokenKeys.production;
  const publicKey = createPublicKey({ key: set.keys[0], format: "jwk" });
  const fast = fastVerifier({ key: publicKey.export({ type: "spki", format: "pem" }), algorithms: ["EdDSA"] });
  const cached = fastVerifier({ key: publicKey.export({ type: "spki", format: "pem" }), algorithms: ["EdDSA"], cache: true });
  const jwks = createLocalJWKSet(set);
  const [header, payload, mac] = key.secret.split(".");
  const bytes = [Buffer.from(`${header}.${payload}`), Buffer.from(mac, "base64url")];
  return {
    "keyward, the token being remembered": ours(request(["authorization", `Bearer ${key.secret}`])),
    "fast-jwt, from its cache": () => void cached(key.secret),
    "fast-jwt": () => void fast(key.secret),
    jose: () => jwtVerify(key.secret, jwks),
    "node:crypto, the signature alone": () => assert.ok(verify(null, bytes[0], publicKey, bytes[1])),
  };
}

function basic() {
  const { basic: key } = made.keys;
  const credential = Buffer.from(`${key.keyId}:${key.secret}`).toString("base64");
  return { keyward: ours(request(["authorization", `Basic ${credential}`])) };
}

/** Microseconds of CPU for one call. */
async function cost(run, count) {
  const start = process.cpuUsage();
  for (let n = 0; n < count; n += 1) await run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / count;
}

async function compare(title, candidates) {
  const names = Object.keys(candidates);
  const counts = {};
  for (const name of names) {
    // Until the optimiser is done, which works on other threads at the cost of the same process.
    for (let warm = 0; warm < 4; warm += 1) {
      const each = await cost(candidates[name], counts[name] ?? 200);
      counts[name] = Math.min(20_000, Math.max(500, Math.round(200_000 / each)));
    }
  }
  const rounds = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of names) rounds[name].push(await cost(candidates[name], counts[name]));
  }
  const median = (values) => values.sort((a, b) => a - b)[ROUNDS >> 1];
  const own = median(rounds[names[0]]);
  console.log(`\n| ${title} | us | ratio |\n|---|---:|---:|`);
  for (const name of names) {
    const one = median(rounds[name]);
    console.log(`| ${name} | ${one.toFixed(2)} | ${(one / own).toFixed(2)} |`);
  }
}

await compare("RFC 9421, HMAC-SHA-512, four components", rfc9421());
await compare("JWT, HS512", hs512());
await compare("JWT, EdDSA", eddsa());
await compare("Basic", basic());
verifier.close();
