import type { KeyStore, ReplayStore } from "../types.js";

/** A {@link KeyStore} in this process, to be filled by you: for tests, and for keys that come with the program. */
export interface MemoryStore extends KeyStore {
  /** Puts the signed text of a record in place, as the registry publishes it. */
  set(name: string, record: string): void;
  delete(name: string): void;
}

/**
 * Records in memory.
 *
 * @param records signed texts by their KV name (`k/<key id>`)
 * @example
 * ```ts
 * import { memoryStore } from "keyward";
 *
 * const store = memoryStore({ "k/kwk_1": "kwr1…" });
 * store.set("k/kwk_2", "kwr1…");
 * ```
 */
export function memoryStore(records: Readonly<Record<string, string>> = {}): MemoryStore {
  const held = new Map(Object.entries(records));
  return {
    get: async (name) => held.get(name) ?? null,
    set: (name, record) => void held.set(name, record),
    delete: (name) => void held.delete(name),
  };
}

/** How many requests {@link memoryReplayStore} remembers unless told otherwise: some 20 MB. */
const REQUESTS_MAX = 100_000;

/**
 * Remembers requests in this process **alone**: a copy that reaches another process of a cluster, or this one after a
 * restart, passes. Where there is more than one process use a shared store, such as {@link redisReplayStore}.
 *
 * When it is full it fails, and keys that refuse copies are answered with 503, rather than forget what it has seen.
 *
 * @example
 * ```ts
 * import { memoryReplayStore } from "keyward";
 *
 * const replay = memoryReplayStore({ max: 10_000 });
 * const until = Math.floor(Date.now() / 1000) + 360;
 * console.log(await replay.insert("00ff", until)); // true
 * console.log(await replay.insert("00ff", until)); // false
 * ```
 */
export function memoryReplayStore({ max = REQUESTS_MAX, clock = Date.now }: { max?: number; clock?: () => number } = {}): ReplayStore {
  /** The second until which each is remembered. */
  const seen = new Map<string, number>();
  const forget = (now: number) => {
    for (const [key, until] of seen) if (until <= now) seen.delete(key);
  };
  return {
    async insert(key, until) {
      const now = Math.floor(clock() / 1000);
      // What would be forgotten at once is never the first.
      if (until <= now) return false;
      const known = seen.get(key);
      if (known !== undefined && known > now) return false;
      if (seen.size >= max) forget(now);
      if (seen.size >= max) throw new Error(`memoryReplayStore is full: ${max} requests`);
      seen.set(key, until);
      return true;
    },
  };
}
