//! A server that does the least possible, until it is ended.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use bench_fanout::Error;
use bench_fanout::bare_loop::{BareLoop, Writing};
use clap::Parser;

/// Write what senders send to everybody else, and nothing more
#[derive(Debug, Parser)]
struct Arguments {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Milliseconds in which messages are collected; 0 writes each at once
    #[arg(long, default_value = "0")]
    tick_ms: u64,
}

fn main() -> ExitCode {
    match serve(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bare-loop: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(arguments: &Arguments) -> Result<(), Error> {
    let writing = match arguments.tick_ms {
        0 => Writing::Each,
        tick => Writing::Tick(Duration::from_millis(tick)),
    };
    let (bare, _stop) = BareLoop::listen(arguments.listen, writing)?;
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, r#"{{"event":"ready","gateway":"ws://{}/gateway"}}"#, bare.address())
        .and_then(|()| stdout.flush())
        .map_err(Error::io("write to stdout"))?;
    drop(stdout);
    bare.run().map(|_| ())
}
