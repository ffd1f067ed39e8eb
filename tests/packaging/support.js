// Where things are, and programs that serve.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { within } from "../support/within.js";

export const ROOT = join(import.meta.dirname, "../..");
export const ARCHIVE = join(ROOT, "target/npm/keyward.tgz");

const installed = (path) => join(import.meta.dirname, "node_modules", path);

/** Every release of Node that is maintained. 24 is the one that the project itself runs in. */
export const NODES = {
  "Node 20": installed("node20/bin/node"),
  "Node 22": installed("node22/bin/node"),
  "Node 24": join(ROOT, "node_modules/.bin/node"),
  "Node 26": installed("node26/bin/node"),
};

export const BUN = installed(".bin/bun");
/** The package `deno` would want builds for all platforms to be there. */
export const DENO = installed("@deno/linux-x64-glibc/deno");

export const json = (file) => JSON.parse(readFileSync(file, "utf8"));

/** Bun and Deno do not start in a moment when four of them do. */
const STARTS_WITHIN_MS = 60_000;

/** Starts a program whose first line is the port it listens on. */
export async function serve(program, args, { env = {}, cwd = import.meta.dirname } = {}) {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const said = [];
  child.stderr.setEncoding("utf8").on("data", (text) => said.push(text));
  const ended = once(child, "close").then(() => null);
  const first = new Promise((resolve) => createInterface({ input: child.stdout }).once("line", resolve));
  const line = await within(STARTS_WITHIN_MS, `${program} starts`, Promise.race([first, ended])).catch(() => null);
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  if (!/^\d+$/.test(line ?? "")) {
    await stop();
    throw new Error(`${program} ${args.join(" ")} did not start: ${line ?? ""}\n${said.join("")}`);
  }
  return { port: Number(line), said, stop };
}
