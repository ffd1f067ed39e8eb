// A verifier: the core's steps, with I/O where they leave gaps.
import type { Core } from "./core/core.js";
import type { Verifier, VerifierOptions } from "./types.js";

/** How a runtime differs from others. */
export interface Runtime {
  readonly core: Core;
  /** Who verifies Ed25519 faster: the runtime's WebCrypto (workerd), or the core. */
  readonly ed25519: "host" | "core";
}

/**
 * What the entries make their `createVerifier(options): Promise<Verifier>` from. Throws `KeywardError`
 * `invalid_option`.
 */
export declare function openVerifier(runtime: Runtime, options: VerifierOptions): Verifier;
