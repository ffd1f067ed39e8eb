// The core as the rest of the package sees it. Only this folder knows how it is called; loaders
// bring the module.
import { KeywardError } from "../errors.js";
import type { Denial, Header } from "../types.js";
import type { Code } from "../wire.js";
import { codeNumber, denialOf } from "./denial.js";
import { Held, type Instance, Instances } from "./instance.js";
import { pairs } from "./memory.js";
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
  return new ModuleCore(new Instances(module));
}

class ModuleCore implements Core {
  readonly #instances: Instances;

  constructor(instances: Instances) {
    this.#instances = instances;
  }

  sign(request: Unsigned, how: Signing): readonly Header[] {
    const { exports, memory } = this.#instances.current;
    const parts = [
      request.method, request.scheme, request.authority, request.target, request.contentType ?? "",
      how.keyId, how.secret, how.algorithm, how.profile, how.nonce ?? "",
    ];
    const bytes = memory.write(parts, request.content);
    const wrong = exports.request_sign(parts.length, bytes, how.created);
    const answer = memory.read();
    if (wrong !== 0) throw new KeywardError("cannot_sign", answer[0] ?? "the request cannot be read");
    return pairs(answer);
  }

  proxies(networks: readonly string[]): ProxySet {
    const given = [...networks];
    const held = this.#hold(({ exports, memory }) => exports.proxies_open(given.length, memory.write(given)));
    return {
      client(peer, forwardedFor) {
        const { exports, memory } = held.instance;
        const parts = [peer, ...forwardedFor];
        exports.proxies_client(held.handle, parts.length, memory.write(parts));
        return memory.read()[0] || undefined;
      },
      close: () => held.close((exports, handle) => exports.proxies_close(handle)),
    };
  }

  verifier(opening: Opening, asksForEd25519: boolean): CoreVerifier {
    const parts = openingParts(opening);
    return new CoreVerifier(
      this.#hold(({ exports, memory }) => {
        const handle = exports.verifier_open(parts.length, memory.write(parts), Number(asksForEd25519));
        if (handle !== 0 && opening.countsUsage) exports.usage_count(handle);
        return handle;
      }),
    );
  }

  refuse(code: Code, detail = ""): Denial {
    const { exports, memory } = this.#instances.current;
    exports.verifier_refuse(0, 1, memory.write([detail]), codeNumber(code), 0);
    return denialOf(memory.read());
  }

  #hold(open: (instance: Instance) => number): Held {
    return new Held(this.#instances, (instance) => {
      const handle = open(instance);
      if (handle === 0) throw new KeywardError("invalid_option", instance.memory.read()[0] ?? "");
      return handle;
    });
  }
}
