// Written by `KEYWARD_WRITE_TYPES=1 cargo test -p keyward-wire --test typescript` from what is read; never edited.

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

/** A public key of the registry: it signs records. */
export interface PublishKey {
  /** By which records name it. */
  readonly id: string;
  /** 32 bytes, as base64url. */
  readonly publicKey: string;
}

/** The exported keys of one organisation in one environment. Secret as a whole. */
export interface OrganisationKeys {
  readonly deployment: string;
  readonly environment: string;
  readonly organisation: string;
  /** By the id of their master. */
  readonly rings: Readonly<Record<string, DerivedKeys>>;
}

/** What opens the secrets of an organisation, derived from one master. */
export interface DerivedKeys {
  /** 32 bytes, as base64url. */
  readonly seal: string;
  /** 64 bytes, as base64url. */
  readonly pepper: string;
}

/** Public keys that verify tokens (RFC 7517, RFC 8037). */
export interface JwkSet {
  readonly keys: readonly Jwk[];
}

/** A public key that verifies tokens. */
export interface Jwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  /** 32 bytes, as base64url. */
  readonly x: string;
  /** The key's thumbprint (RFC 7638). */
  readonly kid: string;
  readonly use?: "sig" | undefined;
  readonly alg?: "EdDSA" | "Ed25519" | undefined;
}

/** What was counted of one key since that was last told. Times are seconds of Unix time. */
export interface KeyUsage {
  readonly organisation: string;
  readonly keyId: string;
  /** Requests that were let through. */
  readonly allowed: number;
  /** The minute of the last of them. */
  readonly lastUsedAt?: number | undefined;
  /** Where that one came from: an IPv4 /24 or an IPv6 /48. */
  readonly lastUsedFrom?: string | undefined;
  /** The same minute for each secret or token that was used, by its id. */
  readonly issues: readonly (readonly [string, number])[];
  /** Refused requests, by their code. */
  readonly denials: readonly (readonly [string, number])[];
}

/** The APIs of a deployment, and where their origins are. */
export interface Catalogue {
  readonly apis: readonly Api[];
  /** By name and environment. */
  readonly origins: Readonly<Record<string, Readonly<Record<string, UrlOrigin | ServiceOrigin>>>>;
}

/** One API: its resources, its routes, its origin. */
export interface Api {
  readonly name: string;
  /** What roles grant actions on. */
  readonly resources: readonly string[];
  /** Unless said, no page may read answers. */
  readonly cors?: Cors | undefined;
  /** In any order. */
  readonly routes: readonly Route[];
  /** A name of the catalogue's `origins`. */
  readonly origin: string;
}

/** What preflight requests are told. */
export interface Cors {
  /** `scheme://host[:port]`, or `*` alone. */
  readonly origins: readonly string[];
  /** In seconds (600). */
  readonly maxAge?: number | undefined;
  /** Fields of answers that scripts may read. */
  readonly exposeHeaders?: readonly string[] | undefined;
}

/** Methods and a path pattern, and the resource that they reach. */
export interface Route {
  /** `HEAD` goes with `GET`. */
  readonly methods: readonly ("GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS")[];
  /** For example `/v1/users/{user}`, or `/v1/**`. */
  readonly path: string;
  /** One of the API's. */
  readonly resource: string;
  /** Unless said, the method's own. */
  readonly action?: "read" | "create" | "update" | "delete" | undefined;
  /** The `{}` segment that names the account. */
  readonly account?: string | undefined;
  /** The origin is told the accounts of the key, and picks. */
  readonly accounts?: "origin" | undefined;
  /** Whether a segment may hold `%2f` (`false`). */
  readonly encodedSlash?: boolean | undefined;
  /** Whether the path may hold `//` (`false`). */
  readonly emptySegments?: boolean | undefined;
  /** Whether what `{}` and `**` match may hold `;` (`false`). */
  readonly semicolon?: boolean | undefined;
  /** Whether keys of kind basic are taken (`true`). */
  readonly basic?: boolean | undefined;
}

/** An origin on the network. */
export interface UrlOrigin {
  /** Scheme, host and perhaps a port. */
  readonly url: string;
}

/** An origin that is another Worker. */
export interface ServiceOrigin {
  /** The name of the binding. */
  readonly service: string;
}
