// Rule 14: of many copies of a request exactly one passes, whenever and wherever they arrive.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";

import { begin, call, chunk, request } from "../support/client.js";
import { deploy } from "../support/deployment.js";
import { send } from "../support/raw.js";
import { digest } from "../support/sign.js";

const AGE_S = 10;

let gateway, keys;
before(async () => {
  gateway = await deploy({
    keys: [
      { name: "strict", replay: "strict" },
      { name: "other", replay: "strict" },
      { name: "window" },
      { name: "viewer", replay: "strict", role: "read-only" },
    ],
  });
  keys = gateway.keys;
});
after(() => gateway?.stop());

/** How the copies of one request end, sorted; they go to the ports in turn. */
async function outcomes(how, count, ports = [gateway.port]) {
  const { whole } = request(how);
  const answers = await Promise.all(
    Array.from({ length: count }, (_, copy) => send(ports[copy % ports.length], whole, { method: how.method })),
  );
  return answers.map((answer) => answer.outcome).sort();
}

const once = (count) => ["200", ...Array(count - 1).fill("401 replayed")];

test("exactly one of 50 concurrent copies passes, again and again", async () => {
  for (let round = 0; round < 5; round++) {
    assert.deepEqual(await outcomes({ as: keys.strict, target: `/v1/things?round=${round}` }, 50), once(50));
  }
});

test("exactly one passes when they arrive in several isolates", async (t) => {
  const ports = [gateway.port, ...gateway.elsewhere];
  const rounds = 20;
  for (let round = 0; round < rounds; round++) {
    const how = { as: keys.strict, target: `/v1/things?isolates=${round}` };
    assert.deepEqual(await outcomes(how, 50, ports), once(50));
  }
  t.diagnostic(`${rounds} rounds of 50 copies in ${ports.length} isolates: ${rounds} passed`);
});

test("a copy is known in the other isolates, too", async () => {
  const { whole } = request({ as: keys.strict, target: "/v1/elsewhere" });
  assert.equal((await send(gateway.port, whole)).outcome, "200");
  for (const port of gateway.elsewhere) assert.equal((await send(port, whole)).outcome, "401 replayed");
});

test("content does not change that", async () => {
  const ends = await outcomes({ as: keys.strict, method: "POST", content: "once" }, 10);
  assert.deepEqual(ends, once(10));
});

test("a nonce makes two equal requests two requests", async () => {
  for (const nonce of ["a", "b"]) {
    const how = { as: keys.strict, target: "/v1/nonces", sign: { parameters: { created: seconds(), nonce } } };
    assert.equal((await call(gateway, how)).outcome, "200");
    assert.equal((await call(gateway, how)).outcome, "401 replayed");
  }
});

test("another key's request is another request", async () => {
  for (const key of [keys.strict, keys.other]) {
    assert.equal((await call(gateway, { as: key, target: "/v1/both" })).outcome, "200");
  }
});

test("a key with the policy window may repeat", async () => {
  assert.deepEqual(await outcomes({ as: keys.window }, 5), Array(5).fill("200"));
});

test("what is refused is not remembered", async () => {
  // A wrong MAC, and a right one without the permission: both may be sent again, with the same answer.
  const wrong = { as: { ...keys.strict, secret: "not it" }, target: "/v1/wrong" };
  assert.deepEqual(await outcomes(wrong, 3), Array(3).fill("401 invalid_credentials"));
  const forbidden = { as: keys.viewer, method: "DELETE", target: "/v1/things" };
  assert.deepEqual(await outcomes(forbidden, 3), Array(3).fill("403 permission_denied"));
  assert.equal((await call(gateway, { as: keys.strict, target: "/v1/wrong" })).outcome, "200");
});

test("what was noted lasts through a crash", async () => {
  for (let round = 0; round < 3; round++) {
    const how = { as: keys.other, target: `/v1/crash?round=${round}` };
    const { whole } = request(how);
    assert.equal((await send(gateway.port, whole)).outcome, "200");
    gateway = await gateway.crash();
    assert.equal((await send(gateway.port, whole)).outcome, "401 replayed");
  }
});

describe("60 s after a request is stale", { concurrency: true }, () => {
  let brief;
  before(async () => {
    // Stale as soon as may be; and content may take as long as may be, so that it can arrive when its request is forgotten.
    brief = await deploy({
      keys: [{ name: "forgotten", replay: "strict" }], settings: { createdAgeSecondsMax: AGE_S, contentSecondsMax: 300 },
    });
  });
  after(() => brief?.stop());

  // Old, so that it is forgotten soon, and fresh all the same when a busy machine comes to it.
  const created = () => seconds() - AGE_S / 2;
  const forgotten = (how) => ({ as: brief.keys.forgotten, ...how, sign: { parameters: { created: created() } } });

  test("it is forgotten, with nobody asking", async () => {
    const before = await until(() => noted(brief));
    const how = forgotten();
    assert.equal((await call(brief, how)).outcome, "200");
    const key = await until(() => noted(brief)?.find((one) => !before.includes(one)));
    assert.match(key, /^[0-9a-f]{64}$/, "a hash, and nothing of the request");
    await until(() => noted(brief)?.includes(key) === false);
    assert.equal((await call(brief, how)).outcome, "401 signature_stale");
  });

  test("content that only ends then is refused: copies of it might have passed and been forgotten", async () => {
    const content = "x".repeat(18);
    const how = forgotten({ method: "POST", target: "/v1/late", content });
    const fields = [["Transfer-Encoding", "chunked"], ["Content-Digest", digest(content)]];
    const connection = await begin(brief, { ...how, content: undefined, fields });
    // 72 s in all: it is forgotten 60 s after it is stale.
    for (const byte of content) {
      await pause(4_000);
      await connection.write(chunk(byte));
    }
    await connection.write(chunk(""));
    assert.equal((await connection.answer()).outcome, "401 replayed");
    connection.close();
  });
});

/**
 * All that the objects know, read from a copy of their disk: a reader of the disk itself would lock them out. `null`
 * where they wrote meanwhile, so that the copy is none.
 */
function noted({ replayDisk }) {
  const copy = mkdtempSync(join(tmpdir(), "keyward-replay-"));
  try {
    cpSync(replayDisk, copy, { recursive: true, filter: (file) => !file.endsWith("-shm") });
    const files = readdirSync(copy, { recursive: true }).filter((file) => /[0-9a-f]{64}\.sqlite$/.test(file));
    return files.flatMap((file) => {
      const database = new DatabaseSync(join(copy, file));
      try {
        return database.prepare("SELECT key FROM seen").all().map((row) => row.key);
      } finally {
        database.close();
      }
    });
  } catch (error) {
    if (error.code !== "ENOENT" && error.code !== "ERR_SQLITE_ERROR") throw error;
    return null;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** What it finds, as soon as it does. */
async function until(finds) {
  const end = Date.now() + 150_000;
  for (;;) {
    const found = finds();
    if (found) return found;
    assert.ok(Date.now() < end, "it is not found");
    await pause(500);
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const seconds = () => Math.floor(Date.now() / 1000);
