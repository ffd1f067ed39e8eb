import { open } from "node:fs/promises";

import type { KeyStore } from "../types.js";

/** A snapshot of some 100,000 keys; more is not for one file. */
const FILE_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Records from a snapshot on disk: one JSON object, signed texts by their KV name (`{ "k/<key id>": "kwr1…" }`). The file
 * is looked at whenever a record is asked for, and read anew when it changed. Replace it by renaming another one over
 * it: a file that is half written is an error, and so is one that is away, and both are answered with 503.
 *
 * @example
 * ```ts
 * import { fileStore } from "keyward/node";
 *
 * const store = fileStore("/var/lib/keyward/keys.json");
 * ```
 */
export function fileStore(path: string | URL): KeyStore {
  let held: Promise<Snapshot> | undefined;
  /** One at a time, so that a burst of requests does not read the file as often. */
  let looking: Promise<Snapshot> | undefined;
  const look = async () => {
    const before = await held?.catch(() => undefined);
    held = read(path, before);
    return held;
  };
  return {
    async get(name) {
      looking ??= look().finally(() => (looking = undefined));
      return (await looking).records.get(name) ?? null;
    },
  };
}

interface Snapshot {
  /** Changes whenever the file does, unless someone takes pains. */
  state: string;
  records: Map<string, string>;
}

async function read(path: string | URL, before: Snapshot | undefined): Promise<Snapshot> {
  // State and text are of the same file, whatever is renamed over it meanwhile.
  const file = await open(path);
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true });
    const state = [dev, ino, size, mtimeNs, ctimeNs].join();
    if (before?.state === state) return before;
    if (size > FILE_BYTES_MAX) throw new Error(`${String(path)} is larger than ${FILE_BYTES_MAX} bytes`);
    return { state, records: parse(await file.readFile("utf8"), path) };
  } finally {
    await file.close();
  }
}

function parse(text: string, path: string | URL): Map<string, string> {
  const json: unknown = JSON.parse(text);
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new TypeError(`${String(path)} is not an object of records by their KV name`);
  }
  const records = Object.entries(json);
  if (!records.every((entry): entry is [string, string] => typeof entry[1] === "string")) {
    throw new TypeError(`${String(path)} holds a record that is not text`);
  }
  return new Map(records);
}
