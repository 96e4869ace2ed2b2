//! Counts what the test runners report about themselves.

use std::ops::AddAssign;

/// How many checks held and how many did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// How the checks inside one step are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counting {
    /// The step is one check.
    Whole,
    /// By the summary that each Rust test binary prints.
    Libtest,
    /// By the summary that vitest prints.
    Vitest,
    /// By the summary that the test runner of Node.js prints.
    Node,
    /// By a line `12 passed, 1 failed`.
    Plain,
}

impl Counting {
    /// What a line of output adds to the count.
    pub(crate) fn read(self, line: &str) -> Option<Tally> {
        match self {
            Self::Whole => None,
            Self::Libtest => libtest(&plain(line)),
            Self::Vitest => vitest(&plain(line)),
            Self::Node => node(&plain(line)),
            Self::Plain => closing(&plain(line)),
        }
    }

    /// The final count of a step that exited well or not after reporting `counted`.
    ///
    /// A runner that ends badly without a failed test (it did not compile, it crashed), and one
    /// that finds no test at all, are failures too: neither may look like success.
    pub(crate) fn settle(self, exited_well: bool, counted: Tally) -> Tally {
        let one_more = Tally { failed: counted.failed + 1, ..counted };
        match (self, exited_well) {
            (Self::Whole, true) => Tally { passed: 1, failed: 0 },
            (Self::Whole, false) => Tally { passed: 0, failed: 1 },
            (_, true) if counted == Tally::default() => one_more,
            (_, false) if counted.failed == 0 => one_more,
            _ => counted,
        }
    }
}

/// `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`
fn libtest(line: &str) -> Option<Tally> {
    let summary = line.strip_prefix("test result: ")?;
    let (_, counts) = summary.split_once(". ")?;
    let mut parts = counts.split("; ");
    Some(Tally { passed: count(parts.next()?, "passed")?, failed: count(parts.next()?, "failed")? })
}

/// `      Tests  1 failed | 12 passed | 2 skipped (15)`, in any order and with parts left out
fn vitest(line: &str) -> Option<Tally> {
    let (counts, _total) = line.trim().strip_prefix("Tests ")?.rsplit_once('(')?;
    let mut tally = Tally::default();
    for part in counts.split('|') {
        let (number, word) = part.trim().split_once(' ')?;
        let number: u64 = number.parse().ok()?;
        match word {
            "passed" => tally.passed += number,
            "failed" => tally.failed += number,
            _ => {}
        }
    }
    Some(tally)
}

/// `ℹ pass 12`, and on lines of their own `ℹ fail 1` and `ℹ cancelled 2`: a cancelled test is one
/// that could not be run, say because the service did not start.
fn node(line: &str) -> Option<Tally> {
    let (word, number) = line.trim().strip_prefix("ℹ ")?.split_once(' ')?;
    let number = number.parse().ok()?;
    match word {
        "pass" => Some(Tally { passed: number, failed: 0 }),
        "fail" | "cancelled" => Some(Tally { passed: 0, failed: number }),
        _ => None,
    }
}

/// `12 passed, 1 failed`, alone on its line
fn closing(line: &str) -> Option<Tally> {
    let (passed, failed) = line.trim().split_once(", ")?;
    Some(Tally { passed: count(passed, "passed")?, failed: count(failed, "failed")? })
}

fn count(text: &str, word: &str) -> Option<u64> {
    text.trim().strip_suffix(word)?.trim_end().parse().ok()
}

/// The text without the escape sequences that colour it, which a person's own settings may force.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' && characters.next_if_eq(&'[').is_some() {
            // Parameters and intermediates end at the first byte of the range '@' to '~'.
            while characters.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Tally = Tally { passed: 0, failed: 0 };

    #[test]
    fn a_good_libtest_summary_is_read() {
        let line = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; \
                    0 filtered out; finished in 0.01s\n";
        assert_eq!(Counting::Libtest.read(line), Some(Tally { passed: 12, failed: 0 }));
    }

    #[test]
    fn a_bad_libtest_summary_is_read() {
        let line = "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; \
                    0 filtered out; finished in 1.50s";
        assert_eq!(Counting::Libtest.read(line), Some(Tally { passed: 3, failed: 2 }));
    }

    #[test]
    fn a_coloured_libtest_summary_is_read() {
        let line = "test result: \u{1b}[32mok\u{1b}(B\u{1b}[m. 4 passed; 0 failed; 0 ignored";
        assert_eq!(Counting::Libtest.read(line), Some(Tally { passed: 4, failed: 0 }));
    }

    #[test]
    fn lines_about_single_tests_are_not_summaries() {
        for line in ["running 3 tests", "test a::b ... ok", "test result of mine: 1 passed", ""] {
            assert_eq!(Counting::Libtest.read(line), None, "{line}");
        }
    }

    #[test]
    fn a_vitest_summary_is_read_in_any_order() {
        let good = "      Tests  12 passed (12)";
        assert_eq!(Counting::Vitest.read(good), Some(Tally { passed: 12, failed: 0 }));
        let bad = "      Tests  1 failed | 12 passed | 2 skipped (15)\n";
        assert_eq!(Counting::Vitest.read(bad), Some(Tally { passed: 12, failed: 1 }));
        let turned = "      Tests  12 passed | 1 failed (13)";
        assert_eq!(Counting::Vitest.read(turned), Some(Tally { passed: 12, failed: 1 }));
    }

    #[test]
    fn a_coloured_vitest_summary_is_read() {
        let line = "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m7 passed\u{1b}[39m\u{1b}[22m\
                    \u{1b}[90m (7)\u{1b}[39m";
        assert_eq!(Counting::Vitest.read(line), Some(Tally { passed: 7, failed: 0 }));
    }

    #[test]
    fn vitests_count_of_files_is_not_a_count_of_tests() {
        for line in [" Test Files  2 passed (2)", "      Tests  no tests", "Tests are good (1)"] {
            assert_eq!(Counting::Vitest.read(line), None, "{line}");
        }
    }

    #[test]
    fn the_summary_of_nodes_runner_is_read_line_by_line() {
        let read = |line| Counting::Node.read(line);
        assert_eq!(read("ℹ pass 12\n"), Some(Tally { passed: 12, failed: 0 }));
        assert_eq!(read("ℹ fail 2"), Some(Tally { passed: 0, failed: 2 }));
        assert_eq!(read("\u{1b}[34mℹ cancelled 3\u{1b}[39m"), Some(Tally { passed: 0, failed: 3 }));
        for line in ["ℹ tests 17", "ℹ duration_ms 12.5", "pass 12", "✔ pass 12 (3ms)", ""] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn a_plain_closing_line_is_read_when_it_stands_alone() {
        let read = |line| Counting::Plain.read(line);
        assert_eq!(read("12 passed, 1 failed\n"), Some(Tally { passed: 12, failed: 1 }));
        for line in ["Ran 12 tests in 0.1s", "all 12 passed, 1 failed", "12 passed", ""] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn a_whole_step_counts_as_one() {
        assert_eq!(Counting::Whole.read("test result: ok. 9 passed; 0 failed;"), None);
        assert_eq!(Counting::Whole.settle(true, NONE), Tally { passed: 1, failed: 0 });
        assert_eq!(Counting::Whole.settle(false, NONE), Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn a_runner_that_reports_its_failures_is_believed() {
        let counted = Tally { passed: 5, failed: 2 };
        assert_eq!(Counting::Libtest.settle(false, counted), counted);
        assert_eq!(Counting::Libtest.settle(true, counted), counted);
    }

    #[test]
    fn a_bad_exit_without_a_failed_test_is_one_failure() {
        let counted = Tally { passed: 5, failed: 0 };
        let settled = Counting::Libtest.settle(false, counted);
        assert_eq!(settled, Tally { passed: 5, failed: 1 });
        assert_eq!(Counting::Vitest.settle(false, NONE), Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn a_runner_that_ran_nothing_has_failed() {
        assert_eq!(Counting::Libtest.settle(true, NONE), Tally { passed: 0, failed: 1 });
        assert_eq!(Counting::Vitest.settle(true, NONE), Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn counts_of_several_test_binaries_add_up() {
        let mut sum = Tally { passed: 1, failed: 1 };
        sum += Tally { passed: 2, failed: 0 };
        assert_eq!(sum, Tally { passed: 3, failed: 1 });
    }
}
