// Guarantees what becomes of requests as they stand on the wire of HTTP/1.1 in Node (rules 1 to 3 and 7). Where Node
// answers by itself, the row says so.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { after, before, test } from "node:test";

import { basic, open, outcome, signed } from "./deployment.js";

let server, verifier, port;
before(async () => {
  verifier = open({ scheme: "https" });
  server = createServer(async (request, response) => {
    const verdict = await verifier.verify(request);
    const { target } = verdict.grant?.forward() ?? {};
    const body = verdict.grant?.body && Buffer.from(verdict.grant.body).toString();
    response.statusCode = verdict.denial?.status ?? 200;
    // Content that nobody read is not taken for the next request.
    if (verdict.denial) response.setHeader("connection", "close");
    response.end(JSON.stringify({ outcome: outcome(verdict), target, body, detail: verdict.denial?.detail }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = server.address().port;
});
after(() => {
  server.closeAllConnections();
  server.close();
  verifier.close();
});

/** What the server answers to exactly these bytes. */
async function ask(...parts) {
  const socket = connect(port, "127.0.0.1");
  const chunks = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  for (const part of parts) socket.write(part);
  const closed = once(socket, "close");
  const complete = new Promise((resolve) => {
    socket.on("data", () => /\r\n\r\n.*\}$/s.test(Buffer.concat(chunks).toString()) && resolve());
  });
  await Promise.race([closed, complete]);
  socket.destroy();
  const text = Buffer.concat(chunks).toString();
  const [head, content] = text.split("\r\n\r\n");
  return { status: Number(head.split(" ")[1]), ...(content?.startsWith("{") ? JSON.parse(content) : {}) };
}

const credential = basic().join(": ");
const head = (line, ...fields) => `${[line, ...fields].join("\r\n")}\r\n\r\n`;
const get = (target, ...fields) => head(`GET ${target} HTTP/1.1`, "Host: api.example", credential, ...fields);

const ROWS = {
  "a plain request": [get("/v1/users?a=1"), "allow", "/v1/users?a=1"],
  "a whole URL of the same authority": [get("https://api.example/v1/users"), "allow", "/v1/users"],
  "a whole URL of another authority": [get("https://other.example/v1/users"), "ambiguous_target"],
  "a whole URL of another scheme": [get("http://api.example/v1/users"), "ambiguous_target"],
  "a whole URL with a user in it": [get("https://u@api.example/v1/users"), "ambiguous_target"],
  "OPTIONS of the server": [head("OPTIONS * HTTP/1.1", "Host: api.example", credential), "ambiguous_target"],
  "a fragment": [get("/v1/users#a"), "ambiguous_target"],
  "dots": [get("/v1/x/../users"), "ambiguous_target"],
  "dots, encoded": [get("/v1/%2e%2e/users"), "ambiguous_target"],
  "two slashes": [get("//v1/users"), "ambiguous_target"],
  "a backslash": [get("/v1\\users"), "ambiguous_target"],
  "Host in another case and with the port": [head("GET /v1/users HTTP/1.1", "hOST: API.example:443", credential), "allow", "/v1/users"],
  "another Host": [head("GET /v1/users HTTP/1.1", "Host: other.example", credential), "misdirected_request"],
  "Host with a path": [head("GET /x HTTP/1.1", "Host: api.example/v1/users?", credential), "misdirected_request"],
  "two Hosts": [get("/v1/users", "Host: api.example"), "invalid_header"],
  "two Hosts that differ": [get("/v1/users", "Host: other.example"), "invalid_header"],
  "no Host": [head("GET /v1/users HTTP/1.0", credential), "misdirected_request"],
  "two credentials": [get("/v1/users", credential), "multiple_credentials"],
  "none": [head("GET /v1/users HTTP/1.1", "Host: api.example"), "missing_credentials"],
  "two dates": [get("/v1/users", "Date: Sun, 06 Nov 1994 08:49:37 GMT", "Date: Sun, 06 Nov 1994 08:49:37 GMT"), "invalid_header"],
  "another method in a field": [get("/v1/users", "X-HTTP-Method-Override: DELETE"), "method_override"],
  "another method in a field with _": [get("/v1/users", "x_http_method_override: DELETE"), "method_override"],
  "a method that is none of ours": [head("TRACE /v1/users HTTP/1.1", "Host: api.example", credential), "method_not_allowed"],
  "an upgrade": [get("/v1/users", "Connection: upgrade", "Upgrade: websocket"), "upgrade_not_supported"],
  "a field in Latin-1": [Buffer.from(get("/v1/users", "X-Name: Jos\u00e9"), "latin1"), "allow", "/v1/users"],
  "content with GET": [get("/v1/users", "Content-Length: 2") + "hi", "unexpected_content"],
  "content with GET whose length nobody knows": [get("/v1/users", "Transfer-Encoding: chunked") + "2\r\nhi\r\n0\r\n\r\n", "unexpected_content"],
};
for (const [name, [bytes, expected, target]] of Object.entries(ROWS)) {
  test(name, async () => {
    const answer = await ask(bytes);
    assert.deepEqual([answer.outcome, answer.target], [expected, target], answer.detail);
  });
}

const BY_NODE = {
  "both lengths": get("/v1/users", "Content-Length: 2", "Transfer-Encoding: chunked") + "hi",
  "two lengths": get("/v1/users", "Content-Length: 2", "Content-Length: 3") + "hi",
  "a method in lower case": head("get /v1/users HTTP/1.1", "Host: api.example", credential),
  "a blank in the target": get("/v1/ users"),
  "a blank before the colon": get("/v1/users", "X-A : b"),
  "a NUL in a field": get("/v1/users", "X-A: b\0c"),
};
for (const [name, bytes] of Object.entries(BY_NODE)) {
  test(`${name}: refused by Node`, async () => {
    const answer = await ask(bytes);
    assert.deepEqual([answer.status, answer.outcome], [400, undefined]);
  });
}

const post = (length, request) =>
  head("POST /v1/users HTTP/1.1", "Host: api.example", length, ...request.headers.map((field) => field.join(": ")));

test("signed content is read, compared and handed on", async () => {
  const request = signed({ method: "POST", body: '{"name":"Ada"}' });
  const answer = await ask(post("Content-Length: 14", request), request.body);
  assert.deepEqual([answer.outcome, answer.body], ["allow", request.body]);
});

test("content in chunks", async () => {
  const request = signed({ method: "POST", body: "hello world" });
  const answer = await ask(post("Transfer-Encoding: chunked", request), "5\r\nhello\r\n", "6\r\n world\r\n0\r\nX-Trailer: a\r\n\r\n");
  assert.deepEqual([answer.outcome, answer.body], ["allow", "hello world"]);
});

test("content that is not what was signed", async () => {
  const request = signed({ method: "POST", body: "hello" });
  assert.equal((await ask(post("Content-Length: 5", request), "hullo")).outcome, "content_digest_mismatch");
});

test("content over the bound is refused before it is sent, and while it is", async () => {
  const request = signed({ method: "POST", body: "hello" });
  assert.equal((await ask(post("Content-Length: 2000000", request))).outcome, "content_too_large");
  const chunk = `${(300_000).toString(16)}\r\n${"a".repeat(300_000)}\r\n`;
  const answer = await ask(post("Transfer-Encoding: chunked", request), chunk, chunk, chunk, chunk);
  assert.equal(answer.outcome, "content_too_large");
});
