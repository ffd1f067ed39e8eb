use proptest::prelude::*;

use super::super::judge;
use super::rows;

/// Pieces that mean something, put together so that they often do not.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "_format_version: '3.0'\n",
        "consumers:\n",
        "hmacauth_credentials:\n",
        "jwt_secrets:\n",
        "keyauth_credentials:\n",
        "plugins:\n",
        "- ",
        "  ",
        "    ",
        "username: ",
        "key: ",
        "secret: ",
        "algorithm: ",
        "name: jwt\n",
        "config: ",
        "consumer: ",
        "hunter2",
        "'",
        "\"",
        "\\",
        "\n",
        ": ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "&a ",
        "*a",
        "!t ",
        "<<: ",
        "? ",
        "|\n",
        "# ",
        "---\n",
        "...\n",
        "~",
        "true",
        "12",
        "\u{e9}",
        "\t",
        "%YAML 1.2\n",
        "\r\n",
        "\0",
    ];
    prop_oneof![
        20 => prop::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => ".{0,5}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_a_file_holds_it_is_read_or_refused(head: bool, pieces in prop::collection::vec(piece(), 0..60)) {
        let head = if head { "_format_version: '3.0'\nconsumers:\n- username: a\n" } else { "" };
        let text = format!("{head}{}", pieces.concat());
        match rows(&text, None) {
            Ok(rows) => prop_assert_eq!(judge(&rows).len(), rows.len()),
            Err(error) => prop_assert!(!error.to_string().contains("hunter"), "{}", error),
        }
    }
}
