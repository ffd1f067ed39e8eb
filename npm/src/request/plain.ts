// Requests as plain values.
import { NO_CONTENT, UNKNOWN_LENGTH } from "../core/verifier.js";
import { KeywardError } from "../errors.js";
import type { PlainRequest } from "../types.js";
import { held } from "./content.js";
import type { Received, Surroundings } from "./received.js";

const encoder = new TextEncoder();
const nothing = new Uint8Array();

export function fromPlain(request: PlainRequest, { address, scheme }: Surroundings): Received {
  const { method, authority, target, headers, body, contentLength } = request;
  const wrong = (what: string) => new KeywardError("invalid_request", `${what} (a request has method, scheme, authority, target and headers)`);
  if (typeof method !== "string") throw wrong("method is to be text, such as \"GET\"");
  if (request.scheme !== "http" && request.scheme !== "https") throw wrong("scheme is to be \"http\" or \"https\"");
  if (typeof authority !== "string") throw wrong("authority is to be text, such as \"api.example\"");
  if (typeof target !== "string") throw wrong("target is to be text, such as \"/v1/users?limit=2\"");
  if (!Array.isArray(headers)) throw wrong("headers are to be a list of [name, value]");
  const parts = [address, method, scheme ?? request.scheme, authority, target];
  for (const header of headers as readonly unknown[]) {
    if (!Array.isArray(header) || typeof header[0] !== "string" || typeof header[1] !== "string" || header.length !== 2) {
      throw wrong("each of headers is to be [name, value], both text; two values are two headers");
    }
    parts.push(header[0], header[1]);
  }
  const bytes = bodyBytes(body);
  return { parts, content: length(contentLength, body, bytes), source: held(bytes) };
}

function bodyBytes(body: PlainRequest["body"]): Uint8Array {
  if (body === undefined || body === null) return nothing;
  if (typeof body === "string") return encoder.encode(body);
  if (body instanceof Uint8Array) return body;
  throw new KeywardError("invalid_request", "body is to be bytes (Uint8Array) or text, as received and not parsed");
}

function length(announced: PlainRequest["contentLength"], body: PlainRequest["body"], bytes: Uint8Array): number {
  if (announced === "unknown") return UNKNOWN_LENGTH;
  if (announced === undefined) return body === undefined || body === null ? NO_CONTENT : bytes.length;
  if (!Number.isSafeInteger(announced) || announced < 0) {
    throw new KeywardError("invalid_request", "contentLength is to be a whole number of bytes, or \"unknown\"");
  }
  if (body !== undefined && body !== null && announced !== bytes.length) {
    throw new KeywardError("invalid_request", "contentLength is not the length of body: HTTP frames by it, so another one is no request");
  }
  return announced;
}
