//! What is measured, in which order.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::contender::{Contender, LOAD_CORE, Running, Site, pinned};
use crate::load::{Measured, Protocol, Traffic};

/// Messages under way where the server is to be the limit, and their senders.
const IN_FLIGHT: usize = 64;
const MANY_SENDERS: usize = 16;
const SENDERS: usize = 4;
/// Deliveries per second at which rooms of different sizes are compared.
const EVEN: f64 = 50_000.0;

/// One kind of load, and who is measured with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// For `--only` and for the results.
    pub name: String,
    pub title: String,
    pub members: usize,
    pub traffic: Traffic,
    /// What the others are compared with; measured before and after them in every round.
    pub floor: Contender,
    pub others: Vec<Contender>,
}

/// How it is measured.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    pub rounds: usize,
    pub warm_up: Duration,
    pub time: Duration,
}

/// One measurement that could not be made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Failed {
    pub round: usize,
    pub row: String,
    pub contender: Contender,
    pub reason: String,
}

/// What a run found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Found {
    pub taken: Vec<Taken>,
    pub failed: Vec<Failed>,
}

/// One measurement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Taken {
    /// From 1.
    pub round: usize,
    pub row: String,
    pub contender: Contender,
    pub measured: Measured,
}

/// All rows for a room of the one size and of the other.
pub fn rows(small: usize, large: usize, peers: bool) -> Vec<Row> {
    use Contender::{
        BareEach, BareTick, Server, ServerDeflate, ServerEach, ServerTls, UWebSockets,
        UWebSocketsTls,
    };
    let row = |name: &str, members, traffic, floor, others: &[Contender]| {
        let mut others = others.to_vec();
        if !peers {
            others.retain(|other| !other.is_peer());
        }
        let title = match traffic {
            Traffic::Idle => format!("{members} members, silent"),
            Traffic::Rate(rate) => format!("{members} members, {rate} messages/s"),
            Traffic::Saturated(_) => format!("{members} members, saturated"),
        };
        Row { name: name.to_owned(), title, members, traffic, floor, others }
    };
    let rate = Traffic::Rate;
    let even = |members: usize| Traffic::Rate(EVEN / members as f64);
    let mut rows = vec![
        row("quiet", small, rate(50.0), BareEach, &[ServerEach, Server, UWebSockets]),
        row("busy", small, rate(300.0), BareTick, &[Server, ServerDeflate, UWebSockets]),
        row("quiet-tls", small, rate(50.0), BareEach, &[Server, ServerTls, UWebSocketsTls]),
        row("busy-tls", small, rate(300.0), BareTick, &[Server, ServerTls, UWebSocketsTls]),
        row("saturated", large, Traffic::Saturated(IN_FLIGHT), BareTick, &[Server, UWebSockets]),
        row("large-quiet", large, rate(50.0), BareTick, &[Server, ServerDeflate]),
        row("large-busy", large, rate(300.0), BareTick, &[Server]),
        row("even-100", 100, even(100), BareEach, &[ServerEach]),
        row("even-large", large, even(large), BareEach, &[ServerEach]),
        row(
            "idle",
            large,
            Traffic::Idle,
            BareEach,
            &[Server, ServerTls, UWebSockets, UWebSocketsTls],
        ),
    ];
    // The first row is this comparison in the small room already, unless its size was chosen.
    if small != 1_000 {
        rows.insert(8, row("even-small", small, even(small), BareEach, &[ServerEach]));
    }
    rows
}

/// Measures all rows, round by round, and tells of each result as it comes.
pub fn measure(
    site: &mut Site,
    rows: &[Row],
    effort: Effort,
    mut each: impl FnMut(&Row, Result<&Taken, &Failed>),
) -> Result<Found, Error> {
    let mut found = Found::default();
    for round in 1..=effort.rounds {
        for row in rows {
            // Memory does not drift with the load of the machine: one floor is enough.
            let again = (row.traffic != Traffic::Idle).then_some(row.floor);
            let turn = std::iter::once(row.floor).chain(row.others.iter().copied()).chain(again);
            for contender in turn {
                let running = site.start(contender)?;
                let name = row.name.clone();
                match load(site, row, &running, effort) {
                    Ok(measured) => {
                        let taken = Taken { round, row: name, contender, measured };
                        each(row, Ok(&taken));
                        found.taken.push(taken);
                    }
                    // A server that breaks under one load is a result, too.
                    Err(error) => {
                        let reason = error.to_string();
                        let failed = Failed { round, row: name, contender, reason };
                        each(row, Err(&failed));
                        found.failed.push(failed);
                    }
                }
            }
        }
    }
    Ok(found)
}

/// One measurement by the load client, in a process of its own on its own core.
fn load(site: &Site, row: &Row, server: &Running, effort: Effort) -> Result<Measured, Error> {
    let mut command: Command = pinned(LOAD_CORE);
    command.arg(&site.programs().load);
    let mut option = |name: &str, value: String| {
        command.arg(format!("--{name}={value}"));
    };
    option("address", server.address.to_string());
    option("members", row.members.to_string());
    option("server-pid", server.process().to_string());
    option("warm-up-s", effort.warm_up.as_secs_f64().to_string());
    option("seconds", effort.time.as_secs_f64().to_string());
    match row.traffic {
        Traffic::Idle => {
            option("mode", "idle".to_owned());
            option("senders", "1".to_owned());
        }
        Traffic::Rate(rate) => {
            option("rate", rate.to_string());
            option("senders", SENDERS.to_string());
        }
        Traffic::Saturated(in_flight) => {
            option("mode", "saturated".to_owned());
            option("in-flight", in_flight.to_string());
            option("senders", MANY_SENDERS.to_string());
        }
    }
    if let Some(ca) = &server.ca {
        option("ca", ca.display().to_string());
    }
    if let Protocol::Gateway(login) = &server.protocol {
        option("sdk-app-id", login.sdk_app_id.to_string());
        option("group", login.group_id.clone());
        if login.deflate {
            command.arg("--deflate");
        }
        command.env("FANOUT_KEY", &login.key);
    }
    let output =
        command.stdin(Stdio::null()).output().map_err(Error::io("start the load client"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(Error::Unexpected(complaint.trim().to_owned()));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Error::Unexpected(format!("the load client's result: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_name_of_its_own_and_peers_only_when_they_are_wanted() {
        for peers in [false, true] {
            let rows = rows(500, 2_000, peers);
            let mut names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), rows.len());
            let peer = |row: &Row| row.others.iter().any(|other| other.is_peer());
            assert_eq!(rows.iter().any(peer), peers);
        }
    }

    #[test]
    fn rooms_of_all_sizes_are_compared_at_the_same_number_of_deliveries() {
        for row in rows(500, 2_000, false).iter().filter(|row| row.name.starts_with("even")) {
            let Traffic::Rate(rate) = row.traffic else { panic!("{} has no rate", row.name) };
            assert!((rate * row.members as f64 - EVEN).abs() < 1.0);
        }
    }
}
