// Rule 14: of many copies of a request exactly one passes, whenever and wherever they arrive.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { call, request } from "../support/client.js";
import { deploy } from "../support/deployment.js";
import { send } from "../support/raw.js";

let gateway, keys;
before(async () => {
  gateway = await deploy({
    keys: [
      { name: "strict", replay: "strict" },
      { name: "other", replay: "strict" },
      { name: "window" },
      { name: "viewer", replay: "strict", role: "read-only" },
    ],
  });
  keys = gateway.keys;
});
after(() => gateway?.stop());

/** How the copies of one request end, sorted. */
async function outcomes(how, count) {
  const { whole } = request(how);
  const answers = await Promise.all(Array.from({ length: count }, () => send(gateway.port, whole, { method: how.method })));
  return answers.map((answer) => answer.outcome).sort();
}

test("exactly one of 50 concurrent copies passes, again and again", async () => {
  for (let round = 0; round < 5; round++) {
    const ends = await outcomes({ as: keys.strict, target: `/v1/things?round=${round}` }, 50);
    assert.deepEqual(ends.slice(0, 1), ["200"]);
    assert.deepEqual(new Set(ends.slice(1)), new Set(["401 replayed"]));
  }
});

test("content does not change that", async () => {
  const ends = await outcomes({ as: keys.strict, method: "POST", content: "once" }, 10);
  assert.deepEqual(ends, ["200", ...Array(9).fill("401 replayed")]);
});

test("a nonce makes two equal requests two requests", async () => {
  for (const nonce of ["a", "b"]) {
    const how = { as: keys.strict, target: "/v1/nonces", sign: { parameters: { created: seconds(), nonce } } };
    assert.equal((await call(gateway, how)).outcome, "200");
    assert.equal((await call(gateway, how)).outcome, "401 replayed");
  }
});

test("another key's request is another request", async () => {
  for (const key of [keys.strict, keys.other]) {
    assert.equal((await call(gateway, { as: key, target: "/v1/both" })).outcome, "200");
  }
});

test("a key with the policy window may repeat", async () => {
  assert.deepEqual(await outcomes({ as: keys.window }, 5), Array(5).fill("200"));
});

test("what is refused is not remembered", async () => {
  // A wrong MAC, and a right one without the permission: both may be sent again, with the same answer.
  const wrong = { as: { ...keys.strict, secret: "not it" }, target: "/v1/wrong" };
  assert.deepEqual(await outcomes(wrong, 3), Array(3).fill("401 invalid_credentials"));
  const forbidden = { as: keys.viewer, method: "DELETE", target: "/v1/things" };
  assert.deepEqual(await outcomes(forbidden, 3), Array(3).fill("403 permission_denied"));
  assert.equal((await call(gateway, { as: keys.strict, target: "/v1/wrong" })).outcome, "200");
});

const seconds = () => Math.floor(Date.now() / 1000);
