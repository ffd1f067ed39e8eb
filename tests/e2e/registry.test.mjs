// Keys are made and changed through the registry, and the gateway obeys: one process with both Workers and one KV.
import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { inObjects } from "../support/ageing.js";
import { call } from "../support/client.js";
import { eventually } from "../support/eventually.js";
import { enrol, found } from "../support/operator.js";
import { startRegistry } from "../support/registry.js";

let registry, admin;
before(async () => {
  registry = await startRegistry();
  admin = await found(registry, "acme");
});
after(() => registry?.stop());

const form = (name, change) => ({
  name, kind: "signed", environment: "production", owners: ["ops@acme.example"],
  roles: [{ role: "developer", accounts: "all" }], ...change,
});

/** Makes a key, and waits until it is published: the gateway remembers for a while that a key was not there. */
async function make(name, change) {
  const key = await admin.expect(201, "POST", "/v1/keys", form(name, change));
  await eventually(async () => (await registry.kv.get(`k/${key.keyId}`)) !== null, "it is published");
  return key;
}

const outcome = async (key, how) => (await call(registry, { as: key, ...how })).outcome;
/** Asks the gateway until it answers so. */
const until = (expected, key, how) => eventually(async () => (await outcome(key, how)) === expected, expected);

describe("what is made is taken at the edge, and what is taken away is refused", { concurrency: true }, () => {
  for (const [kind, change] of [
    ["signed", {}],
    ["token", { kind: "token", owners: [] }],
    ["token HS512", { kind: "token", algorithm: "HS512", owners: [] }],
    ["basic", { kind: "basic", owners: [] }],
  ]) {
    test(`a key of kind ${kind}`, async () => {
      const key = await make(`life of ${kind}`, change);
      assert.equal(key.state, "active");
      await until("200", key);
      await admin.expect(200, "POST", `/v1/keys/${key.keyId}/disable`);
      await until("401 key_disabled", key);
      await admin.expect(200, "POST", `/v1/keys/${key.keyId}/enable`);
      await until("200", key);
      const removed = await admin.expect(200, "DELETE", `/v1/keys/${key.keyId}`);
      assert.equal(removed.state, "removed");
      assert.deepEqual(removed.issues, []);
      await until("401 invalid_credentials", key);
      for (const change of ["enable", "disable", "rotate"]) {
        const again = await admin.ask("POST", `/v1/keys/${key.keyId}/${change}`, { body: {} });
        assert.equal(again.json.code, "conflict");
      }
    });
  }

  test("an address, an account and a grant that the key does not have", async () => {
    const elsewhere = await make("elsewhere", { allowlist: "192.0.2.0/24, 2001:db8::/32" });
    assert.equal(elsewhere.allowlist, "192.0.2.0/24, 2001:db8::/32");
    await until("403 address_not_allowed", elsewhere);
    const one = await make("one account", { roles: [{ role: "account-viewer", accounts: ["a1"] }] });
    await until("200", one, { target: "/v1/accounts/a1/things" });
    await until("403 permission_denied", one, { target: "/v1/accounts/a2/things" });
    await until("403 permission_denied", one, { target: "/v1/accounts/a1/things", method: "DELETE" });
  });
});

test("two secrets are valid while one replaces the other", async () => {
  const first = await make("rotated");
  const oldUntil = Math.floor(Date.now() / 1000) + 3600;
  const second = await admin.expect(200, "POST", `/v1/keys/${first.keyId}/rotate`, { oldUntil });
  assert.notEqual(second.secret, first.secret);
  assert.deepEqual(second.issues.map((issue) => issue.notAfter), [null, oldUntil]);
  await until("200", second);
  assert.equal(await outcome(first), "200");
  const third = await admin.ask("POST", `/v1/keys/${first.keyId}/rotate`, { body: {} });
  assert.equal(third.json.code, "conflict");
  await admin.expect(200, "POST", `/v1/keys/${first.keyId}/end-rotation`);
  await until("401 invalid_credentials", first);
  assert.equal(await outcome(second), "200");
});

test("a token key lives longer by a new token only", async () => {
  const key = await make("short", { kind: "token", owners: [], lifeDays: 10 });
  const later = key.expiresAt + 86400;
  const { etag } = (await admin.ask("GET", `/v1/keys/${key.keyId}`)).headers;
  const edited = await admin.ask("PATCH", `/v1/keys/${key.keyId}`, { body: { expiresAt: later }, headers: { "if-match": etag } });
  assert.equal(edited.json.errors[0].field, "expiresAt");
  const anew = await admin.expect(200, "POST", `/v1/keys/${key.keyId}/rotate`, { expiresAt: later });
  assert.equal(anew.expiresAt, later);
  await until("200", anew);
  await until("401 invalid_credentials", key);
});

test("two operators cannot overwrite each other", async () => {
  const key = await make("edited");
  const path = `/v1/keys/${key.keyId}`;
  const { etag } = (await admin.ask("GET", path)).headers;
  const edit = (body, tag) => admin.ask("PATCH", path, { body, headers: { "if-match": tag } });
  assert.equal((await edit({ memo: "x" }, null)).json.code, "precondition_required");
  const done = await edit({ memo: "for billing", owners: ["a@acme.example", "b@acme.example"] }, etag);
  assert.equal(done.json.memo, "for billing");
  assert.notEqual(done.headers.etag, etag);
  assert.equal((await edit({ memo: "lost" }, etag)).json.code, "precondition_failed");
  // A memo is nothing to the edge; an allowlist is.
  assert.equal(done.json.generation, 1);
  const narrow = await edit({ allowlist: "" }, done.headers.etag);
  assert.equal(narrow.json.generation, 2);
  await until("403 address_not_allowed", key);
  await edit({ allowlist: null, roles: [{ role: "read-only", accounts: "all" }] }, narrow.headers.etag);
  // A proxy that compresses what it hands on makes its tag weak.
  const weak = await edit({ memo: "from behind a proxy" }, `W/${(await admin.ask("GET", path)).headers.etag}`);
  assert.equal(weak.json.memo, "from behind a proxy");
  assert.equal((await edit({ memo: "lost" }, `W/${etag}`)).json.code, "precondition_failed");
  await until("200", key);
  await until("403 permission_denied", key, { method: "POST" });
});

test("a name is given once, and so is one that looks like it", async () => {
  const key = await make("Payments");
  for (const name of ["payments", "P\u0430yments", "PAYMENTS"]) {
    const answer = await admin.ask("POST", "/v1/keys", { body: form(name) });
    assert.equal(answer.json.code, "name_taken", name);
    assert.deepEqual(answer.json.errors.map(({ field }) => field), ["name"]);
  }
  await admin.expect(200, "DELETE", `/v1/keys/${key.keyId}`);
  assert.equal((await admin.ask("POST", "/v1/keys", { body: form("Payments") })).json.code, "name_taken");
});

test("every field that is wrong is named, and nothing is made", async () => {
  const before = await admin.expect(200, "GET", "/v1/audit?limit=1000");
  const wrong = await admin.ask("POST", "/v1/keys", {
    body: form("wrong", { environment: "moon", owners: [], allowlist: "10.0.0.1/8, x", roles: [{ role: "root", accounts: "all" }], lifeDays: 9999 }),
  });
  assert.equal(wrong.status, 422);
  assert.deepEqual(wrong.json.errors.map(({ field }) => field), ["environment", "owners", "lifeDays", "allowlist", "allowlist", "roles[0].role"]);
  for (const [body, field] of [
    [{ ...form("x"), extra: 1 }, "extra"],
    [{ ...form("x"), roles: [{ role: "admin", accounts: "all", grants: { local: { things: "du" } } }] }, "roles[0].grants"],
    [form(undefined), "name"],
    [form("x", { roles: undefined }), "roles"],
    [form("x", { roles: [{ accounts: "all" }] }), "roles[0].role"],
  ]) {
    const { status, json } = await admin.ask("POST", "/v1/keys", { body });
    assert.ok(status === 400 || status === 422, json.code);
    assert.ok(json.errors.some((error) => error.field.startsWith(field)), JSON.stringify(json));
  }
  for (const text of ["", "{", "[]", '{"name":"x","name":"y"}', `${JSON.stringify(form("x"))} x`]) {
    assert.equal((await admin.ask("POST", "/v1/keys", { text })).json.code, "malformed", text);
  }
  assert.equal(await admin.expect(200, "GET", "/v1/audit?limit=1000"), before);
});

test("a request that is sent again makes no second key and gives no secret", async () => {
  const again = (body, key = "order-1") => admin.ask("POST", "/v1/keys", { body, headers: { "idempotency-key": key } });
  const first = await again(form("repeated"));
  assert.equal(first.status, 201);
  const second = await again(form("repeated"));
  assert.equal(second.status, 200);
  assert.equal(second.json.keyId, first.json.keyId);
  assert.equal(second.json.secret, null);
  assert.equal((await again(form("repeated", { memo: "x" }))).json.code, "idempotency_mismatch");
  assert.equal((await again(form("repeated"), "order-2")).json.code, "name_taken");
  const [one, other] = await Promise.all([again(form("at once"), "order-3"), again(form("at once"), "order-3")]);
  assert.deepEqual([one.status, other.status].sort(), [200, 201]);
  assert.equal(one.json.keyId, other.json.keyId);
  // After a day it is another request, and the name is given.
  await registry.kill();
  await inObjects(registry, "organisation", "repeats", ["UPDATE repeats SET at_s = at_s - 86400"]);
  await registry.restart();
  assert.equal((await again(form("repeated"))).json.code, "name_taken");
  assert.equal((await again(form("another day"))).status, 201);
});

test("who lost the answer gets another secret, and the lost one is void", async () => {
  const key = await make("lost");
  const path = `/v1/keys/${key.keyId}`;
  const again = await admin.expect(200, "POST", `${path}/secret`);
  assert.notEqual(again.secret, key.secret);
  await until("401 invalid_credentials", key);
  assert.equal(await outcome(again), "200");
  const { invitation } = await admin.expect(201, "POST", "/v1/operators", {
    email: "second@acme.example", role: "firm-admin",
    mayGrant: { roles: "all", apis: "all", environments: "all", accounts: "all", lifeDaysMax: 365 },
  });
  const second = await enrol(registry, { organisation: "acme", email: "second@acme.example", invitation });
  await second.signIn();
  assert.equal((await second.ask("POST", `${path}/secret`)).json.code, "forbidden");
  assert.equal((await second.ask("POST", `${path}/acknowledge`)).json.code, "forbidden");
  await admin.expect(204, "POST", `${path}/acknowledge`);
  assert.equal((await admin.ask("POST", `${path}/secret`)).json.code, "conflict");
  // Once another operator has rotated it, the key's secret is that one's to ask for, and not its maker's.
  const turned = await make("turned");
  const rotated = await second.expect(200, "POST", `/v1/keys/${turned.keyId}/rotate`, {});
  assert.equal((await admin.ask("POST", `/v1/keys/${turned.keyId}/secret`)).json.code, "forbidden");
  await until("200", rotated);
  const late = await make("late");
  await registry.kill();
  await inObjects(registry, "organisation", "keys", [
    `UPDATE keys SET given_at_s = given_at_s - 900 WHERE key_id = '${late.keyId}'`,
  ]);
  await registry.restart();
  assert.equal((await admin.ask("POST", `/v1/keys/${late.keyId}/secret`)).json.code, "conflict");
});

test("who lost the answer of a rotation gets another secret, and the older one goes on until its end", async () => {
  const key = await make("lost in rotation");
  const path = `/v1/keys/${key.keyId}`;
  await admin.expect(204, "POST", `${path}/acknowledge`);
  const oldUntil = Math.floor(Date.now() / 1000) + 3600;
  const lost = await admin.expect(200, "POST", `${path}/rotate`, { oldUntil });
  const again = await admin.expect(200, "POST", `${path}/secret`);
  assert.deepEqual(again.issues.map((one) => one.notAfter), [null, oldUntil]);
  assert.equal(again.issues[1].issue, key.issues[0].issue);
  await until("200", again);
  assert.equal(await outcome({ ...again, secret: lost.secret }), "401 invalid_credentials");
  assert.equal(await outcome({ ...again, secret: key.secret }), "200");
  await admin.expect(204, "POST", `${path}/acknowledge`);
  assert.equal((await admin.ask("POST", `${path}/secret`)).json.code, "conflict");
});

test("a token is verified with the keys that the registry serves", async () => {
  const { secret } = await make("by others", { kind: "token", owners: [] });
  const { json } = await registry.ask("GET", "/jwks/production");
  const [header, claims, signature] = secret.split(".");
  const { kid } = JSON.parse(Buffer.from(header, "base64url"));
  const jwk = json.keys.find((one) => one.kid === kid);
  const key = createPublicKey({ key: jwk, format: "jwk" });
  assert.ok(verify(null, Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, "base64url")));
  assert.equal((await registry.ask("GET", "/jwks/moon")).status, 404);
});

test("a role of the organisation: its keys keep what it granted, or become narrower", async () => {
  const role = { name: "billing", grants: { local: { things: "cru" } } };
  await admin.expect(201, "POST", "/v1/roles", role);
  for (const [body, what] of [
    [role, "name_taken"], [{ ...role, name: "admin" }, "name_taken"], [{ ...role, name: "No" }, "invalid"],
    [{ name: "x", grants: { moon: { things: "r" } } }, "invalid"], [{ name: "x", grants: {} }, "invalid"],
  ]) {
    assert.equal((await admin.ask("POST", "/v1/roles", { body })).json.code, what, JSON.stringify(body));
  }
  const names = (await admin.expect(200, "GET", "/v1/roles")).items.map(({ name, preset }) => `${name} ${preset}`);
  assert.ok(names.includes("billing false") && names.includes("developer true"));
  const hold = { roles: [{ role: "billing", accounts: "all" }] };
  const key = await make("holds billing", hold);
  await until("200", key, { method: "POST", content: "{}" });
  const edit = (grants, apply) => admin.expect(200, "PATCH", "/v1/roles/billing", { grants: { local: { things: grants } }, apply });
  const shown = await edit("r", false);
  assert.deepEqual(shown.holders, [{ keyId: key.keyId, name: "holds billing", wider: true }]);
  assert.equal(await outcome(key, { method: "POST", content: "{}" }), "200");
  assert.equal((await edit("r", true)).holders[0].wider, false);
  await until("403 permission_denied", key, { method: "POST", content: "{}" });
  assert.equal(await outcome(key), "200");
  // Wider it becomes by no edit of its role.
  assert.equal((await edit("crud", true)).holders[0].wider, false);
  assert.deepEqual((await admin.expect(200, "GET", `/v1/keys/${key.keyId}`)).roles[0].grants, { local: { things: "r" } });
  assert.equal((await admin.ask("DELETE", "/v1/roles/billing")).json.code, "conflict");
  assert.equal((await admin.ask("DELETE", "/v1/roles/developer")).status, 404);
  await admin.expect(200, "DELETE", `/v1/keys/${key.keyId}`);
  await admin.expect(204, "DELETE", "/v1/roles/billing");
  assert.equal((await admin.ask("POST", "/v1/keys", { body: form("too late", hold) })).json.errors[0].field, "roles[0].role");
});

test("a role that more keys hold than one call shows becomes narrower for all of them", async () => {
  const other = await startRegistry({ settings: { importedKeyIds: true } });
  try {
    const many = await found(other, "acme");
    await many.expect(201, "POST", "/v1/roles", { name: "common", grants: { local: { things: "cru" } } });
    const defaults = { kind: "basic", environment: "production", roles: [{ role: "common", accounts: "all" }] };
    const rows = Array.from({ length: 201 }, (_, at) => ({ keyId: `key-${at}`, name: `key ${at}`, sha256: createHash("sha256").update(`${at}`).digest("hex") }));
    for (const part of [rows.slice(0, 200), rows.slice(200)]) {
      const { rows: imported } = await many.expect(200, "POST", "/v1/imports", { rows: part, defaults });
      assert.ok(imported.every(({ outcome }) => outcome === "imported"), JSON.stringify(imported[0]));
    }
    const grants = { local: { things: "r" } };
    const edit = (sent) => many.expect(200, "PATCH", "/v1/roles/common", { grants, ...sent });
    const shown = [];
    for (let after = ""; after !== null; ) {
      const { holders, next } = await edit({ after });
      assert.ok(holders.every(({ wider }) => wider));
      shown.push(...holders.map(({ keyId }) => keyId));
      after = next;
    }
    assert.deepEqual(shown.toSorted(), rows.map(({ keyId }) => keyId).toSorted());
    const { next } = await edit({ apply: true });
    assert.equal((await edit({ apply: true, after: next })).next, null);
    for (let after = ""; after !== null; ) {
      const page = await many.expect(200, "GET", `/v1/keys?limit=200${after && `&after=${after}`}`);
      for (const { keyId, roles } of page.items) assert.deepEqual(roles[0].grants, grants, keyId);
      after = page.next;
    }
    // Keys that have another role by now, or are removed, hold it no more.
    const { etag } = (await many.ask("GET", "/v1/keys/key-0")).headers;
    const body = { roles: [{ role: "read-only", accounts: "all" }] };
    assert.equal((await many.ask("PATCH", "/v1/keys/key-0", { body, headers: { "if-match": etag } })).status, 200);
    await many.expect(200, "DELETE", "/v1/keys/key-1");
    const { holders } = await edit();
    assert.deepEqual([holders.length, holders.some(({ keyId }) => ["key-0", "key-1"].includes(keyId))], [199, false]);
  } finally {
    await other.stop();
  }
});

test("an organisation decides how long its keys may live", async () => {
  const long = () => admin.ask("POST", "/v1/keys", { body: form("long", { lifeDays: 400 }) });
  assert.equal((await long()).json.errors[0].field, "lifeDays");
  assert.equal((await admin.ask("PATCH", "/v1/organisation", { body: { lifeDaysMax: 0 } })).json.errors[0].field, "lifeDaysMax");
  await admin.expect(200, "PATCH", "/v1/organisation", { lifeDaysMax: 400 });
  assert.deepEqual(await admin.expect(200, "GET", "/v1/organisation"), { name: "acme", lifeDaysMax: 400 });
  const key = await long();
  assert.equal(key.status, 201);
  await admin.expect(200, "PATCH", "/v1/organisation", { lifeDaysMax: 365 });
  // What it has already may be written back, or become less, and no more.
  const { keyId, expiresAt } = key.json;
  const end = async (at) => {
    const { etag } = (await admin.ask("GET", `/v1/keys/${keyId}`)).headers;
    return admin.ask("PATCH", `/v1/keys/${keyId}`, { body: { expiresAt: at }, headers: { "if-match": etag } });
  };
  for (const at of [expiresAt, expiresAt - 60]) assert.equal((await end(at)).json.expiresAt, at);
  for (const at of [expiresAt, 1]) assert.equal((await end(at)).json.errors[0].field, "expiresAt");
});

test("pages stay the same while keys come and go", async () => {
  const names = ["page c", "page a", "page e", "page b", "page d"];
  for (const name of names) await admin.expect(201, "POST", "/v1/keys", form(name));
  const page = (query) => admin.expect(200, "GET", `/v1/keys?search=page&sort=name&limit=2${query}`);
  const first = await page("");
  assert.deepEqual(first.items.map(({ name }) => name), ["page a", "page b"]);
  await admin.expect(201, "POST", "/v1/keys", form("page aa"));
  await admin.expect(200, "DELETE", `/v1/keys/${first.items[1].keyId}`);
  const second = await page(`&after=${first.next}`);
  assert.deepEqual(second.items.map(({ name }) => name), ["page c", "page d"]);
  const third = await page(`&after=${second.next}`);
  assert.deepEqual(third.items.map(({ name }) => name), ["page e"]);
  assert.equal(third.next, null);
  const named = async (query) => (await admin.expect(200, "GET", `/v1/keys?search=page${query}`)).items.map(({ name }) => name);
  assert.deepEqual(await named("&state=invalid"), ["page b"]);
  assert.deepEqual(await named("&sort=-name&state=current&kind=signed&environment=production"), ["page e", "page d", "page c", "page aa", "page a"]);
  assert.deepEqual(await named("&kind=token"), []);
  for (const [query, field] of [["limit=0", "limit"], ["limit=x", "limit"], ["sort=x", "sort"], ["after=x", "after"], ["page=2", "page"], [`sort=created&after=${first.next}`, "after"]]) {
    const { json } = await admin.ask("GET", `/v1/keys?${query}`);
    assert.equal(json.errors?.[0].field, field, query);
  }
});

test("a page has as much as there is room for, and goes on", async () => {
  const large = await found(registry, "large");
  const accounts = (key) => Array.from({ length: 1000 }, (_, index) => `${key}-${index}-`.padEnd(180, "x"));
  const names = Array.from({ length: 12 }, (_, index) => `large ${String(index).padStart(2, "0")}`);
  for (const name of names) await large.expect(201, "POST", "/v1/keys", form(name, { roles: [{ role: "developer", accounts: accounts(name.slice(-2)) }] }));
  const seen = [];
  let pages = 0;
  for (let after = ""; after !== null; pages++) {
    const { text, json } = await large.ask("GET", `/v1/keys?sort=name&limit=200${after && `&after=${after}`}`);
    assert.ok(text.length < 2.5 * 2 ** 20, `${text.length} bytes`);
    seen.push(...json.items.map(({ name }) => name));
    after = json.next;
  }
  assert.deepEqual(seen.sort(), names);
  assert.equal(pages, 2);
  const entries = [];
  for (;;) {
    const text = await large.expect(200, "GET", `/v1/audit?limit=1000&after=${entries.length}`);
    assert.ok(text.length < 2.5 * 2 ** 20, `${text.length} bytes`);
    if (text === "") break;
    entries.push(...text.trim().split("\n").map((line) => JSON.parse(line).action));
  }
  assert.equal(entries.filter((action) => action === "key.created").length, names.length);
});

test("a key of another organisation is not there", async () => {
  const key = await make("ours");
  const other = await found(registry, "other");
  const [foreign, missing] = await Promise.all([
    other.ask("GET", `/v1/keys/${key.keyId}`),
    other.ask("GET", "/v1/keys/kwk_0000000000000000000000000000"),
  ]);
  assert.equal(foreign.status, 404);
  assert.deepEqual(foreign.json, missing.json);
  assert.equal((await other.ask("DELETE", `/v1/keys/${key.keyId}`)).status, 404);
  assert.deepEqual((await other.expect(200, "GET", "/v1/keys")).items, []);
});

test("no secret is in the log, in a list, or in the audit log", async () => {
  const key = await make("silent", { kind: "basic" });
  const told = [await admin.ask("GET", "/v1/keys?limit=200"), await admin.ask("GET", "/v1/audit?limit=1000"), await admin.ask("GET", `/v1/keys/${key.keyId}`)];
  const text = [...told.map((answer) => answer.text), ...registry.logs].join("\n");
  assert.ok(text.includes(key.keyId));
  for (const secret of [key.secret, registry.rootToken, admin.password, admin.secret, admin.cookie.split(".")[1], "sealed", "\"mac\""]) {
    assert.ok(!text.includes(secret), secret);
  }
});
