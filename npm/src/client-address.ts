// Where a client's address comes from. There is no default beyond "not known": a wrong guess lets clients choose theirs.
import type { Core } from "./core/core.js";
import type { AnyRequest, ClientAddress, NodeRequest } from "./types.js";

/**
 * The other end of the connection: for servers that clients reach directly. Known of `node:http` requests, of plain ones
 * that say it, and of requests in workerd without Cloudflare in front.
 *
 * @example
 * ```ts
 * import { socketPeer, type PlainRequest } from "keyward";
 *
 * const request: PlainRequest = {
 *   method: "GET", scheme: "https", authority: "api.example", target: "/", headers: [], peerAddress: "192.0.2.7",
 * };
 * console.log(socketPeer(request)); // 192.0.2.7
 * ```
 */
export const socketPeer: ClientAddress = (request) => {
  if (isFetch(request)) return text(cloudflare(request)?.clientIp);
  if (isNode(request)) return request.socket?.remoteAddress;
  return request.peerAddress;
};

/**
 * What Cloudflare says (`CF-Connecting-IP`), for Workers. Not known where the request did not come through Cloudflare:
 * there anybody can send the field.
 *
 * @example
 * ```ts
 * import { cloudflareAddress } from "keyward";
 *
 * const request = new Request("https://api.example/", { headers: { "CF-Connecting-IP": "192.0.2.7" } });
 * console.log(cloudflareAddress(request)); // undefined
 * ```
 */
export const cloudflareAddress: ClientAddress = (request) => {
  if (!isFetch(request) || text(cloudflare(request)?.colo) === undefined) return undefined;
  return request.headers.get("cf-connecting-ip") ?? undefined;
};

/**
 * See `trustedProxies` of the entries. The networks are checked here and kept for the life of the program.
 *
 * @internal
 */
export function behindProxies(core: Core, networks: readonly string[]): ClientAddress {
  const proxies = core.proxies(networks);
  return (request) => {
    const peer = socketPeer(request);
    return peer === undefined ? undefined : proxies.client(peer, lines(request, "x-forwarded-for"));
  };
}

/** A field as it was received: the lines in their order, or joined where the runtime did so. */
function lines(request: AnyRequest, name: string): readonly string[] {
  if (isFetch(request)) {
    const joined = request.headers.get(name);
    return joined === null ? [] : [joined];
  }
  const found: string[] = [];
  if (isNode(request)) {
    const raw = request.rawHeaders;
    for (let i = 0; i + 1 < raw.length; i += 2) if (raw[i]?.toLowerCase() === name) found.push(raw[i + 1] ?? "");
  } else {
    for (const [one, value] of request.headers) if (one.toLowerCase() === name) found.push(value);
  }
  return found;
}

const isFetch = (request: AnyRequest): request is Request => "headers" in request && typeof (request as Request).headers.get === "function";

const isNode = (request: AnyRequest): request is NodeRequest => "rawHeaders" in request;

/** What workerd knows of the connection. */
const cloudflare = (request: Request) => (request as { cf?: { clientIp?: unknown; colo?: unknown } }).cf;

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

