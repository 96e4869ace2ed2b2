//! Many viewers on the real service in one process, who come, go, break off, stop reading and speak,
//! while the service is called, restarted and killed. When everything is quiet again, all of them
//! have to agree with each other and with what they were told.
//!
//! What happens is planned from a seed. A failing seed is printed; with
//! `LIVEROOM_SIMULATION_SEED=7 cargo test -p crowd simulation` it happens again.
//! `LIVEROOM_SIMULATION_RUNS` (runs with seeds from that one on), `LIVEROOM_SIMULATION_STEPS` and
//! `LIVEROOM_SIMULATION_VIEWERS` make longer ones.

mod announcer;
mod compare;
mod faults;
mod ledger;
mod plan;
mod run;
mod screen;
mod seat;
mod service;
mod viewer;

use plan::Size;
use run::{Ended, Happened};
use tokio::task::JoinSet;

/// Of every test run, beside one that is drawn.
const SEEDS: [u64; 2] = [1, 2];
/// Most of a simulation is waiting.
const AT_ONCE: usize = 4;
const SIZE: Size = Size { viewers: 14, steps: 260 };

fn number(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is a whole number, not {value:?}")))
}

fn size() -> Size {
    let or = |name: &str, size: usize| number(name).map_or(size, |n| usize::try_from(n).unwrap());
    Size {
        viewers: or("LIVEROOM_SIMULATION_VIEWERS", SIZE.viewers).max(1),
        steps: or("LIVEROOM_SIMULATION_STEPS", SIZE.steps).max(20),
    }
}

fn seeds() -> Vec<u64> {
    let runs = number("LIVEROOM_SIMULATION_RUNS");
    match (number("LIVEROOM_SIMULATION_SEED"), runs) {
        (Some(first), runs) => (first..first + runs.unwrap_or(1)).collect(),
        (None, Some(runs)) => (0..runs).map(|_| u64::from(rand::random::<u32>())).collect(),
        (None, None) => SEEDS.into_iter().chain([u64::from(rand::random::<u32>())]).collect(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simulation_of_many_viewers_ends_with_everybody_knowing_the_same() {
    let size = size();
    faults::watch();
    let mut seeds = seeds().into_iter();
    let (mut running, mut failed) = (JoinSet::new(), Vec::new());
    let mut all = Happened::default();
    loop {
        while running.len() < AT_ONCE
            && let Some(seed) = seeds.next()
        {
            running.spawn(async move { (seed, run::run(seed, size).await) });
        }
        let Some(ended) = running.join_next().await else { break };
        let (seed, Ended { mut broken, happened }) = ended.unwrap();
        println!("seed {seed}: {happened:?}");
        all.add(happened);
        // Of this one, or of one beside it.
        broken.extend(faults::take());
        if !broken.is_empty() {
            let Size { viewers, steps } = size;
            failed.push(format!(
                "LIVEROOM_SIMULATION_SEED={seed} LIVEROOM_SIMULATION_VIEWERS={viewers} \
                 LIVEROOM_SIMULATION_STEPS={steps} cargo test -p crowd simulation\n{}",
                broken.join("\n")
            ));
        }
    }
    assert!(all.is_rich() || number("LIVEROOM_SIMULATION_SEED").is_some(), "{all:?}");
    assert!(
        failed.is_empty(),
        "promises were broken; each happens again with its line:\n{}",
        failed.join("\n\n")
    );
}
