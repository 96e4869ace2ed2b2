//! The load client and the bare loop over real sockets: what one counts is what the other wrote.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use bench_fanout::Error;
use bench_fanout::bare_loop::{BareLoop, Done, Writing};
use bench_fanout::load::{Measured, Plan, Protocol, Traffic, measure};

const MEMBERS: usize = 20;

fn run(writing: Writing, traffic: Traffic) -> Result<(Measured, Done), Error> {
    let (bare, stop) = BareLoop::listen(SocketAddr::from(([127, 0, 0, 1], 0)), writing)?;
    let address = bare.address();
    let server = thread::spawn(|| bare.run());
    let plan = Plan {
        tls: None,
        address,
        protocol: Protocol::Bare,
        members: MEMBERS,
        senders: 3,
        traffic,
        warm_up: Duration::from_millis(50),
        time: Duration::from_millis(200),
        server_process: None,
        parallel: 8,
    };
    let measured = measure(&plan);
    stop.stop().map_err(Error::io("stop the loop"))?;
    let ended = server.join().map_err(|_| Error::Unexpected("the loop panicked".to_owned()))?;
    Ok((measured?, ended?))
}

fn all_are_counted((measured, done): &(Measured, Done)) {
    assert!(measured.sent > 0);
    assert_eq!(done.messages, measured.sent);
    assert_eq!(done.dropped, 0);
    assert_eq!(measured.delivered, measured.sent * MEMBERS as u64);
    assert_eq!((measured.lost, measured.disordered), (0, 0));
    assert_eq!((measured.closed, measured.refused, measured.stalls), (0, 0, 0));
}

#[test]
fn every_message_written_at_once_is_counted_once_for_every_member() {
    all_are_counted(&run(Writing::Each, Traffic::Rate(400.0)).unwrap());
}

#[test]
fn every_message_of_a_tick_is_counted_once_for_every_member() {
    all_are_counted(&run(Writing::Tick(Duration::from_millis(5)), Traffic::Rate(400.0)).unwrap());
}

#[test]
fn as_many_messages_as_the_loop_takes_are_all_counted() {
    all_are_counted(&run(Writing::Tick(Duration::from_millis(1)), Traffic::Saturated(12)).unwrap());
}
