// Several processes on one port. A copy of a request may reach any of them, so what was seen is in Redis.
import cluster from "node:cluster";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { env, pid } from "node:process";

import { createVerifier, redisReplayStore } from "keyward";
import { fileStore, keyward } from "keyward/node";
import { createClient } from "redis";

const PROCESSES = 3;

if (cluster.isPrimary) {
  let listening = 0;
  cluster.on("listening", (_, { port }) => {
    if ((listening += 1) === PROCESSES) console.log(port);
  });
  for (let i = 0; i < PROCESSES; i += 1) cluster.fork();
} else {
  // Without the queue a request is refused at once while Redis is away, and not after `limits.replayMs`.
  const redis = createClient({ socket: { path: env.REDIS_SOCKET }, disableOfflineQueue: true });
  redis.on("error", (error) => console.error(error.message));
  await redis.connect();
  const verifier = createVerifier({
    ...JSON.parse(readFileSync(`${env.KEYWARD_FOLDER}/keyward.json`, "utf8")),
    store: fileStore(`${env.KEYWARD_FOLDER}/keys.json`),
    replay: redisReplayStore(redis),
  });
  const server = createServer(keyward({ verifier }, (request, response) => response.end(String(pid))));
  server.listen(0, "127.0.0.1");
}
