// The clients: one file each, in the folder of what it speaks, written as its library's documentation says. A file says
// what is known of it in `about` and sends one request at a time; how depends on its language.
//
//   about   client: its name · package: npm's or PyPI's, for its version · algorithms: what it can do, unset for Basic
//           query: false where none is covered, so that a good request has none
//           misses: { "as it comes" | "too little": { GET?: [component], POST?: [component] } }, the components that the
//           answer has to name; none means that it passes
//   job     { method, url, body, keyId, secret, algorithm, cover: "enough" | "as it comes" | "too little" }
//   answer  { status, text }
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

import { ROOT } from "../support/gateway.js";

/** Its folder, and what a key is like that such clients use. */
export const PROFILES = {
  rfc9421: { kind: "signed" },
  cavage: { kind: "signed", profiles: ["cavage"] },
  kong: { kind: "signed", profiles: ["kong"] },
  cloud9: { kind: "signed", profiles: ["cloud9"] },
  basic: { kind: "basic" },
};

const LANGUAGES = { ".mjs": javascript, ".py": python, ".sh": shell };

/** @returns the clients of all profiles, in the order of their folders and names; `stop` each */
export async function loadClients() {
  const clients = [];
  for (const profile of Object.keys(PROFILES)) {
    const folder = join(import.meta.dirname, profile);
    for (const name of (await readdir(folder)).sort()) {
      const load = LANGUAGES[extname(name)];
      if (load) clients.push({ profile, ...(await load(join(folder, name))) });
    }
  }
  return clients;
}

/** The Python with the packages of requirements.txt; `cargo xtask` makes it. */
export function pythonProgram() {
  const program = process.env.KEYWARD_PYTHON;
  if (!program) throw new Error("KEYWARD_PYTHON is not set: run `cargo xtask test --only clients`");
  return program;
}

async function javascript(file) {
  const { about, send } = await import(pathToFileURL(file));
  const { version } = about.package ? await json(join(ROOT, "node_modules", about.package, "package.json")) : {};
  return { about, version, send, stop() {} };
}

const json = async (file) => JSON.parse(await readFile(file, "utf8"));

/** One process for all jobs, a line each: starting Python anew takes longer than a request. */
async function python(file) {
  // -B: nothing is written next to the files.
  const args = ["-B", join(import.meta.dirname, "drive.py"), file];
  const child = spawn(pythonProgram(), args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${file} ended`);
    return JSON.parse(value);
  };
  const { about, version } = await next();
  return {
    about,
    version,
    async send(job) {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      const answer = await next();
      if (answer.error) throw new Error(answer.error);
      return answer;
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}

/** A recipe for a terminal: told by the environment, prints the answer and its status on a last line. */
async function shell(file) {
  const [, about] = (await readFile(file, "utf8")).match(/^# about: (.*)$/m);
  return {
    about: JSON.parse(about),
    async send({ method, url, body, keyId, secret, algorithm, cover }) {
      const env = {
        PATH: process.env.PATH,
        METHOD: method,
        URL: url,
        BODY: body ?? "",
        KEY_ID: keyId,
        SECRET: secret,
        HASH: algorithm?.replace("hmac-", "") ?? "",
        COVER: cover,
      };
      const printed = await new Promise((resolve, reject) => {
        execFile("sh", ["-eu", file], { env }, (error, stdout) => (error ? reject(error) : resolve(stdout)));
      });
      const at = printed.lastIndexOf("\n");
      return { status: Number(printed.slice(at + 1)), text: printed.slice(0, at) };
    },
    stop() {},
  };
}
