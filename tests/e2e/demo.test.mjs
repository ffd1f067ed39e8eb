// `cargo xtask dev`: every request of the demonstration ends as its table says, on plain workerd and under wrangler, what it
// prints works when it is pasted, and nothing of it is left running.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { call } from "../support/client.js";
import { eventually } from "../support/eventually.js";
import { ROOT, startGateway } from "../support/gateway.js";

for (const on of ["workerd", "wrangler"]) {
  describe(`on ${on}`, () => {
    let gateway, demo;
    before(async () => {
      gateway = await startGateway(undefined, { on });
      demo = JSON.parse(await readFile(join(ROOT, ".keyward/dev.json"), "utf8"));
    });
    after(async () => {
      await gateway?.stop();
      for (const group of gateway?.groups ?? []) await eventually(() => isGone(group), "its processes are gone");
    });

    test("the file says where it is", () => {
      assert.equal(demo.organisation, "acme");
      assert.equal(demo.url, gateway.url);
      assert.equal(new URL(demo.registry.url).hostname, "127.0.0.1");
      assert.ok(demo.keys.length >= 20);
    });

    test("`keyward doctor` says whether paths are rewritten on the way", async () => {
      const command = `cargo keyward doctor ${gateway.url}`;
      if (on === "workerd") {
        assert.match(await paste(command), /✓ paths arrive as sent/);
      } else {
        await assert.rejects(paste(command), /✗ paths arrive as sent +rewritten on the way: .*\/_keyward\/x\/\.\.\/health/);
      }
    });

    test("every request ends as the table says, signed by our own reading of the RFC", async () => {
      for (const key of demo.keys) {
        const content = key.body ?? undefined;
        const answer = await call(gateway, {
          as: key,
          method: key.method,
          target: key.path,
          host: new URL(key.url).host,
          content,
          fields: content ? [["Content-Type", key.contentType]] : [],
          sign: { parameters: { nonce: `n-${key.name}` } },
        });
        assert.deepEqual([answer.status, answer.code], [key.expectStatus, key.expectCode], key.name);
        if (answer.status === 200) assertEchoed(answer.json, key);
      }
    });

    test("every request ends as the table says, sent by the command", async () => {
      // As it is printed; cargo builds the command if it has to.
      const lines = gateway.logs.filter((line) => /^ *cargo keyward send --as /.test(line)).map((line) => line.trim());
      assert.deepEqual(lines, demo.keys.map((key) => `cargo keyward send --as ${key.name}`));
      await paste(lines[0]);
      const command = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug/keyward");
      for (const line of lines) await paste(line.replace("cargo keyward", command));
    });

    test("a request signed for curl, and HTTP Basic, work when pasted", async () => {
      const printed = (start) => gateway.logs.map((line) => line.trim()).find((line) => line.startsWith(start));
      const signed = await paste(printed("cargo keyward sign "));
      assert.match(signed, /^curl /);
      for (const line of [signed, printed("curl -u ")]) {
        assert.match(await paste(line), /"method":"GET","url":"http:\/\/127[^"]*\/v1\/users/);
      }
    });

    // Both sign in with the code of an app, which is good for one time: one on each side.
    if (on === "workerd") {
      test("a key is made as README.md shows", async () => {
        const readme = await readFile(join(ROOT, "README.md"), "utf8");
        const [, block] = readme.match(/\n```sh\n(registry\(\) .*?)\n```/s);
        const [, made] = (await paste(block)).match(/\}(\{"keyId".*\})$/s);
        await works(gateway, JSON.parse(made));
      });
    } else {
      test("signing in, making and listing keys work when pasted", async () => {
        const calls = gateway.logs.join("\n").match(/^ +curl -sS (?:.*\\\n)*.*$/gm);
        assert.equal(calls.length, 3);
        const answers = [];
        for (const call of calls) answers.push(JSON.parse(await paste(call)));
        const [signedIn, made, listed] = answers;
        assert.deepEqual(signedIn, { organisation: "acme", email: demo.registry.email });
        await works(gateway, made);
        const ids = new Set(demo.keys.map((key) => key.keyId)).add(made.keyId);
        assert.deepEqual(new Set(listed.items.map((key) => key.keyId)), ids);
      });
    }
  });
}

function isGone(group) {
  try {
    return !process.kill(-group, 0);
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/** The gateway takes the key as soon as it is published. */
async function works(gateway, key) {
  const host = new URL(gateway.url).host;
  const outcome = async () => (await call(gateway, { as: key, target: "/v1/users", host })).outcome;
  await eventually(async () => (await outcome()) === "200", `${key.name} works`);
}

function assertEchoed(echo, key) {
  assert.deepEqual([echo.method, echo.url, echo.body], [key.method, key.url + key.path, key.body ?? ""]);
  const told = Object.fromEntries(echo.headers);
  assert.equal(told["keyward-key-id"], `"${key.keyId}"`);
  assert.equal(told["keyward-organisation"], '"acme"');
  assert.equal(told.authorization, undefined);
}

/** In the folder of the clone, as the announcement says. */
function paste(line) {
  return new Promise((resolve, reject) => {
    execFile("/bin/sh", ["-c", line.trim()], { cwd: ROOT, timeout: 120_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${line}\n${stdout}${stderr}`));
      else resolve(stdout);
    });
  });
}
