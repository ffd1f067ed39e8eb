// Who may do what in the registry: the root token, enrolment, both factors, sessions, roles and what may be granted.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ageSessions, inObjects } from "../support/ageing.js";
import { enrol, found, totp } from "../support/operator.js";
import { send } from "../support/raw.js";
import { ADMIN, startRegistry } from "../support/registry.js";

let registry, admin;
before(async () => {
  registry = await startRegistry();
  admin = await found(registry, "acme");
});
after(() => registry?.stop());

const EVERYTHING = { roles: "all", apis: "all", environments: "all", accounts: "all", lifeDaysMax: 365 };
const KEY = { kind: "basic", environment: "production", roles: [{ role: "read-only", accounts: "all" }] };

/** An operator with this role, signed in. */
async function operator(name, role, mayGrant = EVERYTHING) {
  const email = `${name}@acme.example`;
  const { id, invitation } = await admin.expect(201, "POST", "/v1/operators", { email, role, mayGrant });
  const made = await enrol(registry, { organisation: "acme", email, invitation });
  await made.signIn();
  return { id, ...made };
}

const code = (answer) => answer.json?.code ?? answer.status;

test("without a session nothing is answered, whatever it is", async () => {
  const calls = [
    ["GET", "/v1/session"], ["DELETE", "/v1/session"], ["POST", "/v1/session/second-factor", { code: "1" }],
    ["GET", "/v1/keys"], ["POST", "/v1/keys", { ...KEY, name: "x" }], ["GET", "/v1/keys/k"], ["PATCH", "/v1/keys/k", {}],
    ["DELETE", "/v1/keys/k"], ["POST", "/v1/keys/k/disable"], ["POST", "/v1/keys/k/enable"], ["POST", "/v1/keys/k/rotate", {}],
    ["POST", "/v1/keys/k/end-rotation"], ["GET", "/v1/operators"], ["POST", "/v1/operators", { email: "x@y.example", role: "auditor", mayGrant: EVERYTHING }],
    ["PATCH", "/v1/operators/o", {}], ["DELETE", "/v1/operators/o"], ["POST", "/v1/operators/o/invitation"], ["GET", "/v1/audit"],
    ["GET", "/v1/audit/head"], ["POST", "/v1/reconcile", {}], ["POST", "/v1/keys/k/secret"], ["POST", "/v1/keys/k/acknowledge"],
    ["GET", "/v1/organisation"], ["PATCH", "/v1/organisation", { lifeDaysMax: 1 }], ["GET", "/v1/roles"], ["DELETE", "/v1/roles/r"],
    ["POST", "/v1/roles", { name: "r", grants: {} }], ["PATCH", "/v1/roles/r", { grants: {} }],
  ];
  const secret = admin.cookie.split(".")[1];
  const strangers = [null, "__Host-keyward=acme.x", `__Host-keyward=other.${secret}`, `${admin.cookie}x`, `keyward=acme.${secret}`,
    // What a sibling domain can set, and no browser takes for a cookie of this name.
    `x=y,${admin.cookie}`, `\xe2\x80\x80${admin.cookie}`];
  for (const [method, path, body] of calls) {
    for (const cookie of strangers) {
      const answer = await registry.ask(method, path, { body, cookie });
      // Who has no session may end it.
      const ended = method === "DELETE" && path === "/v1/session" && cookie && answer.status === 204;
      assert.ok(ended || code(answer) === "unauthenticated", `${method} ${path} ${cookie}: ${answer.status} ${answer.text}`);
    }
    const root = await registry.ask(method, path, { body, root: registry.rootToken });
    assert.equal(code(root), "unauthenticated", `${method} ${path} with the root token`);
  }
  assert.equal((await admin.ask("GET", "/v1/session")).status, 200);
});

test("the root token founds organisations, each once", async () => {
  const ask = (root, body) => registry.ask("POST", "/v1/organisations", { root, body });
  const body = { name: "fresh", firmAdmin: "a@fresh.example" };
  for (const root of [undefined, "wrong", `${registry.rootToken}x`]) assert.equal(code(await ask(root, body)), "unauthenticated");
  assert.equal((await ask(registry.rootToken, { ...body, name: "No" })).json.errors[0].field, "name");
  assert.equal((await ask(registry.rootToken, { ...body, firmAdmin: "x" })).json.errors[0].field, "firmAdmin");
  assert.equal((await ask(registry.rootToken, body)).status, 201);
  assert.equal(code(await ask(registry.rootToken, body)), "name_taken");
});

test("a request from elsewhere is not answered", async () => {
  const write = (headers) => admin.ask("POST", "/v1/keys", { body: { ...KEY, name: "elsewhere" }, headers });
  assert.equal(code(await write({ origin: "http://evil.example" })), "wrong_origin");
  assert.equal(code(await write({ origin: null })), "wrong_origin");
  assert.equal(code(await write({ origin: "null" })), "wrong_origin");
  // The root token founds organisations: beside anything else it changes nothing.
  for (const token of ["anything", registry.rootToken]) {
    for (const [path, body] of [["/v1/keys", KEY], ["/v1/session", { organisation: "acme", email: "a@acme.example", password: "x", code: "1" }]]) {
      const answer = await registry.ask("POST", path, { root: token, body, headers: { origin: "http://evil.example" } });
      assert.equal(code(answer), "wrong_origin", path);
    }
  }
  // What comes with one has no session.
  assert.equal(code(await write({ authorization: "Bearer x" })), "unauthenticated");
  assert.equal(code(await write({ host: "api.example" })), "misdirected");
  assert.equal(code(await write({ "content-type": "text/plain" })), "unsupported_media_type");
  assert.equal(code(await write({ "content-type": null })), "unsupported_media_type");
  const other = await admin.ask("PUT", "/v1/keys");
  assert.deepEqual([code(other), other.headers.allow], ["method_not_allowed", "GET, POST"]);
  assert.equal(code(await admin.ask("PUT", "/v1/key")), "not_found");
  assert.equal(code(await admin.ask("GET", "/v1/keys", { text: "{}" })), "malformed");
  for (const path of ["/", "/v1", "/v1/", "/v1//keys", "/v1/%6beys", "/v2/keys", "/v1/keys/k/x/y"]) {
    assert.equal(code(await admin.ask("GET", path)), "not_found", path);
  }
  assert.equal(code(await write({ "content-length": 300 * 1024 })), "content_too_large");
  // Of two lengths the smaller one is no bound on what would be read.
  const fields = [`Host: ${ADMIN}`, `Origin: http://${ADMIN}`, "Content-Type: application/json", "Content-Length: 2", "Transfer-Encoding: chunked"];
  const large = `{${" ".repeat(512 * 1024)}}`;
  const chunks = `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;
  const twice = await send(registry.adminPort, `POST /v1/session HTTP/1.1\r\n${fields.join("\r\n")}\r\nConnection: close\r\n\r\n${chunks}`);
  assert.equal(twice.status, 400);
  assert.match(String(twice.content), /Content-Length/);
});

test("an invitation is good once, for who has it, with a password that is long enough", async () => {
  const email = "new@acme.example";
  const { invitation } = await admin.expect(201, "POST", "/v1/operators", { email, role: "auditor", mayGrant: EVERYTHING });
  const whose = { organisation: "acme", email, invitation };
  const begin = (change) => registry.ask("POST", "/v1/enrolment", { body: { ...whose, password: "twelve chars", ...change } });
  assert.equal((await begin({ password: "elevenchars" })).json.errors[0].field, "password");
  assert.equal(code(await begin({ invitation: "x" })), "sign_in_failed");
  assert.equal(code(await begin({ email: "admin@acme.example" })), "sign_in_failed");
  const made = await enrol(registry, whose);
  assert.equal(made.recoveryCodes.length, 10);
  assert.equal(code(await begin()), "sign_in_failed");
  assert.equal(code(await admin.ask("POST", "/v1/operators", { body: { email, role: "auditor", mayGrant: EVERYTHING } })), "name_taken");
});

test("a code is good once, and so is a recovery code", async () => {
  const once = await operator("once", "auditor");
  const shown = totp(once.secret);
  assert.equal((await once.signIn({ code: shown })).status, 200);
  assert.equal(code(await once.signIn({ code: shown })), "sign_in_failed");
  const recovery = once.recoveryCodes.pop();
  assert.equal((await once.signIn({ code: recovery })).status, 200);
  assert.equal(code(await once.signIn({ code: recovery })), "sign_in_failed");
});

test("whichever factor is wrong, and whether there is such an operator, the answer is the same", async () => {
  const one = await operator("guessed", "auditor");
  const right = { organisation: "acme", email: one.email, password: one.password };
  const tries = [
    { ...right, password: "wrong horse battery", code: totp(one.secret) },
    { ...right, code: "000000" },
    { ...right, email: "nobody@acme.example", code: totp(one.secret) },
    { ...right, organisation: "nowhere", code: totp(one.secret) },
    { ...right, email: "x", code: "" },
  ];
  const answers = [];
  for (const body of tries) answers.push(await registry.ask("POST", "/v1/session", { body }));
  for (const answer of answers) {
    assert.equal(answer.status, 401);
    assert.equal(answer.text, answers[0].text);
    assert.equal(answer.headers["set-cookie"], undefined);
  }
  // The code of the first try was not used up: the password was wrong.
  assert.equal((await one.signIn({ code: totp(one.secret) })).status, 200);
});

test("who fails waits longer each time, operator or not, and nobody else does", async () => {
  const one = await operator("patient", "auditor");
  for (const email of [one.email, "stranger@acme.example"]) {
    const guess = () => registry.ask("POST", "/v1/session", { body: { organisation: "acme", email, password: "wrong horse battery", code: "1" } });
    const codes = [];
    for (let tries = 0; tries < 4; tries++) codes.push(code(await guess()));
    assert.deepEqual(codes.slice(0, 3), ["sign_in_failed", "sign_in_failed", "sign_in_failed"], email);
    const waiting = [await guess(), await guess(), await guess()].filter((answer) => answer.status === 429);
    assert.ok(waiting.length > 0, email);
    assert.ok(Number(waiting.at(-1).headers["retry-after"]) >= 1);
  }
  const elsewhere = await registry.ask("POST", "/v1/session", {
    from: "127.0.0.2",
    body: { organisation: "acme", email: one.email, password: one.password, code: one.recoveryCodes.pop() },
  });
  assert.equal(elsewhere.status, 200);
});

test("roles permit what their names say", async () => {
  const auditor = await operator("auditor", "auditor");
  const manager = await operator("manager", "key-manager");
  const custom = await operator("custom", { custom: { keys: "r" } });
  const reads = ["/v1/keys", "/v1/operators", "/v1/audit"];
  for (const path of reads) {
    assert.equal((await auditor.ask("GET", path)).status, 200, path);
    assert.equal((await manager.ask("GET", path)).status, 200, path);
  }
  assert.deepEqual(await Promise.all(reads.map(async (path) => code(await custom.ask("GET", path)))), [200, "forbidden", "forbidden"]);
  const body = { ...KEY, name: "by a manager" };
  assert.equal(code(await auditor.ask("POST", "/v1/keys", { body })), "forbidden");
  const key = await manager.expect(201, "POST", "/v1/keys", body);
  for (const [method, path, sent] of [["DELETE", ""], ["POST", "/disable"], ["POST", "/enable"], ["POST", "/rotate", {}], ["PATCH", "", {}]]) {
    const answer = await auditor.ask(method, `/v1/keys/${key.keyId}${path}`, { body: sent, headers: { "if-match": '"1"' } });
    assert.equal(code(answer), "forbidden", `${method} ${path}`);
  }
  const invite = { email: "friend@acme.example", role: "auditor", mayGrant: EVERYTHING };
  assert.equal(code(await manager.ask("POST", "/v1/operators", { body: invite })), "forbidden");
});

test("nobody grants more than he may, to keys or to operators", async () => {
  const mayGrant = { roles: ["read-only"], apis: ["local"], environments: ["uat"], accounts: "all", lifeDaysMax: 30 };
  const clerk = await operator("clerk", { custom: { keys: "crud", operators: "cru" } }, mayGrant);
  const form = { kind: "basic", environment: "uat", apis: ["local"], lifeDays: 30, roles: [{ role: "read-only", accounts: "all" }] };
  const key = await clerk.expect(201, "POST", "/v1/keys", { ...form, name: "inside" });
  // Where he does not say when it ends, it is not later than he may say.
  const usual = await clerk.expect(201, "POST", "/v1/keys", { ...form, name: "usual", lifeDays: undefined });
  assert.equal(usual.expiresAt, usual.createdAt + 30 * 86400);
  for (const [name, change, field] of [
    ["a", { environment: "production" }, "environment"],
    ["b", { roles: [{ role: "admin", accounts: "all" }] }, "roles[0].role"],
    ["c", { apis: ["local", "remote"] }, "roles[0].grants"],
    ["d", { lifeDays: 31 }, "expiresAt"],
  ]) {
    const answer = await clerk.ask("POST", "/v1/keys", { body: { ...form, ...change, name: `beyond ${name}` } });
    assert.equal(code(answer), "beyond_may_grant", name);
    assert.deepEqual(answer.json.errors.map((error) => error.field), [field]);
  }
  // What an admin widened is out of reach, but can be taken away.
  const wide = await admin.expect(201, "POST", "/v1/keys", { ...form, name: "wide", environment: "production" });
  assert.equal(code(await clerk.ask("POST", `/v1/keys/${wide.keyId}/rotate`, { body: {} })), "beyond_may_grant");
  assert.equal(code(await clerk.ask("PATCH", `/v1/keys/${wide.keyId}`, { body: { memo: "x" }, headers: { "if-match": '"1"' } })), "beyond_may_grant");
  await clerk.expect(200, "POST", `/v1/keys/${wide.keyId}/disable`);
  assert.equal(code(await clerk.ask("POST", `/v1/keys/${wide.keyId}/enable`)), "beyond_may_grant");
  await clerk.expect(200, "DELETE", `/v1/keys/${wide.keyId}`);
  await clerk.expect(200, "POST", `/v1/keys/${key.keyId}/rotate`, {});
  const invite = (role, may = mayGrant) => clerk.ask("POST", "/v1/operators", { body: { email: "x@acme.example", role, mayGrant: may } });
  assert.equal(code(await invite("firm-admin")), "beyond_may_grant");
  assert.equal(code(await invite({ custom: { audit: "r" } })), "beyond_may_grant");
  assert.equal(code(await invite({ custom: { keys: "r" } }, EVERYTHING)), "beyond_may_grant");
  const operators = (await admin.expect(200, "GET", "/v1/operators")).items;
  const first = operators.find(({ email }) => email === admin.email);
  // A role of the organisation is a way to grant, too.
  const keeper = await operator("keeper", { custom: { organisation: "crud" } }, mayGrant);
  assert.equal(code(await keeper.ask("POST", "/v1/roles", { body: { name: "own", grants: { local: { things: "crud" } } } })), "beyond_may_grant");
  // Nor does who may grant one role say what it grants, but that it is less.
  await admin.expect(201, "POST", "/v1/roles", { name: "leased", grants: { local: { things: "ru" } } });
  const lessee = await operator("lessee", { custom: { organisation: "crud" } }, { ...mayGrant, roles: ["leased"] });
  const lease = (things) => lessee.ask("PATCH", "/v1/roles/leased", { body: { grants: { local: { things } } } });
  assert.equal(code(await lease("crud")), "beyond_may_grant");
  assert.equal(code(await lease("r")), 200);
  assert.equal(code(await lease("ru")), "beyond_may_grant");
  // An invitation for somebody else's account would be that account.
  assert.equal(code(await clerk.ask("POST", `/v1/operators/${first.id}/invitation`)), "beyond_may_grant");
  assert.equal(code(await clerk.ask("PATCH", `/v1/operators/${first.id}`, { body: { disabled: true } })), "beyond_may_grant");
  assert.equal((await invite({ custom: { keys: "r" } })).status, 201);
});

test("a session ends with what its operator is: role, state, factors", async () => {
  const ended = async (one, what) => assert.equal(code(await one.ask("GET", "/v1/session")), "unauthenticated", what);
  const changed = await operator("changed", "key-manager");
  await admin.expect(200, "PATCH", `/v1/operators/${changed.id}`, { role: "auditor" });
  await ended(changed, "role");
  await changed.signIn();
  await admin.expect(200, "PATCH", `/v1/operators/${changed.id}`, { disabled: true });
  await ended(changed, "disabled");
  assert.equal(code(await changed.signIn()), "sign_in_failed");
  await admin.expect(200, "PATCH", `/v1/operators/${changed.id}`, { disabled: false });
  assert.equal((await changed.signIn()).status, 200);
  const { invitation } = await admin.expect(200, "POST", `/v1/operators/${changed.id}/invitation`);
  assert.equal((await changed.ask("GET", "/v1/session")).status, 200);
  await enrol(registry, { organisation: "acme", email: changed.email, invitation, password: "another password" });
  await ended(changed, "factors");
  const entries = (await admin.expect(200, "GET", `/v1/audit?subject=${changed.id}`)).trim().split("\n").map((line) => JSON.parse(line));
  const enrolled = entries.filter((entry) => entry.action === "operator.enrolled").at(-1);
  assert.equal(enrolled.address, "127.0.0.1");
  assert.match(enrolled.requestId, /^[\w-]{22}$/);
  assert.equal(code(await changed.signIn()), "sign_in_failed");
  const removed = await operator("removed", "auditor");
  await admin.expect(204, "DELETE", `/v1/operators/${removed.id}`);
  await ended(removed, "removed");
  // Who comes back under the same address starts anew.
  await admin.expect(201, "POST", "/v1/operators", { email: removed.email, role: "auditor", mayGrant: EVERYTHING });
  assert.equal(code(await removed.signIn()), "sign_in_failed");
  const left = await operator("left", "auditor");
  assert.equal((await left.ask("DELETE", "/v1/session")).status, 204);
  await ended(left, "signed out");
  const { items } = await admin.expect(200, "GET", "/v1/operators");
  const first = items.find(({ email }) => email === admin.email);
  assert.equal(code(await admin.ask("DELETE", `/v1/operators/${first.id}`)), "conflict");
});

test("factors are one operator's, and not the next one's with the same address", async () => {
  const gone = await operator("gone", "auditor");
  const [spare] = gone.recoveryCodes;
  await registry.kill();
  // Removed, and invited again, where the invitation itself did not arrive.
  await inObjects(registry, "organisation", "operators", [
    `DELETE FROM sessions WHERE operator = '${gone.id}'`,
    `UPDATE operators SET id = 'another', signed_in_at_s = NULL WHERE id = '${gone.id}'`,
  ]);
  await registry.restart();
  assert.equal(code(await gone.signIn()), "sign_in_failed");
  assert.equal((await admin.expect(200, "GET", "/v1/operators")).items.find(({ id }) => id === "another").signedInAt, null);
  const { invitation } = await admin.expect(200, "POST", "/v1/operators/another/invitation");
  assert.equal(code(await gone.signIn({ code: spare })), "sign_in_failed");
  const next = await enrol(registry, { organisation: "acme", email: gone.email, invitation });
  assert.equal((await next.signIn()).status, 200);
});

test("what is asked of an operator has an end", async () => {
  const body = (mayGrant) => ({ email: "much@acme.example", role: "auditor", mayGrant: { ...EVERYTHING, ...mayGrant } });
  const accounts = Array.from({ length: 1000 }, (_, index) => `account-${String(index).padStart(20, "0")}`);
  const answer = await admin.ask("POST", "/v1/operators", { body: body({ accounts }) });
  assert.deepEqual(answer.json.errors?.map(({ field }) => field), ["mayGrant"]);
});

test("the cookie is for this authority, and for no script", async () => {
  const one = await operator("baker", "auditor");
  const [cookie] = (await one.signIn()).headers["set-cookie"];
  assert.match(cookie, /^__Host-keyward=acme\.[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/);
});

test("a session ends idle and old, and secrets want a second factor that is fresh", async () => {
  const one = await operator("aged", "firm-admin");
  const body = { ...KEY, name: "late" };
  await ageSessions(registry, 301, ["second_factor_at_s"]);
  assert.equal((await one.ask("GET", "/v1/keys")).status, 200);
  assert.equal(code(await one.ask("POST", "/v1/keys", { body })), "step_up_required");
  assert.equal(code(await one.ask("POST", "/v1/operators", { body: { email: "y@acme.example", role: "auditor", mayGrant: EVERYTHING } })), "step_up_required");
  const step = (sent) => one.ask("POST", "/v1/session/second-factor", { body: { code: sent } });
  assert.equal(code(await step("000000")), "sign_in_failed");
  assert.equal((await step(totp(one.secret))).status, 204);
  const key = await one.expect(201, "POST", "/v1/keys", body);
  await ageSessions(registry, 301, ["second_factor_at_s"]);
  assert.equal(code(await one.ask("POST", `/v1/keys/${key.keyId}/rotate`, { body: {} })), "step_up_required");
  // What takes something away is not put off.
  await one.expect(200, "POST", `/v1/keys/${key.keyId}/disable`);
  await ageSessions(registry, 30 * 60, ["used_at_s"]);
  assert.equal(code(await one.ask("GET", "/v1/keys")), "unauthenticated");
  await one.signIn();
  await ageSessions(registry, 12 * 60 * 60, ["begun_at_s"]);
  assert.equal(code(await one.ask("GET", "/v1/keys")), "unauthenticated");
});
