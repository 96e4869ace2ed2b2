//! What a process has used, from `/proc`.

use std::fs;

use serde::{Deserialize, Serialize};

use crate::Error;

/// The kernel counts CPU time for user space in hundredths of a second on every architecture.
const TICKS_PER_S: f64 = 100.0;

/// CPU time of all threads of a process, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Cpu {
    pub user_s: f64,
    pub system_s: f64,
    /// Time in which its threads could have run, and something else had the core.
    pub waited_s: f64,
}

impl Cpu {
    pub fn of(process: u32) -> Result<Self, Error> {
        let stat = read(&format!("/proc/{process}/stat"))?;
        let cpu = Self::parse(&stat)
            .ok_or_else(|| Error::Unexpected(format!("/proc has no times: {stat}")))?;
        Ok(Self { waited_s: waited_s(process)?, ..cpu })
    }

    fn parse(stat: &str) -> Option<Self> {
        // The second field is the program's name in parentheses and may hold spaces itself.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut times = fields.split_ascii_whitespace().skip(11);
        let mut seconds = || Some(times.next()?.parse::<f64>().ok()? / TICKS_PER_S);
        Some(Self { user_s: seconds()?, system_s: seconds()?, waited_s: 0.0 })
    }

    pub fn total_s(self) -> f64 {
        self.user_s + self.system_s
    }

    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            user_s: self.user_s - earlier.user_s,
            system_s: self.system_s - earlier.system_s,
            // A thread that has ended since takes its time along.
            waited_s: (self.waited_s - earlier.waited_s).max(0.0),
        }
    }
}

/// A kernel without these figures gives none, and nothing waits.
fn waited_s(process: u32) -> Result<f64, Error> {
    let tasks = format!("/proc/{process}/task");
    let tasks = fs::read_dir(&tasks).map_err(Error::io(format!("read {tasks}")))?;
    // A thread may end while they are read.
    let schedules = tasks.flatten().map(|task| fs::read_to_string(task.path().join("schedstat")));
    Ok(schedules.flatten().filter_map(|schedule| waited_of_thread_s(&schedule)).sum())
}

fn waited_of_thread_s(schedule: &str) -> Option<f64> {
    let nanoseconds: f64 = schedule.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

/// Memory of a process, in KiB.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Resident pages.
    pub rss_kib: f64,
    /// Resident pages, shared ones in parts.
    pub pss_kib: f64,
}

impl Memory {
    pub fn of(process: u32) -> Result<Self, Error> {
        let rollup = read(&format!("/proc/{process}/smaps_rollup"))?;
        Self::parse(&rollup)
            .ok_or_else(|| Error::Unexpected(format!("/proc has no memory figures: {rollup}")))
    }

    fn parse(rollup: &str) -> Option<Self> {
        let field = |name: &str| {
            let line = rollup.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().strip_suffix("kB")?.trim().parse().ok()
        };
        Some(Self { rss_kib: field("Rss:")?, pss_kib: field("Pss:")? })
    }

    /// What was added since, for each of so many connections.
    #[must_use]
    pub fn added_per(self, earlier: Self, connections: usize) -> Self {
        let connections = connections.max(1) as f64;
        Self {
            rss_kib: (self.rss_kib - earlier.rss_kib) / connections,
            pss_kib: (self.pss_kib - earlier.pss_kib) / connections,
        }
    }
}

fn read(path: &str) -> Result<String, Error> {
    fs::read_to_string(path).map_err(Error::io(format!("read {path}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_are_found_behind_a_name_with_spaces() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 9 0 0 0 150 25 0 0 20 0 4 0 99 1 2";
        let cpu = Cpu::parse(stat).unwrap();
        assert_eq!(cpu, Cpu { user_s: 1.5, system_s: 0.25, waited_s: 0.0 });
        assert_eq!(Cpu::parse("7 (cut) S 1"), None);
    }

    #[test]
    fn the_time_in_which_a_thread_had_to_wait_is_the_second_figure() {
        assert_eq!(waited_of_thread_s("9000000000 1500000000 77\n"), Some(1.5));
        assert_eq!(waited_of_thread_s(""), None);
    }

    #[test]
    fn memory_is_counted_per_connection() {
        let rollup =
            "55-7f ---p 0 00:00 0 [rollup]\nRss:    3000 kB\nPss:    2500 kB\nPss_Dirty: 1 kB\n";
        let after = Memory::parse(rollup).unwrap();
        let before = Memory { rss_kib: 1000.0, pss_kib: 500.0 };
        assert_eq!(after.added_per(before, 100), Memory { rss_kib: 20.0, pss_kib: 20.0 });
    }
}
