// Guarantees what becomes of tokens, whoever verifies Ed25519: the core, or the runtime where that is quicker (workerd).
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { AUTHORITY, seed } from "../../tests/support/seed.js";
import { forged } from "../../tests/support/tokens.js";
import { core, dist, outcome } from "./deployment.js";

const { openVerifier } = await import(new URL("esm/verifier.js", dist));

let made;
before(async () => {
  made = await seed({
    keys: [
      { name: "ed", kind: "token" },
      { name: "other", kind: "token" },
      { name: "hs", kind: "token", algorithm: "HS512" },
    ],
  });
});

function open(ed25519, { records = made.records, clock = Date.now } = {}) {
  return openVerifier(
    { core, ed25519 },
    {
      store: { get: async (name) => records[name] },
      publishKeys: JSON.parse(made.vars.SECRETS).publishKeys,
      organisationKeys: made.organisationKeys.production,
      environment: "production",
      authorities: [`http://${AUTHORITY}`],
      catalogue: JSON.parse(made.vars.CATALOGUE),
      tokenKeys: made.tokenKeys.production,
      clock,
    },
  );
}

const send = (verifier, token) =>
  verifier.verify({ method: "GET", scheme: "http", authority: AUTHORITY, target: "/v1/a", headers: [["authorization", `Bearer ${token}`]] });

/** The same token with one bit of its signature changed. */
function damaged(token) {
  const [header, payload, signature] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  bytes[5] ^= 1;
  return `${header}.${payload}.${bytes.toString("base64url")}`;
}

for (const ed25519 of ["core", "host"]) {
  describe(`Ed25519 by the ${ed25519}`, () => {
    test("a token is taken, and a changed one is like that of an unknown key", async () => {
      const { ed, hs } = made.keys;
      const verifier = open(ed25519);
      for (const { secret } of [ed, hs]) {
        assert.equal(outcome(await send(verifier, secret)), "allow");
        const wrong = await send(verifier, damaged(secret));
        const unknown = await send(open(ed25519, { records: {} }), secret);
        assert.equal(outcome(wrong), "invalid_credentials");
        assert.deepEqual([wrong.denial.body, wrong.denial.headers], [unknown.denial.body, unknown.denial.headers]);
        assert.equal(outcome(await send(verifier, secret)), "allow");
      }
    });

    test("a signature is verified once, until the key's record changes; all else each time", async () => {
      const { ed } = made.keys;
      const records = { ...made.records };
      let time = Date.now();
      const verifier = open(ed25519, { records, clock: () => time });
      for (let n = 0; n < 3; n += 1) assert.equal(outcome(await send(verifier, ed.secret)), "allow");
      if (ed25519 === "host") assert.equal(verifier.stats().tokens.verified, 1);
      assert.equal(verifier.stats().tokens.remembered, 1);
      records[ed.kvName] = made.republish(ed.live, (payload) => (payload.generation += 1));
      time += 31_000;
      assert.equal(outcome(await send(verifier, ed.secret)), "allow");
      if (ed25519 === "host") assert.equal(verifier.stats().tokens.verified, 2);
      time += 400 * 24 * 3_600_000;
      assert.notEqual(outcome(await send(verifier, ed.secret)), "allow");
    });

    test("of what is not right, and of unknown keys, nothing is remembered", async () => {
      const { ed, other } = made.keys;
      const verifier = open(ed25519, { records: { [ed.kvName]: ed.live } });
      await send(verifier, damaged(ed.secret));
      await send(verifier, other.secret);
      assert.equal(verifier.stats().tokens.remembered, 0);
    });

    test("a claim that was changed and rightly signed again is judged as it is", async () => {
      const { ed } = made.keys;
      const verifier = open(ed25519);
      const signer = made.tokenSigners.production;
      assert.equal(outcome(await send(verifier, forged(ed, signer))), "allow");
      assert.equal(outcome(await send(verifier, forged(ed, signer, { claims: { aud: "uat" } }))), "invalid_credentials");
      assert.equal(outcome(await send(verifier, forged(ed, signer, { claims: { exp: 1 } }))), "key_expired");
    });
  });
}

test("a runtime that cannot verify Ed25519 is no answer: 503, counted", async (context) => {
  const verifier = open("host");
  context.mock.method(crypto.subtle, "importKey", async () => {
    throw new Error("no such algorithm");
  });
  const { denial } = await send(verifier, made.keys.ed.secret);
  assert.deepEqual([denial.code, { ...verifier.stats().store.errors }], ["store_unavailable", { ed25519_unavailable: 1 }]);
  context.mock.restoreAll();
  assert.equal(outcome(await send(verifier, made.keys.ed.secret)), "allow");
});
