// An organisation is backed up, and restored into itself: where it lives, and where its object was lost. What was taken
// away since stays away.
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { Webhook } from "standardwebhooks";

import { startFront } from "../clients/front.js";
import { call } from "../support/client.js";
import { eventually } from "../support/eventually.js";
import { confirm, linkOf, mails, MAIL } from "../support/mails.js";
import { keyward } from "../support/keyward.js";
import { enrol, found } from "../support/operator.js";
import { startReceiver } from "../support/receiver.js";
import { startRegistry } from "../support/registry.js";

let front, receiver, registry, admin, folder;
const keys = {};
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyward-backup-"));
  front = await startFront();
  receiver = await startReceiver();
  registry = await startRegistry({ receiver, settings: { authority: front.authority, mail: MAIL } });
  front.behind = registry.adminPort;
  admin = await found(registry, "acme");
  await admin.expect(201, "POST", "/v1/roles", { name: "reader", grants: { local: { things: "r" } } });
  for (const name of ["lives", "removed", "disabled", "rotated", "edited"]) {
    keys[name] = await admin.expect(201, "POST", "/v1/keys", {
      name, kind: "signed", environment: "production", owners: ["ops@acme.example"], roles: [{ role: "reader", accounts: "all" }],
    });
  }
  await settled();
});
after(async () => {
  await front?.stop();
  await registry?.stop();
  await receiver?.stop();
  await rm(folder, { recursive: true, force: true });
});

const outcome = async (key) => (await call(registry, { as: key })).outcome;
const shown = async (name) => admin.expect(200, "GET", `/v1/keys/${keys[name].keyId}`);
const generations = async () => Object.fromEntries(await Promise.all(Object.keys(keys).map(async (name) => [name, (await shown(name)).generation])));

/** Waits until KV has what the registry has. */
const settled = () =>
  eventually(async () => (await admin.expect(200, "POST", "/v1/reconcile", {})).differing.length === 0, "KV equals the registry");

const asked = (...args) => keyward([...args, "--registry", front.url], { env: { KEYWARD_SESSION: admin.cookie } });

async function backup(name, ...more) {
  const said = await asked("backup", ...more);
  assert.equal(said.code, 0, said.err);
  const file = join(folder, name);
  await writeFile(file, said.out);
  return { file, lines: said.out.trim().split("\n").map((line) => JSON.parse(line)), text: said.out };
}

/** What of it is not simply restored, by key. */
async function restored(file) {
  const said = await asked("restore", file);
  assert.equal(said.code, 0, said.err);
  const names = Object.fromEntries(Object.entries(keys).map(([name, { keyId }]) => [keyId, name]));
  return said.out.trim().split("\n").filter(Boolean).map((line) => line.replace(/^kwk_\w+/, (keyId) => names[keyId]));
}

test("a backup has what an organisation is, and no secret unless who asks may have them", async () => {
  const { lines, text } = await backup("plain");
  const kinds = lines.map((line) => Object.keys(line).sort().join(" "));
  const pages = [["organisation", "role"], ["operator"], Array(5).fill("key"), ["owner"]];
  assert.deepEqual(kinds, pages.flatMap((page) => [...page, "more seal"]));
  assert.ok(!text.includes("sealed") && !/"secret"/.test(text));
  for (const word of ["session", "password", "totp", "recovery"]) assert.ok(!text.toLowerCase().includes(word), word);
  const sealed = await backup("sealed", "--secrets");
  assert.ok(sealed.text.includes('"sealed"'));
  for (const { secret } of Object.values(keys)) assert.ok(!sealed.text.includes(secret), "not readable either way");
  const log = await admin.expect(200, "GET", "/v1/audit?limit=1000");
  const exported = log.trim().split("\n").map((line) => JSON.parse(line)).filter(({ action }) => action === "backup.exported");
  assert.deepEqual(exported.map(({ after }) => after.secrets), [false, true]);
});

test("sealed secrets are a permission of their own", async () => {
  const mayGrant = { roles: "all", apis: "all", environments: "all", accounts: "all", lifeDaysMax: 365 };
  const invited = await admin.expect(201, "POST", "/v1/operators", { email: "auditor@acme.example", role: "auditor", mayGrant });
  const auditor = await enrol(registry, { organisation: "acme", email: "auditor@acme.example", invitation: invited.invitation });
  await auditor.signIn();
  await auditor.expect(200, "GET", "/v1/backup");
  assert.equal((await auditor.ask("GET", "/v1/backup?secrets=true")).json.code, "forbidden");
  // Not by the second page of somebody else's backup either.
  const page = await admin.expect(200, "GET", "/v1/backup?secrets=true");
  const { seal } = JSON.parse(page.trim().split("\n").at(-1));
  assert.equal((await auditor.ask("GET", `/v1/backup?after=${seal}`)).json.code, "forbidden");
  assert.equal((await auditor.ask("POST", "/v1/restore", { body: { lines: [], seal } })).json.code, "forbidden");
});

test("a page that was changed, left out or put elsewhere is not restored", async () => {
  const { text } = await backup("tampered", "--secrets");
  const pages = [{ lines: [] }];
  for (const line of text.trim().split("\n").map((line) => JSON.parse(line))) {
    if (!("seal" in line)) pages.at(-1).lines.push(line);
    else Object.assign(pages.at(-1), line);
    if (line.more) pages.push({ lines: [] });
  }
  const [first, second] = pages;
  const at = pages.findIndex(({ lines }) => "key" in lines[0]);
  const head = await admin.expect(200, "GET", "/v1/audit/head");
  const other = await found(registry, "other");
  const theirs = JSON.parse((await other.expect(200, "GET", "/v1/backup")).trim().split("\n").at(-1)).seal;
  const wider = structuredClone(pages[at].lines);
  wider[0].key.view.roles[0].grants.local.things = "crud";
  for (const [what, body] of Object.entries({
    "a line less": { lines: first.lines.slice(1), seal: first.seal },
    "a wider grant": { previous: pages[at - 1].seal, lines: wider, seal: pages[at].seal },
    "the second page first": { lines: second.lines, seal: second.seal },
    "the first page second": { previous: first.seal, lines: first.lines, seal: first.seal },
    "another organisation's seal": { lines: first.lines, seal: theirs },
    "the head of the log as a seal": { lines: first.lines, seal: head.signed },
  })) {
    const answer = await admin.ask("POST", "/v1/restore", { body });
    assert.deepEqual([answer.status, answer.json.code], [422, "invalid"], what);
  }
  assert.equal((await admin.expect(200, "GET", "/v1/audit/head")).sequence, head.sequence, "nothing was done");
});

/** What happens after the backup. */
async function takeAway() {
  await admin.expect(200, "DELETE", `/v1/keys/${keys.removed.keyId}`);
  await admin.expect(200, "POST", `/v1/keys/${keys.disabled.keyId}/disable`);
  const rotated = await admin.expect(200, "POST", `/v1/keys/${keys.rotated.keyId}/rotate`, {});
  const { headers } = await admin.ask("GET", `/v1/keys/${keys.edited.keyId}`);
  await admin.expect(200, "PATCH", `/v1/keys/${keys.edited.keyId}`, { allowlist: "192.0.2.1", memo: "a mistake" }, { "if-match": headers.etag });
  return rotated;
}

test("where the organisation lives: what was granted comes back, what was taken away does not", async () => {
  const { file } = await backup("living", "--secrets");
  const before = await generations();
  const rotated = await takeAway();
  const later = await generations();
  assert.deepEqual(await restored(file), ["removed kept_removed"]);
  await settled();
  const after = await generations();
  for (const name of Object.keys(keys).filter((name) => name !== "removed")) {
    assert.ok(after[name] > later[name] && after[name] > before[name], name);
  }
  assert.deepEqual([(await shown("removed")).state, (await shown("disabled")).state], ["removed", "disabled"]);
  assert.equal(await outcome(keys.removed), "401 invalid_credentials");
  assert.equal(await outcome(keys.disabled), "401 key_disabled");
  assert.equal(await outcome(keys.rotated), "401 invalid_credentials", "the secret that was replaced");
  assert.equal(await outcome(rotated), "200");
  const edited = await shown("edited");
  assert.deepEqual([edited.allowlist, edited.memo], [null, ""], "the edit is undone");
  assert.equal(await outcome(keys.edited), "200");
  assert.equal(await outcome(keys.lives), "200");
  const log = await admin.expect(200, "GET", "/v1/audit?limit=1000");
  const actions = log.trim().split("\n").map((line) => JSON.parse(line).action);
  assert.equal(actions.filter((action) => action === "organisation.restored").length, 1);
  assert.equal(actions.filter((action) => action === "key.restored").length, 4);
  keys.rotated.secret = rotated.secret;
});

test("a file that was cut off is no whole backup, even where it says so, nor is one with more behind its end", async () => {
  const { text } = await backup("to be cut", "--secrets");
  const [first, second] = text.trim().split("\n").map((line) => JSON.parse(line)).reduce(
    (pages, line) => {
      pages.at(-1).push(line);
      if (line.more) pages.push([]);
      return pages;
    },
    [[]],
  );
  const cut = [...first, ...second].map((line) => JSON.stringify("seal" in line ? { ...line, more: line !== second.at(-1) } : line));
  for (const [what, content] of Object.entries({ "pages are missing": `${cut.join("\n")}\n`, "more stands behind": text + text })) {
    const file = join(folder, "cut");
    await writeFile(file, content);
    const said = await asked("restore", file);
    assert.equal(said.code, 2, said.out);
    assert.ok(said.err.includes(what), said.err);
  }
});

test("a registry is named without who asks, and what stands there is not repeated", async () => {
  const said = await keyward(["backup", "--registry", "https://admin:hunter2@admin.example"], { env: { KEYWARD_SESSION: "x" } });
  assert.equal(said.code, 2);
  assert.ok(said.err.includes("before an @") && !said.err.includes("hunter2"), said.err);
});

test("who may not change a key does not change it by a backup either", async () => {
  const mayGrant = { roles: ["reader"], apis: "all", environments: "all", accounts: "all", lifeDaysMax: 366 };
  const invited = await admin.expect(201, "POST", "/v1/operators", { email: "half@acme.example", role: "firm-admin", mayGrant });
  const half = await enrol(registry, { organisation: "acme", email: "half@acme.example", invitation: invited.invitation });
  await half.signIn();
  await admin.expect(201, "POST", "/v1/roles", { name: "nobodys", grants: { local: { things: "r" } } });
  const { text, file } = await backup("half");
  await admin.expect(204, "DELETE", "/v1/roles/nobodys");
  const edit = async (roles) => {
    const { headers } = await admin.ask("GET", `/v1/keys/${keys.lives.keyId}`);
    await admin.expect(200, "PATCH", `/v1/keys/${keys.lives.keyId}`, { roles }, { "if-match": headers.etag });
  };
  await edit([{ role: "developer", accounts: "all" }]);
  let previous = null, lines = [];
  const outcomes = {};
  const roles = [];
  for (const line of text.trim().split("\n").map((line) => JSON.parse(line))) {
    if (!("seal" in line)) lines.push(line);
    else {
      const report = await half.expect(200, "POST", "/v1/restore", { ...(previous && { previous }), lines, seal: line.seal });
      for (const { keyId, outcome } of report.keys) outcomes[keyId] = outcome;
      roles.push(...report.roles);
      [previous, lines] = [line.seal, []];
    }
  }
  assert.deepEqual([outcomes[keys.lives.keyId], outcomes[keys.edited.keyId]], ["beyond_may_grant", "restored"]);
  assert.equal((await shown("lives")).roles[0].role, "developer");
  assert.deepEqual(roles, ["nobodys"], "nor by a role; what else the page has comes back");
  assert.ok(!(await restored(file)).some((line) => line.includes("nobodys")));
  assert.ok((await admin.expect(200, "GET", "/v1/roles")).items.some(({ name }) => name === "nobodys"));
  await edit([{ role: "reader", accounts: "all" }]);
  await settled();
});

for (const secrets of [true, false]) {
  test(`where its object is lost: founded again, restored ${secrets ? "with" : "without"} secrets, later removals known by KV`, async () => {
    const fresh = await admin.expect(201, "POST", "/v1/keys", {
      name: `late ${secrets}`, kind: "basic", environment: "production", roles: [{ role: "reader", accounts: "all" }],
    });
    keys[`late ${secrets}`] = fresh;
    await settled();
    const { file } = await backup(`lost ${secrets}`, ...(secrets ? ["--secrets"] : []));
    // After the backup: one more goes.
    await admin.expect(200, "DELETE", `/v1/keys/${fresh.keyId}`);
    await settled();
    const before = await generations();
    await registry.kill();
    await lose();
    await registry.restart();
    front.behind = registry.adminPort;
    assert.equal((await admin.ask("GET", "/v1/keys")).status, 401, "it is gone");
    assert.equal(await outcome(keys.lives), "200", "the edge still serves it");
    admin = await found(registry, "acme");
    const said = await restored(file);
    assert.ok(said.includes("removed kept_removed") && said.includes(`late ${secrets} kept_removed`), said.join());
    if (secrets) assert.ok(said.some((line) => line.startsWith("auditor@acme.example is to be invited")), "operators are invited anew");
    await settled();
    const { items } = await admin.expect(200, "GET", "/v1/deliveries?limit=200");
    assert.deepEqual(items.filter(({ event }) => ["key.created", "key.removed"].includes(event)), [], "nobody is told of it as of a new key");
    assert.ok(items.some(({ event }) => event === "key.expires_soon"), "what lies ahead is planned");
    const after = await generations();
    for (const name of Object.keys(keys)) assert.ok(after[name] > before[name], `${name}: ${before[name]}, ${after[name]}`);
    assert.equal(await outcome(keys.lives), "200");
    assert.equal(await outcome(keys.rotated), "200");
    assert.equal(await outcome(keys.disabled), "401 key_disabled");
    assert.equal(await outcome(keys.removed), "401 invalid_credentials");
    assert.equal(await outcome(fresh), "401 invalid_credentials");
    const twice = await admin.ask("POST", "/v1/keys", { body: { name: "Removed", kind: "basic", environment: "production", roles: [{ role: "reader", accounts: "all" }] } });
    assert.equal(twice.json.code, "name_taken", "names stay unique");
  });
}

/** Deletes the organisations' objects from the stopped disk; directory and operators keep theirs. */
async function lose() {
  const disk = join(registry.state, "registry-disk", "keyward-organisation");
  for (const file of await readdir(disk)) {
    if (!file.startsWith("metadata")) await rm(join(disk, file));
  }
}

test("a key of which the edge knows nothing comes back disabled, or not at all without its secret", async () => {
  const { file } = await backup("unproven", "--secrets");
  const plain = await backup("no secret");
  await registry.kill();
  await lose();
  await registry.restart();
  front.behind = registry.adminPort;
  await registry.kv.delete(`k/${keys.lives.keyId}`);
  admin = await found(registry, "acme");
  assert.ok((await restored(plain.file)).includes("lives no_secret"));
  assert.ok((await restored(file)).includes("lives unproven"));
  assert.equal((await shown("lives")).state, "disabled");
  await admin.expect(200, "POST", `/v1/keys/${keys.lives.keyId}/enable`);
  await settled();
  await eventually(async () => (await outcome(keys.lives)) === "200", "it is enabled");
});

describe("webhooks and what owners said", () => {
  const KEY = { kind: "basic", environment: "production", roles: [{ role: "reader", accounts: "all" }] };
  const hook = (name) => admin.expect(201, "POST", "/v1/webhooks", { url: `https://${name}.example/in?token=t0ken`, events: ["webhook.tested"] });
  const path = ({ id }) => `/v1/webhooks/${id}`;
  const edit = async (webhook, change) => {
    const { headers } = await admin.ask("GET", path(webhook));
    return admin.ask("PATCH", path(webhook), { body: change, headers: { "if-match": headers.etag } });
  };
  /** An owner who was told of a key, and the link of that mail. */
  async function owner(address) {
    await admin.expect(201, "POST", "/v1/keys", { ...KEY, name: `of ${address}`, owners: [address] });
    await confirm(registry, receiver, address, eventually);
    await eventually(() => mails(receiver, address).length === 2, "he is told");
    return linkOf(mails(receiver, address)[1]);
  }
  const decline = async (link) => {
    const headers = { "content-type": "application/x-www-form-urlencoded", origin: null };
    assert.equal((await registry.ask("POST", link, { text: "List-Unsubscribe=One-Click", headers })).status, 204);
  };
  const declined = async (address) => (await admin.expect(200, "GET", `/v1/keys?search=${address}`)).items[0].unheard;
  const webhooksOf = (said) => said.filter((line) => line.startsWith("webhook "));
  async function refound() {
    await registry.kill();
    await lose();
    await registry.restart();
    front.behind = registry.adminPort;
    admin = await found(registry, "acme");
  }

  test("are in a backup, secrets and URLs for those alone who may have them", async () => {
    const webhook = await hook("kept");
    await owner("said-yes@firm.example");
    const [plain, sealed] = [await backup("hooks plain"), await backup("hooks sealed", "--secrets")];
    for (const { text } of [plain, sealed]) assert.ok(!text.includes(webhook.secret));
    const of = ({ lines }) => lines.find((line) => line.webhook?.id === webhook.id).webhook;
    assert.deepEqual([of(plain).secret, of(plain).url], [null, webhook.url]);
    assert.match(of(sealed).secret, /^o1\.[\w-]+$/);
    const yes = plain.lines.find((line) => line.owner?.address === "said-yes@firm.example").owner;
    assert.ok(yes.confirmedAt > 0 && yes.declinedAt === null);
    const mayGrant = { roles: [], apis: [], environments: [], accounts: [], lifeDaysMax: 1 };
    const email = "reader@acme.example";
    const { invitation } = await admin.expect(201, "POST", "/v1/operators", { email, role: "auditor", mayGrant });
    const reader = await enrol(registry, { organisation: "acme", email, invitation });
    await reader.signIn();
    let after = "";
    let text = "";
    for (let more = true; more; ) {
      const page = await reader.expect(200, "GET", `/v1/backup${after}`);
      const end = JSON.parse(page.trim().split("\n").at(-1));
      [text, after, more] = [text + page, `?after=${end.seal}`, end.more];
    }
    assert.ok(text.includes(webhook.id) && !text.includes("t0ken"));
    await admin.expect(204, "DELETE", path(webhook));
  });

  test("where the organisation lives: what is here stays, a removal and a later no, too", async () => {
    const [stays, goes] = [await hook("stays"), await hook("goes")];
    const link = await owner("later-no@firm.example");
    const { file } = await backup("hooks living", "--secrets");
    await edit(stays, { url: "https://elsewhere.example/" });
    await admin.expect(204, "DELETE", path(goes));
    await decline(link);
    for (let times = 0; times < 2; times++) {
      assert.deepEqual(webhooksOf(await restored(file)), [`webhook ${goes.id} kept_removed`]);
    }
    assert.equal((await admin.expect(200, "GET", path(stays))).url, "https://elsewhere.example/");
    assert.equal((await admin.ask("GET", path(goes))).status, 404);
    assert.equal(await declined("later-no@firm.example"), true);
    // A backup from then has the no, and a later yes of his holds against it.
    const after = await backup("after the no");
    assert.ok(after.lines.some((line) => line.owner?.address === "later-no@firm.example" && line.owner.declinedAt > 0));
    await admin.expect(204, "DELETE", path(stays));
  });

  test("where its object is lost: webhooks come back disabled, owners as they said", async () => {
    const webhook = await hook("lost");
    const [yes, no] = ["lost-yes@firm.example", "lost-no@firm.example"];
    const yesLink = await owner(yes);
    await decline(await owner(no));
    await settled();
    const [sealed, plain] = [await backup("hooks lost", "--secrets"), await backup("hooks lost plain")];
    const tried = async (secret) => {
      receiver.reset();
      await admin.expect(202, "POST", `${path(webhook)}/test`);
      await eventually(() => receiver.to("lost.example").length === 1, "it is called");
      const [{ text, headers }] = receiver.to("lost.example");
      return new Webhook(secret).verify(text, headers).type;
    };

    await refound();
    assert.deepEqual(webhooksOf(await restored(sealed.file)), [`webhook ${webhook.id} unproven`]);
    const shown = await admin.expect(200, "GET", path(webhook));
    assert.deepEqual([shown.url, shown.events, shown.disabled, shown.needsRotation], [webhook.url, webhook.events, true, false]);
    assert.equal((await edit(webhook, { disabled: false })).status, 200);
    assert.equal(await tried(webhook.secret), "webhook.tested");
    assert.deepEqual([await declined(yes), await declined(no)], [false, true]);
    receiver.reset();
    const told = await admin.expect(201, "POST", "/v1/keys", { ...KEY, name: "told both", owners: [yes, no] });
    await eventually(() => mails(receiver, yes).length === 1, "who said yes is told");
    assert.equal(mails(receiver, yes)[0].subject, `[acme] New API key ${told.keyId}`);
    assert.equal(mails(receiver, no).length, 0);
    // Links of before are good, too; and restoring once more does not undo what they did.
    await decline(yesLink);
    await admin.expect(204, "DELETE", path(webhook));
    assert.deepEqual(webhooksOf(await restored(sealed.file)), [`webhook ${webhook.id} kept_removed`]);
    assert.equal(await declined(yes), true);

    await refound();
    assert.deepEqual(webhooksOf(await restored(plain.file)), [`webhook ${webhook.id} no_secret`]);
    assert.equal((await admin.expect(200, "GET", path(webhook))).needsRotation, true);
    const early = await edit(webhook, { disabled: false });
    assert.deepEqual([early.status, early.json.code], [409, "conflict"]);
    const rotated = await admin.expect(200, "POST", `${path(webhook)}/rotate`, {});
    assert.deepEqual([rotated.disabled, rotated.needsRotation, rotated.oldSecretUntil], [true, false, null]);
    assert.equal((await edit(webhook, { disabled: false })).status, 200);
    assert.equal(await tried(rotated.secret), "webhook.tested");
    const log = await admin.expect(200, "GET", "/v1/audit?limit=1000");
    assert.ok(log.includes("webhook.restored") && log.includes("owner.restored"));
  });
});

// The last one, as the clock is ahead after it.
test("a backup that somebody began is continued by him alone, and soon", async () => {
  const sealOf = (page) => JSON.parse(page.trim().split("\n").at(-1)).seal;
  const mayGrant = { roles: "all", apis: "all", environments: "all", accounts: "all", lifeDaysMax: 365 };
  const invited = await admin.expect(201, "POST", "/v1/operators", { email: "second@acme.example", role: "firm-admin", mayGrant });
  const second = await enrol(registry, { organisation: "acme", email: "second@acme.example", invitation: invited.invitation });
  await second.signIn();
  const seal = sealOf(await admin.expect(200, "GET", "/v1/backup?secrets=true"));
  const next = (who) => who.ask("GET", `/v1/backup?after=${seal}`);
  assert.equal((await next(admin)).status, 200);
  // The log would not say that he has it.
  assert.deepEqual([(await next(second)).status, (await next(second)).json.errors.map(({ field }) => field)], [422, ["after"]]);
  await registry.restart({ aheadS: 3_700 });
  front.behind = registry.adminPort;
  await admin.signIn();
  assert.deepEqual([(await next(admin)).status, (await next(admin)).json.errors.map(({ field }) => field)], [422, ["after"]]);
});
