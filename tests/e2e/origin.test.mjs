// Origins that are down, late, or break off: 502 and 504 (the last two rows of the table of answers), never a hang, by
// URL and by service binding.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";

import { begin, call, chunk } from "../support/client.js";
import { deploy } from "../support/deployment.js";
import { startOrigin } from "../support/origin.js";
import { within } from "../support/within.js";

/** Short enough to wait for, and long enough for an answer of a busy machine. */
const TIMEOUT_S = 2;

let gateway, origin, key, basic;
before(async () => {
  origin = await startOrigin();
  const keys = [{ name: "signed" }, { name: "basic", kind: "basic" }];
  gateway = await deploy({ keys, remote: origin.url, settings: { originTimeoutSeconds: TIMEOUT_S } });
  ({ signed: key, basic } = gateway.keys);
});
beforeEach(() => origin.reset());
after(async () => {
  await gateway?.stop();
  await origin?.stop();
});

async function isStillServing() {
  for (const target of ["/remote/x", "/v1/x"]) assert.equal((await call(gateway, { as: key, target })).status, 200);
}

describe("late: 504 when its time is over, and what was asked is given up", () => {
  for (const how of [{}, { method: "POST", content: "abc" }, { method: "HEAD" }]) {
    test(`by URL, ${how.method ?? "GET"}`, async () => {
      const gone = new Promise((resolve) => {
        origin.begin = (request, response) => response.once("close", resolve);
      });
      const began = Date.now();
      const from = gateway.logs.length;
      const answer = await call(gateway, { as: key, target: "/remote/x", ...how });
      assert.equal(answer.status, 504);
      if (how.method !== "HEAD") assert.equal(answer.code, "origin_timeout");
      assert.ok(Date.now() - began >= TIMEOUT_S * 1000 - 50, "not before");
      await within(60_000, "the origin's request is ended", gone);
      assert.equal((await gateway.logged({ code: "origin_timeout" }, from)).outcome, "deny");
    });
  }

  test("by service binding", async () => {
    const answer = await call(gateway, { as: basic, target: "/v1/__echo/slow?ms=6000" });
    assert.equal(answer.outcome, "504 origin_timeout");
  });

  test("one that is in time", async () => {
    assert.equal((await call(gateway, { as: basic, target: "/v1/__echo/slow?ms=300" })).text, "slow");
  });
});

test("what comes late after the head is waited for", async () => {
  origin.begin = (request, response) => {
    response.write("first");
    setTimeout(() => response.end("last"), TIMEOUT_S * 1000 + 500);
  };
  assert.equal((await call(gateway, { as: key, target: "/remote/x" })).text, "firstlast");
  await isStillServing();
});

describe("no answer: 502", () => {
  const BEHAVIOURS = {
    "resets the connection": (request) => request.socket.resetAndDestroy(),
    "closes the connection": (request) => request.socket.end(),
    "closes after half a head": (request) => request.socket.end("HTTP/1.1 200 OK\r\nX-Half: "),
    "speaks no HTTP": (request) => request.socket.end("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "answers with a status that there is not": (request) => request.socket.end("HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n"),
    "switches protocols unasked": (request) => request.socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
  };
  for (const [name, behaviour] of Object.entries(BEHAVIOURS)) {
    test(`an origin that ${name}`, async () => {
      origin.begin = behaviour;
      for (const how of [{ as: key }, { as: key, method: "POST", content: "abc" }, { as: basic, method: "POST", content: "abc", chunked: true }]) {
        const answer = await call(gateway, { target: "/remote/x", ...how });
        assert.equal(answer.outcome, "502 origin_unavailable");
        assert.equal(answer.field("cache-control"), "no-store");
      }
      origin.reset();
      await isStillServing();
    });
  }

  test("an origin that fails, by service binding", async () => {
    assert.equal((await call(gateway, { as: key, target: "/v1/__echo/throw" })).outcome, "502 origin_unavailable");
    await isStillServing();
  });

  test("an origin where nobody listens", async () => {
    const free = createServer();
    await new Promise((resolve) => free.listen(0, "127.0.0.1", resolve));
    const remote = `http://127.0.0.1:${free.address().port}`;
    await new Promise((resolve) => free.close(resolve));
    const down = await deploy({ keys: [{ name: "signed" }], remote });
    try {
      const from = down.logs.length;
      for (const how of [{}, { method: "POST", content: "abc" }]) {
        const answer = await call(down, { as: down.keys.signed, target: "/remote/x", ...how });
        assert.equal(answer.outcome, "502 origin_unavailable");
      }
      const line = await down.logged({ code: "origin_unavailable" }, from);
      assert.deepEqual([line.outcome, line.status, line.keyId], ["deny", 502, down.keys.signed.keyId]);
      assert.equal((await call(down, { as: down.keys.signed })).status, 200, "another API's origin is not concerned");
    } finally {
      await down.stop();
    }
  });
});

describe("an answer that breaks off ends for the client too", () => {
  test("announced by its length", async () => {
    origin.begin = (request) => request.socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    await breaksOff("/remote/x");
  });

  test("in chunks", async () => {
    origin.begin = (request) => request.socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
    await breaksOff("/remote/x");
  });

  test("of a service binding", () => breaksOff("/v1/__echo/break"));

  async function breaksOff(target) {
    const connection = await begin(gateway, { as: key, target });
    const answer = await connection.head();
    assert.equal(answer.status, 200);
    await assert.rejects(async () => {
      for await (const part of answer.parts) assert.ok(part.length < 100);
    }, /closed/);
    connection.close();
    origin.reset();
    await isStillServing();
  }
});

test("a client that goes away while the origin answers takes nobody with it", async () => {
  const gone = new Promise((resolve) => {
    origin.begin = (request, response) => {
      const more = setInterval(() => response.write("more"), 20);
      response.once("close", () => {
        clearInterval(more);
        resolve();
      });
    };
  });
  const connection = await begin(gateway, { as: key, target: "/remote/x" });
  assert.equal((await connection.head()).status, 200);
  connection.close();
  await within(60_000, "the origin's answer is ended", gone);
  origin.reset();
  await isStillServing();
});

test("a client that goes away while it sends takes nobody with it", async () => {
  const connection = await begin(gateway, { as: basic, method: "POST", target: "/remote/x", fields: [["Transfer-Encoding", "chunked"]] });
  await connection.write(chunk("half"));
  connection.close();
  await isStillServing();
});

test("an origin that answers before it has read the content", async () => {
  origin.begin = (request, response) => {
    response.writeHead(409);
    response.end("enough");
    request.resume();
  };
  const content = Buffer.alloc(500_000);
  for (const as of [key, basic]) {
    const answer = await call(gateway, { as, method: "POST", target: "/remote/x", content });
    assert.deepEqual([answer.status, answer.text], [409, "enough"]);
  }
});
