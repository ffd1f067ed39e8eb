//! Every reason to refuse: its name, its status, its sentence.

/// Why a request is refused. The order is the order of the checks: the first that applies is
/// the answer. The names are part of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    MisdirectedRequest,
    InsecureTransport,
    MethodNotAllowed,
    UpgradeNotSupported,
    AmbiguousTarget,
    InvalidHeader,
    UnexpectedContent,
    MethodOverride,
    MultipleCredentials,
    ContentTooLarge,
    MissingCredentials,
    MalformedCredentials,
    UnsupportedComponent,
    InsufficientCoverage,
    StoreUnavailable,
    InvalidCredentials,
    SignatureStale,
    NonceRequired,
    ContentTimeout,
    ContentBuffersFull,
    ContentDigestMismatch,
    KeyNotYetValid,
    KeyDisabled,
    KeyExpired,
    OriginNotAllowed,
    AddressNotAllowed,
    NoRoute,
    PermissionDenied,
    RateLimited,
    Replayed,
    ReplayStoreUnavailable,
    OriginUnavailable,
    OriginTimeout,
}

impl Code {
    /// Every code, in the order of the checks.
    pub const ALL: [Self; 33] = [
        Self::MisdirectedRequest,
        Self::InsecureTransport,
        Self::MethodNotAllowed,
        Self::UpgradeNotSupported,
        Self::AmbiguousTarget,
        Self::InvalidHeader,
        Self::UnexpectedContent,
        Self::MethodOverride,
        Self::MultipleCredentials,
        Self::ContentTooLarge,
        Self::MissingCredentials,
        Self::MalformedCredentials,
        Self::UnsupportedComponent,
        Self::InsufficientCoverage,
        Self::StoreUnavailable,
        Self::InvalidCredentials,
        Self::SignatureStale,
        Self::NonceRequired,
        Self::ContentTimeout,
        Self::ContentBuffersFull,
        Self::ContentDigestMismatch,
        Self::KeyNotYetValid,
        Self::KeyDisabled,
        Self::KeyExpired,
        Self::OriginNotAllowed,
        Self::AddressNotAllowed,
        Self::NoRoute,
        Self::PermissionDenied,
        Self::RateLimited,
        Self::Replayed,
        Self::ReplayStoreUnavailable,
        Self::OriginUnavailable,
        Self::OriginTimeout,
    ];

    /// The stable name, the HTTP status and the title of the answer.
    const fn row(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::MisdirectedRequest => (
                "misdirected_request",
                421,
                "This authority is not served here",
            ),
            Self::InsecureTransport => (
                "insecure_transport",
                400,
                "This authority is served over another scheme",
            ),
            Self::MethodNotAllowed => ("method_not_allowed", 405, "The method is not supported"),
            Self::UpgradeNotSupported => (
                "upgrade_not_supported",
                501,
                "Protocol upgrades are not supported",
            ),
            Self::AmbiguousTarget => (
                "ambiguous_target",
                400,
                "The request target can be read in more than one way",
            ),
            Self::InvalidHeader => ("invalid_header", 400, "A header field is not acceptable"),
            Self::UnexpectedContent => (
                "unexpected_content",
                400,
                "This method does not take content",
            ),
            Self::MethodOverride => (
                "method_override",
                400,
                "Fields that override the method or target are refused",
            ),
            Self::MultipleCredentials => (
                "multiple_credentials",
                400,
                "The request carries more than one credential",
            ),
            Self::ContentTooLarge => ("content_too_large", 413, "The content is too large"),
            Self::MissingCredentials => (
                "missing_credentials",
                401,
                "The request carries no credential",
            ),
            Self::MalformedCredentials => (
                "malformed_credentials",
                401,
                "The credential is not well-formed",
            ),
            Self::UnsupportedComponent => (
                "unsupported_component",
                401,
                "The signature covers an unsupported component",
            ),
            Self::InsufficientCoverage => (
                "insufficient_coverage",
                401,
                "The signature does not cover enough",
            ),
            Self::StoreUnavailable => (
                "store_unavailable",
                503,
                "Keys cannot be looked up at the moment",
            ),
            Self::InvalidCredentials => (
                "invalid_credentials",
                401,
                "The credential is not valid here",
            ),
            Self::SignatureStale => (
                "signature_stale",
                401,
                "The signature is outside its time window",
            ),
            Self::NonceRequired => ("nonce_required", 401, "This key requires a nonce"),
            Self::ContentTimeout => ("content_timeout", 408, "The content did not arrive in time"),
            Self::ContentBuffersFull => (
                "content_buffers_full",
                503,
                "Too much content is being checked at the moment",
            ),
            Self::ContentDigestMismatch => (
                "content_digest_mismatch",
                401,
                "The content does not match its digest",
            ),
            Self::KeyNotYetValid => ("key_not_yet_valid", 401, "The key is not valid yet"),
            Self::KeyDisabled => ("key_disabled", 401, "The key is disabled"),
            Self::KeyExpired => ("key_expired", 401, "The key has expired"),
            Self::OriginNotAllowed => (
                "origin_not_allowed",
                403,
                "Pages of this origin may not send this request",
            ),
            Self::AddressNotAllowed => (
                "address_not_allowed",
                403,
                "The key may not be used from this address",
            ),
            Self::NoRoute => ("no_route", 403, "No route of the catalogue matches"),
            Self::PermissionDenied => (
                "permission_denied",
                403,
                "The key does not permit this request",
            ),
            Self::RateLimited => ("rate_limited", 429, "Too many requests"),
            Self::Replayed => ("replayed", 401, "The request was used before"),
            Self::ReplayStoreUnavailable => (
                "replay_store_unavailable",
                503,
                "Whether the request was used before is not known at the moment",
            ),
            Self::OriginUnavailable => ("origin_unavailable", 502, "The origin cannot be reached"),
            Self::OriginTimeout => ("origin_timeout", 504, "The origin did not answer in time"),
        }
    }

    /// The stable snake_case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The HTTP status code.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.row().1
    }

    /// One sentence for people, the same for every refusal with this code.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.row().2
    }
}
