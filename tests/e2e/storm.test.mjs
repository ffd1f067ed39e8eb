// However often the registry is killed, and whenever: what it acknowledged is there, in the log once, in KV, and at the gateway.
import assert from "node:assert/strict";
import { watch } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { rowsOf } from "../support/ageing.js";
import { verifiedLog } from "../support/audit.js";
import { call } from "../support/client.js";
import { eventually } from "../support/eventually.js";
import { found } from "../support/operator.js";
import { startRegistry } from "../support/registry.js";
import { Client } from "../support/storm.js";
import { within } from "../support/within.js";

const ROUNDS = Number(process.env.KEYWARD_STORM_ROUNDS ?? 3);
const ORGANISATIONS = ["acme", "globex", "initech"];
const CLIENTS = 4;
/** Sessions are renewed before a second factor is too old. */
const SESSION_MS = 200_000;

let registry;
/** Each organisation with its admin and the clients that work in his name. */
const organisations = [];
before(async () => {
  registry = await startRegistry();
  for (const name of ORGANISATIONS) {
    const admin = await found(registry, name);
    const clients = Array.from({ length: CLIENTS }, (_, number) => new Client(admin, number));
    organisations.push({ name, admin, clients, signedInAt: Date.now() });
  }
});
after(() => registry?.stop());

/** When to kill: at any time; right after the directory reserved an id; while an alarm writes to KV. */
const MOMENTS = {
  "at any time": () => new Promise((resolve) => setTimeout(resolve, 300 + Math.random() * 1_500)),
  "at a reservation": () => written("registry-disk/keyward-directory"),
  "in an alarm": () => written("kv-disk/keyward-kv"),
};

/** Resolves at one of the next writes in a folder. */
function written(folder) {
  const { promise, resolve } = Promise.withResolvers();
  let left = 20 + Math.floor(Math.random() * 100);
  const watcher = watch(join(registry.state, folder), { persistent: false }, () => {
    if (left-- === 0) resolve(watcher.close());
  });
  return promise;
}

async function everything(admin, path) {
  const items = [];
  for (let next = ""; next !== null; ) {
    const page = await admin.expect(200, "GET", `${path}?limit=200${next && `&after=${next}`}`);
    items.push(...page.items);
    next = page.next;
  }
  return items;
}

/** Every key id of an organisation is reserved for it; the directory may know more. */
async function reserved() {
  const ids = await rowsOf(registry, "directory", "organisations", "SELECT key_id, organisation FROM keys");
  const owners = new Map(ids.map((row) => [row.key_id, row.organisation]));
  const keys = await rowsOf(registry, "organisation", "keys", "SELECT key_id, name FROM keys, organisation");
  for (const { key_id, name } of keys) assert.equal(owners.get(key_id), name, `${key_id} is not reserved`);
  return ids.length - keys.length;
}

async function settle({ admin, clients }) {
  const keys = await everything(admin, "/v1/keys");
  const { items: roles } = await admin.expect(200, "GET", "/v1/roles");
  const { items: operators } = await admin.expect(200, "GET", "/v1/operators");
  let surplus = 0;
  for (const client of clients) surplus += await client.settle({ keys, roles, operators });
  const known = clients.flatMap((client) => [...client.keys.keys()]);
  assert.deepEqual(keys.map(({ keyId }) => keyId).sort(), known.sort(), "keys that nobody made");
  return surplus;
}

/** The log's hashes follow, and each change that was acknowledged is in it once, under its request. */
async function logged({ admin, clients }) {
  const log = await verifiedLog(admin);
  const times = new Map();
  const name = ({ requestId, action, subject }) => `${requestId} ${action} ${subject}`;
  for (const entry of log) times.set(name(entry), (times.get(name(entry)) ?? 0) + 1);
  for (const change of clients.flatMap((client) => client.acknowledged)) assert.equal(times.get(name(change)), 1, name(change));
  for (const { keys } of clients) {
    for (const [id, { version }] of keys) {
      assert.equal(log.filter(({ subject }) => subject === id).length, version, `${id}: changes and entries`);
    }
  }
  return log.length;
}

/** KV has every key as it is now, and nothing is left for reconciling to repair. */
async function published({ admin, clients }) {
  for (const [id, { said }] of clients.flatMap((client) => [...client.keys])) {
    const generation = async () => {
      const text = await registry.kv.get(`k/${id}`);
      return text && JSON.parse(Buffer.from(text.split(".")[2], "base64url")).generation;
    };
    await eventually(async () => (await generation()) === said.generation, `${id} is published`);
  }
  const { differing, next } = await admin.expect(200, "POST", "/v1/reconcile", {});
  assert.deepEqual([differing, next], [[], null]);
}

/** What the gateway says of each secret that was ever given is what the registry says of its key. */
async function obeyed({ clients }) {
  let asked = 0;
  for (const { said, secrets, dead } of clients.flatMap((client) => [...client.keys.values()])) {
    const answers = [[secrets, outcomeOf(said)], [dead, "401 invalid_credentials"]];
    for (const [those, expected] of answers) {
      for (const secret of those.filter(Boolean)) {
        const { outcome } = await call(registry, { as: { ...said, secret } });
        assert.equal(outcome, expected, `${said.keyId}, ${said.state}`);
        asked += 1;
      }
    }
  }
  return asked;
}

function outcomeOf({ state, allowlist }) {
  if (state === "disabled") return "401 key_disabled";
  return allowlist === "198.51.100.0/24" ? "403 address_not_allowed" : "200";
}

test(`killed in a storm of changes, ${ROUNDS} times: nothing that was acknowledged is lost`, async () => {
  const all = organisations.flatMap(({ clients }) => clients);
  let surplus = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const one of organisations) {
      if (Date.now() - one.signedInAt < SESSION_MS) continue;
      assert.equal((await one.admin.signIn()).status, 200);
      one.signedInAt = Date.now();
    }
    const moment = Object.keys(MOMENTS)[round % 3];
    const killed = within(60_000, moment, MOMENTS[moment]()).then(() => registry.kill());
    await Promise.all([killed, ...all.map((client) => client.storm())]);
    const spare = await reserved();
    await registry.restart();
    let [entries, asked] = [0, 0];
    for (const one of organisations) {
      surplus += await settle(one);
      entries += await logged(one);
    }
    for (const one of organisations) {
      await published(one);
      asked += await obeyed(one);
    }
    console.log(`storm ${round + 1}: killed ${moment}; ${entries} entries follow; ${spare} ids reserved without a key; the gateway agrees on ${asked} secrets`);
  }
  const changes = all.flatMap((client) => client.acknowledged.map(({ action }) => action));
  const counts = [...new Set(changes)].sort().map((action) => `${changes.filter((one) => one === action).length} ${action}`);
  const sent = all.reduce((sum, client) => sum + client.sent, 0);
  console.log(`storm: ${ROUNDS} kills, ${ORGANISATIONS.length} organisations, ${sent} requests, acknowledged: ${counts.join(", ")}; 0 lost, ${surplus} there without having been acknowledged`);
});
