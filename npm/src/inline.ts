// As `keyward`, with the WebAssembly inside: for bundlers of one file, and where no file can be served beside a script.
import { behindProxies } from "./client-address.js";
import { instantiate } from "./core/core.js";
import { wasm } from "./load/inline.js";
import { openReporter, type ReporterOptions } from "./reporter.js";
import { openSigner, type Signer, type SignerOptions } from "./signer.js";
import type { ClientAddress, OnUsage, Verifier, VerifierOptions } from "./types.js";
import { openVerifier } from "./verifier.js";

const core = instantiate(wasm);

/** As `createVerifier` of `keyward`. */
export function createVerifier(options: VerifierOptions): Verifier {
  return openVerifier({ core, ed25519: "core" }, options);
}

/** As `createSigner` of `keyward`. */
export function createSigner(options: SignerOptions): Signer {
  return openSigner(core, options);
}

/** As `trustedProxies` of `keyward`. */
export function trustedProxies(networks: readonly string[]): ClientAddress {
  return behindProxies(core, networks);
}

/** As `registryReporter` of `keyward`. */
export function registryReporter(options: ReporterOptions): OnUsage {
  return openReporter(core, options);
}

export * from "./everywhere.js";
