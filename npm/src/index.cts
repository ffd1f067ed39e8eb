// As index.ts, for `require`: in Node alone, where the module is read from its file.
import { behindProxies } from "./client-address.js";
import { instantiate } from "./core/core.js";
import { ed25519, wasm } from "./load/node.cjs";
import { openReporter, type ReporterOptions } from "./reporter.js";
import { openSigner, type Signer, type SignerOptions } from "./signer.js";
import type { ClientAddress, OnUsage, Verifier, VerifierOptions } from "./types.js";
import { openVerifier } from "./verifier.js";

const core = instantiate(wasm);

/** A verifier of requests; options are checked at once. */
export function createVerifier(options: VerifierOptions): Verifier {
  return openVerifier({ core, ed25519 }, options);
}

/** Signs requests of a client. */
export function createSigner(options: SignerOptions): Signer {
  return openSigner(core, options);
}

/** The client behind proxies of yours, whose networks these are. */
export function trustedProxies(networks: readonly string[]): ClientAddress {
  return behindProxies(core, networks);
}

/** Tells the registry of the use of keys, for `onUsage`. */
export function registryReporter(options: ReporterOptions): OnUsage {
  return openReporter(core, options);
}

export * from "./everywhere.js";
