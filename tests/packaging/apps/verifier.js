// The verifier that the examples share. What a deployment is made of comes from two files: `keyward.json`, which is the
// deployment's own, and `keys.json`, the signed records by their KV name.
import { readFileSync } from "node:fs";
import { env } from "node:process";

import { createVerifier, memoryReplayStore } from "keyward";
import { fileStore } from "keyward/node";

const deployment = JSON.parse(readFileSync(`${env.KEYWARD_FOLDER}/keyward.json`, "utf8"));

export const verifier = createVerifier({
  ...deployment,
  store: fileStore(`${env.KEYWARD_FOLDER}/keys.json`),
  // One process. With more of them: redisReplayStore.
  replay: memoryReplayStore(),
});
