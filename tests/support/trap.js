// Starts the gateway with its wasm made to trap on demand (trap/index.js), on plain workerd.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { ROOT } from "./gateway.js";
import { within } from "./within.js";

/** @param {{ SETTINGS: string, SECRETS: string }} vars */
export async function startTrappingGateway(vars) {
  const workerd = join(ROOT, "node_modules/.bin/workerd");
  const args = ["serve", "--control-fd=3", `--import-path=${ROOT}`, join(import.meta.dirname, "trap/config.capnp")];
  const child = spawn(workerd, args, { env: { ...process.env, ...vars }, stdio: ["ignore", "ignore", "pipe", "pipe"] });
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  let errors = "";
  child.stderr.on("data", (text) => (errors += text));
  const [said] = await within(10_000, "workerd listens", once(child.stdio[3], "data"));
  return {
    port: JSON.parse(said).port,
    errors: () => errors,
    async stop() {
      process.off("exit", end);
      const ended = once(child, "close");
      end();
      await ended;
    },
  };
}
