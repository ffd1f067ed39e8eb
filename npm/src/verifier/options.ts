// What a verifier is made from: checked once, with words that say what to write instead.
import { KeywardError } from "../errors.js";
import type { AuthorityOptions, ClientAddress, KeyStore, OnUsage, ReplayStore, VerifierOptions } from "../types.js";
import type { Opening } from "../core/opening.js";
import type { JwkSet, OrganisationKeys, PublishKey } from "../wire.js";

/** Options that were checked, and the JSON that the core reads. */
export interface Configuration {
  readonly store: KeyStore;
  readonly replay: ReplayStore | undefined;
  readonly clientAddress: ClientAddress | undefined;
  readonly scheme: "http" | "https" | undefined;
  readonly clock: () => number;
  readonly onUsage: OnUsage | undefined;
  readonly bufferedBytes: number;
  readonly contentIdleMs: number;
  readonly contentTotalMs: number;
  readonly storeMs: number;
  readonly replayMs: number;
  readonly opening: Opening;
}

const KNOWN: readonly (keyof VerifierOptions)[] = [
  "store", "publishKeys", "organisationKeys", "environment", "authorities", "catalogue", "replay", "tokenKeys",
  "clientAddress", "scheme", "cacheTtl", "clock", "importedKeyIds", "debug", "limits", "onUsage",
];
const LIMITS = [
  "contentBytes", "bufferedBytes", "contentIdleMs", "contentTotalMs", "storeMs", "replayMs", "createdAgeSeconds",
  "createdAheadSeconds",
];

export function configure(options: VerifierOptions): Configuration {
  requireObject(options, "createVerifier() takes an object of options");
  requireKnown(options, KNOWN, "option");
  const { store, replay, clientAddress, scheme, clock = Date.now, limits = {}, environment, onUsage } = options;
  if (typeof store?.get !== "function") {
    throw wrong("store", "something with get(name, { signal }), such as memoryStore(), redisStore(client) or kvStore(env.KEYS)");
  }
  if (replay !== undefined && typeof replay?.insert !== "function") {
    throw wrong("replay", "something with insert(key, untilSeconds); without one, keys that refuse copies of their requests are answered with 503");
  }
  if (clientAddress !== undefined && typeof clientAddress !== "function") {
    throw wrong("clientAddress", "a function of the request, such as trustedProxies([\"10.0.0.0/8\"])");
  }
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") throw wrong("scheme", "\"http\" or \"https\"");
  if (typeof clock !== "function") throw wrong("clock", "a function that returns milliseconds of Unix time, such as Date.now");
  if (onUsage !== undefined && typeof onUsage !== "function") {
    throw wrong("onUsage", "a function that is told of the use of keys, such as registryReporter({ url, keyId, secret })");
  }
  if (typeof environment !== "string") throw wrong("environment", "the name of the keys' environment, such as \"production\"");
  requireObject(options.catalogue, message("catalogue", "the catalogue as an object: { apis, origins }"));
  requireObject(limits, message("limits", "an object such as { contentBytes: 65536 }"));
  requireKnown(limits, LIMITS, "limit");
  const bundles = organisationKeys(options.organisationKeys);
  if (!bundles.some((one) => one.environment === environment)) {
    throw wrong("organisationKeys", `a bundle that was exported for the environment ${JSON.stringify(environment)}`);
  }
  const deployment = bundles[0]!.deployment;
  if (bundles.some((one) => one.deployment !== deployment)) {
    throw wrong("organisationKeys", "bundles of one deployment: make a verifier for each deployment");
  }
  const names = authorities(options.authorities, environment);
  const without = names.find((one) => one.role !== "admin" && !bundles.some((bundle) => bundle.environment === one.environment));
  if (without !== undefined) {
    throw wrong("organisationKeys", `a bundle for ${JSON.stringify(without.environment)} too, the environment of ${without.authority}: no key of it could be used`);
  }
  return {
    store,
    replay,
    clientAddress,
    scheme,
    clock: checked(clock),
    onUsage,
    bufferedBytes: within(limits.bufferedBytes, "limits.bufferedBytes", 32 * 1024 * 1024),
    contentIdleMs: within(limits.contentIdleMs, "limits.contentIdleMs", 10_000),
    contentTotalMs: within(limits.contentTotalMs, "limits.contentTotalMs", 30_000),
    storeMs: within(limits.storeMs, "limits.storeMs", 5_000),
    replayMs: within(limits.replayMs, "limits.replayMs", 5_000),
    opening: {
      deployment,
      catalogue: JSON.stringify(options.catalogue),
      cacheTtl: seconds(options.cacheTtl, "cacheTtl", 30, 300),
      importedKeyIds: boolean(options.importedKeyIds, "importedKeyIds"),
      debug: boolean(options.debug, "debug"),
      countsUsage: onUsage !== undefined,
      contentBytes: within(limits.contentBytes, "limits.contentBytes", 1024 * 1024),
      createdAgeSeconds: seconds(limits.createdAgeSeconds, "limits.createdAgeSeconds", 300, 900),
      createdAheadSeconds: seconds(limits.createdAheadSeconds, "limits.createdAheadSeconds", 30, 300),
      authorities: names,
      tokenKeys: tokenKeys(options.tokenKeys, environment),
      publishKeys: publishKeys(options.publishKeys),
      organisationKeys: bundles,
    },
  };
}

function authorities(list: VerifierOptions["authorities"], environment: string): Required<AuthorityOptions>[] {
  const help = "a list of the names under which clients reach the server, such as [\"https://api.example\"]";
  if (!Array.isArray(list) || list.length === 0) throw wrong("authorities", help);
  return (list as readonly (string | AuthorityOptions)[]).map((one) => {
    if (typeof one !== "string") {
      requireObject(one, message("authorities", help));
      requireKnown(one, ["authority", "scheme", "environment", "role"], "member of an authority");
      const { authority, scheme, role = "api" } = one;
      const all = { authority, scheme, environment: one.environment ?? environment, role };
      if (Object.values(all).some((value) => typeof value !== "string")) throw wrong("authorities", help);
      return all;
    }
    const match = /^(https?):\/\/([^/?#\\]+)$/.exec(one);
    if (match === null) throw wrong("authorities", `${help}: scheme, host and perhaps port, without a path (not ${JSON.stringify(one)})`);
    return { authority: match[2]!, scheme: match[1] as "http" | "https", environment, role: "api" };
  });
}

function organisationKeys(given: VerifierOptions["organisationKeys"]): OrganisationKeys[] {
  const help = "the keys as they were exported for an organisation: { deployment, environment, organisation, rings }";
  const list = (Array.isArray(given) ? given : [given]) as readonly unknown[];
  if (list.length === 0) throw wrong("organisationKeys", help);
  return list.map((one) => {
    const bundle = typeof one === "string" ? parsed(one) : one;
    requireObject(bundle, message("organisationKeys", help));
    if (holdsMaster(bundle)) {
      throw wrong("organisationKeys", `${help}. These are masters of a whole environment: they open the secrets of every organisation and belong to the gateway's and the registry's secrets alone`);
    }
    requireTexts(bundle, ["deployment", "environment", "organisation"], ["rings"], message("organisationKeys", help));
    const { rings } = bundle as OrganisationKeys;
    requireObject(rings, message("organisationKeys", help));
    for (const ring of Object.values(rings)) requireTexts(ring, ["seal", "pepper"], [], message("organisationKeys", help));
    return bundle as OrganisationKeys;
  });
}

/** The secrets of a gateway, a part of them, or a ring with a master in it. */
function holdsMaster(value: unknown, depth = 6): boolean {
  if (typeof value !== "object" || value === null || depth === 0) return false;
  return "master" in value || "masters" in value || Object.values(value).some((one) => holdsMaster(one, depth - 1));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words could repeat a secret.
    throw wrong("organisationKeys", "the keys as they were exported, as an object or as its JSON text");
  }
}

function publishKeys(given: VerifierOptions["publishKeys"]): readonly PublishKey[] {
  const help = message("publishKeys", "the registry's public keys: [{ id, publicKey }], publicKey as base64url of 32 bytes");
  if (!Array.isArray(given)) throw new KeywardError("invalid_option", help);
  for (const one of given as readonly unknown[]) requireTexts(one, ["id", "publicKey"], [], help);
  return given as readonly PublishKey[];
}

/** By environment. */
function tokenKeys(given: VerifierOptions["tokenKeys"], environment: string): Record<string, JwkSet> {
  if (given === undefined) return {};
  const help = message("tokenKeys", "a JWK set of public keys: { keys: [{ kty: \"OKP\", crv: \"Ed25519\", x, kid }] }");
  requireObject(given, help);
  const sets = Array.isArray((given as JwkSet).keys) ? { [environment]: given as JwkSet } : (given as Record<string, JwkSet>);
  for (const set of Object.values(sets)) {
    if (!Array.isArray(set?.keys) || Object.keys(set).length !== 1) throw new KeywardError("invalid_option", help);
    for (const key of set.keys) {
      // A private key must not lie here unnoticed.
      requireTexts(key, ["kty", "crv", "x", "kid"], ["use", "alg"], help);
      const { kty, crv, use = "sig", alg = "EdDSA" } = key;
      if (kty !== "OKP" || crv !== "Ed25519" || use !== "sig" || (alg !== "EdDSA" && alg !== "Ed25519")) {
        throw new KeywardError("invalid_option", help);
      }
    }
  }
  return sets;
}

/** That a value has these members, all text, and besides them none but `others`. */
function requireTexts(value: unknown, names: readonly string[], others: readonly string[], otherwise: string): void {
  requireObject(value, otherwise);
  const texts = names.every((name) => typeof (value as Record<string, unknown>)[name] === "string");
  const known = Object.keys(value).every((name) => names.includes(name) || others.includes(name));
  if (!texts || !known) throw new KeywardError("invalid_option", otherwise);
}

function within(value: number | undefined, name: string, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (!Number.isSafeInteger(value) || value < 1 || value > 2 ** 31 - 1) throw wrong(name, "a whole number of 1 or more");
  return value;
}

function seconds(value: number | undefined, name: string, otherwise: number, most: number): number {
  if (value === undefined) return otherwise;
  if (!Number.isSafeInteger(value) || value < 0 || value > most) throw wrong(name, `a whole number of seconds, 0 to ${most}`);
  return value;
}

/** Before this, in milliseconds, it is no time of today's, or one in seconds: keys that are over would seem not to be. */
const TIME_MIN = 1e12;

function checked(clock: () => number): () => number {
  return () => {
    const now: unknown = clock();
    if (typeof now !== "number" || !(now >= TIME_MIN && now < Infinity)) {
      throw wrong("clock", `a function that returns milliseconds of Unix time, such as Date.now (not ${String(now)})`);
    }
    return now;
  };
}

function boolean(value: boolean | undefined, name: string): boolean {
  if (value !== undefined && typeof value !== "boolean") throw wrong(name, "true or false");
  return value ?? false;
}

function requireObject(value: unknown, otherwise: string): asserts value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new KeywardError("invalid_option", otherwise);
}

/** A mistyped option must not be one that is silently left out. */
function requireKnown(given: object, known: readonly string[], what: string): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) throw new KeywardError("invalid_option", `there is no ${what} ${JSON.stringify(name)}; there are ${known.join(", ")}`);
  }
}

function wrong(name: string, instead: string): KeywardError {
  return new KeywardError("invalid_option", message(name, instead));
}

function message(name: string, instead: string): string {
  return `${name} is to be ${instead}`;
}
