// The package in a page: all decisions, and what came of them.
import * as keyward from "keyward/inline";
import { instantiate } from "keyward/core";

import { answer } from "./decide.mjs";

async function run() {
  const core = instantiate(await WebAssembly.compileStreaming(fetch("/keyward.wasm")));
  const decisions = await (await fetch("/decisions")).json();
  const answers = [];
  for (const decision of decisions) answers.push(await answer(keyward, core, decision));
  return answers;
}

run().then(
  (answers) => fetch("/answers", { method: "POST", body: JSON.stringify({ answers }) }),
  (error) => fetch("/answers", { method: "POST", body: JSON.stringify({ error: String(error.stack) }) }),
);
