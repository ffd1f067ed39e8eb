// Guarantees that the package gives the recorded answers in Node, byte for byte.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { answer } from "./decide.mjs";
import { decisions, dist } from "./suite.mjs";

test("Node gives the recorded answers", async () => {
  const keyward = await import(new URL("esm/index.js", dist));
  const { instantiate } = await import(new URL("esm/core/core.js", dist));
  const core = instantiate(new WebAssembly.Module(readFileSync(new URL("keyward.wasm", dist))));
  let count = 0;
  for (const decision of decisions()) {
    assert.equal(await answer(keyward, core, decision), decision.answer, decision.name);
    count += 1;
  }
  assert.ok(count > 0);
  console.log(`conformance node: ${count} decisions`);
});
