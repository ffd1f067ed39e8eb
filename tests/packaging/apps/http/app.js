import { createServer } from "node:http";

import { socketPeer } from "keyward";
import { keyward } from "keyward/node";

import { verifier } from "../verifier.js";

const server = createServer(
  keyward({ verifier, clientAddress: socketPeer }, async (request, response) => {
    const { keyId, roles } = request.keyward;
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const body = text === "" ? null : JSON.parse(text);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ keyId, roles, body, headers: request.headers }));
  }),
);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
