// What the registry acknowledged reaches KV, whatever KV does meanwhile. Kills are in storm.test.mjs.
import assert from "node:assert/strict";
import { verify } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";

import { inObjects, loseAlarms } from "../support/ageing.js";
import { verifiedLog } from "../support/audit.js";
import { eventually } from "../support/eventually.js";
import { events } from "../support/gateway.js";
import { found } from "../support/operator.js";
import { startRegistry } from "../support/registry.js";

/** `witness` is of another organisation: what is published there shows that time goes by. */
let registry, admin, witness;
before(async () => {
  registry = await startRegistry();
  admin = await found(registry, "acme");
  witness = await found(registry, "witness");
  // Were it the first head that a fault of a test below meets, the next try would be a minute away.
  await eventually(async () => (await registry.kv.get("a/acme")) !== null, "the head of the founding is stored");
});
after(() => registry?.stop());
beforeEach(() => registry.kv.reset());

const KEY = { kind: "basic", environment: "production", roles: [{ role: "read-only", accounts: "all" }] };
const make = (name) => admin.expect(201, "POST", "/v1/keys", { ...KEY, name });

/** What the edge would read of a key, `null` if nothing. */
async function published(keyId) {
  const text = await registry.kv.get(`k/${keyId}`);
  return text === null ? null : JSON.parse(Buffer.from(text.split(".")[2], "base64url"));
}

const isGeneration = (keyId, generation) => async () => (await published(keyId))?.generation === generation;

describe("KV", () => {
  test("fails: nothing is lost, and nobody who makes keys has to know", async () => {
    await registry.kv.fail({ only: "put", n: 5 });
    const keys = await Promise.all(["a", "b", "c"].map((name) => make(`failing ${name}`)));
    for (const key of keys) await eventually(isGeneration(key.keyId, 1), "it is published");
  });

  test("is slow: a key that was removed meanwhile stays removed", async () => {
    const key = await make("slow");
    const other = await witness.expect(201, "POST", "/v1/keys", { ...KEY, name: "meanwhile" });
    for (const { keyId } of [key, other]) await eventually(isGeneration(keyId, 1), "it is published");
    await registry.kv.hold({ key: `k/${key.keyId}` });
    await admin.expect(200, "POST", `/v1/keys/${key.keyId}/disable`);
    const asked = async () => (await registry.kv.log()).filter(({ op, key: name }) => op === "put" && name === `k/${key.keyId}`).length;
    await eventually(async () => (await asked()) === 2, "the write is under way");
    await admin.expect(200, "DELETE", `/v1/keys/${key.keyId}`);
    // One write for each key at a time: the tombstone waits for the one that is held, while another organisation's
    // key is written twice, a second apart.
    for (const [change, generation] of [["disable", 2], ["enable", 3]]) {
      await witness.expect(200, "POST", `/v1/keys/${other.keyId}/${change}`);
      await eventually(isGeneration(other.keyId, generation), "the other one is written");
    }
    assert.equal(await asked(), 2);
    await registry.kv.release({ order: "reverse" });
    await eventually(isGeneration(key.keyId, 3), "the tombstone is published");
    assert.equal((await published(key.keyId)).tombstone, true);
  });

  test("takes one write a second for a key: changes in between are one", async () => {
    const key = await make("often");
    await eventually(isGeneration(key.keyId, 1), "it is published");
    const begun = performance.now();
    for (let times = 0; times < 4; times++) {
      await admin.expect(200, "POST", `/v1/keys/${key.keyId}/disable`);
      await admin.expect(200, "POST", `/v1/keys/${key.keyId}/enable`);
    }
    await eventually(isGeneration(key.keyId, 9), "the last state is published");
    const writes = (await registry.kv.log()).filter(({ op, key: name }) => op === "put" && name === `k/${key.keyId}`);
    const most = 2 + Math.ceil((performance.now() - begun) / 1_000);
    assert.ok(writes.length <= most, `${writes.length} writes, ${most} at most`);
  });

  test("is written once more after two minutes, and then no more", async () => {
    const key = await make("again");
    await eventually(isGeneration(key.keyId, 1), "it is published");
    await registry.kill();
    await inObjects(registry, "organisation", "publish", ["UPDATE publish SET due_at_ms = due_at_ms - 120000, written_at_ms = written_at_ms - 120000"]);
    await registry.restart();
    // A write that was given up arrives late.
    await registry.kv.put(`k/${key.keyId}`, "late");
    await admin.expect(200, "GET", "/v1/session");
    await eventually(async () => (await registry.kv.get(`k/${key.keyId}`)) !== "late", "it is written again");
    assert.equal((await published(key.keyId)).generation, 1);

    // What was written a second time is forgotten: however much time goes by, only others are written.
    const meanwhile = await make("meanwhile");
    await eventually(isGeneration(meanwhile.keyId, 1), "it is published");
    await registry.kill();
    await inObjects(registry, "organisation", "publish", ["UPDATE publish SET due_at_ms = due_at_ms - 120000, written_at_ms = written_at_ms - 120000"]);
    await registry.restart();
    for (const { keyId } of [key, meanwhile]) await registry.kv.put(`k/${keyId}`, "late");
    await admin.expect(200, "GET", "/v1/session");
    await eventually(async () => (await registry.kv.get(`k/${meanwhile.keyId}`)) !== "late", "the other is written again");
    assert.equal(await registry.kv.get(`k/${key.keyId}`), "late");
  });
});

test("a record is published anew at half of its freshness", async () => {
  const key = await make("renewed");
  await eventually(isGeneration(key.keyId, 1), "it is published");
  const before = (await published(key.keyId)).freshUntil;
  const FRESH_S = 72 * 3600;
  await registry.kill();
  await inObjects(registry, "organisation", "keys", ["DELETE FROM publish", "UPDATE keys SET renew_at_s = renew_at_s - 36 * 3600 - 1"]);
  await eventually(() => Math.floor(Date.now() / 1000) + FRESH_S > before, "a later second of freshness");
  await registry.restart();
  await admin.expect(200, "GET", "/v1/session");
  await eventually(async () => (await published(key.keyId)).freshUntil > before, "it is fresh for longer");
});

/** Makes a key whose publication fails, stops the registry, and takes its object's alarm away. */
async function withLostAlarm(name) {
  await registry.kv.fail({ only: "put" });
  const key = await make(name);
  await registry.kill();
  await inObjects(registry, "organisation", "publish", ["UPDATE publish SET due_at_ms = 1"]);
  await loseAlarms(registry, "organisation");
  return key;
}

describe("an alarm that was lost", () => {
  test("is set again when the object wakes", async () => {
    const key = await withLostAlarm("woken");
    await registry.restart();
    await admin.expect(200, "GET", "/v1/session");
    await eventually(isGeneration(key.keyId, 1), "it is published");
  });

  test("is set again by the cron, wherever its last run ended, and not without it", async () => {
    const others = Array.from({ length: 30 }, (_, number) => `('b-${number}', 0)`);
    const key = await withLostAlarm("woken by the cron");
    // The run before came to its limit behind this organisation; the names have no objects that were founded.
    await inObjects(registry, "directory", "woken", [`INSERT INTO organisations VALUES ${others}`, "INSERT OR REPLACE INTO woken VALUES (1, 'b')"]);
    await registry.restart();
    const asked = await witness.expect(201, "POST", "/v1/keys", { ...KEY, name: "woken by being asked" });
    await eventually(isGeneration(asked.keyId, 1), "who is asked for something wakes");
    assert.equal(await published(key.keyId), null);
    const run = async () => {
      const from = registry.logs.length;
      assert.equal((await (await registry.cron()).json()).outcome, "ok");
      const said = () => events(registry.logs.slice(from)).find(({ event }) => event === "woken");
      await eventually(said, "it is said");
      return said();
    };
    assert.deepEqual(await run(), { event: "woken", organisations: 31, failed: 0 });
    assert.equal(await published(key.keyId), null);
    assert.deepEqual(await run(), { event: "woken", organisations: 32, failed: 0 });
    await eventually(isGeneration(key.keyId, 1), "it is published");
  });
});

test("what KV has otherwise is found and published again", async () => {
  const keys = [];
  for (const name of ["missing", "older", "garbled", "right"]) keys.push(await make(`reconciled ${name}`));
  for (const key of keys) await eventually(isGeneration(key.keyId, 1), "it is published");
  const [missing, older, garbled] = keys.map(({ keyId }) => keyId);
  const old = await registry.kv.get(`k/${older}`);
  await admin.expect(200, "POST", `/v1/keys/${older}/disable`);
  await eventually(isGeneration(older, 2), "it is published");
  await registry.kv.put(`k/${older}`, old);
  await registry.kv.delete(`k/${missing}`);
  await registry.kv.put(`k/${garbled}`, "kwr1.p1.AAAA.AAAA");
  const reconcile = () => admin.expect(200, "POST", "/v1/reconcile", {});
  const found = await reconcile();
  assert.deepEqual(found.differing.filter((id) => keys.some(({ keyId }) => keyId === id)).sort(), [missing, older, garbled].sort());
  assert.equal(found.next, null);
  await eventually(isGeneration(missing, 1), "the missing one");
  await eventually(isGeneration(older, 2), "the older one");
  await eventually(async () => (await reconcile()).differing.length === 0, "nothing differs");
});

test("the head of the audit log is signed, follows from the log, and lies in KV", async () => {
  const head = await admin.expect(200, "GET", "/v1/audit/head");
  const log = await verifiedLog(admin);
  assert.equal(log[head.sequence - 1].hash, head.hash);
  const verified = (text) => {
    const [format, , payload, signature] = text.split(".");
    assert.equal(format, "kwr1");
    const said = Buffer.from(payload, "base64url");
    const signed = Buffer.concat([Buffer.from("keyward-record-v1\0a/acme\0"), said]);
    assert.ok(verify(null, signed, registry.publishKey, Buffer.from(signature, "base64url")));
    return JSON.parse(said);
  };
  const { signed, ...said } = head;
  assert.deepEqual(verified(signed), said);
  const stored = verified(await registry.kv.get("a/acme"));
  assert.equal(log[stored.sequence - 1].hash, stored.hash);
  await registry.kill();
  await inObjects(registry, "organisation", "organisation", ["UPDATE organisation SET head_at_s = head_at_s - 3600"]);
  await registry.restart();
  await make("hourly");
  await eventually(async () => verified(await registry.kv.get("a/acme")).sequence > stored.sequence, "the next head is stored");
});

test("every change is in the audit log once, with who, where and what, and the log's hashes follow", async () => {
  const key = await make("audited");
  await admin.expect(200, "POST", `/v1/keys/${key.keyId}/disable`);
  await admin.expect(200, "POST", `/v1/keys/${key.keyId}/disable`);
  await admin.expect(200, "DELETE", `/v1/keys/${key.keyId}`);
  const log = await verifiedLog(admin);
  const own = log.filter((entry) => entry.subject === key.keyId);
  assert.deepEqual(own.map((entry) => entry.action), ["key.created", "key.disabled", "key.removed"]);
  const [created, disabled] = own;
  assert.equal(created.before, null);
  assert.equal(created.after.name, "audited");
  assert.equal(disabled.before.disabled, false);
  assert.equal(disabled.after.disabled, true);
  for (const entry of own) {
    assert.equal(entry.by.operator.email, admin.email);
    assert.equal(entry.address, "127.0.0.1");
    assert.match(entry.requestId, /^[\w-]{22}$/);
    assert.ok(Date.now() / 1000 - entry.at < 60);
  }
  assert.deepEqual(log[0].by, "root");
});
