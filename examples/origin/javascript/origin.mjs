// An origin that answers only what came through the gateway.
import { createServer } from "node:http";

import { createRemoteJWKSet, jwtVerify } from "jose";

const { KEYWARD_JWKS, KEYWARD_ISSUER, KEYWARD_AUDIENCE, PORT = "0" } = process.env;
const keys = createRemoteJWKSet(new URL(KEYWARD_JWKS));

/** What the gateway says of a request; throws when it is not the gateway that says it. */
async function claims(request) {
  const assertion = request.headers["keyward-assertion"] ?? "";
  const { payload } = await jwtVerify(assertion, keys, {
    algorithms: ["EdDSA"],
    typ: "keyward-assertion+jwt",
    issuer: KEYWARD_ISSUER,
    audience: KEYWARD_AUDIENCE,
    requiredClaims: ["exp"],
    clockTolerance: 10,
  });
  return payload;
}

const server = createServer(async (request, response) => {
  try {
    const said = await claims(request);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(said));
  } catch (error) {
    response.writeHead(401).end(String(error));
  }
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
