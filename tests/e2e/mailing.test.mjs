// How mails leave: through the `send_email` binding (a double of it), as a form to an API that takes forms, by no way at all, and no more than a day may have.
import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";

import { eventually } from "../support/eventually.js";
import { aDayAhead, confirm, mails, MAIL, MAIL_API, tokenOf } from "../support/mails.js";
import { found } from "../support/operator.js";
import { startReceiver } from "../support/receiver.js";
import { startRegistry } from "../support/registry.js";

const DAY_S = 24 * 60 * 60;
const KEY = { kind: "basic", environment: "production", roles: [{ role: "read-only", accounts: "all" }] };
const TO = "mailed@firm.example";

let receiver, registry, admin;
async function start(mail) {
  receiver = await startReceiver();
  registry = await startRegistry({ receiver, settings: mail === undefined ? {} : { mail } });
  admin = await found(registry, "acme");
}
async function stop() {
  await registry?.stop();
  await receiver?.stop();
  registry = receiver = undefined;
}
after(stop);

const make = (name, owners = [TO]) => admin.expect(201, "POST", "/v1/keys", { ...KEY, name, owners });
const deliveries = async (query) => (await admin.expect(200, "GET", `/v1/deliveries?limit=200&${query}`)).items;

test("the binding: the mail as it is, and the field by which a repeat is known", async () => {
  await start({ from: "keyward@firm.example", fromName: "Keyward of Firm" });
  const sent = () => receiver.to("send-email.example").map((one) => JSON.parse(one.text));
  let failures = 1;
  receiver.answer = (response) => response.writeHead(failures-- > 0 ? 500 : 200).end();
  const key = await make("by the binding");
  await eventually(() => sent().length === 2, "asked, and asked again when the binding failed");
  const [one, other] = sent();
  assert.deepEqual(one, other);
  const token = tokenOf({ content: one });
  assert.equal((await registry.ask("POST", "/v1/owners/confirmation", { body: { token } })).status, 204);
  await eventually(() => sent().length === 3, "made");
  const [, , mail] = sent();
  assert.deepEqual(mail.from, { name: "Keyward of Firm", email: "keyward@firm.example" });
  assert.deepEqual(mail.to, [TO]);
  assert.equal(mail.subject, `[acme] New API key ${key.keyId}`);
  assert.match(mail.html, /^<!doctype html>/);
  const [delivery] = await deliveries(`key=${key.keyId}&state=sent`);
  const { "List-Unsubscribe": unsubscribe, ...fields } = mail.headers;
  assert.deepEqual(fields, {
    "X-Keyward-Event": "key.created", "X-Keyward-Notice": delivery.id, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
  });
  assert.ok(mail.text.includes(unsubscribe.slice(1, -1)));
  await stop();
});

test("a form: what the mail says is in its fields, whatever it says", async () => {
  const form = {
    from: "${fromName} <${from}>", to: "${to}", subject: "${subject}", text: "${text}", html: "${html}",
    "h:Message-Id": "${messageId}", "h:List-Unsubscribe": "<${unsubscribe}>", "o:tag": "a&b=c+d",
  };
  await start({ ...MAIL, http: { url: MAIL.http.url, form } });
  const sent = () => receiver.to(MAIL_API).map(({ text, headers }) => ({ type: headers["content-type"], fields: new URLSearchParams(text) }));
  const key = await make("R&D + 50 caf\u00e9s", ["r+d&x@firm.example"]);
  await eventually(() => sent().length === 1, "asked");
  const token = tokenOf({ content: { text: sent()[0].fields.get("text") } });
  assert.equal((await registry.ask("POST", "/v1/owners/confirmation", { body: { token } })).status, 204);
  await eventually(() => sent().length === 2, "made");
  const { type, fields } = sent()[1];
  assert.equal(type, "application/x-www-form-urlencoded");
  assert.deepEqual([...fields.keys()].sort(), Object.keys(form).sort());
  assert.equal(fields.get("from"), "Keyward <keyward@firm.example>");
  assert.equal(fields.get("to"), "r+d&x@firm.example");
  assert.equal(fields.get("subject"), `[acme] New API key ${key.keyId}`);
  assert.equal(fields.get("o:tag"), "a&b=c+d");
  assert.ok(fields.get("text").includes("R&D + 50 caf\u00e9s"), fields.get("text"));
  assert.match(fields.get("html"), /^<!doctype html>/);
  const [delivery] = await deliveries(`key=${key.keyId}&state=sent`);
  assert.equal(fields.get("h:Message-Id"), `<${delivery.id}@firm.example>`);
  assert.ok(fields.get("text").includes(fields.get("h:List-Unsubscribe").slice(1, -1)));
  await stop();
});

test("no way: it waits, is shown so, and nobody is called", async () => {
  await start();
  const key = await make("by no way");
  await eventually(async () => (await deliveries(`key=${key.keyId}`)).some((one) => one.waitsFor === "channel"), "it waits for a way");
  assert.equal(receiver.received.length, 0);
  assert.equal((await deliveries("state=sending")).length, 0);
  await stop();
});

test("no way, and then one: what waited for it is sent", async () => {
  await start();
  const key = await make("before there is a way");
  const waits = async () => (await deliveries(`key=${key.keyId}`)).filter((one) => one.waitsFor === "channel");
  await eventually(async () => (await waits()).length === 1, "it waits for a way");
  await registry.restart({ settings: { mail: MAIL } });
  await registry.ask("GET", "/v1/session", { cookie: admin.cookie });
  await confirm(registry, receiver, TO, eventually);
  await eventually(() => mails(receiver, TO).length === 2, "it is sent");
  assert.equal(mails(receiver, TO)[1].subject, `[acme] New API key ${key.keyId}`);
  assert.equal((await waits()).length, 0);
  await stop();
});

describe("a day's mails", () => {
  beforeEach(() => aDayAhead(eventually));

  test("have an end, of which the last tenth is for what is urgent; the rest waits until tomorrow", async () => {
    await start({ ...MAIL, dailyMax: 10 });
    const first = await make("first");
    await confirm(registry, receiver, TO, eventually);
    for (let count = 0; count < 10; count++) await make(`many ${count}`);
    const waiting = () => deliveries(`recipient=${TO}&state=waiting`).then((all) => all.filter((one) => one.waitsFor === "tomorrow"));
    await eventually(async () => (await waiting()).length === 3, "three are over");
    assert.equal(mails(receiver).length, 9);
    await admin.expect(200, "DELETE", `/v1/keys/${first.keyId}`);
    await eventually(() => mails(receiver).length === 10, "the removal is sent");
    assert.equal(mails(receiver).at(-1).subject, `[acme] API key ${first.keyId} was removed`);
    // Settled, too: what a crash cuts off is sent again.
    await eventually(async () => (await deliveries("state=sent")).length === 10, "it is settled");
    for (const one of await waiting()) assert.equal(one.dueAt % DAY_S, 0);
    await registry.restart({ aheadS: DAY_S });
    await registry.ask("GET", "/v1/session", { cookie: admin.cookie });
    await eventually(() => mails(receiver).length === 13, "the next day");
    await stop();
  });

  test("are not used up by a binding that does not take them", async () => {
    await start({ from: MAIL.from, dailyMax: 2 });
    const asked = () => receiver.to("send-email.example").filter((one) => tokenOf({ content: JSON.parse(one.text) }));
    let failures = 3;
    receiver.answer = (response) => response.writeHead(failures-- > 0 ? 500 : 200).end();
    for (const name of ["one", "other", "third"]) await make(name, [`${name}@firm.example`]);
    const questions = async (query) => (await deliveries(query)).filter((one) => one.event === "owner.asked");
    await eventually(async () => (await questions("state=sent")).length === 2, "two are sent");
    await eventually(async () => (await questions("state=waiting")).some((one) => one.waitsFor === "tomorrow"), "the third is over");
    assert.equal(asked().length, 5);
    await stop();
  });

  test("are not used up by an API that does not take them", async () => {
    await start({ ...MAIL, dailyMax: 4 });
    await make("asking");
    await confirm(registry, receiver, TO, eventually);
    await eventually(() => mails(receiver).length === 2, "asked, and told");
    let failures = 6;
    receiver.answer = (response) => response.writeHead(failures-- > 0 ? 503 : 200).end();
    const made = [await make("one"), await make("other")];
    // Settled, too: a call that a crash cuts off counts, since its mail may have been sent.
    const failed = async () => (await deliveries("state=waiting")).filter((one) => one.status === 503 && one.failures === 2);
    await eventually(async () => (await failed()).length === 2, "both have failed twice");
    failures = 0;
    await registry.restart({ aheadS: 10 * 60 });
    await registry.ask("GET", "/v1/session", { cookie: admin.cookie });
    await eventually(async () => (await deliveries("state=sent")).length === 4, "both are sent");
    assert.equal(new Set(mails(receiver).map((mail) => mail.subject)).size, 2 + made.length);
    await stop();
  });
});
