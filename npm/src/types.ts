// The types that the parts of the package agree on. What is public is exported by the entries.
import type { Catalogue, Code, JwkSet, KeyUsage, OrganisationKeys, PublishKey } from "./wire.js";

/** A header field: name and value, in the order in which they stand in the message. */
export type Header = readonly [name: string, value: string];

/**
 * The request as plain values, for servers that are neither Fetch nor `node:http`.
 *
 * @example
 * ```ts
 * import type { PlainRequest } from "keyward";
 *
 * const request: PlainRequest = {
 *   method: "GET",
 *   scheme: "https",
 *   authority: "api.example",
 *   target: "/v1/users?limit=2",
 *   headers: [["host", "api.example"], ["authorization", "Bearer …"]],
 * };
 * ```
 */
export interface PlainRequest {
  /** As received, case and all. */
  readonly method: string;
  /** The scheme that the client used. */
  readonly scheme: "http" | "https";
  /** The `Host` field or `:authority`. */
  readonly authority: string;
  /** Path and query as received, never decoded or repaired. */
  readonly target: string;
  /** In the order received; a name may occur more than once. */
  readonly headers: readonly Header[];
  /** The content, where it is at hand. A request without it has none. */
  readonly body?: Uint8Array | string | null | undefined;
  /** Octets that were announced; `"unknown"` where content ends when it ends. Unless said, the length of `body`. */
  readonly contentLength?: number | "unknown" | undefined;
  /** The other end of the connection. */
  readonly peerAddress?: string | undefined;
}

/** What the verifier reads of a request of `node:http`, `node:https` or `node:http2` (compatibility API). */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Where a framework mounts handlers, it keeps the whole target here. */
  readonly originalUrl?: string | undefined;
  readonly rawHeaders: readonly string[];
  readonly httpVersionMajor: number;
  readonly readableEnded?: boolean | undefined;
  readonly readableDidRead?: boolean | undefined;
  readonly socket?: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean | undefined } | null;
  /** Of HTTP/2. */
  readonly stream?: unknown;
  readonly complete?: boolean | undefined;
  readonly readableLength: number;
  on(event: string, listener: (...values: any[]) => void): unknown;
  off(event: string, listener: (...values: any[]) => void): unknown;
  read(): unknown;
  unshift(chunk: Uint8Array): unknown;
}

/** A request in any of the forms that can be verified. */
export type AnyRequest = Request | NodeRequest | PlainRequest;

/** Finds the client's address; `undefined` where it cannot be known. Nothing else is trusted. */
export type ClientAddress = (request: AnyRequest) => string | undefined;

/** Where the records of keys are. */
export interface KeyStore {
  /**
   * The text that is stored under a name, `null` if there is none. What was found is remembered
   * by the verifier, so a store need not.
   */
  get(name: string, options: { readonly signal: AbortSignal }): Promise<string | null | undefined>;
}

/** Remembers requests of keys that refuse copies. All servers of a deployment share one. */
export interface ReplayStore {
  /**
   * Notes a key until then, in seconds of Unix time; `true` if it was not there yet. Both in one step:
   * of two calls at once exactly one is told `true`.
   */
  insert(key: string, untilSeconds: number): Promise<boolean>;
}

/**
 * Is told of the use of keys: of each at its first use, and then once a minute at most. What it throws or rejects is told
 * again a minute later, together with what came since; so is what takes longer than ten seconds.
 */
export type OnUsage = (keys: readonly KeyUsage[], options: { readonly signal: AbortSignal }) => Promise<void> | void;

/** A public name of the deployment. */
export interface AuthorityOptions {
  /** `host` or `host:port`, lower case, without the default port. */
  readonly authority: string;
  /** The scheme that clients use. */
  readonly scheme: "http" | "https";
  /** Unless said, the verifier's. */
  readonly environment?: string | undefined;
  /** `admin` serves no API: requests with keys are misdirected there. */
  readonly role?: "api" | "admin" | undefined;
}

/** Bounds of a verifier. Each has a default that suits a server of its own. */
export interface LimitOptions {
  /** Signed content of one request, in bytes (1 MiB). */
  readonly contentBytes?: number | undefined;
  /** Signed content that is being checked at a time, in bytes (32 MiB). */
  readonly bufferedBytes?: number | undefined;
  /** How long content may pause, in milliseconds (10,000). */
  readonly contentIdleMs?: number | undefined;
  /** How long content may take as a whole, in milliseconds (30,000). */
  readonly contentTotalMs?: number | undefined;
  /** How long the store may take, in milliseconds (5,000). */
  readonly storeMs?: number | undefined;
  /** How long the replay store may take, in milliseconds (5,000). */
  readonly replayMs?: number | undefined;
  /** How old `created` may be, in seconds (300; 10 to 900). */
  readonly createdAgeSeconds?: number | undefined;
  /** How far ahead `created` may be, in seconds (30; 0 to 300). */
  readonly createdAheadSeconds?: number | undefined;
}

/** What a verifier is made from. Everything is checked when it is made. */
export interface VerifierOptions {
  /** Where the records of keys are. */
  readonly store: KeyStore;
  /** The registry's public keys, any of which may have signed a record. */
  readonly publishKeys: readonly PublishKey[];
  /** The exported keys of one organisation, or of several. Never a master ring. */
  readonly organisationKeys: OrganisationKeys | string | readonly (OrganisationKeys | string)[];
  /** The environment that keys must be of. */
  readonly environment: string;
  /** Under which names clients reach the server, such as `"https://api.example"`. */
  readonly authorities: readonly (string | AuthorityOptions)[];
  /** Which route is about which resource, action and account. */
  readonly catalogue: Catalogue;
  /** Needed by keys that refuse copies of their requests; without it these get 503. */
  readonly replay?: ReplayStore | undefined;
  /** The Ed25519 keys that verify tokens of the environment, or of each. */
  readonly tokenKeys?: JwkSet | Readonly<Record<string, JwkSet>> | undefined;
  /** The client's address, for keys with an allowlist. Unless said: not known. */
  readonly clientAddress?: ClientAddress | undefined;
  /** The scheme that clients use, where another server ends TLS. Unless said: the connection's. */
  readonly scheme?: "http" | "https" | undefined;
  /** How long a key is used from memory, in seconds (30; 0 to 300): part of how soon a removed key is gone. */
  readonly cacheTtl?: number | undefined;
  /** The time, in milliseconds of Unix time (`Date.now`). */
  readonly clock?: (() => number) | undefined;
  /** Whether keys may have ids that were made elsewhere (`false`). */
  readonly importedKeyIds?: boolean | undefined;
  /** Whether a wrong signature is answered with the signature base (`false`). */
  readonly debug?: boolean | undefined;
  readonly limits?: LimitOptions | undefined;
  /** Is told of the use of keys, after requests were answered. Without it nothing is counted. */
  readonly onUsage?: OnUsage | undefined;
}

/** What is known of one request besides the request itself. */
export interface VerifyOptions {
  /** Goes before the verifier's own `clientAddress`. */
  readonly clientAddress?: string | undefined;
  /** Reads the content, where the caller has it or has to have it; called at most once. */
  readonly body?: (() => Promise<Uint8Array>) | undefined;
}

/** Proof that a key permits a request. */
export interface Grant {
  readonly keyId: string;
  readonly organisation: string;
  readonly environment: string;
  /** Counts the changes of the key's record. */
  readonly generation: number;
  /** The issue of the secret that was used. */
  readonly issue: string;
  /** Names of the roles that the key holds. */
  readonly roles: readonly string[];
  /** The API of the catalogue that the request is about. */
  readonly api: string;
  /** The account that the route names. */
  readonly account?: string | undefined;
  /** Where the origin picks the account: those that the key reaches. */
  readonly accounts?: "all" | readonly string[] | undefined;
  /** `Keyward-Key-Id` and so on, for an origin behind the server. */
  readonly headers: readonly Header[];
  /** For the answer: what lets pages of the origins that the API lists read it; often empty. */
  readonly answerHeaders: readonly Header[];
  /** The content, if the verifier had to read it. The request can still be read as if it had not. */
  readonly body?: Uint8Array | undefined;
  /**
   * What may go on to an origin: the target, and the client's fields without its credential, those
   * of the connection and any that start with `Keyward-`, and then {@link Grant.headers}.
   */
  forward(): { readonly target: string; readonly headers: readonly Header[] };
}

/** An answer of the verifier's, ready to send. */
export interface Answer {
  readonly status: number;
  /** All that the answer needs, `content-type` too. */
  readonly headers: readonly Header[];
  /** `null`: without content. */
  readonly body: string | null;
}

/** A refusal, ready to send. */
export interface Denial extends Answer {
  readonly code: Code;
  /** Problem details (RFC 9457) as JSON text. */
  readonly body: string;
  /** What was wrong, where it may be said. */
  readonly detail?: string | undefined;
  /** Components that the signature should have covered. */
  readonly missing?: readonly string[] | undefined;
}

/**
 * What became of a request: it is let through, or it has an answer. A preflight of a browser (`OPTIONS`) is answered from
 * the catalogue, without a key, and goes no further.
 *
 * @example
 * ```ts
 * import type { Verdict } from "keyward";
 *
 * const respond = ({ grant, answer }: Verdict): Response =>
 *   grant ? new Response(`hello ${grant.keyId}`) : new Response(answer.body, { status: answer.status, headers: answer.headers.map(([...pair]) => pair) });
 * ```
 */
export type Verdict =
  | { readonly outcome: "allow"; readonly grant: Grant; readonly denial?: undefined; readonly answer?: undefined }
  | { readonly outcome: "deny"; readonly denial: Denial; readonly answer: Denial; readonly grant?: undefined }
  | { readonly outcome: "preflight"; readonly answer: Answer; readonly denial?: undefined; readonly grant?: undefined };

/** Counters since the verifier was made, and what it holds. */
export interface VerifierStats {
  readonly allowed: number;
  /** By code. */
  readonly denied: Readonly<Partial<Record<Code, number>>>;
  readonly store: {
    readonly lookups: number;
    /**
     * By reason: `failed`, `timeout`, what is wrong with a record, such as `record_future_version`, or `core_failed`: the
     * module failed, such as for want of memory, and was made anew.
     */
    readonly errors: Readonly<Record<string, number>>;
  };
  readonly replay: { readonly inserted: number; readonly copies: number; readonly errors: number };
  readonly tokens: { readonly verified: number; readonly remembered: number };
  /** Calls of `onUsage`, by what became of them. */
  readonly usage: { readonly told: number; readonly failed: number };
  /** In memory now. */
  readonly keys: number;
  readonly keyBytes: number;
  readonly misses: number;
}

/** Verifies requests. */
export interface Verifier {
  /** What becomes of a request. A refusal is a value; throws for wrong use only ({@link KeywardError}). */
  verify(request: AnyRequest, options?: VerifyOptions): Promise<Verdict>;
  stats(): VerifierStats;
  /**
   * Tells `onUsage` all that was counted, without waiting for the minute: before a server ends. Rejects when that fails;
   * what was not told can be told by another call.
   */
  flushUsage(): Promise<void>;
  /** Forgets all keys, and what was not told of their use. What is being verified ends with `verifier_closed`. */
  close(): void;
}
