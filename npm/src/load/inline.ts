import { base64 } from "./base64.js";

// Synchronous and without a file. Node has a limit on none of it; Chromium takes 8 MB at a time.
export const wasm = new WebAssembly.Module(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
