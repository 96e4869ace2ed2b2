//! A panic ends what panicked, and nothing else.

use futures_util::FutureExt;
use prometheus_client::metrics::counter::Counter;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use crate::counters::add;
use crate::faults::Faults;

/// What work that goes on all the time waits after a panic, so that one that panics every time costs
/// little.
pub(crate) const PANIC_PAUSE: Duration = Duration::from_millis(100);

/// Where the panics of a part of the service are counted, and by what a test causes them.
#[derive(Clone, Default)]
pub(crate) struct Supervision {
    pub(crate) panics: Counter,
    pub(crate) faults: Faults,
}

impl Supervision {
    /// As [`caught`], and a test may let the work begin with a panic.
    pub(crate) async fn caught<T>(
        &self,
        place: &str,
        what: &'static str,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let supervised = async {
            self.faults.at(place, what);
            work.await
        };
        caught(what, &self.panics, supervised).await
    }
}

/// Carries work out. A panic in it is counted and logged, and gives `None`. Whoever asks for this
/// says what becomes of things that the work has left half done.
pub(crate) async fn caught<T>(
    what: &'static str,
    counter: &Counter,
    work: impl Future<Output = T>,
) -> Option<T> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(done) => Some(done),
        Err(panic) => {
            add(counter, 1);
            tracing::error!(what, reason = reason(&*panic), "a panic was caught");
            None
        }
    }
}

/// The text of a panic, which comes in one of two types.
fn reason(panic: &(dyn Any + Send)) -> &str {
    let literal = panic.downcast_ref::<&str>().copied();
    literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_counted_and_the_next_work_goes_on() {
        let counter = Counter::default();
        let number = std::hint::black_box(7);
        let panicked = caught("test", &counter, async { panic!("text {number}") }).await;
        assert_eq!(panicked, None::<()>);
        assert_eq!(caught("test", &counter, async { 7 }).await, Some(7));
        assert_eq!(counter.get(), 1);
        let texts: [Box<dyn Any + Send>; 3] =
            [Box::new("literal"), Box::new("made".to_owned()), Box::new(7)];
        assert_eq!(texts.each_ref().map(|text| reason(&**text)), ["literal", "made", "no text"]);
    }
}
