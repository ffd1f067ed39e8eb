// One verifier inside the module: numbers in, numbers out, text only where there is something to say.
import type { Denial, Grant, Header } from "../types.js";
import type { Code, KeyUsage } from "../wire.js";
import { codeNumber, denialOf } from "./denial.js";
import { CoreGrant } from "./grant.js";
import type { Held } from "./instance.js";
import { pairs, pieces } from "./memory.js";
import { usages } from "./usage.js";

/**
 * What an adapter found in a request, flat as the core wants it: client's address, method, scheme,
 * authority, target, then name and value of each field.
 */
export type Parts = readonly string[];

/** No content, content whose end nobody announced, or else how many octets were. */
export const NO_CONTENT = -1;
export const UNKNOWN_LENGTH = -2;

/** What was found out since the core asked. */
export type Evidence =
  | { readonly kind: "content"; readonly bytes: Uint8Array }
  | { readonly kind: "digests"; readonly octets: number; readonly bytes: Uint8Array }
  | { readonly kind: "signature"; readonly bytes: Uint8Array }
  | { readonly kind: "no-signature" };

/** What became of a request, or what the core needs to say so. */
export type Step =
  | { readonly is: "allow"; readonly grant: CoreGrant; readonly replay: boolean }
  | { readonly is: "deny"; readonly denial: Denial }
  | { readonly is: "preflight"; readonly headers: readonly Header[] }
  | { readonly is: "key"; readonly environment: string; readonly keyId: string }
  | { readonly is: "signature"; readonly publicKey: Uint8Array; readonly signature: Uint8Array; readonly message: Uint8Array }
  | { readonly is: "content"; readonly bytesMax: number; readonly sha256: boolean; readonly sha512: boolean; readonly bytes: boolean };

const EVIDENCE = { content: 1, digests: 2, signature: 3, "no-signature": 4 } as const;
const [DENY, KEY, SIGNATURE, PREFLIGHT, UNREADABLE] = [2, 3, 4, 5, 255];

export class CoreVerifier {
  readonly #held: Held;
  #isOpen = true;

  constructor(held: Held) {
    this.#held = held;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** `since`: the number of the last look-up that had ended when the request came. */
  verify(parts: Parts, content: number, nowMs: number, since: number, evidence?: Evidence): Step {
    const { exports, memory } = this.#held.instance;
    const rest = evidence === undefined || evidence.kind === "no-signature" ? undefined : evidence.bytes;
    const bytes = memory.write(parts, rest);
    const kind = evidence === undefined ? 0 : EVIDENCE[evidence.kind];
    const octets = evidence?.kind === "digests" ? evidence.octets : 0;
    const outcome = exports.verifier_verify(this.#held.handle, parts.length, bytes, content, nowMs, since, kind, octets);
    if (outcome <= 1) {
      return { is: "allow", grant: new CoreGrant(this, parts, memory.copy()), replay: outcome === 1 };
    }
    if (outcome === DENY) return { is: "deny", denial: denialOf(memory.read()) };
    if (outcome === KEY) {
      const [environment = "", keyId = ""] = memory.read();
      return { is: "key", environment, keyId };
    }
    if (outcome === SIGNATURE) {
      const [publicKey, signature, message] = pieces(memory.copy()) as [Uint8Array, Uint8Array, Uint8Array];
      return { is: "signature", publicKey, signature, message };
    }
    if (outcome === PREFLIGHT) return { is: "preflight", headers: pairs(memory.read()) };
    if (outcome === UNREADABLE) throw new Error("keyward: the script and keyward.wasm are of two versions");
    return {
      is: "content",
      bytesMax: Number(memory.read()[0]),
      sha256: (outcome & 1) !== 0,
      sha512: (outcome & 2) !== 0,
      bytes: (outcome & 4) !== 0,
    };
  }

  /** Remembers what the store has. Says why a record is not believed, as a stable name. */
  put(environment: string, keyId: string, address: string, text: string | null, nowMs: number, number: number): string | null {
    const { exports, memory } = this.#held.instance;
    const parts = text === null ? [environment, keyId, address] : [environment, keyId, address, text];
    const bytes = memory.write(parts);
    const wrong = exports.verifier_put(this.#held.handle, parts.length, bytes, Number(text !== null), nowMs, number);
    return wrong === 0 ? null : (memory.read()[0] ?? "record_malformed");
  }

  /** A refusal of this request, with the challenges that fit its route. */
  refuse(parts: Parts, code: Code, nowMs: number): Denial {
    const { exports, memory } = this.#held.instance;
    exports.verifier_refuse(this.#held.handle, parts.length, memory.write(parts), codeNumber(code), nowMs);
    return denialOf(memory.read());
  }

  /** What of an allowed request may go on. */
  forward(parts: Parts, stripped: boolean): { target: string; headers: Header[] } {
    const { exports, memory } = this.#held.instance;
    exports.verifier_forward(this.#held.handle, parts.length, memory.write(parts), Number(stripped));
    const answer = memory.read();
    return { target: answer[0] ?? "", headers: pairs(answer, 1) };
  }

  /** What an origin is told of a grant. */
  told(grant: Grant): Header[] {
    const { exports, memory } = this.#held.instance;
    const accounts = grant.accounts;
    const which = accounts === undefined ? "" : accounts === "all" ? "all" : "listed";
    const parts = [grant.keyId, grant.organisation, grant.account ?? "", which, String(grant.roles.length), ...grant.roles];
    if (accounts !== undefined && accounts !== "all") parts.push(...accounts);
    exports.grant_told(parts.length, memory.write(parts));
    return pairs(memory.read());
  }

  /** Counts a request that was let through after its replay was seen to. */
  noteAllowed(grant: Grant, address: string, nowMs: number): void {
    const { exports, memory } = this.#held.instance;
    const parts = [grant.organisation, grant.keyId, grant.issue, address];
    exports.usage_allowed(this.#held.handle, parts.length, memory.write(parts), nowMs);
  }

  /** Takes out what of the use of keys is due, or all of it; {@link endUsage} comes next. */
  takeUsage(early: boolean, nowMs: number): KeyUsage[] {
    const { exports, memory } = this.#held.instance;
    exports.usage_take(this.#held.handle, Number(early), nowMs);
    return usages(memory.read());
  }

  /** Says what became of that, and gives the second of Unix time when the next is due, if there is any. */
  endUsage(hasArrived: boolean, nowMs: number): number | undefined {
    const { exports, memory } = this.#held.instance;
    exports.usage_end(this.#held.handle, Number(hasArrived), nowMs);
    const [due] = memory.read();
    return due === undefined ? undefined : Number(due);
  }

  /** Keys in memory, the bytes of their records, absences, tokens. */
  sizes(): [keys: number, bytes: number, misses: number, tokens: number] {
    const { exports, memory } = this.#held.instance;
    exports.verifier_sizes(this.#held.handle);
    return memory.read().map(Number) as [number, number, number, number];
  }

  close(): void {
    this.#isOpen = false;
    this.#held.close((exports, handle) => exports.verifier_close(handle));
  }
}
