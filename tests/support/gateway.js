// Starts the built gateway for a test file, on plain workerd with KV that the test fills and breaks.
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { within } from "./within.js";

export const ROOT = join(import.meta.dirname, "../..");
export const XTASK = process.env.KEYWARD_XTASK?.split(" ") ?? ["cargo", "xtask"];

/** wrangler takes some seconds, many on a machine that does other things as well. */
const STARTS_WITHIN_MS = 180_000;
const STOPS_WITHIN_MS = 60_000;

/**
 * @param {{ vars?: Record<string, string>, records?: Record<string, string> }} [seed]
 *   without it, the demonstration's
 * @param {{ on?: "workerd" | "wrangler", state?: string }} [how] on wrangler, KV is its own and cannot be reached;
 *   `state`: the folder of one that was there before
 */
export async function startGateway(seed, how = {}) {
  const state = how.state ?? (await mkdtemp(join(tmpdir(), "keyward-")));
  for (let tries = 1; ; tries++) {
    try {
      return await start(seed, { ...how, state });
    } catch (error) {
      // A port that was free is another's by now: test files start side by side.
      if (tries === 5 || !error.message.includes("Address already in use")) throw error;
    }
  }
}

async function start(seed, { on = "workerd", state }) {
  const [program, ...verb] = XTASK;
  const args = [...verb, "dev", "--port", "0", "--no-build", "--json", "--state", state];
  if (on === "workerd") args.push("--raw");
  if (seed) {
    const file = join(state, "seed.json");
    await writeFile(file, JSON.stringify(seed));
    args.push("--seed", file);
  }
  const child = spawn(program, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  // A test file that fails before it can stop the gateway ends all the same, and the gateway with it.
  const end = () => child.kill("SIGTERM");
  process.once("exit", end);

  /** What the Worker logged, a line each. */
  const logs = [];
  const heard = new EventEmitter();
  createInterface({ input: child.stderr }).on("line", (line) => {
    logs.push(line);
    heard.emit("line");
  });
  const ready = new Promise((resolve) => createInterface({ input: child.stdout }).once("line", resolve));
  const first = await within(STARTS_WITHIN_MS, "the gateway starts", Promise.race([ready, ended])).catch(() => null);
  if (typeof first !== "string") {
    end();
    throw new Error(`the gateway did not start:\n${logs.join("\n")}`);
  }

  const hold = [child, child.stdout, child.stderr];
  for (const one of hold) one.unref();

  const { url, elsewhere, kv, groups } = JSON.parse(first);
  const port = (url) => Number(new URL(url).port);
  const ends = async () => {
    for (const one of hold) one.ref();
    process.off("exit", end);
    await within(STOPS_WITHIN_MS, "the gateway stops", ended).catch((error) => {
      child.kill("SIGKILL");
      throw error;
    });
  };
  return {
    url,
    port: port(url),
    /** The ports of the same gateway in other isolates. */
    elsewhere: elsewhere.map(port),
    logs,
    /** Of all processes that were started. */
    groups,
    /** Where the objects of the replay store keep what they know. */
    replayDisk: join(state, "replay"),
    kv: kvClient(kv),
    /** The first line, from the one with this number on, whose event is like this: awaited, since it comes after the answer. */
    async logged(like, from = 0) {
      const end = Date.now() + 60_000;
      for (;;) {
        const found = events(logs.slice(from)).find((event) => Object.entries(like).every(([name, value]) => event[name] === value));
        if (found) return found;
        await within(end - Date.now(), `a line like ${JSON.stringify(like)}`, once(heard, "line"));
      }
    },
    /** Ends it at once, as a crash does, and starts it anew: nothing is left but what was on the disk. */
    async crash() {
      for (const group of groups) process.kill(-group, "SIGKILL");
      await ends();
      return startGateway(seed, { on, state });
    },
    async stop() {
      end();
      await ends();
      await rm(state, { recursive: true, force: true });
    },
  };
}

/** What the Worker itself logged, among all lines. */
export const events = (lines) => lines.filter((line) => line.startsWith('{"event":')).map((line) => JSON.parse(line));

/** The store behind the gateway; see kv/index.js for what each command does. */
export function kvClient(base) {
  const ask = async (method, path, body) => {
    // A connection of its own: workerd would end one that waits for 5 s, perhaps just when it is used again.
    const response = await fetch(base + path, { method, body, headers: { connection: "close" } });
    if (!response.ok && response.status !== 404) throw new Error(`${method} ${path}: ${response.status}`);
    return response;
  };
  const command = async (name, args = {}) =>
    (await ask("POST", `/__${name}?${new URLSearchParams(args)}`)).json();
  const at = (key) => `/${encodeURIComponent(key)}`;
  return {
    put: (key, value) => ask("PUT", at(key), value),
    delete: (key) => ask("DELETE", at(key)),
    async get(key) {
      const response = await ask("GET", at(key));
      return response.ok ? response.text() : null;
    },
    log: async () => (await ask("GET", "/__log")).json(),
    fail: (args) => command("fail", args),
    delay: (args) => command("delay", args),
    stale: (on) => command("stale", { on: on ? "1" : "0" }),
    hold: (args) => command("hold", args),
    release: (args) => command("release", args),
    reset: () => command("reset"),
    clear: () => command("clear"),
  };
}
