//! Guarantees what `keyward import` says of files from elsewhere, asked as people ask it: each row
//! has its word, and no secret is ever printed.
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, process};

use serde_json::Value;

/// In every secret of these tests, so that one that is printed is found.
const MARK: &str = "hunter2";

struct Output {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Output {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err))
    }

    /// `line key_id outcome code`, a row.
    fn rows(&self) -> Vec<String> {
        let json = self.json();
        let rows = json["rows"].as_array().expect("rows");
        let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let row = |row: &Value| {
            let code = word(&row["code"]);
            format!(
                "{} {} {} {code}",
                row["line"],
                word(&row["keyId"]),
                word(&row["outcome"])
            )
        };
        rows.iter().map(row).collect()
    }
}

/// What the command says of a file with this content.
fn import(source: &str, name: &str, content: &[u8], more: &[&str]) -> Output {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(process::id().to_string());
    fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join(name);
    fs::write(&file, content).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_keyward"))
        .args(["import", source, "--dry-run"])
        .arg(&file)
        .args(more)
        .output()
        .expect("keyward");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let output = Output {
        code: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    };
    let said = format!("{}{}", output.out, output.err);
    assert!(!said.contains(MARK), "a secret is printed: {said}");
    fs::remove_file(file).expect("the file");
    output
}

fn kong(name: &str, content: &str) -> Output {
    import("kong", name, content.as_bytes(), &["--json"])
}

/// 36 bytes.
fn secret(number: usize) -> String {
    format!("{MARK}-{number:028}")
}

/// Credentials in the ways that Kong has them: half of them hmac-auth, half of them jwt, half of
/// them inside of their consumers, half in lists of their own.
fn thousand() -> String {
    let mut text =
        "_format_version: \"3.0\"\nservices:\n- name: s\n  url: http://s.example\nconsumers:\n"
            .to_owned();
    let mut lists = [
        String::from("hmacauth_credentials:\n"),
        String::from("jwt_secrets:\n"),
    ];
    for number in 0..1_000 {
        let (secret, consumer) = (secret(number), format!("partner-{number:04}"));
        let algorithm = ["HS256", "HS384", "HS512"][number % 3];
        text.push_str(&format!("- username: {consumer}\n  tags: [import]\n"));
        match number % 4 {
            0 => text.push_str(&format!(
                "  hmacauth_credentials:\n  - username: {consumer}\n    secret: {secret}\n"
            )),
            1 => text.push_str(&format!(
                "  jwt_secrets:\n  - algorithm: {algorithm}\n    key: iss-{consumer}\n    secret: \"{secret}\"\n"
            )),
            2 => lists[0].push_str(&format!(
                "- {{consumer: {consumer}, username: {consumer}, secret: '{secret}'}}\n"
            )),
            _ => lists[1].push_str(&format!(
                "- consumer: {{username: {consumer}}}\n  key: iss-{consumer}\n  secret: {secret}\n"
            )),
        }
    }
    text + &lists[0] + &lists[1]
}

#[test]
fn a_thousand_credentials_of_kong_are_ready() {
    let output = kong("thousand.yaml", &thousand());
    assert_eq!((output.code, output.err.as_str()), (Some(0), ""));
    let report = output.json();
    let counts = &report["counts"];
    assert_eq!(counts["ready"], 1_000);
    assert_eq!(
        (&report["dryRun"], &counts["refused"]),
        (&Value::Bool(true), &0.into())
    );
    let rows = report["rows"].as_array().expect("rows");
    for kind in ["signed", "token"] {
        assert_eq!(
            rows.iter().filter(|row| row["kind"] == kind).count(),
            500,
            "{kind}"
        );
    }
    for row in rows {
        let consumer = row["consumer"].as_str().expect("a consumer");
        let key_id = row["keyId"].as_str().expect("an id");
        assert!(
            key_id.ends_with(consumer) && row["line"].as_u64() > Some(4),
            "{row}"
        );
        if row["kind"] == "signed" {
            assert_eq!(
                (&row["algorithm"], &row["profile"]),
                (&"hmac-sha256".into(), &"kong".into())
            );
        }
    }
    let chosen = ["--json", "--algorithm", "hmac-sha512"];
    let report = import("kong", "chosen.yaml", thousand().as_bytes(), &chosen).json();
    assert_eq!(report["rows"][0]["algorithm"], "hmac-sha512");
}

#[test]
fn each_row_of_kong_has_its_word() {
    let long = format!("{MARK}{}", "x".repeat(506));
    let good = secret(1);
    let output = kong(
        "rows.yaml",
        &format!(
            "_format_version: '3.0'
consumers:
- username: one
  hmacauth_credentials:
  - {{username: good, secret: {good}}}
  - {{username: short, secret: {MARK}}}
  - {{username: good, secret: {good}}}
  - {{username: '{MARK}+/=', secret: {good}}}
  - {{username: kwk_mine, secret: {good}}}
  - {{username: none}}
  - {{username: empty, secret: ''}}
  - {{username: long, secret: {long}}}
  - {{username: number, secret: 12345678901234567890123456789012}}
  - {{username: 007, secret: {good}}}
  - {{username: vault, secret: '{{vault://env/{MARK}}}'}}
  - {{username: mistyped, secret: kws_{MARK}}}
  - {{secret: {good}}}
  jwt_secrets:
  - {{key: rsa, algorithm: RS256, rsa_public_key: '{MARK}', secret: {good}}}
  - {{key: plain, secret: {good}}}
  - {{key: good, secret: {good}}}
  - {{key: eddsa, algorithm: EdDSA, secret: {good}}}
  keyauth_credentials:
  - {{key: {MARK}}}
  basicauth_credentials:
  - {{username: ada, password: {MARK}}}
  mtls_auth_credentials:
  - {{subject_name: ada}}
  acls:
  - {{group: g}}
"
        ),
    );
    assert_eq!(output.code, Some(1));
    assert_eq!(
        output.rows(),
        [
            "5 good ready -",
            "6 short needs_override short_secret",
            "7 good refused duplicate_id",
            "8 - refused invalid_id",
            "9 - refused invalid_id",
            "10 none refused missing_member",
            "11 empty refused no_secret",
            "12 long refused long_secret",
            "13 number refused not_text",
            "14 - refused not_text",
            "15 vault refused vault_reference",
            "16 mistyped refused mistyped_secret",
            "17 - refused missing_member",
            "19 rsa refused unsupported_algorithm",
            "20 plain ready -",
            "21 good refused duplicate_id",
            "22 eddsa refused unsupported_algorithm",
            "24 - refused unsupported_kind",
            "26 ada refused unsupported_kind",
            "28 - refused unsupported_kind",
        ]
    );
}

#[test]
fn plugins_say_how_credentials_are_used() {
    let file = |plugins: &str, secret: &str| {
        format!(
            "_format_version: '3.0'\nservices:\n- name: s\n  routes:\n  - name: r\n    plugins:\n{plugins}\
             consumers:\n- username: a\n  hmacauth_credentials:\n  - {{username: h, secret: {}}}\n  \
             jwt_secrets:\n  - {{key: j, secret: '{secret}'}}\n",
            self::secret(1)
        )
    };
    let jwt = |config: &str| format!("    - {{name: jwt, config: {{{config}}}}}\n");
    let hmac =
        |config: &str| format!("    - {{name: hmac-auth, config: {{algorithms: [{config}]}}}}\n");
    let base64 = "aHVudGVyMi1odW50ZXIyLWh1bnRlcjItaHVudGVyMi1odW50ZXIy";
    // In no alphabet of base64.
    let plain = secret(2).replace('-', "!");
    for (name, content, expected) in [
        (
            "b1",
            file(&jwt("secret_is_base64: true"), base64),
            ["ready -", "ready -"],
        ),
        (
            "b2",
            file(&jwt("secret_is_base64: true"), &plain),
            ["ready -", "refused not_base64"],
        ),
        (
            "b3",
            file(&(jwt("secret_is_base64: true") + &jwt("")), base64),
            ["ready -", "refused plugins_differ"],
        ),
        (
            "c1",
            file(&jwt("key_claim_name: kid"), &plain),
            ["ready -", "refused other_claim"],
        ),
        (
            "c2",
            file(&jwt("key_claim_name: iss"), &plain),
            ["ready -", "ready -"],
        ),
        (
            "a1",
            file(&hmac("hmac-sha1"), &plain),
            ["refused plugins_differ", "ready -"],
        ),
        (
            "a2",
            file(&(hmac("hmac-sha256") + &hmac("hmac-sha512")), &plain),
            ["refused plugins_differ", "ready -"],
        ),
    ] {
        let rows = kong(name, &content).rows();
        let words: Vec<String> = rows
            .iter()
            .map(|row| row.splitn(3, ' ').skip(2).collect())
            .collect();
        assert_eq!(words, expected, "{name}");
    }
    let only = kong("a3", &file(&hmac("hmac-sha1, hmac-sha512"), &plain)).json();
    assert_eq!(only["rows"][0]["algorithm"], "hmac-sha512");
    let other = ["--json", "--algorithm", "hmac-sha256"];
    let content = file(&hmac("hmac-sha512"), &plain);
    let rows = import("kong", "a4", content.as_bytes(), &other).rows();
    assert!(
        rows[0].ends_with("refused unsupported_algorithm"),
        "{rows:?}"
    );
}

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
        "✓    5  partner  \\u{1b}]0;x\\u{7}\\r  signed, hmac-sha256, kong\n",
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
        assert!(took < Duration::from_secs(20), "{name}: {took:?}");
    }
    let output = import("kong", "bytes", b"_format_version: \xFF", &[]);
    assert!(output.err.contains("not UTF-8"), "{}", output.err);
}

#[test]
fn importing_itself_is_not_there_yet() {
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
