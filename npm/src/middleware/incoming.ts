// What the middlewares of `node:http` have in common.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

import type { Answer, Grant, Verdict, VerifyOptions } from "../types.js";
import { type MiddlewareOptions, NOT_KNOWN, isReserved } from "./options.js";

export type NodeMessage = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** Has the request verified as it was received, then takes out what only Keyward may say. */
export async function verify(request: NodeMessage, { verifier, clientAddress, onDenied }: MiddlewareOptions): Promise<Verdict> {
  const known: VerifyOptions = clientAddress ? { clientAddress: clientAddress(request) ?? NOT_KNOWN } : {};
  const verdict = await verifier.verify(request, known);
  strip(request);
  if (verdict.outcome === "deny") onDenied?.(verdict.denial);
  return verdict;
}

/** Verifies, and answers what goes no further; the grant of what does. */
export async function admit(request: NodeMessage, response: NodeResponse, options: MiddlewareOptions): Promise<Grant | undefined> {
  const verdict = await verify(request, options);
  if (verdict.grant === undefined) {
    send(request, response, verdict.answer);
    return undefined;
  }
  for (const [name, value] of verdict.grant.answerHeaders) {
    // Somebody else may have had a reason to vary.
    const before = name === "vary" ? response.getHeader(name) : undefined;
    response.setHeader(name, before === undefined ? value : `${String(before)}, ${value}`);
  }
  return verdict.grant;
}

function send(request: NodeMessage, response: NodeResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const fields = byName(answer.headers);
  if (leavesContent(request)) fields["connection"] = "close";
  // The two kinds of response differ in overloads only.
  (response as ServerResponse).writeHead(answer.status, fields).end(request.method === "HEAD" ? null : answer.body);
}

/** Nobody reads on for a client that was refused, so that its connection is of no more use. */
export function leavesContent(request: NodeMessage): boolean {
  return request.httpVersionMajor === 1 && !request.complete;
}

/** As Node wants fields: one that is there twice as a list. */
export function byName(headers: Answer["headers"]): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {};
  for (const [name, value] of headers) {
    const known = fields[name];
    fields[name] = known === undefined ? value : [known, value].flat();
  }
  return fields;
}

function strip(request: NodeMessage): void {
  const raw = request.rawHeaders;
  if (!raw.some((text, i) => i % 2 === 0 && isReserved(text))) return;
  // Node makes these of the raw ones when they are first asked for, and counts on those being all there.
  const made = "headersDistinct" in request ? [request.headers, request.headersDistinct] : [request.headers];
  for (const fields of made) for (const name of Object.keys(fields)) if (isReserved(name)) delete fields[name];
  const kept = raw.filter((_, i) => !isReserved(raw[i - (i % 2)] ?? ""));
  raw.splice(0, raw.length, ...kept);
}
