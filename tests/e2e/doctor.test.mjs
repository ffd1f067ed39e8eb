// `keyward doctor`: what stands between clients and a gateway is found from outside. A proxy that changes nothing is
// right, and one that changes one thing is told which. On wrangler, which rewrites paths, see demo.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer, request } from "node:http";
import { after, before, test } from "node:test";

import { deploy } from "../support/deployment.js";
import { keyward } from "../support/keyward.js";
import { AUTHORITY } from "../support/seed.js";

let gateway, unsaid;
before(async () => {
  gateway = await deploy({ keys: [], vars: { ASSERTION_KEY: randomBytes(32).toString("base64url") } });
  unsaid = await deploy({ keys: [] });
});
after(async () => {
  await gateway?.stop();
  await unsaid?.stop();
});

/** Runs the command; the mark of each finding by what was looked at, and what was said about it. */
async function doctor(url) {
  const { code, out, err } = await keyward(["doctor", url]);
  assert.ok(code === 0 || code === 1, err);
  const found = [...out.matchAll(/^([✓·✗]) (.+?) {2,}(.*)$/gm)];
  return { passes: code === 0, text: out, marks: Object.fromEntries(found.map(([, mark, what]) => [what, mark])) };
}

/** A proxy for the listed authority in front of a gateway, which changes what `change` says. */
async function behind({ to = gateway, path = (sent) => sent, host, answer, date, hide }, then) {
  const server = createServer((received, response) => {
    const own = `127.0.0.1:${server.address().port}`;
    const headers = { ...received.headers, host: host ?? (received.headers.host === own ? AUTHORITY : received.headers.host) };
    if (answer && received.url === "/") return response.end(answer);
    if (hide && received.url === hide) return response.writeHead(404).end();
    const onward = request({ agent: false, port: to.port, host: "127.0.0.1", path: path(received.url), method: received.method, headers }, (from) => {
      const fields = date ? { ...from.headers, date } : from.headers;
      from.pipe(response.writeHead(from.statusCode, fields));
    });
    received.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await then(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const RIGHT = {
  "the gateway answers": "✓",
  "paths arrive as sent": "✓",
  "no credential, no answer": "✓",
  "other hosts are refused": "✓",
  "TLS alone": "·",
  "assertions": "✓",
  "this clock and that one": "✓",
};

test("a proxy that changes nothing is right", async () => {
  const { passes, marks, text } = await behind({}, doctor);
  assert.deepEqual(marks, RIGHT, text);
  assert.ok(passes);
});

test("without a key for assertions that is said, and is no fault", async () => {
  const { passes, marks } = await behind({ to: unsaid }, doctor);
  assert.deepEqual(marks, { ...RIGHT, assertions: "·" });
  assert.ok(passes);
});

const CHANGES = {
  "dots resolved": ["paths arrive as sent", { path: (sent) => sent.replace("/x/..", "") }, "/_keyward/x/../health"],
  "encoded dots resolved": ["paths arrive as sent", { path: (sent) => sent.replace("/x/%2e%2e", "") }, "/_keyward/x/%2e%2e/health"],
  "slashes merged": ["paths arrive as sent", { path: (sent) => sent.replaceAll(/\/+/g, "/") }, "/_keyward//health"],
  "backslashes turned": ["paths arrive as sent", { path: (sent) => sent.replaceAll("\\", "/") }, "/_keyward\\health"],
  "letters decoded": ["paths arrive as sent", { path: (sent) => sent.replaceAll("%61", "a") }, "/_keyward/he%61lth"],
  "any host passed as the listed one": ["other hosts are refused", { host: AUTHORITY }, "Host"],
  "somebody else's answer": ["no credential, no answer", { answer: "hello" }, "missing_credentials"],
  "keys out of reach": ["assertions", { hide: "/_keyward/jwks.json" }, "404"],
  "another time": ["this clock and that one", { date: new Date(Date.now() - 600_000).toUTCString() }, "apart"],
};
for (const [name, [what, change, said]] of Object.entries(CHANGES)) {
  test(name, async () => {
    const { passes, marks, text } = await behind(change, doctor);
    assert.deepEqual(marks, { ...RIGHT, [what]: "✗" }, text);
    assert.ok(text.includes(said), text);
    assert.ok(!passes);
  });
}

test("an authority that is not listed is told apart from a gateway that is not there", async () => {
  const unlisted = await doctor(gateway.url);
  assert.deepEqual([unlisted.passes, unlisted.marks["the gateway answers"]], [false, "✗"]);
  assert.match(unlisted.text, /421 misdirected_request/);
  const nobody = await doctor("http://127.0.0.1:9");
  assert.deepEqual([nobody.passes, nobody.marks], [false, { "the gateway answers": "✗" }]);
});
