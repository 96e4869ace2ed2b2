//! What the person at the terminal sees of the steps: one line each, and a table after the checks.

use std::time::{Duration, Instant};

use crate::process::Error;
use crate::tally::Tally;

/// How a step ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// Nothing had to be done.
    Already,
    Worked,
}

/// Runs one step and prints how it ended.
pub(crate) fn step(name: &str, work: impl FnOnce() -> Result<Done, Error>) -> Result<(), Error> {
    let start = Instant::now();
    let result = work();
    match result {
        Ok(Done::Already) => say!("{name} … ready"),
        Ok(Done::Worked) => say!("{name} … {}", seconds(start.elapsed())),
        Err(_) => say!("{name} … failed after {}", seconds(start.elapsed())),
    }
    result.map(|_| ())
}

pub(crate) fn seconds(time: Duration) -> String {
    let tenths = (time.as_millis() + 50) / 100;
    if tenths < 600 {
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else {
        let whole = (tenths + 5) / 10;
        format!("{} min {} s", whole / 60, whole % 60)
    }
}

/// One line of the table that closes a test run.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) tally: Tally,
    /// Nothing if the step was not run.
    pub(crate) time: Option<Duration>,
}

impl Row {
    /// A failure of one, for a step that could not be run.
    pub(crate) fn not_run(name: &'static str) -> Self {
        Self { name, tally: Tally { passed: 0, failed: 1 }, time: None }
    }
}

/// The steps with result and time, aligned.
pub(crate) fn table(rows: &[Row]) -> String {
    let results: Vec<String> = rows.iter().map(result).collect();
    let name_width = rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
    let result_width = results.iter().map(String::len).max().unwrap_or_default();
    let mut text = String::new();
    for (row, result) in rows.iter().zip(&results) {
        let time = row.time.map_or_else(|| "-".to_owned(), seconds);
        text.push_str(&format!("{:name_width$}  {result:result_width$}  {time:>12}\n", row.name));
    }
    text
}

/// Worded unlike the closing line, so that a search for that one finds it alone.
fn result(row: &Row) -> String {
    let Tally { passed, failed } = row.tally;
    match (row.time, failed) {
        (None, _) => "not run".to_owned(),
        (Some(_), 0) if passed == 1 => "ok".to_owned(),
        (Some(_), 0) => format!("ok ({passed})"),
        (Some(_), 1) if passed == 0 => "FAILED".to_owned(),
        (Some(_), _) => format!("FAILED ({failed} of {})", passed + failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_times_show_tenths_and_long_ones_minutes() {
        assert_eq!(seconds(Duration::from_millis(40)), "0.0 s");
        assert_eq!(seconds(Duration::from_millis(12_345)), "12.3 s");
        assert_eq!(seconds(Duration::from_millis(59_960)), "1 min 0 s");
        assert_eq!(seconds(Duration::from_secs(200)), "3 min 20 s");
    }

    #[test]
    fn the_table_tells_passed_failed_and_skipped_steps_apart() {
        let second = Some(Duration::from_secs(1));
        let rows = [
            Row { name: "fmt", tally: Tally { passed: 1, failed: 0 }, time: second },
            Row { name: "ui-test", tally: Tally { passed: 30, failed: 0 }, time: second },
            Row { name: "build", tally: Tally { passed: 0, failed: 1 }, time: second },
            Row { name: "rust-test", tally: Tally { passed: 11, failed: 2 }, time: second },
            Row::not_run("acceptance"),
        ];
        let expected = "\
fmt         ok                       1.0 s
ui-test     ok (30)                  1.0 s
build       FAILED                   1.0 s
rust-test   FAILED (2 of 13)         1.0 s
acceptance  not run                      -
";
        assert_eq!(table(&rows), expected);
    }

    #[test]
    fn a_step_hands_on_the_error_of_its_work() {
        let failed = step("a step", || Err(Error::Person("do this".to_owned())));
        assert_eq!(failed.map_err(|error| error.to_string()), Err("do this".to_owned()));
        assert!(step("a step", || Ok(Done::Already)).is_ok());
    }
}
