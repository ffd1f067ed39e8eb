// A grant, read from what the core wrote when somebody asks for it.
import { KeywardError } from "../errors.js";
import type { Grant, Header } from "../types.js";
import { pairs, texts } from "./memory.js";
import type { CoreVerifier, Parts } from "./verifier.js";

/** Where each part stands, as crates/keyward-wasm/src/answer.rs writes them. */
const [KEY_ID, ORGANISATION, ENVIRONMENT, GENERATION, ISSUE, API, ACCOUNT, ACCOUNTS, STRIPPED, REPLAY_KEY, REPLAY_UNTIL, CORS_COUNT, ROLE_COUNT, CORS] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
] as const;

export class CoreGrant implements Grant {
  readonly #verifier: CoreVerifier;
  readonly #request: Parts;
  #answer: Uint8Array | readonly string[];
  #headers: readonly Header[] | undefined;
  body?: Uint8Array | undefined;

  constructor(verifier: CoreVerifier, request: Parts, answer: Uint8Array) {
    this.#verifier = verifier;
    this.#request = request;
    this.#answer = answer;
  }

  get keyId(): string {
    return this.#part(KEY_ID);
  }

  get organisation(): string {
    return this.#part(ORGANISATION);
  }

  get environment(): string {
    return this.#part(ENVIRONMENT);
  }

  get generation(): number {
    return Number(this.#part(GENERATION));
  }

  get issue(): string {
    return this.#part(ISSUE);
  }

  get api(): string {
    return this.#part(API);
  }

  get account(): string | undefined {
    return this.#part(ACCOUNT) || undefined;
  }

  get roles(): readonly string[] {
    return this.#parts().slice(this.#afterCors(), this.#afterRoles());
  }

  get accounts(): "all" | readonly string[] | undefined {
    const which = this.#part(ACCOUNTS);
    if (which === "") return undefined;
    return which === "all" ? "all" : this.#parts().slice(this.#afterRoles());
  }

  get headers(): readonly Header[] {
    return (this.#headers ??= this.#verifier.told(this));
  }

  get answerHeaders(): readonly Header[] {
    return pairs(this.#parts().slice(CORS, this.#afterCors()));
  }

  /** What the replay store is to note. */
  get replay(): { readonly key: string; readonly untilSeconds: number } {
    return { key: this.#part(REPLAY_KEY), untilSeconds: Number(this.#part(REPLAY_UNTIL)) };
  }

  forward(): { readonly target: string; readonly headers: readonly Header[] } {
    if (!this.#verifier.isOpen) throw new KeywardError("verifier_closed", "forward() needs the verifier: close it later");
    const { target, headers } = this.#verifier.forward(this.#request, this.#part(STRIPPED) !== "");
    return { target, headers: [...headers, ...this.headers] };
  }

  /** For `JSON.stringify` and logs: what there is to see, and nothing of the request. */
  toJSON(): Record<string, unknown> {
    const { keyId, organisation, environment, generation, issue, roles, api, account, accounts } = this;
    return { keyId, organisation, environment, generation, issue, roles, api, account, accounts };
  }

  #afterCors(): number {
    return CORS + 2 * Number(this.#part(CORS_COUNT));
  }

  #afterRoles(): number {
    return this.#afterCors() + Number(this.#part(ROLE_COUNT));
  }

  #part(index: number): string {
    return this.#parts()[index] ?? "";
  }

  #parts(): readonly string[] {
    if (this.#answer instanceof Uint8Array) this.#answer = texts(this.#answer);
    return this.#answer;
  }
}
