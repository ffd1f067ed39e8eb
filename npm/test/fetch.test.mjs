// Guarantees what becomes of requests of the Fetch standard (rule 2). What the runtime does to a URL before we see it is
// in the table of each runtime.
import assert from "node:assert/strict";
import { test } from "node:test";

import { basic, keys, open, outcome, signed } from "./deployment.js";

const verifier = open();
const ask = (url, init = {}) => verifier.verify(new Request(url, { headers: [basic()], ...init }));
const post = (body, init = {}) => {
  const { headers } = signed({ method: "POST", body });
  return new Request("https://api.example/v1/users", { method: "POST", headers, body, ...init });
};

test("targets, as Node's URL parser leaves them", async () => {
  for (const [url, expected, target] of [
    ["https://api.example/v1/users?a=1", "allow", "/v1/users?a=1"],
    ["https://API.example:443/v1/users", "allow", "/v1/users"],
    ["https://api.example/v1/x/../users", "allow", "/v1/users"],
    ["https://api.example//v1/users", "ambiguous_target"],
    ["https://api.example/v1/%2e%2e%2fusers", "ambiguous_target"],
    ["https://api.example/v1/users#a", "ambiguous_target"],
    ["https://other.example/v1/users", "misdirected_request"],
    ["http://api.example/v1/users", "insecure_transport"],
    ["ftp://api.example/v1/users", "ambiguous_target"],
  ]) {
    const verdict = await ask(url);
    assert.deepEqual([outcome(verdict), verdict.grant?.forward().target], [expected, target], url);
  }
});

test("a Host field names the authority of the URL, or the request is refused", async () => {
  const fields = (host) => {
    const request = new Request("https://api.example/v1/users", { headers: [basic()] });
    // Node's own Request has no such field; servers' have.
    Object.defineProperty(request, "headers", { value: new Headers([basic(), ["host", host]]) });
    return request;
  };
  assert.equal(outcome(await verifier.verify(fields("API.example"))), "allow");
  assert.equal(outcome(await verifier.verify(fields("other.example"))), "ambiguous_target");
});

test("content is read from a copy: the request can be read after it", async () => {
  const request = post("hello");
  const { grant } = await verifier.verify(request);
  assert.equal(new TextDecoder().decode(grant.body), "hello");
  assert.equal(await request.text(), "hello");
});

test("content that does not end in time, or at all, or is too much", async () => {
  const stream = (pull) => ({ body: new ReadableStream({ pull }), duplex: "half" });
  const slow = open({ limits: { contentIdleMs: 20, contentTotalMs: 60 } });
  assert.equal(outcome(await slow.verify(post("hello", stream(() => new Promise(() => {}))))), "content_timeout");
  const drip = stream(async (controller) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    controller.enqueue(new Uint8Array(1));
  });
  assert.equal(outcome(await slow.verify(post("hello", drip))), "content_timeout");
  const flood = stream((controller) => controller.enqueue(new Uint8Array(65_536)));
  assert.equal(outcome(await verifier.verify(post("hello", flood))), "content_too_large");
  const broken = stream((controller) => controller.error(new Error("gone")));
  assert.equal(outcome(await verifier.verify(post("hello", broken))), "content_timeout");
});

test("content that was read before is told so", async () => {
  const request = post("hello");
  await request.text();
  await assert.rejects(verifier.verify(request), { code: "body_unavailable" });
  const locked = post("hello");
  locked.body.getReader();
  await assert.rejects(verifier.verify(locked), { code: "body_unavailable" });
});

test("without right signature content is not read", async () => {
  let read = false;
  const body = new ReadableStream({ pull: () => void (read = true) }, { highWaterMark: 0 });
  const headers = signed({ method: "POST", body: "hello", key: { ...keys.signed, secret: keys.basic.secret } }).headers;
  const request = new Request("https://api.example/v1/users", { method: "POST", headers, body, duplex: "half" });
  assert.equal(outcome(await verifier.verify(request)), "invalid_credentials");
  assert.equal(read, false);
});
