//! What a person reads when the demonstration is ready.
use keyward_wire::dev::{DevFile, DevKey, DevRegistry};

use crate::tell;

/// A table of the keys, what the registry is asked with, and requests to paste.
pub(super) fn announcement(file: &DevFile) -> String {
    let width = |cell: fn(&DevKey) -> String| {
        file.keys
            .iter()
            .map(|key| cell(key).chars().count())
            .max()
            .unwrap_or(0)
    };
    let name: fn(&DevKey) -> String = |key| key.name.clone();
    let kind: fn(&DevKey) -> String =
        |key| key.algorithm.clone().unwrap_or_else(|| key.kind.clone());
    let request: fn(&DevKey) -> String = |key| format!("{} {}", key.method, key.path);
    let answer: fn(&DevKey) -> String = |key| {
        format!(
            "{} {}",
            key.expect_status,
            key.expect_code.as_deref().unwrap_or("OK")
        )
    };
    let widths = [name, kind, request, answer].map(width);

    let mut text = format!(
        "\n{}\n",
        tell::bold(&format!("  Organisation {}", file.organisation))
    );
    let mut environment = "";
    for key in &file.keys {
        let place = if key.url == file.url {
            "production"
        } else {
            "uat"
        };
        if environment != place {
            environment = place;
            text.push_str(&format!(
                "\n  {}  {}\n",
                tell::bold(place),
                tell::dim(&key.url)
            ));
        }
        let status = format!("{:<1$}", answer(key), widths[3]);
        let status = if key.expect_status < 400 {
            tell::green(&status)
        } else {
            tell::red(&status)
        };
        text.push_str(&format!(
            "  {:<w0$}  {}  {:<w2$}  {status}  {}\n",
            name(key),
            tell::dim(&format!("{:<1$}", kind(key), widths[1])),
            request(key),
            tell::dim(&key.note),
            w0 = widths[0],
            w2 = widths[2],
        ));
    }

    if let Some(registry) = &file.registry {
        text.push_str(&of_registry(registry, &file.organisation));
    }
    text.push_str(&format!(
        "\n{}\n\n",
        tell::bold("  Paste into another terminal, in this folder")
    ));
    for key in &file.keys {
        text.push_str(&format!("  cargo keyward send --as {}\n", key.name));
    }
    text.push_str(&format!(
        "\n  {}\n  cargo keyward sign --as admin GET '/v1/users?limit=2'\n",
        tell::dim("the same as curl, signed for the next five minutes:")
    ));
    if let Some(basic) = file.keys.iter().find(|key| key.name == "basic") {
        text.push_str(&format!(
            "\n  {}\n  curl -u '{}:{}' {}{}\n",
            tell::dim("HTTP Basic needs no tool:"),
            basic.key_id,
            basic.secret.as_deref().unwrap_or_default(),
            basic.url,
            basic.path
        ));
    }
    text.push('\n');
    text
}

/// The operator's factors, and calls in his name.
fn of_registry(registry: &DevRegistry, organisation: &str) -> String {
    let DevRegistry {
        url,
        root_token,
        email,
        password,
        otpauth,
    } = registry;
    let mut text = format!("\n  {}  {}\n", tell::bold("registry"), tell::dim(url));
    for (what, value) in [
        ("operator", email),
        ("password", password),
        ("app", otpauth),
        ("root token", root_token),
    ] {
        text.push_str(&format!("  {what:<10}  {value}\n"));
    }
    let call = |what: &str, command: &str| format!("\n  {}\n  {command}\n", tell::dim(what));
    let post = |cookies: &str, path: &str, content: &str| {
        format!(
            "curl -sS {cookies} .keyward/cookies {url}{path} -H 'Origin: {url}' \\\n    --json '{content}'"
        )
    };
    let sign_in = format!(
        r#"{{"organisation":"{organisation}","email":"{email}","password":"{password}","code":"'$(cargo keyward code)'"}}"#
    );
    text.push_str(&call(
        "sign in, with the code that the app would show; each is good for one time:",
        &post("-c", "/v1/session", &sign_in),
    ));
    text.push_str(&call(
        "make a key:",
        &post(
            "-b",
            "/v1/keys",
            r#"{"name":"mine","kind":"basic","environment":"production","roles":[{"role":"read-only","accounts":"all"}]}"#,
        ),
    ));
    let list = format!("curl -sS -b .keyward/cookies '{url}/v1/keys?sort=name'");
    text.push_str(&call("list all keys:", &list));
    text
}
