// What passes between client and origin, and what does not (rules 13 and 17, and the way of a request in the
// architecture): once through a service binding and once by URL, where the origin sees the bytes.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";

import { begin, call, chunk } from "../support/client.js";
import { deploy } from "../support/deployment.js";
import { startOrigin } from "../support/origin.js";
import { AUTHORITY } from "../support/seed.js";
import { basic, signatureFields } from "../support/sign.js";

let gateway, origin, keys;
before(async () => {
  origin = await startOrigin();
  gateway = await deploy({
    keys: [
      { name: "signed" },
      { name: "basic", kind: "basic" },
      { name: "imported", kind: "basic", id: "billing-gateway.7" },
      { name: "viewer", role: "account-viewer", accounts: ["acme-2", "acme-1"] },
    ],
    remote: origin.url,
  });
  keys = gateway.keys;
});
beforeEach(() => origin.reset());
after(async () => {
  await gateway?.stop();
  await origin?.stop();
});

/** What `cache: "no-store"` says to an origin, where the client says nothing (Fetch, 4.6 step 8). */
const UNCACHED = [["cache-control", "no-cache"], ["pragma", "no-cache"]];

/** The fields that reached an origin, by either way, in order of their names; without the two above. */
async function arrived(how) {
  const local = await call(gateway, { target: "/v1/x", ...how });
  assert.equal(local.status, 200, local.text);
  const remote = await call(gateway, { target: "/remote/x", ...how });
  assert.equal(remote.status, 200, remote.text);
  const usual = (field) => field[0] === "host" || UNCACHED.some((one) => one.join() === field.join());
  return [local.json.headers, origin.received.at(-1).fields].map((fields) => fields.filter((field) => !usual(field)).sort());
}

const names = (fields) => fields.map(([name]) => name);
const told = (key) => [["keyward-key-id", `"${key.keyId}"`], ["keyward-organisation", '"acme"'], ["keyward-roles", '"admin"']];

describe("to the origin", () => {
  test("a request is told the key, and keeps its own fields as they are", async () => {
    const own = [["accept", "a/b, c/d;q=0.5"], ["cookie", "session=abcdefgh"], ["x-empty", ""], ["x_name", "1"]];
    for (const key of [keys.signed, keys.basic]) {
      for (const fields of await arrived({ as: key, fields: own })) {
        assert.deepEqual(fields, [...own, ...told(key)].sort());
      }
    }
  });

  test("the origin is asked for a fresh answer, unless the client says how fresh", async () => {
    const own = ["cache-control", "max-age=60"];
    for (const [sent, seen] of [[[], UNCACHED], [[own], [own, UNCACHED[1]]]]) {
      await call(gateway, { as: keys.basic, target: "/remote/x", fields: sent });
      const found = origin.received.at(-1).fields.filter(([name]) => ["cache-control", "pragma"].includes(name));
      assert.deepEqual(found, seen);
    }
  });

  test("no credential reaches it", async () => {
    const remains = ["keyward-key-id", "keyward-organisation", "keyward-roles"];
    for (const how of [{ as: keys.basic }, { as: keys.signed }, { fields: [["Proxy-Authorization", basic(keys.basic)[1]]] }]) {
      for (const fields of await arrived(how)) assert.deepEqual(names(fields), remains);
    }
  });

  test("nothing by which Keyward speaks comes from the client", async () => {
    const spoken = [
      "Keyward-Key-Id", "keyward-organisation", "KEYWARD-ROLES", "Keyward-Account", "Keyward-Accounts", "Keyward-Assertion",
      "Keyward-Anything", "Keyward_Key_Id", "KEYWARD_ROLES", "Keyward-Account_Name", "keyward_",
    ];
    const fields = spoken.map((name) => [name, '"admin"']);
    for (const found of await arrived({ as: keys.basic, fields })) assert.deepEqual(found, told(keys.basic));
  });

  test("nor credentials spelled with _", async () => {
    const fields = [["Proxy_Authorization", "x"], ["Signature_Input", "x"], ["Transfer_Encoding", "chunked"]];
    for (const found of await arrived({ as: keys.basic, fields })) assert.deepEqual(found, told(keys.basic));
  });

  test("fields of the connection stay on it", async () => {
    const fields = [
      ["Connection", "close, X-Hop"], ["X-Hop", "1"], ["Keep-Alive", "timeout=5"], ["Proxy-Connection", "close"],
      ["TE", "trailers"], ["Trailer", "X-End"], ["X-End", "1"],
    ];
    for (const found of await arrived({ as: keys.basic, fields })) {
      assert.deepEqual(found, [["x-end", "1"], ...told(keys.basic)].sort());
    }
  });

  test("what names a Keyward field in Connection takes away nothing of ours", async () => {
    const fields = [["Connection", "Keyward-Key-Id, keyward-roles, Keyward-Organisation"]];
    for (const found of await arrived({ as: keys.basic, fields })) assert.deepEqual(found, told(keys.basic));
  });

  test("signatures for others stay, ours goes", async () => {
    const foreign = ['proxy=("@method");created=1;keyid="p";tag="other"', "proxy=:AAECAwQ=:"];
    const [[, input], [, mac]] = signatureFields(keys.signed, { method: "GET", authority: AUTHORITY, target: "/v1/x" });
    const fields = [["Signature-Input", `${foreign[0]}, ${input}`], ["Signature", `${foreign[1]}, ${mac}`]];
    const signed = await call(gateway, { target: "/v1/x", fields });
    assert.equal(signed.status, 200, signed.text);
    const kept = signed.json.headers.filter(([name]) => name.startsWith("signature"));
    assert.deepEqual(kept, [["signature", foreign[1]], ["signature-input", foreign[0]]]);

    // With a credential of another kind they are somebody else's altogether.
    for (const found of await arrived({ as: keys.basic, fields: [["Signature-Input", foreign[0]], ["Signature", foreign[1]]] })) {
      assert.deepEqual(found.filter(([name]) => name.startsWith("signature")), kept);
    }
  });

  test("accounts", async () => {
    const fields = async (target, key) => Object.fromEntries((await call(gateway, { as: key, target })).json.headers);
    const one = await fields("/v1/accounts/acme-1/things", keys.viewer);
    assert.deepEqual([one["keyward-account"], one["keyward-accounts"]], ['"acme-1"', undefined]);
    const listed = await fields("/v1/mine", keys.viewer);
    assert.deepEqual([listed["keyward-account"], listed["keyward-accounts"]], [undefined, '"acme-1", "acme-2"']);
    const all = await fields("/v1/mine", keys.signed);
    assert.deepEqual([all["keyward-account"], all["keyward-accounts"]], [undefined, "*"]);
    const quoted = await fields("/v1/accounts/a%22b/things", keys.signed);
    assert.equal(quoted["keyward-account"], '"a\\"b"');
  });

  test("an imported id is a string like any other", async () => {
    for (const found of await arrived({ as: keys.imported })) assert.deepEqual(found[0], ["keyward-key-id", '"billing-gateway.7"']);
  });

  for (const [octets, name] of [[0, "nothing"], [1, "one byte"], [1024 * 1024, "1 MiB"], [3_000_000, "3 MB"]]) {
    test(`content is streamed unchanged: ${name}`, async () => {
      const content = randomBytes(octets);
      for (const chunked of [false, true]) {
        const answer = await call(gateway, { as: keys.basic, method: "POST", target: "/remote/x", content, chunked });
        assert.equal(answer.status, 200, answer.text);
        const { content: seen, fields } = origin.received.at(-1);
        assert.equal(hash(seen), hash(content));
        // An origin that wants to know the length is told it, if the client was so kind.
        const length = fields.filter(([name]) => ["content-length", "transfer-encoding"].includes(name));
        assert.deepEqual(length, [chunked ? ["transfer-encoding", "chunked"] : ["content-length", String(octets)]]);
        const mirrored = await call(gateway, { as: keys.basic, method: "POST", target: "/v1/__echo/mirror", content, chunked });
        assert.equal(hash(mirrored.content), hash(content));
      }
    });
  }

  test("Content-Encoding is not undone", async () => {
    const content = gzipSync("abc");
    const fields = [["Content-Encoding", "gzip"]];
    await call(gateway, { as: keys.signed, method: "POST", target: "/remote/x", content, fields });
    assert.deepEqual(origin.received[0].content, content);
    assert.deepEqual(origin.received[0].fields.find(([name]) => name === "content-encoding"), ["content-encoding", "gzip"]);
  });

  test("content goes on, and comes back, chunk by chunk", async () => {
    origin.begin = (request, response) => request.pipe(response);
    for (const target of ["/v1/__echo/mirror", "/remote/mirror"]) {
      const how = { as: keys.basic, method: "POST", target, fields: [["Transfer-Encoding", "chunked"]] };
      const connection = await begin(gateway, how);
      await connection.write(chunk("first"));
      const answer = await connection.head();
      assert.equal(answer.status, 200);
      // Each comes back before the next is sent.
      for (const word of ["first", "second", "third"]) {
        if (word !== "first") await connection.write(chunk(word));
        let received = "";
        while (received.length < word.length) received += (await answer.parts.next()).value;
        assert.equal(received, word);
      }
      await connection.write(chunk(""));
      assert.equal((await answer.parts.next()).done, true);
      connection.close();
    }
  });
});

describe("to the client", () => {
  const get = (target, how) => call(gateway, { as: keys.basic, target, ...how });

  /** The answer to a request whose origin answers so. */
  function answered(status, fields = [], content = "remote") {
    origin.answer = (_, response) => {
      response.sendDate = false;
      response.writeHead(status, fields.flat());
      response.end(content);
    };
    return get("/remote/x");
  }

  test("fields of the origin's connection stay on it, and Keyward's are not the origin's to say", async () => {
    const local = await get("/v1/__echo/hop");
    assert.deepEqual(names(local.fields).sort(), ["cache-control", "content-length", "content-type", "x-end"]);

    const hop = [
      ["Connection", "X-Hop, close"], ["X-Hop", "1"], ["Keep-Alive", "timeout=5"], ["Proxy-Connection", "close"],
      ["Proxy-Authenticate", "Basic"], ["Keyward-Key-Id", '"x"'], ["keyward_code", "x"], ["KEYWARD-Status", "200"],
      ["X-End", "1"], ["Content-Length", "6"],
    ];
    const remote = await answered(200, hop);
    assert.equal(remote.text, "remote");
    assert.deepEqual(names(remote.fields).sort(), ["cache-control", "content-length", "x-end"]);
  });

  test("each Set-Cookie is a line of its own", async () => {
    const cookies = ["a=1; Expires=Tue, 20 Apr 2027 02:07:55 GMT", "b=2; Path=/"];
    assert.deepEqual((await answered(200, cookies.map((one) => ["Set-Cookie", one]))).all("set-cookie"), cookies);
    assert.deepEqual((await get("/v1/__echo/status/200")).all("set-cookie"), ["a=1; Path=/", "b=2; Path=/"]);
  });

  for (const status of [200, 201, 204, 301, 302, 304, 307, 400, 401, 404, 418, 500, 503]) {
    test(`${status} passes as it is, and no redirect is followed`, async () => {
      const location = ["Location", "/elsewhere"];
      const content = [204, 304].includes(status) ? undefined : "remote";
      for (const answer of [await answered(status, [location], content), await get(`/v1/__echo/status/${status}`)]) {
        assert.equal(answer.status, status);
        assert.equal(answer.field("location"), "/elsewhere");
        assert.equal(answer.code, null);
      }
      assert.equal(origin.received.length, 1);
    });
  }

  test("the origin's own challenge passes", async () => {
    const answer = await answered(401, [["WWW-Authenticate", 'Custom realm="origin"']]);
    assert.equal(answer.field("www-authenticate"), 'Custom realm="origin"');
  });

  const CACHING = {
    "": "private",
    "public, max-age=60": "private, max-age=60",
    "max-age=60": "private, max-age=60",
    "s-maxage=60, max-age=5": "private, max-age=5",
    "no-cache": "private, no-cache",
    "Public": "private",
    'private="x-name", max-age=5': "private, max-age=5",
    'private="x-name, x-other", max-age=5': "private, max-age=5",
    'no-cache="x-name, x-other"': 'private, no-cache="x-name, x-other"',
    "private, max-age=60": "private, max-age=60",
    "no-store": "no-store",
    "No-Store, max-age=0": "No-Store, max-age=0",
  };
  for (const [said, passed] of Object.entries(CACHING)) {
    test(`Cache-Control ${said || "absent"} becomes ${passed}`, async () => {
      const fields = said ? [["Cache-Control", said]] : [];
      assert.equal((await answered(200, fields)).field("cache-control"), passed);
      if (said) {
        const local = await get(`/v1/__echo/cache?control=${encodeURIComponent(said)}`);
        assert.equal(local.field("cache-control"), passed);
      }
    });
  }

  test("what speaks to shared caches alone is taken out", async () => {
    const said = ["CDN-Cache-Control", "Cloudflare-CDN-Cache-Control", "Surrogate-Control"].map((name) => [name, "max-age=600"]);
    const answer = await answered(200, [...said, ["X-Kept", "1"]]);
    for (const [name] of said) assert.deepEqual(answer.all(name.toLowerCase()), []);
    assert.equal(answer.field("x-kept"), "1");
    assert.equal(answer.field("cache-control"), "private");
  });

  test("an encoded answer is not undone", async () => {
    const content = gzipSync("abc".repeat(1000));
    const answer = await answered(200, [["Content-Encoding", "gzip"], ["Content-Length", String(content.length)]], content);
    assert.equal(answer.field("content-encoding"), "gzip");
    assert.deepEqual(answer.content, content);
    assert.equal(gunzipSync(answer.content).toString(), "abc".repeat(1000));
  });

  test("3 MB come back unchanged", async () => {
    const content = randomBytes(3_000_000);
    assert.equal(hash((await answered(200, [], content)).content), hash(content));
  });

  test("chunks arrive as the origin makes them", async () => {
    let more;
    origin.begin = (request, response) => {
      response.write("first");
      more = () => response.end("last");
    };
    const connection = await begin(gateway, { as: keys.basic, target: "/remote/x" });
    const answer = await connection.head();
    assert.equal(String((await answer.parts.next()).value), "first");
    more();
    assert.equal(String((await answer.parts.next()).value), "last");
    connection.close();
  });

  test("and those of a service binding", async () => {
    const stream = (ms) => begin(gateway, { as: keys.basic, target: `/v1/__echo/stream?ms=${ms}` });
    const connection = await stream(20);
    const arrivals = [];
    for await (const part of (await connection.head()).parts) arrivals.push(String(part));
    assert.deepEqual(arrivals, [1, 2, 3, 4, 5].map((n) => `chunk ${n}\n`));
    connection.close();
    // The first does not wait for the others, which are minutes away.
    const slow = await stream(600_000);
    const { value } = await (await slow.head()).parts.next();
    assert.equal(String(value), "chunk 1\n");
    slow.close();
  });

  test("HEAD is asked as HEAD", async () => {
    const answer = await call(gateway, { as: keys.basic, method: "HEAD", target: "/remote/x" });
    assert.equal(answer.status, 200);
    assert.equal(origin.received[0].method, "HEAD");
  });
});

const hash = (bytes) => createHash("sha256").update(bytes).digest("hex");
