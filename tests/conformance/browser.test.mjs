// Guarantees that the package gives the recorded answers in a browser, byte for byte.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { bundle } from "./bundle.js";
import { decisions, dist } from "./suite.mjs";

const chromium = process.env.KEYWARD_CHROMIUM ?? "/usr/bin/chromium";

test("Chromium gives the recorded answers", { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "keyward-conformance-"));
  const all = [...decisions()];
  let browser;
  const server = createServer();
  try {
    await bundle(new URL("page.mjs", import.meta.url), join(folder, "page.js"), ["browser"]);
    const files = {
      "/": ["text/html", '<!doctype html><script type="module" src="/page.js"></script>'],
      "/page.js": ["text/javascript", readFileSync(join(folder, "page.js"))],
      "/keyward.wasm": ["application/wasm", readFileSync(new URL("keyward.wasm", dist))],
      "/decisions": ["application/json", JSON.stringify(all.map(({ export: name, call }) => ({ export: name, call })))],
    };
    const told = new Promise((resolve) => {
      server.on("request", async (request, response) => {
        if (request.method === "POST") {
          const chunks = await request.toArray();
          response.end();
          return resolve(JSON.parse(Buffer.concat(chunks).toString()));
        }
        const [type, content] = files[request.url] ?? ["text/plain", ""];
        response.setHeader("content-type", type).end(content);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const page = `http://127.0.0.1:${server.address().port}/`;
    const options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", `--user-data-dir=${join(folder, "profile")}`];
    browser = spawn(chromium, [...options, page], { stdio: "ignore" });
    const ended = once(browser, "exit").then(([code]) => ({ error: `${chromium} ended with ${code}` }));
    const { answers, error } = await Promise.race([told, ended]);
    assert.equal(error, undefined);
    assert.equal(answers.length, all.length);
    for (const [index, decision] of all.entries()) assert.equal(answers[index], decision.answer, decision.name);
    console.log(`conformance browser: ${answers.length} decisions`);
  } finally {
    if (browser?.exitCode === null) {
      browser.kill();
      await once(browser, "exit");
    }
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, maxRetries: 5 });
  }
});
