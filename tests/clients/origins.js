// The origins of examples/origin, running: each a program that prints its URL when it listens.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { ROOT } from "../support/gateway.js";
import { DEPLOYMENT, ORIGIN } from "./deployment.js";
import { pythonProgram } from "./load.js";

export const ORIGINS = {
  JavaScript: () => [process.execPath, "examples/origin/javascript/origin.mjs"],
  Python: () => [pythonProgram(), "examples/origin/python/origin.py"],
  Rust: () => [rustProgram()],
};

function rustProgram() {
  const program = process.env.KEYWARD_RUST_ORIGIN;
  if (!program) throw new Error("KEYWARD_RUST_ORIGIN is not set: run `cargo xtask test --only clients`");
  return program;
}

/** @param {string} jwks where the gateway's keys will be; it need not run yet */
export async function startExample(name, jwks) {
  const [program, ...args] = ORIGINS[name]();
  const env = {
    PATH: process.env.PATH,
    KEYWARD_JWKS: jwks,
    KEYWARD_ISSUER: DEPLOYMENT,
    KEYWARD_AUDIENCE: ORIGIN,
  };
  const child = spawn(program, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  // A file that never comes to `stop` ends all the same, and the origin with it; see support/origin.js.
  const end = () => child.kill();
  process.once("exit", end);
  const listening = once(createInterface({ input: child.stdout }), "line");
  const [url] = await Promise.race([listening, ended]);
  if (typeof url !== "string") throw new Error(`the origin in ${name} did not start`);
  const hold = [child, child.stdout];
  for (const one of hold) one.unref();
  return {
    url,
    async stop() {
      for (const one of hold) one.ref();
      process.off("exit", end);
      end();
      await ended;
    },
  };
}
