// keyward/hono: in Workers, Bun and Deno, and in Node by @hono/node-server.
import type { Context, MiddlewareHandler } from "hono";

import { KeywardError } from "../errors.js";
import type { Answer, Grant } from "../types.js";
import { type NodeMessage, verify as verifyIncoming } from "./incoming.js";
import { type MiddlewareOptions, NOT_KNOWN, checked, isReserved } from "./options.js";

export type { MiddlewareOptions } from "./options.js";

/** For `new Hono<KeywardEnv>()`: `c.get("keyward")` is the grant. */
export interface KeywardEnv {
  Variables: {
    /** Who asks, and what for. */
    keyward: Grant;
  };
}

/**
 * Lets requests through that a key permits, with the grant as `c.get("keyward")`; answers all others. In Node the message
 * is verified as it was received, before it became a `Request`.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { socketPeer } from "keyward";
 * import { type KeywardEnv, keyward } from "keyward/hono";
 * import { verifier } from "./deployment.js";
 *
 * const app = new Hono<KeywardEnv>();
 * app.use(keyward({ verifier, clientAddress: socketPeer }));
 * app.get("/v1/users", (c) => c.json({ you: c.get("keyward").keyId }));
 * ```
 */
export function keyward(options: MiddlewareOptions): MiddlewareHandler<KeywardEnv> {
  const known = checked(options);
  return async function keyward(c, next) {
    const incoming = nodeMessage(c);
    const verdict = incoming ? await verifyIncoming(incoming, known) : await verify(c.req.raw, known);
    if (verdict.grant === undefined) return respond(verdict.answer);
    // What was verified is the message, not what somebody made of it in front of us.
    if (incoming && incoming.method !== c.req.method) {
      throw new KeywardError("invalid_request", "the method is not the one that was sent: put keyward() in front of what overrides methods, and let nothing override them");
    }
    for (const [name, value] of verdict.grant.answerHeaders) c.header(name, value, { append: name === "vary" });
    // Where @hono/node-server looks for content that was read before it came.
    if (incoming && verdict.grant.body) Object.assign(incoming, { rawBody: Buffer.from(verdict.grant.body) });
    strip(c);
    c.set("keyward", verdict.grant);
    await next();
  };
}

async function verify(request: Request, { verifier, clientAddress, onDenied }: MiddlewareOptions) {
  const verdict = await verifier.verify(request, clientAddress ? { clientAddress: clientAddress(request) ?? NOT_KNOWN } : {});
  if (verdict.outcome === "deny") onDenied?.(verdict.denial);
  return verdict;
}

/** Where @hono/node-server keeps it. */
function nodeMessage(c: Context): NodeMessage | undefined {
  const { incoming } = (c.env ?? {}) as { incoming?: NodeMessage };
  return incoming !== undefined && "rawHeaders" in incoming ? incoming : undefined;
}

function respond({ status, headers, body }: Answer): Response {
  const fields = new Headers();
  for (const [name, value] of headers) fields.append(name, value);
  return new Response(body, { status, headers: fields });
}

function strip(c: Context): void {
  const reserved = [...c.req.raw.headers.keys()].filter(isReserved);
  if (reserved.length === 0) return;
  const headers = new Headers(c.req.raw.headers);
  for (const name of reserved) headers.delete(name);
  c.req.raw = new Request(c.req.raw, { headers });
}
