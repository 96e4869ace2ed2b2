//! Fills a room with members, lets senders speak, and prints what came of it as one JSON line.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bench_fanout::Error;
use bench_fanout::load::{Login, Plan, Protocol, Traffic, measure};
use clap::{Parser, ValueEnum};
use tls_transport::Trust;

#[derive(Debug, Parser)]
struct Arguments {
    /// Where the server listens
    #[arg(long)]
    address: SocketAddr,
    /// Number of the application; without it the server is a bare loop
    #[arg(long, requires = "key")]
    sdk_app_id: Option<u32>,
    /// Its key, for the UserSigs
    #[arg(long, env = "FANOUT_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Room to fill
    #[arg(long, default_value = "fanout")]
    group: String,
    /// Connections that read
    #[arg(long, default_value = "1000")]
    members: usize,
    /// Connections that speak
    #[arg(long, default_value = "4", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    senders: usize,
    #[arg(long, default_value = "rate")]
    mode: Mode,
    /// Messages per second of all senders together, for --mode rate
    #[arg(long, default_value = "50")]
    rate: f64,
    /// Messages under way at any time, for --mode saturated
    #[arg(long, default_value = "128")]
    in_flight: usize,
    /// Seconds of traffic before those that are measured
    #[arg(long, default_value = "2")]
    warm_up_s: f64,
    /// Seconds that are measured
    #[arg(long, default_value = "10")]
    seconds: f64,
    /// Members read compressed frames
    #[arg(long)]
    deflate: bool,
    /// Connect over TLS to a server whose authority is in this PEM file
    #[arg(long)]
    ca: Option<PathBuf>,
    /// Process whose CPU time and memory are read
    #[arg(long)]
    server_pid: Option<u32>,
    /// Connections that are being made at once
    #[arg(long, default_value = "64")]
    parallel: usize,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Mode {
    /// Connect and say nothing
    Idle,
    /// A given rate of messages
    Rate,
    /// As many messages as the server takes
    Saturated,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Error> {
    let Arguments { sdk_app_id, key, group, deflate, .. } = arguments;
    let protocol = match (sdk_app_id, key) {
        (Some(sdk_app_id), Some(key)) => {
            Protocol::Gateway(Login { sdk_app_id, key, group_id: group, deflate })
        }
        _ => Protocol::Bare,
    };
    let unusable = |error: tls_transport::Error| Error::Unexpected(error.to_string());
    let tls = arguments.ca.map(|file| {
        Trust::nobody().with_authorities_of(&file).and_then(|trust| trust.client_config())
    });
    let plan = Plan {
        tls: tls.transpose().map_err(unusable)?,
        address: arguments.address,
        protocol,
        members: arguments.members,
        senders: arguments.senders,
        traffic: match arguments.mode {
            Mode::Idle => Traffic::Idle,
            Mode::Rate => Traffic::Rate(arguments.rate),
            Mode::Saturated => Traffic::Saturated(arguments.in_flight),
        },
        warm_up: Duration::from_secs_f64(arguments.warm_up_s),
        time: Duration::from_secs_f64(arguments.seconds),
        server_process: arguments.server_pid,
        parallel: arguments.parallel,
    };
    let measured = measure(&plan)?;
    let json = serde_json::to_string(&measured)
        .map_err(|error| Error::Unexpected(format!("the result is no JSON: {error}")))?;
    writeln!(std::io::stdout(), "{json}").map_err(Error::io("write to stdout"))
}
