// What holds behind every proxy that asks the gateway (rule 19).
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";

import { call } from "../support/client.js";
import { startBehind } from "./proxy.js";

/** @param {object} told `statuses`: what the proxy makes of the gateway's statuses, where they differ */
export function suite(kind, file, command, told = {}) {
  let all, keys, gateway, origin;
  before(async () => {
    all = await startBehind(kind, file, command);
    ({ gateway, origin } = all);
    keys = gateway.keys;
  });
  beforeEach(() => origin.reset());
  after(() => all?.stop());

  const status = async (how) => (await call(gateway, how)).status;
  const fields = () => Object.fromEntries(origin.received.at(-1).fields);

  test("a signed request reaches the origin, with Keyward's word and without the credential", async () => {
    assert.equal(await status({ as: keys.signed, target: "/v1/things?a=1&b=%20" }), 200);
    assert.equal(origin.received.at(-1).url, "/v1/things?a=1&b=%20");
    const seen = fields();
    assert.equal(seen["keyward-key-id"], `"${keys.signed.keyId}"`);
    assert.equal(seen["keyward-organisation"], `"acme"`);
    assert.equal(seen["keyward-roles"], `"admin"`);
    assert.match(seen["keyward-assertion"], /^[\w-]+\.[\w-]+\.[\w-]+$/);
    for (const name of ["authorization", "signature", "signature-input", "keyward-proxy-secret"]) {
      assert.equal(seen[name], undefined, name);
    }
  });

  test("so does HTTP Basic, with content", async () => {
    assert.equal(await status({ as: keys.basic, method: "POST", content: "plain" }), 200);
    assert.equal(origin.received.at(-1).content.toString(), "plain");
    assert.equal(fields().authorization, undefined);
  });

  test("the origin is handed the digest that was signed", async () => {
    assert.equal(await status({ as: keys.signed, method: "POST", content: "signed" }), 200);
    const digest = createHash("sha512").update("signed").digest("base64");
    assert.equal(fields()["keyward-content-digest"], `sha-512=:${digest}:`);
  });

  test("a method that can have content needs a covered digest", async () => {
    assert.equal(await status({ as: keys.signed, method: "POST", content: "signed", digest: false }), 401);
    assert.deepEqual(origin.received, []);
  });

  test("what a client says in Keyward's name does not arrive", async () => {
    const forged = [["Keyward-Account", '"acme-9"'], ["Keyward-Roles", '"root"'], ["keyward-accounts", "*"]];
    assert.equal(await status({ as: keys.basic, fields: forged }), 200);
    const seen = fields();
    assert.equal(seen["keyward-roles"], `"admin"`);
    assert.equal(seen["keyward-account"], undefined);
    assert.equal(seen["keyward-accounts"], undefined);
  });

  test("nor does it under a name that only looks like it, or take Keyward's word out as the connection's", async () => {
    const named = ["Keyward-Key-Id", "Keyward-Organisation", "Keyward-Roles", "Keyward-Assertion", "Keyward-Proxy-Secret"];
    const tricks = [["Keyward_Roles", '"root"'], ["Connection", `close, ${named.join(", ")}, X-Forwarded-Uri, X-Forwarded-For`]];
    assert.equal(await status({ as: keys.basic, fields: tricks }), 200);
    const seen = fields();
    assert.equal(seen.keyward_roles, undefined);
    assert.equal(seen["keyward-key-id"], `"${keys.basic.keyId}"`);
    assert.equal(seen["keyward-organisation"], `"acme"`);
    assert.equal(seen["keyward-roles"], `"admin"`);
    assert.ok(seen["keyward-assertion"]);
  });

  test("the origin is told the account that the route names, or which ones the key reaches, and nothing else", async () => {
    const cases = [
      ["/v1/accounts/acme-1/things", `"acme-1"`, undefined],
      ["/v1/mine", undefined, "*"],
      ["/v1/things", undefined, undefined],
    ];
    for (const [target, account, accounts] of cases) {
      assert.equal(await status({ as: keys.basic, target }), 200);
      const seen = fields();
      assert.deepEqual([seen["keyward-account"], seen["keyward-accounts"], seen["keyward-content-digest"]], [account, accounts, undefined], target);
    }
  });

  test("the target reaches the origin as it was decided on", async () => {
    for (const target of ["/v1/a%20b", "/v1/%e2%82%ac?x=%2F..%2f&y", "/v1/a=(b)!$&'*+,:@~?a;b", "/slash/a%2Fb", "/empty//x", "/v1/x/"]) {
      assert.equal(await status({ as: keys.signed, target }), 200, target);
      assert.equal(origin.received.at(-1).url, target);
    }
  });

  test("what a client says in the proxy's name is not believed", async () => {
    const name = kind === "nginx" ? "X-Original" : "X-Forwarded";
    const fields = [[`${name}-Method`, "GET"], [`${name}-URI`, "/v1/things"], [`${name}-Host`, "api.example"], [`${name}-Proto`, "https"]];
    const cases = [
      [{ as: keys.viewer, method: "DELETE", content: "" }, 403],
      [{ as: keys.basic, target: "/nowhere" }, 403],
      [{ as: keys.basic, host: "unknown.example" }, told.unknownHost ?? 421],
      [{ as: keys.basic, host: "secure.example" }, 400],
    ];
    for (const [how, expected] of cases) assert.equal(await status({ ...how, fields }), expected, JSON.stringify({ ...how, as: how.as.kind }));
    assert.deepEqual(origin.received, []);
  });

  test("refusals keep their meaning and never reach the origin", async () => {
    const cases = [
      [{}, 401],
      [{ as: { ...keys.signed, secret: "wrong" } }, 401],
      [{ as: keys.viewer, method: "DELETE", content: "" }, 403],
      [{ as: keys.elsewhere }, 403],
      [{ as: keys.signed, target: "/nowhere" }, 403],
      [{ as: keys.basic, target: "/v1/a%2fb" }, 400],
      [{ as: keys.basic, fields: [["X-HTTP-Method-Override", "DELETE"]] }, 400],
      [{ as: keys.basic, host: "unknown.example" }, told.unknownHost ?? 421],
    ];
    for (const [how, expected] of cases) {
      assert.equal(await status(how), expected, JSON.stringify({ ...how, as: how.as?.kind }));
    }
    assert.deepEqual(origin.received, []);
  });

  test("401 comes with its challenges", async () => {
    const answer = await call(gateway, {});
    assert.match(answer.field("www-authenticate"), /Signature/);
  });

  test("the client's address is the one that the proxy saw", async () => {
    assert.equal(await status({ as: keys.here, from: "127.0.0.2" }), 200);
    assert.equal(await status({ as: keys.here, from: "127.0.0.3" }), 403);
    const spoofed = [["X-Forwarded-For", "198.51.100.7"]];
    assert.equal(await status({ as: keys.elsewhere, fields: spoofed }), 403);
  });

  test("who is not the proxy gets no decision", async () => {
    const asks = (secret) => [
      ...(secret ? [["Keyward-Proxy-Secret", secret]] : []),
      ["X-Original-Method", "GET"], ["X-Original-URI", "/v1/things"], ["X-Original-Host", "api.example"], ["X-Original-Proto", "http"],
      ["X-Forwarded-Method", "GET"], ["X-Forwarded-Uri", "/v1/things"], ["X-Forwarded-Host", "api.example"], ["X-Forwarded-Proto", "http"],
    ];
    const ask = async (fields) => (await call(all.direct, { as: keys.basic, target: "/_keyward/authorize", fields })).outcome;
    assert.equal(await ask(asks()), "403 no_route");
    assert.equal(await ask(asks("x".repeat(48))), "403 no_route");
    assert.equal(await ask([...asks(all.secret), ["X-Original-URI", "/v1/other"], ["X-Forwarded-Uri", "/v1/other"]]), told.repeated ?? "400 invalid_header");
    assert.equal(await ask([["Keyward-Proxy-Secret", all.secret]]), told.repeated ?? "400 invalid_header");
  });

  // Last, for nobody decides after it.
  test("where nobody decides, nothing passes", async () => {
    await all.direct.stop();
    const answer = await status({ as: keys.basic });
    assert.ok(answer >= 500, String(answer));
    assert.deepEqual(origin.received, []);
  });
}
