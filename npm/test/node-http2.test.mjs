// Guarantees what becomes of requests of HTTP/2 in Node (rule 2).
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:http2";
import { after, before, test } from "node:test";

import { basic, open, outcome, signed } from "./deployment.js";

let server, verifier, session;
before(async () => {
  verifier = open({ scheme: "https" });
  server = createServer(async (request, response) => {
    const verdict = await verifier.verify(request);
    const forward = verdict.grant?.forward();
    const body = verdict.grant?.body && Buffer.from(verdict.grant.body).toString();
    response.end(JSON.stringify({ outcome: outcome(verdict), target: forward?.target, fields: forward?.headers, body }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  session = connect(`http://127.0.0.1:${server.address().port}`);
});
after(() => {
  session.destroy();
  server.close();
  verifier.close();
});

async function ask(headers, content) {
  const stream = session.request({ ":authority": "api.example", ":path": "/v1/users", ...headers }, { endStream: content === undefined });
  if (content !== undefined) stream.end(content);
  const chunks = await stream.toArray();
  return JSON.parse(Buffer.concat(chunks).toString());
}

const [, credential] = basic();
const ROWS = {
  "a plain request": [{ authorization: credential, ":path": "/v1/users?a=1" }, "allow", "/v1/users?a=1"],
  "host beside the same authority": [{ authorization: credential, host: "API.example" }, "allow", "/v1/users"],
  "host beside another authority": [{ authorization: credential, host: "other.example" }, "ambiguous_target"],
  "another authority": [{ authorization: credential, ":authority": "other.example" }, "misdirected_request"],
  "a fragment": [{ authorization: credential, ":path": "/v1/users#a" }, "ambiguous_target"],
  "a path that is none": [{ authorization: credential, ":path": "*", ":method": "OPTIONS" }, "ambiguous_target"],
  "two credentials": [{ authorization: credential, "proxy-authorization": credential }, "multiple_credentials"],
  "no credential": [{}, "missing_credentials"],
  "another method in a field": [{ authorization: credential, "x-http-method": "DELETE" }, "method_override"],
};
for (const [name, [headers, expected, target]] of Object.entries(ROWS)) {
  test(name, async () => {
    const answer = await ask(headers);
    assert.deepEqual([answer.outcome, answer.target], [expected, target]);
  });
}

test("crumbs of a cookie are one field", async () => {
  const { fields } = await ask({ authorization: credential, cookie: ["a=1", "b=2"] });
  assert.deepEqual(fields.filter(([name]) => name === "cookie"), [["cookie", "a=1; b=2"]]);
  assert.ok(fields.every(([name]) => !name.startsWith(":")));
});

test("signed content without a length", async () => {
  const request = signed({ method: "POST", body: "hello" });
  const headers = { ":method": "POST", ...Object.fromEntries(request.headers) };
  const answer = await ask(headers, "hello");
  assert.deepEqual([answer.outcome, answer.body], ["allow", "hello"]);
  assert.equal((await ask(headers, "hullo")).outcome, "content_digest_mismatch");
});
