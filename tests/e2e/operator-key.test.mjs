// An operator signs in with a key of his own in place of his password: whose session it opens, and until when.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { admin as grants, as, form, signed } from "../support/automation.js";
import { enrol, found, totp } from "../support/operator.js";
import { startRegistry } from "../support/registry.js";

const EVERYTHING = { roles: "all", apis: "all", environments: "all", accounts: "all", lifeDaysMax: 365 };
const code = (answer) => answer.json?.code ?? answer.status;

let registry, admin, robot;
before(async () => {
  registry = await startRegistry();
  admin = await found(registry, "acme");
  robot = await make("robot", [grants({ keys: "crud" })]);
});
after(() => registry?.stop());

const make = (name, roles) => admin.expect(201, "POST", "/v1/keys", form(name, roles));

test("an operator signs in with a key of his own instead of his password, and with his app all the same", async () => {
  const email = "keyed@acme.example";
  const { id, invitation } = await admin.expect(201, "POST", "/v1/operators", { email, role: "key-manager", mayGrant: EVERYTHING });
  const one = await enrol(registry, { organisation: "acme", email, invitation });
  await one.signIn();
  const key = await one.expect(201, "POST", "/v1/keys", form("mine to sign in", [grants({ session: "c" })]));
  const signIn = (code, by = key) => as(registry, by).ask("POST", "/v1/session", { body: { code } });
  assert.equal(code(await signIn("000000")), "sign_in_failed");
  const shown = totp(one.secret);
  const answer = await signIn(shown);
  assert.deepEqual([answer.status, answer.json], [200, { organisation: "acme", email }]);
  const cookie = answer.headers["set-cookie"][0].split(";")[0];
  assert.equal((await registry.ask("GET", "/v1/session", { cookie })).json.email, email);
  // Each code is good once, and so is each request.
  assert.equal(code(await signIn(shown)), "sign_in_failed");
  const request = signed(key, "POST", "/v1/session", { body: { code: one.recoveryCodes.pop() } });
  assert.deepEqual([code(await registry.ask(...request)), code(await registry.ask(...request))], [200, "replayed"]);
  assert.equal(code(await signIn(one.recoveryCodes.pop(), robot)), "permission_denied");
  // It opens no session but its maker's, and its secret is nobody else's.
  const path = `/v1/keys/${key.keyId}`;
  for (const who of [admin, as(registry, robot)]) assert.equal(code(await who.ask("POST", `${path}/rotate`, { body: {} })), "beyond_may_grant");
  const given = await as(registry, await make("giver", [grants({ keys: "crud", session: "c" })])).ask("POST", "/v1/keys", { body: form("given", [grants({ session: "c" })]) });
  assert.equal(code(await signIn(one.recoveryCodes.pop(), given.json)), "sign_in_failed");
  await admin.expect(200, "PATCH", `/v1/operators/${id}`, { disabled: true });
  assert.equal(code(await signIn(one.recoveryCodes.pop())), "sign_in_failed");
  await admin.expect(200, "PATCH", `/v1/operators/${id}`, { disabled: false });
  assert.equal(code(await signIn(one.recoveryCodes.pop())), 200);
  await admin.expect(200, "POST", `${path}/disable`);
  assert.equal(code(await signIn(one.recoveryCodes.pop())), "key_disabled");
});

test("who is signed in with a key is out when the key is taken away or has another secret", async () => {
  const email = "lost@acme.example";
  const { invitation } = await admin.expect(201, "POST", "/v1/operators", { email, role: "key-manager", mayGrant: EVERYTHING });
  const one = await enrol(registry, { organisation: "acme", email, invitation });
  await one.signIn();
  const whoAmI = async (cookie) => code(await registry.ask("GET", "/v1/session", { cookie }));
  const signedIn = async (key) => {
    const answer = await as(registry, key).ask("POST", "/v1/session", { body: { code: one.recoveryCodes.pop() } });
    return answer.headers["set-cookie"][0].split(";")[0];
  };
  const key = await one.expect(201, "POST", "/v1/keys", form("lost to sign in", [grants({ session: "c" })]));
  const path = `/v1/keys/${key.keyId}`;
  const [first, other] = [await signedIn(key), await signedIn(key)];
  await one.expect(200, "PATCH", path, { memo: "seen" }, { "if-match": '"1"' });
  assert.equal(await whoAmI(first), 200, "another memo changes nothing");
  await admin.expect(200, "POST", `${path}/disable`);
  for (const cookie of [first, other]) assert.equal(await whoAmI(cookie), "unauthenticated");
  await one.signIn();
  await one.expect(200, "POST", `${path}/enable`);
  const stolen = await signedIn(key);
  await one.expect(200, "POST", `${path}/rotate`, {});
  assert.equal(await whoAmI(stolen), "unauthenticated");
});
