import type { ClientAddress, Denial, Verifier } from "../types.js";

/** What all middlewares take. */
export interface MiddlewareOptions {
  readonly verifier: Verifier;
  /** Where the client's address comes from, such as `socketPeer` or `trustedProxies(["10.0.0.0/8"])`; goes before the verifier's. */
  readonly clientAddress?: ClientAddress | undefined;
  /** Told of each refusal, for the log. Nothing in a denial is secret. */
  readonly onDenied?: ((denial: Denial) => void) | undefined;
}

/** No address: a middleware that knows none does not ask the verifier for another one. */
export const NOT_KNOWN = "";

/** Checked once, when the middleware is made. */
export function checked(options: MiddlewareOptions): MiddlewareOptions {
  if (typeof options?.verifier?.verify !== "function") {
    throw new TypeError("keyward wants { verifier }: make one with createVerifier and share it");
  }
  if (options.clientAddress !== undefined && typeof options.clientAddress !== "function") {
    throw new TypeError('clientAddress must be a function, such as trustedProxies(["10.0.0.0/8"])');
  }
  return { ...options };
}

/** A field by which only Keyward speaks, in either spelling: what a client says there is not so. */
export const isReserved = (name: string): boolean => name.toLowerCase().replaceAll("_", "-").startsWith("keyward-");
