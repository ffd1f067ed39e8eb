// `new URL` with these very arguments is how bundlers find the file.
const response = await fetch(new URL("../../keyward.wasm", import.meta.url));
if (!response.ok) throw new Error(`keyward.wasm was not found (${response.status}): serve it beside the script, or import "keyward/inline"`);

// Not `compileStreaming`: servers that do not know the media type of wasm are common.
export const wasm = await WebAssembly.compile(await response.arrayBuffer());

export const ed25519 = "core";
