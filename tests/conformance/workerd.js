// A Worker with the package on raw workerd.
import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { bundle } from "./bundle.js";
import { dist } from "./suite.mjs";

// As the gateway is deployed.
const wrangler = readFileSync(new URL("../../wrangler.toml", import.meta.url), "utf8");
const [, date] = wrangler.match(/^compatibility_date = "(.+)"$/m);

const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "core", worker = .core)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "core")],
);
const core :Workerd.Worker = (
  compatibilityDate = "${date}",
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "keyward.wasm", wasm = embed "keyward.wasm"),
  ],
);
`;

/**
 * Starts workerd with this script on a port that the system picks, and waits until it says which.
 *
 * @param {URL} script
 */
export async function start(script) {
  const folder = mkdtempSync(join(tmpdir(), "keyward-workerd-"));
  await bundle(script, join(folder, "worker.mjs"), ["workerd"]);
  copyFileSync(fileURLToPath(new URL("keyward.wasm", dist)), join(folder, "keyward.wasm"));
  writeFileSync(join(folder, "config.capnp"), config);
  const { default: program } = createRequire(import.meta.url)("workerd");
  const workerd = spawn(program, ["serve", "--control-fd=3", join(folder, "config.capnp")], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const port = await new Promise((resolve, reject) => {
    let said = "";
    workerd.on("error", reject);
    workerd.on("exit", (code) => reject(new Error(`workerd ended with ${code}`)));
    workerd.stdio[3].setEncoding("utf8").on("data", (text) => {
      said += text;
      for (const line of said.split("\n").slice(0, -1)) {
        const message = JSON.parse(line);
        if (message.event === "listen") resolve(message.port);
      }
    });
  });
  return {
    port,
    async stop() {
      workerd.removeAllListeners("exit");
      workerd.kill();
      await once(workerd, "exit");
      rmSync(folder, { recursive: true });
    },
  };
}
