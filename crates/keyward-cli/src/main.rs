//! `keyward`: sign and send requests, examine a gateway, import keys.
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Parser, Subcommand, ValueEnum};
use keyward_cli::credential::{Credential, Scheme};
use keyward_cli::failure::{Failure, Result};
use keyward_cli::request::Request;
use keyward_cli::{audit, backup, dev, doctor, import, send, sign};
use keyward_core::key::Profile;
use keyward_core::mac::Algorithm;
use keyward_wire::dev::DevKey;

/// Use API keys of Keyward from a terminal.
#[derive(Parser)]
#[command(name = "keyward", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Sign a request, send it and show the answer.
    Send(Call),
    /// Sign a request and print it as a curl command.
    Sign(Call),
    /// Print what an authenticator app of the demonstration's operator would show. A code is good for
    /// one sign-in; half a minute later there is another.
    Code,
    /// Look at a deployed gateway from outside: what is wrong, and what to do about it.
    Doctor {
        /// Where clients reach it, for example https://api.example.
        url: String,
    },
    /// Import keys from elsewhere, or only say what would become of each.
    Import(import::command::Import),
    /// Write a backup of the organisation to stdout.
    Backup(backup::Backup),
    /// Bring back what a backup has, and nothing that was removed or disabled since.
    Restore(backup::Restore),
    /// Look after what the registry's audit log says.
    #[command(subcommand)]
    Audit(audit::Audit),
}

#[derive(Args)]
struct Call {
    /// GET, POST, ... With `--as` alone, the request of the demonstration.
    method: Option<String>,
    /// The whole URL; with `--as`, a path will do.
    url: Option<String>,
    /// Use this key of `cargo xtask dev`.
    #[arg(long = "as", value_name = "NAME", conflicts_with_all = ["key_id", "secret_file", "scheme"])]
    demo: Option<String>,
    /// The key's id. Its secret is read from KEYWARD_SECRET or --secret-file.
    #[arg(long)]
    key_id: Option<String>,
    /// A file that holds nothing but the secret.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// How the key is used.
    #[arg(long, value_enum, default_value_t = SchemeName::HmacSha512)]
    scheme: SchemeName,
    /// How a request is signed; the key must take it.
    #[arg(long, value_enum, default_value_t = ProfileName::Rfc9421)]
    profile: ProfileName,
    /// Content, or @FILE.
    #[arg(short, long, value_name = "CONTENT")]
    data: Option<String>,
    /// A header field, as `name: value`.
    #[arg(short = 'H', long = "header", value_name = "FIELD")]
    fields: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum SchemeName {
    HmacSha512,
    HmacSha256,
    Basic,
    Bearer,
}

#[derive(Clone, Copy, ValueEnum)]
enum ProfileName {
    /// HTTP Message Signatures (RFC 9421).
    Rfc9421,
    /// `HmacSHA512 id:nonce:signature`; signs no query.
    Cloud9,
    /// `hmac username=".."`, of Kong's hmac-auth.
    Kong,
    /// `Signature keyId=".."`, of draft-cavage-http-signatures.
    Cavage,
}

fn main() -> ExitCode {
    let done = match Cli::parse().verb {
        Verb::Send(call) => send_call(&call),
        Verb::Sign(call) => sign_call(&call),
        Verb::Code => show_code(),
        Verb::Doctor { url } => examine(&url),
        Verb::Import(call) => import::command::run(&call),
        Verb::Audit(call) => audit::run(&call),
        Verb::Backup(call) => backup::back_up(&call),
        Verb::Restore(call) => backup::restore(&call),
    };
    match done {
        Ok(code) => code,
        Err(failure) => {
            anstream::eprintln!("\x1b[1;31merror\x1b[0m {failure}");
            ExitCode::from(2)
        }
    }
}

/// Succeeds when the request does, or when a demo key's request ends as it should.
fn send_call(call: &Call) -> Result<ExitCode> {
    let (request, demo) = prepare(call)?;
    anstream::println!("\x1b[1m{} {}\x1b[0m", request.method, request.url());
    let answer = send::send(&request)?;
    send::show(&answer);
    let expected = demo.filter(|_| call.method.is_none());
    let as_wanted = match &expected {
        Some(key) => answer.status == key.expect_status && answer.code() == key.expect_code,
        None => answer.status < 400,
    };
    if let Some(key) = expected {
        let mark = if as_wanted {
            "\x1b[32m✓\x1b[0m"
        } else {
            "\x1b[31m✗\x1b[0m"
        };
        let code = key.expect_code.unwrap_or_default();
        anstream::println!("{mark} expected {} {code}: {}", key.expect_status, key.note);
    }
    Ok(if as_wanted {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn sign_call(call: &Call) -> Result<ExitCode> {
    let (request, _) = prepare(call)?;
    println!("{}", sign::as_curl(&request));
    Ok(ExitCode::SUCCESS)
}

fn show_code() -> Result<ExitCode> {
    println!("{}", dev::code(&dev::find()?, now_s()?)?);
    Ok(ExitCode::SUCCESS)
}

/// Succeeds when nothing is wrong.
fn examine(url: &str) -> Result<ExitCode> {
    anstream::println!("\x1b[1m{url}\x1b[0m");
    Ok(if doctor::show(&doctor::examine(url)?) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The signed request, and the demo key that it is made with.
fn prepare(call: &Call) -> Result<(Request, Option<DevKey>)> {
    let demo = match &call.demo {
        Some(name) => Some(dev::key(&dev::find()?, name)?.clone()),
        None => None,
    };
    let mut request = match (&demo, &call.method, &call.url) {
        (Some(key), None, None) => Request::of_demo(key)?,
        (Some(key), Some(method), Some(path)) if path.starts_with('/') => {
            Request::to(method, &format!("{}{path}", key.url))?
        }
        (_, Some(method), Some(url)) => Request::to(method, url)?,
        _ => {
            return Err(Failure::new(
                "name a method and a URL, or a demo key with --as",
            ));
        }
    };
    if let Some(data) = &call.data {
        request.body = match data.strip_prefix('@') {
            Some(path) => {
                std::fs::read(path).map_err(|error| Failure::new(format!("{path}: {error}")))?
            }
            None => data.clone().into_bytes(),
        };
    }
    for field in &call.fields {
        let (name, value) = field
            .split_once(':')
            .ok_or_else(|| Failure::new(format!("{field:?} is not `name: value`")))?;
        request
            .fields
            .push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let credential = match (&demo, &call.key_id) {
        (Some(key), _) => Credential::of_demo(key, profile(call.profile))?,
        (None, Some(key_id)) => {
            let scheme = scheme(call.scheme, profile(call.profile));
            Credential::of(key_id, call.secret_file.as_deref(), scheme)?
        }
        (None, None) => {
            return Err(Failure::new(
                "name a key with --key-id, or a demo key with --as",
            ));
        }
    };
    sign::sign(&mut request, &credential, now_s()?)?;
    Ok((request, demo))
}

const fn profile(name: ProfileName) -> Profile {
    match name {
        ProfileName::Rfc9421 => Profile::Rfc9421,
        ProfileName::Cloud9 => Profile::Cloud9,
        ProfileName::Kong => Profile::Kong,
        ProfileName::Cavage => Profile::Cavage,
    }
}

const fn scheme(name: SchemeName, profile: Profile) -> Scheme {
    match name {
        SchemeName::HmacSha512 => Scheme::Signature(Algorithm::HmacSha512, profile),
        SchemeName::HmacSha256 => Scheme::Signature(Algorithm::HmacSha256, profile),
        SchemeName::Basic => Scheme::Basic,
        SchemeName::Bearer => Scheme::Bearer,
    }
}

fn now_s() -> Result<u64> {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map(|since| since.as_secs())
        .map_err(|_| Failure::new("the clock is set before 1970"))
}
