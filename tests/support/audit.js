// An organisation's audit log, verified by the words of worker/registry/README.md: every hash follows.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";

function chained(...parts) {
  const hash = createHash("sha256").update("keyward-audit-v1");
  for (const part of parts) {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(part.length));
    hash.update(length).update(part);
  }
  return hash.digest();
}

/** The whole log of the operator's organisation; fails where it does not follow. */
export async function verifiedLog(operator) {
  let last = chained(Buffer.from("e2e"), Buffer.from(operator.organisation));
  const entries = [];
  for (;;) {
    const text = await operator.expect(200, "GET", `/v1/audit?limit=1000&after=${entries.length}`);
    const lines = text.split("\n").filter(Boolean);
    if (lines.length === 0) return entries;
    for (const line of lines) {
      const [, members, hash] = line.match(/^(.*),"hash":"([\w-]+)"\}$/);
      last = chained(last, Buffer.from(`${members}}`));
      assert.equal(last.toString("base64url"), hash);
      entries.push(JSON.parse(line));
      assert.equal(entries.at(-1).sequence, entries.length);
    }
  }
}
