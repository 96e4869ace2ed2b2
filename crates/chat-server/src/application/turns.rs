//! One run of something at a time, shared by all who ask for it meanwhile.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// From the end of one run to the begin of the next. Whoever asks waits that long at most, and
/// however many ask, there are fifty runs in a second.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs that began after somebody asked count for everybody who had asked by then.
#[derive(Debug, Default)]
pub(super) struct Turns {
    begun: AtomicU64,
    /// When the last run ended, if it ended well.
    ended: Mutex<Option<Instant>>,
}

impl Turns {
    /// Returns when a run has begun after this call and ended well; `run` is that run unless
    /// somebody else's is.
    pub(super) async fn take<E>(&self, run: impl Future<Output = Result<(), E>>) -> Result<(), E> {
        let before = self.begun.load(Ordering::SeqCst);
        let mut ended = self.ended.lock().await;
        if self.begun.load(Ordering::SeqCst) > before && ended.is_some() {
            return Ok(());
        }
        // Nothing is there for the others when this one fails or is given up.
        if let Some(last) = ended.take() {
            sleep_until(last + PAUSE).await;
        }
        self.begun.fetch_add(1, Ordering::SeqCst);
        run.await?;
        *ended = Some(Instant::now());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;

    #[tokio::test]
    async fn however_many_ask_at_once_two_runs_are_enough() {
        let turns = Turns::default();
        let runs = AtomicU64::new(0);
        let run = || async {
            runs.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Ok::<(), ()>(())
        };
        let asked = join_all((0..1_000).map(|_| turns.take(run()))).await;
        assert!(asked.into_iter().all(|answer| answer.is_ok()));
        assert_eq!(runs.load(Ordering::SeqCst), 2, "who asked during the first run needs another");
        turns.take(run()).await.unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_run_that_fails_counts_for_nobody_else() {
        let turns = Turns::default();
        let runs = AtomicU64::new(0);
        let run = || async {
            tokio::task::yield_now().await;
            let run = runs.fetch_add(1, Ordering::SeqCst);
            if run == 0 { Err("the first fails") } else { Ok(()) }
        };
        let asked = join_all((0..3).map(|_| turns.take(run()))).await;
        assert_eq!(asked.iter().filter(|answer| answer.is_err()).count(), 1);
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }
}
