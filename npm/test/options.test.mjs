// Guarantees that what a verifier is made from is checked when it is made, in words that say what to write instead, and
// without any secret.
import assert from "node:assert/strict";
import { test } from "node:test";

import { keyward, open, options, secrets } from "./deployment.js";

const bundle = options.organisationKeys[0];
const ring = Object.values(bundle.rings)[0];
const ROWS = {
  "no options": [() => keyward.createVerifier(), /takes an object of options/],
  "an option that there is not": [{ cacheTTL: 1 }, /there is no option "cacheTTL".*cacheTtl/],
  "a limit that there is not": [{ limits: { bytes: 1 } }, /there is no limit "bytes".*contentBytes/],
  "a store that is none": [{ store: {} }, /store is to be something with get/],
  "no store": [{ store: undefined }, /store is to be something with get/],
  "a replay store that is none": [{ replay: { set() {} } }, /replay is to be something with insert/],
  "an address": [{ clientAddress: "192.0.2.7" }, /clientAddress is to be a function/],
  "a clock that is a number": [{ clock: 5 }, /clock is to be a function/],
  "a time to live in milliseconds": [{ cacheTtl: 30_000 }, /cacheTtl is to be .* 0 to 300/],
  "no environment": [{ environment: undefined }, /environment is to be the name/],
  "another environment than the keys'": [{ environment: "staging" }, /organisationKeys is to be a bundle .* "staging"/],
  "no authorities": [{ authorities: [] }, /authorities is to be a list/],
  "an authority without its scheme": [{ authorities: ["api.example"] }, /https:\/\/api\.example.*not "api\.example"/],
  "an authority with a path": [{ authorities: ["https://api.example/v1"] }, /without a path/],
  "an authority in upper case": [{ authorities: ["https://API.example"] }, /lower case/],
  "an authority with its default port": [{ authorities: ["https://api.example:443"] }, /default port/],
  "an authority twice": [{ authorities: ["https://api.example", "https://api.example"] }, /twice/],
  "an authority of no known role": [{ authorities: [{ authority: "a.example", scheme: "https", role: "portal" }] }, /role must be api or admin/],
  "an authority of an environment without keys": [
    { authorities: ["https://api.example", { authority: "s.example", scheme: "https", environment: "staging" }] },
    /organisationKeys is to be a bundle for "staging" too/,
  ],
  "the catalogue as text": [{ catalogue: "{}" }, /catalogue is to be the catalogue as an object/],
  "a catalogue with a mistyped member": [{ catalogue: { apis: [], origins: {}, apis2: [] } }, /catalogue: there is no member apis2/],
  "a catalogue whose route is none": [
    { catalogue: { apis: [{ name: "a", resources: ["r"], origin: "o", routes: [{ methods: ["GET"], path: "v1", resource: "r" }] }], origins: {} } },
    /catalogue: /,
  ],
  "the secrets of a gateway": [{ organisationKeys: secrets }, /masters of a whole environment/],
  "a ring of masters": [{ organisationKeys: Object.values(secrets.environments)[0] }, /masters of a whole environment/],
  "a bundle that is not JSON": [{ organisationKeys: "{\"seal\":\"c2VjcmV0" }, /as an object or as its JSON text/],
  "a bundle with more in it": [{ organisationKeys: { ...bundle, extra: 1 } }, /as they were exported/],
  "a ring whose key is too short": [{ organisationKeys: { ...bundle, rings: { m1: { ...ring, seal: "c2VjcmV0" } } } }, /seal or pepper is not as it was exported/],
  "a bundle twice": [{ organisationKeys: [bundle, bundle] }, /twice/],
  "bundles of two deployments": [{ organisationKeys: [bundle, { ...bundle, organisation: "b", deployment: "other" }] }, /one deployment/],
  "no publishing keys": [{ publishKeys: [] }, /publishKeys: a ring needs at least one key/],
  "a publishing key that is none": [{ publishKeys: [{ id: "p1", publicKey: "AAAA" }] }, /publishKeys: not a usable Ed25519 public key/],
  "a private publishing key": [{ publishKeys: [{ ...options.publishKeys[0], d: "c2VjcmV0" }] }, /publishKeys is to be/],
  "a private token key": [{ tokenKeys: { keys: [{ kty: "OKP", crv: "Ed25519", x: "AAAA", kid: "k", d: "c2VjcmV0" }] } }, /JWK set of public keys/],
  "a token key with another kid": [
    { tokenKeys: { keys: [{ kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", kid: "k" }] } },
    /tokenKeys: kid must be the thumbprint/,
  ],
  "a bound of nothing": [{ limits: { contentBytes: 0 } }, /limits\.contentBytes is to be a whole number/],
  "a window out of bounds": [{ limits: { createdAgeSeconds: 5 } }, /10 to 900/],
};
for (const [name, [over, words]] of Object.entries(ROWS)) {
  test(name, () => {
    const make = typeof over === "function" ? over : () => open(over);
    assert.throws(make, (error) => {
      assert.ok(error instanceof keyward.KeywardError);
      assert.equal(error.code, "invalid_option");
      assert.match(error.message, words);
      for (const secret of ["c2VjcmV0", ring.seal, ring.pepper]) assert.ok(!error.message.includes(secret));
      return true;
    });
  });
}

test("bundles are taken as text and one alone", () => {
  open({ organisationKeys: JSON.stringify(bundle) }).close();
  open({ organisationKeys: [bundle] }).close();
});
