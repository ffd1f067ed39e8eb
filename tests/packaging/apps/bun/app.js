import { verifier } from "../verifier.js";

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request, server) {
    // Bun keeps the peer apart from the request.
    const clientAddress = server.requestIP(request)?.address;
    const { grant, answer } = await verifier.verify(request, { clientAddress });
    if (answer) return new Response(answer.body, answer);
    const { keyId, roles } = grant;
    const text = await request.text();
    const { headers } = grant.forward();
    const body = text === "" ? null : JSON.parse(text);
    return Response.json({ keyId, roles, body, headers: Object.fromEntries(headers) }, { headers: grant.answerHeaders });
  },
});
console.log(server.port);
