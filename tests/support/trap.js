// Starts the gateway with its wasm made to trap on demand and with little of what it needs (trap/), on plain workerd.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { ROOT } from "./gateway.js";
import { within } from "./within.js";

/**
 * @param {{ vars: Record<string, string> }} seed
 * @param {{ kvName: string, live: string }} known the one key that KV knows
 */
export async function startTrappingGateway({ vars }, { kvName, live }) {
  const workerd = join(ROOT, "node_modules/.bin/workerd");
  const args = ["serve", "--control-fd=3", `--import-path=${ROOT}`, join(import.meta.dirname, "trap/config.capnp")];
  const env = { ...process.env, ...vars, KV_NAME: kvName, KV_TEXT: live };
  const child = spawn(workerd, args, { env, stdio: ["ignore", "ignore", "pipe", "pipe"] });
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  let errors = "";
  child.stderr.on("data", (text) => (errors += text));
  const [said] = await within(60_000, "workerd listens", once(child.stdio[3], "data"));
  // A file that never comes to `stop` ends all the same; see origin.js.
  const hold = [child, child.stderr, child.stdio[3]];
  for (const one of hold) one.unref();
  return {
    port: JSON.parse(said).port,
    errors: () => errors,
    async stop() {
      for (const one of hold) one.ref();
      process.off("exit", end);
      const ended = once(child, "close");
      end();
      await ended;
    },
  };
}
