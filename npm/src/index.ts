import { ed25519, wasm } from "#wasm";

import { behindProxies } from "./client-address.js";
import { instantiate } from "./core/core.js";
import { openReporter, type ReporterOptions } from "./reporter.js";
import { openSigner, type Signer, type SignerOptions } from "./signer.js";
import type { ClientAddress, OnUsage, Verifier, VerifierOptions } from "./types.js";
import { openVerifier } from "./verifier.js";

const core = instantiate(wasm);

/**
 * A verifier of requests. Options are checked at once; a mistake is a {@link KeywardError} that says what to write
 * instead.
 *
 * @example
 * ```ts
 * import { createVerifier, memoryStore } from "keyward";
 * import { catalogue, organisationKeys, publishKeys, records, request } from "./deployment.js";
 *
 * const verifier = createVerifier({
 *   store: memoryStore(records),
 *   publishKeys,
 *   organisationKeys,
 *   environment: "production",
 *   authorities: ["https://api.example"],
 *   catalogue,
 * });
 * const { outcome, grant, denial } = await verifier.verify(request);
 * console.log(outcome, grant?.keyId ?? denial?.code);
 * ```
 */
export function createVerifier(options: VerifierOptions): Verifier {
  return openVerifier({ core, ed25519 }, options);
}

/**
 * Signs requests of a client.
 *
 * @example
 * ```ts
 * import { createSigner } from "keyward";
 * import { key } from "./deployment.js";
 *
 * const signer = createSigner({ keyId: key.keyId, secret: key.secret });
 * const fields = await signer.sign(new Request("https://api.example/v1/users?limit=2"));
 * console.log(fields.map(([name]) => name).join()); // signature-input,signature
 * ```
 */
export function createSigner(options: SignerOptions): Signer {
  return openSigner(core, options);
}

/**
 * The client behind proxies of yours: `X-Forwarded-For` is read from the right, as long as its entries, and before them
 * the other end of the connection, are in these networks. The first one that is not is the client; what stands left of it
 * was written by the client. Where the connection comes from elsewhere the address is not known.
 *
 * @example
 * ```ts
 * import { trustedProxies } from "keyward";
 *
 * const clientAddress = trustedProxies(["10.0.0.0/8"]);
 * const address = clientAddress({
 *   method: "GET", scheme: "https", authority: "api.example", target: "/", peerAddress: "10.1.2.3",
 *   headers: [["x-forwarded-for", "203.0.113.9, 192.0.2.7, 10.9.9.9"]],
 * });
 * console.log(address); // 192.0.2.7
 * ```
 */
export function trustedProxies(networks: readonly string[]): ClientAddress {
  return behindProxies(core, networks);
}

/**
 * For `onUsage`: tells the registry, with a key of its API `keyward`, what became of the requests of keys. They are shown
 * there with the key. What the registry does not take is told it again.
 *
 * @example
 * ```ts
 * import { createVerifier, memoryStore, registryReporter } from "keyward";
 * import { catalogue, key, organisationKeys, publishKeys, records } from "./deployment.js";
 *
 * const verifier = createVerifier({
 *   store: memoryStore(records),
 *   publishKeys,
 *   organisationKeys,
 *   environment: "production",
 *   authorities: ["https://api.example"],
 *   catalogue,
 *   onUsage: registryReporter({ url: "https://admin.example", keyId: key.keyId, secret: key.secret }),
 * });
 * await verifier.flushUsage();
 * console.log(verifier.stats().usage.failed); // 0
 * ```
 */
export function registryReporter(options: ReporterOptions): OnUsage {
  return openReporter(core, options);
}

export * from "./everywhere.js";
