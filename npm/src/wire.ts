// The shapes that cross a boundary, as keyward-wire reads them.

/** Why a request is refused, in the order of the checks. */
export type Code =
  | "misdirected_request"
  | "insecure_transport"
  | "method_not_allowed"
  | "upgrade_not_supported"
  | "ambiguous_target"
  | "invalid_header"
  | "unexpected_content"
  | "method_override"
  | "multiple_credentials"
  | "content_too_large"
  | "missing_credentials"
  | "malformed_credentials"
  | "unsupported_component"
  | "insufficient_coverage"
  | "store_unavailable"
  | "invalid_credentials"
  | "signature_stale"
  | "nonce_required"
  | "content_timeout"
  | "content_buffers_full"
  | "content_digest_mismatch"
  | "key_not_yet_valid"
  | "key_disabled"
  | "key_expired"
  | "origin_not_allowed"
  | "address_not_allowed"
  | "no_route"
  | "permission_denied"
  | "rate_limited"
  | "replayed"
  | "replay_store_unavailable"
  | "origin_unavailable"
  | "origin_timeout";

/** A public key of the registry: 32 bytes as base64url. */
export interface PublishKey {
  readonly id: string;
  readonly publicKey: string;
}

/** The exported keys of one organisation in one environment. Secret as a whole. */
export interface OrganisationKeys {
  readonly deployment: string;
  readonly environment: string;
  readonly organisation: string;
  /** By the id of their master. */
  readonly rings: Readonly<Record<string, { readonly seal: string; readonly pepper: string }>>;
}

/** Public keys that verify tokens (RFC 7517, RFC 8037). */
export interface JwkSet {
  readonly keys: readonly {
    readonly kty: "OKP";
    readonly crv: "Ed25519";
    readonly x: string;
    readonly kid: string;
    readonly use?: "sig";
    readonly alg?: "EdDSA" | "Ed25519";
  }[];
}

/** Methods and a path pattern, and the resource that they reach. */
export interface Route {
  readonly methods: readonly ("GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS")[];
  readonly path: string;
  readonly resource: string;
  readonly action?: "read" | "create" | "update" | "delete";
  readonly account?: string;
  readonly accounts?: "origin";
  readonly encodedSlash?: boolean;
  readonly emptySegments?: boolean;
  readonly basic?: boolean;
}

/** One API: its resources, its routes, its origin. */
export interface Api {
  readonly name: string;
  readonly resources: readonly string[];
  readonly cors?: { readonly origins: readonly string[]; readonly maxAge?: number; readonly exposeHeaders?: readonly string[] };
  readonly routes: readonly Route[];
  readonly origin: string;
}

/** The catalogue of a deployment. */
export interface Catalogue {
  readonly apis: readonly Api[];
  readonly origins: Readonly<Record<string, Readonly<Record<string, { readonly url: string } | { readonly service: string }>>>>;
}
