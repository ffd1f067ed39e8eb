// What origins are told, and that they can rely on it: the origins of examples/origin behind a gateway, each with a
// library that others wrote.
import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { SignJWT, UnsecuredJWT, calculateJwkThumbprint, createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";

import { basic } from "../support/sign.js";
import { DEPLOYMENT, ORIGIN, deploy } from "./deployment.js";
import { ORIGINS, startExample } from "./origins.js";

const KEYS = [
  { name: "admin", kind: "basic" },
  { name: "viewer", kind: "basic", role: "account-viewer", accounts: ["a1", "a2"] },
];
const PATH = "/remote/users";
const now = () => Math.floor(Date.now() / 1000);

/** A request through the gateway, as this key. */
function ask({ url, keys }, path, { as = "admin", fields = {} } = {}) {
  const [name, value] = basic(keys[as]);
  return fetch(url + path, { headers: { ...fields, [name]: value } });
}

/** The assertion that the echo, an origin with another name, was sent. */
async function assertionOf(deployment, path, how) {
  const response = await ask(deployment, path, how);
  assert.equal(response.status, 200);
  const { headers } = await response.json();
  const lines = headers.filter(([name]) => name === "keyward-assertion");
  assert.equal(lines.length, 1);
  return lines[0][1];
}

for (const name of Object.keys(ORIGINS)) {
  describe(`the origin in ${name}`, () => {
    let deployment, origin, kid;
    before(async () => {
      deployment = await deploy({ keys: KEYS }, (front) => startExample(name, `${front.url}/_keyward/jwks.json`));
      origin = deployment.origin;
      const { keys } = await (await fetch(`${deployment.url}/_keyward/jwks.json`)).json();
      kid = keys[0].kid;
    });
    after(() => deployment?.stop());

    test("takes what came through the gateway, and knows who asks", async () => {
      const from = now();
      const response = await ask(deployment, PATH);
      assert.equal(response.status, 200, await response.clone().text());
      const claims = await response.json();
      assert.ok(claims.iat >= from && claims.iat <= now());
      assert.deepEqual(claims, {
        iss: DEPLOYMENT,
        aud: ORIGIN,
        sub: deployment.keys.admin.keyId,
        org: "acme",
        env: "production",
        roles: ["admin"],
        gen: 1,
        iat: claims.iat,
        exp: claims.iat + 120,
      });
    });

    /** What the gateway's key would have signed, but for what is said. */
    const mint = (change = {}, header = {}, key = privateKey(deployment.assertionKey)) => {
      const said = { iss: DEPLOYMENT, aud: ORIGIN, sub: "someone", iat: now(), exp: now() + 120, ...change };
      return new SignJWT(said).setProtectedHeader({ alg: "EdDSA", typ: "keyward-assertion+jwt", kid, ...header }).sign(key);
    };
    /** Past the gateway, straight to the origin. */
    const straight = (fields) => fetch(origin.url + PATH, { headers: fields });

    test("takes an assertion minted here: what is refused below is so for its one difference", async () => {
      assert.equal((await straight({ "keyward-assertion": await mint() })).status, 200);
      const slow = await mint({ iat: now() - 125, exp: now() - 5 });
      assert.equal((await straight({ "keyward-assertion": slow })).status, 200, "clocks differ by seconds");
    });

    test("refuses plain fields", async () => {
      const plain = { "keyward-key-id": '"admin"', "keyward-organisation": '"acme"', "keyward-roles": '"admin"' };
      assert.equal((await straight({})).status, 401);
      assert.equal((await straight(plain)).status, 401);
      assert.equal((await straight({ ...plain, "keyward-assertion": "admin" })).status, 401);
      assert.equal((await straight({ ...plain, "keyward-assertion": "" })).status, 401);
    });

    test("refuses the assertion that another origin was sent", async () => {
      const others = await assertionOf(deployment, "/v1/things");
      assert.equal(decodeJwt(others).aud, "echo");
      assert.equal((await straight({ "keyward-assertion": others })).status, 401);
    });

    const REFUSED = {
      "that is stale": () => mint({ iat: now() - 200, exp: now() - 80 }),
      "without an end": () => mint({ exp: undefined }),
      "for another origin": () => mint({ aud: "billing" }),
      "for no origin": () => mint({ aud: undefined }),
      "of another deployment": () => mint({ iss: "other" }),
      "of no deployment": () => mint({ iss: undefined }),
      "that is a token of another type": () => mint({}, { typ: "keyward-token+jwt" }),
      "that is of no type": () => mint({}, { typ: undefined }),
      "signed by a stranger under the gateway's key id": () => mint({}, {}, generateKeyPairSync("ed25519").privateKey),
      "signed by a stranger under an unknown key id": () => mint({}, { kid: "x" }, generateKeyPairSync("ed25519").privateKey),
      "that is not signed": () => new UnsecuredJWT({ iss: DEPLOYMENT, aud: ORIGIN }).setExpirationTime("2m").encode(),
      "with the public key as an HMAC secret": async () => {
        const { keys } = await (await fetch(`${deployment.url}/_keyward/jwks.json`)).json();
        return mint({}, { alg: "HS256" }, Buffer.from(keys[0].x, "base64url"));
      },
      "with another claim than was signed": async () => {
        const [header, , signature] = (await mint()).split(".");
        const forged = { ...decodeJwt(await mint()), sub: "another" };
        return [header, Buffer.from(JSON.stringify(forged)).toString("base64url"), signature].join(".");
      },
    };
    for (const [what, make] of Object.entries(REFUSED)) {
      test(`refuses an assertion ${what}`, async () => {
        assert.equal((await straight({ "keyward-assertion": await make() })).status, 401);
      });
    }

    test("a client cannot bring an assertion of its own", async () => {
      const response = await ask(deployment, PATH, { fields: { "keyward-assertion": await mint({ sub: "someone" }) } });
      assert.equal((await response.json()).sub, deployment.keys.admin.keyId);
    });
  });
}

describe("the gateway", () => {
  let deployment;
  before(async () => {
    const none = { url: "http://127.0.0.1:9", stop() {} };
    deployment = await deploy({ keys: KEYS }, async () => none);
  });
  after(() => deployment?.stop());

  test("publishes one public key, named by its thumbprint (RFC 7638)", async () => {
    const response = await fetch(`${deployment.url}/_keyward/jwks.json`);
    assert.equal(response.headers.get("content-type"), "application/jwk-set+json");
    const { keys, ...rest } = await response.json();
    assert.deepEqual([keys.length, rest], [1, {}]);
    const { x, ...others } = keys[0];
    const kid = await calculateJwkThumbprint({ kty: "OKP", crv: "Ed25519", x });
    assert.deepEqual(others, { kty: "OKP", crv: "Ed25519", kid, alg: "EdDSA", use: "sig" });
    assert.equal(x, privateKey(deployment.assertionKey).export({ format: "jwk" }).x);
  });

  test("signs with that key, and says so", async () => {
    const keys = createRemoteJWKSet(new URL(`${deployment.url}/_keyward/jwks.json`));
    const { payload, protectedHeader, key } = await jwtVerify(await assertionOf(deployment, "/v1/things"), keys);
    const kid = await calculateJwkThumbprint(key);
    assert.deepEqual(protectedHeader, { alg: "EdDSA", typ: "keyward-assertion+jwt", kid });
    assert.deepEqual(Object.keys(payload), ["iss", "aud", "sub", "org", "env", "roles", "gen", "iat", "exp"]);
  });

  test("tells the account of the path, those to choose among, or all", async () => {
    const acc = async (path, as) => decodeJwt(await assertionOf(deployment, path, { as })).acc;
    assert.equal(await acc("/v1/accounts/a1/things", "viewer"), "a1");
    assert.deepEqual(await acc("/v1/mine", "viewer"), ["a1", "a2"]);
    assert.equal(await acc("/v1/mine", "admin"), "*");
  });
});

/** From the 32 bytes that the gateway is given; the prefix is that of PKCS #8 (RFC 8410 section 7). */
function privateKey(bytes) {
  const key = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.from(bytes, "base64url")]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}
