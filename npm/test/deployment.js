// A deployment to verify for: that of the vectors, whose keys have their secrets in the open, and whose time stands still.
import { createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";

export const dist = new URL("../../target/npm/package/dist/", import.meta.url);
export const keyward = await import(new URL("esm/index.js", dist));
const { instantiate } = await import(new URL("esm/core/core.js", dist));
export const core = instantiate(new WebAssembly.Module(readFileSync(new URL("keyward.wasm", dist))));

const vectors = new URL("../../tests/vectors/", import.meta.url);
const { given } = JSON.parse(readFileSync(new URL("generated/replay.json", vectors), "utf8"));
const setting = JSON.parse(readFileSync(new URL("setting.json", vectors), "utf8"));

/** Seconds of Unix time at which everything happens. */
export const now = setting.now;
export const keys = setting.keys;
export const records = Object.assign({}, given.records, ...["basic", "rfc9421-mac", "kong", "cloud9"].map(recordsOf));

function recordsOf(theme) {
  return JSON.parse(readFileSync(new URL(`generated/${theme}.json`, vectors), "utf8")).given.records;
}

/** What the least verifier is made from. */
export const options = {
  store: { get: async (name) => records[name] },
  publishKeys: given.secrets.publishKeys,
  organisationKeys: given.organisationKeys,
  environment: "production",
  authorities: ["https://api.example"],
  catalogue: given.catalogue,
  clock: () => now * 1000,
};

export const secrets = given.secrets;

export function open(more = {}) {
  return keyward.createVerifier({ ...options, ...more });
}

export function basic(key = keys.basic) {
  return ["Authorization", `Basic ${Buffer.from(`${key.keyId}:${key.secret}`).toString("base64")}`];
}

/** A request with its signature. */
export function signed({ key = keys.signed, method = "GET", target = "/v1/users", headers = [], body, nonce = null, profile = "rfc9421" } = {}) {
  const content = new TextEncoder().encode(body ?? "");
  const contentType = headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? null;
  const request = { method, scheme: "https", authority: "api.example", target, contentType, content };
  const how = { keyId: key.keyId, secret: key.secret, algorithm: key.record?.algorithm ?? "hmac-sha512", profile, created: now, nonce };
  return { ...request, headers: [...headers, ...core.sign(request, how)], ...(body === undefined ? {} : { body }) };
}

/** `allow`, or the code of the refusal. */
export function outcome({ grant, denial }) {
  return grant === undefined ? denial.code : "allow";
}

/** The record of a key with other members, as the registry would publish it. */
export function published(key, change) {
  const name = `k/${key.keyId}`;
  const payload = { ...JSON.parse(Buffer.from(records[name].split(".")[2], "base64url").toString()), ...change };
  const bytes = Buffer.from(JSON.stringify(payload));
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.from(setting.publish.seed).subarray(0, 32)]);
  const signature = sign(null, Buffer.concat([Buffer.from(`keyward-record-v1\0${name}\0`), bytes]), createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  return `kwr1.${setting.publish.id}.${bytes.toString("base64url")}.${signature.toString("base64url")}`;
}
