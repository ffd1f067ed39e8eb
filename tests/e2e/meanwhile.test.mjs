// What changes while a key is being made, after the directory reserved its id: the key is made as it may be by then, or is
// refused for what is so by then. And what is refused before that has reserved nothing.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { rowsOf } from "../support/ageing.js";
import { admin as grants, as, form } from "../support/automation.js";
import { startMeanwhile } from "../support/meanwhile.js";
import { enrol, found } from "../support/operator.js";
import { startRegistry } from "../support/registry.js";

const code = (answer) => answer.json?.code ?? answer.status;
const fields = (answer) => answer.json.errors?.map(({ field }) => field);
const things = (actions) => ({ grants: { local: { things: actions } } });

let meanwhile, registry, admin;
before(async () => {
  meanwhile = await startMeanwhile();
  const importing = { importedKeyIds: true };
  registry = await startRegistry({ meanwhile, settings: importing, gateway: importing });
  admin = await found(registry, "acme");
});
after(async () => {
  await registry?.stop();
  await meanwhile?.stop();
});

let number = 0;
const newName = (what) => `${what}-${number++}`;
async function newRole(actions = "crud") {
  const name = newName("role");
  await admin.expect(201, "POST", "/v1/roles", { name, ...things(actions) });
  return name;
}
const key = (role, change) => ({
  name: newName("key"), kind: "basic", environment: "production", roles: [{ role, accounts: "all" }], ...change,
});
const row = (role, change) => ({
  ...key(role), kind: "signed", keyId: newName("id"), owners: ["ops@acme.example"],
  secret: Buffer.from("long enough for anybody, whoever that is").toString("base64url"), ...change,
});
const outcome = ({ keyId, outcome, code }) => [keyId, outcome, code].filter(Boolean).join(" ");
/** How many keys there are of a name, by whatever case. */
async function count(name) {
  const { items } = await admin.expect(200, "GET", `/v1/keys?limit=200&search=${name}`);
  return items.filter((one) => one.name.toLowerCase() === name).length;
}
const robotOf = (who, ...roles) => who.expect(201, "POST", "/v1/keys", form(newName("robot"), [grants({ keys: "crud" }), ...roles]));
const robot = (...roles) => robotOf(admin, ...roles);
const [DEVELOPER, READER] = ["developer", "read-only"].map((role) => ({ role, accounts: "all" }));
/** Makes a robot narrower. */
async function narrow({ keyId }, ...roles) {
  const body = { roles: [grants({ keys: "crud" }), ...roles] };
  const answer = await admin.ask("PATCH", `/v1/keys/${keyId}`, { body, headers: { "if-match": '"1"' } });
  assert.equal(answer.status, 200, answer.text);
}

async function operator(mayGrant) {
  const email = `${newName("operator")}@acme.example`;
  const all = { roles: "all", apis: "all", environments: "all", accounts: "all", lifeDaysMax: 365 };
  const { id, invitation } = await admin.expect(201, "POST", "/v1/operators", { email, role: "key-manager", mayGrant: { ...all, ...mayGrant } });
  const one = Object.assign(await enrol(registry, { organisation: "acme", email, invitation }), { id });
  await one.signIn();
  return one;
}

test("a key has what its role grants when it is made, however often that changes while it is", async () => {
  const role = await newRole();
  const tables = ["r", "cru", "ru"];
  let turn = 0;
  const change = async () => {
    turn += 1;
    await admin.expect(200, "PATCH", `/v1/roles/${role}`, things(tables[turn % 3]));
    await admin.expect(200, "PATCH", "/v1/organisation", { lifeDaysMax: 365 + turn });
  };
  for (const kind of ["basic", "token", "signed"]) {
    const body = key(role, { kind, owners: ["ops@acme.example"] });
    const made = await meanwhile.during(() => admin.ask("POST", "/v1/keys", { body }), change);
    assert.equal(made.status, 201, made.text);
    assert.equal(made.json.roles[0].grants.local.things, tables[turn % 3], kind);
    assert.equal((await admin.expect(200, "GET", `/v1/keys/${made.json.keyId}`)).roles[0].grants.local.things, tables[turn % 3]);
  }
  // Many at once: nobody waits for the others, and nobody is told to try again.
  const many = () => Promise.all(Array.from({ length: 12 }, () => admin.ask("POST", "/v1/keys", { body: key(role) })));
  for (const made of await meanwhile.during(many, change)) assert.equal(made.status, 201, made.text);
  assert.equal(turn >= 4, true);
});

test("an import has what its roles grant when the keys are made", async () => {
  const role = await newRole();
  const rows = [row(role), row("read-only")];
  const change = () => admin.expect(200, "PATCH", `/v1/roles/${role}`, things("r"));
  const { json } = await meanwhile.during(() => admin.ask("POST", "/v1/imports", { body: { rows } }), change);
  assert.deepEqual(json.rows.map(outcome), rows.map(({ keyId }) => `${keyId} imported`));
  assert.equal((await admin.expect(200, "GET", `/v1/keys/${rows[0].keyId}`)).roles[0].grants.local.things, "r");
});

test("a key that may not be any more when it would be made is refused for that, and is not there", async () => {
  const [role, narrower] = [await newRole(), await newRole()];
  const table = key(narrower, { roles: [{ role: narrower, accounts: "all", ...things("cr") }] });
  const settings = key("read-only", { lifeDays: 300 });
  const name = key("read-only");
  const [gone, leaver] = [await operator(), await operator()];
  const left = await robotOf(leaver, DEVELOPER);
  const disable = ({ id }) => admin.expect(200, "PATCH", `/v1/operators/${id}`, { disabled: true });
  const [narrowed, disabled] = [await robot(DEVELOPER), await robot(DEVELOPER)];
  for (const [by, body, happen, expected, there = 0] of [
    [admin, key(role), () => admin.expect(204, "DELETE", `/v1/roles/${role}`), [422, "invalid", ["roles[0].role"]]],
    [admin, table, () => admin.expect(200, "PATCH", `/v1/roles/${narrower}`, things("r")), [422, "invalid", ["roles[0].grants"]]],
    [admin, settings, () => admin.expect(200, "PATCH", "/v1/organisation", { lifeDaysMax: 299 }), [422, "invalid", ["lifeDays"]]],
    [admin, name, () => admin.expect(201, "POST", "/v1/keys", { ...name, name: name.name.toUpperCase() }), [409, "name_taken", ["name"]], 1],
    [gone, key("read-only"), () => disable(gone), [401, "unauthenticated", undefined]],
    [as(registry, narrowed), key("developer"), () => narrow(narrowed), [403, "beyond_may_grant", ["roles[0]"]]],
    [as(registry, left), key("developer"), () => disable(leaver), [401, "unauthenticated", undefined]],
    [as(registry, disabled), key("developer"), () => admin.expect(200, "POST", `/v1/keys/${disabled.keyId}/disable`), [401, "unauthenticated", undefined]],
  ]) {
    const answer = await meanwhile.during(() => by.ask("POST", "/v1/keys", { body }), happen);
    assert.deepEqual([answer.status, code(answer), fields(answer)], expected, answer.text);
    assert.equal(await count(body.name), there, body.name);
  }
  await admin.expect(200, "PATCH", "/v1/organisation", { lifeDaysMax: 365 });
});

test("rows that may not be keys any more are refused, each for itself, and the others are keys", async () => {
  const role = await newRole();
  const narrowed = await robot(DEVELOPER, READER);
  const { expiresAt } = narrowed;
  const [removed, named, identified, developer] = [row(role), row("read-only"), row("read-only"), row("developer")];
  for (const [by, one, happen, expected, there = 0] of [
    [admin, removed, () => admin.expect(204, "DELETE", `/v1/roles/${role}`), "refused invalid"],
    [admin, named, () => admin.expect(201, "POST", "/v1/keys", key("read-only", { name: named.name })), "refused taken_name", 1],
    [admin, identified, () => admin.expect(200, "POST", "/v1/imports", { rows: [row("read-only", { keyId: identified.keyId })] }), "refused taken_id"],
    [as(registry, narrowed), developer, () => narrow(narrowed, READER), "refused beyond_may_grant"],
  ]) {
    const beside = row("read-only", { expiresAt });
    const body = { rows: [{ ...one, expiresAt }, beside] };
    const { json, text } = await meanwhile.during(() => by.ask("POST", "/v1/imports", { body }), happen);
    assert.deepEqual(json.rows?.map(outcome), [`${one.keyId} ${expected}`, `${beside.keyId} imported`], text);
    assert.equal(await count(one.name), there, one.name);
    assert.equal(await count(beside.name), 1);
  }
  // The same request twice at once is one.
  const body = { rows: [row("read-only"), row("read-only")] };
  const { json } = await meanwhile.during(() => admin.ask("POST", "/v1/imports", { body }), () => admin.expect(200, "POST", "/v1/imports", body));
  assert.deepEqual(json.rows.map(outcome), body.rows.map(({ keyId }) => `${keyId} imported_before`));
});

test("what is refused at once reserves nothing", async () => {
  const little = await operator({ roles: ["read-only"], lifeDaysMax: 30 });
  const taken = await admin.expect(201, "POST", "/v1/keys", key("read-only"));
  const reserved = async () => {
    await registry.kill();
    const rows = await rowsOf(registry, "directory", "organisations", "SELECT key_id FROM keys ORDER BY key_id");
    await registry.restart();
    return rows.map((one) => one.key_id);
  };
  const before = await reserved();
  const large = Array.from({ length: 9_000 }, (_, at) => `2001:db8::1:${at.toString(16)}`).join(",");
  for (const [by, body, expected] of [
    [little, key("admin"), "beyond_may_grant"],
    [little, key("read-only", { lifeDays: 31 }), "beyond_may_grant"],
    [admin, key("nobody"), "invalid"],
    [admin, key("read-only", { environment: "nowhere" }), "invalid"],
    [admin, key("read-only", { allowlist: large }), "invalid"],
    [admin, key("read-only", { name: taken.name }), "name_taken"],
  ]) {
    const answer = await by.ask("POST", "/v1/keys", { body });
    assert.equal(code(answer), expected, answer.text);
  }
  const inside = row("read-only", { lifeDays: 30 });
  const rows = [
    inside, row("admin"), row("nobody"), row("read-only", { name: inside.name, lifeDays: 30 }), row("read-only", { secret: "c2hvcnQ" }),
    row("read-only", { lifeDays: 30, kind: "basic", secret: undefined }),
  ];
  const report = async (by, body) => (await by.expect(200, "POST", "/v1/imports", body)).rows.map(outcome);
  const [dry] = await report(little, { rows: [row("read-only", { lifeDays: 30 })], dryRun: true });
  assert.match(dry, / ready$/);
  const words = (await report(little, { rows })).map((one) => one.replace(/^\S+ /, ""));
  assert.deepEqual(words, [
    "imported", "refused beyond_may_grant", "refused invalid", "refused taken_name", "needs_override short_secret", "refused no_secret",
  ]);
  assert.deepEqual(await reserved(), [...before, inside.keyId].sort());
});
