// The running registry, asked by schemathesis (PyPI) whatever its document allows and forbids, signed in.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { ROOT } from "../support/gateway.js";
import { MAIL } from "../support/mails.js";
import { found, totp } from "../support/operator.js";
import { startReceiver } from "../support/receiver.js";
import { startRegistry } from "../support/registry.js";
import { answer, fixture } from "./fixture.js";

const DOCUMENT = "worker/registry/openapi.json";
const CONFIGURATION = "tests/schemathesis/schemathesis.toml";
const VALIDATE = `
import json, sys
from openapi_spec_validator import OpenAPIV31SpecValidator
OpenAPIV31SpecValidator(json.load(open(sys.argv[1]))).validate()
`;

/** The first takes the session away, the second lets nobody be fresh who fails at it. */
const APART = ["closeSession", "refreshSession"];

let receiver, registry, reports;
before(async () => {
  receiver = await startReceiver();
  receiver.answer = answer;
  registry = await startRegistry({ receiver, settings: { importedKeyIds: true, mail: MAIL } });
  reports = await mkdtemp(join(tmpdir(), "keyward-schemathesis-"));
});
after(async () => {
  await registry?.stop();
  await receiver?.stop();
  if (reports) await rm(reports, { recursive: true, force: true });
});

/** What Python says when it is asked this, and whether all was well. */
async function python(args, env = {}) {
  const program = process.env.KEYWARD_PYTHON;
  if (!program) throw new Error("KEYWARD_PYTHON is not set: run `cargo xtask test --only schemathesis`");
  const child = spawn(program, args, { cwd: ROOT, env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1", ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const parts = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => parts.push(part));
  const [status] = await new Promise((resolve) => child.once("close", (...how) => resolve(how)));
  return { status, text: Buffer.concat(parts).toString() };
}

/**
 * Shows the second factor again and again: it is fresh for five minutes, and others may be at work on the machine. From
 * another address, since one with so many failures waits. Ends with whether that went well.
 */
function keptFresh(operator) {
  const shown = [];
  const show = () => shown.push(operator.ask("POST", "/v1/session/second-factor", { body: { code: totp(operator.secret) }, from: "127.0.0.2" }));
  const timer = setInterval(show, 60_000).unref();
  return async () => {
    clearInterval(timer);
    for (const { status, text } of await Promise.all(shown)) assert.equal(status, 204, text);
  };
}

/** Runs schemathesis as an operator of his own organisation, over some operations, each of which is to be done once. */
async function schemathesis(organisation, operations) {
  const operator = await found(registry, organisation);
  const ready = await fixture(registry, receiver, operator);
  const answers = join(reports, `${organisation}.json`);
  const end = keptFresh(operator);
  // One has no links to another.
  const phases = operations.length > 1 ? [] : ["--phases", "examples,coverage,fuzzing"];
  const run = await python(
    ["-c", "from schemathesis.cli import schemathesis; schemathesis()", "--no-color", "--config-file", CONFIGURATION,
      "run", DOCUMENT, "--url", registry.url, "--report-dir", reports, ...phases,
      ...operations.flatMap((operation) => ["--include-operation-id", operation])],
    {
      KEYWARD_SESSION: operator.cookie.split("=").slice(1).join("="), KEYWARD_ROOT_TOKEN: registry.rootToken,
      KEYWARD_FIXTURE: JSON.stringify(ready), KEYWARD_ANSWERS: answers,
    },
  );
  assert.equal(run.status, 0, run.text);
  await end();
  const figure = (name) => run.text.match(new RegExp(`${name}:? +(.*)`))?.[1];
  console.log(`| schemathesis | ${figure("Tested")} operations | ${run.text.match(/(\d+) generated/)?.[1]} cases | seed ${figure("Seed")} |`);
  const statuses = Object.entries(JSON.parse(await readFile(answers, "utf8")));
  for (const [operation, counts] of statuses) {
    console.log(`| ${operation} | ${Object.entries(counts).map(([status, count]) => `${status}: ${count}`).join(", ")} |`);
  }
  // Refusing everything would keep to the document, too.
  const done = statuses.filter(([, counts]) => Object.keys(counts).some((status) => status < 300));
  assert.deepEqual(done.map(([operation]) => operation).sort(), [...operations].sort());
}

test("the document is valid OpenAPI 3.1", async () => {
  const { status, text } = await python(["-c", VALIDATE, DOCUMENT]);
  assert.equal(status, 0, text);
});

// A minute of the machine's own time; others may be at work on it.
test("every operation keeps to the document, whatever it is asked, and does what it is for", { timeout: 900_000 }, async () => {
  const { paths } = JSON.parse(await readFile(join(ROOT, DOCUMENT), "utf8"));
  const all = Object.values(paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId));
  await schemathesis("fuzzed", all.filter((operation) => !APART.includes(operation)));
});

for (const operation of APART) {
  test(`${operation} keeps to it, too`, () => schemathesis(operation.toLowerCase(), [operation]));
}

test("nothing of it was more than the registry could take", () => {
  const failures = registry.logs.filter((line) => line.includes("registry_failure") || line.includes("registry_trap"));
  assert.deepEqual(failures, []);
});
