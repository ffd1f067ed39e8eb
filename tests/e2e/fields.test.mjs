// Hosts, header fields and methods as no well-behaved client sends them (rules 2, 3, 4, 7 and 11 of the design, and
// what the runtime does before us). Whatever comes, it is answered as the rules say and the next request works.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { call, request } from "../support/client.js";
import { deploy } from "../support/deployment.js";
import { open, send } from "../support/raw.js";
import { AUTHORITY } from "../support/seed.js";
import { basic, digest, signatureFields } from "../support/sign.js";

let gateway, key, basicKey;
before(async () => {
  gateway = await deploy({ keys: [{ name: "signed" }, { name: "basic", kind: "basic" }] });
  ({ signed: key, basic: basicKey } = gateway.keys);
});
after(() => gateway?.stop());


/** The answer to a request with Basic, which is right but for what the case changes. */
async function refused(how, expected) {
  const answer = await call(gateway, { as: basicKey, ...how });
  assert.equal(answer.outcome, expected);
  await isStillServing();
  return answer;
}

async function isStillServing() {
  assert.equal((await call(gateway, { as: key })).status, 200);
}

const lines = (...all) => all.map((one) => `${one}\r\n`).join("");
const raw = (...all) => Buffer.from(`${lines(...all)}\r\n`, "latin1");

describe("authorities", () => {
  const SERVED = {
    "as listed": AUTHORITY,
    "in upper case": "API.EXAMPLE",
    "with the default port": `${AUTHORITY}:80`,
  };
  for (const [name, host] of Object.entries(SERVED)) {
    test(`served: ${name}`, async () => {
      for (const as of [key, basicKey]) {
        assert.equal((await call(gateway, { as, host, authority: AUTHORITY })).status, 200);
      }
    });
  }

  const REFUSED = {
    "an unknown one": ["other.example", "421 misdirected_request"],
    "another port": [`${AUTHORITY}:8443`, "421 misdirected_request"],
    "a trailing dot": [`${AUTHORITY}.`, "421 misdirected_request"],
    "with user information": [`u:p@${AUTHORITY}`, "421 misdirected_request"],
    "two in one field": [`${AUTHORITY}, evil.example`, "421 misdirected_request"],
    "the admin's": ["admin.example", "421 misdirected_request"],
    "with a path": [`${AUTHORITY}/evil`, "400 ambiguous_target"],
    "with a path and a query": [`${AUTHORITY}/evil?`, "400 ambiguous_target"],
    "with a query": [`${AUTHORITY}?`, "400 ambiguous_target"],
    "with a fragment": [`${AUTHORITY}#`, "400 ambiguous_target"],
    "with a backslash": [`${AUTHORITY}\\evil`, "400 ambiguous_target"],
    "of another scheme": ["secure.example", "400 insecure_transport"],
  };
  for (const [name, [host, expected]] of Object.entries(REFUSED)) {
    test(`refused: ${name}`, async () => {
      const answer = await refused({ host }, expected);
      assert.equal(answer.field("www-authenticate"), null, "no challenge where no credential should be sent");
      assert.equal(answer.field("location"), null);
    });
  }

  for (const second of [AUTHORITY, "evil.example"]) {
    test(`two Host fields, the second ${second}`, () => refused({ fields: [["Host", second]] }, "421 misdirected_request"));
  }

  test("none: the runtime answers 400", async () => {
    for (const version of ["1.1", "1.0"]) {
      const answer = await send(gateway.port, raw(`GET /v1/things HTTP/${version}`, basic(basicKey).join(": ")));
      assert.equal(answer.status, 400);
      assert.equal(answer.code, null);
    }
    await isStillServing();
  });

  test("a key of another environment is unknown, whatever the request says of environments", async () => {
    const fields = [["Keyward-Environment", "production"], ["X-Forwarded-Host", AUTHORITY]];
    for (const as of [key, basicKey]) {
      assert.equal((await call(gateway, { as, host: "uat.example", fields })).outcome, "401 invalid_credentials");
    }
  });
});

describe("several credentials", () => {
  const once = (how) => request(how).whole.toString("latin1");
  const signature = () => once({ as: key }).split("\r\n").filter((line) => line.startsWith("Signature"));

  test("two Authorization fields", () =>
    refused({ fields: [basic(basicKey)] }, "400 multiple_credentials"));

  test("two credentials in one field", () =>
    refused({ as: undefined, fields: [["Authorization", `${basic(basicKey)[1]}, Basic eDp5`]] }, "400 multiple_credentials"));

  test("Basic and a signature", () =>
    refused({ fields: signature().map((line) => line.split(": ")) }, "400 multiple_credentials"));

  test("Authorization and Proxy-Authorization", () =>
    refused({ fields: [["Proxy-Authorization", basic(basicKey)[1]]] }, "400 multiple_credentials"));

  test("Basic and a signature that cannot be read", () =>
    refused({ fields: [["Signature-Input", "!"], ["Signature", "!"]] }, "400 multiple_credentials"));

  test("two signatures for Keyward", async () => {
    const message = { method: "GET", authority: AUTHORITY, target: "/v1/things" };
    const [[, a], [, b]] = signatureFields(key, message, { label: "a" });
    const [[, c], [, d]] = signatureFields(key, message, { label: "b" });
    const fields = [["Signature-Input", `${a}, ${c}`], ["Signature", `${b}, ${d}`]];
    await refused({ as: undefined, fields }, "400 multiple_credentials");
  });

  test("Signature-Input without Signature, and the other way round", async () => {
    for (const line of signature()) {
      await refused({ as: undefined, fields: [line.split(": ")] }, "401 malformed_credentials");
    }
  });
});

describe("lengths", () => {
  const head = (...fields) => raw("POST /v1/things HTTP/1.1", `Host: ${AUTHORITY}`, basic(basicKey).join(": "), ...fields);
  const post = (fields, content) => send(gateway.port, Buffer.concat([head(...fields), Buffer.from(content)]));

  // RFC 9112 section 6.1: the length goes, and the connection is closed behind the chunks.
  test("Content-Length and Transfer-Encoding: workerd takes the chunks, and nothing behind them", async () => {
    for (const fields of [["Content-Length: 3", "Transfer-Encoding: chunked"], ["Transfer-Encoding: chunked", "Content-Length: 3"]]) {
      const connection = await open(gateway.port);
      const smuggled = `GET /v1/smuggled HTTP/1.1\r\nHost: ${AUTHORITY}\r\n\r\n`;
      connection.write(Buffer.concat([head(...fields), Buffer.from(`3\r\nabc\r\n0\r\n\r\n${smuggled}`)]));
      const answer = await connection.answer();
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.json.body, "abc");
      await assert.rejects(connection.answer(), /closed/);
      connection.close();
    }
    await isStillServing();
  });

  test("other transfer codings than chunked", async () => {
    const codings = [["Transfer-Encoding: gzip, chunked"], ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]];
    for (const fields of codings) {
      assert.equal((await post(fields, "3\r\nabc\r\n0\r\n\r\n")).outcome, "400 invalid_header");
    }
    await isStillServing();
  });

  test("codings and lengths that are none: the runtime answers 400", async () => {
    const none = [
      ["Transfer-Encoding: gzip"], ["Transfer-Encoding: identity"], ["Transfer-Encoding: xchunked"],
      ["Content-Length: 3", "Content-Length: 4"], ["Content-Length: 3, 3"], ["Content-Length: +3"],
      ["Content-Length: -3"], ["Content-Length: 0x3"], ["Content-Length: 3.0"], ["Content-Length: 99999999999999999999999"],
    ];
    for (const fields of none) {
      const answer = await post(fields, "abc");
      assert.deepEqual([answer.status, answer.code], [400, null], fields.join());
    }
    await isStillServing();
  });

  test("the same length twice is one", async () => {
    assert.equal((await post(["Content-Length: 3", "Content-Length: 3"], "abc")).json.body, "abc");
  });

  test("Expect: 100-continue is answered, then the request", async () => {
    const answer = await post(["Expect: 100-continue", "Content-Length: 3"], "abc");
    assert.deepEqual([answer.interim, answer.status, answer.json.body], [[100], 200, "abc"]);
  });

  for (const method of ["GET", "HEAD"]) {
    test(`${method} with content`, async () => {
      for (const chunked of [false, true]) {
        const answer = await call(gateway, { as: basicKey, method, content: "abc", chunked });
        assert.equal(answer.status, 400);
        if (method === "GET") assert.equal(answer.code, "unexpected_content");
      }
      await isStillServing();
    });
  }

  test("DELETE with content is forwarded with it", async () => {
    const answer = await call(gateway, { as: key, method: "DELETE", content: "abc" });
    assert.deepEqual([answer.status, answer.json.method, answer.json.body], [200, "DELETE", "abc"]);
  });
});

describe("fields that may be there once", () => {
  const DATE = "Tue, 20 Apr 2027 02:07:55 GMT";
  const TWICE = {
    "Content-Type": ["text/plain", "application/json"],
    Date: [DATE, DATE],
    "X-Date": [DATE, DATE],
  };
  for (const [name, [one, other]] of Object.entries(TWICE)) {
    test(`${name} twice`, async () => {
      await refused({ fields: [[name, one], [name, other]] }, "400 invalid_header");
      await refused({ fields: [[name, `${one}, ${other}`]] }, "400 invalid_header");
    });
    test(`${name} once`, async () => {
      assert.equal((await call(gateway, { as: basicKey, fields: [[name, one]] })).status, 200);
    });
  }

  test("a date that is none", () => refused({ fields: [["Date", "yesterday"]] }, "400 invalid_header"));
});

describe("too much", () => {
  const COMMAS = ",".repeat(10_000);

  test("a field of 64 KiB", () => refused({ fields: [["X-Large", "a".repeat(64 * 1024)]] }, "400 invalid_header"));

  test("500 fields", () => {
    const fields = Array.from({ length: 500 }, (_, at) => [`X-Field-${at}`, "1"]);
    return refused({ fields }, "400 invalid_header");
  });

  test("one field on 5,000 lines", () => {
    const fields = Array.from({ length: 5_000 }, () => ["X-Field", "12345678"]);
    return refused({ fields }, "400 invalid_header");
  });

  test("10,000 commas in Signature-Input and Signature", () =>
    refused({ as: undefined, fields: [["Signature-Input", COMMAS], ["Signature", COMMAS]] }, "401 malformed_credentials"));

  test("10,000 commas in Authorization", async () => {
    for (const scheme of ["Basic ", "Bearer ", ""]) {
      await refused({ as: undefined, fields: [["Authorization", scheme + COMMAS]] }, "401 malformed_credentials");
    }
  });

  test("10,000 commas in a covered Content-Digest", () =>
    refused({ as: key, method: "POST", content: "abc", digest: COMMAS }, "401 malformed_credentials"));

  test("10,000 commas in a Content-Digest of a Basic request are not looked at", async () => {
    assert.equal((await call(gateway, { as: basicKey, fields: [["Content-Digest", COMMAS]] })).status, 200);
  });

  test("10,000 members, and 10,000 components", async () => {
    const members = Array.from({ length: 900 }, (_, at) => `s${at}=()`).join();
    const macs = Array.from({ length: 900 }, (_, at) => `s${at}=::`).join();
    await refused({ as: undefined, fields: [["Signature-Input", members], ["Signature", macs]] }, "401 malformed_credentials");
    const components = `s=(${'"a" '.repeat(1_900)})`;
    await refused({ as: undefined, fields: [["Signature-Input", components], ["Signature", "s=::"]] }, "401 malformed_credentials");
  });

  test("a head of 1 MiB: the runtime answers or closes, and serves on", async () => {
    const answer = await call(gateway, { as: basicKey, fields: [["X-Large", "a".repeat(1024 * 1024)]] }).catch((error) => error);
    assert.ok(answer instanceof Error ? /closed/.test(answer.message) : answer.status >= 400 && answer.status < 500, `${answer.status}`);
    await isStillServing();
  });
});

describe("values", () => {
  test("UTF-8 passes where it is not covered", async () => {
    const sent = Buffer.from("café").toString("latin1");
    const answer = await call(gateway, { as: key, fields: [["X-Name", sent]], sign: { covers: ["@method", "@target-uri"] } });
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json.headers.find(([name]) => name === "x-name"), ["x-name", "café"]);
  });

  test("non-ASCII cannot be covered", async () => {
    for (const value of [Buffer.from("café").toString("latin1"), "caf\xe9"]) {
      const sign = { covers: ["@method", "@target-uri", "x-name"] };
      await refused({ as: key, fields: [["X-Name", value]], sign }, "401 malformed_credentials");
    }
  });

  test("non-ASCII in a credential", async () => {
    for (const value of ["Basic caf\xc3\xa9", "Basic \xff\xfe", "caf\xe9"]) {
      await refused({ as: undefined, fields: [["Authorization", value]] }, "401 malformed_credentials");
    }
  });

  test("control characters", async () => {
    for (const value of ["a\x01b", "a\x7fb", "a\x1bb"]) {
      await refused({ fields: [["X-Name", value]] }, "400 invalid_header");
    }
  });

  test("heads that are no HTTP: the runtime answers 400", async () => {
    for (const line of ["X-Name: a\0b", "X-Name: a\rb", "X-Name : a", " X-Name: a", "X-N\xc3\xa4me: a", ": a", "X-Name", "X(Name): a", "X-A: b\r\n c"]) {
      const answer = await send(gateway.port, raw("GET /v1/things HTTP/1.1", `Host: ${AUTHORITY}`, basic(basicKey).join(": "), line));
      assert.deepEqual([answer.status, answer.code], [400, null], JSON.stringify(line));
    }
    await isStillServing();
  });

  test("a covered field is verified as it is received: trimmed, lines joined in order", async () => {
    const fields = [["X-One", "  b  "], ["X-Two", "1"], ["x-one", "a"]];
    const answer = await call(gateway, { as: key, fields, sign: { covers: ["@method", "@target-uri", "x-two", "x-one"] } });
    assert.equal(answer.status, 200, answer.text);
  });
});

describe("fields by which frameworks are told another method or target", () => {
  const NAMES = [
    "X-HTTP-Method", "X-HTTP-Method-Override", "x-http-method-override", "X_HTTP_METHOD_OVERRIDE", "X-Http_Method-Override",
    "X-Method-Override", "X-Original-URL", "X_Original_Url", "X-Original-Method", "X-Rewrite-URL", "x_rewrite_url", "X-Forwarded-Prefix",
  ];
  for (const name of NAMES) test(name, () => refused({ fields: [[name, "DELETE"]] }, "400 method_override"));

  test("even empty, and without a credential", () => refused({ as: undefined, fields: [["X-HTTP-Method-Override", ""]] }, "400 method_override"));
});

describe("methods", () => {
  for (const method of ["TRACE", "PROPFIND", "QUERY", "COPY", "PURGE"]) {
    test(`${method} is not supported`, async () => {
      const answer = await refused({ method }, "405 method_not_allowed");
      assert.deepEqual(answer.field("allow").split(", ").sort(), ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]);
    });
  }

  for (const method of ["get", "patch", "Post", "FOO", "G\u0000T"]) {
    test(`${JSON.stringify(method)}: the runtime refuses it`, async () => {
      const answer = await call(gateway, { as: basicKey, method });
      assert.ok([400, 501].includes(answer.status) && answer.code === null, answer.outcome);
      await isStillServing();
    });
  }

  test("CONNECT never reaches us: the runtime answers", async () => {
    for (const target of ["api.example:80", "/v1/things"]) {
      const answer = await call(gateway, { as: basicKey, method: "CONNECT", target }).catch((error) => error);
      assert.ok(answer instanceof Error ? /closed/.test(answer.message) : answer.status >= 400 && answer.code === null);
    }
    await isStillServing();
  });

  for (const protocol of ["websocket", "h2c", "TLS/1.0"]) {
    test(`an upgrade to ${protocol}`, () =>
      refused({ fields: [["Connection", "Upgrade"], ["Upgrade", protocol]] }, "501 upgrade_not_supported"));
  }

  test("HEAD is answered as GET without content", async () => {
    for (const how of [{ as: key }, { as: basicKey }, {}, { as: key, target: "/nowhere" }, { as: key, host: "other.example" }]) {
      const [get, head] = [await call(gateway, how), await call(gateway, { ...how, method: "HEAD" })];
      assert.equal(head.status, get.status);
      assert.equal(head.content.length, 0);
      assert.equal(head.field("content-type"), get.field("content-type"));
    }
  });

  test("nothing follows the head of an answer to HEAD", async () => {
    const connection = await open(gateway.port);
    connection.write(Buffer.concat([request({ method: "HEAD" }).whole, request({ as: key }).whole]));
    assert.equal((await connection.answer({ method: "HEAD" })).status, 401);
    assert.equal((await connection.answer()).status, 200);
    connection.close();
  });

  test("OPTIONS needs a credential", async () => {
    assert.equal((await call(gateway, { method: "OPTIONS" })).outcome, "401 missing_credentials");
    assert.equal((await call(gateway, { as: key, method: "OPTIONS" })).json.method, "OPTIONS");
  });

  test("requests one behind the other are answered in order", async () => {
    const connection = await open(gateway.port);
    const posted = request({ as: key, method: "POST", content: "abc" }).whole;
    connection.write(Buffer.concat([request({ as: key }).whole, request({}).whole, posted]));
    assert.equal((await connection.answer()).status, 200);
    assert.equal((await connection.answer()).status, 401);
    assert.equal((await connection.answer()).json.body, "abc");
    connection.close();
  });
});

test("a digest says nothing of itself: one of Basic is forwarded unread", async () => {
  const fields = [["Content-Digest", digest("other")]];
  assert.equal((await call(gateway, { as: basicKey, method: "POST", content: "abc", fields })).status, 200);
});
