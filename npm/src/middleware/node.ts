import type { IncomingMessage, ServerResponse } from "node:http";

import type { Grant } from "../types.js";
import { type NodeMessage, type NodeResponse, admit } from "./incoming.js";
import { type MiddlewareOptions, checked } from "./options.js";

/** A request that was let through. */
export type Admitted<R> = R & {
  /** Who asks, and what for. */
  keyward: Grant;
};

/** The same body for every failure: nothing of it is the client's business. */
const FAILURE = JSON.stringify({
  type: "urn:keyward:problem:temporarily_unavailable",
  title: "The server cannot decide at the moment",
  status: 503,
  code: "temporarily_unavailable",
});

/**
 * A listener for servers of `node:http`, `node:https` and `node:http2` that passes on requests which a key permits, with
 * the grant as `request.keyward`, and answers all others.
 *
 * @param handler what serves them; what it throws is its own affair, as without the middleware
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { socketPeer } from "keyward";
 * import { keyward } from "keyward/node";
 * import { verifier } from "./deployment.js";
 *
 * const server = createServer(
 *   keyward({ verifier, clientAddress: socketPeer }, (request, response) => {
 *     response.end(`hello ${request.keyward.keyId}`);
 *   }),
 * );
 * ```
 */
export function keyward<R extends NodeMessage = IncomingMessage, S extends NodeResponse = ServerResponse>(
  options: NodeOptions,
  handler: (request: Admitted<R>, response: S) => unknown,
): (request: R, response: S) => Promise<void> {
  const known = checked(options);
  const onError = options.onError ?? console.error;
  return async function keyward(request, response) {
    let grant: Grant | undefined;
    try {
      grant = await admit(request, response, known);
    } catch (error) {
      onError(error);
      fail(response);
      return;
    }
    if (grant !== undefined) await handler(Object.assign(request, { keyward: grant }), response);
  };
}

function fail(response: NodeResponse): void {
  if (response.headersSent || response.destroyed) return;
  // The two kinds of response differ in overloads only.
  (response as ServerResponse).writeHead(503, { "content-type": "application/problem+json", "retry-after": "1" }).end(FAILURE);
}

/** What the middleware takes. */
export interface NodeOptions extends MiddlewareOptions {
  /** Told when a request could not be verified at all, such as after `close()`; `console.error` unless said. The client gets 503. */
  readonly onError?: ((error: unknown) => void) | undefined;
}
