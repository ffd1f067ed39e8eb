// An organisation with 100,000 keys: pages, new keys and single ones take no longer than with a hundred.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { inObjects } from "../support/ageing.js";
import { eventually } from "../support/eventually.js";
import { events } from "../support/gateway.js";
import { found } from "../support/operator.js";
import { startRegistry } from "../support/registry.js";

const KEYS = { few: 100, many: 100_000 };
const ROUNDS = 30;
/** How much longer an answer may take: the machine does other things as well. */
const SLACK = { times: 2, ms: 15 };
/** What the object itself may take for one of these, unless the machine is too busy for that with few keys, too. */
const IN_OBJECT_MS = 20;
const KEY = { kind: "basic", environment: "production", roles: [{ role: "read-only", accounts: "all" }] };

let registry;
const admins = {};
before(async () => {
  registry = await startRegistry();
  for (const [name, count] of Object.entries(KEYS)) {
    admins[name] = await found(registry, name);
    const key = await admins[name].expect(201, "POST", "/v1/keys", { ...KEY, name: "template", memo: `${count}`, owners: ["bob@firm.example"] });
    admins[name].key = key.keyId;
    admins[name].webhook = (await admins[name].expect(201, "POST", "/v1/webhooks", { url: "https://hook.example" })).id;
    await eventually(async () => (await registry.kv.get(`k/${key.keyId}`)) !== null, "it is published");
  }
  await registry.kill();
  await inObjects(registry, "organisation", "keys", [
    `INSERT INTO keys SELECT key_id || value, 'copy ' || value, kind, environment, created_at_s - value % 5000,
       expires_at_s + value % 5000, value % 10 = 0, NULL, 'copy ' || value, replace(view, 'template', 'copy ' || value),
       record, 1, renew_at_s + value, acknowledged, value % 1000, given_by, given_at_s FROM keys JOIN (WITH RECURSIVE counter(value) AS
       (SELECT 1 UNION ALL SELECT value + 1 FROM counter WHERE value < ${KEYS.many}) SELECT value FROM counter)
       WHERE value <= CAST(json_extract(view, '$.memo') AS INTEGER)`,
    // What each is still to tell of its end.
    `INSERT INTO deliveries SELECT id || value, event, key_id || value, channel, recipient, told, state, failures, try_at_s, status,
       waits_for, due_at_s + value, created_at_s, changed_at_s, forget_at_s FROM (WITH RECURSIVE counter(value) AS
       (SELECT 1 UNION ALL SELECT value + 1 FROM counter WHERE value < ${KEYS.many}) SELECT value FROM counter)
       CROSS JOIN deliveries WHERE due_at_s IS NOT NULL AND value <= (SELECT CAST(json_extract(view, '$.memo') AS INTEGER) FROM keys WHERE keys.key_id = deliveries.key_id)`,
  ]);
  await registry.restart();
});
after(() => registry?.stop());

const middle = (times) => times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)];

/**
 * The median time of an answer for each organisation, in milliseconds: with HTTP, and what its object took of it. They are
 * asked in turn, so that a machine with other work has it for both.
 */
async function medians(what, request) {
  const from = registry.logs.length;
  const measured = Object.keys(KEYS).map((name) => ({ name, times: [], requests: new Set() }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, times, requests } of measured) {
      const [method, path, body] = request(admins[name], round);
      const start = performance.now();
      const answer = await admins[name].ask(method, path, { body });
      times.push(performance.now() - start);
      assert.ok(answer.status < 300, answer.text);
      requests.add(answer.headers["request-id"]);
    }
  }
  const lines = (requests) => events(registry.logs.slice(from)).filter(({ requestId }) => requests.has(requestId));
  await eventually(() => measured.every(({ requests }) => lines(requests).length === ROUNDS), "every answer is logged");
  const found = {};
  for (const { name, times, requests } of measured) {
    const { http, object } = (found[name] = { http: middle(times), object: middle(lines(requests).map(({ objectMs }) => objectMs)) });
    console.log(`${KEYS[name]} keys, ${what}: median ${http.toFixed(1)} ms, in the object ${object} ms, slowest ${Math.max(...times).toFixed(1)} ms`);
  }
  return found;
}

const ASKED = {
  "a new key": (_, round) => ["POST", "/v1/keys", { ...KEY, name: `new ${round}` }],
  "a page of deliveries": () => ["GET", "/v1/deliveries"],
  "a page of deliveries that wait": () => ["GET", "/v1/deliveries?state=waiting"],
  "a page of one key's deliveries that wait": ({ key }) => ["GET", `/v1/deliveries?key=${key}&state=waiting`],
  "a page of one webhook's deliveries that wait": ({ webhook }) => ["GET", `/v1/deliveries?webhook=${webhook}&state=waiting`],
  "a page of one owner's deliveries that wait": () => ["GET", "/v1/deliveries?recipient=ada@firm.example&state=waiting"],
  "a new key with an owner": (_, round) => ["POST", "/v1/keys", { ...KEY, name: `owned ${round}`, owners: ["ada@firm.example"] }],
  "a page of 50": () => ["GET", "/v1/keys"],
  "a page of 50 by name, current": () => ["GET", "/v1/keys?sort=name&state=current"],
  "a page of 50 by last use": () => ["GET", "/v1/keys?sort=-lastUsed"],
  "a page of 50 that nobody used": () => ["GET", `/v1/keys?unusedSince=${Math.floor(Date.now() / 1000) - 60}`],
  "one key": ({ key }) => ["GET", `/v1/keys/${key}`],
};

for (const [what, request] of Object.entries(ASKED)) {
  test(`${what} takes no longer`, async () => {
    const { few, many } = await medians(what, request);
    assert.ok(many.http < few.http * SLACK.times + SLACK.ms, `${many.http} ms, not ${few.http} ms`);
    assert.ok(many.object < Math.max(IN_OBJECT_MS, few.object * SLACK.times), `${many.object} ms in the object`);
  });
}

test("a search through all of them finds one", async () => {
  const path = "/v1/keys?search=copy%2099999";
  await medians("a search for one of them", () => ["GET", path]);
  const { items } = await admins.many.expect(200, "GET", path);
  assert.deepEqual(items.map(({ name }) => name), ["copy 99999"]);
});
