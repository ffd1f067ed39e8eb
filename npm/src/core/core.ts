// The core as the rest of the package sees it. Only this folder knows how it is called; loaders
// bring the module.
import { KeywardError } from "../errors.js";
import type { Denial, Header } from "../types.js";
import type { Code } from "../wire.js";
import { codeNumber, denialOf } from "./denial.js";
import { type Exports, Memory, pairs } from "./memory.js";
import { type Opening, openingParts } from "./opening.js";
import { CoreVerifier } from "./verifier.js";

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
  /** Throws `KeywardError` `invalid_option`. */
  verifier(opening: Opening, asksForEd25519: boolean): CoreVerifier;
  /** A refusal that depends on no request, perhaps with a sentence on what was wrong. */
  refuse(code: Code, detail?: string): Denial;
}

/** Instantiates the module, synchronously. */
export function instantiate(module: WebAssembly.Module): Core {
  const exports = new WebAssembly.Instance(module, {}).exports as unknown as Exports;
  return new ModuleCore(exports);
}

class ModuleCore implements Core {
  readonly #exports: Exports;
  readonly #memory: Memory;

  constructor(exports: Exports) {
    this.#exports = exports;
    this.#memory = new Memory(exports);
  }

  sign(request: Unsigned, how: Signing): readonly Header[] {
    const parts = [
      request.method, request.scheme, request.authority, request.target, request.contentType ?? "",
      how.keyId, how.secret, how.algorithm, how.profile, how.nonce ?? "",
    ];
    const bytes = this.#memory.write(parts, request.content);
    const wrong = this.#exports.request_sign(parts.length, bytes, how.created);
    const answer = this.#memory.read();
    if (wrong !== 0) throw new KeywardError("cannot_sign", answer[0] ?? "the request cannot be read");
    return pairs(answer);
  }

  proxies(networks: readonly string[]): ProxySet {
    const [exports, memory] = [this.#exports, this.#memory];
    const handle = exports.proxies_open(networks.length, memory.write(networks));
    if (handle === 0) throw new KeywardError("invalid_option", memory.read()[0] ?? "");
    return {
      client(peer, forwardedFor) {
        const parts = [peer, ...forwardedFor];
        exports.proxies_client(handle, parts.length, memory.write(parts));
        return memory.read()[0] || undefined;
      },
      close: () => exports.proxies_close(handle),
    };
  }

  verifier(opening: Opening, asksForEd25519: boolean): CoreVerifier {
    const parts = openingParts(opening);
    const bytes = this.#memory.write(parts);
    const handle = this.#exports.verifier_open(parts.length, bytes, Number(asksForEd25519));
    if (handle === 0) throw new KeywardError("invalid_option", this.#memory.read()[0] ?? "");
    return new CoreVerifier(this.#exports, this.#memory, handle);
  }

  refuse(code: Code, detail = ""): Denial {
    this.#exports.verifier_refuse(0, 1, this.#memory.write([detail]), codeNumber(code));
    return denialOf(this.#memory.read());
  }
}
