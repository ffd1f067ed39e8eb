//! Every bound of the core, each with its reason.

/// Request targets: what common servers accept in a request line.
pub const TARGET_BYTES_MAX: usize = 8 * 1024;
/// Fields of a request: a hundred is generous for clients, proxies add some.
pub const FIELDS_MAX: usize = 256;
/// All field names and values together: room for large cookies, not for a flood.
pub const FIELDS_BYTES_MAX: usize = 32 * 1024;
/// A field that carries a credential or a digest: four labels of 32 components fit.
pub const CREDENTIAL_FIELD_BYTES_MAX: usize = 8 * 1024;
/// Key ids: a column width that existing systems use.
pub const KEY_ID_BYTES_MAX: usize = 128;
/// Secrets as presented: our own have 96 characters, imported ones may be longer.
pub const SECRET_BYTES_MAX: usize = 512;

/// Signatures in one request (RFC 9421 section 4.3 has proxies add theirs).
pub const SIGNATURE_LABELS_MAX: usize = 4;
/// Covered components of one signature.
pub const SIGNATURE_COMPONENTS_MAX: usize = 32;
/// Parameters of one signature: RFC 9421 defines six.
pub const SIGNATURE_PARAMETERS_MAX: usize = 8;
/// A signature's label.
pub const SIGNATURE_LABEL_BYTES_MAX: usize = 64;
/// Parameters of a `Signature` or `hmac` credential: the draft defines six.
pub const CREDENTIAL_PARAMETERS_MAX: usize = 16;
/// A nonce, in visible ASCII.
pub const NONCE_BYTES_MAX: usize = 128;
/// Members of `Content-Digest` or `Digest`: the IANA registry has eight algorithms.
pub const DIGEST_MEMBERS_MAX: usize = 8;
/// Debug answers show at most so much of a signature base.
pub const SIGNATURE_BASE_SHOWN_BYTES_MAX: usize = 8 * 1024;

/// Signed content is buffered, so it needs a bound; a deployment may set its own.
pub const CONTENT_BYTES_MAX_DEFAULT: u64 = 1024 * 1024;

/// How long signed content may take to arrive, in seconds: default, least, most. It is held
/// meanwhile. The default is well below [`REPLAY_MARGIN_S`]: what takes longer than that is noted
/// too late and refused as a copy.
pub const CONTENT_S: (u64, u64, u64) = (30, 1, 300);

/// How old `created` may be, in seconds: default, least, most.
pub const CREATED_AGE_S: (u64, u64, u64) = (300, 10, 900);
/// How far in the future `created` may be, in seconds: default, least, most.
pub const CREATED_AHEAD_S: (u64, u64, u64) = (30, 0, 300);

/// Origins of one API that browsers may come from.
pub const CORS_ORIGINS_MAX: usize = 100;
/// Field names in one cross-origin list.
pub const CORS_HEADERS_MAX: usize = 64;
/// How long a browser may remember a preflight, in seconds: none remembers longer than a day.
pub const CORS_AGE_S_MAX: u32 = 86_400;

/// How far a date in a field may be from now, either way, in seconds: existing clients are used
/// to it.
pub const DATE_S_MAX: u64 = 300;
/// How much longer than a signature is fresh its copies are known, in seconds: clocks of hosts
/// differ.
pub const REPLAY_MARGIN_S: u64 = 60;

/// Issues of one key: the current secret and the one that is being replaced.
pub const ISSUES_MAX: usize = 2;
/// Assignments of one key.
pub const ASSIGNMENTS_MAX: usize = 16;
/// Accounts of one assignment.
pub const ACCOUNTS_MAX: usize = 1_000;
/// Authorities of one deployment.
pub const AUTHORITIES_MAX: usize = 64;

/// The longest address as text: IPv6 with an IPv4 tail.
pub const ADDRESS_BYTES_MAX: usize = 45;
/// Networks of one list: allowlists of large cloud providers have some thousands.
pub const NETWORKS_MAX: usize = 10_000;
/// Entries of `X-Forwarded-For` that are looked at: chains of own proxies are short.
pub const PROXY_HOPS_MAX: usize = 16;

/// APIs of one catalogue.
pub const APIS_MAX: usize = 64;
/// Resources of one API: with [`APIS_MAX`] they fit 16 bits, and a key has a byte for each.
pub const RESOURCES_MAX: usize = 256;
/// Routes of one catalogue, which lies in the memory of each isolate.
pub const ROUTES_MAX: usize = 2_048;
/// The longest pattern of a route.
pub const PATTERN_BYTES_MAX: usize = 1_024;
/// Segments of a pattern: finding a route recurses so deep.
pub const PATTERN_SEGMENTS_MAX: usize = 32;
/// The longest account: it becomes part of a header field.
pub const ACCOUNT_BYTES_MAX: usize = 256;

/// A token as presented: ours have some 600 characters, and 4 KiB is what a cookie may have.
pub const TOKEN_BYTES_MAX: usize = 4 * 1024;
/// How far ahead of our clock a token's `nbf` and `iat` may be, in seconds: its maker's clock is
/// not ours. `exp` has no leeway.
pub const TOKEN_AHEAD_S: u64 = 30;
/// Public keys of one environment: the one that signs, those whose tokens have not expired.
pub const TOKEN_KEYS_MAX: usize = 16;
/// Members of an object in a token: names are compared with each other.
pub const JSON_MEMBERS_MAX: usize = 64;
/// How deep values of unknown claims may nest: reading recurses so deep.
pub const JSON_DEPTH_MAX: usize = 8;
/// Members of an object in a record or catalogue: an API has up to 256 resources.
pub const DOCUMENT_MEMBERS_MAX: usize = 1_024;
