// An owner takes his yes back, with the link of any mail: by a page, or by his mail program alone. After that he gets nothing,
// and whoever manages the keys sees why.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { eventually } from "../support/eventually.js";
import { linkOf, tokenOf } from "../support/mails.js";
import { found } from "../support/operator.js";
import { startReached } from "../support/reached.js";

const DAY_S = 24 * 60 * 60;

let reached, receiver, registry, admin, make, deliveries, owner, mails, confirm;
before(async () => {
  reached = await startReached();
  ({ receiver, registry, admin, make, deliveries, owner, mails, confirm } = reached);
});
after(() => reached?.stop());
beforeEach(() => receiver.reset());

const FORM = "application/x-www-form-urlencoded";
/** What a mail program does, which is no page and has no cookie. */
const click = (path, text = "List-Unsubscribe=One-Click", type = FORM) =>
  registry.ask("POST", path, { text, headers: { "content-type": type, origin: null } });
const show = (key) => admin.expect(200, "GET", `/v1/keys/${key.keyId}`);
const log = async (address, filter = "subject") => {
  const text = await admin.expect(200, "GET", `/v1/audit?limit=1000&${filter}=${address}`);
  return text.trim().split("\n").filter(Boolean).map((line) => JSON.parse(line));
};
/** The link of the last mail to an address. */
const link = (to) => linkOf(mails(to).at(-1));
/** An owner who has a key, said yes, and then no; with the key, and the path of his link. */
async function declined(address) {
  const to = await owner(address);
  const key = await make(`told ${address}`, [to]);
  await eventually(() => mails(to).length === 1, "he is told");
  const path = link(to);
  assert.equal((await click(path)).status, 204);
  receiver.received = [];
  return { to, key, path };
}

describe("a link", () => {
  test("is in every mail, for people and for their programs", async () => {
    const to = "linked@firm.example";
    await make("linked", [to]);
    await confirm(to);
    await eventually(() => mails(to).length === 2, "the question, and what waited for its answer");
    for (const mail of mails(to)) {
      const url = mail.headers["List-Unsubscribe"].match(/^<(http:\/\/admin\.example\/owners\/notices\/acme\/[\w.~-]+)>$/)[1];
      assert.equal(mail.headers["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
      assert.ok(mail.content.text.includes(`\n${url}\n`) && mail.content.html.includes(`href="${url}"`));
      assert.ok(!url.includes("linked") && !url.includes("firm"), "it does not say whose it is");
      assert.ok(url.length < 200);
    }
  });

  test("does nothing when it is opened, and when it is clicked what it says, however often", async () => {
    const to = await owner("clicks@firm.example");
    const webhook = await reached.webhook("told.example", { events: ["owner.declined"] });
    const key = await make("clicked", [to]);
    await eventually(() => mails(to).length === 1, "he is told");
    const path = link(to);
    const page = await registry.ask("GET", path);
    assert.deepEqual([page.status, page.headers["content-type"]], [200, "text/html; charset=utf-8"]);
    assert.equal((await registry.ask("HEAD", path)).status, 405);
    assert.equal((await log(to)).at(-1).action, "owner.confirmed");
    assert.equal(page.text, (await registry.ask("GET", "/owners/notices/acme/nobody")).text, "the page says nothing of the link");

    assert.equal((await registry.ask("GET", "/owners/notices/No.Name/x")).status, 404);

    for (let times = 0; times < 2; times++) {
      const answer = await click(path);
      assert.deepEqual([answer.status, answer.text], [204, ""]);
    }
    const form = '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n';
    assert.equal((await click(path, form, "multipart/form-data; boundary=b")).status, 204);
    const entries = (await log(to)).filter(({ action }) => action === "owner.declined");
    // What an owner did is what is about him, however his address is written.
    for (const filter of ["subject", "by"]) assert.deepEqual((await log(to.toUpperCase(), filter)).at(-1), entries[0]);
    assert.deepEqual(entries.map(({ by }) => by), [{ owner: { email: to } }]);
    await eventually(() => receiver.to("told.example").length === 1, "the webhook is told");
    assert.deepEqual(JSON.parse(receiver.to("told.example")[0].text).data, { organisation: "acme", owner: to });

    await admin.expect(200, "DELETE", `/v1/keys/${key.keyId}`);
    const removal = async () => (await deliveries(`key=${key.keyId}`)).find(({ event }) => event === "key.removed");
    await eventually(async () => (await removal())?.waitsFor === "declined", "the delivery says why it is not sent");
    assert.equal((await removal()).state, "waiting");
    assert.equal(mails(to).length, 1);
    await reached.removeWebhook(webhook);
  });

  test("that is nobody's, another organisation's or over has one answer", async () => {
    const to = await owner("strange@firm.example");
    await make("strange", [to]);
    await eventually(() => mails(to).length === 1, "he is told");
    const path = link(to);
    await found(registry, "foreign");
    const [id, until, ring, mac] = path.split("/").at(-1).split(".");
    const of = (...parts) => `/owners/notices/acme/${parts.join(".")}`;
    const flipped = (text) => (text[0] === "A" ? "B" : "A") + text.slice(1);
    const answers = [];
    for (const wrong of [
      of(flipped(id), until, ring, mac), of(id, Number(until) + 1, ring, mac), of(id, until, ring, flipped(mac)), of(id, until, "o2", mac),
      of(id, `0${until}`, ring, mac), of(id, until, ring, mac, ""), of(id, until, ring), of("x"),
      path.replace("/acme/", "/foreign/"), path.replace("/acme/", "/nobody/"),
    ]) {
      const answer = await click(wrong);
      answers.push(answer.text);
      assert.equal(answer.status, 404, wrong);
    }
    assert.equal(new Set(answers).size, 1);
    await registry.restart({ aheadS: 91 * DAY_S });
    const over = await click(path);
    assert.deepEqual([over.status, over.text], [404, answers[0]]);
    await registry.restart({ aheadS: 0 });
    assert.ok(!(await log(to)).some(({ action }) => action === "owner.declined"));
    assert.equal((await click(path)).status, 204, "it was good until then");
  });

  test("takes the click and nothing else", async () => {
    const path = "/owners/notices/acme/nobody";
    assert.equal((await click(path, "")).json.code, "malformed");
    assert.equal((await click(path, "Unsubscribe=please")).json.code, "malformed");
    assert.equal((await click(path, "{}", "application/json")).json.code, "unsupported_media_type");
    assert.equal((await click(path, `List-Unsubscribe=One-Click&x=${"x".repeat(1024)}`)).json.code, "content_too_large");
    assert.equal((await registry.ask("POST", "/v1/owners/confirmation", { text: "token=x", headers: { "content-type": FORM } })).json.code, "unsupported_media_type");
  });
});

describe("an owner who said no", () => {
  test("is shown at his keys, and where no owner is left that is, too", async () => {
    const { to, key } = await declined("gone@firm.example");
    const other = await owner("still@firm.example");
    assert.deepEqual([(await show(key)).ownersDeclined, (await show(key)).unheard], [[to], true]);
    const shared = await make("shared", ["GONE@firm.example", other]);
    assert.deepEqual([shared.ownersDeclined, shared.unheard], [["GONE@firm.example"], false]);
    const { items } = await admin.expect(200, "GET", "/v1/keys?search=gone@firm.example");
    const unheard = (one) => items.find(({ keyId }) => keyId === one.keyId).unheard;
    assert.deepEqual([unheard(shared), unheard(key)], [false, true]);
    const none = await make("nobody's");
    assert.deepEqual([none.ownersDeclined, none.unheard], [[], false], "who named no owner knows that");
    await eventually(() => mails(other).length === 1, "the other one is told");
    assert.equal(mails("GONE@firm.example").length + mails(to).length, 0);
  });

  test("can do so before he ever said yes, and is asked no more", async () => {
    const to = "never@firm.example";
    const key = await make("never", [to]);
    await eventually(() => mails(to).length === 1, "he is asked");
    const question = tokenOf(mails(to)[0]);
    assert.equal((await click(link(to))).status, 204);
    const [waits] = await deliveries(`key=${key.keyId}&recipient=${to}`).then((all) => all.filter(({ event }) => event === "key.created"));
    assert.equal(waits.waitsFor, "declined");
    // The question was answered: its link is not good any more.
    assert.equal((await registry.ask("POST", "/v1/owners/confirmation", { body: { token: question } })).status, 404);
    await registry.restart({ aheadS: 8 * DAY_S });
    await admin.signIn();
    const next = await make("never again", [to]);
    await eventually(async () => (await deliveries(`key=${next.keyId}`)).some(({ waitsFor }) => waitsFor === "declined"), "it is decided");
    assert.equal(mails(to).length, 1);
    await registry.restart({ aheadS: 0 });
  });

  test("is asked again when an operator wants that, as often as owners are asked at all", async () => {
    const { to, key, path } = await declined("again@firm.example");
    const ask = (address = to) => admin.ask("POST", "/v1/owners/question", { body: { owner: address } });
    const soon = await ask();
    assert.deepEqual([soon.status, soon.json.code], [409, "conflict"]);
    const from = Number(soon.json.detail.match(/again from (\d+)/)[1]);
    assert.ok(Math.abs(from - Date.now() / 1000 - 7 * DAY_S) < 120, soon.json.detail);
    assert.equal((await ask("stranger@firm.example")).status, 404);
    assert.equal((await ask("no address")).json.errors[0].field, "owner");

    await registry.restart({ aheadS: 7 * DAY_S + 60 });
    await admin.signIn();
    assert.equal((await ask(to.toUpperCase())).status, 204);
    await eventually(() => mails(to).length === 1, "he is asked");
    assert.equal((await ask()).status, 409, "once");
    assert.equal((await show(key)).unheard, true, "and has said nothing yet");
    const removed = await admin.expect(200, "DELETE", `/v1/keys/${key.keyId}`);
    assert.equal(removed.unheard, true);
    await confirm(to);
    await eventually(() => mails(to).length === 2, "what waited for his word is sent");
    assert.equal(mails(to)[1].subject, `[acme] API key ${key.keyId} was removed`);
    assert.equal((await show(key)).unheard, false);
    const said = await ask();
    assert.deepEqual([said.status, said.json.detail], [409, "the owner has said yes"]);
    assert.deepEqual((await log(to)).map(({ action }) => action), ["owner.confirmed", "owner.declined", "owner.asked", "owner.confirmed"]);
    // An old link is as good as a new one.
    assert.equal((await click(path)).status, 204);
    assert.equal((await show(key)).unheard, true);
    await registry.restart({ aheadS: 0 });
  });
});
