//! Guarantees what `keyward import` says of files with columns and of files that were made to harm, and how it says it.
mod asked;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use asked::{MARK, import, secret};

#[test]
fn two_columns_of_cloud9() {
    let text = format!(
        "\u{feff}id,secret\r\nc9-1,{}\r\n\"c9-2\",\"{},\"\"x\"\"\"\r\nc9-3,{MARK}\r\nc9-1,{}\r\na/b,{}\r\nc9-4\r\nc9-5,x,{MARK}\r\n\r\nc9-6,\r\n",
        secret(1),
        secret(2),
        secret(3),
        secret(4)
    );
    let output = import("cloud9", "c9.csv", text.as_bytes(), &["--json"]);
    assert_eq!(
        output.rows(),
        [
            "2 c9-1 ready -",
            "3 c9-2 ready -",
            "4 c9-3 needs_override short_secret",
            "5 c9-1 refused duplicate_id",
            "6 - refused invalid_id",
            "7 - refused wrong_columns",
            "8 - refused wrong_columns",
            "10 c9-6 refused no_secret",
        ]
    );
    let row = &output.json()["rows"][0];
    assert_eq!(
        (&row["algorithm"], &row["profile"]),
        (&"hmac-sha512".into(), &"cloud9".into())
    );
    for head in [
        "",
        "secret,id\n",
        "id;secret\n",
        "c9-1,x\n",
        "id,secret,more\n",
    ] {
        let output = import("cloud9", "head.csv", head.as_bytes(), &[]);
        assert_eq!(output.code, Some(2), "{head:?}");
        assert!(
            output.err.contains("the first line must be id,secret"),
            "{}",
            output.err
        );
    }
}

#[test]
fn a_quote_that_is_not_closed_takes_no_line_with_it_unsaid() {
    let text = format!(
        "id,secret\nc9-1,{}\nc9-2,\"{}\nc9-3,{}\nc9-4,{}\n",
        secret(1),
        secret(2),
        secret(3),
        secret(4)
    );
    let rows = import("cloud9", "open.csv", text.as_bytes(), &["--json"]).rows();
    assert_eq!(rows, ["2 c9-1 ready -", "3 - refused open_quote"]);
}

/// RFC 4180: blanks are part of a field, and one with a quote in it stands in quotes.
#[test]
fn what_readers_of_csv_differ_about_is_no_secret() {
    let good = secret(1);
    let text = format!(
        "id,secret\nblank-before, {good}\nblank-behind,{good}\t\nwide-blank,{good}\u{a0}\n id,{good}\nblank-and-quotes, \"{good}\"\n\
         meant,\" {good} \"\nbegins,\"{good}\"x\nwithin,{good}\"x\ndoubled,{good}\"\"x\n\"with\"id,{good}\nplain,{good}\r\nlast,\"{good}"
    );
    let output = import("cloud9", "strict.csv", text.as_bytes(), &["--json"]);
    assert_eq!(
        output.rows(),
        [
            "2 - refused blank_around",
            "3 - refused blank_around",
            "4 - refused blank_around",
            "5 - refused blank_around",
            "6 - refused blank_around",
            "7 meant ready -",
            "8 - refused stray_quote",
            "9 - refused stray_quote",
            "10 - refused stray_quote",
            "11 - refused stray_quote",
            "12 plain ready -",
            "13 - refused open_quote",
        ]
    );
}

#[test]
fn digests_in_hex_and_base64() {
    let hex = "9F86D081884C7D659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let text = format!(
        "id,sha256\nhex,{hex}\nbase64,n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=\nurl,n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg\n\
         short,{}\nbad,{}g\nmd5,CY9rzUYh03PK3k6DJie09g==\nempty,\n",
        &hex[..62],
        &hex[..63]
    );
    let output = import("digests", "digests.csv", text.as_bytes(), &["--json"]);
    assert_eq!(
        output.rows(),
        [
            "2 hex ready -",
            "3 base64 ready -",
            "4 url ready -",
            "5 short refused invalid_digest",
            "6 bad refused invalid_digest",
            "7 md5 refused invalid_digest",
            "8 empty refused invalid_digest",
        ]
    );
    assert_eq!(output.json()["rows"][0]["kind"], "basic");
}

#[test]
fn people_see_a_table_and_no_terminal_is_fooled() {
    let text = format!(
        "_format_version: '3.0'\nconsumers:\n- username: \"\\e]0;x\\a\\r\"\n  hmacauth_credentials:\n  \
         - {{username: partner, secret: {}}}\n  - {{username: short, secret: {MARK}}}\n",
        secret(1)
    );
    let output = import("kong", "table.yaml", text.as_bytes(), &[]);
    assert!(
        !output.out.chars().any(|c| c.is_control() && c != '\n'),
        "{:?}",
        output.out
    );
    for line in [
        "✓    5  partner  \\u{1b}]0;x\\u{7}\\r    signed, hmac-sha256, kong\n",
        "the secret has fewer than 32 bytes\n",
        "2 rows: 1 ready, 1 to be overridden\nSomebody has to answer for line 6\n",
    ] {
        assert!(output.out.contains(line), "{}", output.out);
    }
}

#[test]
fn hostile_files_end_soon_and_say_why() {
    let head = "_format_version: '3.0'\n";
    let laughs: String = (1..12).fold(format!("{head}a0: &a0 [x]\n"), |text, n| {
        format!(
            "{text}a{n}: &a{n} [{}]\n",
            format!("*a{},", n - 1).repeat(10)
        )
    });
    let many = "- {username: x}\n".repeat(50_001);
    for (name, content, expected) in [
        ("laughs", laughs, "line 2: an anchor"),
        (
            "deep",
            format!("{head}a: {}", "[".repeat(1_000_000)),
            "recursion limit",
        ),
        ("deep-block", "- ".repeat(1_000_000), "more than 32 levels"),
        (
            "nodes",
            format!("{head}a:\n{}", "- 1\n".repeat(1_000_000)),
            "more than 1,000,000 values",
        ),
        (
            "many",
            format!("{head}hmacauth_credentials:\n{many}"),
            "more than 50,000 credentials",
        ),
        (
            "large",
            "x".repeat(16 * 1024 * 1024 + 1),
            "larger than 16 MiB",
        ),
        (
            "quotes",
            format!("a: \"{}", "x\n\n".repeat(2_000_000)),
            "line",
        ),
        ("keys", format!("{head}{}", "? ".repeat(500_000)), "line"),
        (
            "colons",
            format!("{head}a{}", ": ".repeat(1_000_000)),
            "line",
        ),
        ("other", "services: []\n".to_owned(), "no _format_version"),
        ("text", MARK.to_owned(), "no _format_version"),
        ("nothing", String::new(), "nothing is there"),
        ("nul", "_format_version: \0".to_owned(), "line 1"),
    ] {
        let start = Instant::now();
        let output = import("kong", name, content.as_bytes(), &[]);
        let took = start.elapsed();
        assert_eq!(output.code, Some(2), "{name}: {}{}", output.out, output.err);
        assert!(output.err.contains(expected), "{name}: {}", output.err);
        // Seconds, of a machine that may be busy. Work that grows faster than the file takes hours.
        assert!(took < Duration::from_secs(120), "{name}: {took:?}");
    }
    let output = import("kong", "bytes", b"_format_version: \xFF", &[]);
    assert!(output.err.contains("not UTF-8"), "{}", output.err);
}

#[test]
fn importing_needs_a_registry() {
    let output = Command::new(env!("CARGO_BIN_EXE_keyward"))
        .args(["import", "kong", "kong.yaml"])
        .output()
        .expect("keyward");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(2) && err.contains("--dry-run"),
        "{err}"
    );
}

#[test]
fn every_code_is_explained() {
    let read = |path: &str| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::read_to_string(root.join(path)).expect(path)
    };
    let page = read("../../docs/import.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let explained: BTreeSet<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    let source = read("src/import/fault.rs");
    let codes = source
        .split("fn code")
        .nth(1)
        .and_then(|rest| rest.split("impl").next());
    let codes = codes.expect("codes").split('"').skip(1).step_by(2);
    // And what the registry finds.
    let form = read("../../worker/registry/src/key/form/import.rs");
    let found = form.split("enum RowFault {").nth(1);
    let found = found.and_then(|rest| rest.split('}').next());
    let found: Vec<String> = found
        .expect("an enum")
        .lines()
        .map(|line| snake_case(line.trim().trim_end_matches(',')))
        .collect();
    let found = found
        .iter()
        .map(String::as_str)
        .filter(|code| !code.is_empty());
    assert_eq!(explained, codes.chain(found).collect());
}

fn snake_case(variant: &str) -> String {
    let mut text = String::new();
    for letter in variant.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}
