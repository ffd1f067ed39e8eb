// A team moves in: keys of another gateway are imported, and clients that others wrote go on with the ids and secrets
// that they have.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import jsonwebtoken from "jsonwebtoken";

import { eventually } from "../support/eventually.js";
import { keyward } from "../support/keyward.js";
import { found } from "../support/operator.js";
import { startRegistry } from "../support/registry.js";
import { startFront } from "./front.js";
import { PROFILES, loadClients, pythonProgram } from "./load.js";

const CREDENTIALS = 1_000;
const TARGET = "/v1/things?limit=2";
const COMMON = ["--environment", "production", "--role", "developer", "--owner", "ops@acme.example", "--expires-days", "90"];

const clients = await loadClients();
let api, admin, registry, operator, folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyward-import-"));
  [api, admin] = [await startFront(), await startFront()];
  registry = await startRegistry({
    settings: { authority: admin.authority, importedKeyIds: true },
    gateway: {
      authorities: [
        { authority: api.authority, scheme: "http", environment: "production", role: "api" },
        { authority: "uat.example", scheme: "http", environment: "uat", role: "api" },
      ],
      importedKeyIds: true,
    },
  });
  [api.behind, admin.behind] = [registry.port, registry.adminPort];
  operator = await found(registry, "acme");
});
after(async () => {
  for (const client of clients) await client.stop();
  for (const one of [api, admin, registry]) await one?.stop();
  await rm(folder, { recursive: true, force: true });
});

const secretOf = (number) => createHash("sha256").update(`hunter2 ${number}`).digest("hex");
const consumer = (number) => `partner-${String(number).padStart(4, "0")}`;

/** Half hmac-auth, half jwt; partner-0000 has one of each. */
function kongFile() {
  const algorithms = ["HS256", "HS384", "HS512"];
  const entry = (number) =>
    number % 2 === 0
      ? `  hmacauth_credentials:\n  - { username: ${consumer(number)}, secret: ${secretOf(number)} }\n`
      : `  jwt_secrets:\n  - { key: iss-${consumer(number)}, algorithm: ${algorithms[number % 3]}, secret: ${secretOf(number)} }\n`;
  const consumers = Array.from({ length: CREDENTIALS - 1 }, (_, number) => `- username: ${consumer(number)}\n${entry(number)}`);
  const second = `jwt_secrets:\n- { consumer: ${consumer(0)}, key: iss-${consumer(0)}, secret: ${secretOf(0)} }\n`;
  return `_format_version: "3.0"\nconsumers:\n${consumers.join("")}${second}`;
}

async function importing(source, text, ...more) {
  const file = join(folder, source);
  await writeFile(file, text);
  const env = { KEYWARD_SESSION: operator.cookie };
  const said = await keyward(["import", source, file, "--registry", admin.url, ...COMMON, "--json", ...more], { env });
  assert.doesNotMatch(said.out + said.err, /hunter2|[0-9a-f]{64}/, "no secret is told");
  return said;
}

const published = (keyId) =>
  eventually(async () => (await registry.kv.get(`k/${keyId}`)) !== null, `${keyId} is published`);

describe("a file of Kong with 1,000 credentials", () => {
  const text = kongFile();
  let report;

  test("is tried first, which changes nothing", async () => {
    const said = await importing("kong", text, "--dry-run");
    assert.equal(said.code, 0, said.err);
    assert.deepEqual(said.json().counts, { ready: CREDENTIALS, imported: 0, importedBefore: 0, needsOverride: 0, refused: 0 });
    assert.equal((await operator.expect(200, "GET", "/v1/keys")).items.length, 0);
  });

  test("is imported, and each row has its word", async () => {
    const began = performance.now();
    const said = await importing("kong", text);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    assert.equal(said.code, 0, said.err);
    report = said.json();
    console.log(`import of ${CREDENTIALS} credentials: ${seconds} s, ${JSON.stringify(report.counts)}`);
    assert.deepEqual(report.counts, { ready: 0, imported: CREDENTIALS, importedBefore: 0, needsOverride: 0, refused: 0 });
    const [first, last] = [report.rows[0], report.rows.at(-1)];
    assert.deepEqual([first.keyId, first.name, first.outcome], ["partner-0000", "partner-0000", "imported"]);
    assert.deepEqual([last.keyId, last.name, last.outcome], ["iss-partner-0000", "partner-0000 2", "imported"]);
    const key = await operator.expect(200, "GET", "/v1/keys/partner-0000");
    assert.deepEqual([key.kind, key.algorithm, key.profiles], ["signed", "hmac-sha256", ["rfc9421", "kong"]]);
    const [line] = (await operator.expect(200, "GET", "/v1/audit?subject=partner-0000")).trim().split("\n").map(JSON.parse);
    assert.deepEqual([line.action, line.after.imported, line.after.shortSecretAllowed], ["key.created", true, false]);
    assert.ok(!JSON.stringify(line).includes(secretOf(0)));
  });

  test("once more: everything was imported before, and nothing is done twice", async () => {
    const head = await operator.expect(200, "GET", "/v1/audit/head");
    const said = await importing("kong", text);
    assert.equal(said.code, 0, said.err);
    assert.equal(said.json().counts.importedBefore, CREDENTIALS);
    assert.equal((await operator.expect(200, "GET", "/v1/audit/head")).sequence, head.sequence);
  });

  test("reaches the edge: KV has all of it", async () => {
    const began = performance.now();
    await published(report.rows.at(-1).keyId);
    await eventually(async () => {
      let [after, differing] = ["", 0];
      do {
        const found = await operator.expect(200, "POST", "/v1/reconcile", { after });
        differing += found.differing.length;
        after = found.next;
      } while (after);
      return differing === 0;
    }, "KV and registry agree");
    console.log(`KV has them after another ${((performance.now() - began) / 1000).toFixed(1)} s`);
  });

  test("its clients of hmac-auth go on with curl and openssl", async () => {
    const kong = clients.find(({ profile }) => profile === "kong");
    for (const number of [0, 500, 998]) {
      const job = { url: api.url + TARGET, keyId: consumer(number), algorithm: "hmac-sha256", cover: "enough" };
      const right = { ...job, secret: secretOf(number) };
      assert.equal((await kong.send({ ...right, method: "GET" })).status, 200);
      assert.equal((await kong.send({ ...right, method: "POST", body: "{}" })).status, 200);
      assert.equal((await kong.send({ ...job, method: "GET", secret: secretOf(1) })).status, 401);
    }
  });

  for (const [number, algorithm] of [[0, "HS256"], [1, "HS384"], [3, "HS256"], [5, "HS512"]]) {
    test(`its clients of jwt go on with tokens of ${algorithm} by jsonwebtoken and PyJWT`, async () => {
      const claims = { iss: `iss-${consumer(number)}`, exp: Math.floor(Date.now() / 1000) + 300 };
      const ask = async (token) => (await fetch(api.url + TARGET, { headers: { authorization: `Bearer ${token}` } })).status;
      const key = { kty: "oct", k: Buffer.from(secretOf(number)).toString("base64url") };
      assert.equal(await ask(jsonwebtoken.sign(claims, secretOf(number), { algorithm, noTimestamp: true })), 200);
      assert.equal(await ask(await pyjwt({ claims, header: { typ: "JWT" }, alg: algorithm, key })), 200);
      assert.equal(await ask(jsonwebtoken.sign(claims, secretOf(number + 1), { algorithm })), 401);
    });
  }
});

function pyjwt(make) {
  return new Promise((resolve, reject) => {
    const script = join(import.meta.dirname, "tokens.py");
    const child = execFile(pythonProgram(), ["-B", script], (error, stdout) => (error ? reject(error) : resolve(JSON.parse(stdout).result)));
    child.stdin.end(JSON.stringify({ make }));
  });
}

describe("clients that others wrote, with secrets that were theirs before", () => {
  for (const { profile, about, send } of clients) {
    for (const algorithm of about.algorithms ?? [undefined]) {
      test(`${profile}: ${[about.client, algorithm].filter(Boolean).join(", ")}`, async () => {
        const name = `${profile} ${about.client} ${algorithm ?? ""}`.trim();
        const keyId = `theirs-${createHash("sha256").update(name).digest("hex").slice(0, 12)}`;
        const secret = randomBytes(24).toString("base64url");
        const { kind, profiles } = PROFILES[profile];
        const sha256 = createHash("sha256").update(secret).digest("hex");
        const own = kind === "basic" ? { sha256 } : { secret: Buffer.from(secret).toString("base64url") };
        const report = await operator.expect(200, "POST", "/v1/imports", {
          defaults: { environment: "production", owners: ["ops@acme.example"], roles: [{ role: "developer", accounts: "all" }] },
          rows: [{ keyId, name: keyId, kind, algorithm, profiles, ...own }],
        });
        assert.equal(report.counts.imported, 1, JSON.stringify(report));
        await published(keyId);
        const target = about.query === false ? "/v1/things" : TARGET;
        const job = { url: api.url + target, keyId, algorithm, cover: "enough" };
        assert.equal((await send({ ...job, method: "GET", body: null, secret })).status, 200);
        assert.equal((await send({ ...job, method: "POST", body: "{}", secret })).status, 200);
        assert.equal((await send({ ...job, method: "GET", body: null, secret: `${secret}x` })).status, 401);
        // Who has no more than the digest has nothing.
        if (kind === "basic") assert.equal((await send({ ...job, method: "GET", body: null, secret: sha256 })).status, 401);
      });
    }
  }
});
