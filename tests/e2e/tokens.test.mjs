// Tokens as Bearer: what the gateway takes, how it refuses, and what it remembers of them (rules 16, 18 and 24).
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { SignJWT } from "jose";
import jsonwebtoken from "jsonwebtoken";

import { call } from "../support/client.js";
import { deploy } from "../support/deployment.js";
import { eventually } from "../support/eventually.js";
import { forged, parsed } from "../support/tokens.js";

const KEYS = [
  { name: "ed", kind: "token" },
  { name: "hs", kind: "token", algorithm: "HS512" },
  { name: "other", kind: "token" },
  { name: "memo", kind: "token" },
  { name: "reader", kind: "token", role: "read-only" },
  { name: "uat", kind: "token", environment: "uat" },
  { name: "signed" },
  { name: "holder", kind: "token", algorithm: "HS256", id: "legacy-issuer", bringsSecret: "a secret of another gateway, 32+" },
];

let gateway;
before(async () => { gateway = await deploy({ keys: KEYS, settings: { isolateTtlSeconds: 0 } }); });
after(() => gateway?.stop());

const now = () => Math.floor(Date.now() / 1000);
const signer = (environment = "production") => gateway.tokenSigners[environment];
const send = (key, secret, more = {}) => call(gateway, { as: key, secret, ...more });
/** The code of a refusal, or the status. */
const said = (answer) => answer.code ?? answer.status;
/** What the log says of a key's requests. */
const lines = ({ keyId }) =>
  gateway.logs
    .filter((line) => line.includes('"decision"'))
    .map((line) => JSON.parse(line.slice(line.indexOf("{"))))
    .filter((line) => line.keyId === keyId);

for (const name of ["ed", "hs"]) {
  describe(`a token key, ${name}`, () => {
    const key = () => gateway.keys[name];

    test("passes, and the origin does not see the token", async () => {
      const answer = await send(key(), undefined);
      assert.equal(said(answer), 200, answer.text);
      const { headers } = answer.json;
      const fields = Object.fromEntries(headers);
      assert.equal(fields["keyward-key-id"], `"${key().keyId}"`);
      assert.ok(!headers.some(([, value]) => value.includes(key().secret.slice(-40))));
    });

    test("passes with content, which nothing signs", async () => {
      const answer = await send(key(), undefined, { method: "POST", content: "x".repeat(5_000) });
      assert.equal(said(answer), 200, answer.text);
    });

    const WRONG = {
      "with another typ": [{ header: { typ: "keyward-assertion+jwt" } }, "invalid_credentials"],
      "without kid": [{ header: { kid: undefined } }, "invalid_credentials"],
      "with another kid": [{ header: { kid: "k1" } }, "invalid_credentials"],
      "with alg none": [{ header: { alg: "none" } }, "malformed_credentials"],
      "with crit": [{ header: { crit: ["exp"] } }, "malformed_credentials"],
      "with a key of its own": [{ header: { jwk: { kty: "oct" } } }, "malformed_credentials"],
      "of another deployment": [{ claims: { iss: "other" } }, "invalid_credentials"],
      "for another environment": [{ claims: { aud: "uat" } }, "invalid_credentials"],
      "that the record does not list": [{ claims: { jti: "x" } }, "invalid_credentials"],
      "that has expired": [{ claims: { exp: now() - 1 } }, "key_expired"],
      "that begins later": [{ claims: { nbf: now() + 600 } }, "key_not_yet_valid"],
      "with exp as text": [{ claims: { exp: "9999999999" } }, "malformed_credentials"],
      "with exp as a fraction": [{ claims: { exp: now() + 60.5 } }, "malformed_credentials"],
      "too long": [{ claims: { pad: "x".repeat(4_096) } }, "malformed_credentials"],
    };
    for (const [what, [change, code]] of Object.entries(WRONG)) {
      test(`${what}: ${code}`, async () => {
        const answer = await send(key(), forged(key(), signer(), change));
        assert.equal(said(answer), code);
      });
    }

    test("signed again by hand passes: what was refused was refused for its change", async () => {
      assert.equal(said(await send(key(), forged(key(), signer()))), 200);
      assert.equal(said(await send(key(), forged(key(), signer(), { claims: { aud: ["uat", "production"] } }))), 200);
    });

    test("with a wrong signature is refused like that of an unknown key", async () => {
      const token = key().secret;
      const at = token.lastIndexOf(".") + 2;
      const wrong = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
      const unknown = forged(key(), signer(), { claims: { sub: "nobody" } });
      const [one, other] = [await send(key(), wrong), await send(key(), unknown)];
      assert.equal(said(one), "invalid_credentials");
      assert.deepEqual([one.status, one.text], [other.status, other.text]);
      assert.match(one.all("www-authenticate").join(", "), /Bearer realm="keyward", error="invalid_token"/);
    });
  });
}

test("the signing key of the environment makes no token for a key with HMAC", async () => {
  const { hs, ed } = gateway.keys;
  const token = forged(ed, signer(), { claims: { sub: hs.keyId, jti: parsed(hs.secret).claims.jti } });
  assert.equal(said(await send(hs, token)), "invalid_credentials");
});

test("a token of another environment is an unknown one", async () => {
  const { uat } = gateway.keys;
  assert.equal(said(await send(uat, undefined)), "invalid_credentials");
  assert.equal(said(await send(uat, undefined, { host: "uat.example" })), 200);
});

test("roles come from the record", async () => {
  const { reader } = gateway.keys;
  const token = forged(reader, signer(), { claims: { roles: ["admin"], scope: "*" } });
  assert.equal(said(await send(reader, token)), 200);
  assert.equal(said(await send(reader, token, { method: "DELETE" })), "permission_denied");
});

test("two credentials are one too many", async () => {
  const { ed, signed } = gateway.keys;
  const fields = [["Authorization", `Bearer ${ed.secret}`]];
  assert.equal(said(await call(gateway, { as: signed, fields })), "multiple_credentials");
  assert.equal(said(await call(gateway, { as: ed, fields })), "multiple_credentials");
});

test("of a token only its signature is remembered, until its record changes", async () => {
  const { memo } = gateway.keys;
  const ask = async (token = memo.secret) => {
    const from = lines(memo).length;
    const outcome = said(await send(memo, token));
    await eventually(() => lines(memo).length > from, "it is logged");
    return [outcome, lines(memo)[from].signature];
  };
  assert.deepEqual(await ask(), [200, "runtime"]);
  assert.deepEqual(await ask(), [200, "memory"]);
  // Everything else is judged each time.
  const exp = now() + 5;
  const soon = forged(memo, signer(), { claims: { exp } });
  assert.deepEqual(await ask(soon), [200, "runtime"]);
  await eventually(() => now() > exp, "it has ended");
  assert.deepEqual(await ask(soon), ["key_expired", "memory"]);
  // Another generation: verified again.
  await gateway.kv.put(memo.kvName, memo.disabled);
  assert.deepEqual(await ask(), ["key_disabled", "runtime"]);
  assert.deepEqual(await ask(), ["key_disabled", "memory"]);
  // Wrong ones are never remembered.
  const wrong = forged({ ...memo }, gateway.tokenSigners.uat);
  for (let n = 0; n < 2; n += 1) assert.deepEqual(await ask(wrong), ["invalid_credentials", "runtime"]);
});

describe("a plain JWT of a key whose holder makes them", () => {
  const MAKERS = {
    jose: ({ keyId, secret }, claims) => new SignJWT({ ...claims }).setProtectedHeader({ alg: "HS256" }).setIssuer(keyId).setExpirationTime("1m").sign(Buffer.from(secret)),
    jsonwebtoken: ({ keyId, secret }, claims) => jsonwebtoken.sign({ ...claims }, secret, { issuer: keyId, expiresIn: 60 }),
  };
  for (const [maker, make] of Object.entries(MAKERS)) {
    test(`made by ${maker}`, async () => {
      const { holder, ed } = gateway.keys;
      const answer = await send(holder, await make(holder, { sub: "ada" }));
      assert.equal(said(answer), 200, answer.text);
      assert.ok(answer.json.headers.some(([name, value]) => name === "keyward-key-id" && value === '"legacy-issuer"'));
      assert.equal(said(await send(holder, await make({ ...holder, secret: "x".repeat(32) }))), "invalid_credentials");
      assert.equal(said(await send(holder, await make(holder, { aud: "elsewhere" }))), "invalid_credentials");
      assert.equal(said(await send(ed, await make({ ...holder, keyId: ed.keyId }))), "invalid_credentials");
    });
  }

  test("without an end it is refused", async () => {
    const { holder } = gateway.keys;
    const token = jsonwebtoken.sign({}, holder.secret, { issuer: holder.keyId });
    assert.equal(said(await send(holder, token)), "malformed_credentials");
  });
});

test("a removed key's token is an unknown one", async () => {
  const { other } = gateway.keys;
  assert.equal(said(await send(other, undefined)), 200);
  await gateway.kv.put(other.kvName, other.removed);
  await gateway.eventually("401 invalid_credentials", other);
});
