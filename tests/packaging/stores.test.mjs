// Guarantees that each store hands over what was published, and that exactly one of many copies is the first.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { Redis } from "ioredis";
import { cloudflareKvStore, kvStore, memoryReplayStore, memoryStore, redisReplayStore, redisStore } from "keyward";
import { fileStore } from "keyward/node";
import { createClient } from "redis";

import { startRedis, withoutRedis } from "./redis.js";

const signal = new AbortController().signal;
const get = (store, name) => store.get(name, { signal });
const now = () => Math.floor(Date.now() / 1000);

test("memoryStore has what was put there", async () => {
  const store = memoryStore({ "k/a": "1" });
  assert.equal(await get(store, "k/a"), "1");
  assert.equal(await get(store, "constructor"), null);
  store.set("k/b", "2");
  assert.equal(await get(store, "k/b"), "2");
  store.delete("k/b");
  assert.equal(await get(store, "k/b"), null);
});

describe("fileStore", () => {
  let folder;
  before(async () => (folder = await mkdtemp(join(tmpdir(), "keyward-file-"))));
  after(() => rm(folder, { recursive: true }));

  const replace = async (file, records) => {
    await writeFile(`${file}.new`, JSON.stringify(records));
    await rename(`${file}.new`, file);
  };

  test("reads the file anew when it was replaced, even by one of the same size", async () => {
    const file = join(folder, "keys.json");
    await replace(file, { "k/a": "1" });
    const store = fileStore(file);
    assert.equal(await get(store, "k/a"), "1");
    assert.equal(await get(store, "toString"), null);
    await replace(file, { "k/a": "2" });
    const many = await Promise.all(Array.from({ length: 100 }, () => get(store, "k/a")));
    assert.deepEqual(new Set(many), new Set(["2"]));
  });

  test("fails while the file is away or is none, and recovers", async () => {
    const file = join(folder, "later.json");
    const store = fileStore(file);
    await assert.rejects(get(store, "k/a"), /ENOENT/);
    for (const wrong of ["{", "[]", "null", '{"k/a":1}']) {
      await writeFile(file, wrong);
      await assert.rejects(get(store, "k/a"), undefined, wrong);
    }
    await replace(file, { "k/a": "1" });
    assert.equal(await get(store, "k/a"), "1");
  });
});

test("kvStore asks the binding for text, with its cache", async () => {
  const asked = [];
  const binding = { get: async (...args) => (asked.push(args), "record") };
  assert.equal(await get(kvStore(binding), "k/a"), "record");
  assert.deepEqual(asked, [["k/a", { type: "text", cacheTtl: 30 }]]);
  assert.throws(() => kvStore(binding, { cacheTtl: 29 }), /30 or more/);
  assert.throws(() => kvStore(undefined), /kv_namespaces/);
});

// Against a double: Cloudflare's own API cannot be asked from here. It answers as the API's reference says.
describe("cloudflareKvStore", () => {
  let api;
  let store;
  const asked = [];
  before(async () => {
    const answers = {
      [encodeURIComponent("k/a")]: (response) => response.end("récord"),
      [encodeURIComponent("k/gone")]: (response) => response.writeHead(404).end('{"success":false,"errors":[{"code":10009}]}'),
      [encodeURIComponent("k/down")]: (response) => response.writeHead(500).end("no"),
      [encodeURIComponent("k/away")]: (response) => response.writeHead(302, { location: "/elsewhere" }).end(),
      [encodeURIComponent("k/huge")]: (response) => response.end(Buffer.alloc(2 << 20, 97)),
      [encodeURIComponent("k/slow")]: () => {},
    };
    api = createServer((request, response) => {
      if (request.url === "/elsewhere") return response.end("from elsewhere");
      asked.push(request);
      const [, name] = request.url.match(/^\/accounts\/acc\/storage\/kv\/namespaces\/ns%2F1\/values\/(.*)$/) ?? [];
      answers[name](response);
    }).listen(0, "127.0.0.1");
    await once(api, "listening");
    store = cloudflareKvStore({ accountId: "acc", namespaceId: "ns/1", token: "t0ken", baseUrl: `http://127.0.0.1:${api.address().port}` });
  });
  after(() => {
    api.closeAllConnections();
    api.close();
  });

  test("gives the text, or null where there is none", async () => {
    assert.equal(await get(store, "k/a"), "récord");
    assert.equal(await get(store, "k/gone"), null);
    assert.equal(asked[0].headers.authorization, "Bearer t0ken");
  });
  test("fails where the API does, and never says the token", async () => {
    for (const name of ["k/down", "k/away", "k/huge"]) {
      await assert.rejects(get(store, name), (error) => !String(error.stack).includes("t0ken"), name);
    }
  });
  test("ends when it is told to", async () => {
    const controller = new AbortController();
    const slow = store.get("k/slow", { signal: controller.signal });
    controller.abort(new Error("enough"));
    await assert.rejects(slow, /enough/);
  });
  test("wants all of its options", () => {
    assert.throws(() => cloudflareKvStore({ accountId: "acc", namespaceId: "ns" }), /token/);
  });
});

describe("redis", { skip: withoutRedis }, () => {
  let server;
  const clients = {};
  before(async () => {
    server = await startRedis();
    clients.redis = await createClient({ socket: { path: server.socket } }).connect();
    clients.ioredis = new Redis(server.socket);
  });
  after(async () => {
    clients.redis?.destroy();
    clients.ioredis?.disconnect();
    await server?.stop();
  });

  for (const name of ["redis", "ioredis"]) {
    test(`${name}: records`, async () => {
      const store = redisStore(clients[name]);
      await clients[name].set("keyward:k/a", "record");
      assert.equal(await get(store, "k/a"), "record");
      assert.equal(await get(store, "k/b"), null);
    });
    test(`${name}: of 100 copies at once one is the first, and Redis forgets it in time`, async () => {
      const replay = redisReplayStore(clients[name]);
      const until = now() + 60;
      const first = await Promise.all(Array.from({ length: 100 }, () => replay.insert(`${name}-copies`, until)));
      assert.equal(first.filter(Boolean).length, 1);
      const ms = await clients.ioredis.pttl(`keyward:replay:${name}-copies`);
      // Not before it is over, however long this took: a copy would be the first once more.
      const left = until * 1000 - Date.now();
      assert.ok(ms >= left - 1_000 && ms <= 60_000, `${ms}, not ${left}`);
    });
    test(`${name}: what would be forgotten at once is never the first`, async () => {
      assert.equal(await redisReplayStore(clients[name]).insert(`${name}-past`, now() - 1), false);
    });
  }

  test("an answer that Redis does not give is an error, and no first copy", async () => {
    await assert.rejects(redisReplayStore({ call: async () => "QUEUED" }).insert("a", now() + 60), TypeError);
    await assert.rejects(redisReplayStore({ sendCommand: async () => undefined }).insert("a", now() + 60), TypeError);
    assert.throws(() => redisReplayStore({}), /redis or ioredis/);
  });
});

describe("memoryReplayStore", () => {
  test("of many copies one is the first, until its time", async () => {
    let ms = 1_000_000;
    const replay = memoryReplayStore({ clock: () => ms });
    assert.equal(await replay.insert("a", 1060), true);
    assert.equal(await replay.insert("a", 1060), false);
    ms = 1_060_000;
    assert.equal(await replay.insert("a", 1100), true);
    assert.equal(await replay.insert("b", 1060), false, "forgotten at once");
  });
  test("fails when it is full, until something is forgotten", async () => {
    let ms = 1_000_000;
    const replay = memoryReplayStore({ max: 2, clock: () => ms });
    assert.ok((await replay.insert("a", 1010)) && (await replay.insert("b", 1020)));
    await assert.rejects(replay.insert("c", 1030), /full/);
    assert.equal(await replay.insert("a", 1010), false, "what is known is still known");
    ms = 1_010_000;
    assert.equal(await replay.insert("c", 1030), true);
  });
});
