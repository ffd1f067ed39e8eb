// An organisation with 100,000 keys: pages, new keys and single ones take no longer than with a hundred.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { inObjects } from "../support/ageing.js";
import { eventually } from "../support/eventually.js";
import { found } from "../support/operator.js";
import { startRegistry } from "../support/registry.js";

const KEYS = { few: 100, many: 100_000 };
const ROUNDS = 30;
/** How much longer an answer may take: the machine does other things as well. */
const SLACK = { times: 2, ms: 15 };
const KEY = { kind: "basic", environment: "production", roles: [{ role: "read-only", accounts: "all" }] };

let registry;
const admins = {};
before(async () => {
  registry = await startRegistry();
  for (const [name, count] of Object.entries(KEYS)) {
    admins[name] = await found(registry, name);
    const key = await admins[name].expect(201, "POST", "/v1/keys", { ...KEY, name: "template", memo: `${count}` });
    await eventually(async () => (await registry.kv.get(`k/${key.keyId}`)) !== null, "it is published");
  }
  await registry.kill();
  await inObjects(registry, "organisation", "keys", [
    `INSERT INTO keys SELECT key_id || value, 'copy ' || value, kind, environment, created_at_s - value % 5000,
       expires_at_s + value % 5000, value % 10 = 0, NULL, 'copy ' || value, replace(view, 'template', 'copy ' || value),
       record, 1, renew_at_s + value, acknowledged FROM keys JOIN (WITH RECURSIVE counter(value) AS
       (SELECT 1 UNION ALL SELECT value + 1 FROM counter WHERE value < ${KEYS.many}) SELECT value FROM counter)
       WHERE value <= json_extract(view, '$.memo')`,
  ]);
  await registry.restart();
});
after(() => registry?.stop());

/** The median time of an answer, in milliseconds, with HTTP. */
async function median(what, count, ask) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await ask(round);
    times.push(performance.now() - start);
  }
  times.sort((one, other) => one - other);
  const found = times[ROUNDS / 2];
  console.log(`${count} keys, ${what}: median ${found.toFixed(1)} ms, slowest ${times.at(-1).toFixed(1)} ms`);
  return found;
}

const ASKED = {
  "a new key": (admin, round) => admin.expect(201, "POST", "/v1/keys", { ...KEY, name: `new ${round}` }),
  "a page of 50": (admin) => admin.expect(200, "GET", "/v1/keys"),
  "a page of 50 by name, current": (admin) => admin.expect(200, "GET", "/v1/keys?sort=name&state=current"),
  "one key": async (admin) => admin.expect(200, "GET", `/v1/keys/${(admin.one ??= (await admin.expect(200, "GET", "/v1/keys?limit=1")).items[0].keyId)}`),
};

for (const [what, ask] of Object.entries(ASKED)) {
  test(`${what} takes no longer`, async () => {
    const few = await median(what, KEYS.few, (round) => ask(admins.few, round));
    const many = await median(what, KEYS.many, (round) => ask(admins.many, round));
    assert.ok(many < few * SLACK.times + SLACK.ms, `${many} ms, not ${few} ms`);
  });
}

test("a search through all of them finds one", async () => {
  await median("a search that finds one", KEYS.many, async () => {
    const { items } = await admins.many.expect(200, "GET", "/v1/keys?search=copy%2099999");
    assert.deepEqual(items.map(({ name }) => name), ["copy 99999"]);
  });
});
