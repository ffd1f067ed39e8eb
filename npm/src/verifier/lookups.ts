// From a key id to its record: one look-up for all who wait for the same key.
import type { CoreVerifier } from "../core/verifier.js";
import type { KeyStore } from "../types.js";
import { within } from "./within.js";

export class Lookups {
  /** How many have ended. */
  ended = 0;
  count = 0;
  readonly errors: Record<string, number> = Object.create(null);
  readonly #underWay = new Map<string, Promise<boolean>>();

  constructor(
    private readonly store: KeyStore,
    private readonly core: CoreVerifier,
    private readonly storeMs: number,
    private readonly clock: () => number,
  ) {}

  /** Brings a key into the core's memory, or that there is none. `false`: nothing trustworthy is known. */
  load(environment: string, keyId: string, address: string): Promise<boolean> {
    const name = `${environment}\0${keyId}`;
    const underWay = this.#underWay.get(name);
    if (underWay !== undefined) return underWay;
    const load = this.#load(environment, keyId, address).finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, load);
    return load;
  }

  async #load(environment: string, keyId: string, address: string): Promise<boolean> {
    this.count += 1;
    let found: { text: unknown } | undefined;
    try {
      // A store may throw before it promises anything.
      found = await within(this.storeMs, async (signal) => ({ text: await this.store.get(`k/${keyId}`, { signal }) }));
    } catch {
      return this.failed("failed");
    }
    if (found === undefined) return this.failed("timeout");
    const text = found.text ?? null;
    if (text !== null && typeof text !== "string") return this.failed("not_text");
    if (!this.core.isOpen) return false;
    this.ended += 1;
    const wrong = this.core.put(environment, keyId, address, text, this.clock(), this.ended);
    return wrong === null || this.failed(wrong);
  }

  /** Counts why nothing trustworthy is known. */
  failed(reason: string): false {
    this.errors[reason] = (this.errors[reason] ?? 0) + 1;
    return false;
  }
}
