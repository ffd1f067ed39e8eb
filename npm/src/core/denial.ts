// Refusals as the core writes them.
import { codes } from "../codes.js";
import type { Denial, Header } from "../types.js";
import type { Code } from "../wire.js";
import { pairs } from "./memory.js";

interface Problem {
  readonly detail?: string;
  readonly missing?: readonly string[];
}

export function denialOf(parts: readonly string[]): Denial {
  return new CoreDenial(parts);
}

/** The number that the core has for a code. */
export function codeNumber(code: Code): number {
  return codes.indexOf(code);
}

/** What is said besides the code is read from the body when somebody asks. */
class CoreDenial implements Denial {
  readonly code: Code;
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: string;
  #problem: Problem | undefined;

  constructor(parts: readonly string[]) {
    this.code = parts[0] as Code;
    this.status = Number(parts[1]);
    this.body = parts[2] ?? "";
    this.headers = pairs(parts, 3);
  }

  get detail(): string | undefined {
    return this.#read().detail;
  }

  get missing(): readonly string[] | undefined {
    return this.#read().missing;
  }

  #read(): Problem {
    return (this.#problem ??= JSON.parse(this.body) as Problem);
  }
}
