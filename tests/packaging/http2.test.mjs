// Guarantees that keyward/node is the same over HTTP/2, where Node hands out another kind of request.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:http2";
import { after, before, test } from "node:test";

import { createSigner, createVerifier, memoryStore, socketPeer } from "keyward";
import { keyward } from "keyward/node";

import { deployment } from "./suite.mjs";

const BODY = JSON.stringify({ name: "ada" });

let keys;
let server;
let session;
let url;
before(async () => {
  const { keys: made, options, records } = await deployment();
  keys = made;
  let listener;
  server = createServer((request, response) => listener(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${server.address().port}`;
  url = `${origin}/v1/things`;
  const verifier = createVerifier({ ...options, authorities: [origin], store: memoryStore(records) });
  listener = keyward({ verifier, clientAddress: socketPeer }, async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    response.end(JSON.stringify({ keyId: request.keyward.keyId, text, headers: request.headers }));
  });
  session = connect(origin);
});
after(() => {
  session.destroy();
  server.close();
});

async function send(key, method, { content, headers = {}, path = "/v1/things", sent = content } = {}) {
  const request = { method, url: new URL(path, url), body: content };
  const fields = key === undefined ? [] : await createSigner({ keyId: key.keyId, secret: key.secret }).sign(request);
  const stream = session.request({ ":method": method, ":path": path, ...headers, ...Object.fromEntries(fields) });
  stream.end(sent);
  const [head] = await once(stream, "response");
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += chunk;
  return { status: head[":status"], head, json: JSON.parse(text) };
}

test("a signed request", async () => {
  const { status, json } = await send(keys.signed, "GET");
  assert.equal(status, 200, JSON.stringify(json));
  assert.equal(json.keyId, keys.signed.keyId);
});

test("content reaches the handler as it was sent, with and without its length", async () => {
  for (const headers of [{ "content-length": String(BODY.length) }, {}]) {
    const { status, json } = await send(keys.signed, "POST", { content: BODY, headers });
    assert.equal(status, 200, JSON.stringify(json));
    assert.equal(json.text, BODY);
  }
});

test("what is refused has its body, and no field that HTTP/2 forbids", async () => {
  const changed = await send(keys.signed, "POST", { content: BODY, sent: `${BODY} ` });
  assert.equal(changed.json.code, "content_digest_mismatch");
  const { status, head, json } = await send(undefined, "POST", { sent: BODY });
  assert.deepEqual([status, json.code], [401, "missing_credentials"]);
  assert.equal(head["connection"], undefined);
});

test("a page that the API lists may read the answer", async () => {
  const { status, head } = await send(keys.signed, "GET", { path: "/browser/things", headers: { origin: "https://console.example" } });
  assert.deepEqual([status, head["access-control-allow-origin"], head["vary"]], [200, "https://console.example", "origin"]);
});

test("what the client says in our name is taken out", async () => {
  const { json } = await send(keys.signed, "GET", { headers: { "keyward-key-id": '"mallory"' } });
  assert.deepEqual(Object.keys(json.headers).filter((name) => name.startsWith("keyward")), []);
});
