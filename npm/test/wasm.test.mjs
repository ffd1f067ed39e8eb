// Guarantees what the module is: alone, the same from every machine, and called as it is written.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { dist } from "./deployment.js";

const bytes = readFileSync(new URL("keyward.wasm", dist));
const module = new WebAssembly.Module(bytes);
const root = new URL("../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");

test("it imports nothing: it has no clock, no randomness, no way out", () => {
  assert.deepEqual(WebAssembly.Module.imports(module), []);
});

test("both sides know the same functions", () => {
  const exported = WebAssembly.Module.exports(module).filter(({ kind }) => kind === "function").map(({ name }) => name).sort();
  const known = [...read("npm/src/core/memory.ts").matchAll(/^ {2}(\w+_\w+)\(/gm)].map(([, name]) => name).sort();
  assert.deepEqual(exported, known);
  const made = [...read("crates/keyward-wasm/src/exports.rs").matchAll(/extern "C" fn (\w+)/g)].map(([, name]) => name).sort();
  assert.deepEqual(made, known);
});

test("no path of the machine that built it is in it, and no section for debuggers", () => {
  const text = bytes.toString("latin1");
  const folders = [fileURLToPath(root), homedir(), process.env.CARGO_HOME, ".cargo/registry", "/home/"].filter(Boolean);
  for (const folder of folders) {
    if (folder.length > 1) assert.ok(!text.includes(folder), folder);
  }
  for (const section of ["name", "producers", "target_features"]) {
    assert.equal(WebAssembly.Module.customSections(module, section).length, 0, section);
  }
});

test("its size", () => {
  const packed = gzipSync(bytes, { level: 9 }).length;
  console.log(`wasm: ${bytes.length} bytes, ${packed} gzip`);
  // A change that adds a tenth wants a reason.
  assert.ok(packed < 173_000, String(packed));
});

test("the codes are those of the core, in its order", () => {
  const codes = [...read("crates/keyward-core/src/denial/code.rs").matchAll(/\(\s*"([a-z0-9_]+)",\s*\d{3}/g)].map(([, code]) => code);
  const own = [...read("npm/src/codes.ts").matchAll(/^ {2}"([a-z0-9_]+)",$/gm)].map(([, code]) => code);
  assert.deepEqual(own, codes);
});
