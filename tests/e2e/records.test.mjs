// Rule 21: a record that is not exactly what the registry published is 503 and a line in the log, never an allow, and
// never "no such key", which would let who can write to KV lock clients out unseen.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { call } from "../support/client.js";
import { deploy } from "../support/deployment.js";

let gateway, other;

const parts = (text) => text.split(".");
const payload = (text) => JSON.parse(Buffer.from(parts(text)[2], "base64url"));
const changed = (change) => (text) => gateway.republish(text, change);
const now = () => Math.floor(Date.now() / 1000);

/** What stands in KV instead of the key's record, and the reason that the log gives. */
const BROKEN = {
  "empty": [() => "", "record_malformed"],
  "no envelope": [() => "kwr1", "record_malformed"],
  "JSON": [() => '{"v":1}', "record_malformed"],
  "truncated": [(text) => text.slice(0, -10), "record_malformed"],
  "cut in the payload": [(text) => parts(text).with(2, parts(text)[2].slice(0, 100)).join("."), "record_wrong_signature"],
  "without its signature": [(text) => parts(text).slice(0, 3).join("."), "record_malformed"],
  "with an empty signature": [(text) => parts(text).with(3, "").join("."), "record_malformed"],
  "with something behind it": [(text) => `${text}.x`, "record_malformed"],
  "oversized": [(text) => text + "A".repeat(256 * 1024), "record_too_large"],
  "of a later format": [(text) => text.replace("kwr1", "kwr2"), "record_future_version"],
  "of a later version": [changed((record) => { record.v = 2; }), "record_future_version"],
  "with a member that we do not know": [changed((record) => { record.geo = "de"; }), "record_malformed"],
  "with a limit that we cannot keep": [changed((record) => { record.quota = 5; }), "record_malformed"],
  "signed with another's key": [
    (text) => gateway.republish(text, () => {}, { privateKey: Buffer.alloc(32, 7).toString("base64url") }), "record_wrong_signature",
  ],
  "signed with a key that is not in the ring": [(text) => gateway.republish(text, () => {}, { id: "p2" }), "record_unknown_publish_key"],
  "changed after it was signed": [
    (text) => parts(text).with(2, parts(gateway.republish(text, (record) => { record.expiresAt += 1; }))[2]).join("."), "record_wrong_signature",
  ],
  "signed for another name": [(text) => gateway.republish(text, () => {}, { name: "k/other" }), "record_wrong_signature"],
  "of another key": [() => other.live, "record_wrong_signature"],
  "of another key, signed for this name": [(_, key) => gateway.republish(other.live, () => {}, { name: key.kvName }), "record_other_key"],
  "past its freshness": [changed((record) => { record.freshUntil = now() - 1; }), "record_stale"],
  "without an end of freshness": [changed((record) => { delete record.freshUntil; }), "record_stale"],
  "with a secret that was sealed for another key": [
    changed((record) => { record.issues[0].sealed = payload(other.live).issues[0].sealed; }), "record_unsealable",
  ],
  "with a secret that was sealed for another organisation": [changed((record) => { record.organisation = "globex"; }), "record_unsealable"],
  "sealed under a master that is not in the ring": [changed((record) => { record.issues[0].ring = "m9"; }), "record_unknown_sealing_key"],
};

before(async () => {
  gateway = await deploy({ keys: [...Object.keys(BROKEN), "other"].map((name) => ({ name })) });
  other = gateway.keys.other;
});
after(() => gateway?.stop());

for (const [name, [broken, reason]] of Object.entries(BROKEN)) {
  test(`a record ${name}`, async () => {
    const key = gateway.keys[name];
    await gateway.kv.put(key.kvName, broken(key.live, key));
    const from = gateway.logs.length;
    const answer = await call(gateway, { as: key });
    assert.equal(answer.outcome, "503 store_unavailable");
    assert.match(answer.field("retry-after"), /^\d+$/);
    assert.ok(!answer.text.includes(reason), "clients are not told");
    const line = await gateway.logged({ keyId: key.keyId }, from);
    assert.deepEqual([line.outcome, line.code, line.reason], ["deny", "store_unavailable", reason]);

    // A broken record is not remembered: the mended one counts at once.
    await gateway.kv.put(key.kvName, key.live);
    assert.equal(await gateway.ask(key), "200");
  });
}
