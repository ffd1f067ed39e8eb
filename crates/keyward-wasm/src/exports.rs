//! The functions of the module. There is no unsafe code in here, but exporting a name takes an
//! attribute that is called so: two functions of one name would be one.
#![expect(unsafe_code, reason = "only for the names of exports")]
use std::cell::{Cell, RefCell};

use keyward_core::address::AddressSet;
use keyward_core::decide::Told;
use keyward_core::denial::{Code, Denial};
use keyward_core::key::Accounts;
use keyward_core::request::ContentLength;
use keyward_host::keys::Loaded;
use zeroize::Zeroize;

use crate::answer::Answer;
use crate::parts::Parts;
use crate::slots::Slots;
use crate::verifier::{Evidence, Moment, Outcome, Verifier};
use crate::{proxies, signing};

/// What a call that cannot be read is answered with: the two sides do not belong together.
const UNREADABLE: u32 = 255;

struct Module {
    /// Written by JavaScript between two calls, hence the cells.
    input: Vec<Cell<u8>>,
    scratch: Vec<u8>,
    answer: Answer,
    verifiers: Slots<Verifier>,
    proxies: Slots<AddressSet>,
}

thread_local! {
    static MODULE: RefCell<Module> = const {
        RefCell::new(Module {
            input: Vec::new(),
            scratch: Vec::new(),
            answer: Answer::new(),
            verifiers: Slots::new(),
            proxies: Slots::new(),
        })
    };
}

/// Makes a call with what lies in the input: `bytes` of it, with so many `parts`.
fn call(parts: u32, bytes: u32, run: impl FnOnce(&mut Module, Parts<'_>) -> Option<u32>) -> u32 {
    MODULE.with_borrow_mut(|module| {
        let mut scratch = std::mem::take(&mut module.scratch);
        scratch.clear();
        let input = module.input.iter().take(bytes as usize);
        scratch.extend(input.map(Cell::get));
        let answered = Parts::read(&scratch, parts as usize).and_then(|parts| run(module, parts));
        module.scratch = scratch;
        answered.unwrap_or(UNREADABLE)
    })
}

/// A call whose input holds secrets: no copy is left behind.
fn secret_call(
    parts: u32,
    bytes: u32,
    run: impl FnOnce(&mut Module, Parts<'_>) -> Option<u32>,
) -> u32 {
    let answered = call(parts, bytes, run);
    MODULE.with_borrow_mut(|module| {
        module.scratch.zeroize();
        module.input.iter().for_each(|byte| byte.set(0));
    });
    answered
}

/// Room for so many bytes of input, and where it is. Text is put there before each call.
#[unsafe(no_mangle)]
extern "C" fn input_reserve(bytes: u32) -> *const Cell<u8> {
    MODULE.with_borrow_mut(|module| {
        if module.input.len() < bytes as usize {
            module.input.resize(bytes as usize, Cell::new(0));
        }
        module.input.as_ptr()
    })
}

/// Where the answer to the last call is: its number of parts, their lengths, the parts.
#[unsafe(no_mangle)]
extern "C" fn answer_at() -> *const u8 {
    MODULE.with_borrow_mut(|module| module.answer.finish().as_ptr())
}

/// A verifier: see [`Verifier::open`]. 0: the answer says what is wrong.
#[unsafe(no_mangle)]
extern "C" fn verifier_open(parts: u32, bytes: u32, asks_for_ed25519: u32) -> u32 {
    secret_call(parts, bytes, |module, parts| {
        let opened = Verifier::open(parts, asks_for_ed25519 != 0);
        Some(module.held(opened, |module, verifier| module.verifiers.insert(verifier)))
    })
}

#[unsafe(no_mangle)]
extern "C" fn verifier_close(verifier: u32) {
    MODULE.with_borrow_mut(|module| module.verifiers.remove(verifier));
}

/// See [`Verifier::verify`]. `content`: -1 there is none, -2 of unknown length, else its length.
/// `evidence`: 0 none; what lies behind the parts is 1 the content, 2 digests of content of so many
/// `octets`, 3 a signature; 4 the signature is wrong.
///
/// 0 allow, 1 allow with replay, 2 deny, 3 key, 4 signature, 5 preflight, 8 content, and with it 1 SHA-256,
/// 2 SHA-512, 4 the bytes.
#[unsafe(no_mangle)]
extern "C" fn verifier_verify(
    verifier: u32,
    parts: u32,
    bytes: u32,
    content: f64,
    now_ms: f64,
    since: f64,
    evidence: u32,
    octets: f64,
) -> u32 {
    call(parts, bytes, |module, parts| {
        let rest = parts.rest();
        let evidence = match evidence {
            0 => Evidence::None,
            1 => Evidence::Content(rest),
            2 => Evidence::Digests {
                octets: octets as u64,
                digests: rest,
            },
            3 => Evidence::Signature(rest),
            _ => Evidence::NoSignature,
        };
        let content = match content {
            -1.0 => ContentLength::None,
            -2.0 => ContentLength::Unknown,
            octets => ContentLength::Declared(octets as u64),
        };
        let moment = Moment {
            now_ms,
            since: since as u64,
        };
        let verifier = module.verifiers.get(verifier)?;
        let outcome = verifier.verify(parts, content, moment, evidence, &mut module.answer);
        Some(match outcome {
            Outcome::Allow { replay } => u32::from(replay),
            Outcome::Deny => 2,
            Outcome::NeedsKey => 3,
            Outcome::NeedsSignature => 4,
            Outcome::Preflight => 5,
            Outcome::NeedsContent {
                sha256,
                sha512,
                bytes,
            } => 8 | u32::from(sha256) | u32::from(sha512) << 1 | u32::from(bytes) << 2,
        })
    })
}

/// See [`Verifier::put`]; the record is one part more. 1: the answer says why it is not believed.
#[unsafe(no_mangle)]
extern "C" fn verifier_put(
    verifier: u32,
    parts: u32,
    bytes: u32,
    found: u32,
    now_ms: f64,
    number: f64,
) -> u32 {
    call(parts, bytes, |module, parts| {
        let mut behind = parts;
        let _ = (behind.part(), behind.part(), behind.part());
        let text = (found != 0).then(|| behind.part());
        let loaded = Loaded {
            at_ms: now_ms,
            number: number as u64,
        };
        let put = module.verifiers.get(verifier)?.put(parts, text, loaded);
        module.answer.clear();
        if let Err(reason) = put {
            module.answer.push(reason);
        }
        Some(u32::from(put.is_err()))
    })
}

/// The refusal with a code, by its place among all. Of a request, where there is a verifier: see
/// [`Verifier::refuse`]. Without one the part is a sentence on what was wrong, or empty.
#[unsafe(no_mangle)]
extern "C" fn verifier_refuse(
    verifier: u32,
    parts: u32,
    bytes: u32,
    code: u32,
    now_ms: f64,
) -> u32 {
    call(parts, bytes, |module, mut parts| {
        let code = *Code::ALL.get(code as usize)?;
        if let Some(verifier) = module.verifiers.get(verifier) {
            verifier.refuse(parts, code, now_ms, &mut module.answer);
        } else {
            let detail = parts.part();
            module.answer.clear();
            let denial = match detail {
                "" => Denial::new(code),
                _ => Denial::because(code, detail),
            };
            module.answer.deny(&denial, &[]);
        }
        Some(0)
    })
}

/// See [`Verifier::count_usage`].
#[unsafe(no_mangle)]
extern "C" fn usage_count(verifier: u32) -> u32 {
    call(0, 0, |module, _| {
        module.verifiers.get(verifier)?.count_usage();
        Some(0)
    })
}

/// See [`Verifier::note_allowed`].
#[unsafe(no_mangle)]
extern "C" fn usage_allowed(verifier: u32, parts: u32, bytes: u32, now_ms: f64) -> u32 {
    call(parts, bytes, |module, parts| {
        module.verifiers.get(verifier)?.note_allowed(parts, now_ms);
        Some(0)
    })
}

/// See [`Verifier::take_usage`].
#[unsafe(no_mangle)]
extern "C" fn usage_take(verifier: u32, early: u32, now_ms: f64) -> u32 {
    call(0, 0, |module, _| {
        let verifier = module.verifiers.get(verifier)?;
        verifier.take_usage(early != 0, now_ms, &mut module.answer);
        Some(0)
    })
}

/// See [`Verifier::end_usage`].
#[unsafe(no_mangle)]
extern "C" fn usage_end(verifier: u32, has_arrived: u32, now_ms: f64) -> u32 {
    call(0, 0, |module, _| {
        let verifier = module.verifiers.get(verifier)?;
        verifier.end_usage(has_arrived != 0, now_ms, &mut module.answer);
        Some(0)
    })
}

/// See [`Verifier::forward`].
#[unsafe(no_mangle)]
extern "C" fn verifier_forward(verifier: u32, parts: u32, bytes: u32, stripped: u32) -> u32 {
    call(parts, bytes, |module, parts| {
        let verifier = module.verifiers.get(verifier)?;
        verifier.forward(parts, stripped != 0, &mut module.answer);
        Some(0)
    })
}

/// What an origin is told. The parts are key id, organisation, account, `all`, `listed` or nothing,
/// the number of roles, the roles, the accounts.
#[unsafe(no_mangle)]
extern "C" fn grant_told(parts: u32, bytes: u32) -> u32 {
    call(parts, bytes, |module, mut parts| {
        let (key_id, organisation, account) = (parts.part(), parts.part(), parts.part());
        let (which, count) = (parts.part(), parts.part());
        let rest = parts.all();
        let (roles, names) = rest.split_at_checked(count.parse().ok()?)?;
        let accounts = match which {
            "all" => Some(Accounts::All),
            "listed" => Some(Accounts::Listed(
                names.iter().map(|name| (*name).to_owned()).collect(),
            )),
            _ => None,
        };
        let told = Told {
            key_id,
            organisation,
            roles,
            account: (!account.is_empty()).then_some(account),
            accounts: accounts.as_ref(),
        };
        module.answer.clear();
        for (name, value) in told.fields() {
            module.answer.push(name);
            module.answer.push(value);
        }
        Some(0)
    })
}

/// Keys in memory, the bytes of their records, absences, tokens: as text.
#[unsafe(no_mangle)]
extern "C" fn verifier_sizes(verifier: u32) -> u32 {
    call(0, 0, |module, _| {
        let sizes = module.verifiers.get(verifier)?.sizes();
        module.answer.clear();
        for size in sizes {
            module.answer.push_number(size as u64);
        }
        Some(0)
    })
}

/// See [`signing::fields`]. 1: the answer says why not.
#[unsafe(no_mangle)]
extern "C" fn request_sign(parts: u32, bytes: u32, created_s: f64) -> u32 {
    secret_call(parts, bytes, |module, parts| {
        module.answer.clear();
        let signed = signing::fields(parts, created_s as u64, &mut module.answer);
        Some(match signed {
            Ok(()) => 0,
            Err(error) => {
                module.answer.push(error);
                1
            }
        })
    })
}

/// Networks of proxies. 0: the answer says what is wrong.
#[unsafe(no_mangle)]
extern "C" fn proxies_open(parts: u32, bytes: u32) -> u32 {
    call(parts, bytes, |module, parts| {
        let compiled = proxies::compile(parts);
        Some(module.held(compiled, |module, set| module.proxies.insert(set)))
    })
}

#[unsafe(no_mangle)]
extern "C" fn proxies_close(proxies: u32) {
    MODULE.with_borrow_mut(|module| module.proxies.remove(proxies));
}

/// See [`proxies::client`]; an empty answer is "not known".
#[unsafe(no_mangle)]
extern "C" fn proxies_client(proxies: u32, parts: u32, bytes: u32) -> u32 {
    call(parts, bytes, |module, parts| {
        let client = proxies::client(parts, module.proxies.get(proxies)?);
        module.answer.clear();
        module.answer.push(client.unwrap_or_default());
        Some(0)
    })
}

impl Module {
    /// The handle of what was made; 0 with a sentence in the answer.
    fn held<T>(
        &mut self,
        made: Result<T, String>,
        insert: impl FnOnce(&mut Self, T) -> u32,
    ) -> u32 {
        self.answer.clear();
        match made {
            Ok(value) => insert(self, value),
            Err(error) => {
                self.answer.push(error);
                0
            }
        }
    }
}
