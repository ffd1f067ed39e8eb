// Guarantees that bundlers find the WebAssembly for Workers and for browsers, and that what they make works there.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import * as esbuild from "esbuild";
import { createVerifier, memoryStore } from "keyward";
import { keyward } from "keyward/node";
import { chromium } from "playwright-core";
import { build, createServer as createViteServer } from "vite";
import { createTestHarness } from "wrangler";

import { REQUESTS, ask, deployment } from "./suite.mjs";

/** What `wrangler dev` makes of a request, as Cloudflare does for a zone unless told otherwise, or as its proxy likes it. */
const MADE = {
  "a path of two meanings": { expect: "401 invalid_credentials" },
  // An answer is not handed on before all of the content has come.
  "more content than is taken": { announced: undefined, content: "x".repeat(1_200_000) },
};

const APPS = join(import.meta.dirname, "apps");
const setting = await deployment();

for (const app of ["worker", "hono-worker"]) {
  describe(`${app}: bundled by wrangler, on workerd`, () => {
    let server;
    let port;
    before(async () => {
      const { organisationKeys, ...DEPLOYMENT } = setting.options;
      server = createTestHarness({
        root: APPS,
        workers: [{ configPath: `${app}/wrangler.toml`, vars: { DEPLOYMENT }, secrets: { ORGANISATION_KEYS: JSON.stringify(organisationKeys) } }],
      });
      const { url } = await server.listen();
      port = Number(url.port);
      const { KEYS } = await server.getWorker().getEnv();
      for (const [name, record] of Object.entries(setting.records)) await KEYS.put(name, record);
    });
    after(() => server?.close());

    for (const [name, how] of Object.entries(REQUESTS)) {
      // There is no Cloudflare here that would set the address itself.
      if (!how.fields?.some(([field]) => field === "CF-Connecting-IP")) test(name, () => ask({ port }, setting, { ...how, ...MADE[name] }));
    }
    test("a key that refuses copies, where nobody remembers", () =>
      ask({ port }, setting, { as: "strict", target: "/v1/things", expect: "503 replay_store_unavailable" }));
  });
}

test("client-worker: signs on workerd what a server in Node takes", async () => {
  let listener;
  const api = createServer((request, response) => listener(request, response)).listen(0, "127.0.0.1");
  await once(api, "listening");
  const origin = `http://127.0.0.1:${api.address().port}`;
  const verifier = createVerifier({ ...setting.options, authorities: [origin], store: memoryStore(setting.records) });
  listener = keyward({ verifier }, async (request, response) => {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    response.end(`${request.keyward.keyId} ${text}`);
  });
  const { keyId, secret } = setting.keys.signed;
  const vars = { KEY: { keyId, secret }, API: `${origin}/v1/things` };
  const server = createTestHarness({ root: APPS, workers: [{ configPath: "client-worker/wrangler.toml", vars }] });
  try {
    const { url } = await server.listen();
    const response = await fetch(url, { method: "POST", body: '{"name":"ada"}' });
    assert.equal(await response.text(), `${keyId} {"name":"ada"}`);
  } finally {
    await server.close();
    api.closeAllConnections();
    api.close();
  }
});

const skip = process.env.KEYWARD_CHROMIUM ? false : "KEYWARD_CHROMIUM names no Chromium: run `cargo xtask test --only packaging`";

describe("in Chromium", { skip }, () => {
  let out;
  let browser;
  before(async () => {
    out = mkdtempSync(join(tmpdir(), "keyward-bundle-"));
    browser = await chromium.launch({ executablePath: process.env.KEYWARD_CHROMIUM, args: ["--no-sandbox"] });
  });
  after(async () => {
    await browser?.close();
    rmSync(out, { recursive: true });
  });

  /** What the page says when it is done, or what went wrong in it. */
  const shown = async (url, { direct = false } = {}) => {
    const page = await browser.newPage();
    const wrong = new Promise((resolve) => page.once("pageerror", resolve));
    if (!direct) await page.route("**/deployment.json", (route) => route.fulfill({ json: forPage() }));
    try {
      await page.goto(url);
      const text = page.waitForFunction(() => document.body.textContent.trim(), null, { timeout: 120_000 }).then((it) => it.jsonValue());
      const found = await Promise.race([text, wrong]);
      if (found instanceof Error) throw found;
      return found;
    } finally {
      await page.close();
    }
  };
  const forPage = () => {
    const { options, records, keys } = setting;
    const { keyId, secret } = keys.every;
    return { options, records, key: { keyId, secret } };
  };
  const expected = () => `${setting.keys.every.keyId} content_digest_mismatch`;

  /** Files as any web server would serve them. */
  const served = async (files, look) => {
    const server = createServer((request, response) => {
      const found = files[request.url];
      const type = { js: "text/javascript", wasm: "application/octet-stream" }[request.url.split(".").pop()] ?? "text/html";
      response.writeHead(found ? 200 : 404, { "content-type": type }).end(found);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      return await look(`http://127.0.0.1:${server.address().port}/`);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  };

  test("built by Vite", async () => {
    const made = await build({ root: join(APPS, "browser"), logLevel: "error", build: { outDir: out, write: false } });
    const files = Object.fromEntries(made.output.map((file) => [`/${file.fileName}`, file.source ?? file.code]));
    files["/"] = files["/index.html"];
    assert.equal(Object.keys(files).filter((name) => name.endsWith(".wasm")).length, 1, "the wasm is a file of its own");
    assert.equal(await served(files, shown), expected());
  });

  test("served by Vite while one works on it", async () => {
    const server = await createViteServer({
      root: join(APPS, "browser"), logLevel: "error", cacheDir: out, server: { port: 0, host: "127.0.0.1" }, optimizeDeps: { exclude: ["keyward"] },
    });
    await server.listen();
    try {
      assert.equal(await shown(server.resolvedUrls.local[0]), expected());
    } finally {
      await server.close();
    }
  });

  test("a page of another origin signs, in each profile that a browser can, and reads the answers", async () => {
    const { outputFiles } = await esbuild.build({ entryPoints: [join(APPS, "browser/client.js")], bundle: true, format: "iife", write: false });
    const files = { "/": '<!doctype html><meta charset="utf-8"><body><script src="one.js"></script>', "/one.js": outputFiles[0].text };
    const asked = [];
    let listener;
    const api = createServer((request, response) => {
      asked.push(request.method);
      listener(request, response);
    }).listen(0, "127.0.0.1");
    await once(api, "listening");
    const origin = `http://127.0.0.1:${api.address().port}`;
    try {
      const found = await served(files, (url) => {
        const catalogue = structuredClone(setting.options.catalogue);
        catalogue.apis.find(({ name }) => name === "browser").cors = { origins: [new URL(url).origin], maxAge: 0 };
        const verifier = createVerifier({ ...setting.options, catalogue, authorities: [origin], store: memoryStore(setting.records) });
        listener = keyward({ verifier }, (_, response) => response.end("hello"));
        files["/deployment.json"] = JSON.stringify({ ...forPage(), api: `${origin}/browser/things` });
        // Where Playwright stands between page and network it answers preflights itself.
        return shown(url, { direct: true });
      });
      assert.equal(found, "rfc9421 200 hello; cavage 200 hello; kong 200 hello");
      assert.deepEqual(asked, ["OPTIONS", "PUT", "OPTIONS", "PUT", "OPTIONS", "PUT"]);
    } finally {
      api.closeAllConnections();
      api.close();
    }
  });

  test("as one classic script by esbuild, inline", async () => {
    const { outputFiles } = await esbuild.build({ entryPoints: [join(APPS, "browser/inline.js")], bundle: true, minify: true, format: "iife", write: false });
    const page = '<!doctype html><meta charset="utf-8"><body><script src="one.js"></script>';
    assert.equal(await served({ "/": page, "/one.js": outputFiles[0].text }, shown), expected());
  });
});

test("the README's table says so", () => {
  const readme = readFileSync(new URL("../../npm/README.md", import.meta.url), "utf8");
  for (const row of ["| workerd, bundled by wrangler | Workers, Hono |", "| Chromium | Vite built, Vite served, esbuild inline |"]) {
    console.log(row);
    assert.ok(readme.includes(row), row);
  }
});

test("nothing was built into the tree", () => {
  assert.deepEqual(readdirSync(join(APPS, "browser")).sort(), ["client.js", "index.html", "inline.js", "main.js", "run.js"]);
});
