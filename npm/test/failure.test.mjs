// Guarantees what becomes of requests when the module fails in the middle of a call: none is let through, and the next
// one is judged as if nothing had been.
import assert from "node:assert/strict";
import { test } from "node:test";

const instances = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(...given) {
    super(...given);
    instances.push(this.exports);
  }
};
const { basic, keys, keyward, open, outcome, records } = await import("./deployment.js");

const request = { method: "GET", scheme: "https", authority: "api.example", target: "/v1/users", headers: [basic()] };

/** More memory than there can be: a trap within a call, after which every other call of this instance traps too. */
function trap() {
  for (const { input_reserve } of instances) assert.throws(() => input_reserve(0xffff_ffff), WebAssembly.RuntimeError);
  instances.length = 0;
}

test("a request during which the module fails gets 503, and the next one its answer", async () => {
  const verifier = open();
  const other = open();
  for (let n = 1; n <= 3; n += 1) {
    assert.equal(outcome(await verifier.verify(request)), "allow");
    trap();
    const { denial, grant } = await verifier.verify(request);
    assert.deepEqual([denial?.code, denial?.status, grant], ["store_unavailable", 503, undefined]);
    assert.deepEqual({ ...verifier.stats().store.errors }, { core_failed: n });
    assert.equal(outcome(await verifier.verify(request)), "allow");
    assert.equal(outcome(await other.verify({ ...request, headers: [] })), "missing_credentials");
  }
});

test("a failure while a key is looked up is one for all who wait for it", async () => {
  const gate = Promise.withResolvers();
  const verifier = open({ store: { get: async (name) => (await gate.promise, records[name]) } });
  const waiting = [verifier.verify(request), verifier.verify(request)];
  trap();
  gate.resolve();
  assert.deepEqual((await Promise.all(waiting)).map(outcome), ["store_unavailable", "store_unavailable"]);
  assert.equal(outcome(await verifier.verify(request)), "allow");
});

test("what was made before the failure still works: grants, networks of proxies, signers; what was closed stays so", async () => {
  const closed = open();
  const verifier = open();
  const clientAddress = keyward.trustedProxies(["10.0.0.0/8"]);
  const signer = keyward.createSigner({ keyId: keys.signed.keyId, secret: keys.signed.secret });
  const { grant } = await verifier.verify(request);
  const behind = { ...request, peerAddress: "10.0.0.1", headers: [["x-forwarded-for", "192.0.2.7"]] };
  closed.close();
  trap();
  assert.throws(() => clientAddress(behind), { name: "CoreFailure" });
  assert.equal(clientAddress(behind), "192.0.2.7");
  assert.equal(grant.forward().target, "/v1/users");
  assert.equal((await signer.sign(new Request("https://api.example/v1/users"))).length, 2);
  await assert.rejects(closed.verify(request), { code: "verifier_closed" });
  closed.close();
  assert.equal(outcome(await verifier.verify(request)), "allow");
});
