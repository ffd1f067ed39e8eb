// keyward/node: what there is in Node, Bun and Deno only.
export { type Admitted, type NodeOptions, keyward } from "./middleware/node.js";
export type { MiddlewareOptions } from "./middleware/options.js";
export { fileStore } from "./stores/file.js";
