// The module's instance. One that failed in the middle of a call is in no known state, and every later call of it would
// fail too: it is dropped, the next call makes another, and what lived in it is made anew.
import { type Exports, Memory } from "./memory.js";

/** The core failed in the middle of a call, so nothing was decided. The next call finds it whole. */
export class CoreFailure extends Error {
  override readonly name = "CoreFailure";

  constructor(cause: unknown) {
    super("keyward: the WebAssembly module failed", { cause });
  }
}

export class Instance {
  readonly exports: Exports;
  readonly memory: Memory;
  hasFailed = false;

  constructor(module: WebAssembly.Module) {
    const { exports } = new WebAssembly.Instance(module, {});
    this.exports = guarded(exports, () => (this.hasFailed = true));
    this.memory = new Memory(this.exports);
  }
}

/** One instance after the other. */
export class Instances {
  readonly #module: WebAssembly.Module;
  #current: Instance;

  constructor(module: WebAssembly.Module) {
    this.#module = module;
    this.#current = new Instance(module);
  }

  get current(): Instance {
    if (this.#current.hasFailed) this.#current = new Instance(this.#module);
    return this.#current;
  }
}

/** What lives in an instance under a handle. */
export class Held {
  readonly #instances: Instances;
  #open: ((instance: Instance) => number) | undefined;
  #instance: Instance;
  handle: number;

  constructor(instances: Instances, open: (instance: Instance) => number) {
    this.#instances = instances;
    this.#open = open;
    this.#instance = instances.current;
    this.handle = open(this.#instance);
  }

  /** The instance in which the handle, which is to be read after this, means something. */
  get instance(): Instance {
    const current = this.#instances.current;
    if (current !== this.#instance && this.#open !== undefined) {
      this.handle = this.#open(current);
      this.#instance = current;
    }
    return current;
  }

  close(close: (exports: Exports, handle: number) => void): void {
    // With it goes what it was made from.
    this.#open = undefined;
    if (!this.#instance.hasFailed) close(this.#instance.exports, this.handle);
  }
}

/** Whatever a call throws, a trap or the end of the stack, ends the instance. */
function guarded(exports: WebAssembly.Exports, failed: () => void): Exports {
  const all: Record<string, unknown> = { memory: exports["memory"] };
  for (const [name, run] of Object.entries(exports)) {
    if (typeof run !== "function") continue;
    all[name] = (...given: unknown[]): unknown => {
      try {
        return run(...given);
      } catch (cause) {
        failed();
        throw new CoreFailure(cause);
      }
    };
  }
  return all as unknown as Exports;
}
