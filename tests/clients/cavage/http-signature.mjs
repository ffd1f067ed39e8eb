// npm http-signature: signs a request of Node's http before it is sent; covers the date alone unless told otherwise.
import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";

import httpSignature from "http-signature";

export const about = {
  client: "npm http-signature",
  package: "http-signature",
  algorithms: ["hmac-sha256", "hmac-sha512"],
  misses: {
    // It then leaves out `headers`, too.
    "as it comes": { GET: ["(request-target)", "host", "date"], POST: ["(request-target)", "host", "date", "digest"] },
    "too little": { GET: ["host"], POST: ["host", "digest"] },
  },
};

const HEADERS = {
  enough: ["(request-target)", "host", "date"],
  "as it comes": undefined,
  "too little": ["date", "(request-target)"],
};

export async function send({ method, url, body, keyId, secret, algorithm, cover }) {
  const request = httpRequest(url, { method });
  let headers = HEADERS[cover];
  if (body !== null) {
    request.setHeader("Content-Length", Buffer.byteLength(body));
    request.setHeader("Digest", `SHA-256=${createHash("sha256").update(body).digest("base64")}`);
    if (cover === "enough") headers = [...headers, "digest"];
  }
  httpSignature.sign(request, { keyId, key: secret, algorithm, headers });
  const answered = new Promise((resolve, reject) => request.once("response", resolve).once("error", reject));
  request.end(body ?? undefined);
  const response = await answered;
  return { status: response.statusCode, text: await text(response) };
}
