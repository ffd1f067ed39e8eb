/** keyward.wasm as text. The file is written when the package is built. */
export const base64: string;
