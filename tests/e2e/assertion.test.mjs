// Rule 18: an origin can tell that a request came through the gateway, by a short-lived JWT whose keys it fetches.
import assert from "node:assert/strict";
import { createHash, createPublicKey, randomBytes, verify } from "node:crypto";
import { after, before, test } from "node:test";

import { call } from "../support/client.js";
import { deploy } from "../support/deployment.js";
import { AUTHORITY } from "../support/seed.js";

let gateway, keys;
before(async () => {
  gateway = await deploy({
    keys: [{ name: "signed" }, { name: "viewer", role: "account-viewer", accounts: ["acme-1", "acme-2"] }, { name: "uat", environment: "uat" }],
    vars: { ASSERTION_KEY: randomBytes(32).toString("base64url") },
  });
  keys = gateway.keys;
});
after(() => gateway?.stop());

/** The claims of the assertion that reached the origin, verified with the published keys. */
async function asserted(how) {
  const echo = await call(gateway, how);
  assert.equal(echo.status, 200, echo.text);
  const token = Object.fromEntries(echo.json.headers)["keyward-assertion"];
  const [head, claims, signature] = token.split(".");
  const jwks = await call(gateway, { host: how.host, target: "/_keyward/jwks.json" });
  assert.equal(jwks.field("content-type"), "application/jwk-set+json");
  const { kid, typ, alg } = JSON.parse(Buffer.from(head, "base64url"));
  assert.deepEqual([alg, typ], ["EdDSA", "keyward-assertion+jwt"]);
  const jwk = jwks.json.keys.find((one) => one.kid === kid);
  const thumbprint = createHash("sha256").update(`{"crv":"${jwk.crv}","kty":"${jwk.kty}","x":"${jwk.x}"}`).digest("base64url");
  assert.equal(kid, thumbprint);
  const key = createPublicKey({ key: jwk, format: "jwk" });
  assert.ok(verify(null, Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, "base64url")));
  return JSON.parse(Buffer.from(claims, "base64url"));
}

test("it names the key, its organisation, environment, roles, and the origin", async () => {
  const begun = Math.floor(Date.now() / 1000);
  const { iat, exp, ...claims } = await asserted({ as: keys.signed, host: AUTHORITY });
  const said = { iss: "e2e", aud: "echo", sub: keys.signed.keyId, org: "acme", env: "production", roles: ["admin"], gen: 1 };
  assert.deepEqual(claims, said);
  assert.equal(exp - iat, 120);
  assert.ok(iat >= begun && iat <= Date.now() / 1000);
});

test("and the account, of the path or those to choose from", async () => {
  assert.equal((await asserted({ as: keys.signed, host: AUTHORITY, target: "/v1/accounts/acme-1/things" })).acc, "acme-1");
  assert.deepEqual((await asserted({ as: keys.viewer, host: AUTHORITY, target: "/v1/mine" })).acc, ["acme-1", "acme-2"]);
  assert.equal((await asserted({ as: keys.signed, host: AUTHORITY, target: "/v1/mine" })).acc, "*");
});

test("requests with different accounts do not share one", async () => {
  const seen = [];
  for (const account of ["acme-1", "acme-2", "acme-1"]) {
    seen.push((await asserted({ as: keys.viewer, host: AUTHORITY, target: `/v1/accounts/${account}/things` })).acc);
  }
  assert.deepEqual(seen, ["acme-1", "acme-2", "acme-1"]);
});

test("each environment is named", async () => {
  assert.equal((await asserted({ as: keys.uat, host: "uat.example" })).env, "uat");
});

test("a client's own is not passed on", async () => {
  const fields = [["Keyward-Assertion", "e30.e30.x"]];
  assert.equal((await asserted({ as: keys.signed, host: AUTHORITY, fields })).sub, keys.signed.keyId);
});
