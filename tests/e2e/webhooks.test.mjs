// Webhooks: where they may go, what they are sent, verified by the library that receivers use, and what becomes of those
// that do not work.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { Webhook } from "standardwebhooks";

import { inObjects } from "../support/ageing.js";
import { eventually } from "../support/eventually.js";
import { enrol } from "../support/operator.js";
import { startReached } from "../support/reached.js";
import { ADMIN } from "../support/registry.js";

let reached, receiver, registry, admin, make, deliveries, mails, confirm, hook, edit, remove;
before(async () => {
  reached = await startReached({ settings: { apiAuthorities: ["api.example:8443"] } });
  ({ receiver, registry, admin, make, deliveries, mails, confirm, webhook: hook, editWebhook: edit, removeWebhook: remove } = reached);
});
after(() => reached?.stop());
beforeEach(() => receiver.reset());

const read = (secret) => (one) => new Webhook(secret).verify(one.text, one.headers);

describe("a webhook", () => {
  test("is told of keys, signed so that its receiver's library takes it", async () => {
    const webhook = await hook("hooks.example");
    assert.match(webhook.secret, /^whsec_/);
    const key = await make("told");
    await admin.expect(200, "POST", `/v1/keys/${key.keyId}/rotate`, {});
    await admin.expect(200, "DELETE", `/v1/keys/${key.keyId}`);
    // Hourly, and whenever that is, the head of the audit log comes, too.
    const told = () => receiver.to("hooks.example").filter((one) => read(webhook.secret)(one).type !== "audit.head");
    await eventually(() => told().length === 3, "three events");
    const sent = told();
    const events = sent.map(read(webhook.secret));
    assert.deepEqual(events.map((event) => event.type).sort(), ["key.created", "key.removed", "key.rotated"]);
    const created = events.find((event) => event.type === "key.created");
    assert.deepEqual(created.data, {
      organisation: "acme", keyId: key.keyId, name: "told", kind: "basic", environment: "production", expiresAt: key.expiresAt,
    });
    assert.equal(new Set(sent.map((one) => one.headers["webhook-id"])).size, 3);
    assert.equal(sent[0].url, "https://hooks.example/in?token=t0ken");
    for (const one of sent) assert.ok(!one.text.includes(key.secret));
    const later = await hook("later.example");
    await remove(webhook);
    const last = await make("told nobody else");
    await eventually(() => receiver.to("later.example").length === 1, "another one is told");
    assert.deepEqual((await deliveries(`key=${last.keyId}`)).map((one) => one.recipient), [later.id]);
    assert.equal(told().length, 3);
    await remove(later);
  });

  test("is told what it asked for, and can be tried", async () => {
    const webhook = await hook("some.example", { events: ["key.removed"] });
    const key = await make("removed only");
    const { delivery } = await admin.expect(202, "POST", `/v1/webhooks/${webhook.id}/test`);
    await eventually(() => receiver.to("some.example").length === 1, "the trial");
    assert.equal(receiver.to("some.example")[0].headers["webhook-id"], delivery);
    assert.deepEqual(read(webhook.secret)(receiver.to("some.example")[0]).data, { organisation: "acme", webhook: webhook.id });
    await admin.expect(200, "DELETE", `/v1/keys/${key.keyId}`);
    await eventually(() => receiver.to("some.example").length === 2, "the removal");
    assert.equal(read(webhook.secret)(receiver.to("some.example")[1]).type, "key.removed");
    await eventually(async () => (await deliveries(`webhook=${webhook.id}&state=sent`)).length === 2, "both are settled");
    await remove(webhook);
  });

  test("has two secrets while they are rotated", async () => {
    const webhook = await hook("rotating.example", { events: ["webhook.tested", "key.removed"] });
    const rotated = await admin.expect(200, "POST", `/v1/webhooks/${webhook.id}/rotate`, { oldUntil: Math.floor(Date.now() / 1000) + 3600 });
    assert.notEqual(rotated.secret, webhook.secret);
    const oldSecretUntil = async () => (await admin.expect(200, "GET", `/v1/webhooks/${webhook.id}`)).oldSecretUntil;
    const trial = async (count) => {
      await admin.expect(202, "POST", `/v1/webhooks/${webhook.id}/test`);
      // Settled, too: what a crash cuts off is sent again.
      await eventually(async () => (await deliveries(`webhook=${webhook.id}&state=sent`)).length === count, "the trial");
      assert.equal(receiver.to("rotating.example").length, count);
      return receiver.to("rotating.example").at(-1);
    };
    const both = await trial(1);
    for (const { secret } of [webhook, rotated]) assert.equal(read(secret)(both).type, "webhook.tested");
    assert.notEqual(await oldSecretUntil(), null);
    await registry.kill();
    await inObjects(registry, "organisation", "webhooks", ["UPDATE webhooks SET old_until_s = old_until_s - 3600"]);
    await registry.restart();
    assert.equal(await oldSecretUntil(), null);
    const one = await trial(2);
    assert.equal(read(rotated.secret)(one).type, "webhook.tested");
    assert.throws(() => read(webhook.secret)(one));
    await remove(webhook);
  });

  test("has no third secret: who rotates during a rotation is told until when it lasts, and can end it", async () => {
    const webhook = await hook("twice.example", { events: ["webhook.tested"] });
    const path = `/v1/webhooks/${webhook.id}`;
    const first = await admin.expect(200, "POST", `${path}/rotate`, {});
    const refused = await admin.ask("POST", `${path}/rotate`, { body: {} });
    assert.deepEqual([refused.status, refused.json.code], [409, "conflict"]);
    assert.ok(refused.json.detail.includes(`until ${first.oldSecretUntil}`), refused.json.detail);
    await admin.expect(202, "POST", `${path}/test`);
    await eventually(() => receiver.to("twice.example").length === 1, "the trial");
    for (const { secret } of [webhook, first]) read(secret)(receiver.to("twice.example")[0]);

    assert.equal((await admin.expect(200, "POST", `${path}/end-rotation`)).oldSecretUntil, null);
    const second = await admin.expect(200, "POST", `${path}/rotate`, {});
    await admin.expect(202, "POST", `${path}/test`);
    await eventually(() => receiver.to("twice.example").length === 2, "the trial");
    const last = receiver.to("twice.example")[1];
    for (const { secret } of [first, second]) read(secret)(last);
    assert.throws(() => read(webhook.secret)(last));
    const log = await admin.expect(200, "GET", `/v1/audit?limit=1000&subject=${webhook.id}`);
    const actions = log.trim().split("\n").map((line) => JSON.parse(line).action).filter((action) => action !== "webhook.tested");
    assert.deepEqual(actions, ["webhook.created", "webhook.rotated", "webhook.rotation_ended", "webhook.rotated"]);

    // A key does the same.
    const key = await make("rotated twice");
    const rotate = () => admin.ask("POST", `/v1/keys/${key.keyId}/rotate`, { body: { oldUntil: first.oldSecretUntil } });
    assert.equal((await rotate()).status, 200);
    const again = await rotate();
    assert.deepEqual([again.status, again.json.detail], [409, refused.json.detail]);
    await remove(webhook);
  });

  test("is changed by who has seen its present state", async () => {
    const { json: webhook, headers: made } = await admin.ask("POST", "/v1/webhooks", { body: { url: "https://seen.example/in" } });
    const path = `/v1/webhooks/${webhook.id}`;
    const shown = await admin.ask("GET", path);
    assert.match(made.etag, /^"\d+"$/);
    assert.equal(shown.headers.etag, made.etag);
    const change = (method, suffix, body, etag) => admin.ask(method, path + suffix, { body, headers: etag && { "if-match": etag } });
    const unsaid = await change("PATCH", "", { disabled: true });
    assert.deepEqual([unsaid.status, unsaid.json.code], [428, "precondition_required"]);
    const edited = await change("PATCH", "", { events: ["key.removed"] }, made.etag);
    assert.equal(edited.status, 200);
    assert.notEqual(edited.headers.etag, made.etag);
    // What somebody else has decided meanwhile is not undone by who does not know of it.
    for (const [method, suffix, body] of [["PATCH", "", { disabled: true }], ["POST", "/rotate", {}], ["POST", "/end-rotation"], ["DELETE", ""]]) {
      const refused = await change(method, suffix, body, made.etag);
      assert.deepEqual([refused.status, refused.json.code], [412, "precondition_failed"], `${method} ${suffix}`);
    }
    const same = await change("PATCH", "", { events: ["key.removed"] }, edited.headers.etag);
    assert.equal(same.headers.etag, edited.headers.etag, "what changes nothing is no other state");
    const rotated = await change("POST", "/rotate", {}, same.headers.etag);
    assert.equal(rotated.status, 200);
    // That it is called, and how that went, is nobody's decision.
    await admin.expect(202, "POST", `${path}/test`);
    await eventually(() => receiver.to("seen.example").length === 1, "it is called");
    await eventually(async () => (await admin.expect(200, "GET", path)).deliveredAt !== null, "that is noted");
    assert.equal((await change("DELETE", "", undefined, rotated.headers.etag)).status, 204);
  });

  test("goes where it may go", async () => {
    for (const url of [
      "http://hooks.example/", "https://hooks/", "https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://u@hooks.example/",
      "https://hooks.local/", `https://${ADMIN}/`, `https://${ADMIN.toUpperCase()}:8443/v1`, "https://api.example/", "https://hooks.example/#x", "",
    ]) {
      const refused = await admin.ask("POST", "/v1/webhooks", { body: { url } });
      assert.deepEqual([refused.status, refused.json.errors[0].field], [422, "url"], url);
    }
    for (const events of [[], ["key.edited"]]) {
      const refused = await admin.ask("POST", "/v1/webhooks", { body: { url: "https://hooks.example/", events } });
      assert.equal(refused.status, 422);
    }
    assert.equal((await admin.ask("POST", "/v1/webhooks", { body: { url: "https://hooks.example/", events: ["key.nothing"] } })).status, 400);
    for (const [method, path] of [["GET", ""], ["PATCH", ""], ["DELETE", ""], ["POST", "/test"], ["POST", "/rotate"], ["POST", "/end-rotation"]]) {
      const body = method === "GET" || method === "DELETE" ? undefined : {};
      assert.equal((await admin.ask(method, `/v1/webhooks/wh_nothing${path}`, { body })).status, 404, `${method} ${path}`);
    }
  });

  test("keeps what lets callers in for those who may change it", async () => {
    const webhook = await hook("secretive.example");
    const invited = await admin.expect(201, "POST", "/v1/operators", {
      email: "auditor@acme.example", role: "auditor", mayGrant: { roles: [], apis: [], environments: [], accounts: [], lifeDaysMax: 1 },
    });
    const auditor = await enrol(registry, { organisation: "acme", email: "auditor@acme.example", invitation: invited.invitation });
    await auditor.signIn();
    const seen = await auditor.expect(200, "GET", `/v1/webhooks/${webhook.id}`);
    assert.deepEqual([seen.url, seen.host, seen.secret], [null, "secretive.example", undefined]);
    assert.equal((await auditor.ask("POST", `/v1/webhooks/${webhook.id}/test`)).status, 403);
    const log = await admin.expect(200, "GET", "/v1/audit?limit=1000");
    for (const text of [log, JSON.stringify(await deliveries("limit=200")), registry.logs.join("\n")]) {
      assert.ok(!text.includes("t0ken") && !text.includes(webhook.secret));
    }
    await remove(webhook);
  });

  test("redirects: nobody follows, and it is tried again under the same id", async () => {
    const webhook = await hook("redirecting.example");
    receiver.answer = (response) => response.writeHead(302, { location: "https://elsewhere.example/" }).end();
    await admin.expect(202, "POST", `/v1/webhooks/${webhook.id}/test`);
    await eventually(() => receiver.to("redirecting.example").length === 1, "it is called");
    receiver.answer = (response) => response.writeHead(204).end();
    await eventually(() => receiver.to("redirecting.example").length === 2, "it is called again");
    const [one, other] = receiver.to("redirecting.example");
    assert.equal(one.headers["webhook-id"], other.headers["webhook-id"]);
    assert.equal(one.text, other.text);
    assert.equal(receiver.to("elsewhere.example").length, 0);
    await remove(webhook);
  });

  test("that fails for three days is disabled, others and those who manage the organisation are told, and it can be enabled", async () => {
    const [webhook, other] = [await hook("failing.example"), await hook("watching.example", { events: ["webhook.disabled"] })];
    await admin.expect(202, "POST", `/v1/webhooks/${webhook.id}/test`);
    await eventually(async () => (await deliveries(`webhook=${webhook.id}&state=sent`)).length === 1, "it works");
    // Three days of failures but the last one.
    await registry.kill();
    await inObjects(registry, "organisation", "webhooks", [`UPDATE webhooks SET failures = 9 WHERE id = '${webhook.id}'`]);
    await registry.restart();
    receiver.answer = (response, { host }) => response.writeHead(host === "failing.example" ? 503 : 204).end();
    await admin.expect(202, "POST", `/v1/webhooks/${webhook.id}/test`);
    const shown = () => admin.expect(200, "GET", `/v1/webhooks/${webhook.id}`);
    await eventually(async () => (await shown()).disabled, "it is disabled");
    await eventually(() => receiver.to("watching.example").length === 1, "the other one is told");
    assert.deepEqual(read(other.secret)(receiver.to("watching.example")[0]).data, { organisation: "acme", webhook: webhook.id, status: 503 });
    await confirm(admin.email);
    await eventually(() => mails(admin.email).length === 2, "the firm-admin is told");
    const [, mail] = mails(admin.email);
    assert.equal(mail.subject, `[acme] Webhook ${webhook.id} was disabled`);
    assert.ok(!JSON.stringify(mail).includes("t0ken"));

    assert.equal((await admin.ask("POST", `/v1/webhooks/${webhook.id}/test`)).status, 409);
    const calls = receiver.to("failing.example").length;
    receiver.answer = (response) => response.writeHead(204).end();
    const enabled = await edit(webhook, { disabled: false });
    assert.deepEqual([enabled.disabled, enabled.failures], [false, 0]);
    await admin.expect(202, "POST", `/v1/webhooks/${webhook.id}/test`);
    await eventually(() => receiver.to("failing.example").length > calls, "it is called again");
    for (const one of [webhook, other]) await remove(one);
  });

  test("that answers 410 is disabled at once", async () => {
    const webhook = await hook("gone.example");
    receiver.answer = (response) => response.writeHead(410).end();
    await admin.expect(202, "POST", `/v1/webhooks/${webhook.id}/test`);
    await eventually(async () => (await admin.expect(200, "GET", `/v1/webhooks/${webhook.id}`)).disabled, "it is disabled");
    const [trial] = await deliveries(`webhook=${webhook.id}`);
    assert.deepEqual([trial.state, trial.status], ["givenUp", 410]);
    await remove(webhook);
  });
});

describe("a webhook that keeps its caller waiting", () => {
  test("holds up no mail, and no other webhook", async () => {
    const [slow, quick] = [await hook("slow.example", { events: ["webhook.tested"] }), await hook("quick.example", { events: ["webhook.tested"] })];
    const to = "beside@firm.example";
    await make("asks its owner", [to]);
    await confirm(to);
    await eventually(() => mails(to).length === 2, "its owner is told");
    const held = [];
    receiver.answer = (response, { host }) => (host === "slow.example" ? held.push(response) : response.writeHead(204).end());
    for (let times = 0; times < 4; times++) await admin.expect(202, "POST", `/v1/webhooks/${slow.id}/test`);
    await eventually(() => held.length > 0, "it is called");
    const begun = performance.now();
    await admin.expect(202, "POST", `/v1/webhooks/${quick.id}/test`);
    await make("in the meantime", [to]);
    await eventually(() => mails(to).length === 3, "the mail is sent");
    assert.ok(!held[0].destroyed, "while it was still waited for");
    // So long that it is left alone for a while.
    await eventually(() => performance.now() - begun > 3_500, "it took its time");
    held[0].writeHead(204).end();
    await eventually(() => receiver.to("quick.example").length === 1, "the other one is called");
    assert.equal(held.length, 1);
    receiver.answer = (response) => response.writeHead(204).end();
    for (const one of [slow, quick]) await remove(one);
  });

  test("is tried ten times at once at most", async () => {
    const webhook = await hook("tried.example");
    const held = [];
    receiver.answer = (response) => held.push(response);
    const trial = () => admin.ask("POST", `/v1/webhooks/${webhook.id}/test`);
    for (let times = 0; times < 10; times++) assert.equal((await trial()).status, 202);
    assert.equal((await trial()).status, 409);
    for (const response of held) response.writeHead(204).end();
    receiver.answer = (response) => response.writeHead(204).end();
    await eventually(async () => (await trial()).status === 202, "one is over");
    await remove(webhook);
  });
});

test("a webhook that goes elsewhere now is called there at once, with what waited", async () => {
  const webhook = await hook("old.example");
  receiver.answer = (response, { host }) => response.writeHead(host === "old.example" ? 503 : 204).end();
  await admin.expect(202, "POST", `/v1/webhooks/${webhook.id}/test`);
  const failed = async () => (await deliveries(`webhook=${webhook.id}`))[0].failures > 0;
  await eventually(failed, "it failed");
  await registry.kill();
  const later = Math.floor(Date.now() / 1000) + 10 * 60 * 60;
  await inObjects(registry, "organisation", "webhooks", [
    `UPDATE webhooks SET try_at_s = ${later} WHERE id = '${webhook.id}'`,
    `UPDATE deliveries SET due_at_s = ${later}, try_at_s = ${later} WHERE recipient = '${webhook.id}'`,
  ]);
  await registry.restart();
  await edit(webhook, { url: "https://new.example/" });
  await eventually(() => receiver.to("new.example").length === 1, "it is called there");
  await remove(webhook);
});

test("a clock that was ahead keeps nothing back: no webhook, and no record", async () => {
  const AHEAD_S = 30 * 24 * 60 * 60;
  await registry.restart({ aheadS: AHEAD_S });
  await admin.signIn();
  const webhook = await hook("clock.example", { events: ["webhook.tested"] });
  const key = await make("made ahead of time");
  const record = async () => JSON.parse(Buffer.from((await registry.kv.get(`k/${key.keyId}`)).split(".")[2], "base64url"));
  await eventually(async () => (await registry.kv.get(`k/${key.keyId}`)) !== null, "it is published");
  receiver.answer = (response) => response.writeHead(503).end();
  await admin.expect(202, "POST", `/v1/webhooks/${webhook.id}/test`);
  const failed = async () => (await deliveries(`webhook=${webhook.id}`))[0].failures > 0;
  await eventually(failed, "it failed");
  receiver.reset();
  await registry.restart({ aheadS: 0 });
  await admin.expect(200, "DELETE", `/v1/keys/${key.keyId}`);
  await eventually(async () => (await record()).tombstone === true, "its removal is published");
  await eventually(() => receiver.to("clock.example").length === 1, "the webhook is called");
  await remove(webhook);
});

test("the head of the audit log is sent hourly, and goes with what is exported", async () => {
  const webhook = await hook("heads.example", { events: ["audit.head"] });
  await registry.kill();
  await inObjects(registry, "organisation", "organisation", ["UPDATE organisation SET head_at_s = head_at_s - 3600"]);
  await registry.restart();
  await make("in the log");
  await eventually(() => receiver.to("heads.example").length === 1, "the head");
  const { type, data } = read(webhook.secret)(receiver.to("heads.example")[0]);
  assert.equal(type, "audit.head");
  const said = (envelope) => JSON.parse(Buffer.from(envelope.split(".")[2], "base64url"));
  const { signed, ...head } = data;
  assert.deepEqual(said(signed), head);
  await eventually(async () => (await registry.kv.get("a/acme")) === signed, "KV has it, too");
  const log = await admin.ask("GET", "/v1/audit?limit=1000");
  const lines = log.text.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(lines[head.sequence - 1].hash, head.hash);
  const exported = said(log.headers["keyward-audit-head"]);
  assert.equal(lines[exported.sequence - 1].hash, exported.hash);
  assert.equal(exported.sequence, lines.length);
  await remove(webhook);
});

test("an organisation has ten webhooks at most", async () => {
  const there = (await admin.expect(200, "GET", "/v1/webhooks")).items.length;
  const made = [];
  for (let count = there; count < 10; count++) made.push(await hook(`number-${count}.example`));
  assert.equal((await admin.ask("POST", "/v1/webhooks", { body: { url: "https://one-more.example/" } })).status, 409);
  for (const webhook of made) await remove(webhook);
});
