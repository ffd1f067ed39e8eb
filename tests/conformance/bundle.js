// The package with a runner, as one script of a runtime that has no node_modules.
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { dist } from "./suite.mjs";

/**
 * @param {URL} entry
 * @param {string} outfile
 * @param {string[]} conditions those of the runtime
 */
export async function bundle(entry, outfile, conditions) {
  const file = (path) => fileURLToPath(new URL(path, dist));
  await build({
    entryPoints: [fileURLToPath(entry)],
    outfile,
    bundle: true,
    format: "esm",
    target: "es2022",
    conditions,
    alias: {
      "keyward/core": file("esm/core/core.js"),
      "keyward/inline": file("esm/inline.js"),
      keyward: file("esm/index.js"),
    },
    plugins: [
      {
        name: "wasm beside the script",
        setup({ onResolve }) {
          onResolve({ filter: /\.wasm$/ }, () => ({ path: "./keyward.wasm", external: true }));
        },
      },
    ],
  });
}
