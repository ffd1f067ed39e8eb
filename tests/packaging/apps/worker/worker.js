// A Worker in front of an API, with the package instead of Keyward's own gateway.
import { cloudflareAddress, createVerifier, kvStore } from "keyward";

let verifier;

export default {
  async fetch(request, env) {
    verifier ??= createVerifier({
      ...env.DEPLOYMENT,
      organisationKeys: env.ORGANISATION_KEYS,
      store: kvStore(env.KEYS),
      clientAddress: cloudflareAddress,
    });
    const { grant, answer } = await verifier.verify(request);
    if (answer) return new Response(answer.body, answer);
    const { keyId, roles } = grant;
    const text = await request.text();
    // What would go on to an origin.
    const { headers } = grant.forward();
    const body = text === "" ? null : JSON.parse(text);
    return Response.json({ keyId, roles, body, headers: Object.fromEntries(headers) }, { headers: grant.answerHeaders });
  },
};
