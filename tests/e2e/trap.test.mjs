// Rule 32: a trap ends the wasm instance and every request that it had begun. The guard of entry.js answers them all at
// once, and the next request finds a new instance.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { begin, call } from "../support/client.js";
import { eventually } from "../support/eventually.js";
import { seed } from "../support/seed.js";
import { startTrappingGateway } from "../support/trap.js";

let gateway, keys;
before(async () => {
  const seeded = await seed({ keys: [{ name: "signed" }, { name: "strict", replay: "strict" }] });
  keys = seeded.keys;
  gateway = await startTrappingGateway(seeded, keys.strict);
});
after(() => gateway?.stop());

for (const [when, name] of [["begin", "in a request"], ["later", "in a callback that nobody awaits"]]) {
  test(`a trap ${name}: 503 at once, for those that wait too, and then it goes on`, async () => {
    // They wait for a KV that does not answer, and would for 5 s.
    const waiting = await Promise.all([1, 2, 3].map(() => begin(gateway, { as: keys.signed })));
    assert.equal((await call(gateway)).outcome, "401 missing_credentials");

    const began = Date.now();
    const answers = [call(gateway, { fields: [["X-Trap", when]] }), ...waiting.map((connection) => connection.answer())];
    for (const answer of await Promise.all(answers)) {
      assert.equal(answer.outcome, "503 temporarily_unavailable");
      assert.match(answer.field("retry-after"), /^\d+$/);
      assert.equal(answer.field("cache-control"), "no-store");
      const { title, ...rest } = answer.json;
      assert.match(title, /\w/);
      assert.deepEqual(rest, { type: "urn:keyward:problem:temporarily_unavailable", status: 503, code: "temporarily_unavailable" });
    }
    assert.ok(Date.now() - began < 5_000, "at once");
    await eventually(() => /"event":"gateway_trap"/.test(gateway.errors()), "the log says so");
    for (const connection of waiting) connection.close();

    for (let n = 0; n < 3; n += 1) assert.equal((await call(gateway)).outcome, "401 missing_credentials");
    assert.equal((await call(gateway, { target: "/_keyward/health" })).status, 200);
  });
}

test("without the store of requests that may be made once, those are refused: 503, never an allow", async () => {
  const answer = await call(gateway, { as: keys.strict, method: "POST" });
  assert.equal(answer.outcome, "503 replay_store_unavailable");
});
