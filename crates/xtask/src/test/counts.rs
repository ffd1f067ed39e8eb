//! How many tests there were, from what the runners print.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: u32,
    pub(super) failed: u32,
}

impl Counts {
    /// A stage without tests counts as one, and so does a failure that no test stands for.
    pub(super) fn of(output: &str, success: bool, has_tests: bool) -> Self {
        let mut counts = Self {
            passed: 0,
            failed: 0,
        };
        if has_tests {
            output.lines().for_each(|line| counts.add(line.trim()));
            let empty = output.lines().filter(|line| is_left_out(line)).count();
            counts.passed = counts
                .passed
                .saturating_sub(u32::try_from(empty).unwrap_or(0));
        } else {
            counts.passed = u32::from(success);
        }
        if !success && counts.failed == 0 {
            counts.failed = 1;
        }
        counts
    }

    fn add(&mut self, line: &str) {
        // cargo test and wasm-bindgen-test: `test result: ok. 5 passed; 0 failed; …`
        if let Some((_, result)) = line.split_once("test result: ") {
            self.passed += before(result, " passed");
            self.failed += before(result, " failed");
        }
        // node --test: `ℹ pass 5`
        if let Some((name, number)) = line
            .strip_prefix("ℹ ")
            .and_then(|rest| rest.split_once(' '))
        {
            let number = number.parse().unwrap_or(0);
            match name {
                "pass" => self.passed += number,
                "fail" | "cancelled" => self.failed += number,
                _ => {}
            }
        }
    }
}

/// node --test: a file whose tests are all left out counts as one that passed, under the file's name.
fn is_left_out(line: &str) -> bool {
    let name = line
        .strip_prefix("✔ ")
        .and_then(|rest| rest.rsplit_once(" ("));
    name.is_some_and(|(name, _)| name.ends_with(".test.mjs") || name.ends_with(".test.js"))
}

/// The number that stands before a word.
fn before(text: &str, word: &str) -> u32 {
    let number = text
        .split(word)
        .next()
        .and_then(|head| head.split(' ').next_back());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn sums_what_each_runner_says() {
        let output = "test result: ok. 5 passed; 0 failed; 1 ignored\n\
                      test result: FAILED. 2 passed; 3 failed; 0 ignored\n\
                      ℹ tests 9\nℹ pass 4\nℹ fail 1\nℹ cancelled 2\n";
        assert_eq!(
            Counts::of(output, false, true),
            Counts {
                passed: 11,
                failed: 6
            }
        );
    }

    #[test]
    fn a_file_without_a_test_that_fits_is_none() {
        let output = "✔ tests/e2e/many.test.mjs (182.8ms)\n▶ on workerd\n  ✔ it works (3ms)\n\
                      ✔ on workerd (5ms)\nℹ tests 2\nℹ pass 2\nℹ fail 0\n";
        assert_eq!(
            Counts::of(output, true, true),
            Counts {
                passed: 1,
                failed: 0
            }
        );
    }

    #[test]
    fn a_failure_without_a_failed_test_is_one() {
        let output = "test result: ok. 5 passed; 0 failed\nerror: could not compile";
        assert_eq!(
            Counts::of(output, false, true),
            Counts {
                passed: 5,
                failed: 1
            }
        );
    }

    #[test]
    fn a_stage_without_tests_is_one() {
        assert_eq!(
            Counts::of("", true, false),
            Counts {
                passed: 1,
                failed: 0
            }
        );
        assert_eq!(
            Counts::of("", false, false),
            Counts {
                passed: 0,
                failed: 1
            }
        );
    }
}
