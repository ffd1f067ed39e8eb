//! The findings as a table.
use super::{Finding, State};

/// Shows what was found, and what to do about it. `true` if nothing is wrong.
pub fn show(findings: &[Finding]) -> bool {
    let width = findings.iter().map(|finding| finding.what.len()).max();
    let width = width.unwrap_or_default();
    let mut out = String::new();
    for finding in findings {
        let mark = match finding.state {
            State::Right => "\x1b[32m✓\x1b[0m",
            State::Note => "\x1b[33m·\x1b[0m",
            State::Wrong => "\x1b[31m✗\x1b[0m",
        };
        // What others sent does not steer the terminal.
        let found: String = finding
            .found
            .chars()
            .filter(|character| !character.is_control())
            .collect();
        out.push_str(&format!("{mark} {:width$}  {found}\n", finding.what));
        for line in finding.advice.lines() {
            out.push_str(&format!("  {:width$}  {line}\n", ""));
        }
    }
    anstream::print!("{out}");
    findings.iter().all(|finding| finding.state != State::Wrong)
}
