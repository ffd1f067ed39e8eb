// Requests of node:http, node:https and node:http2, from what stood on the wire.
import { NO_CONTENT, UNKNOWN_LENGTH } from "../core/verifier.js";
import { KeywardError } from "../errors.js";
import type { NodeRequest } from "../types.js";
import { type ContentSource, arriving, held, joined } from "./content.js";
import type { Received, Surroundings, Unrepresentable } from "./received.js";

export function fromNode(request: NodeRequest, surroundings: Surroundings): Received | Unrepresentable {
  return request.httpVersionMajor >= 2 ? fromHttp2(request, surroundings) : fromHttp1(request, surroundings);
}

interface Lines {
  readonly fields: string[];
  readonly host: string | undefined;
  readonly length: string | undefined;
  readonly chunked: boolean;
}

function fromHttp1(request: NodeRequest, { address, scheme }: Surroundings): Received | Unrepresentable {
  const lines = read(request.rawHeaders);
  const used = scheme ?? schemeOf(request);
  const target = originForm(request.originalUrl ?? request.url ?? "", used, lines.host ?? "");
  if (typeof target !== "string") return target;
  const parts = [address, request.method ?? "", used, lines.host ?? "", target, ...lines.fields];
  return { parts, content: contentLength(lines, !lines.chunked), source: body(request) };
}

function fromHttp2(request: NodeRequest, { address, scheme }: Surroundings): Received | Unrepresentable {
  const pseudo: Record<string, string> = {};
  const rest: string[] = [];
  const crumbs: string[] = [];
  const raw = request.rawHeaders;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name, value] = [raw[i]!, raw[i + 1]!];
    if (name.startsWith(":")) pseudo[name] = value;
    // One field in crumbs (RFC 9113 section 8.2.3).
    else if (name === "cookie") crumbs.push(value);
    else rest.push(name, value);
  }
  if (crumbs.length > 0) rest.push("cookie", crumbs.join("; "));
  const lines = read(rest);
  const authority = pseudo[":authority"] ?? lines.host ?? "";
  if (lines.host !== undefined && lines.host.toLowerCase() !== authority.toLowerCase()) {
    return { refused: "the target and the Host field name different authorities" };
  }
  const target = request.originalUrl ?? pseudo[":path"] ?? "";
  const parts = [address, pseudo[":method"] ?? "", scheme ?? schemeOf(request), authority, target, ...lines.fields];
  const ended = (request.stream as { endAfterHeaders?: boolean } | undefined)?.endAfterHeaders === true;
  return { parts, content: contentLength(lines, ended), source: body(request) };
}

function read(raw: readonly string[]): Lines {
  let host: string | undefined;
  let length: string | undefined;
  let chunked = false;
  const fields: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name, value] = [raw[i]!, raw[i + 1]!];
    // The core refuses a second one of these; the first is as good as any.
    switch (name.length) {
      case 4:
        if (name.toLowerCase() === "host") host ??= value;
        break;
      case 14:
        if (name.toLowerCase() === "content-length") length ??= value;
        break;
      case 17:
        if (name.toLowerCase() === "transfer-encoding") chunked = true;
        break;
    }
    fields.push(name, value);
  }
  return { fields, host, length, chunked };
}

/** Path and query; of a whole URL, which proxies send, if it names what the rest of the request does. */
function originForm(target: string, scheme: string, host: string): string | Unrepresentable {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#\\]*)(.*)$/s.exec(target);
  if (match === null) return target;
  if (match[2]!.toLowerCase() !== host.toLowerCase() || match[1]!.toLowerCase() !== scheme) {
    return { refused: "the target and the Host field name different authorities" };
  }
  return match[3]!;
}

function schemeOf(request: NodeRequest): "http" | "https" {
  return (request.socket as { encrypted?: boolean } | null | undefined)?.encrypted === true ? "https" : "http";
}

function contentLength({ length, chunked }: Lines, none: boolean): number {
  if (!chunked && length !== undefined && /^\d{1,19}$/.test(length)) return Number(length);
  return none ? NO_CONTENT : UNKNOWN_LENGTH;
}

/** Reads the stream and puts back what was read, so that whoever comes next finds it as it was. */
function body(request: NodeRequest): ContentSource {
  return (bounds) => {
    if (request.readableEnded === true || request.readableDidRead === true) {
      const raw = (request as { rawBody?: unknown }).rawBody;
      if (raw instanceof Uint8Array) return held(raw)(bounds);
      throw new KeywardError(
        "body_unavailable",
        "the content was read before the verifier saw it: put the verifier in front of body parsers, or pass { body }",
      );
    }
    return arriving((to) => {
      const chunks: Uint8Array[] = [];
      const read = () => {
        while (request.readableLength > 0) {
          const chunk: unknown = request.read();
          if (!(chunk instanceof Uint8Array)) return to.failed();
          chunks.push(chunk);
          to.chunk(chunk);
        }
        // All of it has come, and `end` is yet to be emitted: after that nothing can be put back.
        if (!hasAll(request)) return;
        stop();
        if (chunks.length > 0) request.unshift(joined(chunks));
        to.end();
      };
      const [end, failed] = [() => to.end(), () => to.failed()];
      const listeners = { readable: read, end, error: failed, close: failed };
      const stop = () => {
        for (const [event, listener] of Object.entries(listeners)) request.off(event, listener);
      };
      for (const [event, listener] of Object.entries(listeners)) request.on(event, listener);
      // What has come before is not announced again.
      if (request.readableLength > 0 || hasAll(request)) read();
      return stop;
    })(bounds);
  };
}

/** `complete` of HTTP/1; HTTP/2 has it only when it is too late, and there the stream's own state says it. */
function hasAll(request: NodeRequest): boolean {
  return request.complete === true || (request as { _readableState?: { ended?: boolean } })._readableState?.ended === true;
}
