//! Who says what when.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::Duration;

/// What viewers of a shop say by themselves.
const REMARKS: [&str; 28] = [
    "so pretty",
    "good evening from the night shift",
    "how big is the cup?",
    "is it dishwasher safe?",
    "that glaze",
    "the steam looks so cosy",
    "first time here, hello",
    "which clay is that?",
    "does it come in blue?",
    "I have the bowl, love it",
    "can you turn it once more?",
    "the light is lovely today",
    "how long does the firing take?",
    "ordered two",
    "what is the red one on the shelf?",
    "my tea is ready too",
    "晚上好",
    "这个杯子好看",
    "多少钱一个？",
    "釉色太美了",
    "第一次来，你好",
    "有蓝色的吗？",
    "可以放洗碗机吗？",
    "已下单",
    "灯光好温柔",
    "容量多大？",
    "想要那个碗",
    "主播辛苦了 🍵",
];

/// What many say at once: these come in waves.
const CHEERS: [&str; 6] = ["666", "好看", "wow", "❤️❤️❤️", "want it", "+1"];

/// Nicknames, of things.
const NICKS: [&str; 16] = [
    "paper boat",
    "blue teapot",
    "晚风",
    "river stone",
    "小石头",
    "left sock",
    "night train",
    "桂花",
    "pine cone",
    "old radio",
    "月亮船",
    "copper bell",
    "rain coat",
    "青柠",
    "window seat",
    "lost button",
];

/// One remark in sixteen starts a wave.
const WAVE_ONE_IN: u32 = 16;
const WAVE_LENGTH: std::ops::RangeInclusive<u32> = 4..=12;
/// Within a wave people are this much quicker.
const WAVE_SPEED: f64 = 5.0;

/// One thing that one viewer says.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Pause since the line before.
    pub after: Duration,
    /// Number of the viewer, from 0.
    pub viewer: u32,
    pub text: &'static str,
}

/// An endless script. Pauses are exponentially distributed around the mean, as those of many
/// people who do not know of each other are.
#[derive(Debug)]
pub struct Script {
    rng: StdRng,
    viewers: u32,
    mean_pause: Duration,
    wave: Option<(&'static str, u32)>,
}

impl Script {
    /// A script for `viewers` (at least one) with one line per `mean_pause` on average outside of
    /// waves.
    pub fn new(seed: u64, viewers: u32, mean_pause: Duration) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), viewers: viewers.max(1), mean_pause, wave: None }
    }
}

impl Iterator for Script {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        let (text, speed) = match self.wave.take() {
            Some((text, left)) => {
                self.wave = left.checked_sub(1).filter(|left| *left > 0).map(|left| (text, left));
                (text, WAVE_SPEED)
            }
            None if self.rng.random_ratio(1, WAVE_ONE_IN) => {
                let text = CHEERS[self.rng.random_range(0..CHEERS.len())];
                self.wave = Some((text, self.rng.random_range(WAVE_LENGTH)));
                (text, 1.0)
            }
            None => (REMARKS[self.rng.random_range(0..REMARKS.len())], 1.0),
        };
        // The draw is in (0, 1], so its logarithm is finite; ten means are long enough.
        let draw: f64 = 1.0 - self.rng.random::<f64>();
        let means = (-draw.ln()).min(10.0);
        let after = self.mean_pause.mul_f64(means / speed);
        let viewer = self.rng.random_range(0..self.viewers);
        Some(Line { after, viewer, text })
    }
}

/// Account id of a viewer.
pub fn viewer_id(viewer: u32) -> String {
    format!("crowd_{viewer:03}")
}

/// Nickname of a viewer; numbered once the names are used up.
pub fn viewer_nick(viewer: u32) -> String {
    let names = u32::try_from(NICKS.len()).unwrap_or(u32::MAX);
    let name = NICKS[usize::try_from(viewer % names).unwrap_or(0)];
    match viewer / names {
        0 => name.to_owned(),
        round => format!("{name} {}", round + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(seed: u64) -> Vec<Line> {
        Script::new(seed, 12, Duration::from_millis(700)).take(400).collect()
    }

    #[test]
    fn the_same_seed_says_the_same_and_another_seed_does_not() {
        assert_eq!(script(7), script(7));
        assert_ne!(script(7), script(8));
    }

    #[test]
    fn lines_come_from_the_given_viewers_at_about_the_given_pace() {
        let lines = script(1);
        assert!(lines.iter().all(|line| line.viewer < 12 && !line.text.is_empty()));
        let calm: Vec<_> = lines.iter().filter(|line| !CHEERS.contains(&line.text)).collect();
        let total: Duration = calm.iter().map(|line| line.after).sum();
        let mean = total.as_millis() / calm.len() as u128;
        assert!((500..900).contains(&mean), "mean pause outside of waves is {mean} ms, not 700");
    }

    #[test]
    fn some_lines_come_in_waves_so_that_there_is_something_to_fold() {
        let lines = script(3);
        let longest = lines.chunk_by(|a, b| a.text == b.text).map(<[Line]>::len).max();
        assert!(longest.is_some_and(|length| length >= 4), "longest wave is {longest:?}");
    }

    #[test]
    fn no_two_viewers_of_a_large_crowd_share_a_nickname() {
        let nicks: std::collections::HashSet<_> = (0..200).map(viewer_nick).collect();
        assert_eq!(nicks.len(), 200);
    }
}
