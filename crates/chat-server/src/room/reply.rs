//! Where the verdict about a draft goes.

use tokio::sync::oneshot;

use super::Verdict;

/// Owes a verdict. When a panic drops it, the draft went to nobody, and its sender is told to send it
/// again; only the end of the process leaves a sender without a word.
pub(super) struct Reply(Option<oneshot::Sender<Verdict>>);

impl Reply {
    pub(super) fn new() -> (Self, oneshot::Receiver<Verdict>) {
        let (sender, verdict) = oneshot::channel();
        (Self(Some(sender)), verdict)
    }

    /// Whoever asked may have gone; the verdict stands all the same.
    pub(super) fn send(mut self, verdict: Verdict) {
        if let Some(sender) = self.0.take() {
            let _ = sender.send(verdict);
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(sender) = self.0.take()
        {
            let _ = sender.send(Verdict::Broken);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn a_panic_that_loses_a_draft_tells_its_sender_to_send_it_again() {
        let (reply, mut verdict) = Reply::new();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _lost = reply;
            panic!("while it is on the way");
        }));
        assert!(panicked.is_err());
        assert!(matches!(verdict.try_recv(), Ok(Verdict::Broken)));
    }

    #[test]
    fn the_end_of_the_process_says_nothing() {
        let (reply, mut verdict) = Reply::new();
        drop(reply);
        assert!(matches!(verdict.try_recv(), Err(oneshot::error::TryRecvError::Closed)));
    }
}
