//! Every refusal: its code and what may be said about it.
use alloc::string::String;
use alloc::vec::Vec;

mod code;

pub use code::Code;

/// The schemes that a deployment takes, in the order of preference.
macro_rules! challenges {
    () => {
        r#"Signature realm="keyward", hmac realm="keyward", HmacSHA512 realm="keyward", Bearer realm="keyward""#
    };
}
/// To those who sent a token (RFC 6750 section 3.1).
macro_rules! token_challenges {
    () => {
        concat!(challenges!(), r#", error="invalid_token""#)
    };
}
macro_rules! basic_challenge {
    () => {
        r#", Basic realm="keyward", charset="UTF-8""#
    };
}
const CHALLENGES: &str = challenges!();
/// Basic comes last, and only where the route takes it.
const CHALLENGES_WITH_BASIC: &str = concat!(challenges!(), basic_challenge!());
const TOKEN_CHALLENGES: &str = token_challenges!();
const TOKEN_CHALLENGES_WITH_BASIC: &str = concat!(token_challenges!(), basic_challenge!());

/// A refused request. Holds nothing that the client may not see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    code: Code,
    detail: Option<String>,
    missing: Vec<&'static str>,
    signature_base: Option<String>,
    basic_challenge: bool,
    bearer_error: bool,
}

impl Denial {
    /// A refusal about which nothing more is said than its code.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self {
            code,
            detail: None,
            missing: Vec::new(),
            signature_base: None,
            basic_challenge: false,
            bearer_error: false,
        }
    }

    /// A refusal with a sentence on what was wrong. The caller answers for it that the sentence
    /// depends on nothing but what the client sent, or that the secret was right.
    #[must_use]
    pub fn because(code: Code, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::new(code)
        }
    }

    /// The components that a signature should have covered.
    #[must_use]
    pub(crate) fn missing(mut self, missing: Vec<&'static str>) -> Self {
        self.missing = missing;
        self
    }

    pub(crate) fn with_signature_base(mut self, base: String) -> Self {
        self.signature_base = Some(base);
        self
    }

    pub(crate) fn with_basic_challenge(mut self, allowed: bool) -> Self {
        self.basic_challenge = allowed;
        self
    }

    /// Whether the refused credential was a token: its challenge says so then.
    pub(crate) fn with_bearer_error(mut self, presented: bool) -> Self {
        self.bearer_error = presented;
        self
    }

    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// A sentence on what was wrong, if it may be said.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// Names of the components that the signature should have covered.
    #[must_use]
    pub fn missing_components(&self) -> &[&'static str] {
        &self.missing
    }

    /// In debug, the signature base as computed here, for the client to compare with its own.
    #[must_use]
    pub fn signature_base(&self) -> Option<&str> {
        self.signature_base.as_deref()
    }

    /// Fields that the answer must carry besides its body. They name what the deployment takes,
    /// never what the key is (RFC 9110 section 11.6.1, RFC 9421 section 5.1, RFC 9530 section 4).
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, &'static str)> {
        let mut fields = Vec::new();
        match self.code.status() {
            401 => {
                let challenges = match (self.bearer_error, self.basic_challenge) {
                    (false, false) => CHALLENGES,
                    (false, true) => CHALLENGES_WITH_BASIC,
                    (true, false) => TOKEN_CHALLENGES,
                    (true, true) => TOKEN_CHALLENGES_WITH_BASIC,
                };
                fields.push(("www-authenticate", challenges));
                fields.push((
                    "accept-signature",
                    r#"keyward=("@method" "@target-uri" "content-digest");created;keyid;nonce;tag="keyward""#,
                ));
                fields.push(("want-content-digest", "sha-512=10, sha-256=5"));
            }
            405 => fields.push(("allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")),
            429 => fields.push(("retry-after", "10")),
            503 => fields.push(("retry-after", "5")),
            _ => {}
        }
        fields
    }
}

impl From<Code> for Denial {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}
