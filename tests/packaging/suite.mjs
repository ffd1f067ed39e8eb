// The requests that every app gets, and what has to become of them. Signatures are those of tests/support, so that the
// package is not only asked to understand itself.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import { begin, call, request } from "../support/client.js";
import { send } from "../support/raw.js";
import { catalogue, seed } from "../support/seed.js";

export const AUTHORITY = "api.example";

/** A deployment with a key for each thing that a key can be. */
export async function deployment() {
  const seeded = await seed({
    keys: [
      { name: "signed" },
      { name: "reader", role: "read-only" },
      { name: "basic", kind: "basic" },
      { name: "token", kind: "token" },
      { name: "home", addresses: "127.0.0.0/8" },
      { name: "elsewhere", addresses: "192.0.2.0/24" },
      { name: "strict", replay: "strict" },
      { name: "every", profiles: ["cavage", "kong", "cloud9"] },
    ],
  });
  return {
    keys: seeded.keys,
    records: seeded.records,
    /** What `createVerifier` takes, as far as it is data. */
    options: {
      publishKeys: JSON.parse(seeded.vars.SECRETS).publishKeys,
      organisationKeys: seeded.organisationKeys.production,
      environment: "production",
      authorities: [{ authority: AUTHORITY, scheme: "http" }],
      catalogue: catalogue(),
      tokenKeys: seeded.tokenKeys.production,
    },
  };
}

const THINGS = { target: "/v1/things" };
const JSON_TYPE = ["Content-Type", "application/json"];
const PAGE = ["Origin", "https://console.example"];
const BODY = JSON.stringify({ name: "ada", list: [1, 2, 3] });

/**
 * By name: what is sent, with which key, and what is answered. `check` looks at an answer that is more than its outcome.
 * `replay` and `peer` are what an app has to have for it.
 */
export const REQUESTS = {
  "a signed request": { as: "signed", ...THINGS, expect: "200" },
  "content reaches the app as it was sent": {
    as: "signed", method: "POST", ...THINGS, content: BODY, fields: [JSON_TYPE], expect: "200",
    check: (answer) => assert.deepEqual(answer.json.body, JSON.parse(BODY)),
  },
  "content in chunks": {
    as: "signed", method: "POST", ...THINGS, content: BODY, chunked: true, fields: [JSON_TYPE], expect: "200",
    check: (answer) => assert.deepEqual(answer.json.body, JSON.parse(BODY)),
  },
  "content that was not verified here is still there": {
    as: "basic", method: "POST", ...THINGS, content: BODY, fields: [JSON_TYPE], expect: "200",
    check: (answer) => assert.deepEqual(answer.json.body, JSON.parse(BODY)),
  },
  "content that was changed": {
    as: "signed", method: "POST", ...THINGS, content: `${BODY} `, digest: digestOf(BODY), fields: [JSON_TYPE],
    expect: "401 content_digest_mismatch",
  },
  "more content than is taken": {
    as: "signed", method: "POST", ...THINGS, announced: 100_000_000, expect: "413 content_too_large",
  },
  "no credential": {
    ...THINGS, expect: "401 missing_credentials",
    check: (answer) => assert.match(answer.fields.find(([name]) => name === "www-authenticate")[1], /Signature/i),
  },
  "a preflight of a page that the API lists": {
    method: "OPTIONS", target: "/browser/things", fields: [PAGE, ["Access-Control-Request-Method", "PUT"]], expect: "204",
    check: (answer) => assert.equal(answer.field("access-control-allow-methods"), "PUT"),
  },
  "a preflight of another page": {
    method: "OPTIONS", target: "/browser/things", fields: [["Origin", "https://evil.example"], ["Access-Control-Request-Method", "PUT"]],
    expect: "403 origin_not_allowed",
  },
  "a refusal that the page may read": {
    target: "/browser/things", fields: [PAGE], expect: "401 missing_credentials",
    check: (answer) => assert.equal(answer.field("access-control-allow-origin"), PAGE[1]),
  },
  "a token": { as: "token", ...THINGS, expect: "200" },
  "a wrong secret": { as: "basic", secret: "wrong", ...THINGS, expect: "401 invalid_credentials" },
  "what the role does not permit": { as: "reader", method: "DELETE", ...THINGS, expect: "403 permission_denied" },
  "a path of two meanings": { as: "signed", target: "/v1/%2e%2e/things", expect: "400 ambiguous_target" },
  "another authority": { as: "signed", ...THINGS, host: "evil.example", expect: "421 misdirected_request" },
  "what the client says of itself in our name": {
    as: "signed", ...THINGS, fields: [["Keyward-Key-Id", '"mallory"'], ["keyward_roles", '"admin"']], expect: "200",
    check: (answer) => {
      const ours = Object.entries(answer.json.headers).filter(([name]) => /^keyward[-_]/i.test(name));
      assert.ok(!JSON.stringify(ours).includes("mallory") && !ours.some(([name]) => name.includes("_")), JSON.stringify(ours));
    },
  },
  "an address of the list": { as: "home", ...THINGS, expect: "200", peer: true },
  "an address that is not on the list": { as: "elsewhere", ...THINGS, expect: "403 address_not_allowed" },
  "an address by hearsay": {
    as: "elsewhere", ...THINGS, fields: [["X-Forwarded-For", "192.0.2.1"], ["CF-Connecting-IP", "192.0.2.1"]], expect: "403 address_not_allowed",
  },
};

/** Sends one of them to an app. */
export async function ask({ port }, { keys }, { as, announced, expect, check, ...how }) {
  const gateway = { port };
  const key = as === undefined ? undefined : keys[as];
  const answer = announced === undefined ? await call(gateway, { as: key, ...how }) : await announce(gateway, key, announced, how);
  assert.equal(answer.outcome, expect, answer.text);
  if (expect === "200") assert.equal(answer.json.keyId, key.keyId);
  check?.(answer);
}

/** The head of a request with content that never comes. */
async function announce(gateway, key, length, how) {
  const fields = [["Content-Length", String(length)], ["Content-Digest", digestOf("")]];
  const connection = await begin(gateway, { as: key, ...how, fields });
  try {
    return await connection.answer();
  } finally {
    connection.close();
  }
}

function digestOf(content) {
  return `sha-512=:${createHash("sha512").update(content).digest("base64")}:`;
}

/** A key that refuses copies: the second one is told so. */
export async function askTwice({ port }, { keys }) {
  const { whole } = request({ as: keys.strict, ...THINGS });
  assert.equal((await send(port, whole)).outcome, "200");
  assert.equal((await send(port, whole)).outcome, "401 replayed");
}
