import type { KeyStore, ReplayStore } from "../types.js";

/** What {@link redisStore} needs of a client: `redis`, `ioredis` and most others are one. */
export interface RedisGet {
  get(key: string): Promise<unknown>;
}

/** What {@link redisReplayStore} needs of a client: the way to send any command, of `redis` or of `ioredis`. */
export type RedisCommand =
  | { sendCommand(args: string[]): Promise<unknown> }
  | { call(command: string, ...args: string[]): Promise<unknown> };

/**
 * Records from Redis, where something of yours copies them: the text that the registry publishes under
 * `<prefix>k/<key id>`.
 *
 * @param client connected, of any package that has `get`
 * @example
 * ```ts
 * import { redisStore } from "keyward";
 *
 * const client = { get: async (key: string) => null }; // createClient() of redis, new Redis() of ioredis
 * const store = redisStore(client, { prefix: "keyward:" });
 * ```
 */
export function redisStore(client: RedisGet, { prefix = "keyward:" }: { prefix?: string } = {}): KeyStore {
  return {
    async get(name) {
      const found = await client.get(prefix + name);
      if (found === null || typeof found === "string") return found;
      throw new TypeError("the Redis client answered with something other than text");
    },
  };
}

/**
 * Remembers requests in Redis, for all processes together: `SET <key> 1 NX PX <milliseconds>`, so exactly one copy is the
 * first. Redis has to keep what it was told: no eviction (`maxmemory-policy noeviction`), and a replica that takes over
 * may not know the last requests.
 *
 * @example
 * ```ts
 * import { redisReplayStore } from "keyward";
 *
 * const client = { sendCommand: async (args: string[]) => "OK" }; // createClient() of redis, new Redis() of ioredis
 * const replay = redisReplayStore(client);
 * ```
 */
export function redisReplayStore(
  client: RedisCommand,
  { prefix = "keyward:replay:", clock = Date.now }: { prefix?: string; clock?: () => number } = {},
): ReplayStore {
  const send = sender(client);
  return {
    async insert(key, until) {
      const left = until * 1000 - clock();
      // What would be forgotten at once is never the first.
      if (left <= 0) return false;
      const answer = await send(["SET", prefix + key, "1", "NX", "PX", String(Math.ceil(left))]);
      if (answer === null) return false;
      if (String(answer) === "OK") return true;
      throw new TypeError("Redis answered SET NX with something other than OK or nil");
    },
  };
}

function sender(client: RedisCommand): (args: [string, ...string[]]) => Promise<unknown> {
  // ioredis has a `sendCommand` too, which takes something else, so its `call` goes first.
  if ("call" in client) return ([command, ...args]) => client.call(command, ...args);
  if ("sendCommand" in client) return (args) => client.sendCommand(args);
  throw new TypeError("redisReplayStore wants a client of redis or ioredis, or an object with sendCommand(args)");
}
