// The calls that Traefik and Envoy are documented to make, made by hand: no package that their makers publish is to be
// had here. What these proxies do around the calls is not tested.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";

import { call } from "../support/client.js";
import { deploy } from "../support/deployment.js";
import { basic, digest, signatureFields } from "../support/sign.js";

const PATH = "/_keyward/authorize";

/** A call about a request, as each of them writes it. */
const CALLS = {
  traefik: ({ method, target, host, proto }) => ({
    target: PATH,
    host: "gateway.internal",
    fields: [["X-Forwarded-Method", method], ["X-Forwarded-Uri", target], ["X-Forwarded-Host", host], ["X-Forwarded-Proto", proto]],
  }),
  envoy: ({ method, target, host, proto }) => ({ method, target: PATH + target, host, fields: [["X-Forwarded-Proto", proto]] }),
};

for (const kind of Object.keys(CALLS)) {
  const secret = randomBytes(24).toString("hex");
  let gateway, keys;
  before(async () => {
    gateway = await deploy({
      keys: [{ name: "signed" }, { name: "basic", kind: "basic" }, { name: "viewer", role: "read-only" }, { name: "here", addresses: "198.51.100.7" }],
      settings: { forwardAuth: kind, clientAddress: { trustedProxy: ["127.0.0.1/32"] } },
      vars: { FORWARD_AUTH_SECRET: secret, ASSERTION_KEY: randomBytes(32).toString("base64url") },
    });
    keys = gateway.keys;
  });
  after(() => gateway?.stop());

  /** Asks about a request; `shown`: what stands for the secret, `more`: further fields of the call. */
  const ask = ({ as, shown = secret, more = [], content, ...asked }) => {
    const about = { method: "GET", target: "/v1/things", host: "api.example", proto: "http", ...asked };
    const covered = content === undefined ? [] : [["Content-Digest", digest(content)]];
    const credential = as?.kind === "signed" ? signatureFields(as, { ...about, authority: about.host, fields: covered }) : as ? [basic(as)] : [];
    const made = CALLS[kind](about);
    return call(gateway, { ...made, fields: [...made.fields, ["Keyward-Proxy-Secret", shown], ...covered, ...credential, ...more] });
  };
  const outcome = async (how) => (await ask(how)).outcome;

  test(`${kind}: what is allowed is answered with Keyward's word`, async () => {
    const answer = await ask({ as: keys.signed, target: "/v1/accounts/acme-1/things?a=1&b=%20" });
    assert.equal(answer.status, 200);
    assert.equal(answer.field("keyward-key-id"), `"${keys.signed.keyId}"`);
    assert.equal(answer.field("keyward-account"), `"acme-1"`);
    assert.match(answer.field("keyward-assertion"), /^[\w-]+\.[\w-]+\.[\w-]+$/);
    assert.equal((await ask({ as: keys.basic, method: "DELETE" })).status, 200);
  });

  test(`${kind}: content that is signed needs a digest, which is handed on`, async () => {
    const answer = await ask({ as: keys.signed, method: "POST", content: "signed" });
    assert.equal(answer.status, 200);
    assert.equal(answer.field("keyward-content-digest"), digest("signed"));
    assert.equal(await outcome({ as: keys.signed, method: "POST" }), "401 insufficient_coverage");
  });

  test(`${kind}: refusals are told as they are`, async () => {
    const cases = [
      [{}, "401 missing_credentials"],
      [{ as: { ...keys.signed, secret: "wrong" } }, "401 invalid_credentials"],
      [{ as: keys.viewer, method: "DELETE", content: "" }, "403 permission_denied"],
      [{ as: keys.basic, target: "/nowhere" }, "403 no_route"],
      [{ as: keys.basic, target: "/v1/a%2fb" }, "400 ambiguous_target"],
      [{ as: keys.basic, host: "unknown.example" }, "421 misdirected_request"],
      [{ as: keys.basic, proto: "https" }, "400 insecure_transport"],
      [{ as: keys.basic, more: [["X-HTTP-Method-Override", "DELETE"]] }, "400 method_override"],
      [{ as: keys.basic, more: [["X-Original-URI", "/v1/other"], ["X-Original-Method", "GET"]] }, "400 method_override"],
    ];
    for (const [how, expected] of cases) assert.equal(await outcome(how), expected, JSON.stringify({ ...how, as: how.as?.kind }));
  });

  test(`${kind}: the client's address is the one that the proxy adds`, async () => {
    assert.equal((await ask({ as: keys.here, more: [["X-Forwarded-For", "203.0.113.9, 198.51.100.7"]] })).status, 200);
    assert.equal(await outcome({ as: keys.here, more: [["X-Forwarded-For", "198.51.100.7, 203.0.113.9"]] }), "403 address_not_allowed");
    assert.equal(await outcome({ as: keys.here }), "403 address_not_allowed");
  });

  test(`${kind}: who is not the proxy, or does not ask in its words, gets no decision`, async () => {
    assert.equal(await outcome({ as: keys.basic, shown: "x".repeat(48) }), "403 no_route");
    assert.equal(await outcome({ as: keys.basic, shown: `${secret}, ${secret}` }), "403 no_route");
    assert.equal(await outcome({ as: keys.basic, more: [["X-Forwarded-Proto", "https"]] }), "400 invalid_header");
    const proven = [["Keyward-Proxy-Secret", secret]];
    const other = kind === "envoy" ? "traefik" : "envoy";
    const made = CALLS[other]({ method: "GET", target: "/v1/things", host: "api.example", proto: "http" });
    assert.equal((await call(gateway, { ...made, as: keys.basic, fields: [...made.fields, ...proven] })).outcome, "403 no_route");
    assert.equal((await call(gateway, { target: kind === "envoy" ? `${PATH}/v1/things` : PATH, as: keys.basic, fields: proven })).outcome, "400 invalid_header");
  });
}
