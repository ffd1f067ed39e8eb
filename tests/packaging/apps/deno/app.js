import { verifier } from "../verifier.js";

Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: ({ port }) => console.log(port) }, async (request, info) => {
  // Deno keeps the peer apart from the request.
  const { grant, answer } = await verifier.verify(request, { clientAddress: info.remoteAddr.hostname });
  if (answer) return new Response(answer.body, answer);
  const { keyId, roles } = grant;
  const text = await request.text();
  const { headers } = grant.forward();
  const body = text === "" ? null : JSON.parse(text);
  return Response.json({ keyId, roles, body, headers: Object.fromEntries(headers) }, { headers: grant.answerHeaders });
});
