//! Profiles whose strings to sign are short enough to stand in the vector: nothing builds them
//! here, so nothing can build them as wrongly as the core.
use base64ct::{Base64, Encoding};

use crate::setting::{KeyJson, Setting, mac};

/// Text with `${keyid}`, `${now}`, `${now-301}`, and the HTTP date of such a time as `${date}`,
/// `${date+300}`; `${mac}` is the MAC over `over`, which is such a text as well.
pub(crate) fn fill(setting: &Setting, key: &KeyJson, over: &str, text: &str) -> String {
    let mut out = timed(setting, &text.replace("${keyid}", &key.key_id));
    if out.contains("${mac}") {
        let over = timed(setting, &over.replace("${keyid}", &key.key_id));
        let bytes = mac(&setting.algorithm(key), &key.secret, over.as_bytes());
        out = out.replace("${mac}", &Base64::encode_string(&bytes));
    }
    out
}

fn timed(setting: &Setting, text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let (name, behind) = after.split_once('}').expect("a name ends");
        match (name.strip_prefix("now"), name.strip_prefix("date")) {
            (Some(offset), _) => out.push_str(&setting.time(&format!("now{offset}")).to_string()),
            (_, Some(offset)) => {
                let at_s = setting.time(&format!("now{offset}"));
                out.push_str(&keyward_core::http_date::write(at_s).expect("a date"));
            }
            _ => out.push_str(&format!("${{{name}}}")),
        }
        rest = behind;
    }
    out + rest
}
