// What the build and the package's conditions provide; nothing of this is published.

/** The loader of the runtime: see `imports` in package.json. */
declare module "#wasm" {
  export const wasm: WebAssembly.Module;
  /** Who verifies Ed25519 faster: WebCrypto of the runtime, or the core. */
  export const ed25519: "core" | "host";
}

/** Imported as a module by workerd and by wrangler. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
