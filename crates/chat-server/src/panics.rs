//! A panic ends what panicked, and nothing else.

use futures_util::FutureExt;
use prometheus_client::metrics::counter::Counter;
use std::any::Any;
use std::panic::AssertUnwindSafe;

use crate::counters::add;

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
