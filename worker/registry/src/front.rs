//! The gate before every call: what is answered at all, and what a request is then.
use core::net::IpAddr;

use keyward_core::denial;
use keyward_core::request::Field;
use keyward_platform::client_address;
use worker::Headers;

use crate::automation::Signed;
use crate::call::{About, Idempotency};
use crate::configuration::Configuration;
use crate::operation::{self, Operation};
use crate::random;
use crate::refusal::{Code, Refusal};

/// The largest allowlist that can be published fits.
pub(crate) const CONTENT_BYTES_MAX: usize = 256 * 1024;
/// A page of a backup is as large as an answer may be.
const PAGE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// A form with one field, and what stands around it.
const FORM_BYTES_MAX: usize = 1024;
pub(crate) const IDEMPOTENCY_KEY_BYTES_MAX: usize = 128;
/// Those of sessions have 43.
const SECRET_BYTES_MAX: usize = 128;
pub(crate) const COOKIE: &str = "__Host-keyward";

/// A request that may be answered.
pub(crate) struct Asked {
    pub(crate) operation: Operation,
    /// What stands for the parameters of the path, in their order; ours need no encoding.
    pub(crate) parameters: Vec<String>,
    /// Decoded, in the order in which they were sent.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) content: String,
    pub(crate) bearer: Option<String>,
    /// That of the session, or of the key.
    pub(crate) organisation: Option<String>,
    pub(crate) about: About,
}

/// # Errors
/// With the first thing that is wrong, before anything is looked up.
pub(crate) async fn admit(
    configuration: &Configuration,
    request: &web_sys::Request,
    request_id: &str,
) -> Result<Asked, Refusal> {
    let fields: Vec<_> = Headers(request.headers()).entries().collect();
    let method = request.method();
    let target = under_our_authority(configuration, &request.url(), &fields)?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (operation, parameters) = operation::find(&method, path)?;
    let field = |wanted: &str| value(&fields, wanted);
    let writes = method != "GET";
    let mut signed = signed(configuration, &method, &target, &fields)?;
    let bearer = match field("authorization") {
        Some(text) if signed.is_none() => Some(bearer(text).ok_or(Code::Unauthenticated)?),
        _ => None,
    };
    // Who shows a secret of his own with each request needs no session, and has none.
    let is_by_itself = signed.is_some() || bearer.is_some();
    // A page of another origin can send a browser's cookies along, but cannot say it was ours. Of
    // secrets only the root token stands for an origin, and for its one call. Where mail programs
    // post no cookie counts.
    let is_from_no_page = signed.is_some()
        || (bearer.is_some() && operation == Operation::FoundOrganisation)
        || operation == Operation::DeclineNotices;
    if writes && !is_from_no_page && field("origin") != Some(&configuration.settings.origin()) {
        return Err(Code::WrongOrigin.into());
    }
    // The length is the bound on what is read; chunks would go beyond it.
    if field("content-length").is_some() && field("transfer-encoding").is_some() {
        let detail = "Content-Length and Transfer-Encoding exclude each other";
        return Err(Refusal::because(Code::Malformed, detail));
    }
    let content = content(
        request,
        field("content-length"),
        field("content-type"),
        operation.media_types(),
        match operation {
            _ if !writes => 0,
            Operation::Restore => PAGE_BYTES_MAX,
            Operation::DeclineNotices => FORM_BYTES_MAX,
            _ => CONTENT_BYTES_MAX,
        },
    )
    .await?;
    let idempotency = match field("idempotency-key") {
        None => None,
        Some(key) if (1..=IDEMPOTENCY_KEY_BYTES_MAX).contains(&key.len()) => Some(Idempotency {
            key: key.to_owned(),
            content_hash: random::hash(&content),
        }),
        Some(_) => {
            let detail = "Idempotency-Key must have 1 to 128 bytes";
            return Err(Refusal::because(Code::Malformed, detail));
        }
    };
    if let Some(signed) = &mut signed {
        signed.content.clone_from(&content);
    }
    let cookies = field("cookie").filter(|_| !is_by_itself);
    let (organisation, secret) = cookies.and_then(session).unzip();
    let about = About {
        request_id: request_id.to_owned(),
        address: address(configuration, request, &fields),
        session: secret.map(|secret| random::hash(&secret)),
        if_match: field("if-match").map(str::to_owned),
        idempotency,
        signed,
    };
    Ok(Asked {
        operation,
        parameters,
        query: form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        content,
        bearer,
        organisation,
        about,
    })
}

/// The request, if it has a signature that is meant for us. Its content is not read yet.
fn signed(
    configuration: &Configuration,
    method: &str,
    target: &str,
    fields: &[(String, String)],
) -> Result<Option<Signed>, Refusal> {
    if !Signed::may_be(fields) {
        return Ok(None);
    }
    let signed = Signed {
        key_id: String::new(),
        method: method.to_owned(),
        target: target.to_owned(),
        fields: fields.to_vec(),
        content: String::new(),
    };
    match configuration.automation.key_id(&signed) {
        Ok(key_id) => Ok(Some(Signed { key_id, ..signed })),
        // Proxies sign, too, and others read that.
        Err(refusal) if refusal.code == Code::Denied(denial::Code::MissingCredentials) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

fn value<'a>(fields: &'a [(String, String)], wanted: &str) -> Option<&'a str> {
    let found = fields.iter().find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.as_str())
}

/// The target, when the request came in where we are.
fn under_our_authority(
    configuration: &Configuration,
    url: &str,
    fields: &[(String, String)],
) -> Result<String, Refusal> {
    // By hand: a URL parser would repair what must be judged.
    let (scheme, rest) = url.split_once("://").ok_or(Code::Malformed)?;
    let at = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(at);
    let ours = &configuration.settings.authority;
    let host = value(fields, "host").unwrap_or_default();
    if !authority.eq_ignore_ascii_case(ours) || !host.eq_ignore_ascii_case(ours) {
        return Err(Code::Misdirected.into());
    }
    if scheme != configuration.settings.scheme.as_str() {
        return Err(Code::InsecureTransport.into());
    }
    Ok(target.to_owned())
}

fn bearer(field: &str) -> Option<String> {
    let (scheme, token) = field.split_once(' ')?;
    let is_token = !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic() && b != b',');
    (scheme.eq_ignore_ascii_case("bearer") && is_token).then(|| token.to_owned())
}

/// `<organisation>.<secret>`, where exactly one cookie has our name.
fn session(cookies: &str) -> Option<(String, String)> {
    // Split and trimmed as browsers do it. Whatever else were taken for a border, a page of a
    // sibling domain could set a cookie that only here has the name, and no browser guards it.
    let mut ours = cookies.split(';').filter_map(|cookie| {
        cookie
            .trim_matches([' ', '\t'])
            .strip_prefix(COOKIE)?
            .strip_prefix('=')
    });
    let (organisation, secret) = ours.next()?.split_once('.')?;
    let is_alone = ours.next().is_none();
    let is_name = keyward_core::deployment::is_name(organisation);
    let is_short = secret.len() <= SECRET_BYTES_MAX;
    (is_alone && is_name && is_short).then(|| (organisation.to_owned(), secret.to_owned()))
}

/// The field that keeps a session at the client, where no script can read it.
pub(crate) fn cookie(organisation: &str, secret: &str) -> String {
    format!("{COOKIE}={organisation}.{secret}; Path=/; Secure; HttpOnly; SameSite=Strict")
}

/// The same that ends it.
pub(crate) fn no_cookie() -> String {
    format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0")
}

async fn content(
    request: &web_sys::Request,
    length: Option<&str>,
    media_type: Option<&str>,
    media_types: &[&str],
    bytes_max: usize,
) -> Result<String, Refusal> {
    if request.body().is_none() {
        return Ok(String::new());
    }
    if bytes_max == 0 {
        let detail = "a GET has no content";
        return Err(Refusal::because(Code::Malformed, detail));
    }
    // Known beforehand, so that nobody makes us read more than there may be.
    let length: usize = length
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Refusal::because(Code::Malformed, "Content-Length is needed"))?;
    if length == 0 {
        return Ok(String::new());
    }
    let is_taken = media_type
        .map(|text| text.split(';').next().unwrap_or_default().trim())
        .is_some_and(|text| media_types.iter().any(|one| text.eq_ignore_ascii_case(one)));
    if !is_taken {
        return Err(Code::UnsupportedMediaType.into());
    }
    if length > bytes_max {
        return Err(Code::ContentTooLarge.into());
    }
    let bytes = wasm_bindgen_futures::JsFuture::from(request.array_buffer().map_err(broken)?)
        .await
        .map_err(broken)?;
    let bytes = js_sys::Uint8Array::new(&bytes).to_vec();
    String::from_utf8(bytes).map_err(|_| Refusal::because(Code::Malformed, "not UTF-8"))
}

fn broken(_: wasm_bindgen::JsValue) -> Refusal {
    Refusal::because(Code::Malformed, "the content broke off")
}

fn address(
    configuration: &Configuration,
    request: &web_sys::Request,
    fields: &[(String, String)],
) -> Option<IpAddr> {
    let fields: Vec<Field<'_>> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    client_address(&configuration.settings.client_address, request, &fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_read_from_one_cookie() {
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(
            session("__Host-keyward=acme.s3cret"),
            pair("acme", "s3cret")
        );
        assert_eq!(
            session("a=b; __Host-keyward=acme.s; c=d"),
            pair("acme", "s")
        );
        for bad in [
            "",
            "keyward=acme.s",
            "__Host-keyward=acme",
            "__Host-keyward=Acme.s",
            "__Host-keyward=../x.s",
            "__Host-keyward=a.s; __Host-keyward=b.s",
            "x=y,__Host-keyward=a.s",
            "x=y, __Host-keyward=a.s",
            "\u{2000}__Host-keyward=a.s",
            "x=y;\u{85}__Host-keyward=a.s",
        ] {
            assert_eq!(session(bad), None, "{bad:?}");
        }
        assert_eq!(
            session(cookie("acme", "s").split(';').next().unwrap_or_default()),
            pair("acme", "s")
        );
    }

    #[test]
    fn a_bearer_is_one_token() {
        assert_eq!(bearer("Bearer abc").as_deref(), Some("abc"));
        for bad in [
            "Bearer",
            "Bearer ",
            "Basic abc",
            "Bearer a b",
            "Bearer a, Bearer b",
        ] {
            assert_eq!(bearer(bad), None, "{bad:?}");
        }
    }
}
