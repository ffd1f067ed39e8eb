// A server of one's own, with the npm package alone, tells the registry which keys it saw used.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { startFront } from "../clients/front.js";
import { admin as grants, as, form } from "../support/automation.js";
import { eventually } from "../support/eventually.js";
import { ROOT } from "../support/gateway.js";
import { found } from "../support/operator.js";
import { startRegistry } from "../support/registry.js";

const dist = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "npm/package/dist/esm");
const { createSigner, createVerifier, registryReporter, socketPeer } = await import(join(dist, "index.js"));
const { keyward } = await import(join(dist, "node.js"));

const READER = { role: "read-only", accounts: "all" };

let front, registry, admin, robot, server, verifier;
before(async () => {
  front = await startFront();
  registry = await startRegistry({ settings: { authority: front.authority } });
  front.behind = registry.adminPort;
  admin = await found(registry, "acme");
  robot = await make("reports", { roles: [grants({ usage: "c" })] });
  let handler;
  server = createServer((...both) => handler(...both)).listen(0, "127.0.0.1");
  await once(server, "listening");
  verifier = createVerifier({
    ...registry.verifies("acme"),
    authorities: [url()],
    store: { get: (name) => registry.kv.get(name) },
    onUsage: registryReporter({ url: front.url, keyId: robot.keyId, secret: robot.secret }),
  });
  handler = keyward({ verifier, clientAddress: socketPeer }, (request, response) => response.end(request.keyward.keyId));
});
after(async () => {
  verifier?.close();
  server?.close();
  await front?.stop();
  await registry?.stop();
});

const url = () => `http://127.0.0.1:${server.address().port}`;
const show = ({ keyId }) => admin.expect(200, "GET", `/v1/keys/${keyId}`);
const report = (key, ...keys) => as(registry, key, front.authority).ask("POST", "/v1/usage", { body: { keys } });
const counted = (keyId, change) => ({ organisation: "acme", keyId, allowed: 1, issues: [], denials: [["key_expired", 2]], ...change });

async function make(name, more) {
  const key = await admin.expect(201, "POST", "/v1/keys", { ...form(name, [READER]), ...more, name });
  await eventually(async () => (await registry.kv.get(`k/${key.keyId}`)) !== null, "it is published");
  return key;
}

test("the use of a key is shown with it, and why requests were refused", async () => {
  const key = await make("used");
  const { fetch } = createSigner({ keyId: key.keyId, secret: key.secret });
  const answer = await fetch(`${url()}/v1/things`);
  assert.deepEqual([answer.status, await answer.text()], [200, key.keyId]);
  let seen;
  await eventually(async () => (seen = await show(key)).lastUsedAt !== null, "the use is shown, without anybody flushing");
  assert.equal(seen.lastUsedAt % 60, 0);
  assert.ok(Date.now() / 1000 - seen.lastUsedAt < 120);
  assert.deepEqual([seen.lastUsedFrom, seen.allowed, seen.denials], ["127.0.0.0/24", 1, {}]);
  assert.equal(seen.issues[0].lastUsedAt, seen.lastUsedAt);
  assert.equal((await fetch(`${url()}/v1/things`, { method: "DELETE" })).status, 403);
  await verifier.flushUsage();
  seen = await show(key);
  assert.deepEqual([seen.allowed, seen.denials], [1, { permission_denied: 1 }]);
  const log = await admin.expect(200, "GET", `/v1/audit?subject=${key.keyId}`);
  assert.deepEqual(log.trim().split("\n").map((line) => JSON.parse(line).action), ["key.created"]);
});

test("what the registry does not take is kept, and told when it does", async () => {
  const key = await make("kept");
  const { fetch } = createSigner({ keyId: key.keyId, secret: key.secret });
  await admin.expect(200, "POST", `/v1/keys/${robot.keyId}/disable`);
  await fetch(`${url()}/v1/things`);
  await assert.rejects(verifier.flushUsage(), (error) => /401 key_disabled/.test(error.message) && !error.message.includes(robot.secret));
  assert.equal((await show(key)).allowed, 0);
  await admin.expect(200, "POST", `/v1/keys/${robot.keyId}/enable`);
  await fetch(`${url()}/v1/things`);
  await verifier.flushUsage();
  assert.equal((await show(key)).allowed, 2);
});

test("a report is taken from a key that may report, and from nobody else", async () => {
  const key = await make("theirs");
  const other = await make("other program", { roles: [grants({ keys: "crud", organisation: "crud" })] });
  assert.equal((await report(other, counted(key.keyId))).json.code, "permission_denied");
  const person = await admin.ask("POST", "/v1/usage", { body: { keys: [counted(key.keyId)] } });
  assert.deepEqual([person.status, person.json.code], [403, "forbidden"]);
  assert.equal((await registry.ask("POST", "/v1/usage", { body: { keys: [] } })).json.code, "unauthenticated");
  assert.equal((await show(key)).allowed, 0);
  // Nor is what may report good for anything else.
  assert.equal((await as(registry, robot, front.authority).ask("GET", `/v1/keys/${key.keyId}`)).json.code, "permission_denied");
});

test("keys of another organisation or environment, and those that there are not, are left out", async () => {
  const key = await make("own");
  const uat = await make("in uat", { environment: "uat" });
  const stranger = await found(registry, "stranger");
  const foreign = await stranger.expect(201, "POST", "/v1/keys", form("foreign", [READER]));
  const answer = await report(
    robot, counted("kwk_none"), counted(uat.keyId), counted(foreign.keyId), counted(foreign.keyId, { organisation: "stranger" }),
    counted(key.keyId, { organisation: "stranger" }), counted(key.keyId),
  );
  assert.equal(answer.status, 204, answer.text);
  assert.deepEqual([(await show(key)).allowed, (await show(key)).denials], [1, { key_expired: 2 }]);
  assert.equal((await show(uat)).allowed, 0);
  assert.equal((await stranger.expect(200, "GET", `/v1/keys/${foreign.keyId}`)).allowed, 0);
});

test("a report is bounded, and says which member is wrong", async () => {
  const key = await make("bounded");
  const { json } = await report(robot, ...Array.from({ length: 501 }, () => counted(key.keyId)));
  assert.deepEqual([json.code, json.errors[0].field], ["invalid", "keys"]);
  const wrong = await report(robot, { ...counted(key.keyId), allowed: -1 });
  assert.deepEqual([wrong.json.code, wrong.json.errors[0].field], ["malformed", "keys[0].allowed"]);
  assert.equal((await show(key)).allowed, 0);
});
