//! Codes of an authenticator app (RFC 6238): HMAC-SHA-1, six digits, 30 seconds, which is what
//! every app can do.
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

/// Bytes of a secret: as many as the hash gives (RFC 4226 section 4).
pub const SECRET_BYTES: usize = 20;
const STEP_S: u64 = 30;
const DIGITS: usize = 6;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The code that an app shows at this time, in seconds of Unix time.
#[must_use]
pub fn code(secret: &[u8; SECRET_BYTES], now_s: u64) -> String {
    digits(secret, now_s / STEP_S, DIGITS)
}

/// Whether a text has the form of a code.
#[must_use]
pub fn is_code(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|b| b.is_ascii_digit())
}

/// The step whose code this is: the present one, the one before or the one after, and later than
/// `last_step`, so that no code is taken twice.
#[must_use]
pub fn accept(
    secret: &[u8; SECRET_BYTES],
    code: &str,
    now_s: u64,
    last_step: Option<u64>,
) -> Option<u64> {
    let now = now_s / STEP_S;
    let mut found = 0;
    let mut is_found = Choice::from(0);
    for step in [now.saturating_sub(1), now, now.saturating_add(1)] {
        let digits = digits(secret, step, DIGITS);
        let matches = digits.as_bytes().ct_eq(code.as_bytes());
        found = u64::conditional_select(&found, &step, matches);
        is_found |= matches;
    }
    (bool::from(is_found) && last_step.is_none_or(|last| found > last)).then_some(found)
}

/// HOTP (RFC 4226 section 5.3).
fn digits(secret: &[u8], counter: u64, count: usize) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else {
        // HMAC takes keys of every length.
        return String::new();
    };
    mac.update(&counter.to_be_bytes());
    let mac: [u8; 20] = mac.finalize().into_bytes().into();
    let offset = usize::from(mac[19] & 0x0F);
    let word = mac
        .iter()
        .skip(offset)
        .take(4)
        .fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
    let decimal = format!("{:010}", word & 0x7FFF_FFFF);
    decimal[decimal.len() - count..].to_owned()
}

/// What an app reads from a QR code.
#[must_use]
pub fn enrolment_uri(secret: &[u8; SECRET_BYTES], issuer: &str, account: &str) -> String {
    let encode = |text: &str| -> String {
        form_urlencoded::byte_serialize(text.as_bytes())
            .collect::<String>()
            .replace('+', "%20")
    };
    format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_S}",
        base32(secret),
        issuer = encode(issuer),
        account = encode(account),
    )
}

/// The secret of an [`enrolment_uri`], as an app reads it.
#[must_use]
pub fn secret_of(enrolment_uri: &str) -> Option<[u8; SECRET_BYTES]> {
    let (_, parameters) = enrolment_uri.split_once('?')?;
    let text = parameters
        .split('&')
        .find_map(|one| one.strip_prefix("secret="))?;
    let mut secret = [0; SECRET_BYTES];
    // Eight characters are five bytes.
    for (bytes, group) in secret.chunks_mut(5).zip(text.as_bytes().chunks(8)) {
        let mut bits = 0;
        for letter in group {
            let index = BASE32.iter().position(|known| known == letter)?;
            bits = bits << 5 | index as u64;
        }
        bytes.copy_from_slice(&bits.to_be_bytes()[3..]);
    }
    (base32(&secret) == text).then_some(secret)
}

/// RFC 4648 section 6, without padding: five bytes are eight characters.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(5) {
        let mut block = [0; 8];
        block[3..3 + group.len()].copy_from_slice(group);
        let bits = u64::from_be_bytes(block);
        for place in 0..(group.len() * 8).div_ceil(5) {
            let index = (bits >> (35 - 5 * place)) & 31;
            text.push(char::from(BASE32[index as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    /// RFC 6238 appendix B, SHA-1.
    const APPENDIX_B: [(u64, &str); 6] = [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ];
    const SECRET: &[u8; 20] = b"12345678901234567890";

    #[test]
    fn rfc_6238_appendix_b() {
        for (time_s, code) in APPENDIX_B {
            assert_eq!(digits(SECRET, time_s / STEP_S, 8), code);
            assert_eq!(
                accept(SECRET, &code[2..], time_s, None),
                Some(time_s / STEP_S)
            );
        }
    }

    /// RFC 4226 appendix D.
    #[test]
    fn rfc_4226_appendix_d() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
            "399871", "520489",
        ];
        for (counter, code) in (0..).zip(codes) {
            assert_eq!(digits(SECRET, counter, 6), code);
        }
    }

    /// The same from PyPI `cryptography_vectors`, those with SHA-1, where `KEYWARD_VECTORS` names
    /// the folder.
    #[test]
    fn vectors_of_rfc_6238_and_rfc_4226() {
        let folder = std::env::var_os("KEYWARD_VECTORS").filter(|folder| !folder.is_empty());
        let Some(folder) = folder else {
            let _ = writeln!(
                std::io::stdout(),
                "SKIPPED rfc6238: KEYWARD_VECTORS is not set"
            );
            return;
        };
        let cases = |file: &str| -> Vec<serde_json::Value> {
            let path = std::path::Path::new(&folder).join("rfc6238").join(file);
            let text = std::fs::read_to_string(path).expect("a file");
            let mut json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            serde_json::from_value(json["cases"].take()).expect("cases")
        };
        let text = |case: &serde_json::Value, name: &str| -> String {
            case[name].as_str().expect("text").to_owned()
        };
        let mut totp = cases("rfc6238_totp.json");
        totp.retain(|case| case["MODE"] == "SHA1");
        assert_eq!(totp.len(), 6);
        for case in totp {
            let time_s: u64 = text(&case, "TIME").parse().expect("a time");
            let found = digits(text(&case, "SECRET").as_bytes(), time_s / STEP_S, 8);
            assert_eq!(found, text(&case, "TOTP"));
        }
        let hotp = cases("rfc4226_hotp.json");
        assert_eq!(hotp.len(), 10);
        for case in hotp {
            let counter = text(&case, "COUNTER").parse().expect("a counter");
            let found = digits(text(&case, "SECRET").as_bytes(), counter, DIGITS);
            assert_eq!(found, text(&case, "HOTP"));
        }
    }

    #[test]
    fn a_code_is_taken_once_and_near_its_time() {
        let code = digits(SECRET, 100, 6);
        let at = |step: u64| step * STEP_S;
        assert_eq!(accept(SECRET, &code, at(99), None), Some(100));
        assert_eq!(accept(SECRET, &code, at(101) + 29, None), Some(100));
        assert_eq!(accept(SECRET, &code, at(98), None), None);
        assert_eq!(accept(SECRET, &code, at(102), None), None);
        assert_eq!(accept(SECRET, &code, at(100), Some(99)), Some(100));
        assert_eq!(accept(SECRET, &code, at(100), Some(100)), None);
        for other in ["", "000000", &code[1..], &format!("{code}0")] {
            assert_eq!(accept(SECRET, other, at(100), None), None, "{other:?}");
        }
    }

    #[test]
    fn an_app_shows_what_is_taken() {
        let uri = enrolment_uri(SECRET, "Keyward", "a@firm.example");
        let secret = secret_of(&uri).expect("the secret");
        assert_eq!(secret, *SECRET);
        assert_eq!(accept(SECRET, &code(&secret, 59), 59, None), Some(1));
        for other in [
            "otpauth://totp/a?issuer=b",
            "otpauth://totp/a?secret=GEZDGNBV",
            "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQA",
            "otpauth://totp/a?secret=gezdgnbvgy3tqojqgezdgnbvgy3tqojq",
        ] {
            assert_eq!(secret_of(other), None, "{other}");
        }
    }

    #[test]
    fn apps_are_told_the_secret_in_base32() {
        // RFC 4648 section 10.
        for (plain, text) in [
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), text);
        }
        assert_eq!(
            enrolment_uri(SECRET, "Keyward demo", "a+b@firm.example"),
            "otpauth://totp/Keyward%20demo:a%2Bb%40firm.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Keyward%20demo&algorithm=SHA1&digits=6&period=30"
        );
    }
}
