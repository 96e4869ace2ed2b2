//! Work that is done again and again.

use backon::BackoffBuilder;
use std::fmt::Display;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{LONGEST_PAUSE, pauses};

/// What a step that runs at a stop has to come to its end. Then it is cut off, and done again at the
/// next start: what it has written without a commit is undone.
const LAST_STEP: Duration = Duration::from_secs(2);

/// When the next step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// There is more to do.
    Now,
    /// After the period, or when it is woken.
    Period,
    /// After this time, or when it is woken.
    In(Duration),
    /// After this time, whoever wakes it: the pace itself is what counts.
    Rest(Duration),
}

/// Does `work` until `stop`: at once, and then as each step says. The next step after one that failed
/// waits longer with each failure in a row, and nobody wakes it.
pub(crate) async fn every<W, F, E>(
    stop: &CancellationToken,
    period: Duration,
    wake: Option<&Notify>,
    mut work: W,
) where
    W: FnMut() -> F,
    F: Future<Output = Result<Next, E>>,
    E: Display,
{
    let mut failures = pauses().build();
    while !stop.is_cancelled() {
        let done = tokio::select! {
            done = work() => done,
            () = out_of_time(stop) => {
                tracing::warn!("stopped in the middle: the rest is done at the next start");
                return;
            }
        };
        if done.is_ok() {
            failures = pauses().build();
        }
        let (wait, wake) = match done {
            Ok(Next::Now) => continue,
            Ok(Next::Period) => (period, wake),
            Ok(Next::In(wait)) => (wait, wake),
            Ok(Next::Rest(wait)) => (wait, None),
            Err(error) => {
                let wait = failures.next().unwrap_or(LONGEST_PAUSE);
                tracing::error!(%error, ?wait, "a step failed: it is tried again");
                (wait, None)
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = woken(wake) => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn out_of_time(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(LAST_STEP).await;
}

async fn woken(wake: Option<&Notify>) {
    match wake {
        Some(wake) => wake.notified().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::sync::mpsc;
    use tokio::time::Instant;

    const NEVER: Duration = Duration::from_secs(3_600);

    /// Tells of each step, which goes as `next` says.
    fn steps(
        period: Duration,
        next: impl Fn(u32) -> Result<Next, &'static str> + Send + Sync + 'static,
    ) -> (
        mpsc::UnboundedReceiver<Instant>,
        Arc<Notify>,
        CancellationToken,
        tokio::task::JoinHandle<()>,
    ) {
        let (tell, steps) = mpsc::unbounded_channel();
        let (wake, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        let (of, until) = (Arc::clone(&wake), stop.clone());
        let running = tokio::spawn(async move {
            let number = AtomicU32::new(0);
            every(&until, period, Some(&of), || {
                tell.send(Instant::now()).unwrap();
                std::future::ready(next(number.fetch_add(1, Ordering::SeqCst)))
            })
            .await;
        });
        (steps, wake, stop, running)
    }

    #[tokio::test]
    async fn the_first_step_is_done_at_once_and_another_when_it_is_woken() {
        let (mut steps, wake, stop, running) = steps(NEVER, |_| Ok(Next::Period));
        steps.recv().await.unwrap();
        wake.notify_one();
        steps.recv().await.unwrap();
        stop.cancel();
        running.await.unwrap();
        assert!(steps.try_recv().is_err());
    }

    #[tokio::test]
    async fn steps_follow_each_other_while_there_is_more_and_after_the_period() {
        let period = Duration::from_millis(20);
        let (mut steps, _wake, stop, running) =
            steps(period, |number| Ok(if number < 3 { Next::Now } else { Next::Period }));
        let mut times = Vec::new();
        for _ in 0..5 {
            times.push(steps.recv().await.unwrap());
        }
        assert!(times[4] - times[3] >= period);
        stop.cancel();
        running.await.unwrap();
    }

    #[tokio::test]
    async fn nobody_wakes_a_step_that_rests_or_follows_a_failure() {
        for first in [Ok(Next::Rest(Duration::from_millis(50))), Err("on purpose")] {
            let (mut steps, wake, stop, running) =
                steps(NEVER, move |number| if number == 0 { first } else { Ok(Next::Period) });
            let begun = steps.recv().await.unwrap();
            wake.notify_one();
            let again = steps.recv().await.unwrap();
            assert!(again - begun >= Duration::from_millis(50), "{first:?}");
            stop.cancel();
            running.await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_step_that_runs_at_a_stop_comes_to_its_end() {
        let (stop, ended) = (CancellationToken::new(), AtomicU32::new(0));
        every(&stop, NEVER, None, || async {
            stop.cancel();
            tokio::task::yield_now().await;
            ended.fetch_add(1, Ordering::SeqCst);
            Ok::<_, &str>(Next::Now)
        })
        .await;
        assert_eq!(ended.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_step_that_never_ends_does_not_hold_up_the_stop() {
        let stop = CancellationToken::new();
        every(&stop, NEVER, None, || {
            stop.cancel();
            std::future::pending::<Result<Next, &str>>()
        })
        .await;
    }
}
