//! When to leave a dead receiver alone. Pure: the time is passed in.

/// Failures in a row that open the breaker.
const FAILURES: u32 = 5;
/// How long it stays open at first; twice as long after every failed probe.
const FIRST_PAUSE_MS: u64 = 5_000;
const LONGEST_PAUSE_MS: u64 = 60_000;

/// The right to call once. Its outcome counts only while the breaker is in the state that gave it:
/// a call that was under way when the breaker opened says nothing about the receiver's recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Answered,
    Failed,
    /// The caller went away before there was an outcome.
    Abandoned,
}

#[derive(Debug)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        since_ms: u64,
        pause_ms: u64,
    },
    /// One call is under way that decides.
    Probing {
        pause_ms: u64,
    },
}

#[derive(Debug)]
pub(super) struct Breaker {
    state: State,
    /// Counts the changes of state.
    epoch: u64,
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self { state: State::Closed { failures: 0 }, epoch: 0 }
    }

    /// Closes it whatever happened before: there is another receiver now.
    pub(super) fn reset(&mut self) {
        self.change(State::Closed { failures: 0 });
    }

    /// Whether [`Self::admit`] would refuse.
    pub(super) fn refuses(&self, now_ms: u64) -> bool {
        match self.state {
            State::Closed { .. } => false,
            // A clock that was set back must not keep it open for the difference.
            State::Open { since_ms, pause_ms } => {
                (since_ms..since_ms.saturating_add(pause_ms)).contains(&now_ms)
            }
            State::Probing { .. } => true,
        }
    }

    /// When an open breaker lets a probe through.
    pub(super) fn retry_at(&self) -> Option<u64> {
        match self.state {
            State::Open { since_ms, pause_ms } => Some(since_ms.saturating_add(pause_ms)),
            State::Closed { .. } | State::Probing { .. } => None,
        }
    }

    pub(super) fn admit(&mut self, now_ms: u64) -> Option<Ticket> {
        if self.refuses(now_ms) {
            return None;
        }
        if let State::Open { pause_ms, .. } = self.state {
            self.change(State::Probing { pause_ms });
        }
        Some(Ticket(self.epoch))
    }

    pub(super) fn report(&mut self, ticket: Ticket, outcome: Outcome, now_ms: u64) {
        if ticket.0 != self.epoch {
            return;
        }
        match (&mut self.state, outcome) {
            (State::Closed { failures }, Outcome::Answered) => *failures = 0,
            (State::Closed { failures }, Outcome::Failed) => {
                *failures += 1;
                if *failures >= FAILURES {
                    self.change(State::Open { since_ms: now_ms, pause_ms: FIRST_PAUSE_MS });
                }
            }
            (State::Probing { .. }, Outcome::Answered) => self.reset(),
            (State::Probing { pause_ms }, Outcome::Failed) => {
                let pause_ms = pause_ms.saturating_mul(2).min(LONGEST_PAUSE_MS);
                self.change(State::Open { since_ms: now_ms, pause_ms });
            }
            (State::Probing { pause_ms }, Outcome::Abandoned) => {
                // The pause is over already; the next call probes.
                let pause_ms = *pause_ms;
                self.change(State::Open { since_ms: now_ms.saturating_sub(pause_ms), pause_ms });
            }
            (State::Closed { .. }, Outcome::Abandoned) | (State::Open { .. }, _) => {}
        }
    }

    fn change(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: u64 = 1_760_000_000_000;

    fn call(breaker: &mut Breaker, outcome: Outcome, now_ms: u64) {
        let ticket = breaker.admit(now_ms).expect("the breaker lets calls through");
        breaker.report(ticket, outcome, now_ms);
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::new();
        for _ in 0..FAILURES {
            call(&mut breaker, Outcome::Failed, NOW);
        }
        breaker
    }

    #[test]
    fn only_failures_in_a_row_open_it() {
        let mut breaker = Breaker::new();
        for _ in 0..FAILURES {
            for _ in 1..FAILURES {
                call(&mut breaker, Outcome::Failed, NOW);
            }
            call(&mut breaker, Outcome::Abandoned, NOW);
            call(&mut breaker, Outcome::Answered, NOW);
        }
        assert!(!breaker.refuses(NOW));
        assert!(opened().refuses(NOW));
    }

    #[test]
    fn the_pause_doubles_with_every_failed_probe_and_has_an_end() {
        let mut breaker = opened();
        let mut now = NOW;
        for pause_s in [5, 10, 20, 40, 60, 60] {
            assert!(breaker.admit(now + pause_s * 1_000 - 1).is_none());
            now += pause_s * 1_000;
            call(&mut breaker, Outcome::Failed, now);
        }
        now += LONGEST_PAUSE_MS;
        call(&mut breaker, Outcome::Answered, now);
        for _ in 1..FAILURES {
            call(&mut breaker, Outcome::Failed, now);
        }
        assert!(!breaker.refuses(now), "a success closes it for good");
    }

    #[test]
    fn one_probe_at_a_time_and_an_abandoned_one_makes_room() {
        let mut breaker = opened();
        let now = NOW + FIRST_PAUSE_MS;
        let probe = breaker.admit(now).unwrap();
        assert!(breaker.admit(now).is_none());
        breaker.report(probe, Outcome::Abandoned, now);
        assert!(breaker.admit(now).is_some());
    }

    #[test]
    fn a_call_from_before_the_opening_decides_nothing() {
        let mut breaker = Breaker::new();
        let early = breaker.admit(NOW).unwrap();
        for _ in 0..FAILURES {
            call(&mut breaker, Outcome::Failed, NOW);
        }
        breaker.report(early, Outcome::Answered, NOW);
        assert!(breaker.refuses(NOW));
    }

    #[test]
    fn another_receiver_and_a_clock_set_back_start_anew() {
        let mut breaker = opened();
        breaker.reset();
        assert!(!breaker.refuses(NOW));
        assert!(!opened().refuses(NOW - 1));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Admit,
        Report(usize, Outcome),
        Wait(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let outcome = prop_oneof![
            4 => Just(Outcome::Failed),
            1 => Just(Outcome::Answered),
            1 => Just(Outcome::Abandoned)
        ];
        prop_oneof![
            3 => Just(Step::Admit),
            3 => (0..4_usize, outcome).prop_map(|(which, outcome)| Step::Report(which, outcome)),
            1 => (0..20_000_u64).prop_map(Step::Wait),
        ]
    }

    proptest! {
        /// Whatever happens, a dead receiver is not asked by two probes at once, and a receiver
        /// that lives again is found within the longest pause.
        #[test]
        fn it_neither_floods_nor_forgets(steps in proptest::collection::vec(step(), 0..200)) {
            let mut breaker = Breaker::new();
            let mut tickets = Vec::new();
            let mut now = NOW;
            for step in steps {
                match step {
                    Step::Admit => {
                        let refused = breaker.refuses(now);
                        let ticket = breaker.admit(now);
                        prop_assert_eq!(ticket.is_none(), refused);
                        if let State::Probing { .. } = breaker.state {
                            prop_assert!(breaker.refuses(now));
                        }
                        tickets.extend(ticket);
                    }
                    Step::Report(which, outcome) if which < tickets.len() => {
                        breaker.report(tickets.swap_remove(which), outcome, now);
                    }
                    Step::Report(..) => {}
                    Step::Wait(ms) => now += ms,
                }
            }
            for ticket in tickets {
                breaker.report(ticket, Outcome::Failed, now);
            }
            now += LONGEST_PAUSE_MS;
            call(&mut breaker, Outcome::Answered, now);
            let closed = matches!(breaker.state, State::Closed { failures: 0 });
            prop_assert!(closed);
        }
    }
}
