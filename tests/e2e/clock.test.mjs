// The registry's clock jumps, by a year and back: of a key's end each owner hears each thing once, and no more of what lies
// behind than the nearest to the end.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { eventually } from "../support/eventually.js";
import { confirm, mails, MAIL } from "../support/mails.js";
import { found } from "../support/operator.js";
import { startReceiver } from "../support/receiver.js";
import { startRegistry } from "../support/registry.js";

const DAY_S = 24 * 60 * 60;
const OWNER = "clock@firm.example";

let receiver, registry, admin;
before(async () => {
  receiver = await startReceiver();
  registry = await startRegistry({ receiver, settings: { mail: { ...MAIL, dailyMax: 20 } } });
  admin = await found(registry, "acme");
});
after(async () => {
  await registry?.stop();
  await receiver?.stop();
});

const KEY = { kind: "signed", environment: "production", roles: [{ role: "read-only", accounts: "all" }], owners: [OWNER] };

/** The clock jumps, the organisation wakes, and whatever is due then is over. */
async function jump(days, operator = admin) {
  await registry.restart({ aheadS: days * DAY_S });
  assert.equal((await operator.signIn()).status, 200, "whoever signed in while the clock was ahead still can");
  const open = async () => {
    const { items } = await operator.expect(200, "GET", "/v1/deliveries?limit=200");
    const now_s = Date.now() / 1000 + days * DAY_S;
    return items.filter((one) => one.state === "sending" || (one.dueAt !== null && one.dueAt <= now_s)).length;
  };
  await eventually(async () => (await open()) === 0, `after ${days} days nothing is due`);
}

test("a clock that jumps, on and back: each thing once, and the nearest to the end alone", async () => {
  const key = await admin.expect(201, "POST", "/v1/keys", { ...KEY, name: "a year" });
  await confirm(registry, receiver, OWNER, eventually);
  const sent = async () => (await admin.expect(200, "GET", "/v1/deliveries?state=sent")).items.length;
  await eventually(async () => (await sent()) === 2, "asked and made, and nothing under way that a crash would repeat");
  const heard = () => mails(receiver, OWNER).slice(2).map((mail) => mail.subject.replace(`[acme] API key ${key.keyId} `, ""));
  const steps = [
    [100, []],
    [276, ["expires in 89 days"]],
    [276, []],
    // Back: what was sent stays sent.
    [0, []],
    [277, []],
    // Two lie behind at once.
    [360, ["expires in 5 days"]],
    // Back to before the one that was passed over: it lies ahead again, and is told when its time comes.
    [300, []],
    [340, ["expires in 25 days"]],
    [370, ["has expired"]],
  ];
  const expected = [];
  // Ten codes there are; a sign-in takes one.
  for (const [days, said] of steps) {
    await jump(days);
    expected.push(...said);
    assert.deepEqual(heard(), expected, `after the jump to day ${days}`);
  }
  const ids = mails(receiver, OWNER).map((mail) => mail.headers["Message-ID"]);
  assert.equal(new Set(ids).size, ids.length);
  console.log(`clock: ${steps.length} jumps, ${expected.length} notices of the end, 0 repeats`);
});

test("a clock that was ahead for so long that plans were forgotten: owners hear of the end all the same", async () => {
  const to = "forgotten@firm.example";
  await registry.restart({ aheadS: 0 });
  const other = await found(registry, "other");
  const key = await other.expect(201, "POST", "/v1/keys", { ...KEY, name: "ten days", owners: [to], lifeDays: 10 });
  await confirm(registry, receiver, to, eventually);
  await eventually(() => mails(receiver, to).length === 2, "asked and made");
  const plan = async () => (await other.expect(200, "GET", `/v1/deliveries?key=${key.keyId}`)).items;
  await jump(200, other);
  assert.match(mails(receiver, to).at(-1).subject, /has expired$/);
  // What happens now wakes the organisation once more; and it is killed while it sends.
  receiver.answer = () => {};
  const another = await other.expect(201, "POST", "/v1/keys", { ...KEY, name: "another", owners: [to] });
  const told = () => mails(receiver, to).filter((mail) => mail.subject === `[other] New API key ${another.keyId}`);
  await eventually(() => told().length === 1, "it is being sent");
  await eventually(async () => (await plan()).length === 0, "the plan is forgotten");
  receiver.answer = (response) => response.writeHead(204).end();
  await jump(0, other);
  await eventually(() => told().length === 2, "what was being sent is sent once more");
  assert.equal(new Set(told().map((mail) => mail.headers["Message-ID"])).size, 1);
  assert.deepEqual((await plan()).map((one) => [one.event, one.state]).filter(([, state]) => state === "waiting").sort(), [
    ["key.expired", "waiting"], ["key.expires_soon", "waiting"],
  ]);
  await jump(4, other);
  assert.equal(mails(receiver, to).at(-1).subject, `[other] API key ${key.keyId} expires in 6 days`);
});
