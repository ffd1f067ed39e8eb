// Guarantees that the package does its work in each framework and runtime, installed as users install it. The apps are
// the examples.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { REQUESTS, ask, askTwice, deployment } from "./suite.mjs";
import { BUN, DENO, NODES, serve } from "./support.js";

const APPS = {
  express: "express/app.js",
  fastify: "fastify/app.js",
  hono: "hono/app.js",
  koa: "koa/app.js",
  "node:http": "http/app.js",
  "node:http, CommonJS": "commonjs/app.cjs",
};

/** Express, Hono and so on are for Node; other runtimes get their own server, and the one of Node that they imitate. */
const PLACES = [
  ...Object.entries(NODES).flatMap(([runtime, program]) => Object.entries(APPS).map(([app, file]) => ({ runtime, app, program, args: [file] }))),
  ...["Bun.serve", "express", "hono", "node:http"].map((app) => ({ runtime: "Bun", app, program: BUN, args: [APPS[app] ?? "bun/app.js"] })),
  ...["Deno.serve", "express", "hono", "node:http"].map((app) => ({
    runtime: "Deno", app, program: DENO, args: ["run", "--quiet", "--no-prompt", "--allow-read", "--allow-env", "--allow-net", APPS[app] ?? "deno/app.js"],
  })),
];

let setting;
let folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "keyward-apps-"));
  setting = await deployment();
  writeFileSync(join(folder, "keyward.json"), JSON.stringify(setting.options));
  writeFileSync(join(folder, "keys.json"), JSON.stringify(setting.records));
});
after(() => rmSync(folder, { recursive: true }));

/** What a runtime makes of a request before anybody else sees it. */
const MADE = {
  // The path is normalised, so that another one arrives than was signed.
  "Bun.serve": { "a path of two meanings": { expect: "401 invalid_credentials" } },
};

/** Deno says this once of whoever copies a request. */
const DENO_SAYS = /^Deno\.serve: request\.signal aborts on successful responses .*\n$/;

/** The places where everything passed. */
const ran = new Map();

for (const { runtime, app, program, args } of PLACES) {
  const skip = existsSync(program) ? false : `npm has no ${runtime} for this machine`;
  describe(`${runtime}, ${app}`, { skip }, () => {
    let server;
    let passed = 0;
    before(async () => {
      server = await serve(program, args, { cwd: join(import.meta.dirname, "apps"), env: { KEYWARD_FOLDER: folder } });
    });
    after(async () => {
      await server?.stop();
      if (passed === Object.keys(REQUESTS).length) ran.set(runtime, [...(ran.get(runtime) ?? []), app]);
    });

    for (const [name, how] of Object.entries(REQUESTS)) {
      test(name, async () => {
        await ask(server, setting, { ...how, ...MADE[app]?.[name] });
        passed += 1;
      });
    }
    test("a copy of a request, where the key refuses copies", () => askTwice(server, setting));
    test("is quiet about it", () => assert.equal(server.said.join("").replace(DENO_SAYS, ""), ""));
  });
}

test("the table of runtimes in the README is what ran", () => {
  const readme = readFileSync(new URL("../../npm/README.md", import.meta.url), "utf8");
  for (const [runtime, apps] of ran) {
    const row = `| ${runtime} | ${apps.join(", ")} |`;
    console.log(row);
    assert.ok(readme.includes(row), `npm/README.md lacks the row\n${row}`);
  }
});
