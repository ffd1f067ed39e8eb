// Rule 6: where a client comes from is what the deployment can know, never what the client says, and a key with an
// allowlist is refused where it cannot be known.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { call } from "../support/client.js";
import { deploy } from "../support/deployment.js";

const KEYS = [
  { name: "anywhere" },
  { name: "office", addresses: "198.51.100.0/24, 2001:db8::/32" },
  { name: "loopback", addresses: "127.0.0.0/29, ::1" },
];
/** Every field in which something on the way may have written an address; here the client did. */
const claims = (address) =>
  ["CF-Connecting-IP", "CF-Connecting-IPv6", "True-Client-IP", "X-Real-IP", "X-Forwarded-For", "X-Client-IP"]
    .map((name) => [name, address])
    .concat([["Forwarded", `for=${address}`]]);

/** Tests with a gateway that finds addresses in this way. */
function where(name, clientAddress, tests) {
  describe(name, () => {
    let gateway;
    before(async () => {
      gateway = await deploy({ keys: KEYS, settings: { clientAddress } });
    });
    after(() => gateway?.stop());
    tests((key, how) => gateway.ask(gateway.keys[key], how));
  });
}

where("the connection's address", "peer", (ask) => {
  test("counts", async () => {
    assert.equal(await ask("loopback"), "200");
    assert.equal(await ask("loopback", { from: "127.0.0.7" }), "200");
    assert.equal(await ask("loopback", { from: "127.0.0.8" }), "403 address_not_allowed");
    assert.equal(await ask("office"), "403 address_not_allowed");
    assert.equal(await ask("anywhere", { from: "127.9.9.9" }), "200");
  });

  test("and no field does", async () => {
    assert.equal(await ask("office", { fields: claims("198.51.100.7") }), "403 address_not_allowed");
    assert.equal(await ask("loopback", { fields: claims("198.51.100.7") }), "200");
  });
});

// Plain workerd is what an attacker finds who reaches the Worker past Cloudflare: `request.cf` has no colo.
where("Cloudflare's field, but not behind Cloudflare", "cloudflare", (ask) => {
  test("is not believed: a key with an allowlist is refused", async () => {
    for (const key of ["office", "loopback"]) {
      for (const fields of [[], claims("198.51.100.7"), claims("127.0.0.1")]) {
        assert.equal(await ask(key, { fields }), "403 address_not_allowed");
      }
    }
  });

  test("a key without one is taken", async () => {
    assert.equal(await ask("anywhere", { fields: claims("198.51.100.7") }), "200");
  });
});

where("behind proxies of one's own", { trustedProxy: ["127.0.0.1/32", "10.0.0.0/8"] }, (ask) => {
  const forwarded = (...lines) => ({ fields: lines.map((line) => ["X-Forwarded-For", line]) });

  const TAKEN = {
    "the proxy's word": ["198.51.100.7"],
    "the last that is no proxy": ["203.0.113.1, 198.51.100.7"],
    "behind a chain of proxies": ["198.51.100.7, 10.1.1.1, 10.2.2.2"],
    "on several lines": ["203.0.113.1", "198.51.100.7", "10.1.1.1"],
    "IPv6": ["2001:db8::7"],
    "whatever the client wrote before it": ["unknown, 198.51.100.7"],
  };
  for (const [name, lines] of Object.entries(TAKEN)) {
    test(`taken: ${name}`, async () => assert.equal(await ask("office", forwarded(...lines)), "200"));
  }

  const REFUSED = {
    "what the client wrote itself": ["198.51.100.7, 203.0.113.1"],
    "with a port": ["198.51.100.7:1234"],
    "in brackets": ["[2001:db8::7]"],
    "with leading zeros": ["198.051.100.7"],
    "no address": ["unknown"],
    "empty": [""],
    "nothing but proxies": ["10.1.1.1, 10.2.2.2"],
    "absent": [],
  };
  for (const [name, lines] of Object.entries(REFUSED)) {
    test(`refused: ${name}`, async () => assert.equal(await ask("office", forwarded(...lines)), "403 address_not_allowed"));
  }

  test("refused: from somebody who is no proxy", async () => {
    assert.equal(await ask("office", { ...forwarded("198.51.100.7"), from: "127.0.0.2" }), "403 address_not_allowed");
    assert.equal(await ask("loopback", { from: "127.0.0.2" }), "403 address_not_allowed");
  });

  test("other fields than X-Forwarded-For say nothing", async () => {
    const fields = claims("198.51.100.7").filter(([name]) => name !== "X-Forwarded-For");
    assert.equal(await ask("office", { fields }), "403 address_not_allowed");
  });
});
