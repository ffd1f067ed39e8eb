// A program with a key of the API `keyward`: what it asks of the registry is signed.
import { randomBytes } from "node:crypto";

import { ADMIN } from "./registry.js";
import { digest, signatureFields } from "./sign.js";

/** What a key holds on the API `keyward`: `{ keys: "crud", audit: "r" }`. */
export const admin = (grants) => ({ role: "admin", accounts: "all", grants: { keyward: grants } });

/** The form of such a key, which may hold more roles. */
export const form = (name, roles, change) => ({
  name, kind: "signed", environment: "production", owners: ["ops@acme.example"], roles, ...change,
});

/** A request as `registry.ask` takes it, which can be sent more than once. */
export function signed(key, method, path, { body, headers = {}, sign = {}, scheme = "http", authority = ADMIN } = {}) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const fields = text === undefined ? [] : [["Content-Digest", digest(text)]];
  const parameters = { nonce: randomBytes(12).toString("base64url"), ...sign.parameters };
  const made = signatureFields(key, { method, scheme, authority, target: path, fields }, { ...sign, parameters });
  const names = Object.fromEntries([...fields, ...made].map(([name, value]) => [name.toLowerCase(), value]));
  // No Origin: no browser sends this.
  return [method, path, { text, headers: { origin: null, ...(text === undefined ? {} : { "content-type": "application/json" }), ...names, ...headers } }];
}

/** Asks with the key, where the registry is called something else than usual, by that `authority`. */
export const as = (registry, key, authority = ADMIN) => ({
  ask: (method, path, how) => registry.ask(...signed(key, method, path, { authority, ...how })),
});
