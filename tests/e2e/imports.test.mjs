// POST /v1/imports: each row has its word, no row takes what is another's, and no secret is repeated.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";

import { ageSessions } from "../support/ageing.js";
import { call } from "../support/client.js";
import { eventually } from "../support/eventually.js";
import { enrol, found } from "../support/operator.js";
import { startRegistry } from "../support/registry.js";

const MARK = "hunter2";
const base64url = (text) => Buffer.from(text).toString("base64url");
const secretOf = (id) => `${MARK} of ${id}, long enough for anybody`;
const defaults = {
  kind: "signed", environment: "production", owners: ["ops@acme.example"], profiles: ["kong"],
  roles: [{ role: "developer", accounts: "all" }],
};
const row = (keyId, change) => ({ keyId, name: keyId, secret: base64url(secretOf(keyId)), ...change });

let registry, admin, other;
before(async () => {
  const importing = { importedKeyIds: true };
  registry = await startRegistry({ settings: importing, gateway: importing });
  admin = await found(registry, "acme");
  other = await found(registry, "other");
});
after(() => registry?.stop());

/** A report, and each row as `keyId outcome code`. */
async function imported(rows, { by = admin, ...more } = {}) {
  const report = await by.expect(200, "POST", "/v1/imports", { defaults, rows, ...more });
  const text = JSON.stringify(report);
  assert.ok(!text.includes(MARK) && !text.includes(base64url(MARK).slice(0, 8)), text);
  return { ...report, words: report.rows.map(({ keyId, outcome, code }) => [keyId, outcome, code].filter(Boolean).join(" ")) };
}

test("each row has its word", async () => {
  const sha256 = createHash("sha256").update(secretOf("digest")).digest();
  const { words, counts } = await imported([
    row("signed"),
    row("token", { kind: "token", algorithm: "HS384", owners: [] }),
    { keyId: "digest", name: "digest", kind: "basic", sha256: sha256.toString("hex") },
    row("kwk_mine"),
    row("a/b"),
    // Nobody could ask for these: they are no segments of a path.
    row("."),
    row(".."),
    row("signed"),
    row("other name", { keyId: "same-name", name: "SIGNED" }),
    row("short", { secret: base64url(MARK) }),
    row("empty", { secret: "" }),
    row("long", { secret: base64url(MARK.repeat(100)) }),
    row("typo", { secret: base64url(`kws_${MARK}`) }),
    row("not-base64", { secret: `${MARK}!` }),
    row("bad-digest", { kind: "basic", secret: undefined, sha256: "00" }),
    row("no-secret", { secret: undefined }),
    row("two-secrets", { sha256: "00" }),
    row("no-role", { roles: [{ role: "nobody", accounts: "all" }] }),
    row("no-owner", { owners: [] }),
    row("elsewhere", { environment: "nowhere" }),
    row("signed-digest", { secret: undefined, sha256: sha256.toString("hex") }),
    row("basic-bytes", { kind: "basic", secret: Buffer.alloc(40, 0xfb).toString("base64url") }),
  ]);
  assert.deepEqual(words, [
    "signed imported", "token imported", "digest imported",
    ...Array(4).fill("refused invalid_id"), "signed refused duplicate_id", "same-name refused taken_name",
    "short needs_override short_secret", "empty refused no_secret", "long refused long_secret",
    "typo refused mistyped_secret", "not-base64 refused not_base64", "bad-digest refused invalid_digest",
    "no-secret refused no_secret", "two-secrets refused no_secret",
    "no-role refused invalid", "no-owner refused invalid", "elsewhere refused invalid",
    "signed-digest refused invalid", "basic-bytes refused invalid",
  ]);
  assert.deepEqual(counts, { ready: 0, imported: 3, importedBefore: 0, needsOverride: 1, refused: 18 });
});

test("a digest that is a basic key's is the secret's at the edge, in hex and base64, and rotation replaces it", async () => {
  for (const encoding of ["hex", "base64", "base64url"]) {
    const keyId = `digest-${encoding}`;
    const sha256 = createHash("sha256").update(secretOf(keyId)).digest(encoding);
    const common = { ...defaults, kind: "basic", profiles: undefined };
    const report = await admin.expect(200, "POST", "/v1/imports", { defaults: common, rows: [{ keyId, name: keyId, sha256 }] });
    assert.equal(report.counts.imported, 1, JSON.stringify(report));
    await eventually(async () => (await registry.kv.get(`k/${keyId}`)) !== null, "it is published");
    const key = { kind: "basic", keyId, secret: secretOf(keyId) };
    assert.equal((await call(registry, { as: key })).outcome, "200");
    assert.equal((await call(registry, { as: { ...key, secret: sha256 } })).outcome, "401 invalid_credentials");
    const rotated = await admin.expect(200, "POST", `/v1/keys/${keyId}/rotate`, {});
    await eventually(async () => (await call(registry, { as: { ...key, secret: rotated.secret } })).outcome === "200", "the new one");
    assert.equal((await call(registry, { as: key })).outcome, "401 invalid_credentials");
  }
});

test("a short secret needs somebody who answers for it, and the log says that somebody did", async () => {
  const rows = [row("answered-for", { secret: base64url(MARK) })];
  assert.deepEqual((await imported(rows)).words, ["answered-for needs_override short_secret"]);
  assert.deepEqual((await imported(rows, { allowShortSecrets: true })).words, ["answered-for imported"]);
  const log = await admin.expect(200, "GET", "/v1/audit?subject=answered-for");
  const [entry] = log.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual([entry.action, entry.by.operator.email, entry.after.imported, entry.after.shortSecretAllowed], ["key.created", admin.email, true, true]);
});

test("nobody answers for a short secret of a key that calls the registry, or signs in there", async () => {
  const grants = (table) => ({ roles: [{ role: "developer", accounts: "all", grants: { keyward: table } }], profiles: undefined });
  const common = { ...defaults, profiles: undefined };
  for (const [name, table] of Object.entries({ calls: { keys: "r" }, "signs-in": { session: "c" } })) {
    const rows = [row(name, { ...grants(table), secret: base64url(MARK) }), row(`${name}-long`, grants(table))];
    const report = await admin.expect(200, "POST", "/v1/imports", { defaults: common, rows, allowShortSecrets: true });
    assert.deepEqual(report.rows.map(({ outcome, code }) => [outcome, code]), [["refused", "short_secret"], ["imported", undefined]]);
  }
});

test("a key that is too large for the edge keeps no other from being one", async () => {
  const allowlist = Array.from({ length: 9_000 }, (_, number) => `2001:db8::1:${number.toString(16)}`).join(",");
  const { words } = await imported([row("too-large", { allowlist }), row("beside-it")]);
  assert.deepEqual(words, ["too-large refused invalid", "beside-it imported"]);
});

test("what rows have in common is neither answered nor kept many times over", async () => {
  const table = Object.fromEntries(Array.from({ length: 12_000 }, (_, number) => [`thing-${number}`, "d"]));
  const rows = Array.from({ length: 200 }, (_, number) => row(`many-${number}`));
  const wide = { ...defaults, roles: [{ role: "read-only", accounts: "all", grants: { local: table } }] };
  // Each is judged by itself, with all that they share.
  const report = await admin.ask("POST", "/v1/imports", { body: { defaults: wide, rows: rows.slice(0, 50) } });
  assert.equal(report.json.counts.refused, 50);
  assert.ok(report.text.length < 1024 * 1024, `${report.text.length} characters`);
  const accounts = Array.from({ length: 1_000 }, (_, number) => `a${number}`);
  const much = { ...defaults, roles: Array(8).fill({ role: "read-only", accounts }) };
  const answer = await admin.ask("POST", "/v1/imports", { body: { defaults: much, rows } });
  assert.deepEqual([answer.status, answer.json.errors.map(({ field }) => field)], [422, ["rows"]]);
  assert.equal((await admin.ask("GET", "/v1/keys/many-0")).status, 404);
});

test("the same row again is known: to who imported it, and as long as it is the same", async () => {
  const rows = [row("again")];
  assert.deepEqual((await imported(rows)).words, ["again imported"]);
  assert.deepEqual((await imported(rows)).words, ["again imported_before"]);
  assert.deepEqual((await imported(rows, { dryRun: true })).words, ["again imported_before"]);
  assert.deepEqual((await imported([row("again", { secret: base64url(secretOf("guess")) })])).words, ["again refused taken_id"]);
  assert.deepEqual((await imported([row("again", { memo: "another" })])).words, ["again refused taken_id"]);
  // For anybody else it would be a way to try secrets.
  const invited = await admin.expect(201, "POST", "/v1/operators", {
    email: "second@acme.example", role: "key-manager", mayGrant: { roles: "all", apis: "all", environments: "all", accounts: "all", lifeDaysMax: 365 },
  });
  const second = await enrol(registry, { organisation: "acme", email: "second@acme.example", invitation: invited.invitation });
  await second.signIn();
  assert.deepEqual((await imported(rows, { by: second })).words, ["again refused taken_id"]);
  // Removed is removed.
  await admin.expect(200, "DELETE", "/v1/keys/again");
  assert.deepEqual((await imported(rows)).words, ["again refused taken_id"]);
});

test("an id of another organisation is taken, without whose; a dry run takes none", async () => {
  assert.deepEqual((await imported([row("contested")], { by: other, dryRun: true })).words, ["contested ready"]);
  assert.deepEqual((await imported([row("contested")])).words, ["contested imported"]);
  const theirs = await imported([row("contested")], { by: other });
  assert.deepEqual(theirs.words, ["contested refused taken_id"]);
  assert.ok(!JSON.stringify(theirs).includes("acme"));
  assert.deepEqual((await imported([row("contested")], { by: other, dryRun: true })).words, ["contested refused taken_id"]);
});

test("nobody imports more than he may grant, or without a fresh second factor", async () => {
  const mayGrant = { roles: ["read-only"], apis: "all", environments: ["uat"], accounts: "all", lifeDaysMax: 30 };
  const invited = await admin.expect(201, "POST", "/v1/operators", { email: "little@acme.example", role: "key-manager", mayGrant });
  const little = await enrol(registry, { organisation: "acme", email: "little@acme.example", invitation: invited.invitation });
  await little.signIn();
  const within = { environment: "uat", roles: [{ role: "read-only", accounts: "all" }] };
  const { words, rows } = await imported([row("beyond", { lifeDays: 31 }), row("inside", { ...within, lifeDays: 30 }), row("usual", within)], { by: little });
  assert.deepEqual(words, ["beyond refused beyond_may_grant", "inside imported", "usual imported"]);
  // Where a row does not say when its key ends, it is not later than he may say.
  const usual = await admin.expect(200, "GET", "/v1/keys/usual");
  assert.equal(usual.expiresAt, usual.createdAt + 30 * 86400);
  assert.deepEqual(rows[0].errors.map(({ field }) => field), ["environment", "roles[0].role", "expiresAt"]);
  await ageSessions(registry, 301, ["second_factor_at_s"]);
  const late = await admin.ask("POST", "/v1/imports", { body: { defaults, rows: [row("late")] } });
  assert.deepEqual([late.status, late.json.code], [403, "step_up_required"]);
  await admin.signIn();
});

test("what is no request is refused without a word of it", async () => {
  for (const [body, status, code] of [
    [{ rows: [{ ...row("x"), more: MARK }] }, 400, "malformed"],
    [{ rows: [row("x", { secret: [MARK] })] }, 400, "malformed"],
    [{ rows: [] }, 422, "invalid"],
    [{ rows: Array.from({ length: 201 }, (_, number) => row(`x${number}`)) }, 422, "invalid"],
    [{ defaults: row("x"), rows: [row("x")] }, 422, "invalid"],
  ]) {
    const answer = await admin.ask("POST", "/v1/imports", { body });
    assert.deepEqual([answer.status, answer.json.code], [status, code]);
    assert.ok(!answer.text.includes(MARK));
  }
});

test("a key that was imported is shown as any other, and nobody asks for its secret", async () => {
  await imported([row("shown")]);
  const key = await admin.expect(200, "GET", "/v1/keys/shown");
  assert.deepEqual([key.state, key.createdBy, key.profiles], ["active", admin.email, ["rfc9421", "kong"]]);
  assert.equal((await admin.ask("POST", "/v1/keys/shown/secret", { body: {} })).json.code, "conflict");
  assert.ok(!registry.logs.join("\n").includes(MARK), "no secret is in the log");
  assert.ok(!(await admin.expect(200, "GET", "/v1/audit?limit=1000")).includes(MARK));
});

test("a deployment that takes no ids from elsewhere imports nothing", async () => {
  const closed = await startRegistry();
  try {
    const operator = await found(closed, "acme");
    const answer = await operator.ask("POST", "/v1/imports", { body: { defaults, rows: [row("x")] } });
    assert.deepEqual([answer.status, answer.json.code], [409, "conflict"]);
  } finally {
    await closed.stop();
  }
});

test("killed in the middle of an import: all of its rows are there or none, and the same request again does the rest", async () => {
  const seen = new Set();
  for (const [round, afterMs] of [0, 300, 600, 1_200, 2_400, null].entries()) {
    const rows = Array.from({ length: 100 }, (_, number) => row(`storm-${round}-${number}`));
    const asked = admin.ask("POST", "/v1/imports", { body: { defaults, rows } }).catch(() => null);
    // Wherever it is by then; at last, when it was answered.
    await (afterMs === null ? asked : new Promise((resolve) => setTimeout(resolve, afterMs)));
    await registry.kill();
    const answer = await asked;
    await registry.restart();
    const { counts } = await imported(rows);
    assert.ok([counts.imported, counts.importedBefore].includes(rows.length), JSON.stringify(counts));
    if (answer?.status === 200) assert.equal(counts.importedBefore, rows.length, "what was answered is there");
    console.log(`killed after ${afterMs === null ? "the answer" : `${afterMs} ms`}: ${counts.importedBefore} of ${rows.length} rows were there`);
    seen.add(counts.importedBefore > 0);
  }
  assert.deepEqual([...seen].sort(), [false, true], "some were killed before, some after");
  const log = [];
  for (let after = 0, page; (page = await admin.expect(200, "GET", `/v1/audit?limit=1000&after=${after}`)) !== ""; after = log.at(-1).sequence) {
    log.push(...page.trim().split("\n").map((line) => JSON.parse(line)));
  }
  const made = log.filter(({ action, subject }) => action === "key.created" && subject.startsWith("storm-")).map(({ subject }) => subject);
  assert.deepEqual([made.length, new Set(made).size], [600, 600], "each once in the log");
});
