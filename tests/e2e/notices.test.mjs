// Owners hear of their keys: each thing once, whatever crashes, fails or jumps meanwhile. The mail API is a double.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";

import { rowsOf } from "../support/ageing.js";
import { eventually } from "../support/eventually.js";
import { aDayAhead, tokenOf } from "../support/mails.js";
import { startReached } from "../support/reached.js";

const HOUR_S = 60 * 60;
const DAY_S = 24 * HOUR_S;
const ROUNDS = Number(process.env.KEYWARD_NOTICE_ROUNDS ?? 3);

let reached, receiver, registry, admin, make, deliveries, owner, confirm, mails;
before(async () => {
  reached = await startReached({ secrets: { mailHeaders: { Authorization: "Bearer of-the-mail-api" } } });
  ({ receiver, registry, admin, make, deliveries, owner, confirm, mails } = reached);
});
after(() => reached?.stop());
beforeEach(() => receiver.reset());

const subjects = (to) => mails(to).map((mail) => mail.subject);

/** The registry's clock is so many hours ahead from now on. What a crash cuts off would be sent again: nothing is. */
async function jump(hours) {
  await eventually(async () => (await deliveries("state=sending")).length === 0, "nothing is under way");
  await registry.restart({ aheadS: hours * HOUR_S });
  // Sessions end idle.
  if (hours > 0) assert.equal((await admin.signIn()).status, 200);
}

describe("an owner", () => {
  test("is asked once, and gets nothing else before he says that the address is his", async () => {
    const to = "Ada@firm.example";
    const key = await make("asked", [to]);
    await make("asked again", ["ada@FIRM.example"]);
    const waiting = async () => (await deliveries(`recipient=ada@firm.example&state=waiting&limit=200`)).filter((one) => one.waitsFor === "confirmation");
    await eventually(async () => (await waiting()).length === 2, "two wait for his word");
    await eventually(() => mails().length > 0, "he is asked");
    assert.deepEqual(mails().map((mail) => mail.subject), ["[acme] Is this your address?"]);
    const [asked] = mails();
    assert.equal(asked.fields.authorization, "Bearer of-the-mail-api");

    // Programs that look through mails open the page, and nothing happens.
    const page = await registry.ask("GET", "/owners/confirmation");
    assert.equal(page.status, 200);
    const policy = page.headers["content-security-policy"];
    assert.match(policy, /default-src 'none'/);
    for (const [, own] of page.text.matchAll(/<(?:style|script type="module")>([^]*?)<\//g)) {
      assert.ok(policy.includes(`'sha256-${createHash("sha256").update(own).digest("base64")}'`), "the page runs its own script alone");
    }
    for (const token of ["", "acme", "acme.", "acme.AAAA", "nobody.AAAA", `Acme.${tokenOf(asked).slice(5)}`]) {
      const refused = await registry.ask("POST", "/v1/owners/confirmation", { body: { token } });
      assert.equal(refused.status, 404, token);
    }
    assert.equal(mails().length, 1);

    const says = () => registry.ask("POST", "/v1/owners/confirmation", { body: { token: tokenOf(asked) } });
    assert.equal((await says()).status, 204);
    await eventually(() => mails().length === 3, "both are sent");
    assert.equal((await says()).status, 204);
    const [told] = mails(to).slice(1);
    assert.equal(told.subject, `[acme] New API key ${key.keyId}`);
    const log = await admin.expect(200, "GET", "/v1/audit?limit=1000&subject=ada@firm.example");
    const entries = log.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(entries.map((entry) => [entry.action, entry.by]), [["owner.confirmed", { owner: { email: "ada@firm.example" } }]]);
  });

  test("with many names for one mailbox is asked by three of them a day", async () => {
    await aDayAhead(eventually);
    const names = [1, 2, 3, 4, 5].map((name) => `pestered+${name}@firm.example`);
    await make("pestering", names);
    const asked = () => mails().filter((mail) => mail.to[0].startsWith("pestered+")).length;
    const waits = async () => (await deliveries("state=waiting&limit=200")).filter((one) => one.event === "owner.asked" && one.waitsFor === "tomorrow");
    await eventually(async () => asked() + (await waits()).length === names.length, "each is asked, or waits");
    assert.equal(asked(), 3);
    await make("nobody else's", ["pestered@other.example"]);
    await eventually(() => mails("pestered@other.example").length === 1, "another mailbox is asked");
  });

  test("hears of a key's whole life, and no secret", async () => {
    const to = await owner("life@firm.example");
    const key = await make("whole life", [to], { kind: "signed" });
    await eventually(() => mails(to).length === 1, "made");
    // A secret that was lost on its way, and another one instead: nobody uses the key yet.
    await admin.expect(200, "POST", `/v1/keys/${key.keyId}/secret`);
    const rotated = await admin.expect(200, "POST", `/v1/keys/${key.keyId}/rotate`, { oldUntil: Math.floor(Date.now() / 1000) + DAY_S });
    await eventually(() => mails(to).length === 2, "rotated");
    await admin.expect(200, "POST", `/v1/keys/${key.keyId}/end-rotation`);
    await admin.expect(200, "POST", `/v1/keys/${key.keyId}/disable`);
    await admin.expect(200, "DELETE", `/v1/keys/${key.keyId}`);
    await eventually(() => mails(to).length === 3, "removed");
    assert.deepEqual(subjects(to), [`[acme] New API key ${key.keyId}`, `[acme] New secret for API key ${key.keyId}`, `[acme] API key ${key.keyId} was removed`]);
    const ids = mails(to).map((mail) => mail.headers["Message-ID"]);
    for (const [index, mail] of mails(to).entries()) {
      assert.match(ids[index], /^<[\w-]{43}@firm\.example>$/);
      assert.equal(`<${mail.fields["idempotency-key"]}@firm.example>`, ids[index]);
      for (const secret of [key.secret, rotated.secret]) assert.ok(!JSON.stringify(mail).includes(secret));
    }
    assert.equal(new Set(ids).size, 3);
    // Mails have the names that the audit log, webhooks and the API have.
    assert.deepEqual(mails(to).map((mail) => mail.headers["X-Keyward-Event"]), ["key.created", "key.rotated", "key.removed"]);
    const states = (await deliveries(`key=${key.keyId}`)).map((one) => [one.event, one.state]);
    assert.deepEqual(states.sort(), [["key.created", "sent"], ["key.removed", "sent"], ["key.rotated", "sent"]]);
  });

  test("hears of the end as far as it lies ahead, and again when it is moved", async () => {
    const to = await owner("end@firm.example");
    const now_s = Math.floor(Date.now() / 1000);
    const hours = (count) => now_s + count * HOUR_S;
    const week = hours(2) + 7 * DAY_S;
    const key = await make("ends in a week", [to], { expiresAt: week });
    await eventually(() => mails(to).length === 1, "made");
    await jump(3);
    await eventually(() => mails(to).length === 2, "the week's notice");
    assert.equal(subjects(to)[1], `[acme] API key ${key.keyId} expires in 7 days`);
    const events = async () => (await deliveries(`key=${key.keyId}&recipient=${to}`)).map((one) => [one.event, one.state]);
    const passed = (await events()).filter(([event, state]) => event === "key.expires_soon" && state === "passed");
    assert.equal(passed.length, 2);
    const change = (body, etag) => admin.expect(200, "PATCH", `/v1/keys/${key.keyId}`, body, { "if-match": etag });
    const etag = async () => (await admin.ask("GET", `/v1/keys/${key.keyId}`)).headers.etag;
    await change({ expiresAt: hours(5) + 30 * DAY_S }, await etag());
    await jump(6);
    await eventually(() => mails(to).length === 3, "the month's notice");
    // Back to the first end: what was said of it is not said again.
    await change({ expiresAt: week }, await etag());
    const other = await owner("other-end@firm.example");
    await change({ owners: [other], expiresAt: hours(8) + 7 * DAY_S }, await etag());
    await jump(9);
    await eventually(() => mails(other).length === 1, "the new owner's notice");
    assert.equal(mails(to).length, 0);
    await jump(0);
  });

  test("who is not named any more gets nothing", async () => {
    const [to, next] = [await owner("before@firm.example"), await owner("after@firm.example")];
    const key = await make("handed over", [to]);
    await eventually(() => mails(to).length === 1, "made");
    await admin.expect(200, "PATCH", `/v1/keys/${key.keyId}`, { owners: [next] }, { "if-match": "\"1\"" });
    const waits = async (address) => (await deliveries(`key=${key.keyId}&recipient=${address}&state=waiting`)).length;
    assert.equal(await waits(to), 0);
    assert.equal(await waits(next), 4);
    await admin.expect(200, "DELETE", `/v1/keys/${key.keyId}`);
    await eventually(() => mails(next).length === 1, "removed");
    assert.equal(mails(to).length, 1);
    assert.equal(await waits(next), 0);
  });
});

test("what waited for an owner's word comes in the order in which it happened", async () => {
  const to = "in-order@firm.example";
  const keys = [await make("in order", [to]), await make("in order, too", [to])];
  await eventually(() => mails(to).some(tokenOf), "he is asked");
  const second = () => Math.floor(Date.now() / 1000);
  const expected = [keys.map((key) => `[acme] New API key ${key.keyId}`)];
  for (const [method, path, subject] of [["POST", "/rotate", "New secret for API key #"], ["DELETE", "", "API key # was removed"]]) {
    const before = second();
    await eventually(() => second() > before, "it is later");
    for (const key of keys) await admin.expect(200, method, `/v1/keys/${key.keyId}${path}`, method === "POST" ? {} : undefined);
    expected.push(keys.map((key) => `[acme] ${subject.replace("#", key.keyId)}`));
  }
  await confirm(to);
  await eventually(() => subjects(to).length === 7, "all of it is sent");
  const [, ...told] = subjects(to);
  assert.deepEqual([told.slice(0, 2), told.slice(2, 4), told.slice(4)].map((two) => two.sort()), expected.map((two) => two.sort()));
});

describe("the mail API", () => {
  test("fails: it is asked again, under the same id", async () => {
    const to = await owner("failing@firm.example");
    let failures = 1;
    receiver.answer = (response) => response.writeHead(failures-- > 0 ? 500 : 202).end();
    await make("failing", [to]);
    await eventually(() => mails(to).length === 2, "the second try");
    const [one, other] = mails(to);
    assert.ok(other.at - one.at >= 4_000);
    assert.equal(one.headers["Message-ID"], other.headers["Message-ID"]);
    assert.equal(one.fields["idempotency-key"], other.fields["idempotency-key"]);
  });

  test("refuses for good: it is given up, is shown so, and can be sent again", async () => {
    const to = await owner("refused@firm.example");
    receiver.answer = (response) => response.writeHead(422).end();
    const key = await make("refused", [to]);
    const given = () => deliveries(`key=${key.keyId}&state=givenUp`);
    await eventually(async () => (await given()).length === 1, "it is given up");
    const [one] = await given();
    assert.deepEqual([one.event, one.status, one.channel, one.recipient], ["key.created", 422, "mail", to]);
    receiver.answer = (response) => response.writeHead(200).end();
    await admin.expect(200, "POST", `/v1/deliveries/${one.id}/retry`);
    await eventually(() => mails(to).length === 2, "it is sent");
    assert.equal((await admin.ask("POST", `/v1/deliveries/${one.id}/retry`)).status, 409);
    assert.equal((await admin.ask("POST", "/v1/deliveries/nothing/retry")).status, 404);
  });

  test("redirects: nobody follows", async () => {
    const to = await owner("redirected@firm.example");
    receiver.answer = (response) => response.writeHead(307, { location: "https://elsewhere.example/" }).end();
    await make("redirected", [to]);
    await eventually(() => mails(to).length === 1, "it is asked");
    receiver.answer = (response) => response.writeHead(200).end();
    await eventually(() => mails(to).length === 2, "it is asked again");
    assert.equal(receiver.to("elsewhere.example").length, 0);
  });

  test("is slow: what is revoked is published meanwhile", async () => {
    const to = await owner("slow@firm.example");
    const revoked = await make("slow and revoked", []);
    const held = [];
    receiver.answer = (response) => held.push(response);
    for (let times = 0; times < 6; times++) await make(`slow ${times}`, [to]);
    await eventually(() => held.length > 0, "a call is under way");
    const begun = performance.now();
    await admin.expect(200, "DELETE", `/v1/keys/${revoked.keyId}`);
    const record = async () => JSON.parse(Buffer.from((await registry.kv.get(`k/${revoked.keyId}`)).split(".")[2], "base64url"));
    await eventually(async () => (await record()).tombstone === true, "the tombstone is published");
    console.log(`slow mail API: a removal reached KV after ${Math.round(performance.now() - begun)} ms, with ${held.length} calls unanswered`);
    assert.ok(held.length < 6, "the others have not even begun");
    receiver.answer = (response) => response.writeHead(200).end();
    for (const response of held) response.writeHead(200).end();
    await eventually(async () => new Set(mails(to).map((mail) => mail.subject)).size === 6, "all are sent");
  });
});

test("what is due is found by an index, however many keys there are", async () => {
  await registry.kill();
  const explain = async (statement) => (await rowsOf(registry, "organisation", "deliveries", `EXPLAIN QUERY PLAN ${statement}`)).map((row) => row.detail).join("; ");
  const plans = [];
  for (const statement of [
    "SELECT id FROM deliveries WHERE (channel = 'webhook') = 1 AND due_at_s <= 1 ORDER BY due_at_s, created_at_s LIMIT 1",
    "SELECT min(due_at_s) * 1000 FROM deliveries WHERE (channel = 'webhook') = 0 AND due_at_s IS NOT NULL",
    "SELECT id FROM deliveries WHERE key_id = 'a' AND channel <> 'webhook'",
    "SELECT id FROM deliveries WHERE forget_at_s <= 1 AND due_at_s IS NULL ORDER BY forget_at_s LIMIT 1",
    "SELECT id FROM deliveries WHERE recipient = 'a' COLLATE NOCASE AND channel <> 'webhooks' AND state = 'waiting'",
  ]) plans.push(await explain(statement));
  await registry.restart();
  assert.equal(plans.length, 5);
  for (const plan of plans) assert.match(plan, /^SEARCH deliveries USING .*INDEX deliveries_by_\w+/);
});

test(`killed while it sends, ${ROUNDS} times: each notice arrives, and once more at most for each time`, async () => {
  const to = await owner("crash@firm.example");
  const known = new Map();
  let sent = 0;
  let repeats = 0;
  receiver.answer = (response) => setTimeout(() => response.writeHead(200).end(), Math.random() * 100);
  for (let round = 0; round < ROUNDS; round++) {
    const keys = [];
    for (let turn = 0; turn < 12; turn++) keys.push(await make(`crash ${round} ${turn}`, [to]));
    // While the answer to one of them is on its way.
    const moment = known.size + Math.ceil(Math.random() * keys.length);
    await eventually(() => mails(to).length - repeats >= moment, "some are sent");
    await registry.kill();
    for (const key of keys) known.set(key.keyId, round);
    await registry.restart();
    await admin.expect(200, "GET", "/v1/session");
    const arrived = () => new Set(mails(to).map((mail) => mail.subject)).size;
    await eventually(() => arrived() === known.size, "every notice arrived");
    await eventually(async () => (await deliveries(`recipient=${to}&state=sending`)).length === 0, "all are settled");
    repeats = mails(to).length - known.size;
  }
  const counts = new Map();
  for (const mail of mails(to)) {
    const id = mail.headers["Message-ID"];
    counts.set(id, (counts.get(id) ?? 0) + 1);
    sent += 1;
  }
  assert.equal(counts.size, known.size, "a repeat has the same Message-ID");
  for (const count of counts.values()) {
    assert.ok(count <= 1 + 1, `sent ${count} times, though each was under way in one crash at most`);
  }
  console.log(`crashes: ${ROUNDS} rounds, ${known.size} notices, ${sent} mails, 0 lost, ${repeats} repeats, each under its own Message-ID`);
});
