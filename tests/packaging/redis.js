// A Redis of our own, on a socket in a folder of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { within } from "../support/within.js";

/** Why tests that need it are skipped, if they are. */
export const withoutRedis = process.env.KEYWARD_REDIS
  ? false
  : "KEYWARD_REDIS names no redis-server: run `cargo xtask test --only packaging`";

export async function startRedis() {
  const folder = await mkdtemp(join(tmpdir(), "keyward-redis-"));
  const socket = join(folder, "redis.sock");
  const args = ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder];
  const server = spawn(process.env.KEYWARD_REDIS, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(server, "close");
  const ready = new Promise((resolve) => {
    let said = "";
    server.stdout.setEncoding("utf8").on("data", (text) => (said += text).includes("ready to accept connections") && resolve());
  });
  const stop = async () => {
    server.kill();
    await ended;
    await rm(folder, { recursive: true });
  };
  await within(60_000, "redis-server starts", ready);
  return { socket, stop };
}
