// Content that is signed (rule 13): read whole and within bounds after the MAC was right, and only then forwarded.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { begin, call, chunk, request } from "../support/client.js";
import { deploy } from "../support/deployment.js";
import { startOrigin } from "../support/origin.js";
import { open } from "../support/raw.js";
import { digest } from "../support/sign.js";

const MIB = 1024 * 1024;
const WHOLE_S = 20;

let gateway, origin, key, basic, unknown;
before(async () => {
  origin = await startOrigin();
  const keys = [{ name: "signed" }, { name: "basic", kind: "basic" }, { name: "removed" }];
  gateway = await deploy({ keys, remote: origin.url, settings: { contentSecondsMax: WHOLE_S } });
  ({ signed: key, basic, removed: unknown } = gateway.keys);
  await gateway.kv.put(unknown.kvName, unknown.removed);
});
after(async () => {
  await gateway?.stop();
  await origin?.stop();
});

const post = (how) => call(gateway, { as: key, method: "POST", target: "/remote/x", ...how });
const seen = () => origin.received.map((one) => one.content);

async function refused(how, expected) {
  origin.received.length = 0;
  const answer = await post(how);
  assert.equal(answer.outcome, expected);
  assert.deepEqual(origin.received, [], "nothing of it reached the origin");
  await isStillServing();
  return answer;
}

async function isStillServing() {
  assert.equal((await post({ content: "abc" })).status, 200);
}

describe("digests", () => {
  // Up to 4 KiB are hashed in wasm, more by the runtime.
  for (const octets of [1, 4096, 4097, 100_000, MIB]) {
    for (const chunked of [false, true]) {
      test(`right, ${octets} bytes${chunked ? " in chunks" : ""}`, async () => {
        const content = randomBytes(octets);
        const both = `${digest(content, "sha-256")}, ${digest(content, "sha-512")}`;
        for (const field of [undefined, digest(content, "sha-256"), both, `${digest(content)}, md5=:AAAA:, unixsum=:AAAA:`]) {
          origin.received.length = 0;
          const answer = await post({ content, chunked, digest: field });
          assert.equal(answer.status, 200, answer.text);
          assert.deepEqual(seen(), [content]);
        }
      });

      test(`wrong, ${octets} bytes${chunked ? " in chunks" : ""}`, async () => {
        const content = randomBytes(octets);
        const other = Buffer.from(content);
        other[octets - 1] ^= 1;
        const wrong = [
          digest(other), digest(other, "sha-256"), digest(""),
          `${digest(content)}, ${digest(other, "sha-256")}`, `${digest(other)}, ${digest(content, "sha-256")}`,
        ];
        for (const field of wrong) await refused({ content, chunked, digest: field }, "401 content_digest_mismatch");
      });
    }
  }

  test("absent", async () => {
    const answer = await refused({ content: "abc", digest: false }, "401 insufficient_coverage");
    assert.deepEqual(answer.json.missing, ["content-digest"]);
  });

  test("absent, and the content's length not announced: known only when it comes", async () => {
    const answer = await refused({ content: "abc", digest: false, chunked: true }, "401 insufficient_coverage");
    assert.deepEqual(answer.json.missing, ["content-digest"]);
  });

  test("there but not covered", async () => {
    for (const chunked of [false, true]) {
      const sign = { covers: ["@method", "@target-uri"] };
      await refused({ content: "abc", chunked, sign }, "401 insufficient_coverage");
    }
  });

  test("only of algorithms that give no credit", async () => {
    for (const chunked of [false, true]) {
      await refused({ content: "abc", chunked, digest: "md5=:kAFQmDzST7DWlj99KOF/cg==:" }, "401 insufficient_coverage");
    }
  });

  test("malformed", async () => {
    const right = digest("abc");
    const malformed = [
      "", "sha-512", "sha-512=abc", 'sha-512="abc"', "sha-512=:abc:", `${right}, ${right}`, right.replace("sha-512", "sha-256"),
      `sha-512=:${createHash("sha512").update("abc").digest("hex")}:`, right.replace("=:", ""), right.replaceAll(":", ""),
    ];
    for (const field of malformed) {
      const answer = await post({ content: "abc", digest: field });
      assert.equal(answer.status, 401, field);
      assert.ok(["malformed_credentials", "insufficient_coverage"].includes(answer.code), `${field}: ${answer.code}`);
    }
    await isStillServing();
  });

  test("of nothing, on a GET", async () => {
    const fields = [["Content-Digest", digest("")]];
    assert.equal((await call(gateway, { as: key, fields })).status, 200);
    await refused({ method: "GET", fields: [["Content-Digest", digest("abc")]] }, "401 content_digest_mismatch");
  });

  test("a POST without content needs none", async () => {
    assert.equal((await post({})).status, 200);
    assert.equal((await post({ fields: [["Content-Length", "0"]] })).status, 200);
    assert.equal((await post({ content: "", chunked: true, digest: false })).status, 200);
    assert.equal((await post({ content: "", chunked: true })).status, 200);
  });

  test("content that was replaced by another with its own digest", async () => {
    const { head } = request({ as: key, method: "POST", target: "/remote/x", content: "abc" });
    const forged = head.toString("latin1").replace(digest("abc"), digest("xyz"));
    const connection = await open(gateway.port);
    connection.write(`${forged}xyz`);
    assert.equal((await connection.answer()).outcome, "401 invalid_credentials");
    connection.close();
  });
});

describe("too large", () => {
  const declared = (length) => ({ as: key, method: "POST", target: "/remote/x", fields: [["Content-Length", String(length)], ["Content-Digest", digest("")]] });

  test("announced: refused at once, while it is still being sent", async () => {
    for (const length of [MIB + 1, 10 ** 12]) {
      const connection = await begin(gateway, declared(length));
      connection.write("only the beginning");
      assert.equal((await connection.answer()).outcome, "413 content_too_large");
      connection.close();
    }
    await isStillServing();
  });

  test("announced with an unknown key: the same, without a look-up", async () => {
    const before = (await gateway.kv.log()).length;
    const connection = await begin(gateway, { ...declared(MIB + 1), as: { ...key, secret: "other" } });
    assert.equal((await connection.answer()).outcome, "413 content_too_large");
    connection.close();
    assert.equal((await gateway.kv.log()).length, before);
  });

  test("in chunks: refused when there is too much, while it is still being sent", async () => {
    const fields = [["Transfer-Encoding", "chunked"], ["Content-Digest", digest("")]];
    const connection = await begin(gateway, { as: key, method: "POST", target: "/remote/x", fields });
    for (let sent = 0; sent <= MIB; sent += MIB / 8) connection.write(chunk(Buffer.alloc(MIB / 8)));
    assert.equal((await connection.answer()).outcome, "413 content_too_large");
    connection.close();
    await isStillServing();
  });

  test("in chunks, after a wrong MAC: nothing is read", async () => {
    const fields = [["Transfer-Encoding", "chunked"], ["Content-Digest", digest("")]];
    for (const as of [{ ...key, secret: "other" }, unknown]) {
      const connection = await begin(gateway, { as, method: "POST", target: "/remote/x", fields });
      assert.equal((await connection.answer()).outcome, "401 invalid_credentials");
      connection.close();
    }
  });

  test("the bound is not for content that nobody has to hold: Basic streams 3 MB", async () => {
    assert.equal((await call(gateway, { as: basic, method: "POST", target: "/remote/x", content: Buffer.alloc(3_000_000) })).status, 200);
  });
});

describe("content that does not come", { concurrency: true }, () => {
  test("a client that stops is given up after 10 s", async () => {
    const began = Date.now();
    const connection = await begin(gateway, { as: key, method: "POST", target: "/remote/x", fields: [["Content-Length", "6"], ["Content-Digest", digest("abcdef")]] });
    await connection.write("abc");
    const answer = await connection.answer();
    assert.equal(answer.outcome, "408 content_timeout");
    assert.ok(Date.now() - began >= 9_500, "not before");
    connection.close();
    await isStillServing();
  });

  test("a client that drips is given up when its time is over", async () => {
    const began = Date.now();
    const connection = await begin(gateway, { as: key, method: "POST", target: "/remote/x", fields: [["Content-Length", "100"], ["Content-Digest", digest("")]] });
    const drip = setInterval(() => connection.write("x"), 2_000);
    try {
      const answer = await connection.answer();
      assert.equal(answer.outcome, "408 content_timeout");
      assert.ok(Date.now() - began >= WHOLE_S * 1000 - 50, "not before");
    } finally {
      clearInterval(drip);
      connection.close();
    }
    await isStillServing();
  });

  test("a client that is slow is waited for", async () => {
    const connection = await begin(gateway, { as: key, method: "POST", target: "/remote/x", fields: [["Content-Length", "6"], ["Content-Digest", digest("abcdef")]] });
    for (const part of ["ab", "cd", "ef"]) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      await connection.write(part);
    }
    assert.equal((await connection.answer()).status, 200);
    connection.close();
  });
});

// Apart from all others: each takes all the room there is.
describe("more than there is room for", () => {
  test("a client that goes away frees what it held", async () => {
    // Together more than there is room for.
    for (let round = 0; round < 6; round++) {
      const connections = await Promise.all(Array.from({ length: 8 }, () => half()));
      for (const connection of connections) connection.close();
      await isStillServing();
    }
  });

  // Each holds a little less than 1 MiB and gives no end: 33 do not fit into 32 MiB.
  test("more at once than fits: some are refused, and there is room again afterwards", async () => {
    const connections = await Promise.all(Array.from({ length: 40 }, () => half()));
    const answers = connections.map((connection) => connection.answer().catch((error) => error));
    const first = await Promise.any(answers.map(async (answer) => ((await answer).status === 503 ? answer : Promise.reject(answer))));
    assert.equal(first.outcome, "503 content_buffers_full");
    assert.match(first.field("retry-after"), /^\d+$/);
    assert.equal((await call(gateway, { as: key })).status, 200, "what needs no buffer is served meanwhile");
    for (const connection of connections) connection.write("x");
    const statuses = (await Promise.all(answers)).map((answer) => answer.status);
    assert.ok(statuses.filter((status) => status === 200).length >= 30, statuses.join());
    assert.ok(statuses.every((status) => [200, 503].includes(status)), statuses.join());
    for (const connection of connections) connection.close();

    const content = randomBytes(MIB);
    const later = await Promise.all(Array.from({ length: 8 }, () => post({ content })));
    assert.deepEqual(later.map((answer) => answer.status), Array(8).fill(200));
  });

  /** All of a request but the last byte of its content. */
  async function half() {
    const content = Buffer.alloc(1_040_000, "x");
    const { head } = request({ as: key, method: "POST", target: "/remote/x", content });
    const connection = await open(gateway.port);
    await connection.write(Buffer.concat([head, content.subarray(1)]));
    return connection;
  }
});
