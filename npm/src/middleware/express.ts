// keyward/express: also for other frameworks whose middlewares are (request, response, next).
import type { IncomingMessage, ServerResponse } from "node:http";

import type { Grant } from "../types.js";
import { admit } from "./incoming.js";
import { type MiddlewareOptions, checked } from "./options.js";

export type { MiddlewareOptions } from "./options.js";

declare global {
  namespace Express {
    interface Request {
      /** Who asks, and what for; there behind the middleware. */
      keyward?: Grant;
    }
  }
}

/** What the middleware is: Express's `RequestHandler` takes it. */
export type ExpressHandler = (
  request: IncomingMessage & { keyward?: Grant },
  response: ServerResponse,
  next: (error?: unknown) => void,
) => Promise<void>;

/**
 * Lets requests through that a key permits, with the grant as `request.keyward`; answers all others. It goes before what
 * parses bodies: signed content is verified as it was received, and can then be parsed as usual.
 *
 * @example
 * ```ts
 * import express from "express";
 * import { socketPeer } from "keyward";
 * import { keyward } from "keyward/express";
 * import { verifier } from "./deployment.js";
 *
 * const app = express();
 * app.use(keyward({ verifier, clientAddress: socketPeer }));
 * app.use(express.json());
 * app.get("/v1/users", (request, response) => {
 *   response.json({ you: request.keyward?.keyId });
 * });
 * ```
 */
export function keyward(options: MiddlewareOptions): ExpressHandler {
  const known = checked(options);
  return async function keyward(request, response, next) {
    let grant: Grant | undefined;
    try {
      grant = await admit(request, response, known);
    } catch (error) {
      next(error);
      return;
    }
    if (grant === undefined) return;
    request.keyward = grant;
    next();
  };
}
