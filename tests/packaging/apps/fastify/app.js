import Fastify from "fastify";
import { socketPeer } from "keyward";
import { keyward } from "keyward/fastify";

import { verifier } from "../verifier.js";

const app = Fastify();
await app.register(keyward, { verifier, clientAddress: socketPeer });
app.all("/v1/things", async (request) => {
  const { keyId, roles } = request.keyward;
  return { keyId, roles, body: request.body ?? null, headers: request.headers };
});

await app.listen({ port: 0, host: "127.0.0.1" });
console.log(app.server.address().port);
