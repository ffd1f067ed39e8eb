// Content that is streamed (Basic, tokens): the time of the origin is its own, and not that of a slow client.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { begin, call, chunk } from "../support/client.js";
import { deploy } from "../support/deployment.js";
import { startOrigin } from "../support/origin.js";
import { within } from "../support/within.js";

/** Short enough to wait for, and long enough for an answer of a busy machine. */
const TIMEOUT_S = 2;

let gateway, origin, key;
before(async () => {
  origin = await startOrigin();
  const keys = [{ name: "basic", kind: "basic" }];
  gateway = await deploy({ keys, remote: origin.url, settings: { originTimeoutSeconds: TIMEOUT_S } });
  key = gateway.keys.basic;
});
beforeEach(() => origin.reset());
after(async () => {
  await gateway?.stop();
  await origin?.stop();
});

const LENGTH = ["Content-Length", "6"];
const CHUNKED = ["Transfer-Encoding", "chunked"];
const start = (field, target = "/remote/x") => begin(gateway, { as: key, method: "POST", target, fields: [field] });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Six octets, taking twice the origin's time; gives when the last of them were still to be written. */
async function writeSlowly(connection, field) {
  let begun;
  for (const part of ["ab", "cd", "ef"]) {
    await pause((TIMEOUT_S * 2000) / 3);
    begun = Date.now();
    await connection.write(field === CHUNKED ? chunk(part) : part);
  }
  if (field === CHUNKED) await connection.write(chunk(""));
  return begun;
}

describe("a slow client", () => {
  for (const field of [LENGTH, CHUNKED]) {
    test(`by URL, ${field[0]}`, async () => {
      const connection = await start(field);
      await writeSlowly(connection, field);
      assert.equal((await connection.answer()).text, "remote");
      const [{ fields, content }] = origin.received;
      assert.equal(content.toString(), "abcdef");
      const framing = fields.filter(([name]) => ["content-length", "transfer-encoding"].includes(name));
      assert.deepEqual(framing, [[field[0].toLowerCase(), field[1]]], "announced to the origin as it was to us");
      connection.close();
    });

    test(`by service binding, ${field[0]}`, async () => {
      const connection = await start(field, "/v1/things");
      await writeSlowly(connection, field);
      assert.equal((await connection.answer()).status, 200);
      connection.close();
    });
  }
});

test("an origin that is late after all was sent: 504", async () => {
  origin.begin = (request) => request.resume();
  const connection = await start(LENGTH);
  const sent = await writeSlowly(connection, LENGTH);
  assert.equal((await connection.answer()).outcome, "504 origin_timeout");
  assert.ok(Date.now() - sent >= TIMEOUT_S * 1000 - 50, "not before");
  connection.close();
});

test("an origin that takes nothing: 504", async () => {
  origin.begin = () => {};
  const answer = await call(gateway, { as: key, method: "POST", target: "/remote/x", content: Buffer.alloc(30_000_000) });
  assert.equal(answer.outcome, "504 origin_timeout");
});

test("a client that stops: 408 after 10 s, and the origin is told", async () => {
  const gone = new Promise((resolve) => {
    origin.begin = (request) => request.resume().once("close", resolve);
  });
  const began = Date.now();
  const connection = await start(LENGTH);
  await connection.write("abc");
  assert.equal((await connection.answer()).outcome, "408 content_timeout");
  assert.ok(Date.now() - began >= 9_500, "not before");
  await within(60_000, "the origin's request is ended", gone);
  connection.close();
});

test("an origin that answers first goes on reading", async () => {
  origin.begin = (request, response) => {
    response.write("begun");
    request.on("data", (data) => response.write(data)).on("end", () => response.end());
  };
  const connection = await start(CHUNKED);
  await connection.write(chunk("ab"));
  const answer = await connection.head();
  await writeSlowly(connection, CHUNKED);
  const parts = [];
  for await (const part of answer.parts) parts.push(part);
  assert.equal(Buffer.concat(parts).toString(), "begunababcdef");
  connection.close();
});
