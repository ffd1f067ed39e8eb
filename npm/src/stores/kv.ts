import type { KeyStore } from "../types.js";

/** What {@link kvStore} needs of a KV binding; `KVNamespace` of Cloudflare's types is one. */
export interface KvBinding {
  get(name: string, options: { type: "text"; cacheTtl: number }): Promise<string | null>;
}

/** The least that Workers KV takes as `cacheTtl`. */
const CACHE_TTL_MIN = 30;

/**
 * Records from a binding of Workers KV.
 *
 * @param options.cacheTtl how long KV may answer from its cache at the edge, in seconds, 30 or more. It is a part of the
 *   time until a removed key is gone.
 * @example
 * ```ts
 * import { kvStore } from "keyward";
 *
 * const env = { KEYS: { get: async () => null } }; // what Workers hand to `fetch`
 * const store = kvStore(env.KEYS, { cacheTtl: 30 });
 * ```
 */
export function kvStore(binding: KvBinding, { cacheTtl = CACHE_TTL_MIN }: { cacheTtl?: number } = {}): KeyStore {
  if (typeof binding?.get !== "function") throw new TypeError("kvStore wants a KV binding, such as env.KEYS: has wrangler.toml a kv_namespaces entry for it?");
  if (!Number.isInteger(cacheTtl) || cacheTtl < CACHE_TTL_MIN) throw new RangeError(`cacheTtl is in whole seconds, ${CACHE_TTL_MIN} or more`);
  return { get: (name) => binding.get(name, { type: "text", cacheTtl }) };
}
