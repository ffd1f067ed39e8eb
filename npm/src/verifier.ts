// A verifier: the core's steps, with I/O where they leave gaps.
import type { Core } from "./core/core.js";
import { CoreFailure } from "./core/instance.js";
import type { CoreGrant } from "./core/grant.js";
import type { CoreVerifier, Evidence, Step } from "./core/verifier.js";
import { KeywardError } from "./errors.js";
import { type Received, receive } from "./request/received.js";
import { type ContentSource, held } from "./request/content.js";
import type { AnyRequest, Denial, Verdict, Verifier, VerifierOptions, VerifierStats, VerifyOptions } from "./types.js";
import { Ed25519 } from "./verifier/ed25519.js";
import { Lookups } from "./verifier/lookups.js";
import { type Configuration, configure } from "./verifier/options.js";
import { UsageTeller } from "./verifier/usage.js";
import { within } from "./verifier/within.js";
import type { Code } from "./wire.js";

/** How a runtime differs from others. */
export interface Runtime {
  readonly core: Core;
  /** Who verifies Ed25519 faster: the runtime's WebCrypto (workerd), or the core. */
  readonly ed25519: "host" | "core";
}

/** What the entries make their `createVerifier` from. Throws `KeywardError` `invalid_option`. */
export function openVerifier(runtime: Runtime, options: VerifierOptions): Verifier {
  return new CoreBackedVerifier(runtime, configure(options));
}

/** Above this the runtime hashes faster than the core, crossing included. */
const HASH_IN_CORE_BYTES_MAX = 4 * 1024;
/** A key, a signature, content, and some look-ups that were driven out of memory meanwhile. */
const STEPS_MAX = 12;

class CoreBackedVerifier implements Verifier {
  readonly #core: Core;
  readonly #verifier: CoreVerifier;
  readonly #configuration: Configuration;
  readonly #lookups: Lookups;
  readonly #ed25519 = new Ed25519();
  readonly #usage: UsageTeller | undefined;
  #buffered = 0;
  #allowed = 0;
  readonly #denied: Partial<Record<Code, number>> = {};
  readonly #replay = { inserted: 0, copies: 0, errors: 0 };
  #signatures = 0;

  constructor(runtime: Runtime, configuration: Configuration) {
    const { store, storeMs, clock, opening, onUsage } = configuration;
    this.#core = runtime.core;
    this.#configuration = configuration;
    this.#verifier = runtime.core.verifier(opening, runtime.ed25519 === "host");
    this.#lookups = new Lookups(store, this.#verifier, storeMs, clock);
    if (onUsage !== undefined) this.#usage = new UsageTeller(onUsage, this.#verifier, clock);
  }

  async verify(request: AnyRequest, options: VerifyOptions = {}): Promise<Verdict> {
    const held = { bytes: 0 };
    try {
      return await this.#decide(request, options, held);
    } catch (error) {
      if (!(error instanceof CoreFailure)) throw error;
      // Nothing was decided, so nothing is let through; the next request finds the core whole.
      this.#lookups.failed("core_failed");
      return this.#deny(this.#core.refuse("store_unavailable"));
    } finally {
      this.#buffered -= held.bytes;
      this.#usage?.noted();
    }
  }

  #decide(request: AnyRequest, options: VerifyOptions, held: { bytes: number }): Promise<Verdict> | Verdict {
    const { clientAddress, scheme } = this.#configuration;
    const address = options.clientAddress ?? clientAddress?.(request) ?? "";
    if (typeof address !== "string") throw new KeywardError("invalid_request", "the client's address is to be text, or undefined");
    const received = receive(request, { address, scheme });
    if ("refused" in received) return this.#deny(this.#core.refuse("ambiguous_target", received.refused));
    const source = options.body === undefined ? received.source : given(options.body);
    return this.#way(received, source, held);
  }

  stats(): VerifierStats {
    const [keys, keyBytes, misses, remembered] = this.#verifier.isOpen ? this.#verifier.sizes() : [0, 0, 0, 0];
    return {
      allowed: this.#allowed,
      denied: { ...this.#denied },
      store: { lookups: this.#lookups.count, errors: { ...this.#lookups.errors } },
      replay: { ...this.#replay },
      tokens: { verified: this.#signatures, remembered },
      usage: { told: this.#usage?.told ?? 0, failed: this.#usage?.failed ?? 0 },
      keys,
      keyBytes,
      misses,
    };
  }

  async flushUsage(): Promise<void> {
    await this.#usage?.flush();
  }

  close(): void {
    this.#usage?.close();
    if (this.#verifier.isOpen) this.#verifier.close();
  }

  /** Asks the core until it has all that it needs. */
  async #way({ parts, content }: Received, source: ContentSource, share: { bytes: number }): Promise<Verdict> {
    const { clock } = this.#configuration;
    const since = this.#lookups.ended;
    let nowMs = clock();
    let evidence: Evidence | undefined;
    let body: Uint8Array | undefined;
    for (let step = 0; step < STEPS_MAX; step += 1) {
      if (!this.#verifier.isOpen) throw new KeywardError("verifier_closed", "the verifier was closed: make a new one with createVerifier()");
      const found: Step = this.#verifier.verify(parts, content, nowMs, since, evidence);
      switch (found.is) {
        case "deny":
          return this.#deny(found.denial);
        case "preflight":
          return { outcome: "preflight", answer: { status: 204, headers: found.headers, body: null } };
        case "allow":
          if (body !== undefined) found.grant.body = body;
          if (found.replay) return this.#once(parts, found.grant);
          this.#allowed += 1;
          return { outcome: "allow", grant: found.grant };
        case "key":
          if (!(await this.#lookups.load(found.environment, found.keyId, parts[0]!))) {
            return this.#refuse(parts, "store_unavailable");
          }
          // Read again after I/O, and not again once something was judged by it.
          if (evidence === undefined) nowMs = clock();
          break;
        case "signature":
          try {
            evidence = await this.#signature(found);
          } catch {
            // A runtime that cannot say has not said that the signature is wrong.
            this.#lookups.failed("ed25519_unavailable");
            return this.#refuse(parts, "store_unavailable");
          }
          break;
        case "content": {
          const bytes = await this.#read(source, found.bytesMax, share);
          if (typeof bytes === "string") return this.#refuse(parts, bytes);
          body = bytes;
          evidence = await digests(bytes, found);
          break;
        }
      }
    }
    return this.#refuse(parts, "store_unavailable");
  }

  async #read(source: ContentSource, bytesMax: number, share: { bytes: number }) {
    const { bufferedBytes, contentIdleMs, contentTotalMs } = this.#configuration;
    return source({
      bytesMax,
      idleMs: contentIdleMs,
      totalMs: contentTotalMs,
      take: (bytes) => {
        if (this.#buffered + bytes > bufferedBytes) return false;
        this.#buffered += bytes;
        share.bytes += bytes;
        return true;
      },
    });
  }

  async #signature({ publicKey, signature, message }: Extract<Step, { is: "signature" }>): Promise<Evidence> {
    this.#signatures += 1;
    if (!(await this.#ed25519.isRight(publicKey, signature, message))) return { kind: "no-signature" };
    const bytes = new Uint8Array(96 + message.length);
    bytes.set(publicKey);
    bytes.set(signature, 32);
    bytes.set(message, 96);
    return { kind: "signature", bytes };
  }

  /** The last thing before a request is let through: that it was not made before. */
  async #once(parts: readonly string[], grant: CoreGrant): Promise<Verdict> {
    const { replay, replayMs, clock } = this.#configuration;
    const { key, untilSeconds } = grant.replay;
    let first: boolean | undefined;
    try {
      first = replay === undefined ? undefined : await within(replayMs, async () => replay.insert(key, untilSeconds));
    } catch {
      first = undefined;
    }
    if (first === true) {
      this.#replay.inserted += 1;
      this.#allowed += 1;
      if (this.#usage !== undefined && this.#verifier.isOpen) this.#verifier.noteAllowed(grant, parts[0]!, clock());
      return { outcome: "allow", grant };
    }
    // Anything but a clear answer is none.
    const code = first === false ? "replayed" : "replay_store_unavailable";
    this.#replay[first === false ? "copies" : "errors"] += 1;
    return this.#refuse(parts, code);
  }

  #refuse(parts: readonly string[], code: Code): Verdict {
    return this.#deny(this.#verifier.isOpen ? this.#verifier.refuse(parts, code, this.#configuration.clock()) : this.#core.refuse(code));
  }

  #deny(denial: Denial): Verdict {
    this.#denied[denial.code] = (this.#denied[denial.code] ?? 0) + 1;
    return { outcome: "deny", denial, answer: denial };
  }
}

function given(body: () => Promise<Uint8Array>): ContentSource {
  return async (bounds) => {
    const bytes: unknown = await within(bounds.totalMs, body);
    if (bytes === undefined) return "content_timeout";
    if (!(bytes instanceof Uint8Array)) throw new KeywardError("invalid_request", "body() is to give the bytes as received (Uint8Array)");
    return held(bytes)(bounds);
  };
}

async function digests(bytes: Uint8Array, needs: Extract<Step, { is: "content" }>): Promise<Evidence> {
  if (needs.bytes || bytes.length <= HASH_IN_CORE_BYTES_MAX) return { kind: "content", bytes };
  const { subtle } = globalThis.crypto;
  const names = [...(needs.sha256 ? ["SHA-256"] : []), ...(needs.sha512 ? ["SHA-512"] : [])];
  const found = await Promise.all(names.map((name) => subtle.digest(name, bytes as BufferSource)));
  const all = new Uint8Array(found.reduce((sum, one) => sum + one.byteLength, 0));
  let at = 0;
  for (const one of found) {
    all.set(new Uint8Array(one), at);
    at += one.byteLength;
  }
  return { kind: "digests", octets: bytes.length, bytes: all };
}
