// What needs no WebAssembly and is the same in every entry.
export { cloudflareAddress, socketPeer } from "./client-address.js";
export { KeywardError, type KeywardErrorCode } from "./errors.js";
export type { ReporterOptions } from "./reporter.js";
export type { SendingOptions, SignableRequest, Signer, SignerOptions, SigningOptions } from "./signer.js";
export { cloudflareKvStore, type CloudflareKvOptions } from "./stores/cloudflare.js";
export { kvStore, type KvBinding } from "./stores/kv.js";
export { memoryReplayStore, memoryStore, type MemoryStore } from "./stores/memory.js";
export { redisReplayStore, redisStore, type RedisCommand, type RedisGet } from "./stores/redis.js";
export type {
  Answer,
  AnyRequest,
  AuthorityOptions,
  ClientAddress,
  Denial,
  Grant,
  Header,
  KeyStore,
  LimitOptions,
  NodeRequest,
  OnUsage,
  PlainRequest,
  ReplayStore,
  Verdict,
  Verifier,
  VerifierOptions,
  VerifierStats,
  VerifyOptions,
} from "./types.js";
export type * from "./wire.js";
