// A deployment of our own, running: `seed`, `startGateway`, and what must hold of every log.
import assert from "node:assert/strict";

import { call, confided } from "./client.js";
import { startGateway } from "./gateway.js";
import { seed } from "./seed.js";

/** As `seed` takes it. Stopping fails when the log holds anything that was confided to the gateway. */
export async function deploy(plan) {
  const seeded = await seed(plan).catch(tell);
  return running(seeded, await startGateway(seeded).catch(tell));
}

function running(seeded, gateway) {
  const ask = async (key, how) => (await call(gateway, { as: key, ...how })).outcome;
  return {
    ...gateway,
    ask,
    keys: seeded.keys,
    republish: seeded.republish,
    tokenKeys: seeded.tokenKeys,
    tokenSigners: seeded.tokenSigners,
    /** How often the record of a key was read from KV. */
    reads: async (key) => (await gateway.kv.log()).filter((one) => one.key === key.kvName).length,
    /** Asks until this is the answer. A request that begins after that time, which the gateway keeps, has no other. */
    async eventually(expected, key, withinMs = 60_000) {
      const end = Date.now() + withinMs;
      for (;;) {
        const begun = Date.now();
        const found = await ask(key);
        if (found === expected) return;
        assert.ok(begun < end, `still ${found}, not ${expected}, after ${withinMs} ms`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    /** Ends it at once, as a crash does, and gives the one that is started on the same disk. */
    async crash() {
      const next = await gateway.crash().catch(tell);
      keptSecrets(seeded, gateway.logs);
      return running(seeded, next);
    },
    async stop() {
      await gateway.stop();
      keptSecrets(seeded, gateway.logs);
    },
  };
}

function keptSecrets(seeded, logs) {
  const log = logs.join("\n");
  const secrets = [...confided, ...Object.values(seeded.keys).map((key) => key.secret)];
  const told = secrets.filter((secret) => log.includes(secret));
  assert.deepEqual(told, [], "the log tells what was confided");
}

/** The runner says nothing of a `before` that fails at the top of a file. */
function tell(error) {
  console.error(error);
  throw error;
}
