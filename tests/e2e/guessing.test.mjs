// Who guesses: passwords, codes, operators. What it costs him, what it does not cost others, and where it is noted.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { inObjects, rowsOf } from "../support/ageing.js";
import { eventually } from "../support/eventually.js";
import { enrol, found, totp } from "../support/operator.js";
import { startRegistry } from "../support/registry.js";

let registry, admin;
before(async () => {
  registry = await startRegistry();
  admin = await found(registry, "acme");
});
after(() => registry?.stop());

const code = (answer) => answer.json?.code ?? answer.status;
/** How often each code is there. */
const counted = (codes) => Object.fromEntries([...new Set(codes)].sort().map((one) => [one, codes.filter((other) => other === one).length]));

async function operator(name) {
  const email = `${name}@acme.example`;
  const mayGrant = { roles: "all", apis: "all", environments: "all", accounts: "all", lifeDaysMax: 365 };
  const { id, invitation } = await admin.expect(201, "POST", "/v1/operators", { email, role: "auditor", mayGrant });
  return Object.assign(await enrol(registry, { organisation: "acme", email, invitation }), { id });
}

/** Networks nobody has come from. */
let last = 20;
const elsewhere = () => `127.0.1.${last++}`;

const signIn = (who, sent, from) => registry.ask("POST", "/v1/session", {
  from, body: { organisation: "acme", email: who.email, password: who.password, ...sent },
});
const wrong = (who) => ({ code: String((Number(totp(who.secret)) + 500_000) % 1_000_000).padStart(6, "0") });

/** Five side by side. Each costs a password's hash, and all of them together are to be answered before a call is given up. */
const five = (ask) => Promise.all(Array.from({ length: 5 }, ask));

/** Changes what objects keep, and looks at it, while nobody asks. */
async function meanwhile(objects, table, statement, query = `SELECT * FROM ${table}`) {
  await registry.kill();
  if (statement) await inObjects(registry, objects, table, [statement]);
  const rows = await rowsOf(registry, objects, table, query);
  await registry.restart();
  return rows;
}

/** Has something happen within one moment of the registry's clock: none of its seconds goes by, however slow the machine is. */
async function atOnce(happen) {
  await registry.restart({ clockStands: true });
  const happened = await happen();
  await registry.restart({ clockStands: false });
  return happened;
}

test("codes are guessed more slowly each time, from however many networks, and the operator gets in all the same", async () => {
  const one = await operator("guessed");
  assert.equal((await one.signIn()).status, 200);
  const right = await atOnce(async () => {
    // Each from a network of its own, which has no failure of its own to wait for.
    for (let tries = 0; tries < 8; tries++) assert.equal(code(await signIn(one, wrong(one), elsewhere())), "sign_in_failed");
    return signIn(one, { code: totp(one.secret) }, elsewhere());
  });
  // The present code is not looked at, and nothing says that the password was right.
  const other = await signIn(one, { password: "wrong horse battery", code: totp(one.secret) }, elsewhere());
  assert.deepEqual([code(right), right.text, right.headers["retry-after"]], ["sign_in_failed", other.text, undefined]);
  // Recovery codes are not guessed, so they are good everywhere; the present code is where he has signed in before.
  assert.equal((await signIn(one, { code: one.recoveryCodes.pop() }, elsewhere())).status, 200);
  assert.equal((await signIn(one, { code: totp(one.secret) })).status, 200);
  await meanwhile("operator", "guesses", "UPDATE guesses SET last_at_s = last_at_s - 3600");
  assert.equal((await signIn(one, { code: totp(one.secret, 1) }, elsewhere())).status, 200);
});

test("a stolen session guesses no faster", async () => {
  const one = await operator("robbed");
  await one.signIn();
  const step = (sent, from) => one.ask("POST", "/v1/session/second-factor", { body: sent, from });
  await atOnce(async () => {
    for (let tries = 0; tries < 8; tries++) assert.equal(code(await step(wrong(one), elsewhere())), "sign_in_failed");
    assert.equal(code(await step({ code: totp(one.secret) }, elsewhere())), "sign_in_failed");
  });
  assert.equal((await step({ code: totp(one.secret) })).status, 204);
});

test("a network is slowed across operators, before any password is hashed, and the others are not", async () => {
  const from = elsewhere();
  let guessed = 0;
  const guess = () => signIn({ email: `n${guessed++}@acme.example`, password: "wrong horse battery" }, { code: "000000" }, from);
  const one = await operator("bystander");
  const [codes, late] = await atOnce(async () => {
    const codes = [];
    for (let turn = 0; turn < 16; turn++) codes.push(...(await five(guess)).map(code));
    assert.equal((await one.signIn()).status, 200);
    return [codes, await signIn(one, { code: one.recoveryCodes.pop() }, from)];
  });
  assert.deepEqual(counted(codes), { sign_in_failed: 60, too_many_attempts: 20 });
  assert.equal(code(late), "too_many_attempts");
  assert.ok(Number(late.headers["retry-after"]) >= 1);
});

test("right passwords cost a network nothing", async () => {
  const one = await operator("often");
  const from = elsewhere();
  for (let times = 0; times < 8; times++) assert.equal((await signIn(one, { code: one.recoveryCodes.pop() }, from)).status, 200);
  const paces = await meanwhile("network", "pace");
  assert.ok(paces.some(({ used_until_s: until }) => until <= Date.now() / 1000 + 2));
});

test("failures are remembered for operators and for nobodies alike, whatever sleeps or dies", async () => {
  const one = await operator("remembered");
  const from = elsewhere();
  const tries = (email) => Promise.all(Array.from({ length: 6 }, () => signIn({ email, password: "wrong horse battery" }, { code: "1" }, from)));
  const both = await atOnce(async () => [await tries(one.email), await tries("nobody@acme.example")]);
  // Many at once are not one: the fourth would have to wait a second.
  for (const answers of both) assert.deepEqual(counted(answers.map(code)), { sign_in_failed: 3, too_many_attempts: 3 });
  const same = await meanwhile("network", "attempts", "UPDATE attempts SET failures = 20, last_at_s = last_at_s - 60 WHERE failures >= 3", "SELECT failures FROM attempts WHERE failures = 20");
  assert.equal(same.length, 2);
  for (const email of [one.email, "nobody@acme.example"]) {
    const again = await signIn({ email, password: one.password }, { code: one.recoveryCodes[0] }, from);
    assert.equal(code(again), "too_many_attempts", email);
  }
});

test("being refused takes as long, whatever was right", async () => {
  const one = await operator("timed");
  const times = [];
  for (const body of [
    { ...one, password: "wrong horse battery" }, one, { email: "nobody-there@acme.example", password: one.password },
  ]) {
    const begun = performance.now();
    assert.equal(code(await signIn(body, wrong(one), elsewhere())), "sign_in_failed");
    times.push(Math.floor((performance.now() - begun) / 500));
  }
  assert.ok(times.every((time) => time >= 1), times.join());
});

test("a sign-in opens nothing when the factors became others in between", async () => {
  const one = await operator("raced");
  assert.equal((await one.signIn()).status, 200);
  // The organisation has heard of later factors than those that his object is about to believe.
  await meanwhile("organisation", "factors", `UPDATE factors SET generation = generation + 1 WHERE operator = '${one.id}'`);
  assert.equal(code(await one.signIn()), "sign_in_failed");
  // And the other way round: who signs in with later ones than it has heard of ends what began with earlier ones.
  const session = one.cookie;
  await meanwhile("organisation", "factors", `UPDATE factors SET generation = 1 WHERE operator = '${one.id}'`);
  assert.equal((await registry.ask("GET", "/v1/session", { cookie: session })).status, 200);
  assert.equal((await one.signIn()).status, 200);
  assert.equal(code(await registry.ask("GET", "/v1/session", { cookie: session })), "unauthenticated");
});

test("a second factor that does not open any more is a wrong one, and a recovery code is still good", async () => {
  const one = await operator("sealed");
  await meanwhile("operator", "factors", `UPDATE factors SET totp = 'gone.' || substr(totp, 4) WHERE operator = '${one.id}'`);
  const answers = [await signIn(one, { code: totp(one.secret) }), await signIn(one, { password: "wrong horse battery", code: totp(one.secret) })];
  assert.deepEqual(answers.map(code), ["sign_in_failed", "sign_in_failed"]);
  assert.equal(answers[0].text, answers[1].text);
  assert.equal((await one.signIn()).status, 200);
});

test("failures are in the audit log, summed up", async () => {
  const one = await operator("noted");
  const log = async () => (await admin.expect(200, "GET", `/v1/audit?limit=1000&subject=${one.id}`)).trim().split("\n")
    .map((line) => JSON.parse(line)).filter(({ action }) => action === "operator.refused");
  const [here, there] = [elsewhere(), elsewhere()];
  await signIn(one, { password: "wrong horse battery", code: "1" }, here);
  await signIn(one, { password: "wrong horse battery", code: "1" }, here);
  assert.deepEqual(await log(), [], "they are collected first");
  await meanwhile("operator", "failures", "UPDATE failures SET first_at_s = first_at_s - 60");
  await signIn(one, wrong(one), there);
  await eventually(async () => (await log()).length === 1, "they are told");
  const [entry] = await log();
  assert.equal(entry.by, "nobody");
  assert.deepEqual(entry.after, [
    { network: here, failures: 2, withPassword: 0 }, { network: there, failures: 1, withPassword: 1 },
  ]);
  await meanwhile("operator", "failures", "UPDATE factors SET told_at_s = told_at_s - 3600");
  await signIn(one, wrong(one), elsewhere());
  await meanwhile("operator", "failures", "UPDATE failures SET first_at_s = first_at_s - 60");
  await signIn(one, wrong(one), there);
  await eventually(async () => (await log()).length === 2, "and told again");
  assert.equal((await log())[1].after.length, 2);
});

test("who guesses at an operator from everywhere fills no log", async () => {
  const one = await operator("flooded");
  for (let round = 0; round < 6; round++) await five(() => signIn(one, { password: "wrong horse battery", code: "1" }, elsewhere()));
  const rows = (await meanwhile("operator", "failures")).filter(({ first_at_s: at }) => at > Date.now() / 1000 - 120);
  const flooded = rows.filter(({ network }) => network === "others");
  assert.equal(flooded.length, 1);
  assert.equal(flooded[0].failures, 10);
});

test("two who found one organisation at once: one of them does, and his invitation is good", async () => {
  for (let round = 0; round < 5; round++) {
    const name = `twice-${round}`;
    const email = `admin@${name}.example`;
    const body = { name, firmAdmin: email };
    const answers = await Promise.all(Array.from({ length: 4 }, () => registry.ask("POST", "/v1/organisations", { root: registry.rootToken, body })));
    assert.deepEqual(answers.map(code).sort(), [201, "name_taken", "name_taken", "name_taken"]);
    const { invitation } = answers.find(({ status }) => status === 201).json;
    const first = await enrol(registry, { organisation: name, email, invitation });
    assert.equal((await first.signIn()).status, 200, name);
  }
});
