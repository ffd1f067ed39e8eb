// Guarantees that what the signer signs is taken by verifiers that others wrote, and by a server of ours, in each profile.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { httpbis } from "http-message-signatures";
import { createSigner, createVerifier, memoryReplayStore, memoryStore } from "keyward";
import { keyward } from "keyward/node";

import { deployment } from "./suite.mjs";

const httpSignature = createRequire(import.meta.url)("http-signature");

const KEY = { keyId: "test-key", secret: "a secret of no importance" };
const BODY = '{"name":"ada"}';
const URLS = { GET: "https://api.example/v1/users?limit=2&q=a%20b", POST: "https://api.example/v1/users" };
const CASES = ["hmac-sha512", "hmac-sha256"].flatMap((algorithm) => ["GET", "POST"].map((method) => ({ algorithm, method })));

/** A request as it would be sent, with the fields that sign it. */
async function signed(options, method) {
  const request = new Request(URLS[method], { method, body: method === "POST" ? BODY : undefined });
  const fields = await createSigner(options).sign(request);
  const headers = { host: "api.example", ...Object.fromEntries(request.headers), ...Object.fromEntries(fields) };
  return { method, url: URLS[method], headers };
}

for (const { algorithm, method } of CASES) {
  test(`npm http-message-signatures takes ${method} with ${algorithm}`, async () => {
    const request = await signed({ ...KEY, algorithm }, method);
    const verify = (secret) =>
      httpbis.verifyMessage(
        {
          keyLookup: async ({ keyid }) => ({
            id: keyid,
            verify: async (data, signature) => createHmac(algorithm.slice(5), secret).update(data).digest().equals(signature),
          }),
          requiredParams: ["created", "keyid", "nonce", "tag"],
          requiredFields: method === "POST" ? ["@method", "@target-uri", "content-digest"] : ["@method", "@target-uri"],
          tolerance: 5,
        },
        request,
      );
    assert.equal(await verify(KEY.secret), true);
    assert.notEqual(await verify("another"), true);
  });

  test(`npm http-signature takes ${method} with ${algorithm}`, async () => {
    const { headers, url } = await signed({ ...KEY, algorithm, profile: "cavage" }, method);
    const { pathname, search } = new URL(url);
    const parsed = httpSignature.parseRequest({ method, url: pathname + search, httpVersion: "1.1", headers }, { strict: true });
    assert.equal(parsed.keyId, KEY.keyId);
    assert.equal(httpSignature.verifyHMAC(parsed, KEY.secret), true);
    assert.equal(httpSignature.verifyHMAC(parsed, "another"), false);
  });
}

const python = process.env.KEYWARD_PYTHON;
describe("PyPI http-message-signatures", { skip: python ? false : "KEYWARD_PYTHON names no Python: run `cargo xtask test --only packaging`" }, () => {
  for (const { algorithm, method } of CASES) {
    test(`takes ${method} with ${algorithm}`, async () => {
      const request = await signed({ ...KEY, algorithm }, method);
      const verify = (secret) =>
        execFileSync(python, ["-B", join(import.meta.dirname, "verify.py")], {
          input: JSON.stringify({ ...request, algorithm, secret }),
          encoding: "utf8",
        }).trim();
      assert.equal(verify(KEY.secret), `right ${KEY.keyId} keyward`);
      assert.equal(verify("another"), "wrong");
    });
  }
});

describe("a server of ours", () => {
  let setting;
  let server;
  let url;
  before(async () => {
    setting = await deployment();
    let listener = (request, response) => response.end();
    server = createServer((request, response) => listener(request, response)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const authority = `127.0.0.1:${server.address().port}`;
    url = `http://${authority}/v1/things`;
    const verifier = createVerifier({
      ...setting.options,
      authorities: [`http://${authority}`],
      store: memoryStore(setting.records),
      replay: memoryReplayStore(),
    });
    listener = keyward({ verifier }, async (request, response) => {
      if (request.url.endsWith("/moved")) return response.writeHead(302, { location: "/v1/things" }).end();
      const content = Buffer.concat(await Array.fromAsync(request)).toString();
      response.end(JSON.stringify({ keyId: request.keyward.keyId, content }));
    });
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const key = (name) => {
    const { keyId, secret, algorithm } = setting.keys[name];
    return { keyId, secret, algorithm };
  };
  const taken = async (response, content = "") => {
    const text = await response.text();
    assert.equal(response.status, 200, text);
    assert.equal(JSON.parse(text).content, content);
  };

  for (const profile of ["rfc9421", "cavage", "kong", "cloud9"]) {
    test(`takes ${profile}, with and without content`, async () => {
      const { fetch } = createSigner({ ...key("every"), profile });
      await taken(await fetch(profile === "cloud9" ? url : `${url}?a=b%20c&d='`));
      await taken(await fetch(new URL(url), { method: "POST", body: BODY, headers: { "content-type": "application/json" } }), BODY);
      await taken(await fetch(new Request(url, { method: "PUT", body: new Blob(["bytes"]) })), "bytes");
      await taken(await fetch(url, { method: "DELETE" }));
      await taken(await fetch(url, { method: "POST", body: "" }));
    });
  }

  test("takes a token, and Basic, with content that streams", async () => {
    const stream = () => new Blob(["a stream"]).stream();
    const token = createSigner({ profile: "token", secret: setting.keys.token.secret });
    await taken(await token.fetch(url, { method: "POST", body: stream(), duplex: "half" }), "a stream");
    const basic = createSigner({ profile: "basic", keyId: setting.keys.basic.keyId, secret: setting.keys.basic.secret });
    await taken(await basic.fetch(url, { method: "POST", body: stream(), duplex: "half" }), "a stream");
  });

  test("each signature has a nonce of its own, so that two equal requests are no copies", async () => {
    const { fetch } = createSigner(key("strict"));
    await taken(await fetch(url, { method: "POST", body: BODY }), BODY);
    await taken(await fetch(url, { method: "POST", body: BODY }), BODY);
  });

  test("a redirect is handed back, not followed with a signature that is for another URL", async () => {
    const { fetch } = createSigner(key("every"));
    const response = await fetch(`${url}/moved`);
    assert.equal(response.status, 302);
    await response.body?.cancel();
  });

  test("what was changed after signing is refused", async () => {
    const signer = createSigner(key("every"));
    const fields = await signer.sign({ method: "POST", url, body: BODY });
    const response = await fetch(url, { method: "POST", body: `${BODY} `, headers: Object.fromEntries(fields) });
    assert.equal((await response.json()).code, "content_digest_mismatch");
  });

  test("sign() leaves a Request as it was", async () => {
    const request = new Request(url, { method: "POST", body: BODY });
    await createSigner(key("every")).sign(request);
    assert.equal(await request.text(), BODY);
  });
});

describe("mistakes are named when the signer is made", () => {
  const mistakes = {
    profile: { ...KEY, profile: "oauth" },
    secret: { ...KEY, secret: "" },
    "line end": { ...KEY, secret: "kws_1\n" },
    keyId: { ...KEY, keyId: "a:b" },
    algorithm: { ...KEY, algorithm: "none" },
  };
  for (const [word, options] of Object.entries(mistakes)) {
    test(word, () => assert.throws(() => createSigner(options), (error) => error.code === "invalid_option" && error.message.includes(word)));
  }
});
