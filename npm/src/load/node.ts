import { readFileSync } from "node:fs";

export const wasm = new WebAssembly.Module(readFileSync(new URL("../../keyward.wasm", import.meta.url)));

export const ed25519 = "core";
