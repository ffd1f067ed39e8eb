// Rule 1: a target that can be read in more than one way is refused, and any other reaches the origin as it was
// authorised. Each line is sent as it stands on a socket; a `runtime` line is workerd's own answer, before us.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { call, request } from "../support/client.js";
import { deploy } from "../support/deployment.js";
import { startOrigin } from "../support/origin.js";
import { send } from "../support/raw.js";

let gateway, origin;
before(async () => {
  origin = await startOrigin();
  gateway = await deploy({ keys: [{ name: "signed" }, { name: "basic", kind: "basic" }], remote: origin.url });
});
after(async () => {
  await gateway?.stop();
  await origin?.stop();
});

/** Sent with a right signature over exactly these bytes. */
const signed = (target) => call(gateway, { as: gateway.keys.signed, target });
const basic = (target) => call(gateway, { as: gateway.keys.basic, target });

async function isStillServing() {
  assert.equal((await signed("/v1/things")).status, 200);
}

describe("refused as ambiguous", () => {
  const REFUSED = {
    "two dots": "/v1/public/../admin",
    "two dots at the end": "/v1/..",
    "one dot": "/v1/./x",
    "one dot at the end": "/v1/.",
    "encoded dots": "/v1/%2e%2e/x",
    "one of two dots encoded": "/v1/%2E./x",
    "dots before a parameter": "/v1/..;a=1/x",
    "encoded dots between encoded slashes": "/slash/a%2f%2e%2e%2fb",
    "two slashes": "/v1//x",
    "two slashes at the start": "//v1/x",
    "another host in a path": "//evil.example/v1/x",
    "two slashes where encoded ones are allowed": "/slash//x",
    "backslash": "/v1/a\\b",
    "backslash dots": "/v1/a\\..\\b",
    "encoded backslash": "/v1/a%5cb",
    "encoded slash": "/v1/a%2fb",
    "encoded slash, upper case": "/v1/a%2Fb",
    "encoded slash where two slashes are allowed": "/empty/a%2fb",
    "semicolon": "/v1/a;b",
    "semicolon where encoded slashes are allowed": "/slash/a;b",
    "encoded NUL": "/v1/a%00b",
    "encoded twice": "/v1/%252e%252e/x",
    "percent encoded before hex digits": "/v1/a%2541",
    "percent alone": "/v1/a%",
    "percent and no hex": "/v1/a%zz",
    "percent and one digit": "/v1/a%4",
    "encoded, and not UTF-8": "/v1/a%ff",
    "caret": "/v1/a^b",
    "brace": "/v1/a{b}",
    "quotation mark": '/v1/a"b',
    "UTF-8 unencoded": "/v1/caf\xc3\xa9",
    "UTF-8 unencoded in the query": "/v1/x?q=\xc3\xa9",
    "asterisk": "*",
    "8 KiB and one byte": `/v1/${"a".repeat(8 * 1024 - 3)}`,
    "8 KiB in the query": `/v1/x?${"a".repeat(8 * 1024)}`,
  };
  for (const [name, target] of Object.entries(REFUSED)) {
    test(name, async () => {
      for (const answer of [await signed(target), await basic(target)]) {
        assert.deepEqual([answer.status, answer.code], [400, "ambiguous_target"]);
      }
      await isStillServing();
    });
  }
});

describe("forwarded as authorised", () => {
  const SAME = {
    "plain": "/x",
    "trailing slash": "/x/",
    "encoded letter": "/%61",
    "encoded UTF-8": "/caf%C3%A9",
    "lower-case escape": "/caf%c3%a9",
    "encoded space": "/a%20b",
    "encoded percent before no hex": "/100%25",
    "what URLs leave alone": "/-._~!$&'()*+,=:@|[]",
    "encoded semicolon": "/a%3bb=c",
    "three dots": "/...",
    "dots in a name": "/a..b/.c",
    "query": "/x?a=1&b=2",
    "empty query": "/x?",
    "question marks": "/x?a?b",
    "query with escapes": "/x?q=a+b%20c%2f%zz%",
    "query with dots and slashes": "/x?u=/../a//b\\c",
    "query with brackets": "/x?a[]=1&b={2}&c=`|^",
    "8 KiB": `/${"a".repeat(8 * 1024 - 8)}`,
  };
  for (const [name, path] of Object.entries(SAME)) {
    test(name, async () => {
      for (const ask of [signed, basic]) {
        assert.deepEqual(await seen(ask, `/remote${path}`), `/remote${path}`);
      }
    });
  }

  test("encoded slashes, where the route allows them", async () => {
    assert.equal(await seen(signed, "/remote/slash/a%2fb%2Fc"), "/remote/slash/a%2fb%2Fc");
  });

  test("two slashes, where the route allows them", async () => {
    assert.equal(await seen(signed, "/remote/empty//a///b/"), "/remote/empty//a///b/");
  });

  test("semicolons, where the route allows them", async () => {
    assert.equal(await seen(signed, "/remote/semicolon/a;b=c/;"), "/remote/semicolon/a;b=c/;");
  });

  test("a service binding is sent the same", async () => {
    for (const target of ["/semicolon/a;b/%61?x='y'", "/slash/a%2fb", "/empty//a"]) {
      const echo = (await signed(target)).json;
      assert.equal(echo.url, `http://api.example${target.replaceAll("'", "%27")}`);
    }
  });

  test("the query is forwarded as URL parsers write it, and verified as it was sent", async () => {
    assert.equal(await seen(signed, "/remote/x?q='a'"), "/remote/x?q=%27a%27");
  });

  /** What the origin's request line said. */
  async function seen(ask, target) {
    origin.received.length = 0;
    const answer = await ask(target);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(origin.received.length, 1);
    return origin.received[0].url;
  }
});

describe("what workerd makes of a target before we see it", () => {
  // The fragment and an absolute-form authority are gone: the core refuses both where a runtime shows them.
  const HIDDEN = {
    "a fragment is cut off": ["/remote/x#f", "/remote/x"],
    "a fragment after a query": ["/remote/x?a#f", "/remote/x?a"],
    "absolute-form": ["http://api.example/remote/x?a=1", "/remote/x?a=1"],
    "absolute-form of another authority": ["http://other.example/remote/x", "/remote/x"],
    "absolute-form with another scheme": ["https://api.example/remote/x", "/remote/x"],
  };
  for (const [name, [sent, understood]] of Object.entries(HIDDEN)) {
    test(name, async () => {
      origin.received.length = 0;
      const answer = await basic(sent);
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(origin.received.map((one) => one.url), [understood]);
    });
  }

  const REFUSED = {
    "a byte that is not UTF-8": ["/v1/caf\xe9", 400],
    "a control character": ["/v1/a\x01b", 400],
    "DEL": ["/v1/a\x7fb", 400],
    "a tab": ["/v1/a\tb", 400],
    "a space": ["/v1/a b", 400],
    "an unencoded <": ["/v1/a<b", 400],
    "a backtick in the path": ["/v1/a`b", 400],
    "a quotation mark in the query": ['/v1/x?a="b"', 400],
    "a query alone": ["?x=1", 400],
    "nothing": ["", 400],
    "70,000 bytes": [`/v1/${"a".repeat(70_000)}`, 414],
  };
  for (const [name, [target, status]] of Object.entries(REFUSED)) {
    test(`${name}: the runtime answers ${status}`, async () => {
      const answer = await basic(target);
      assert.deepEqual([answer.status, answer.code], [status, null]);
      await isStillServing();
    });
  }

  // Seen as the path "/": nothing of a route's.
  for (const target of ["api.example:80", "a"]) {
    test(`${target} is not forwarded`, async () => {
      const answer = await basic(target);
      assert.deepEqual([answer.status, answer.code], [403, "no_route"]);
    });
  }
});

describe("request lines", () => {
  const REFUSED = {
    "HTTP/2.0": "GET /v1/things HTTP/2.0",
    "lower-case version": "GET /v1/things http/1.1",
    "no version": "GET /v1/things",
    "two spaces": "GET  /v1/things HTTP/1.1",
  };
  for (const [name, line] of Object.entries(REFUSED)) {
    test(`${name}: the runtime answers 400`, async () => {
      const usual = request({ as: gateway.keys.basic }).whole.toString("latin1");
      const answer = await send(gateway.port, usual.replace(/^.*?\r\n/, `${line}\r\n`));
      assert.deepEqual([answer.status, answer.code], [400, null]);
      await isStillServing();
    });
  }
});
