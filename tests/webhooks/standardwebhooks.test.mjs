// Webhooks of every documented event, verified by the libraries `standardwebhooks` of npm and PyPI: what is signed here
// they take, with either secret while two are valid, and anything else they refuse.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { before, describe, test } from "node:test";

import { Webhook } from "standardwebhooks";

const secret = (bytes) => `whsec_${randomBytes(bytes).toString("base64")}`;
const OLD = secret(24);
const NEW = secret(64);

/** What a program writes when it reads this. */
function run(variable, args, input) {
  const program = process.env[variable];
  if (!program) throw new Error(`${variable} is not set: run \`cargo xtask test --only webhooks\``);
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { timeout: 120_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr || error.message));
      else resolve(JSON.parse(stdout));
    });
    child.stdin.end(input);
  });
}

/** A library: each job's content as it read it, or `null` where it refused. */
const LIBRARIES = {
  npm: (jobs) =>
    jobs.map(({ secret, body, headers }) => {
      try {
        return new Webhook(secret).verify(body, headers);
      } catch (error) {
        assert.equal(error.name, "WebhookVerificationError");
        return null;
      }
    }),
  PyPI: (jobs) => run("KEYWARD_PYTHON", [join(import.meta.dirname, "verify.py")], JSON.stringify(jobs)),
};

let single;
let rotating;
before(async () => {
  single = await run("KEYWARD_WEBHOOK", [], NEW);
  rotating = await run("KEYWARD_WEBHOOK", [], `${NEW}\n${OLD}\n`);
  assert.ok(single.length > 0 && single.length === rotating.length);
});

for (const [name, verify] of Object.entries(LIBRARIES)) {
  describe(`standardwebhooks of ${name}`, () => {
    const refuses = async (jobs) => assert.deepEqual(await verify(jobs), jobs.map(() => null));
    const changed = (change) => single.map(({ body, headers }) => ({ secret: NEW, body, headers: { ...headers, ...change(headers) } }));

    test("takes every event, and reads what was signed", async () => {
      const read = await verify(single.map((one) => ({ secret: NEW, ...one })));
      assert.deepEqual(read, single.map(({ body }) => JSON.parse(body)));
      assert.ok(read.every(({ type, timestamp, data }) => type && !Number.isNaN(Date.parse(timestamp)) && data));
    });

    test("takes either secret while they are rotated", async () => {
      for (const secret of [OLD, NEW]) {
        const read = await verify(rotating.map((one) => ({ secret, ...one })));
        assert.deepEqual(read, rotating.map(({ body }) => JSON.parse(body)));
      }
    });

    test("refuses another secret", () => refuses(single.map((one) => ({ secret: OLD, ...one }))));

    test("refuses a body that was changed", () =>
      refuses(single.map(({ body, headers }) => ({ secret: NEW, body: body.replace("acme", "evil"), headers }))));

    test("refuses another id", () => refuses(changed(() => ({ "webhook-id": "another" }))));

    test("refuses another time", () =>
      refuses(changed((headers) => ({ "webhook-timestamp": String(Number(headers["webhook-timestamp"]) - 1) }))));
  });
}
