// The conformance suite for runners in JavaScript: every call with the answer that was recorded.
import { readdirSync, readFileSync } from "node:fs";

const generated = new URL("../vectors/generated/", import.meta.url);

/** The wasm core as `cargo xtask build` makes it. */
export const core = new URL("../../target/keyward-wasm/", import.meta.url);

/** One `{ name, export, call, answer }` a decision; `call` and `answer` are text. */
export function* decisions() {
  for (const file of readdirSync(generated).sort()) {
    const { export: name, given, vectors } = JSON.parse(readFileSync(new URL(file, generated), "utf8"));
    for (const vector of vectors) {
      yield {
        name: `${file}: ${vector.name}`,
        export: name,
        call: JSON.stringify({ ...given, ...vector.call }),
        answer: vector.answer,
      };
    }
  }
}
