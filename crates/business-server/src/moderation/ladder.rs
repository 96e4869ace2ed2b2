//! What follows from one offence after the other.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Steps of one ladder.
const MAX_STEPS: usize = 20;
/// Longest mute or ban, in seconds.
pub(super) const MAX_SECONDS: u32 = 365 * 24 * 3_600;
/// Strikes are remembered so long at most, in seconds: as long as the log that has them.
const MAX_LASTING_S: u32 = 90 * 24 * 3_600;
const DAY_S: u32 = 24 * 3_600;

/// What is done to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
pub(crate) enum Measure {
    /// The assistant tells it what comes next.
    Warn,
    /// It may not speak in the room.
    Mute,
    /// It has to leave the room and may not come back.
    Ban,
}

impl Measure {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Mute => "mute",
            Self::Ban => "ban",
        }
    }
}

/// What the strike of this number brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// 1 is the first strike.
    pub(crate) strike: u32,
    pub(crate) measure: Measure,
    /// Length of a mute or ban.
    #[serde(default)]
    pub(crate) seconds: u32,
}

/// A message that was replaced, refused or dropped for what it says is a strike against its sender
/// in that room. A strike is forgotten after a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Ladder {
    /// How long a strike counts, in seconds.
    pub(crate) lasting_s: u32,
    /// By strike; after the last one it is the last step again. Empty: strikes bring nothing.
    pub(crate) steps: Vec<Step>,
}

impl Default for Ladder {
    fn default() -> Self {
        let step = |strike, measure, seconds| Step { strike, measure, seconds };
        Self {
            lasting_s: DAY_S,
            steps: vec![
                step(2, Measure::Warn, 0),
                step(3, Measure::Mute, 60),
                step(4, Measure::Mute, 600),
                step(5, Measure::Mute, DAY_S),
                step(6, Measure::Ban, DAY_S),
            ],
        }
    }
}

impl Ladder {
    /// What the strike of this number brings, 1 being the first.
    pub(super) fn step(&self, strike: u64) -> Option<Step> {
        let reached = self.steps.iter().rev().find(|step| u64::from(step.strike) <= strike)?;
        let is_last = self.steps.last() == Some(reached);
        (is_last || u64::from(reached.strike) == strike).then_some(*reached)
    }

    /// A sentence about the rule that it breaks.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.steps.len() > MAX_STEPS {
            return Err(format!("a ladder has {MAX_STEPS} steps at most"));
        }
        if !(1..=MAX_LASTING_S).contains(&self.lasting_s) {
            return Err(format!("strikes last 1 to {MAX_LASTING_S} s"));
        }
        let mut before = 0;
        for step in &self.steps {
            if step.strike <= before {
                return Err("the steps of a ladder have rising strikes, from 1".into());
            }
            before = step.strike;
            let fits = match step.measure {
                Measure::Warn => step.seconds == 0,
                Measure::Mute | Measure::Ban => (1..=MAX_SECONDS).contains(&step.seconds),
            };
            if !fits {
                return Err(format!(
                    "a mute or ban takes 1 to {MAX_SECONDS} s, and a warning none"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_rises_and_stays_at_its_top() {
        let ladder = Ladder::default();
        ladder.check().unwrap();
        let steps: Vec<_> = (0..9)
            .map(|strike| ladder.step(strike).map(|step| (step.measure, step.seconds)))
            .collect();
        let ban = Some((Measure::Ban, 86_400));
        assert_eq!(
            steps,
            [
                None,
                None,
                Some((Measure::Warn, 0)),
                Some((Measure::Mute, 60)),
                Some((Measure::Mute, 600)),
                Some((Measure::Mute, 86_400)),
                ban,
                ban,
                ban
            ]
        );
        assert_eq!(Ladder { steps: Vec::new(), ..Ladder::default() }.step(100), None);
    }

    #[test]
    fn a_strike_between_two_steps_brings_nothing() {
        let step = |strike, measure| Step { strike, measure, seconds: 60 };
        let steps = vec![step(2, Measure::Mute), step(5, Measure::Ban)];
        let ladder = Ladder { steps, ..Ladder::default() };
        assert_eq!(ladder.step(3), None);
        assert_eq!(ladder.step(5).unwrap().measure, Measure::Ban);
    }

    #[test]
    fn a_ladder_that_cannot_be_climbed_is_refused() {
        let with = |steps: &[(u32, Measure, u32)]| {
            let step = |(strike, measure, seconds): &(u32, Measure, u32)| Step {
                strike: *strike,
                measure: *measure,
                seconds: *seconds,
            };
            Ladder { steps: steps.iter().map(step).collect(), ..Ladder::default() }.check()
        };
        assert!(with(&[]).is_ok());
        for wrong in [
            &[(0, Measure::Mute, 60)][..],
            &[(2, Measure::Mute, 60), (2, Measure::Ban, 60)],
            &[(1, Measure::Mute, 0)],
            &[(1, Measure::Ban, u32::MAX)],
            &[(1, Measure::Warn, 60)],
        ] {
            assert!(with(wrong).is_err(), "{wrong:?}");
        }
        assert!(Ladder { lasting_s: 0, ..Ladder::default() }.check().is_err());
    }
}
