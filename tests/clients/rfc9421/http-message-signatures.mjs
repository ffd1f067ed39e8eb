// npm http-message-signatures: signs nothing unless told what, and knows no HMAC-SHA-512, but takes any `sign`.
import { createHash, createHmac } from "node:crypto";

import { createSigner, httpbis } from "http-message-signatures";

export const about = {
  client: "npm http-message-signatures",
  package: "http-message-signatures",
  algorithms: ["hmac-sha256", "hmac-sha512"],
  misses: {
    "as it comes": {
      GET: ["@method", "@authority", "@path", "@query"],
      POST: ["@method", "@authority", "@path", "content-digest"],
    },
    "too little": { GET: ["@query"], POST: ["content-digest"] },
  },
};

const FIELDS = {
  enough: { GET: ["@method", "@authority", "@path", "@query"], POST: ["@method", "@target-uri", "content-digest"] },
  "as it comes": {},
  "too little": { GET: ["@method", "@authority", "@path"], POST: ["@method", "@target-uri"] },
};

export async function send({ method, url, body, keyId, secret, algorithm, cover }) {
  const headers = {};
  if (body !== null) headers["Content-Digest"] = `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
  const key =
    algorithm === "hmac-sha256"
      ? createSigner(secret, "hmac-sha256", keyId)
      : { id: keyId, alg: algorithm, sign: async (data) => createHmac("sha512", secret).update(data).digest() };
  const signed = await httpbis.signMessage({ key, fields: FIELDS[cover][method] }, { method, url, headers });
  const response = await fetch(url, { method, headers: signed.headers, body });
  return { status: response.status, text: await response.text() };
}
