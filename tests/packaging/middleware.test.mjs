// Guarantees what middlewares do apart from letting through and refusing: mistakes, failures, what they are told.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { getRequestListener } from "@hono/node-server";
import express from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import { methodOverride } from "hono/method-override";
import { createVerifier, memoryStore, socketPeer } from "keyward";
import { keyward as forExpress } from "keyward/express";
import { keyward as forFastify } from "keyward/fastify";
import { keyward as forHono } from "keyward/hono";
import { keyward as forNode } from "keyward/node";

import { begin, call } from "../support/client.js";
import { deployment } from "./suite.mjs";

const GET = { target: "/v1/things" };

let setting;
const open = [];
before(async () => (setting = await deployment()));
after(() => open.forEach((server) => server.close()));

const verifier = () => createVerifier({ ...setting.options, store: memoryStore(setting.records) });

async function listen(listener) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  open.push(server);
  await once(server, "listening");
  return { port: server.address().port };
}

test("mistakes are named when the middleware is made", async () => {
  for (const make of [forExpress, forHono, (options) => forNode(options, () => {})]) {
    assert.throws(() => make({}), /createVerifier/);
    assert.throws(() => make({ verifier: verifier(), clientAddress: "x-forwarded-for" }), /trustedProxies/);
  }
  await assert.rejects(async () => await Fastify().register(forFastify, {}), /createVerifier/);
});

test("who asks to be told of refusals is told", async () => {
  const told = [];
  const server = await listen(forNode({ verifier: verifier(), onDenied: ({ code }) => told.push(code) }, (_, response) => response.end()));
  assert.equal((await call(server, GET)).outcome, "401 missing_credentials");
  assert.equal((await call(server, { as: setting.keys.signed, ...GET })).outcome, "200");
  assert.deepEqual(told, ["missing_credentials"]);
});

test("a middleware that knows no address does not ask the verifier's function", async () => {
  const options = { ...setting.options, store: memoryStore(setting.records), clientAddress: socketPeer };
  const server = await listen(forNode({ verifier: createVerifier(options), clientAddress: () => undefined }, (_, response) => response.end()));
  assert.equal((await call(server, { as: setting.keys.home, ...GET })).outcome, "403 address_not_allowed");
});

test("a method that something in front of Hono's middleware put in place of the one that was sent is not let through", async () => {
  const app = new Hono();
  app.use(methodOverride({ app, header: "x-other-method" }), forHono({ verifier: verifier() }));
  app.all("/v1/things", (c) => c.text(c.req.method));
  app.onError((error, c) => c.text(error.code, 500));
  const server = await listen(getRequestListener(app.fetch));
  const post = { as: setting.keys.signed, target: "/v1/things", method: "POST" };
  assert.equal((await call(server, post)).text, "POST");
  const outcome = await call(server, { ...post, fields: [["X-Other-Method", "DELETE"]] });
  assert.deepEqual([outcome.status, outcome.text], [500, "invalid_request"]);
});

test("where nothing can be verified nothing is let through, and somebody is told", async () => {
  const closed = verifier();
  closed.close();
  const errors = [];
  const reached = () => assert.fail("let through");
  const node = await listen(forNode({ verifier: closed, onError: ({ code }) => errors.push(code) }, reached));
  assert.equal((await call(node, { as: setting.keys.signed, ...GET })).outcome, "503 temporarily_unavailable");

  const app = express();
  app.use(forExpress({ verifier: closed }), reached);
  app.use((error, _request, response, _next) => response.status(503).end(error.code));
  const outcome = await call(await listen(app), { as: setting.keys.signed, ...GET });
  assert.deepEqual([outcome.status, outcome.text], [503, "verifier_closed"]);
  assert.deepEqual(errors, ["verifier_closed"]);
});

test("a client that is refused while it still sends is not read on", async () => {
  const server = await listen(forNode({ verifier: verifier() }, (_, response) => response.end()));
  const connection = await begin(server, { method: "POST", ...GET, fields: [["Content-Length", "1000000"]] });
  const answer = await connection.answer();
  assert.deepEqual([answer.outcome, answer.field("connection")], ["401 missing_credentials", "close"]);
  assert.equal(await connection.closed(), true);
});

test("HEAD is answered without content", async () => {
  const server = await listen(forNode({ verifier: verifier() }, (_, response) => response.end()));
  const answer = await call(server, { method: "HEAD", ...GET });
  assert.deepEqual([answer.status, answer.text], [401, ""]);
});

test("in Fastify it is for the scope that registers it", async () => {
  const app = Fastify();
  await app.register(async (inner) => {
    await inner.register(forFastify, { verifier: verifier() });
    inner.get("/v1/things", async (request) => request.keyward.keyId);
  });
  app.get("/open", async () => "open");
  await app.listen({ port: 0, host: "127.0.0.1" });
  open.push({ close: () => app.close() });
  const server = { port: app.server.address().port };
  assert.equal((await call(server, { target: "/open" })).text, "open");
  assert.equal((await call(server, GET)).outcome, "401 missing_credentials");
  assert.equal((await call(server, { as: setting.keys.signed, ...GET })).text, setting.keys.signed.keyId);
});
