// What the registry says of itself at /openapi.json is what it does: who is let in, and what is left unread.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { ageSessions } from "../support/ageing.js";
import { ROOT } from "../support/gateway.js";
import { enrol, found } from "../support/operator.js";
import { startReceiver } from "../support/receiver.js";
import { startRegistry } from "../support/registry.js";

let receiver, registry, admin, served, operations;
before(async () => {
  receiver = await startReceiver();
  registry = await startRegistry({ receiver });
  admin = await found(registry, "acme");
  served = await registry.ask("GET", "/openapi.json");
  operations = Object.entries(served.json.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path: path.replace(/[{}]/g, ""), ...operation })));
});
after(async () => {
  await registry?.stop();
  await receiver?.stop();
});

const code = (answer) => answer.json?.code ?? answer.status;
const needing = () => operations.filter((operation) => operation["x-keyward-needs"]);

/** The least that has the form of a schema. */
function sample(schema) {
  if (schema.$ref) return sample(served.json.components.schemas[schema.$ref.split("/").at(-1)]);
  if (schema.anyOf ?? schema.oneOf) return sample((schema.anyOf ?? schema.oneOf)[0]);
  if ("const" in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  switch ([schema.type].flat()[0]) {
    case "object": return Object.fromEntries((schema.required ?? []).map((name) => [name, sample(schema.properties[name])]));
    case "array": return Array.from({ length: schema.minItems ?? 0 }, () => sample(schema.items));
    case "integer": return schema.minimum;
    case "boolean": return false;
    default: return schema.format === "email" ? "x@firm.example" : "x".repeat(schema.minLength ?? 1);
  }
}

const call = (operation, who, path = operation.path) => {
  // What mail programs send is a form; that it is taken is not asked here.
  const content = operation.requestBody?.content["application/json"]?.schema;
  return who.ask(operation.method, path, { body: content && sample(content) });
};

test("the document is the one that was made of the types", async () => {
  assert.equal(served.status, 200);
  assert.equal(served.headers["content-type"], "application/json");
  assert.equal(served.text, await readFile(join(ROOT, "worker/registry/openapi.json"), "utf8"));
  assert.equal(served.json.openapi, "3.1.0");
});

test("without a session there is no call but those that say so", async () => {
  for (const operation of operations) {
    const answer = await call(operation, registry);
    const letsAnybodyIn = operation.security.length === 0 || operation.security.some((one) => Object.keys(one).length === 0);
    if (!letsAnybodyIn) assert.equal(code(answer), "unauthenticated", operation.operationId);
    else assert.notEqual(code(answer), "unauthenticated", operation.operationId);
  }
});

test("a call needs the permission that it says, and no other", async () => {
  const mayGrant = { roles: "all", apis: "all", environments: "all", accounts: "all", lifeDaysMax: 365 };
  const letters = { create: "c", read: "r", update: "u", delete: "d" };
  const all = ["keys", "operators", "audit", "organisation"];
  const needs = needing().flatMap(({ "x-keyward-needs": { areas, action } }) => areas.map((area) => ({ area, action })));
  const who = new Map();
  for (const { area, action } of needs) {
    const name = `${area}-${action}`;
    if (who.has(name)) continue;
    const custom = Object.fromEntries(all.map((one) => [one, one === area ? "crud".replace(letters[action], "") : "crud"]));
    const email = `no-${name}@acme.example`;
    const { invitation } = await admin.expect(201, "POST", "/v1/operators", { email, role: { custom }, mayGrant });
    const operator = await enrol(registry, { organisation: "acme", email, invitation });
    await operator.signIn();
    who.set(name, operator);
  }
  for (const operation of needing()) {
    const { areas, action, firmAdmin } = operation["x-keyward-needs"];
    for (const [name, operator] of who) {
      const answer = await call(operation, operator);
      const lacks = firmAdmin || areas.some((area) => name === `${area}-${action}`);
      if (lacks) assert.equal(code(answer), "forbidden", `${operation.operationId} without ${name}`);
      else assert.notEqual(code(answer), "forbidden", `${operation.operationId} without ${name}: ${answer.text}`);
    }
  }
});

test("what another organisation has is answered as what there is not, byte for byte", async () => {
  const key = await admin.expect(201, "POST", "/v1/keys", { name: "theirs", kind: "basic", environment: "production", roles: [{ role: "read-only", accounts: "all" }] });
  const mayGrant = { roles: [], apis: [], environments: [], accounts: [], lifeDaysMax: 0 };
  const operator = await admin.expect(201, "POST", "/v1/operators", { email: "theirs@acme.example", role: "auditor", mayGrant });
  await admin.expect(201, "POST", "/v1/roles", { name: "theirs", grants: { local: { things: "r" } } });
  const webhook = await admin.expect(201, "POST", "/v1/webhooks", { url: "https://theirs.example/in" });
  const { delivery } = await admin.expect(202, "POST", `/v1/webhooks/${webhook.id}/test`);
  const theirs = { keys: key.keyId, operators: operator.id, roles: "theirs", webhooks: webhook.id, deliveries: delivery };
  const stranger = await found(registry, "stranger");
  const about = operations.filter(({ security, parameters }) => security.length > 0 && parameters?.some((one) => one.in === "path"));
  assert.ok(about.length > 10);
  // What is removed comes last, so that all the others find it.
  about.sort((one, other) => (one.method === "DELETE") - (other.method === "DELETE"));
  for (const operation of about) {
    // A path names what it is about, and says which one.
    const [, kind, parameter] = operation.path.match(/^\/v1\/(\w+)\/(\w+)/);
    assert.ok(kind in theirs, `${operation.operationId}: an example of ${kind} is missing here`);
    const asked = (who, value) => call(operation, who, operation.path.replace(`/${parameter}`, `/${value}`));
    const foreign = await asked(stranger, theirs[kind]);
    const missing = await asked(stranger, "x".repeat(theirs[kind].length));
    assert.equal(foreign.status, 404, operation.operationId);
    assert.equal(foreign.text, missing.text, operation.operationId);
    assert.notEqual((await asked(admin, theirs[kind])).status, 404, `${operation.operationId}: whose it is finds it`);
  }
});

test("a call wants a fresh second factor where it says so, and nowhere else", async () => {
  await ageSessions(registry, 301, ["second_factor_at_s"]);
  for (const operation of needing()) {
    const answer = await call(operation, admin);
    if (operation["x-keyward-needs"].freshSecondFactor) assert.equal(code(answer), "step_up_required", operation.operationId);
    else assert.notEqual(code(answer), "step_up_required", operation.operationId);
  }
});

test("nothing that is sent is left unread", async () => {
  const refused = async (method, path, how) => {
    const { json } = await admin.ask(method, path, how);
    return [json.code, json.errors?.[0].field];
  };
  assert.deepEqual(await refused("GET", "/v1/organisation?all=1"), ["invalid", "all"]);
  assert.deepEqual(await refused("GET", "/health?x"), ["invalid", "x"]);
  assert.deepEqual(await refused("GET", "/v1/keys?limit=1&limit=2"), ["invalid", "limit"]);
  assert.deepEqual(await refused("GET", `/v1/keys?${"x=1&".repeat(17)}`), ["invalid", "query"]);
  assert.deepEqual(await refused("POST", "/v1/keys/k/disable", { body: { until: 1 } }), ["malformed", "until"]);
  assert.deepEqual(await refused("POST", "/v1/keys/k/disable", { body: {} }), ["not_found", undefined]);
  assert.deepEqual(await refused("GET", `/v1/keys/${"k".repeat(129)}`), ["not_found", undefined]);
  assert.deepEqual(await refused("GET", `/v1/audit?subject=${"k".repeat(255)}`), ["invalid", "subject"]);
  assert.deepEqual(await refused("GET", "/v1/audit?limit=1001"), ["invalid", "limit"]);
  assert.deepEqual(await refused("POST", "/v1/reconcile", { body: { after: "k".repeat(129) } }), ["invalid", "after"]);
  // What is quoted in the answer is not as long as what was sent.
  const { text } = await admin.ask("POST", "/v1/reconcile", { body: { ["x".repeat(100_000)]: 1 } });
  assert.ok(text.length < 1_000, `${text.length}`);
});
