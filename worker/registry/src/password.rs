//! Passwords of operators, as argon2id (RFC 9106).
use argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64UrlUnpadded, Encoding};
use subtle::ConstantTimeEq;

/// The least that a password has, in characters.
pub(crate) const CHARACTERS_MIN: usize = 12;
/// So that nobody makes us hash a book.
pub(crate) const BYTES_MAX: usize = 512;
/// 19 MiB, two passes, one lane: what OWASP asks for at least, and what fits an isolate.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const HASH_BYTES: usize = 32;
pub(crate) const SALT_BYTES: usize = 16;

/// # Errors
/// With what a password must be.
pub(crate) fn check(password: &str) -> Result<(), &'static str> {
    if password.chars().count() < CHARACTERS_MIN {
        return Err("must have 12 characters or more");
    }
    if password.len() > BYTES_MAX {
        return Err("must have 512 bytes or fewer");
    }
    Ok(())
}

/// What is kept of a password: `argon2id$<KiB>$<passes>$<salt>$<hash>`.
pub(crate) fn hash(password: &str, salt: &[u8; SALT_BYTES]) -> Option<String> {
    let hash = argon2id(password, salt, MEMORY_KIB, PASSES)?;
    let text = Base64UrlUnpadded::encode_string;
    Some(format!(
        "argon2id${MEMORY_KIB}${PASSES}${}${}",
        text(salt),
        text(&hash)
    ))
}

/// Whether this is the password. Takes as long where nothing is kept.
pub(crate) fn verify(password: &str, kept: Option<&str>) -> bool {
    let parsed = kept.and_then(parse);
    let is_kept = parsed.is_some();
    let (memory_kib, passes, salt, expected) =
        parsed.unwrap_or_else(|| (MEMORY_KIB, PASSES, vec![0; SALT_BYTES], vec![0; HASH_BYTES]));
    argon2id(password, &salt, memory_kib, passes)
        .is_some_and(|hash| bool::from(hash.as_slice().ct_eq(&expected)) && is_kept)
}

fn parse(kept: &str) -> Option<(u32, u32, Vec<u8>, Vec<u8>)> {
    let mut parts = kept.strip_prefix("argon2id$")?.split('$');
    let memory_kib = parts.next()?.parse().ok()?;
    let passes = parts.next()?.parse().ok()?;
    let salt = Base64UrlUnpadded::decode_vec(parts.next()?).ok()?;
    let hash = Base64UrlUnpadded::decode_vec(parts.next()?).ok()?;
    Some((memory_kib, passes, salt, hash))
}

fn argon2id(password: &str, salt: &[u8], memory_kib: u32, passes: u32) -> Option<[u8; HASH_BYTES]> {
    let parameters = Params::new(memory_kib, passes, 1, Some(HASH_BYTES)).ok()?;
    let mut hash = [0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
        .hash_password_into(password.as_bytes(), salt, &mut hash)
        .ok()?;
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_is_the_password() {
        let kept = hash("correct horse battery", &[7; SALT_BYTES]).expect("a hash");
        assert!(verify("correct horse battery", Some(&kept)));
        assert!(!verify("correct horse batterx", Some(&kept)));
        assert!(!verify("correct horse battery", None));
        assert!(!verify("correct horse battery", Some("argon2id$1$1$x")));
        let other = hash("correct horse battery", &[8; SALT_BYTES]).expect("a hash");
        assert_ne!(kept, other);
    }

    #[test]
    fn passwords_have_twelve_characters() {
        assert!(check("elevenchars").is_err());
        assert!(check("twelve chars").is_ok());
        assert!(check("zw\u{f6}lf Zeiche").is_ok());
        assert!(check(&"x".repeat(513)).is_err());
    }
}
