// `keyward audit verify`: an export that is whole is told from one that was changed, cut or added to, by a head that was
// kept somewhere else.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { inObjects } from "../support/ageing.js";
import { eventually } from "../support/eventually.js";
import { keyward } from "../support/keyward.js";
import { found } from "../support/operator.js";
import { startRegistry } from "../support/registry.js";

let registry, admin, folder, publishKey, earlier, head, lines;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyward-audit-"));
  registry = await startRegistry();
  publishKey = `p1=${registry.publishKey.export({ format: "jwk" }).x}`;
  admin = await found(registry, "acme");
  const make = (name) =>
    admin.expect(201, "POST", "/v1/keys", { name, kind: "basic", environment: "production", roles: [{ role: "read-only", accounts: "all" }] });
  for (const name of ["one", "two", "three"]) await make(name);
  earlier = await admin.expect(200, "GET", "/v1/audit/head");
  for (const name of ["four", "five", "six"]) await make(name);
  head = await admin.expect(200, "GET", "/v1/audit/head");
  await make("seven");
  lines = await exported(0);
});
after(async () => {
  await registry?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The pages after an entry, one after the other. */
async function exported(after) {
  const all = [];
  for (;;) {
    const page = await admin.expect(200, "GET", `/v1/audit?limit=2&after=${after}`);
    if (page === "") return all;
    all.push(...page.trim().split("\n"));
    after = JSON.parse(all.at(-1)).sequence;
  }
}

const file = async (name, content) => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};

async function verified(all, { by = head, from = ["--deployment", "e2e"], key = publishKey } = {}) {
  const [log, kept] = [await file("log.jsonl", all.map((line) => `${line}\n`).join("")), await file("head.json", typeof by === "string" ? by : JSON.stringify(by))];
  return keyward(["audit", "verify", log, "--head", kept, "--publish-key", key, ...from]);
}

test("pages that were exported one after the other are whole, as far as the head goes", async () => {
  const said = await verified(lines);
  assert.equal(said.code, 0, said.err);
  const more = lines.length - head.sequence;
  assert.match(said.out, new RegExp(`✓ acme: entries 1 to ${head.sequence} are whole; ${more} more follow`));
  assert.equal((await verified(lines.slice(0, head.sequence))).code, 0);
});

test("the head may be the text that KV has", async () => {
  await registry.kill();
  await registry.restart();
  const stored = await eventuallyStored();
  const said = await verified(await exported(0), { by: stored });
  assert.equal(said.code, 0, said.err);
});

async function eventuallyStored() {
  await eventually(async () => (await registry.kv.get("a/acme")) !== null, "the head is in KV");
  return registry.kv.get("a/acme");
}

test("an export that begins later follows from an earlier head, and from nothing else", async () => {
  const from = ["--from-head", await file("earlier.json", JSON.stringify(earlier))];
  const later = await exported(earlier.sequence);
  const said = await verified(later, { from });
  assert.equal(said.code, 0, said.err);
  assert.match(said.out, new RegExp(`entries ${earlier.sequence + 1} to ${head.sequence} are whole`));
  assert.equal((await verified(later)).code, 1, "it does not begin where the deployment does");
  assert.equal((await verified(later.slice(1), { from })).code, 1);
  assert.equal((await verified(later, { by: earlier, from })).code, 0, "nothing but the start is known of it");
});

test("what was changed, left out, put in or cut off is found", async () => {
  const changed = lines.with(3, lines[3].replace('"action":"key.created"', '"action":"key.removed"'));
  assert.notEqual(changed[3], lines[3]);
  for (const [what, all, said] of [
    ["changed", changed, "line 4 does not follow"],
    ["left out", lines.toSpliced(2, 1), "line 3 does not follow"],
    ["put in", lines.toSpliced(2, 0, lines[1]), "line 3 does not follow"],
    ["cut off", lines.slice(0, head.sequence - 1), `the log ends with entry ${head.sequence - 1}, and the head is of ${head.sequence}`],
    ["empty", [], "the log ends with entry 0"],
  ]) {
    const answer = await verified(all);
    assert.equal(answer.code, 1, what);
    assert.ok(answer.out.includes(said), `${what}: ${answer.out}`);
  }
});

test("another log that is whole by itself lacks the head", async () => {
  const other = await startRegistry();
  try {
    const operator = await found(other, "acme");
    await operator.expect(201, "POST", "/v1/keys", { name: "one", kind: "basic", environment: "production", roles: [{ role: "read-only", accounts: "all" }] });
    const log = (await operator.expect(200, "GET", "/v1/audit?limit=1000")).trim().split("\n");
    const own = await operator.expect(200, "GET", "/v1/audit/head");
    const theirKey = `p1=${other.publishKey.export({ format: "jwk" }).x}`;
    assert.equal((await verified(log, { by: own, key: theirKey })).code, 0);
    const before = { ...earlier, sequence: own.sequence };
    const rewritten = await verified(log, { by: earlier });
    assert.equal(rewritten.code, 1);
    assert.ok(/is not the one of the head|entries are missing/.test(rewritten.out), rewritten.out);
    // What is not signed of a head counts for nothing.
    assert.equal((await verified(lines, { by: before })).code, 0);
  } finally {
    await other.stop();
  }
});

test("a head that the registry did not sign is none", async () => {
  const other = await found(registry, "other");
  const theirs = await other.expect(200, "GET", "/v1/audit/head");
  for (const by of [
    { ...head, signed: theirs.signed },
    { ...theirs, organisation: "acme" },
    { ...head, signed: `${head.signed.slice(0, -4)}AAAA` },
    "kwr1",
    "{}",
  ]) {
    const answer = await verified(lines, { by });
    assert.equal(answer.code, 2, JSON.stringify(by));
    assert.match(answer.err, /not a head that was signed with this key/);
  }
  assert.equal((await verified(lines, { key: `p2=${publishKey.slice(3)}` })).code, 2);
});

test("entries are found by what they are about, by what happened, and by who did it", async () => {
  const entries = async (filter) => (await admin.expect(200, "GET", `/v1/audit?${filter}`)).split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const all = await entries("limit=1000");
  const [{ by: { operator }, subject }] = all.filter(({ action }) => action === "key.created");
  assert.ok(operator.secondFactorAt > Date.now() / 1000 - 600);
  for (const [filter, belongs] of [
    [`subject=${subject}`, (entry) => entry.subject === subject],
    ["action=key.created", (entry) => entry.action === "key.created"],
    [`by=${operator.id}`, (entry) => entry.by.operator?.id === operator.id],
    ["by=root", (entry) => entry.by === "root"],
    [`by=${operator.id}&action=key.created&subject=${subject}&after=1`, (entry) => entry.subject === subject],
  ]) {
    const wanted = all.filter(belongs);
    assert.ok(wanted.length > 0 && wanted.length < all.length, filter);
    assert.deepEqual(await entries(`limit=1000&${filter}`), wanted, filter);
  }
  assert.deepEqual(await entries("by=nobody"), []);
  for (const [filter, field] of [["action=key.eaten", "action"], [`by=${"x".repeat(255)}`, "by"], [`subject=${"x".repeat(255)}`, "subject"]]) {
    assert.equal((await admin.ask("GET", `/v1/audit?${filter}`)).json.errors[0].field, field);
  }
});

// The last one: what it puts in follows from nothing.
test("who asks for some entries has no others read", async () => {
  await registry.kill();
  await inObjects(registry, "organisation", "audit", [
    `INSERT INTO audit (sequence, entry, hash) SELECT 1000 + value, json_set(entry, '$.subject', 'copy ' || value), hash FROM audit
       JOIN (WITH RECURSIVE counter(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM counter WHERE value < 100000) SELECT value FROM counter)
       WHERE sequence = ${head.sequence}`,
    // Every second one is another event, by somebody else; the last one is the first event, by him.
    `UPDATE audit SET entry = json_set(entry, '$.by', 'root', '$.action', 'key.removed') WHERE sequence > 1000 AND sequence % 2`,
    `UPDATE audit SET entry = json_set(entry, '$.action', 'key.enabled') WHERE sequence > 1000 AND action <> 'key.removed'`,
    `UPDATE audit SET entry = json_set(entry, '$.action', 'key.enabled') WHERE sequence = 100999`,
  ]);
  await registry.restart();
  const quickest = async (filter) => {
    let least = Infinity;
    for (let round = 0; round < 10; round++) {
      const begun = performance.now();
      assert.match(await admin.expect(200, "GET", `/v1/audit?${filter}`), /^[^\n]+\n$/);
      least = Math.min(least, performance.now() - begun);
    }
    return least;
  };
  const one = await quickest("limit=1");
  for (const filter of [
    "subject=copy%2099999",
    "subject=copy%2099998&action=key.enabled",
    "subject=copy%2099999&by=root",
    "subject=copy%2099999&action=key.enabled&by=root",
    "by=root&action=key.enabled",
  ]) {
    const found = await quickest(filter);
    assert.ok(found < 10 * one, `${filter}: ${found} ms, not ${one} ms`);
  }
});
