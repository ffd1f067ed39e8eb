//! `keyward import`, asked as people ask it. Whatever it says is searched for secrets.
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs, process};

use serde_json::Value;

/// In every secret of these tests, so that one that is printed is found.
pub(crate) const MARK: &str = "hunter2";

pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Output {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err))
    }

    /// `line key_id outcome code`, a row.
    pub(crate) fn rows(&self) -> Vec<String> {
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
pub(crate) fn import(source: &str, name: &str, content: &[u8], more: &[&str]) -> Output {
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

/// 36 bytes.
pub(crate) fn secret(number: usize) -> String {
    format!("{MARK}-{number:028}")
}
