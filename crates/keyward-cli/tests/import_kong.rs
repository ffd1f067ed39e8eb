//! Guarantees what `keyward import` says of configurations of Kong: each credential has its word.
mod asked;

use asked::{MARK, Output, import, secret};
use serde_json::Value;

fn kong(name: &str, content: &str) -> Output {
    import("kong", name, content.as_bytes(), &["--json"])
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
  saml_credentials:
  - {{name: ada}}
- username: two
  jwt_secrets: {{key: no-list, secret: {good}}}
  hmacauth_credentials: ~
- three
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
            "32 - refused unsupported_kind",
            "34 no-list ready -",
        ]
    );
}

#[test]
fn a_place_for_a_secret_is_no_secret() {
    let places = [
        "'${{ env \"DECK_HUNTERS_SECRET\" }}'",
        "${{ env 'DECK_HUNTERS_SECRET' }}",
        "'before-${{ env \"DECK_HUNTERS_SECRET\" }}'",
        "${HUNTERS_SECRET_OF_THE_ENVIRONMENT}",
        "'{{ .Values.credentials.hunters.secret }}'",
    ];
    let list: String = places
        .iter()
        .map(|place| format!("- username: hunters\n  secret: {place}\n"))
        .collect();
    let rows = kong(
        "places",
        &format!("_format_version: '3.0'\nhmacauth_credentials:\n{list}"),
    )
    .rows();
    assert_eq!(rows.len(), places.len());
    for row in rows {
        assert!(row.ends_with("refused placeholder"), "{row}");
    }
}

/// As `kong config db_export` writes it: every list at the top, consumers by their ids.
#[test]
fn a_key_is_called_as_its_consumer_however_that_is_named() {
    let good = secret(1);
    let id = "6d5f2ffb-98c7-4a9c-a6b6-42f3a3be8a3c";
    let list = "- {consumer: ID, username: a, secret: GOOD}\n- {consumer: {id: ID}, username: b, secret: GOOD}\n\
                - {consumer: ada, username: c, secret: GOOD}\n- {consumer: nobody, username: d, secret: GOOD}\n";
    let list = list.replace("ID", id).replace("GOOD", &good);
    let text = format!(
        "_format_version: '3.0'\nhmacauth_credentials:\n{list}consumers:\n- {{id: {id}, username: ada, custom_id: '7'}}\n"
    );
    let names = |more: &[&str]| -> Vec<String> {
        let all = [&["--json"], more].concat();
        let report = import("kong", "export", text.as_bytes(), &all).json();
        let rows = report["rows"].as_array().expect("rows").iter();
        rows.map(|row| row["name"].as_str().unwrap_or("-").to_owned())
            .collect()
    };
    assert_eq!(names(&[]), ["ada", "ada 2", "ada 3", "nobody"]);
    assert_eq!(names(&["--names", "ids"]), ["a", "b", "c", "d"]);
    let prefixed = names(&["--name-prefix", "kong: "]);
    assert_eq!(
        prefixed,
        ["kong: ada", "kong: ada 2", "kong: ada 3", "kong: nobody"]
    );
}

#[test]
fn a_consumer_outside_of_a_list_is_not_lost() {
    let text = format!(
        "_format_version: '3.0'\nconsumers:\n  username: ada\n  hmacauth_credentials:\n  - {{username: a, secret: {}}}\n",
        secret(1)
    );
    assert_eq!(kong("no-list", &text).rows(), ["5 a ready -"]);
}

#[test]
fn plugins_say_how_credentials_are_used() {
    let file = |plugins: &str, secret: &str| {
        format!(
            "_format_version: '3.0'\nservices:\n- name: s\n  routes:\n  - name: r\n    plugins:\n{plugins}\
             consumers:\n- username: a\n  hmacauth_credentials:\n  - {{username: h, secret: {}}}\n  \
             jwt_secrets:\n  - {{key: j, secret: '{secret}'}}\n",
            asked::secret(1)
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
            "off",
            file(
                &jwt("key_claim_name: kid").replace("}}", "}, enabled: false}"),
                &plain,
            ),
            ["ready -", "ready -"],
        ),
        (
            "shared",
            file("    - {name: jwt, _config: tokens}\n", &plain)
                + "_plugin_configs: {tokens: {secret_is_base64: true}}\n",
            ["ready -", "refused not_base64"],
        ),
        (
            "own",
            file(
                "    - {name: jwt, _config: tokens, config: {secret_is_base64: false}}\n",
                &plain,
            ) + "_plugin_configs: {tokens: {secret_is_base64: true}}\n",
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

/// As Python's `json.dump` writes it, with `indent` and without.
#[test]
fn json_is_read_with_its_escapes() {
    let good = secret(1);
    for (break_, lines) in [("\n", [3, 5, 7]), ("", [1, 1, 1])] {
        let text = format!(
            r#"{{"_format_version": "3.0", "consumers": [~{{"username": "ada \ud83d\ude00", "hmacauth_credentials": [~
                {{"username": "a",~ "secret": "{good}"}},~ {{"username": "b",~ "secret": "\ud83d\ude00-{good}"}},~
                {{"username": "c", "secret": 12345678901234567890123456789012}}]}}]}}~"#
        )
        .replace('\n', "")
        .replace('~', break_);
        let output = kong("python.json", &text);
        let [a, b, c] = lines;
        assert_eq!(
            output.rows(),
            [
                format!("{a} a ready -"),
                format!("{b} b ready -"),
                format!("{c} c refused not_text"),
            ]
        );
        assert_eq!(output.json()["rows"][0]["consumer"], "ada \u{1f600}");
    }
    let lone = r#"{"_format_version": "3.0", "consumers": [{"username": "\ud83d"}]}"#;
    let output = kong("lone.json", lone);
    assert_eq!(output.code, Some(2));
    assert!(output.err.contains("line 1"), "{}", output.err);
}
