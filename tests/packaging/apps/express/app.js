import express from "express";
import { socketPeer } from "keyward";
import { keyward } from "keyward/express";

import { verifier } from "../verifier.js";

const app = express();
app.use(keyward({ verifier, clientAddress: socketPeer }));
app.use(express.json());
app.all("/v1/things", (request, response) => {
  const { keyId, roles } = request.keyward;
  response.json({ keyId, roles, body: request.body ?? null, headers: request.headers });
});

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
