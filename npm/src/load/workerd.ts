// workerd compiles nothing at run time: the module is part of the upload.
export { default as wasm } from "../../keyward.wasm";

export const ed25519 = "host";
