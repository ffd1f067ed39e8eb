// A request in one form, whoever received it. Adapters judge and repair nothing; what they cannot
// represent they refuse.
import type { AnyRequest, NodeRequest, PlainRequest } from "../types.js";
import type { Parts } from "../core/verifier.js";
import { KeywardError } from "../errors.js";
import type { ContentSource } from "./content.js";
import { fromFetch } from "./fetch.js";
import { fromNode } from "./node.js";
import { fromPlain } from "./plain.js";

export interface Received {
  /** Client's address, method, scheme, authority, target, then name and value of each field. */
  readonly parts: Parts;
  /** How many octets were announced, `NO_CONTENT` or `UNKNOWN_LENGTH`. */
  readonly content: number;
  readonly source: ContentSource;
}

/** Why a request cannot be represented. The client reads it: it depends on nothing but the request. */
export interface Unrepresentable {
  readonly refused: string;
}

/** How the server stands to its clients. */
export interface Surroundings {
  readonly address: string;
  /** The scheme that clients use, where it is not the connection's. */
  readonly scheme: "http" | "https" | undefined;
}

export function receive(request: AnyRequest, surroundings: Surroundings): Received | Unrepresentable {
  if (typeof request !== "object" || request === null) {
    throw new KeywardError("invalid_request", "verify() takes a Request, an IncomingMessage or { method, scheme, authority, target, headers }");
  }
  if (typeof (request as Request).headers?.get === "function") return fromFetch(request as Request, surroundings);
  if (Array.isArray((request as NodeRequest).rawHeaders)) return fromNode(request as NodeRequest, surroundings);
  return fromPlain(request as PlainRequest, surroundings);
}
