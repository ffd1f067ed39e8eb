// Signatures as RFC 9421 and RFC 9530 describe them, written from their text: if the gateway takes these, two
// readers of the specification agree.
import { createHash, createHmac } from "node:crypto";

/**
 * The two fields that sign a request.
 *
 * @param {{ keyId: string, secret: string, algorithm: string }} key
 * @param {{ method: string, scheme?: string, authority: string, target: string, fields?: [string, string][] }} request
 *   as the gateway is to understand it
 * @param {{ covers?: string[], parameters?: Record<string, string | number | undefined>, label?: string }} how
 *   parameters go before the usual ones; `undefined` leaves one out
 */
export function signatureFields(key, request, how = {}) {
  const { label = "sig1" } = how;
  const { input, mac } = signature(key, request, how);
  return [
    ["Signature-Input", `${label}=${input}`],
    ["Signature", `${label}=:${mac.toString("base64")}:`],
  ];
}

export function signature(key, request, { covers, parameters = {} } = {}) {
  const has = (name) => (request.fields ?? []).some(([found]) => found.toLowerCase() === name);
  covers ??= ["@method", "@target-uri", ...(has("content-digest") ? ["content-digest"] : [])];
  const all = { created: Math.floor(Date.now() / 1000), keyid: key.keyId, tag: "keyward", ...parameters };
  const written = Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `;${name}=${typeof value === "number" ? value : `"${value}"`}`);
  const input = `(${covers.map((name) => `"${name}"`).join(" ")})${written.join("")}`;
  const lines = covers.map((name) => `"${name}": ${component(name, request)}`);
  const base = [...lines, `"@signature-params": ${input}`].join("\n");
  const hash = key.algorithm.replace("hmac-", "");
  return { input, base, mac: createHmac(hash, key.secret).update(base, "latin1").digest() };
}

function component(name, { method, scheme = "http", authority, target, fields = [] }) {
  const [path, query] = target.split(/\?(.*)/s);
  switch (name) {
    case "@method": return method;
    case "@target-uri": return `${scheme}://${authority}${target}`;
    case "@authority": return authority;
    case "@scheme": return scheme;
    case "@path": return path;
    case "@query": return `?${query ?? ""}`;
    default:
      return fields.filter(([found]) => found.toLowerCase() === name).map(([, value]) => value.trim()).join(", ");
  }
}

/** A member of `Content-Digest`: `sha-512` or `sha-256`. */
export function digest(content, algorithm = "sha-512") {
  return `${algorithm}=:${createHash(algorithm.replace("-", "")).update(content).digest("base64")}:`;
}

export function basic(key, secret = key.secret) {
  return ["Authorization", `Basic ${Buffer.from(`${key.keyId}:${secret}`).toString("base64")}`];
}
