// npm http-message-signatures, which speaks the draft as well: in a field `Signature` of its own, fresh by `(created)`.
import { createHash, createHmac } from "node:crypto";

import { cavage } from "http-message-signatures";

export const about = {
  client: "npm http-message-signatures",
  package: "http-message-signatures",
  algorithms: ["hmac-sha256", "hmac-sha512"],
  misses: {
    "as it comes": { GET: ["(request-target)", "host"], POST: ["(request-target)", "host", "digest"] },
    "too little": { GET: ["host"], POST: ["host", "digest"] },
  },
};

export async function send({ method, url, body, keyId, secret, algorithm, cover }) {
  const headers = { host: new URL(url).host };
  if (body !== null) headers.digest = `SHA-512=${createHash("sha512").update(body).digest("base64")}`;
  const fields = {
    enough: ["@request-target", "@created", "host", ...(body === null ? [] : ["digest"])],
    "as it comes": undefined,
    "too little": ["@request-target", "@created"],
  }[cover];
  const hash = algorithm.replace("hmac-", "");
  // Its `createSigner` would name the algorithm, which the draft forbids beside `(created)`.
  const key = { id: keyId, alg: "hs2019", sign: async (data) => createHmac(hash, secret).update(data).digest() };
  const signed = await cavage.signMessage({ key, fields }, { method, url, headers });
  const response = await fetch(url, { method, headers: signed.headers, body });
  return { status: response.status, text: await response.text() };
}
