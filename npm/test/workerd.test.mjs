// Guarantees what becomes of requests as they stand on the wire of workerd (rules 1 to 3 and 7). What the runtime answers
// by itself, or hides from us, the row says.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { start } from "../../tests/conformance/workerd.js";
import { send } from "../../tests/support/raw.js";
import { basic, now, options, records, signed } from "./deployment.js";

let worker;
before(async () => {
  worker = await start(new URL("worker.js", import.meta.url));
  const { store, clock, ...plain } = options;
  const body = JSON.stringify({ ...plain, scheme: "https", records, now });
  await fetch(`http://127.0.0.1:${worker.port}/`, { method: "POST", body });
});
after(() => worker?.stop());

async function ask(bytes) {
  const answer = await send(worker.port, bytes);
  const text = answer.content.toString();
  return { status: answer.status, ...(text.startsWith("{") ? JSON.parse(text) : {}) };
}

const credential = basic().join(": ");
const head = (line, ...fields) => `${[line, ...fields].join("\r\n")}\r\n\r\n`;
const get = (target, ...fields) => head(`GET ${target} HTTP/1.1`, "Host: api.example", credential, ...fields);

const ROWS = {
  "a plain request": [get("/v1/users?a=1"), "allow", "/v1/users?a=1"],
  "dots": [get("/v1/x/../users"), "ambiguous_target"],
  "dots, encoded": [get("/v1/%2e%2e/users"), "ambiguous_target"],
  "two slashes": [get("//v1/users"), "ambiguous_target"],
  "a backslash": [get("/v1\\users"), "ambiguous_target"],
  "a whole URL, whose authority the runtime drops": [get("https://other.example/v1/users"), "allow", "/v1/users"],
  "OPTIONS of the server": [head("OPTIONS * HTTP/1.1", "Host: api.example", credential), "ambiguous_target"],
  "Host in another case": [head("GET /v1/users HTTP/1.1", "Host: API.example", credential), "allow", "/v1/users"],
  "another Host": [head("GET /v1/users HTTP/1.1", "Host: other.example", credential), "misdirected_request"],
  "Host with a path": [head("GET /x HTTP/1.1", "Host: api.example/v1/users?", credential), "ambiguous_target"],
  "two Hosts, joined by the runtime": [get("/v1/users", "Host: api.example"), "misdirected_request"],
  "two credentials, joined by the runtime": [get("/v1/users", credential), "multiple_credentials"],
  "two dates, joined by the runtime": [get("/v1/users", "Date: Sun, 06 Nov 1994 08:49:37 GMT", "Date: Sun, 06 Nov 1994 08:49:37 GMT"), "invalid_header"],
  "no credential": [head("GET /v1/users HTTP/1.1", "Host: api.example"), "missing_credentials"],
  "another method in a field": [get("/v1/users", "x_http_method_override: DELETE"), "method_override"],
  "a method that is none of ours": [head("PROPFIND /v1/users HTTP/1.1", "Host: api.example", credential), "method_not_allowed"],
  "an upgrade": [get("/v1/users", "Connection: upgrade", "Upgrade: websocket"), "upgrade_not_supported"],
  "bytes that are no UTF-8": [get("/v1/users", "X-Name: Jos\u00e9"), "allow", "/v1/users"],
  "content with GET": [get("/v1/users", "Content-Length: 2") + "hi", "unexpected_content"],
};
for (const [name, [bytes, expected, target]] of Object.entries(ROWS)) {
  test(name, async () => {
    const answer = await ask(bytes);
    assert.deepEqual([answer.outcome, answer.target], [expected, target]);
  });
}

const BY_THE_RUNTIME = {
  "a method in lower case": [head("get /v1/users HTTP/1.1", "Host: api.example", credential), 501],
  "no Host": [head("GET /v1/users HTTP/1.1", credential), 400],
  "two lengths that differ": [get("/v1/users", "Content-Length: 2", "Content-Length: 3"), 400],
  "a NUL in a field": [get("/v1/users", "X-A: b\0c"), 400],
};
for (const [name, [bytes, status]] of Object.entries(BY_THE_RUNTIME)) {
  test(`${name}: refused by the runtime`, async () => {
    const answer = await ask(bytes);
    assert.deepEqual([answer.status, answer.outcome], [status, undefined]);
  });
}

test("signed content is read from a copy, of a length that was announced or not", async () => {
  const request = signed({ method: "POST", body: "hello" });
  const post = (framing) => head("POST /v1/users HTTP/1.1", "Host: api.example", framing, ...request.headers.map((field) => field.join(": ")));
  for (const bytes of [`${post("Content-Length: 5")}hello`, `${post("Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\n\r\n`]) {
    const { outcome, body, again } = await ask(bytes);
    assert.deepEqual([outcome, body, again], ["allow", "hello", "hello"]);
  }
  assert.equal((await ask(`${post("Content-Length: 5")}hullo`)).outcome, "content_digest_mismatch");
  // The runtime reads the chunks and hides the length, so this is content that nobody signed.
  const none = signed({ method: "POST" }).headers.map((field) => field.join(": "));
  const both = head("POST /v1/users HTTP/1.1", "Host: api.example", "Content-Length: 0", "Transfer-Encoding: chunked", ...none);
  assert.equal((await ask(`${both}5\r\nhello\r\n0\r\n\r\n`)).outcome, "insufficient_coverage");
});
