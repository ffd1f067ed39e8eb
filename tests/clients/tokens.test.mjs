// Tokens and the libraries that others verify and make them with: what Keyward mints they take with the published JWK
// set, and what they make the gate takes when it says exactly what a token of the key says, and else refuses.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import * as jose from "jose";
import jsonwebtoken from "jsonwebtoken";

import { call } from "../support/client.js";
import { deploy } from "../support/deployment.js";
import { parsed } from "../support/tokens.js";

const ISSUER = "e2e";
const AUDIENCE = "production";

/**
 * `make` gives a token for `{ claims, header, alg, key }`, `verify` the claims of one or an error; keys are JWKs.
 * `algorithms`: what the library can do of EdDSA and HS512.
 */
const LIBRARIES = {
  jose: {
    algorithms: ["EdDSA", "HS512"],
    async make({ claims, header, alg, key }) {
      if (alg === "none") return new jose.UnsecuredJWT(claims).encode();
      const crit = Object.fromEntries((header.crit ?? []).map((name) => [name, true]));
      const protectedHeader = Object.fromEntries(Object.entries({ ...header, alg }).filter(([, value]) => value !== undefined));
      return new jose.SignJWT(claims).setProtectedHeader(protectedHeader).sign(await jose.importJWK(key, alg), { crit });
    },
    async verify({ token, jwks, key, alg }) {
      const keys = jwks ? jose.createLocalJWKSet(jwks) : await jose.importJWK(key, alg);
      const options = { issuer: ISSUER, audience: AUDIENCE, typ: "keyward-token+jwt", algorithms: [alg] };
      return (await jose.jwtVerify(token, keys, options)).payload;
    },
  },
  jsonwebtoken: {
    // It knows neither EdDSA nor JWK sets.
    algorithms: ["HS512"],
    make({ claims, header, alg, key }) {
      return jsonwebtoken.sign(claims, alg === "none" ? "" : bytes(key), { algorithm: alg, header });
    },
    verify({ token, key, alg }) {
      return jsonwebtoken.verify(token, bytes(key), { algorithms: [alg], issuer: ISSUER, audience: AUDIENCE });
    },
  },
  PyJWT: {
    algorithms: ["EdDSA", "HS512"],
    make: (job) => python({ make: job }),
    verify: (job) => python({ verify: { ...job, issuer: ISSUER, audience: AUDIENCE } }),
  },
};

const bytes = (jwk) => Buffer.from(jwk.k, "base64url");

/** tokens.py with the Python that has PyJWT; `cargo xtask` makes it. */
function python(job) {
  const program = process.env.KEYWARD_PYTHON;
  if (!program) throw new Error("KEYWARD_PYTHON is not set: run `cargo xtask test --only clients`");
  return new Promise((resolve, reject) => {
    const child = execFile(program, [join(import.meta.dirname, "tokens.py")], (error, stdout) => {
      if (error) return reject(error);
      const { error: said, result } = JSON.parse(stdout);
      if (said) reject(new Error(said));
      else resolve(result);
    });
    child.stdin.end(JSON.stringify(job));
  });
}

let gateway;
before(async () => {
  gateway = await deploy({ keys: [{ name: "EdDSA", kind: "token" }, { name: "HS512", kind: "token", algorithm: "HS512" }] });
});
after(() => gateway?.stop());

/** The private key of the tokens of a key. */
function signingKey(alg) {
  if (alg === "EdDSA") return gateway.tokenSigners.production;
  return { kty: "oct", k: gateway.keys[alg].tokenSecret };
}

async function ask(alg, token) {
  const answer = await call(gateway, { as: gateway.keys[alg], secret: token });
  return answer.code ?? answer.status;
}

for (const [name, library] of Object.entries(LIBRARIES)) {
  for (const alg of library.algorithms) {
    describe(`${name}, ${alg}`, () => {
      const like = (change = {}) => {
        const { header, claims } = parsed(gateway.keys[alg].secret);
        const { alg: found, ...rest } = header;
        assert.equal(found, alg);
        return { header: { ...rest, ...change.header }, claims: { ...claims, ...change.claims }, alg, key: signingKey(alg) };
      };

      test("takes a token that Keyward minted", async () => {
        const { secret: token, keyId } = gateway.keys[alg];
        const keys = alg === "EdDSA" ? { jwks: gateway.tokenKeys.production } : { key: signingKey(alg) };
        const claims = await library.verify({ token, alg, ...keys });
        assert.deepEqual(claims, parsed(token).claims);
        assert.equal(claims.sub, keyId);
        const other = alg === "EdDSA" ? { jwks: gateway.tokenKeys.uat } : { key: { kty: "oct", k: "A".repeat(86) } };
        await assert.rejects(async () => library.verify({ token, alg, ...other }), "with another key it does not");
      });

      test("makes one that the gate takes", async () => {
        assert.equal(await ask(alg, await library.make(like())), 200);
        const several = await library.make(like({ claims: { aud: ["other", AUDIENCE] } }));
        assert.equal(await ask(alg, several), 200);
      });

      const REFUSED = {
        "typ as it comes": [{ header: { typ: "JWT" } }, "invalid_credentials"],
        "the typ of assertions": [{ header: { typ: "keyward-assertion+jwt" } }, "invalid_credentials"],
        "another kid": [{ header: { kid: "k1" } }, "invalid_credentials"],
        "crit": [{ header: { crit: ["more"], more: 1 } }, "malformed_credentials"],
        "cty": [{ header: { cty: "JWT" } }, "malformed_credentials"],
        "jku": [{ header: { jku: "https://example.com/jwks.json" } }, "malformed_credentials"],
        "another aud": [{ claims: { aud: "uat" } }, "invalid_credentials"],
        "another iss": [{ claims: { iss: "other" } }, "invalid_credentials"],
        "another jti": [{ claims: { jti: "other" } }, "invalid_credentials"],
        "an exp that has passed": [{ claims: { exp: 1_800_000 } }, "key_expired"],
      };
      for (const [what, [change, code]] of Object.entries(REFUSED)) {
        test(`makes one with ${what}: ${code}`, async () => {
          assert.equal(await ask(alg, await library.make(like(change))), code);
        });
      }

      test("makes one with another alg: invalid_credentials", async () => {
        // For EdDSA the public key as an HMAC secret, as long as HS512 wants it.
        const x = Buffer.from(gateway.tokenKeys.production.keys[0].x, "base64url");
        const k = alg === "EdDSA" ? Buffer.concat([x, x]).toString("base64url") : signingKey(alg).k;
        const wrong = { ...like(), alg: alg === "EdDSA" ? "HS512" : "HS384", key: { kty: "oct", k } };
        assert.equal(await ask(alg, await library.make(wrong)), "invalid_credentials");
      });

      test("makes one without a signature: malformed_credentials", async () => {
        assert.equal(await ask(alg, await library.make({ ...like(), alg: "none" })), "malformed_credentials");
      });
    });
  }
}

test("jsonwebtoken refuses a token with EdDSA in its own words", () => {
  const key = createPrivateKey({ key: signingKey("EdDSA"), format: "jwk" });
  assert.throws(() => jsonwebtoken.sign({}, key, { algorithm: "EdDSA" }), /algorithm/);
});
