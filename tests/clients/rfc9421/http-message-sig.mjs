// npm http-message-sig: signs a Request of the platform with a signer that the caller brings.
import { createHash, createHmac } from "node:crypto";

import { appendSignature, createSignatureSync } from "http-message-sig";

export const about = {
  client: "npm http-message-sig",
  package: "http-message-sig",
  algorithms: ["hmac-sha256", "hmac-sha512"],
  misses: {
    // As its README has it.
    "as it comes": { GET: ["@query"], POST: [] },
    "too little": { GET: ["@authority", "@path", "@query"], POST: ["@authority", "@path", "content-digest"] },
  },
};

const COMPONENTS = {
  enough: ["@method", "@target-uri"],
  "as it comes": ["@method", "@authority", "@path"],
  "too little": ["@method"],
};

export async function send({ method, url, body, keyId, secret, algorithm, cover }) {
  const request = new Request(url, { method, body });
  const components = [...COMPONENTS[cover]];
  if (body !== null && cover !== "too little") {
    const digest = createHash("sha512").update(body).digest("base64");
    request.headers.set("Content-Digest", `sha-512=:${digest}:`);
    components.push("content-digest");
  }
  const hash = algorithm.replace("hmac-", "");
  const fields = createSignatureSync(request, {
    components,
    parameters: { created: Math.floor(Date.now() / 1000), keyid: keyId, alg: algorithm },
    signer: { algorithm, sign: (base) => createHmac(hash, secret).update(base).digest() },
  });
  const response = await fetch(new Request(request, { headers: appendSignature(request.headers, fields) }));
  return { status: response.status, text: await response.text() };
}
