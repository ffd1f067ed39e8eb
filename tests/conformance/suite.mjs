// The conformance suite for runners in JavaScript: every call with the answer that was recorded.
import { readdirSync, readFileSync } from "node:fs";

const generated = new URL("../vectors/generated/", import.meta.url);

/** The package as `cargo xtask build` makes it. */
export const dist = new URL("../../target/npm/package/dist/", import.meta.url);

/** One `{ name, export, call, answer }` a decision; `answer` is text. */
export function* decisions() {
  for (const file of readdirSync(generated).sort()) {
    const { export: name, given, vectors } = JSON.parse(readFileSync(new URL(file, generated), "utf8"));
    for (const vector of vectors) {
      yield { name: `${file}: ${vector.name}`, export: name, call: { ...given, ...vector.call }, answer: vector.answer };
    }
  }
}
