// Programs call the registry with a key of its own API: what such a key may do, what it can give, and what is refused.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { pipeline } from "node:stream";
import { after, before, describe, test } from "node:test";
import { crc32 } from "node:zlib";

import { inObjects, rowsOf } from "../support/ageing.js";
import { admin as grants, as, form, signed } from "../support/automation.js";
import { call } from "../support/client.js";
import { eventually } from "../support/eventually.js";
import { keyward } from "../support/keyward.js";
import { enrol, found } from "../support/operator.js";
import { ADMIN, startRegistry } from "../support/registry.js";
import { basic } from "../support/sign.js";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** An id with its checksum, as a key that there is has one (rules 27). */
function newKeyId() {
  const text = `kwk_${Array.from(randomBytes(22), (byte) => DIGITS[byte % 62]).join("")}`;
  let [left, sum] = [crc32(text), ""];
  for (let at = 0; at < 6; at++, left = Math.floor(left / 62)) sum = DIGITS[left % 62] + sum;
  return text + sum;
}

const EVERYTHING = { roles: "all", apis: "all", environments: "all", accounts: "all", lifeDaysMax: 365 };
const DEVELOPER = { role: "developer", accounts: "all" };
const code = (answer) => answer.json?.code ?? answer.status;

let registry, admin, robot;
before(async () => {
  registry = await startRegistry();
  admin = await found(registry, "acme");
  robot = await make("robot", [grants({ keys: "crud", operators: "r", audit: "r", organisation: "crud" }), DEVELOPER]);
});
after(() => registry?.stop());

const make = (name, roles, change) => admin.expect(201, "POST", "/v1/keys", form(name, roles, change));
const ask = (method, path, how) => as(registry, robot).ask(method, path, how);
const entries = async (subject) =>
  (await admin.expect(200, "GET", `/v1/audit?limit=1000&subject=${subject}`)).trim().split("\n").map((line) => JSON.parse(line));

test("a key makes a key, which the edge takes, and the log says which key it was", async () => {
  const made = await ask("POST", "/v1/keys", { body: form("of the robot", [DEVELOPER]) });
  assert.equal(made.status, 201, made.text);
  assert.equal(made.json.createdBy, robot.keyId);
  // Where nothing is said of its end, it does not outlive its maker.
  assert.equal(made.json.expiresAt, robot.expiresAt);
  await eventually(async () => (await registry.kv.get(`k/${made.json.keyId}`)) !== null, "it is published");
  assert.equal((await call(registry, { as: made.json })).outcome, "200");
  const [created] = await entries(made.json.keyId);
  assert.deepEqual(created.by, { key: { id: robot.keyId, name: "robot" } });
  assert.equal(created.address, "127.0.0.1");
  assert.ok(!JSON.stringify(created).includes(robot.secret));
  const path = `/v1/keys/${made.json.keyId}`;
  const rotated = await ask("POST", `${path}/rotate`, { body: {} });
  assert.notEqual(rotated.json.secret, made.json.secret);
  const edited = await ask("PATCH", path, { body: { memo: "x" }, headers: { "if-match": rotated.headers.etag } });
  assert.equal(edited.json.memo, "x");
  for (const change of ["disable", "enable"]) assert.equal((await ask("POST", `${path}/${change}`)).status, 200, change);
  assert.equal((await ask("DELETE", path)).json.state, "removed");
  for (const read of ["/v1/keys?limit=1", path, "/v1/operators", "/v1/audit?limit=1", "/v1/organisation", "/v1/roles"]) {
    assert.equal((await ask("GET", read)).status, 200, read);
  }
});

test("a retry with its Idempotency-Key is signed anew, and makes no second key", async () => {
  const how = { body: form("once", [DEVELOPER]), headers: { "idempotency-key": "i1" } };
  const first = await ask("POST", "/v1/keys", how);
  const second = await ask("POST", "/v1/keys", how);
  assert.equal(second.json.keyId, first.json.keyId);
  assert.equal(second.json.secret, null);
  const again = await ask("POST", `/v1/keys/${first.json.keyId}/secret`);
  assert.notEqual(again.json.secret, first.json.secret);
  assert.equal((await ask("POST", `/v1/keys/${first.json.keyId}/acknowledge`)).status, 204);
});

test("a signature covers this request, is good once, and nothing of it can be changed", async () => {
  const request = signed(robot, "POST", "/v1/keys", { body: form("copied", [DEVELOPER]) });
  const [method, path, how] = request;
  const send = (change) => registry.ask(method, path, { ...how, ...change });
  assert.equal(code(await send({ text: how.text.replace("copied", "forged") })), "content_digest_mismatch");
  const search = signed(robot, "GET", "/v1/keys?search=a");
  assert.equal(code(await registry.ask("GET", "/v1/keys?search=b", search[2])), "invalid_credentials");
  const one = signed(robot, "GET", `/v1/keys/${robot.keyId}`);
  assert.equal(code(await registry.ask("DELETE", one[1], one[2])), "invalid_credentials");
  const answers = await Promise.all([send(), send(), send()]);
  assert.deepEqual(answers.map(code).sort(), [201, "replayed", "replayed"]);
  await registry.restart();
  assert.equal(code(await send()), "replayed");
  const read = signed(robot, "GET", "/v1/keys");
  assert.deepEqual([code(await registry.ask(...read)), code(await registry.ask(...read))], [200, "replayed"]);
  const uncovered = await ask("POST", "/v1/keys", { body: form("x", [DEVELOPER]), sign: { covers: ["@method", "@target-uri"] } });
  assert.equal(code(uncovered), "insufficient_coverage");
  const old = Math.floor(Date.now() / 1000) - 400;
  assert.equal(code(await ask("GET", "/v1/keys", { sign: { parameters: { created: old } } })), "signature_stale");
  await registry.kill();
  await inObjects(registry, "organisation", "seen", ["UPDATE seen SET until_s = 1"]);
  await registry.restart();
  await ask("GET", "/v1/keys");
  await registry.kill();
  const seen = await rowsOf(registry, "organisation", "seen", "SELECT * FROM seen");
  await registry.restart();
  assert.equal(seen.length, 1, "what no copy could use any more is forgotten");
});

test("who has no such key gets one answer", async () => {
  const removed = await make("gone", [grants({ keys: "r" })]);
  await admin.expect(200, "DELETE", `/v1/keys/${removed.keyId}`);
  const stranger = { ...robot, keyId: "kwk_0000000000000000000000000000" };
  const token = await make("token", [DEVELOPER], { kind: "token", owners: [] });
  const wrong = [
    { ...robot, secret: removed.secret }, removed, { ...token, algorithm: "hmac-sha512", secret: robot.secret },
    { ...robot, keyId: `${robot.keyId.slice(0, -7)}0000000` },
  ];
  const answers = [];
  for (const key of wrong) answers.push(await as(registry, key).ask("GET", "/v1/keys"));
  const known = answers.filter((answer) => code(answer) === "invalid_credentials");
  assert.ok(known.length >= 3, answers.map(code).join());
  for (const answer of known) {
    assert.equal(answer.status, 401);
    assert.equal(answer.text, known[0].text);
    assert.match(answer.headers["www-authenticate"], /^Signature /);
  }
  assert.ok(["malformed_credentials", "invalid_credentials"].includes(code(await as(registry, stranger).ask("GET", "/v1/keys"))));
});

test("who guesses ids keeps nobody else of his network from being heard", async () => {
  const there = async (key) => {
    const [method, path, how] = signed(key, "GET", "/v1/organisation");
    return code(await registry.ask(method, path, { ...how, from: "127.0.3.1" }));
  };
  assert.equal(await there(robot), 200);
  const guesses = new Set();
  await eventually(async () => {
    const guessed = Array.from({ length: 20 }, () => there({ ...robot, keyId: newKeyId() }));
    for (const answer of await Promise.all(guessed)) guesses.add(answer);
    return guesses.has("too_many_attempts");
  }, "the guesses are not looked up any more");
  assert.deepEqual([...guesses].sort(), ["invalid_credentials", "too_many_attempts"]);
  assert.equal(await there(robot), 200);
});

test("only signatures are taken, and none beside another credential", async () => {
  const made = await make("plain", [DEVELOPER], { kind: "basic", owners: [] });
  const [name, value] = basic(made);
  assert.equal(code(await registry.ask("GET", "/v1/keys", { headers: { [name]: value } })), "unauthenticated");
  assert.equal(code(await ask("GET", "/v1/keys", { headers: { authorization: `Bearer ${registry.rootToken}` } })), "multiple_credentials");
  // With a signature no cookie counts, right or wrong.
  const reader = await make("reader", [grants({ keys: "r" })]);
  const both = await as(registry, reader).ask("GET", "/v1/operators", { headers: { cookie: admin.cookie } });
  assert.equal(code(both), "permission_denied");
  const broken = await as(registry, { ...reader, secret: robot.secret }).ask("GET", "/v1/keys", { headers: { cookie: admin.cookie } });
  assert.equal(code(broken), "invalid_credentials");
  // A signature that is meant for others is nobody's here.
  const foreign = signed(reader, "GET", "/v1/session", { sign: { parameters: { tag: "web-bot-auth" } } })[2].headers;
  assert.equal((await admin.ask("GET", "/v1/session", { headers: foreign })).status, 200);
  assert.equal(code(await admin.ask("POST", "/v1/keys", { body: {}, headers: { ...foreign, origin: "http://evil.example" } })), "wrong_origin");
});

test("a key may call what it was granted, from where it may, while it may", async () => {
  const reader = await make("lister", [grants({ keys: "r" })]);
  const robot = as(registry, reader);
  assert.equal((await robot.ask("GET", "/v1/keys")).status, 200);
  assert.equal(code(await robot.ask("POST", "/v1/keys", { body: form("x", [DEVELOPER]) })), "permission_denied");
  assert.equal(code(await robot.ask("GET", "/v1/audit")), "permission_denied");
  const elsewhere = await make("elsewhere", [grants({ keys: "r" })], { allowlist: "192.0.2.0/24" });
  assert.equal(code(await as(registry, elsewhere).ask("GET", "/v1/keys")), "address_not_allowed");
  await admin.expect(200, "POST", `/v1/keys/${reader.keyId}/disable`);
  // From the first moment: nothing has to arrive anywhere.
  assert.equal(code(await robot.ask("GET", "/v1/keys")), "key_disabled");
  // At the edge it is a key without a grant on any API. Asked before it is there, the gateway would remember that it is not.
  await eventually(async () => (await registry.kv.get(`k/${elsewhere.keyId}`)) !== null, "it is published");
  await eventually(async () => (await call(registry, { as: elsewhere })).outcome === "403 address_not_allowed", "the edge knows it");
});

test("operators and sessions are for people", async () => {
  const operator = { email: "x@acme.example", role: "auditor", mayGrant: EVERYTHING };
  const { items } = (await ask("GET", "/v1/operators")).json;
  for (const [method, path, body] of [
    ["POST", "/v1/operators", operator], ["PATCH", `/v1/operators/${items[0].id}`, { disabled: true }],
    ["DELETE", `/v1/operators/${items[0].id}`], ["POST", `/v1/operators/${items[0].id}/invitation`],
    ["GET", "/v1/session"], ["POST", "/v1/session", { code: "1" }], ["POST", "/v1/session/second-factor", { code: "1" }], ["POST", "/v1/organisations", {}],
  ]) {
    const answer = await ask(method, path, { body });
    assert.ok(["forbidden", "permission_denied"].includes(code(answer)), `${method} ${path}: ${answer.text}`);
  }
});

describe("a key gives what it holds, and no more", () => {
  const YEAR = 365;
  let agent;
  const beyond = async (name, roles, change, fields) => {
    const answer = await as(registry, agent).ask("POST", "/v1/keys", { body: form(`beyond ${name}`, roles, change) });
    assert.equal(code(answer), "beyond_may_grant", `${name}: ${answer.text}`);
    assert.deepEqual(answer.json.errors.map(({ field }) => field), fields, name);
  };
  const inside = { environment: "uat", lifeDays: 10, allowlist: "127.0.0.1" };
  const reader = { role: "account-viewer", accounts: ["a1"] };
  before(async () => {
    agent = await make("agent", [grants({ keys: "crud" }), { role: "account-viewer", accounts: ["a1", "a2"], grants: { local: { things: "r" } } }],
      { environment: "uat", lifeDays: 30, allowlist: "127.0.0.0/8" });
  });

  test("roles, grants, accounts, environment, networks, life", async () => {
    const narrow = { ...reader, grants: { local: { things: "r" } } };
    const made = await as(registry, agent).ask("POST", "/v1/keys", { body: form("below", [narrow], inside) });
    assert.equal(made.status, 201, made.text);
    await beyond("grants", [reader], inside, ["roles[0]"]);
    await beyond("accounts", [{ ...narrow, accounts: ["a3"] }], inside, ["roles[0]"]);
    await beyond("role", [{ ...narrow, role: "read-only" }], inside, ["roles[0]"]);
    await beyond("api", [grants({ keys: "crud", audit: "r" })], inside, ["roles[0]"]);
    await beyond("environment", [narrow], { ...inside, environment: "production" }, ["environment"]);
    await beyond("networks", [narrow], { ...inside, allowlist: undefined }, ["allowlist"]);
    await beyond("more networks", [narrow], { ...inside, allowlist: "127.0.0.1, 192.0.2.1" }, ["allowlist"]);
    await beyond("life", [narrow], { ...inside, lifeDays: YEAR }, ["expiresAt"]);
    const change = (body, tag) => as(registry, agent).ask("PATCH", `/v1/keys/${made.json.keyId}`, { body, headers: { "if-match": tag } });
    for (const [body, field] of [
      [{ allowlist: null }, "allowlist"], [{ expiresAt: agent.expiresAt + 1 }, "expiresAt"], [{ roles: [{ ...reader, accounts: ["a3"] }] }, "roles[0]"],
      [{ roles: [reader], apis: ["local", "browser"] }, "roles[0]"],
    ]) {
      const answer = await change(body, made.headers.etag);
      assert.deepEqual([code(answer), answer.json.errors[0].field], ["beyond_may_grant", field]);
    }
    assert.equal((await change({ memo: "kept" }, made.headers.etag)).status, 200);
  });

  test("keys beyond it are out of reach, but can be taken away in its environment", async () => {
    const wide = await make("wide", [DEVELOPER], { environment: "uat" });
    const path = `/v1/keys/${wide.keyId}`;
    const robot = as(registry, agent);
    assert.equal(code(await robot.ask("POST", `${path}/rotate`, { body: {} })), "beyond_may_grant");
    assert.equal(code(await robot.ask("PATCH", path, { body: { memo: "x" }, headers: { "if-match": '"1"' } })), "beyond_may_grant");
    assert.equal((await robot.ask("POST", `${path}/disable`)).status, 200);
    assert.equal(code(await robot.ask("POST", `${path}/enable`)), "beyond_may_grant");
    assert.equal((await robot.ask("DELETE", path)).status, 200);
    const production = await make("production", [DEVELOPER]);
    for (const [method, rest] of [["POST", "/disable"], ["DELETE", ""]]) {
      const answer = await robot.ask(method, `/v1/keys/${production.keyId}${rest}`);
      assert.deepEqual([code(answer), answer.json.errors?.[0].field], ["beyond_may_grant", "environment"]);
    }
  });

  test("a role of the organisation is no way around it", async () => {
    await admin.expect(201, "POST", "/v1/roles", { name: "leased", grants: { local: { things: "r" } } });
    const keeper = as(registry, await make("keeper", [grants({ organisation: "crud" }), { role: "leased", accounts: "all" }]));
    const lease = (things) => keeper.ask("PATCH", "/v1/roles/leased", { body: { grants: { local: { things } } } });
    assert.equal(code(await lease("crud")), "beyond_may_grant");
    assert.equal(code(await keeper.ask("POST", "/v1/roles", { body: { name: "own", grants: { local: { things: "r" } } } })), "beyond_may_grant");
    assert.equal(code(await keeper.ask("POST", "/v1/roles", { body: { name: "own", grants: { keyward: { keys: "r" } } } })), "invalid");
    assert.equal(code(await lease("r")), 200);
  });

  test("through a role it takes nothing from keys of another environment", async () => {
    await admin.expect(201, "POST", "/v1/roles", { name: "shared", grants: { local: { things: "rd" } } });
    const shared = { role: "shared", accounts: "all" };
    const production = await make("shared in production", [shared]);
    const near = await make("shared nearby", [shared], { environment: "uat" });
    const keeper = as(registry, await make("keeper in uat", [grants({ organisation: "u" }), shared], { environment: "uat" }));
    const narrow = (apply) => keeper.ask("PATCH", "/v1/roles/shared", { body: { grants: { local: { things: "r" } }, apply } });
    const refused = await narrow(true);
    assert.deepEqual([code(refused), refused.json.errors?.[0].field], ["beyond_may_grant", "environment"]);
    const things = async (key) => (await admin.expect(200, "GET", `/v1/keys/${key.keyId}`)).roles[0].grants.local.things;
    // All of it or nothing: the role is as it was, too.
    for (const key of [production, near]) assert.equal(await things(key), "rd");
    await admin.expect(200, "DELETE", `/v1/keys/${production.keyId}`);
    assert.equal(code(await narrow(true)), 200);
    assert.equal(await things(near), "r");
  });
});

test("who gives a key the registry may do as much himself", async () => {
  const operator = async (name, role, mayGrant) => {
    const email = `${name}@acme.example`;
    const { invitation } = await admin.expect(201, "POST", "/v1/operators", { email, role, mayGrant });
    const made = await enrol(registry, { organisation: "acme", email, invitation });
    await made.signIn();
    return made;
  };
  const manager = await operator("manager", "key-manager", EVERYTHING);
  const give = (who, name, table, change) => who.ask("POST", "/v1/keys", { body: form(name, [grants(table)], change) });
  for (const table of [{ organisation: "u" }, { organisation: "crud" }]) {
    const answer = await give(manager, `by a manager ${Object.values(table)}`, table);
    assert.deepEqual([code(answer), answer.json.errors[0].field], ["beyond_may_grant", "roles[0].grants"]);
  }
  // Operators are changed by people alone, whoever gives the key.
  for (const who of [manager, admin]) assert.equal(code(await give(who, "operators", { operators: "crud" })), "invalid");
  assert.equal((await give(manager, "within", { keys: "crud", operators: "r", audit: "r" })).status, 201);
  // What an admin made is out of a manager's reach: with its secret he would be more.
  for (const [method, rest, body] of [["POST", "/rotate", {}], ["POST", "/enable"], ["PATCH", "", { memo: "x" }]]) {
    const answer = await manager.ask(method, `/v1/keys/${robot.keyId}${rest}`, { body, headers: { "if-match": '"1"' } });
    assert.equal(code(answer), "beyond_may_grant", rest);
  }
  const clerk = await operator("clerk", "key-manager", { ...EVERYTHING, apis: ["local"] });
  const answer = await give(clerk, "by a clerk", { keys: "r" });
  assert.deepEqual([code(answer), answer.json.errors[0].detail], ["beyond_may_grant", "API keyward"]);
});

test("a weak key is none for the registry, and none has it unasked", async () => {
  const fields = async (roles, change) => {
    const answer = await admin.ask("POST", "/v1/keys", { body: form("weak", roles, change) });
    assert.equal(code(answer), "invalid", answer.text);
    return answer.json.errors.map(({ field }) => field);
  };
  const own = [grants({ keys: "r" })];
  for (const kind of ["token", "basic"]) assert.deepEqual(await fields(own, { kind, owners: [] }), ["kind"]);
  for (const profile of ["kong", "cavage", "cloud9"]) assert.deepEqual(await fields(own, { profiles: [profile] }), ["profiles"]);
  assert.deepEqual(await fields([{ ...own[0], role: "account-viewer", accounts: ["a1"] }]), ["roles[0].accounts"]);
  assert.deepEqual(await fields([{ role: "admin", accounts: "all" }], { apis: ["keyward"] }), ["roles[0]"]);
  assert.deepEqual(await fields([{ role: "read-only", accounts: "all", grants: { keyward: { keys: "c" } } }]), ["roles[0].grants"]);
  // "All APIs" are those of the catalogue.
  const everything = await make("everything", [{ role: "admin", accounts: "all" }]);
  assert.equal(everything.roles[0].grants.keyward, undefined);
  assert.equal(code(await as(registry, everything).ask("GET", "/v1/keys")), "permission_denied");
  const plain = await make("becomes", [DEVELOPER], { kind: "basic", owners: [] });
  const edit = await admin.ask("PATCH", `/v1/keys/${plain.keyId}`, { body: { roles: own, apis: ["keyward"] }, headers: { "if-match": '"1"' } });
  assert.deepEqual(edit.json.errors.map(({ field }) => field), ["kind"]);
  const changed = async (key, roles) => {
    const answer = await admin.ask("PATCH", `/v1/keys/${key.keyId}`, { body: { roles, apis: ["keyward"] }, headers: { "if-match": '"1"' } });
    return answer.json.errors?.map(({ field }) => field);
  };
  assert.deepEqual(await changed(await make("of kong", [DEVELOPER], { profiles: ["rfc9421", "kong"] }), own), ["profiles"]);
  // Others may have had the secret of a key that is to become a password.
  assert.deepEqual(await changed(await make("of others", own), [grants({ session: "c" })]), ["roles"]);
});

test("a key of one organisation is nobody in another", async () => {
  const other = await found(registry, "other");
  const theirs = await other.expect(201, "POST", "/v1/keys", form("theirs", [grants({ keys: "crud" }), DEVELOPER]));
  const mine = await make("mine", [DEVELOPER]);
  const robot = as(registry, theirs);
  assert.equal(code(await robot.ask("GET", `/v1/keys/${mine.keyId}`)), "not_found");
  assert.equal(code(await robot.ask("DELETE", `/v1/keys/${mine.keyId}`)), "not_found");
  const { items } = (await robot.ask("GET", "/v1/keys")).json;
  assert.deepEqual(items.map(({ keyId }) => keyId), [theirs.keyId]);
});

test("the command sends such requests", async (t) => {
  // The registry's name leads nowhere here; a proxy knows where it is.
  const proxy = createServer().on("connect", (request, socket) => {
    const upstream = connect(registry.adminPort, "127.0.0.1", () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
    pipeline(socket, upstream, socket, () => {});
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  t.after(() => proxy.close());
  const env = { ALL_PROXY: `http://127.0.0.1:${proxy.address().port}`, KEYWARD_SECRET: robot.secret };
  const send = (...args) => keyward(["send", ...args, "--key-id", robot.keyId], { env });
  const made = await send("POST", `http://${ADMIN}/v1/keys`, "-H", "Content-Type: application/json", "--data", JSON.stringify(form("sent", [DEVELOPER])));
  assert.equal(made.code, 0, made.err);
  assert.match(made.out, /"name": "sent"/);
  assert.match((await send("GET", `http://${ADMIN}/v1/keys?search=sent`)).out, /"name": "sent"/);
});
