//! Measures the chat server beside the bare loops, round by round, and writes the tables.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bench_fanout::Error;
use bench_fanout::contender::{Programs, Site};
use bench_fanout::report::{self, Conditions};
use bench_fanout::rows::{self, Effort, Failed, Row, Taken};
use clap::Parser;
use serde_json::json;

/// Measure the chat server beside the bare loops
#[derive(Debug, Parser)]
struct Arguments {
    /// Folder with the programs `liveroom`, `bare-loop` and `load`
    #[arg(long)]
    programs: PathBuf,
    /// Folder for fanout.md and fanout.json
    #[arg(long)]
    out: PathBuf,
    /// Page whose generated part is replaced
    #[arg(long)]
    write: Option<PathBuf>,
    /// Times that everything is measured
    #[arg(long, default_value = "5", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Seconds of each measurement
    #[arg(long, default_value = "8")]
    seconds: f64,
    /// Members of the small and of the large room
    #[arg(long, value_delimiter = ',', num_args = 1, default_value = "1000,10000")]
    members: Vec<usize>,
    /// Rows to measure, instead of all
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// What else is to be said of the conditions, as a sentence for the page
    #[arg(long, default_value = "")]
    note: String,
    /// Bun, to measure uWebSockets as well
    #[arg(long, requires = "peer_script")]
    bun: Option<PathBuf>,
    /// The server that runs in it
    #[arg(long)]
    peer_script: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fanout-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Error> {
    let [small, large] = arguments.members[..] else {
        return Err(Error::Unexpected("--members takes two numbers, as in 1000,10000".to_owned()));
    };
    let peer = arguments.bun.zip(arguments.peer_script);
    let all = rows::rows(small, large, peer.is_some());
    let chosen = choose(all, &arguments.only)?;
    let effort = Effort {
        rounds: usize::try_from(arguments.rounds).unwrap_or(1),
        warm_up: Duration::from_secs(2),
        time: Duration::from_secs_f64(arguments.seconds),
    };
    let mut site = Site::new(Programs {
        liveroom: arguments.programs.join("liveroom"),
        bare_loop: arguments.programs.join("bare-loop"),
        load: arguments.programs.join("load"),
        peer,
    })?;
    let mut conditions = Conditions::now(effort, arguments.note);
    let found = rows::measure(&mut site, &chosen, effort, tell)?;
    conditions.load_after = report::load_average();

    let page = report::markdown(&conditions, &chosen, &found);
    let lines: Vec<_> = chosen
        .iter()
        .map(|row| json!({ "row": row.name, "lines": report::lines(row, &found.taken) }))
        .collect();
    let results = json!({ "conditions": conditions, "medians": lines, "found": found });
    report::write(&arguments.out.join("fanout.md"), &page)?;
    report::write(&arguments.out.join("fanout.json"), &format!("{results:#}\n"))?;
    if let Some(path) = &arguments.write {
        let doing = Error::io(format!("read {}", path.display()));
        let text = std::fs::read_to_string(path).map_err(doing)?;
        report::write(path, &report::replaced(&text, &page)?)?;
    }
    say(&format!("\n{page}\nwritten to {}", arguments.out.display()));
    Ok(())
}

fn choose(all: Vec<Row>, only: &[String]) -> Result<Vec<Row>, Error> {
    let names: Vec<String> = all.iter().map(|row| row.name.clone()).collect();
    if let Some(unknown) = only.iter().find(|name| !names.contains(name)) {
        let names = names.join(", ");
        return Err(Error::Unexpected(format!("there is no row {unknown}; there are {names}")));
    }
    let chosen = |row: &Row| only.is_empty() || only.contains(&row.name);
    Ok(all.into_iter().filter(chosen).collect())
}

fn tell(row: &Row, result: Result<&Taken, &Failed>) {
    let Taken { round, contender, measured, .. } = match result {
        Ok(taken) => taken,
        Err(Failed { round, contender, reason, .. }) => {
            let name = contender.title();
            return say(&format!("round {round}, {}, {name}: {reason}", row.title));
        }
    };
    let cpu = measured.per_million();
    let idle = measured.idle.unwrap_or_default().rss_kib;
    say(&format!(
        "round {round}, {}, {}: {:.2} ({:.2}) CPU s per million, p99 {:.0} ms, {:.0} deliveries/s, \
         {} lost, {} out of order, {idle:.1} KiB per connection",
        row.title,
        contender.title(),
        cpu.total_s(),
        cpu.user_s,
        measured.p99_ms,
        measured.deliveries_per_s(),
        measured.lost,
        measured.disordered,
    ));
}

/// That nobody reads the progress any more is no reason to stop.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
