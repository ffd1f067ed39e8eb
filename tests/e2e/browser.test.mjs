// Rule 7: preflights are answered by the gate from the catalogue and never forwarded; every other request needs its
// credentials, wherever the page is from.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { call } from "../support/client.js";
import { deploy } from "../support/deployment.js";

const PAGE = "https://console.example";

let gateway, key;
before(async () => {
  gateway = await deploy({ keys: [{ name: "signed" }] });
  key = gateway.keys.signed;
});
after(() => gateway?.stop());

const preflight = (fields, target = "/browser/x", as) =>
  call(gateway, { as, method: "OPTIONS", target, fields: Object.entries(fields) });
const access = (answer) => Object.fromEntries(answer.fields.filter(([name]) => name.startsWith("access-control-")));

test("a preflight is answered without a credential", async () => {
  const asked = { Origin: PAGE, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "signature, signature-input" };
  const answer = await preflight(asked);
  assert.deepEqual([answer.status, answer.content.length], [204, 0]);
  assert.deepEqual(access(answer), {
    "access-control-allow-origin": PAGE,
    "access-control-allow-methods": "PUT",
    "access-control-allow-headers": "signature, signature-input",
    "access-control-max-age": "60",
  });
  assert.match(answer.field("vary"), /origin/i);
});

const REFUSED = {
  "another page": [{ Origin: "https://evil.example" }, "403 origin_not_allowed"],
  "a page with a listed name inside": [{ Origin: `${PAGE}.evil.example` }, "403 origin_not_allowed"],
  "another scheme": [{ Origin: "http://console.example" }, "403 origin_not_allowed"],
  "no page in particular": [{ Origin: "null" }, "403 origin_not_allowed"],
  "a method that the route has not": [{ Origin: PAGE, "Access-Control-Request-Method": "DELETE" }, "403 no_route"],
  "a method that there is not": [{ Origin: PAGE, "Access-Control-Request-Method": "BREW" }, "403 no_route"],
};
for (const [name, [fields, expected]] of Object.entries(REFUSED)) {
  test(`a preflight of ${name} is refused`, async () => {
    const answer = await preflight({ "Access-Control-Request-Method": "PUT", ...fields });
    assert.equal(answer.outcome, expected);
    assert.deepEqual(access(answer), {});
  });
}

test("an API without the list answers no page, and its origin is not asked", async () => {
  const asked = { Origin: PAGE, "Access-Control-Request-Method": "PUT" };
  for (const as of [undefined, key]) assert.equal((await preflight(asked, "/v1/x", as)).outcome, "403 origin_not_allowed");
});

test("OPTIONS that is no preflight needs a credential", async () => {
  assert.equal((await preflight({ Origin: PAGE }, "/v1/x")).outcome, "401 missing_credentials");
  assert.equal((await preflight({ "Access-Control-Request-Method": "PUT" }, "/v1/x")).outcome, "401 missing_credentials");
  assert.equal((await preflight({ Origin: PAGE }, "/v1/x", key)).json.method, "OPTIONS");
});

test("a listed page may read answers, refusals too; another may not", async () => {
  for (const as of [key, undefined]) {
    const fields = (page) => [["Origin", page]];
    const answer = await call(gateway, { as, target: "/browser/x", fields: fields(PAGE) });
    assert.equal(answer.status, as ? 200 : 401);
    assert.deepEqual(access(answer), { "access-control-allow-origin": PAGE, "access-control-expose-headers": "etag" });
    assert.deepEqual(access(await call(gateway, { as, target: "/browser/x", fields: fields("https://evil.example") })), {});
  }
});
