import fs = require("node:fs");
import path = require("node:path");

export const wasm = new WebAssembly.Module(fs.readFileSync(path.join(__dirname, "../../keyward.wasm")));

export const ed25519 = "core";
