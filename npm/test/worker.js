// A Worker that verifies what it is sent, and says what it makes of it. The first request brings what it is made from.
import { createVerifier } from "keyward";

let verifier;

export default {
  async fetch(request) {
    if (verifier === undefined) {
      const { records, now, ...options } = await request.json();
      verifier = createVerifier({ ...options, store: { get: async (name) => records[name] }, clock: () => now * 1000 });
      return new Response("{}");
    }
    const { grant, denial } = await verifier.verify(request);
    const body = grant?.body && new TextDecoder().decode(grant.body);
    // What was read is still there for whoever handles the request.
    const again = grant && (await request.text());
    return Response.json({ outcome: denial?.code ?? "allow", target: grant?.forward().target, body, again, verified: verifier.stats().tokens.verified });
  },
};
