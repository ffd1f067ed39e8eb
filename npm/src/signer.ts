// Signing for clients. What is signed is what is sent: the request is made first, and read back.
import type { Core, Signing } from "./core/core.js";
import { KeywardError } from "./errors.js";
import type { Header } from "./types.js";

/** A key that signs requests, and how. */
export interface SigningOptions {
  readonly keyId: string;
  /** As it was shown when the key was made. */
  readonly secret: string;
  /** As servers take it: `rfc9421` always, the others where the key was made for them. */
  readonly profile?: "rfc9421" | "cloud9" | "kong" | "cavage" | undefined;
  /** The key's (`hmac-sha512`). */
  readonly algorithm?: "hmac-sha512" | "hmac-sha256" | undefined;
  /** The time, in milliseconds of Unix time (`Date.now`). */
  readonly clock?: (() => number) | undefined;
}

/** A key that is sent as it is. */
export type SendingOptions =
  | { readonly profile: "token"; /** The token (JWT). */ readonly secret: string; readonly keyId?: undefined }
  | { readonly profile: "basic"; readonly keyId: string; readonly secret: string };

/** What a signer is made from. */
export type SignerOptions = SigningOptions | SendingOptions;

/** A request to be signed that is no Fetch `Request`. */
export interface SignableRequest {
  readonly method: string;
  /** As it will be sent. */
  readonly url: string | URL;
  /** Only the profile `cloud9` looks at one, `content-type`. */
  readonly headers?: ConstructorParameters<typeof Headers>[0];
  readonly body?: Uint8Array | string | null | undefined;
}

/** Gives requests their credential. */
export interface Signer {
  /** The fields to add to the request. A `Request` can still be sent: its body is read from a copy. */
  sign(request: Request | SignableRequest): Promise<readonly Header[]>;
  /**
   * As `fetch`, with each request signed. A body is read whole before it is sent, but for tokens and Basic. Redirects are
   * not followed but handed back: a signature is for one URL, and a credential for one server.
   */
  readonly fetch: typeof globalThis.fetch;
}

const PROFILES = ["rfc9421", "cloud9", "kong", "cavage", "token", "basic"];
const ALGORITHMS = ["hmac-sha512", "hmac-sha256"];

/** @internal */
export function openSigner(core: Core, options: SignerOptions): Signer {
  check(options);
  const credential = options.profile === "token" || options.profile === "basic" ? sent(options) : signed(core, options);
  return {
    async sign(request) {
      return credential.fields(request instanceof Request ? request.clone() : await plain(request));
    },
    async fetch(input, init) {
      const request = new Request(input, init);
      const content = credential.readsContent ? await read(request) : undefined;
      const fields = await credential.fields(request, content);
      const changed: RequestInit = { headers: added(request, fields) };
      // What was read cannot be sent from where it was.
      if (content !== undefined && request.bodyUsed) changed.body = content;
      if (request.redirect === "follow") changed.redirect = "manual";
      return globalThis.fetch(new Request(request, changed));
    },
  };
}

interface Credential {
  readonly readsContent: boolean;
  fields(request: Request, content?: Uint8Array<ArrayBuffer>): Promise<readonly Header[]>;
}

function sent(options: SendingOptions): Credential {
  const value = options.profile === "token" ? `Bearer ${options.secret}` : `Basic ${base64(`${options.keyId}:${options.secret}`)}`;
  return { readsContent: false, fields: async () => [["authorization", value]] };
}

function signed(core: Core, options: SigningOptions): Credential {
  const { keyId, secret, profile = "rfc9421", algorithm = "hmac-sha512", clock = Date.now } = options;
  return {
    readsContent: true,
    async fields(request, content) {
      const { scheme, authority, target } = split(request.url);
      const how: Signing = {
        keyId,
        secret,
        algorithm,
        profile,
        created: Math.floor(clock() / 1000),
        // The drafts have no place for one.
        nonce: profile === "rfc9421" || profile === "cloud9" ? nonce() : null,
      };
      content ??= await read(request);
      const contentType = request.headers.get("content-type");
      return core.sign({ method: request.method, scheme, authority, target, contentType, content }, how);
    },
  };
}

function check(options: SignerOptions): void {
  const { keyId, secret, profile = "rfc9421" } = options;
  const wrong = (message: string) => new KeywardError("invalid_option", message);
  if (!PROFILES.includes(profile)) throw wrong(`profile must be one of ${PROFILES.join(", ")}`);
  if (typeof secret !== "string" || secret === "") {
    throw wrong(profile === "token" ? "secret must be the token, as text" : "secret must be the text that was shown when the key was made");
  }
  if (/^\s|\s$|[\x00-\x1f\x7f]/.test(secret)) throw wrong("secret begins or ends with a blank or line end, or holds a control character: what was copied with it?");
  if (profile === "token") return;
  if (typeof keyId !== "string" || !/^[A-Za-z0-9._~-]{1,128}$/.test(keyId)) {
    throw wrong("keyId must be the id of the key, 1 to 128 of A-Z a-z 0-9 . _ ~ -");
  }
  if ("algorithm" in options && options.algorithm !== undefined && !ALGORITHMS.includes(options.algorithm)) {
    throw wrong(`algorithm must be the key's: ${ALGORITHMS.join(" or ")}`);
  }
}

async function plain({ method, url, headers, body }: SignableRequest): Promise<Request> {
  const init: RequestInit = { method };
  if (headers !== undefined) init.headers = headers;
  if (body !== undefined && body !== null && body.length > 0) init.body = typeof body === "string" ? body : new Uint8Array(body);
  return new Request(url, init);
}

async function read(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await request.arrayBuffer());
}

/** By hand: `search` of a URL is empty for `/path?`, which is sent with its question mark. */
function split(url: string): { scheme: "http" | "https"; authority: string; target: string } {
  const { protocol, host, origin } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") throw new KeywardError("cannot_sign", "only http and https can be signed");
  const [target = "/"] = url.slice(origin.length).split("#");
  return { scheme: protocol === "http:" ? "http" : "https", authority: host, target };
}

function added(request: Request, fields: readonly Header[]): Headers {
  const headers = new Headers(request.headers);
  for (const [name, value] of fields) headers.set(name, value);
  const missing = fields.find(([name]) => !new Request(request.url, { headers }).headers.has(name));
  if (missing) throw new KeywardError("cannot_sign", `this runtime lets no script set ${missing[0]}: use the profile rfc9421`);
  return headers;
}

/** 128 random bits, as base64url. */
function nonce(): string {
  const bits = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
  return bits.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const base64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
