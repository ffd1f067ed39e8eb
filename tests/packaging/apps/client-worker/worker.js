// A Worker that is a client: it asks an API that wants signed requests.
import { createSigner } from "keyward";

export default {
  async fetch(request, env) {
    const { fetch } = createSigner(env.KEY);
    return fetch(env.API, { method: request.method, body: request.body, headers: { "content-type": "application/json" } });
  },
};
