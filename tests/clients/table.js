// The table of clients and outcomes in tests/README.md.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { ROOT } from "../support/gateway.js";
import { CASES } from "./outcomes.js";

export const README = "tests/README.md";
const BEGIN = "<!-- written by tests/clients -->\n";
const END = "<!-- end of what tests/clients writes -->";

/** A row for each client; its algorithms share one where nothing but the MAC differs. */
export function table(rows) {
  const names = CASES.map(({ name }) => name);
  const shared = new Map();
  for (const { client, version = "the system's", profile, algorithm, cases } of rows) {
    const cells = names.map((name) => cell(cases[name]));
    const key = [client, version, profile, ...cells].join("|");
    const row = shared.get(key) ?? { who: [client, version, profile], algorithms: [], cells };
    if (algorithm) row.algorithms.push(algorithm);
    shared.set(key, row);
  }
  const lines = [...shared.values()].map(({ who, algorithms, cells }) => [...who, algorithms.join(", "), ...cells]);
  const head = ["client", "version", "profile", "algorithm", ...names];
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function cell(outcome) {
  if (!outcome) return "";
  if (outcome.error) return "failed";
  const { status, problem } = outcome;
  const missing = problem?.missing?.map((name) => `\`${name}\``).join(" ");
  return [status, problem?.code, missing].filter(Boolean).join(" ");
}

/** Whether the README says so; with KEYWARD_WRITE_CLIENTS it does afterwards. */
export async function isWritten(told) {
  const file = join(ROOT, README);
  const text = await readFile(file, "utf8");
  const [, above, found, below] = text.match(new RegExp(`^(.*${BEGIN})(.*)(${END}.*)$`, "s")) ?? [];
  if (above === undefined) throw new Error(`${README} has no place for the table`);
  if (found !== told && process.env.KEYWARD_WRITE_CLIENTS) {
    await writeFile(file, above + told + below);
    return true;
  }
  return found === told;
}
