// Requests of the Fetch standard: Workers, Deno, Bun, Hono, browsers.
import { NO_CONTENT, UNKNOWN_LENGTH } from "../core/verifier.js";
import { KeywardError } from "../errors.js";
import { type ContentSource, arriving } from "./content.js";
import type { Received, Surroundings, Unrepresentable } from "./received.js";

export function fromFetch(request: Request, { address, scheme }: Surroundings): Received | Unrepresentable {
  const url = split(request.url);
  if (url === undefined) return { refused: "the request's URL cannot be read" };
  const parts = [address, request.method, scheme ?? url.scheme, url.authority, url.target];
  let host: string | undefined;
  let length: string | undefined;
  request.headers.forEach((value, name) => {
    if (name === "host") host = value;
    else if (name === "content-length") length = value;
    parts.push(name, value);
  });
  // Where the runtime shows no `Host`, it made the URL from it.
  if (host !== undefined && host.toLowerCase() !== url.authority.toLowerCase()) {
    return { refused: "the target and the Host field name different authorities" };
  }
  return { parts, content: contentLength(length, request.body), source: body(request) };
}

/** By hand: a URL parser would repair what must be judged. */
function split(url: string): { scheme: string; authority: string; target: string } | undefined {
  const match = /^(https?):\/\/([^/?#\\]*)(.*)$/s.exec(url);
  return match === null ? undefined : { scheme: match[1]!, authority: match[2]!, target: match[3]! };
}

function contentLength(length: string | undefined, body: unknown): number {
  if (length !== undefined && /^\d{1,19}$/.test(length)) return Number(length);
  return body === null || body === undefined ? NO_CONTENT : UNKNOWN_LENGTH;
}

/** Reads a copy: whoever gets the request next finds its content as it was. */
function body(request: Request): ContentSource {
  return (bounds) => {
    if (request.bodyUsed || request.body?.locked === true) {
      throw new KeywardError("body_unavailable", "the content was read before the verifier saw it: verify first, or pass { body }");
    }
    const reader = request.clone().body?.getReader();
    if (reader === undefined) return Promise.resolve(new Uint8Array());
    return arriving((to) => {
      let stopped = false;
      const next = (): void => {
        reader.read().then(
          ({ done, value }) => {
            if (stopped) return;
            if (done) return to.end();
            to.chunk(value);
            if (!stopped) next();
          },
          () => to.failed(),
        );
      };
      next();
      return () => {
        stopped = true;
        // At the end there is nothing to cancel, and nobody to be told.
        reader.cancel().catch(() => undefined);
      };
    })(bounds);
  };
}
