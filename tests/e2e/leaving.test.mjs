// An operator leaves: with him goes what programs may ask with a secret that he was given, until another one is given a new
// one; and the firm sees which secrets he was given.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { admin as grants, as, form } from "../support/automation.js";
import { call } from "../support/client.js";
import { eventually } from "../support/eventually.js";
import { enrol, found } from "../support/operator.js";
import { startRegistry } from "../support/registry.js";

const EVERYTHING = { roles: "all", apis: "all", environments: "all", accounts: "all", lifeDaysMax: 365 };
const READER = { role: "read-only", accounts: "all" };
const KEYS = grants({ keys: "crud" });
const now = () => Math.floor(Date.now() / 1000);

let registry, admin;
before(async () => {
  registry = await startRegistry();
  admin = await found(registry, "acme");
});
after(() => registry?.stop());

async function operator(email) {
  const { id, invitation } = await admin.expect(201, "POST", "/v1/operators", { email, role: "key-manager", mayGrant: EVERYTHING });
  const one = Object.assign(await enrol(registry, { organisation: "acme", email, invitation }), { id });
  await one.signIn();
  return one;
}
const make = (by, name, ...roles) => by.expect(201, "POST", "/v1/keys", form(name, roles));
const rotate = (by, { keyId }, body = {}) => by.expect(200, "POST", `/v1/keys/${keyId}/rotate`, body);
const lists = async (key) => (await as(registry, key).ask("GET", "/v1/keys")).status;
/** The names of the keys of which somebody was given a valid secret. */
async function givenTo({ id }) {
  const { items } = await admin.expect(200, "GET", `/v1/keys?search=${id}&sort=name`);
  for (const { issues } of items) assert.ok(issues.some((one) => one.givenTo === id));
  return items.map(({ name }) => name);
}

test("whoever leaves asks nothing with a program's key any more, however he came by its secret, until it has another", async () => {
  const leaver = await operator("leaver@acme.example");
  const own = await make(leaver, "a made", KEYS, READER);
  const made = await as(registry, own).ask("POST", "/v1/keys", { body: form("b made by what he made", [KEYS]) });
  const shared = await make(admin, "c rotated", KEYS);
  const rotated = await rotate(leaver, shared, { oldUntil: now() + 3_600 });
  const served = await make(leaver, "d for the API", READER);
  const his = { own, made: made.json, rotated };
  const theirs = { shared, other: await make(admin, "another's", KEYS) };
  const all = () => Promise.all(Object.values({ ...his, ...theirs }).map(lists));
  assert.deepEqual(await all(), [200, 200, 200, 200, 200]);
  assert.deepEqual(await givenTo(leaver), ["a made", "b made by what he made", "c rotated", "d for the API"]);

  await admin.expect(200, "PATCH", `/v1/operators/${leaver.id}`, { disabled: true });
  assert.deepEqual(await all(), [401, 401, 401, 200, 200]);
  const refused = await as(registry, own).ask("DELETE", `/v1/keys/${theirs.other.keyId}`);
  assert.deepEqual([refused.status, refused.json.code], [401, "unauthenticated"]);
  assert.match(refused.json.detail, /is no operator any more; rotate the key/);
  // Requests to the APIs themselves are the firm's to end.
  await eventually(async () => (await call(registry, { as: served })).outcome === "200", "it is published");

  await admin.expect(200, "PATCH", `/v1/operators/${leaver.id}`, { disabled: false });
  assert.deepEqual(await all(), [200, 200, 200, 200, 200]);
  await admin.expect(204, "DELETE", `/v1/operators/${leaver.id}`);
  assert.deepEqual(await all(), [401, 401, 401, 200, 200]);
  // His address may be another's by now.
  const namesake = await operator(leaver.email);
  assert.deepEqual(await all(), [401, 401, 401, 200, 200]);
  assert.deepEqual(await givenTo(namesake), []);

  const renewed = await rotate(admin, own);
  assert.deepEqual([await lists(renewed), await lists(own)], [200, 401]);
  assert.deepEqual(await givenTo(leaver), ["b made by what he made", "c rotated", "d for the API"]);
});
