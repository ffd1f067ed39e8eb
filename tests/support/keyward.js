// The `keyward` command, as people run it.
import { spawn } from "node:child_process";
import { join } from "node:path";

import { ROOT } from "./gateway.js";

const COMMAND = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug/keyward");

/**
 * @param {string[]} args
 * @param {{ env?: object }} [how]
 * @returns {Promise<{ code: number, out: string, err: string, json: () => unknown }>}
 */
export function keyward(args, { env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(COMMAND, args, { env: { PATH: process.env.PATH, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    const said = { out: "", err: "" };
    child.stdout.on("data", (text) => (said.out += text));
    child.stderr.on("data", (text) => (said.err += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...said, json: () => JSON.parse(said.out) }));
  });
}
