// The use of keys, read from what the core wrote.
import type { KeyUsage } from "../wire.js";
import { pairs } from "./memory.js";

/** As crates/keyward-wasm/src/verifier/usage.rs writes them. */
export function usages(parts: readonly string[]): KeyUsage[] {
  const all: KeyUsage[] = [];
  for (let at = 0; at < parts.length; ) {
    const [organisation = "", keyId = "", allowed, lastUsedAt, lastUsedFrom, issues, denials] = parts.slice(at, at + 7);
    const afterIssues = at + 7 + 2 * Number(issues);
    const end = afterIssues + 2 * Number(denials);
    all.push({
      organisation,
      keyId,
      allowed: Number(allowed),
      ...(lastUsedAt ? { lastUsedAt: Number(lastUsedAt) } : {}),
      ...(lastUsedFrom ? { lastUsedFrom } : {}),
      issues: numbers(parts.slice(at + 7, afterIssues)),
      denials: numbers(parts.slice(afterIssues, end)),
    });
    at = end;
  }
  return all;
}

function numbers(parts: readonly string[]): [string, number][] {
  return pairs(parts).map(([name, number]) => [name, Number(number)]);
}
