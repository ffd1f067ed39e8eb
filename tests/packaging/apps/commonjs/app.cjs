// As `http/app.js`, in a program that still says `require`.
const { createServer } = require("node:http");
const { readFileSync } = require("node:fs");

const { createVerifier, memoryReplayStore, socketPeer } = require("keyward");
const { fileStore, keyward } = require("keyward/node");

const folder = process.env.KEYWARD_FOLDER;
const verifier = createVerifier({
  ...JSON.parse(readFileSync(`${folder}/keyward.json`, "utf8")),
  store: fileStore(`${folder}/keys.json`),
  replay: memoryReplayStore(),
});

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
