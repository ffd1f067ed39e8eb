// A real proxy with a configuration of the documentation, its addresses and secret filled in.
import { spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { deploy } from "../support/deployment.js";
import { ROOT } from "../support/gateway.js";
import { startOrigin } from "../support/origin.js";
import { within } from "../support/within.js";

const SECRET = "replace-me-with-32-random-bytes-or-more";

/**
 * Gateway, origin and proxy; `gateway.port` is the proxy's, so that requests go through it.
 *
 * @param {string} kind as `forwardAuth` has it
 * @param {string} file the configuration
 * @param {(config: string, folder: string) => string[]} command
 */
export async function startBehind(kind, file, command) {
  const secret = randomBytes(24).toString("hex");
  const gateway = await deploy({
    keys: [
      { name: "signed" },
      { name: "basic", kind: "basic" },
      { name: "viewer", role: "read-only" },
      { name: "elsewhere", addresses: "198.51.100.0/24" },
      { name: "here", addresses: "127.0.0.2" },
    ],
    settings: { forwardAuth: kind, clientAddress: { trustedProxy: ["127.0.0.1/32"] } },
    vars: { FORWARD_AUTH_SECRET: secret, ASSERTION_KEY: randomBytes(32).toString("base64url") },
  });
  const origin = await startOrigin();
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "keyward-proxy-"));
  const config = join(folder, "config");
  const text = (await readFile(join(ROOT, "docs/forward-auth", file), "utf8"))
    .replaceAll("127.0.0.1:8787", `127.0.0.1:${gateway.port}`)
    .replaceAll("127.0.0.1:3000", new URL(origin.url).host)
    .replaceAll(":8080", `:${port}`)
    .replaceAll(SECRET, secret);
  await writeFile(config, text);
  const [program, ...args] = command(config, folder);
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, HOME: folder } });
  // A file that never comes to `stop` ends all the same, and the proxy with it; see support/origin.js.
  const end = () => child.kill("SIGTERM");
  process.once("exit", end);
  let said = "";
  child.stderr.on("data", (data) => (said += data));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const failed = Promise.race([new Promise((_, no) => child.once("error", no)), ended.then(() => { throw new Error(`${program} ended:\n${said}`); })]);
  failed.catch(() => {});
  await within(60_000, program, Promise.race([listening(port), failed]));
  const hold = [child, child.stderr];
  for (const one of hold) one.unref();
  return {
    gateway: { ...gateway, port },
    direct: gateway,
    origin,
    secret,
    async stop() {
      for (const one of hold) one.ref();
      process.off("exit", end);
      end();
      await ended;
      await origin.stop();
      await rm(folder, { recursive: true, force: true });
      await gateway.stop();
    },
  };
}

/** A port below those that the system gives away: none of them is somebody else's before the proxy listens. */
async function freePort() {
  for (;;) {
    const port = randomInt(20_000, 30_000);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await new Promise((resolve) => server.once("listening", () => resolve(true)).once("error", () => resolve(false)));
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

/** Resolves when somebody listens: a connection is the event that there is to wait for. */
async function listening(port) {
  for (;;) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.once("error", () => resolve(false)).once("connect", () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
