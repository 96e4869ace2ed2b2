//! The results as tables in Markdown and as JSON.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Serialize;

use crate::Error;
use crate::contender::Contender;
use crate::load::{Measured, Traffic};
use crate::process::Cpu;
use crate::rows::{Effort, Failed, Found, Row, Taken};

/// Between these two lines the page has what a run wrote.
pub const BEGIN: &str = "<!-- fanout: begin -->";
pub const END: &str = "<!-- fanout: end -->";

/// Under what conditions a run was made.
#[derive(Debug, Clone, Serialize)]
pub struct Conditions {
    pub date: String,
    pub kernel: String,
    pub processor: String,
    pub cores: usize,
    pub rounds: usize,
    pub seconds: f64,
    /// Load averages of the machine before the first measurement and after the last.
    pub load_before: String,
    pub load_after: String,
    /// What a person adds, as a sentence.
    pub note: String,
}

impl Conditions {
    /// Those of now.
    pub fn now(effort: Effort, note: String) -> Self {
        let file = |path| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let date = Command::new("date").args(["-u", "+%F"]).output();
        let date = date.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        let processor = file("/proc/cpuinfo")
            .lines()
            .find_map(|line| line.strip_prefix("model name"))
            .map(|name| name.trim_start_matches([' ', '\t', ':']).to_owned());
        Self {
            date: date.unwrap_or_default(),
            kernel: version(&file("/proc/sys/kernel/osrelease")).to_owned(),
            processor: processor.unwrap_or_default(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            rounds: effort.rounds,
            seconds: effort.time.as_secs_f64(),
            load_before: load_average(),
            load_after: String::new(),
            note,
        }
    }
}

/// The numbers at the start of a kernel's name. What a distribution puts behind them says nothing to
/// a reader.
fn version(release: &str) -> &str {
    release.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default()
}

/// How many processes wanted to run, on average over the last 1, 5 and 15 minutes.
pub fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// The medians of all rounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    pub contender: Contender,
    pub rounds: usize,
    pub cpu_per_million: Cpu,
    /// Smallest and largest of the rounds.
    pub spread: (f64, f64),
    /// Over the floor of the same row.
    pub times_floor: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Of all rounds together.
    pub lost: u64,
    pub disordered: u64,
    pub refused: u64,
    pub closed: u64,
    pub stalls: u64,
    pub deliveries_per_s: f64,
    pub bytes_per_delivery: f64,
    pub server_busy: f64,
    pub client_busy: f64,
    pub server_waited: f64,
    pub rss_kib: f64,
    pub pss_kib: f64,
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        even if even % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

/// A row's lines, the floor first.
pub fn lines(row: &Row, taken: &[Taken]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for contender in std::iter::once(row.floor).chain(row.others.iter().copied()) {
        let of: Vec<&Measured> = taken
            .iter()
            .filter(|taken| taken.row == row.name && taken.contender == contender)
            .map(|taken| &taken.measured)
            .collect();
        if of.is_empty() {
            continue;
        }
        let middle = |figure: &dyn Fn(&Measured) -> f64| median(of.iter().map(|one| figure(one)));
        let total = |figure: &dyn Fn(&Measured) -> u64| of.iter().map(|one| figure(one)).sum();
        let whole = middle(&|one| one.per_million().total_s());
        let user_s = middle(&|one| one.per_million().user_s);
        let floor = lines.first().map_or(whole, |floor| floor.cpu_per_million.total_s());
        let spread = of.iter().map(|one| one.per_million().total_s());
        lines.push(Line {
            contender,
            rounds: of.len(),
            cpu_per_million: Cpu { user_s, system_s: whole - user_s, waited_s: 0.0 },
            spread: spread
                .fold((f64::MAX, 0.0), |(least, most), one| (least.min(one), most.max(one))),
            times_floor: if floor > 0.0 { whole / floor } else { 0.0 },
            p50_ms: middle(&|one| one.p50_ms),
            p99_ms: middle(&|one| one.p99_ms),
            lost: total(&|one| one.lost),
            disordered: total(&|one| one.disordered),
            refused: total(&|one| one.refused),
            closed: total(&|one| one.closed),
            stalls: total(&|one| one.stalls),
            deliveries_per_s: middle(&Measured::deliveries_per_s),
            bytes_per_delivery: middle(&Measured::bytes_per_delivery),
            server_busy: middle(&Measured::server_busy),
            client_busy: middle(&Measured::client_busy),
            server_waited: middle(&Measured::server_waited),
            rss_kib: middle(&|one| one.idle.unwrap_or_default().rss_kib),
            pss_kib: middle(&|one| one.idle.unwrap_or_default().pss_kib),
        });
    }
    lines
}

/// The generated part of the page.
pub fn markdown(conditions: &Conditions, rows: &[Row], found: &Found) -> String {
    let Found { taken, failed } = found;
    let Conditions { date, kernel, processor, cores, rounds, seconds, .. } = conditions;
    let Conditions { load_before, load_after, note, .. } = conditions;
    let mut page = format!(
        "Measured {date} on {cores} cores of {processor}, Linux {kernel}: medians of {rounds} \
         round(s) of {seconds} s each, server on core 0, load client on core 1. Load average \
         before {load_before}, after {load_after}. {note}"
    );
    page.truncate(page.trim_end().len());
    page.push('\n');
    let (silent, spoken): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| row.traffic == Traffic::Idle);
    if !spoken.is_empty() {
        page.push_str(
            "\n| room | server | CPU s per million (user) | least – most | × bare | p50 / p99 ms | \
             lost | out of order | deliveries/s | bytes per delivery | cores used: server, client | \
             server waited |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        );
        for row in spoken {
            for (at, line) in lines(row, taken).iter().enumerate() {
                let title = if at == 0 { row.title.as_str() } else { "" };
                spoken_line(&mut page, title, line);
            }
        }
    }
    if !silent.is_empty() {
        page.push_str(
            "\n| room | server | KiB of RSS per connection | KiB of PSS |\n| --- | --- | --- | --- |\n",
        );
        for row in silent {
            for (at, line) in lines(row, taken).iter().enumerate() {
                let title = if at == 0 { row.title.as_str() } else { "" };
                let name = line.contender.title();
                let Line { rss_kib, pss_kib, .. } = line;
                // Writing into a text cannot fail.
                let _ = writeln!(page, "| {title} | {name} | {rss_kib:.1} | {pss_kib:.1} |");
            }
        }
    }
    if !failed.is_empty() {
        page.push_str("\nNot measured:\n\n");
        for Failed { round, row, contender, reason } in failed {
            let name = contender.title();
            // Writing into a text cannot fail.
            let _ = writeln!(page, "- round {round}, {row}, {name}: {reason}");
        }
    }
    page
}

fn spoken_line(page: &mut String, title: &str, line: &Line) {
    let cpu = line.cpu_per_million;
    // Writing into a text cannot fail, here and below.
    let mut lost = line.lost.to_string();
    for (count, what) in
        [(line.closed, "connections closed"), (line.refused, "refused"), (line.stalls, "stalls")]
    {
        if count > 0 {
            let _ = write!(lost, ", {count} {what}");
        }
    }
    let _ = writeln!(
        page,
        "| {title} | {} | {:.2} ({:.2}) | {:.2} – {:.2} | {:.2} | {:.0} / {:.0} | {lost} | {} | {} | {:.0} | {:.2}, {:.2} | {:.0} % |",
        line.contender.title(),
        cpu.total_s(),
        cpu.user_s,
        line.spread.0,
        line.spread.1,
        line.times_floor,
        line.p50_ms,
        line.p99_ms,
        line.disordered,
        thousands(line.deliveries_per_s),
        line.bytes_per_delivery,
        line.server_busy,
        line.client_busy,
        line.server_waited * 100.0,
    );
}

/// A whole number with its thousands apart.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The page with its generated part replaced.
pub fn replaced(page: &str, generated: &str) -> Result<String, Error> {
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let Some((before, after)) = parts else {
        return Err(Error::Unexpected(format!("the page has no lines {BEGIN} and {END}")));
    };
    Ok(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", generated.trim()))
}

/// Writes a file and the folders above it.
pub fn write(path: &Path, text: &str) -> Result<(), Error> {
    let doing = || Error::io(format!("write {}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(doing())?;
    }
    fs::write(path, text).map_err(doing())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(contender: Contender, user_s: f64, deliveries: u64) -> Taken {
        let server = Cpu { user_s, system_s: 1.0, waited_s: 0.0 };
        let measured = Measured { seconds: 1.0, deliveries, server, ..Measured::default() };
        Taken { round: 1, row: "r".to_owned(), contender, measured }
    }

    fn row() -> Row {
        Row {
            name: "r".to_owned(),
            title: "1000 members".to_owned(),
            members: 1_000,
            traffic: Traffic::Rate(50.0),
            floor: Contender::BareEach,
            others: vec![Contender::Server, Contender::UWebSockets],
        }
    }

    #[test]
    fn medians_are_divided_and_what_was_not_measured_has_no_line() {
        let all = [
            taken(Contender::BareEach, 0.0, 1_000_000),
            taken(Contender::BareEach, 1.0, 1_000_000),
            taken(Contender::BareEach, 9.0, 1_000_000),
            taken(Contender::Server, 2.0, 1_000_000),
        ];
        let lines = lines(&row(), &all);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].cpu_per_million, Cpu { user_s: 1.0, system_s: 1.0, waited_s: 0.0 });
        assert_eq!(lines[0].spread, (1.0, 10.0));
        assert_eq!(lines[1].times_floor, 1.5);
    }

    #[test]
    fn a_kernel_is_named_by_its_numbers_alone() {
        assert_eq!(version("6.1.0-foo"), "6.1.0");
        assert_eq!(version("6.12.9+deb13-amd64"), "6.12.9");
        assert_eq!(version("6.1"), "6.1");
    }

    #[test]
    fn an_even_number_of_values_has_its_median_between_two() {
        assert_eq!(median([4.0, 1.0, 2.0, 9.0].into_iter()), 3.0);
        assert_eq!(median(std::iter::empty()), 0.0);
    }

    #[test]
    fn only_what_stands_between_the_two_lines_is_replaced() {
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let new = replaced(&page, "new").unwrap();
        assert_eq!(new, format!("before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"));
        assert_eq!(replaced(&new, "new").unwrap(), new);
        assert!(replaced("no lines", "new").is_err());
    }

    #[test]
    fn large_numbers_can_be_read() {
        assert_eq!(thousands(2_012_345.4), "2,012,345");
        assert_eq!(thousands(999.0), "999");
    }
}
