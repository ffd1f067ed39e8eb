// Guarantees that memory is flat, however much is verified: what a request left behind would show. KEYWARD_VERIFICATIONS
// says how many; ten million take some minutes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const memories = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(...given) {
    super(...given);
    memories.push(this.exports.memory);
  }
};
const { basic, keys, open, outcome, signed } = await import("./deployment.js");
setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

const COUNT = Number(process.env.KEYWARD_VERIFICATIONS ?? 100_000);
const WARM = 50_000;

const plain = { method: "GET", scheme: "https", authority: "api.example", target: "/v1/users", headers: [basic()] };
const requests = [
  plain,
  signed({ headers: [["accept", "*/*"], ["user-agent", "test"], ["x-name", "Jos\u00e9"]] }),
  signed({ method: "POST", body: "hello", profile: "rfc9421" }),
  { ...plain, headers: [basic({ ...keys.basic, secret: keys.signed.secret })] },
  { ...plain, headers: [] },
  { ...plain, target: "/v1/../users" },
  { ...plain, method: "DELETE", target: "/v1/nothing" },
];

/** Each of the requests in turn, and one for a key that nobody has, from all over the world. */
async function verify(verifier, from, to) {
  const counts = {};
  for (let n = from; n < to; n += 1) {
    const kind = n % (requests.length + 1);
    const request = requests[kind] ?? { ...plain, headers: [basic({ keyId: `legacy-${n}`, secret: keys.basic.secret })] };
    const verdict = await verifier.verify(request, { clientAddress: `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}` });
    const found = outcome(verdict);
    if (verdict.grant !== undefined) assert.equal(verdict.grant.organisation, "acme");
    counts[found] = (counts[found] ?? 0) + 1;
  }
  return counts;
}

function used() {
  gc();
  return { wasm: memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0), heap: process.memoryUsage().heapUsed };
}

test(`${COUNT} verifications leave nothing behind`, { timeout: 3_600_000 }, async () => {
  const verifier = open({ importedKeyIds: true });
  await verify(verifier, 0, WARM);
  const before = used();
  const start = process.cpuUsage();
  const counts = await verify(verifier, WARM, WARM + COUNT);
  const { user, system } = process.cpuUsage(start);
  const after = used();
  assert.equal(after.wasm, before.wasm);
  assert.ok(after.heap - before.heap < 2 ** 20, `the heap grew by ${after.heap - before.heap} bytes`);
  assert.deepEqual(Object.keys(counts).sort(), ["allow", "ambiguous_target", "invalid_credentials", "missing_credentials", "no_route"]);
  const each = ((user + system) / COUNT).toFixed(1);
  console.log(`memory: ${COUNT} verifications, ${each} us of CPU each; wasm ${before.wasm} -> ${after.wasm} bytes, heap ${before.heap} -> ${after.heap}`);
});

test("verifiers that are closed leave nothing behind", async () => {
  const cycle = async () => {
    const verifier = open();
    assert.equal(outcome(await verifier.verify(plain)), "allow");
    verifier.close();
  };
  for (let n = 0; n < 100; n += 1) await cycle();
  const before = used();
  for (let n = 0; n < 1_000; n += 1) await cycle();
  assert.equal(used().wasm, before.wasm);
});
