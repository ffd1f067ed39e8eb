// The only file that knows how the core is called. Loaders bring a module; the rest of the package
// sees this interface.
import type { Header } from "../types.js";

/** A request to be signed. */
export interface Unsigned {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly authority: string;
  /** Path and query. */
  readonly target: string;
  readonly contentType: string | null;
  readonly content: Uint8Array;
}

/** With what, and how, a request is signed. */
export interface Signing {
  readonly keyId: string;
  readonly secret: string;
  readonly algorithm: "hmac-sha512" | "hmac-sha256";
  readonly profile: "rfc9421" | "cloud9" | "kong" | "cavage";
  /** Seconds of Unix time. */
  readonly created: number;
  readonly nonce: string | null;
}

/** Networks of proxies, compiled. */
export interface ProxySet {
  /** The client behind them, from the peer and the `X-Forwarded-For` lines; `undefined`: not known. */
  client(peer: string, forwardedFor: readonly string[]): string | undefined;
  close(): void;
}

/** The core in one instance of the module. */
export interface Core {
  /** The fields that sign a request. Throws `KeywardError` `cannot_sign`. */
  sign(request: Unsigned, how: Signing): readonly Header[];
  /** Throws `KeywardError` `invalid_option` that names the network. */
  proxies(networks: readonly string[]): ProxySet;
}

/** Instantiates the module, synchronously. */
export declare function instantiate(module: WebAssembly.Module): Core;
