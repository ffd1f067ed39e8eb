//! Guarantees that a refusal costs the same work whoever is refused (rule 12): what is done after
//! the look-up depends neither on whether there is such a key nor on how much of a MAC was right.
//! Work is counted, not timed: callgrind runs this very program and counts its instructions.

mod cases;
#[path = "../fixture/mod.rs"]
mod fixture;

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use cases::{CREDENTIALS, Case, cases};
use fixture::{Fixture, NOW_S};
use keyward_core::authenticate::{Authenticated, authenticate};
use keyward_core::content::ContentEvidence;
use keyward_core::denial::Code;
use keyward_core::key::Key;
use keyward_core::parse::{Credential, Exchange};

/// Names valgrind; without it nothing is counted.
const VALGRIND: &str = "KEYWARD_VALGRIND";
/// Set in the process whose instructions are counted.
const COUNTED: &str = "KEYWARD_COUNTED";
/// The least of as many counts: comparing public text takes some instructions more where it lies
/// across a page.
const ROUNDS: usize = 5;
/// Where the store knows something, there is a little more to look at. One block more to hash would
/// be more than this.
const DIFFERENCE_MAX_PERCENT: u64 = 2;

/// What is counted: all that is done between the look-up and the refusal.
#[inline(never)]
fn judged(credential: &Credential<'_>, key: Option<&Key>, content: &[u8]) -> Option<Code> {
    let principal = match authenticate(credential, key, NOW_S) {
        Ok(Authenticated::Principal(principal)) => Ok(principal),
        Ok(Authenticated::AwaitingContent(awaiting)) => {
            let evidence = ContentEvidence::of(content, &awaiting.needs());
            awaiting.with_content(&evidence)
        }
        Err(denial) => Err(denial),
    };
    match principal {
        Ok(_) => None,
        Err(denial) => Some(denial.code()),
    }
}

fn judge(fixture: &Fixture, case: &Case) {
    let code = case.sent.look(|request| {
        let exchange =
            Exchange::parse(&fixture.deployment, &fixture.catalogue, request).expect("an exchange");
        let credential = Credential::parse(&exchange).expect("a credential");
        let key = black_box(case.key.as_ref());
        judged(black_box(&credential), key, black_box(&case.sent.content))
    });
    assert_eq!(code, Some(Code::InvalidCredentials), "{}", case.wrong);
}

#[test]
fn a_refusal_costs_the_same_whoever_is_refused() {
    let fixture = Fixture::new(|_| ());
    let all = || CREDENTIALS.map(|credential| (credential, cases(&fixture, credential)));
    if env::var_os(COUNTED).is_some() {
        for round in 0..ROUNDS {
            // Elsewhere in memory each time.
            black_box(Vec::<u8>::with_capacity(round * 1_003)).leak();
            for (_, cases) in all() {
                cases.iter().for_each(|case| judge(&fixture, case));
            }
        }
        return;
    }
    let all = all();
    let Some(valgrind) = env::var_os(VALGRIND) else {
        println!("not run: {VALGRIND} does not name valgrind (`cargo xtask test` installs it)");
        return;
    };
    let cases = all.iter().map(|(_, cases)| cases.len()).sum();
    let mut counts = count(Path::new(&valgrind), cases).into_iter();
    for (credential, cases) in &all {
        let counted: Vec<(&Case, u64)> = cases.iter().zip(&mut counts).collect();
        for (case, count) in &counted {
            println!("{credential:?}, {}: {count} instructions", case.wrong);
        }
        let allowed = counted[0].1 * DIFFERENCE_MAX_PERCENT / 100;
        assert!(spread(&counted, |_| true) <= allowed, "{credential:?}");
        let told = spread(&counted, |case| case.differs_by_bytes_alone);
        assert_eq!(told, 0, "{credential:?}: which bytes are right can be told");
    }
}

/// How far the counts of these cases are apart.
fn spread(counted: &[(&Case, u64)], of: impl Fn(&Case) -> bool) -> u64 {
    let counts = || {
        let those = counted.iter().filter(|(case, _)| of(case));
        those.map(|(_, count)| *count)
    };
    let least = counts().min().expect("cases");
    counts().max().expect("cases") - least
}

/// The instructions of each case.
fn count(valgrind: &Path, cases: usize) -> Vec<u64> {
    let folder = env::temp_dir().join(format!("keyward-same-work-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let output = Command::new(valgrind)
        .args(["--tool=callgrind", "--zero-before=same_work::judged"])
        .arg("--dump-after=same_work::judged")
        .arg(format!(
            "--callgrind-out-file={}",
            folder.join("count").display()
        ))
        .arg(env::current_exe().expect("this program"))
        .arg("--test-threads=1")
        .env(COUNTED, "1")
        // What is freed is kept at hand, so that to allocate costs the same each time.
        .env(
            "GLIBC_TUNABLES",
            "glibc.malloc.tcache_count=127:glibc.malloc.tcache_max=65536",
        )
        .output()
        .expect("valgrind runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    let all: Vec<u64> = (1..=cases * ROUNDS)
        .map(|number| total(&folder.join(format!("count.{number}"))))
        .collect();
    fs::remove_dir_all(&folder).expect("the folder goes");
    let least = |case| all.iter().skip(case).step_by(cases).min().copied();
    (0..cases).filter_map(least).collect()
}

fn total(dump: &Path) -> u64 {
    let text = fs::read_to_string(dump).expect("callgrind counted each call");
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    total.and_then(|count| count.parse().ok()).expect("a total")
}
