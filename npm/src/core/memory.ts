// Text in and out of the module's memory. Parts lie one after the other with their lengths in front,
// so nothing that a part holds can be taken for the end of it.

/** The module's functions; crates/keyward-wasm/src/exports.rs says what each does. */
export interface Exports {
  readonly memory: WebAssembly.Memory;
  input_reserve(bytes: number): number;
  answer_at(): number;
  verifier_open(parts: number, bytes: number, asksForEd25519: number): number;
  verifier_close(verifier: number): void;
  verifier_verify(
    verifier: number, parts: number, bytes: number, content: number, nowMs: number, since: number,
    evidence: number, octets: number,
  ): number;
  verifier_put(verifier: number, parts: number, bytes: number, found: number, nowMs: number, number: number): number;
  verifier_refuse(verifier: number, parts: number, bytes: number, code: number, nowMs: number): number;
  usage_count(verifier: number): number;
  usage_allowed(verifier: number, parts: number, bytes: number, nowMs: number): number;
  usage_take(verifier: number, early: number, nowMs: number): number;
  usage_end(verifier: number, hasArrived: number, nowMs: number): number;
  verifier_forward(verifier: number, parts: number, bytes: number, stripped: number): number;
  verifier_sizes(verifier: number): number;
  grant_told(parts: number, bytes: number): number;
  request_sign(parts: number, bytes: number, created: number): number;
  proxies_open(parts: number, bytes: number): number;
  proxies_close(proxies: number): void;
  proxies_client(proxies: number, parts: number, bytes: number): number;
}

const encoder = new TextEncoder();
// A mark at the beginning of a field is a part of the field.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const nothing: Uint8Array = new Uint8Array();
/** Requests fit in without growing. */
const INPUT_BYTES = 64 * 1024;

export class Memory {
  readonly #exports: Exports;
  #at = 0;
  #capacity = 0;
  #bytes = nothing;
  #whole = new DataView(nothing.buffer);
  /** What is behind so many lengths. */
  #behind: (Uint8Array | undefined)[] = [];

  constructor(exports: Exports) {
    this.#exports = exports;
  }

  /** Writes the parts of a call, and what lies behind them; says how many bytes that is. */
  write(parts: readonly string[], rest: Uint8Array = nothing): number {
    const count = parts.length;
    let text = "";
    for (let i = 0; i < count; i += 1) text += parts[i];
    this.#reserve(4 * count + 3 * text.length + rest.length);
    const behind = (this.#behind[count] ??= this.#bytes.subarray(this.#at + 4 * count));
    const [view, at] = [this.#whole, this.#at];
    let { written } = encoder.encodeInto(text, behind);
    if (written === text.length) {
      for (let i = 0; i < count; i += 1) view.setUint32(at + 4 * i, parts[i]!.length, true);
    } else {
      // Not ASCII: each part has a length of its own in UTF-8.
      written = 0;
      for (let i = 0; i < count; i += 1) {
        const part = encoder.encodeInto(parts[i]!, behind.subarray(written));
        view.setUint32(at + 4 * i, part.written, true);
        written += part.written;
      }
    }
    if (rest.length > 0) behind.set(rest, written);
    return 4 * count + written + rest.length;
  }

  /** The answer to the last call, as it lies there. */
  copy(): Uint8Array {
    const at = this.#exports.answer_at() >>> 0;
    this.#refresh();
    const whole = this.#whole;
    const count = whole.getUint32(at, true);
    let length = 4 + 4 * count;
    for (let i = 1; i <= count; i += 1) length += whole.getUint32(at + 4 * i, true);
    return this.#bytes.slice(at, at + length);
  }

  /** The answer to the last call. */
  read(): string[] {
    return texts(this.copy());
  }

  #reserve(bytes: number): void {
    if (bytes > this.#capacity) {
      this.#capacity = Math.max(bytes, INPUT_BYTES);
      this.#at = this.#exports.input_reserve(this.#capacity) >>> 0;
      this.#behind = [];
    }
    this.#refresh();
  }

  /** Any call can have grown the memory, and then the views are of nothing. */
  #refresh(): void {
    const buffer = this.#exports.memory.buffer;
    if (this.#bytes.buffer === buffer) return;
    this.#bytes = new Uint8Array(buffer);
    this.#whole = new DataView(buffer);
    this.#behind = [];
  }
}

/** The parts of an answer as bytes. */
export function pieces(answer: Uint8Array): Uint8Array[] {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  const count = view.getUint32(0, true);
  const all: Uint8Array[] = [];
  for (let i = 1, at = 4 + 4 * count; i <= count; i += 1) {
    const length = view.getUint32(4 * i, true);
    all.push(answer.subarray(at, at + length));
    at += length;
  }
  return all;
}

/** The parts of an answer as text. */
export function texts(answer: Uint8Array): string[] {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  const count = view.getUint32(0, true);
  const bytes = answer.subarray(4 + 4 * count);
  const text = decoder.decode(bytes);
  if (text.length !== bytes.length) return pieces(answer).map((piece) => decoder.decode(piece));
  const all: string[] = [];
  for (let i = 1, at = 0; i <= count; i += 1) {
    const length = view.getUint32(4 * i, true);
    all.push(text.slice(at, at + length));
    at += length;
  }
  return all;
}

/** Pairs of parts, from one on, as fields. */
export function pairs(parts: readonly string[], from = 0): [string, string][] {
  const all: [string, string][] = [];
  for (let i = from; i + 1 < parts.length; i += 2) all.push([parts[i]!, parts[i + 1]!]);
  return all;
}
