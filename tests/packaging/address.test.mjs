// Guarantees where each of the ready-made functions takes the client's address from, and that it is from nowhere else.
import assert from "node:assert/strict";
import { test } from "node:test";

import { cloudflareAddress, socketPeer, trustedProxies } from "keyward";

const node = (remoteAddress, ...forwarded) => ({
  rawHeaders: forwarded.flatMap((line) => ["X-Forwarded-For", line]).concat("CF-Connecting-IP", "192.0.2.66"),
  socket: { remoteAddress },
});
const plain = (peerAddress, ...forwarded) => ({ headers: forwarded.map((line) => ["x-forwarded-for", line]), peerAddress });
const fetched = (cf, headers = {}) => Object.assign(new Request("https://api.example/", { headers }), { cf });

test("socketPeer", () => {
  assert.equal(socketPeer(node("198.51.100.1", "192.0.2.7")), "198.51.100.1");
  assert.equal(socketPeer(plain("198.51.100.1", "192.0.2.7")), "198.51.100.1");
  assert.equal(socketPeer(fetched({ clientIp: "198.51.100.1" }, { "x-forwarded-for": "192.0.2.7" })), "198.51.100.1");
  for (const request of [node(undefined, "192.0.2.7"), plain(undefined, "192.0.2.7"), fetched(undefined, { "x-forwarded-for": "192.0.2.7" })]) {
    assert.equal(socketPeer(request), undefined);
  }
});

test("cloudflareAddress", () => {
  const headers = { "cf-connecting-ip": "192.0.2.7" };
  assert.equal(cloudflareAddress(fetched({ colo: "FRA" }, headers)), "192.0.2.7");
  for (const request of [fetched(undefined, headers), fetched({ clientIp: "198.51.100.1" }, headers), fetched({ colo: "FRA" }), node("198.51.100.1")]) {
    assert.equal(cloudflareAddress(request), undefined);
  }
});

test("trustedProxies", () => {
  const address = trustedProxies(["10.0.0.0/8", "fd00::/8"]);
  assert.equal(address(node("10.0.0.1", "203.0.113.9, 192.0.2.7", "10.9.9.9")), "192.0.2.7");
  assert.equal(address(node("::ffff:10.0.0.1", "192.0.2.7")), "192.0.2.7", "as sockets of both families say it");
  assert.equal(address(plain("fd00::1", "192.0.2.7")), "192.0.2.7");
  assert.equal(address(fetched({ clientIp: "10.0.0.1" }, { "x-forwarded-for": "203.0.113.9, 192.0.2.7" })), "192.0.2.7");
  const unknown = {
    "the other end is no proxy of ours": node("198.51.100.1", "192.0.2.7"),
    "nobody knows the other end": node(undefined, "192.0.2.7"),
    "nothing was forwarded": node("10.0.0.1"),
    "an entry that is no plain address": node("10.0.0.1", "192.0.2.7:8080"),
    "a name": node("10.0.0.1", "192.0.2.7, unknown"),
  };
  for (const [why, request] of Object.entries(unknown)) assert.equal(address(request), undefined, why);
});

test("networks that are none are named", () => {
  for (const network of ["10.0.0.1/8", "10.0.0.0/33", "0.0.0.0/0", "example.com", ""]) {
    assert.throws(() => trustedProxies([network]), (error) => error.code === "invalid_option" && error.message.length > 10, network);
  }
});
