// keyward/fastify
import type { FastifyPluginAsync } from "fastify";

import type { Grant } from "../types.js";
import { byName, leavesContent, verify } from "./incoming.js";
import { type MiddlewareOptions, checked } from "./options.js";

export type { MiddlewareOptions } from "./options.js";

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks, and what for. */
    keyward: Grant;
  }
}

/**
 * Lets requests through that a key permits, with the grant as `request.keyward`; answers all others before their body is
 * parsed. It is for the scope in which it is registered, and those inside.
 *
 * @example
 * ```ts
 * import Fastify from "fastify";
 * import { socketPeer } from "keyward";
 * import { keyward } from "keyward/fastify";
 * import { verifier } from "./deployment.js";
 *
 * const app = Fastify();
 * await app.register(keyward, { verifier, clientAddress: socketPeer });
 * app.get("/v1/users", async (request) => ({ you: request.keyward.keyId }));
 * ```
 */
export const keyward: FastifyPluginAsync<MiddlewareOptions> = async (app, options) => {
  const known = checked(options);
  // Typed as there, since no handler runs without it.
  app.decorateRequest("keyward", null as unknown as Grant);
  app.addHook("onRequest", async function keyward(request, reply) {
    // `rewriteUrl` changes the URL for Fastify's routes; what was signed is the one that was received.
    Object.assign(request.raw, { originalUrl: request.originalUrl });
    const verdict = await verify(request.raw, known);
    if (verdict.outcome === "allow") {
      request.keyward = verdict.grant;
      reply.headers(byName(verdict.grant.answerHeaders));
      return;
    }
    const { status, headers, body } = verdict.answer;
    if (leavesContent(request.raw)) reply.header("connection", "close");
    // As bytes: to text Fastify would add a charset.
    return reply.code(status).headers(byName(headers)).send(body === null ? undefined : Buffer.from(body));
  });
};

// As fastify-plugin does: the hook is for the scope that registers it, not for one inside of it.
Object.assign(keyward, {
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "keyward",
  [Symbol.for("plugin-meta")]: { name: "keyward", fastify: ">=5" },
});
