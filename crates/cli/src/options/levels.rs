//! Options of experience and levels.

use business_server::LevelRules;

/// Most experience of one threshold. Nobody comes near it.
const MOST_EXPERIENCE: u64 = 1_000_000_000_000;
/// Levels, at most.
const MAX_LEVELS: usize = 1_000;

#[derive(Debug, clap::Args)]
pub(crate) struct LevelOptions {
    /// Experience for each full minute in a room, 0 to 1000000
    #[arg(
        long,
        env = "LIVEROOM_LEVELS_WATCHED_MINUTE",
        value_name = "NUMBER",
        default_value = "1",
        value_parser = clap::value_parser!(u32).range(0..=1_000_000)
    )]
    levels_watched_minute: u32,

    /// Minutes in rooms that count on one day, 0 to 1440
    #[arg(
        long,
        env = "LIVEROOM_LEVELS_WATCHED_MINUTES_PER_DAY",
        value_name = "NUMBER",
        default_value = "240",
        value_parser = clap::value_parser!(u32).range(0..=1_440)
    )]
    levels_watched_minutes_per_day: u32,

    /// Experience for each comment, 0 to 1000000
    #[arg(
        long,
        env = "LIVEROOM_LEVELS_COMMENT",
        value_name = "NUMBER",
        default_value = "2",
        value_parser = clap::value_parser!(u32).range(0..=1_000_000)
    )]
    levels_comment: u32,

    /// Comments that count in one minute, 0 to 1000000
    #[arg(
        long,
        env = "LIVEROOM_LEVELS_COMMENTS_PER_MINUTE",
        value_name = "NUMBER",
        default_value = "5",
        value_parser = clap::value_parser!(u32).range(0..=1_000_000)
    )]
    levels_comments_per_minute: u32,

    /// Experience for each coin of a gift, 0 to 1000000
    #[arg(
        long,
        env = "LIVEROOM_LEVELS_COIN",
        value_name = "NUMBER",
        default_value = "1",
        value_parser = clap::value_parser!(u32).range(0..=1_000_000)
    )]
    levels_coin: u32,

    /// Experience at which the levels 1, 2, 3 … begin, rising, with commas between; without it level
    /// n begins at 50 n², up to level 50
    #[arg(
        long,
        env = "LIVEROOM_LEVELS_THRESHOLDS",
        value_name = "NUMBERS",
        value_parser = thresholds
    )]
    levels_thresholds: Option<Thresholds>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Thresholds(Vec<u64>);

impl LevelOptions {
    pub(crate) fn rules(&self) -> LevelRules {
        let thresholds = self.levels_thresholds.clone();
        LevelRules {
            watched_minute: self.levels_watched_minute.into(),
            watched_minutes_per_day: self.levels_watched_minutes_per_day.into(),
            comment: self.levels_comment.into(),
            comments_per_minute: self.levels_comments_per_minute.into(),
            coin: self.levels_coin.into(),
            thresholds: thresholds.map_or_else(|| LevelRules::default().thresholds, |own| own.0),
        }
    }
}

fn thresholds(text: &str) -> Result<Thresholds, String> {
    let numbers: Option<Vec<u64>> =
        text.split(',').map(|number| number.trim().parse().ok()).collect();
    let fits = |number: &u64| (1..=MOST_EXPERIENCE).contains(number);
    numbers
        .filter(|numbers| numbers.len() <= MAX_LEVELS && numbers.iter().all(fits))
        .filter(|numbers| numbers.is_sorted_by(|lower, higher| lower < higher))
        .map(Thresholds)
        .ok_or_else(|| {
            format!(
                "these have to be 1 to {MAX_LEVELS} whole numbers from 1 to {MOST_EXPERIENCE}, each \
                 higher than the one before, as in 50,200,450"
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        levels: LevelOptions,
    }

    fn rules(words: &[&str]) -> LevelRules {
        Line::try_parse_from([&["liveroom"], words].concat()).unwrap().levels.rules()
    }

    #[test]
    fn without_any_option_the_rules_are_those_of_the_service() {
        assert_eq!(rules(&[]), LevelRules::default());
    }

    #[test]
    fn every_rule_can_be_set() {
        let words = [
            "--levels-watched-minute=2",
            "--levels-watched-minutes-per-day=3",
            "--levels-comment=4",
            "--levels-comments-per-minute=6",
            "--levels-coin=7",
            "--levels-thresholds=10, 30,1000",
        ];
        let expected = LevelRules {
            watched_minute: 2,
            watched_minutes_per_day: 3,
            comment: 4,
            comments_per_minute: 6,
            coin: 7,
            thresholds: vec![10, 30, 1_000],
        };
        assert_eq!(rules(&words), expected);
    }

    #[test]
    fn thresholds_that_do_not_rise_are_refused_with_an_example() {
        for wrong in ["", "0", "ten", "10,10", "30,10", "10,,30", "-5", "1000000000001"] {
            assert!(thresholds(wrong).unwrap_err().contains("50,200,450"), "{wrong}");
        }
    }
}
