// Guarantees that a request of a key that refuses copies passes once, however many processes there are.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { request } from "../support/client.js";
import { send } from "../support/raw.js";
import { startRedis, withoutRedis } from "./redis.js";
import { deployment } from "./suite.mjs";
import { NODES, serve } from "./support.js";

let folder;
let redis;
let server;
let keys;
before(async () => {
  if (withoutRedis) return;
  const { options, records, ...setting } = await deployment();
  keys = setting.keys;
  folder = mkdtempSync(join(tmpdir(), "keyward-cluster-"));
  writeFileSync(join(folder, "keyward.json"), JSON.stringify(options));
  writeFileSync(join(folder, "keys.json"), JSON.stringify(records));
  redis = await startRedis();
  const env = { KEYWARD_FOLDER: folder, REDIS_SOCKET: redis.socket };
  server = await serve(NODES["Node 24"], ["apps/cluster/app.js"], { env });
});
after(async () => {
  await server?.stop();
  await redis?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

test("of 60 copies at once over several processes one passes, again and again", { skip: withoutRedis }, async () => {
  const processes = new Set();
  for (let round = 0; round < 5; round += 1) {
    const { whole } = request({ as: keys.strict, target: "/v1/things", sign: { parameters: { nonce: `round-${round}` } } });
    const answers = await Promise.all(Array.from({ length: 60 }, () => send(server.port, whole)));
    const passed = answers.filter((answer) => answer.status === 200);
    assert.equal(passed.length, 1);
    assert.equal(answers.filter((answer) => answer.outcome === "401 replayed").length, 59);
    processes.add(passed[0].text);
  }
  // Who is first differs: it is no single process that remembers.
  console.log(`first in ${processes.size} processes`);
});

test("while Redis is away nothing of such a key passes, and others do", { skip: withoutRedis }, async () => {
  await redis.stop();
  redis = undefined;
  const outcome = async (name) => (await send(server.port, request({ as: keys[name], target: "/v1/things" }).whole)).outcome;
  assert.equal(await outcome("strict"), "503 replay_store_unavailable");
  assert.equal(await outcome("signed"), "200");
});
