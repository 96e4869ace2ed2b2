//! A panic ends what panicked, and nothing else.

use futures_util::FutureExt;
use std::any::Any;
use std::panic::AssertUnwindSafe;

/// Work ended by a panic with this text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("panic: {0}")]
pub(crate) struct Panicked(String);

/// Carries work out. What it has half done is dropped when it panics: a transaction is undone.
pub(crate) async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| Panicked(reason(&*panic)))
}

/// The text of a panic, which comes in one of two types.
fn reason(panic: &(dyn Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().copied();
    let text = literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no text").to_owned()
}
