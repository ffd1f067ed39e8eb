// Guarantees that the package gives the recorded answers in workerd, byte for byte.
import assert from "node:assert/strict";
import { test } from "node:test";

import { decisions } from "./suite.mjs";
import { start } from "./workerd.js";

test("workerd gives the recorded answers", { timeout: 120_000 }, async () => {
  const { port, stop } = await start(new URL("worker.mjs", import.meta.url));
  try {
    let count = 0;
    for (const decision of decisions()) {
      const body = JSON.stringify({ export: decision.export, call: decision.call });
      const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body });
      assert.equal(await response.text(), decision.answer, decision.name);
      count += 1;
    }
    assert.ok(count > 0);
    console.log(`conformance workerd: ${count} decisions`);
  } finally {
    await stop();
  }
});
