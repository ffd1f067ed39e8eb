// Guarantees that the core, as wasm in Node, gives the recorded answers byte for byte.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { core, decisions } from "./suite.mjs";

test("Node gives the recorded answers", async () => {
  const keyward = await import(new URL("keyward_wasm.js", core));
  keyward.initSync({ module: readFileSync(new URL("keyward_wasm_bg.wasm", core)) });
  let count = 0;
  for (const decision of decisions()) {
    assert.equal(keyward[decision.export](decision.call), decision.answer, decision.name);
    count += 1;
  }
  assert.ok(count > 0);
  console.log(`conformance node: ${count} decisions`);
});

test("a call that is none is answered, and the next one too", async () => {
  const keyward = await import(new URL("keyward_wasm.js", core));
  keyward.initSync({ module: readFileSync(new URL("keyward_wasm_bg.wasm", core)) });
  for (const call of ["", "{", "null", "[]", '"kws_secret"', '{"now":-1}', "\ud800", "[".repeat(100_000)]) {
    for (const name of ["decide", "sign"]) {
      const { error } = JSON.parse(keyward[name](call));
      assert.equal(error.code, "invalid_call");
      assert.ok(!error.message.includes("kws_"));
    }
  }
});
