// Tells of the use of keys: after the answer, never before it, one call at a time.
import type { CoreVerifier } from "../core/verifier.js";
import type { OnUsage } from "../types.js";
import { within } from "./within.js";

/** A call that takes longer has failed. */
const CALL_MS = 10_000;
/** How long requests are gathered before somebody looks whether anything is due. */
const GATHER_MS = 1_000;
/** The core has nothing that is due later. */
const DUE_MS_MAX = 60_000;
/** Calls in a row: the core counts no more keys than these have room for. */
const CALLS_MAX = 50;

export class UsageTeller {
  told = 0;
  failed = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer runs out, on the clock of timers. */
  #wakesAtMs = Infinity;
  #lookedAtMs = -Infinity;
  #underWay: Promise<void> | undefined;

  constructor(
    private readonly onUsage: OnUsage,
    private readonly core: CoreVerifier,
    private readonly clock: () => number,
  ) {}

  /** There may be something to tell. */
  noted(): void {
    // Who is telling comes back by himself.
    if (this.#underWay !== undefined) return;
    const now = performance.now();
    const at = Math.max(now, this.#lookedAtMs + GATHER_MS);
    if (at < this.#wakesAtMs) this.#wake(at, now);
  }

  /** Tells all that there is. */
  flush(): Promise<void> {
    return this.#tell(true);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#wakesAtMs = Infinity;
  }

  #wake(atMs: number, nowMs: number): void {
    clearTimeout(this.#timer);
    this.#wakesAtMs = atMs;
    this.#timer = setTimeout(() => {
      this.#wakesAtMs = Infinity;
      // What went wrong was counted, and is told again.
      this.#tell(false).catch(() => {});
    }, atMs - nowMs);
    // A server ends when it likes.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  #tell(early: boolean): Promise<void> {
    // One after the other: what was not told comes back first.
    const before = this.#underWay?.catch(() => {}) ?? Promise.resolve();
    const telling = before.then(() => this.#tellAll(early)).finally(() => {
      if (this.#underWay === telling) this.#underWay = undefined;
    });
    this.#underWay = telling;
    return telling;
  }

  async #tellAll(early: boolean): Promise<void> {
    for (let calls = 0; calls < CALLS_MAX && this.core.isOpen; calls += 1) {
      this.#lookedAtMs = performance.now();
      const keys = this.core.takeUsage(early, this.clock());
      let problem: { error: unknown } | undefined;
      if (keys.length > 0) problem = await this.#call(keys);
      if (!this.core.isOpen) return;
      const due = this.core.endUsage(problem === undefined, this.clock());
      if (problem !== undefined || keys.length === 0) {
        if (due !== undefined) this.#again(due);
        if (problem !== undefined) throw problem.error;
        return;
      }
    }
  }

  async #call(keys: Parameters<OnUsage>[0]): Promise<{ error: unknown } | undefined> {
    try {
      const done = await within(CALL_MS, async (signal) => {
        await this.onUsage(keys, { signal });
        return true;
      });
      if (done !== true) throw new Error(`onUsage took longer than ${CALL_MS} ms`);
      this.told += 1;
      return undefined;
    } catch (error) {
      this.failed += 1;
      return { error };
    }
  }

  /** Comes back for what is not due yet, whether or not there are requests until then. */
  #again(dueSeconds: number): void {
    const now = performance.now();
    const inMs = Math.min(Math.max(dueSeconds * 1000 - this.clock(), GATHER_MS), DUE_MS_MAX);
    if (now + inMs < this.#wakesAtMs) this.#wake(now + inMs, now);
  }
}
