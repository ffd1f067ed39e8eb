// The running registry, asked by schemathesis (PyPI) whatever its document allows and forbids, signed in.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { ROOT } from "../support/gateway.js";
import { found } from "../support/operator.js";
import { startRegistry } from "../support/registry.js";

const DOCUMENT = "worker/registry/openapi.json";
const CONFIGURATION = "tests/schemathesis/schemathesis.toml";
const VALIDATE = `
import json, sys
from openapi_spec_validator import OpenAPIV31SpecValidator
OpenAPIV31SpecValidator(json.load(open(sys.argv[1]))).validate()
`;

/** What wants an invitation or a code of an app, which nobody makes up: `e2e/sign-in` has them. */
const WITH_FACTORS = ["confirmEnrolment", "enrol", "openSession", "refreshSession"];
/**
 * What wants the link of a mail, or an owner who said no, is for keys alone, wants a page that the registry sealed, or a
 * delivery that was given up: `e2e/declining`, `e2e/own-server`, `e2e/backup` and `e2e/notices` have them.
 */
const ELSEWHERE = ["askOwner", "confirmOwner", "declineNotices", "reportUsage", "restore", "retryDelivery"];

let registry, reports;
before(async () => {
  registry = await startRegistry({ settings: { importedKeyIds: true } });
  reports = await mkdtemp(join(tmpdir(), "keyward-schemathesis-"));
});
after(async () => {
  await registry?.stop();
  if (reports) await rm(reports, { recursive: true, force: true });
});

/** What Python says when it is asked this, and whether all was well. */
async function python(args, env = {}) {
  const program = process.env.KEYWARD_PYTHON;
  if (!program) throw new Error("KEYWARD_PYTHON is not set: run `cargo xtask test --only schemathesis`");
  const child = spawn(program, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const parts = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => parts.push(part));
  const [status] = await new Promise((resolve) => child.once("close", (...how) => resolve(how)));
  return { status, text: Buffer.concat(parts).toString() };
}

/** From another network than the one that guesses at factors as well. */
async function renew(operator) {
  const body = { code: operator.recoveryCodes.pop() };
  const answer = await operator.ask("POST", "/v1/session/second-factor", { body, from: "127.0.0.2" });
  if (answer.status !== 204) console.error(`the session was not renewed: ${answer.status}`);
}

/** Runs schemathesis as an operator of his own organisation, over some operations; gives how each was answered. */
async function schemathesis(organisation, which) {
  const operator = await found(registry, organisation);
  const answers = join(reports, `${organisation}.json`);
  // A second factor is fresh for five minutes, and on a busy machine this takes longer.
  const renewing = setInterval(() => renew(operator), 120_000);
  const run = await python(
    ["-c", "from schemathesis.cli import schemathesis; schemathesis()", "--no-color", "--config-file", CONFIGURATION,
      "run", DOCUMENT, "--url", registry.url, "--report-dir", reports, ...which],
    { KEYWARD_SESSION: operator.cookie.split("=").slice(1).join("="), KEYWARD_ROOT_TOKEN: registry.rootToken, KEYWARD_ANSWERS: answers },
  ).finally(() => clearInterval(renewing));
  assert.equal(run.status, 0, run.text);
  const figure = (name) => run.text.match(new RegExp(`${name}:? +(.*)`))?.[1];
  console.log(`| schemathesis | ${figure("Tested")} operations | ${run.text.match(/(\d+) generated/)?.[1]} cases | seed ${figure("Seed")} |`);
  return JSON.parse(await readFile(answers, "utf8"));
}

test("the document is valid OpenAPI 3.1", async () => {
  const { status, text } = await python(["-c", VALIDATE, DOCUMENT]);
  assert.equal(status, 0, text);
});

// A minute of the machine's own time; others may be at work on it.
test("every operation keeps to the document, whatever it is asked", { timeout: 900_000 }, async () => {
  const answers = await schemathesis("fuzzed", ["--exclude-operation-id", "closeSession"]);
  for (const [operation, statuses] of Object.entries(answers)) {
    console.log(`| ${operation} | ${Object.entries(statuses).map(([status, count]) => `${status}: ${count}`).join(", ")} |`);
  }
  // Refusing everything would keep to it, too.
  const done = (operation) => Object.keys(answers[operation]).some((status) => status < 300);
  const maybe = [...WITH_FACTORS, ...ELSEWHERE];
  assert.deepEqual(Object.keys(answers).filter((operation) => !done(operation) && !maybe.includes(operation)), []);
});

// Apart, because it takes the session away.
test("signing out keeps to it, too", () => schemathesis("leaving", ["--include-operation-id", "closeSession", "--phases", "coverage,fuzzing"]));

test("nothing of it was more than the registry could take", () => {
  const failures = registry.logs.filter((line) => line.includes("registry_failure") || line.includes("registry_trap"));
  assert.deepEqual(failures, []);
});
