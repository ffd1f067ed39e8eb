// Clients that others wrote, unchanged, over HTTP: they pass when they cover enough, and are told what is missing when
// they do not.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { README, isWritten, table } from "./table.js";
import { CASES, outcomes } from "./outcomes.js";

const rows = await outcomes();

for (const { client, profile, algorithm, about, cases } of rows) {
  describe(`${profile}: ${[client, algorithm].filter(Boolean).join(", ")}`, () => {
    for (const { name, method, cover, wrong } of CASES.filter(({ name }) => cases[name])) {
      const missing = cover === "enough" ? [] : about.misses[cover][method];
      const ends = wrong ? "is not told what is wrong" : missing.length > 0 ? `misses ${missing.join(", ")}` : "passes";
      test(`${name}: ${ends}`, () => {
        const { error, status, problem, received, sent, keyId } = cases[name];
        assert.ifError(error);
        if (wrong) {
          assert.deepEqual([status, problem?.code, problem?.missing], [401, "invalid_credentials", undefined]);
        } else if (missing.length > 0) {
          assert.deepEqual([status, problem?.code, problem?.missing], [401, "insufficient_coverage", missing]);
        } else {
          assert.equal(status, 200, JSON.stringify(problem));
          assert.equal(received.length, 1);
          const [{ method: seen, url, content, fields }] = received;
          assert.deepEqual({ method: seen, url, content: content.toString() }, sent);
          assert.equal(Object.fromEntries(fields)["keyward-key-id"], `"${keyId}"`);
          return;
        }
        assert.deepEqual(received, [], "what is refused does not reach the origin");
      });
    }
  });
}

test("every client has a case that passes and one that is refused", () => {
  for (const { client, cases } of rows) {
    const statuses = Object.values(cases).map(({ status }) => status);
    assert.ok(statuses.includes(200) && statuses.includes(401), client);
  }
});

test(`${README} has the table of what came of it`, async () => {
  const told = table(rows);
  console.log(told);
  assert.ok(await isWritten(told), "KEYWARD_WRITE_CLIENTS=1 cargo xtask test --only clients writes it");
});
