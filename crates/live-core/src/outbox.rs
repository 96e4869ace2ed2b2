//! Own comments on their way: sent and not yet answered, or waiting for the connection to send
//! them again.

use std::collections::VecDeque;
use std::time::Duration;

/// Comments on their way at the same time. When there are so many a further one is refused.
pub const MOST: usize = 32;
/// How long the answer to one sending may take.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long a comment may be on its way over all its sendings. The gateway knows a repeated
/// client id for five minutes; sending one again after that could deliver it twice.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(240);

/// The sendings of one own comment, under its present client id, that may have reached the service.
#[derive(Debug, Default)]
pub struct Sendings {
    first: Option<Duration>,
    count: u32,
}

impl Sendings {
    /// By when the comment has to be given up. A retry does not put that off: the gateway counts
    /// its five minutes from the first sending.
    pub fn give_up_at(&self, now: Duration) -> Duration {
        self.first.unwrap_or(now) + GIVE_UP_AFTER
    }

    pub fn any(&self) -> bool {
        self.first.is_some()
    }

    pub fn sent(&mut self, now: Duration) {
        self.first.get_or_insert(now);
        self.count = self.count.saturating_add(1);
    }

    /// The last sending was refused. When it was the only one, nothing has arrived; of an earlier
    /// one that was not answered this says nothing.
    pub fn refused(&mut self) {
        if self.count <= 1 {
            *self = Self::default();
        }
    }
}

#[derive(Debug)]
struct OnItsWay {
    client_id: String,
    text: String,
    give_up_at: Duration,
    /// Number of the request and the time by which it has to be answered; `None` while it waits
    /// for a connection.
    request: Option<(u32, Duration)>,
}

/// The comments on their way, oldest first.
#[derive(Debug, Default)]
pub struct Outbox {
    comments: VecDeque<OnItsWay>,
    refused: u64,
}

impl Outbox {
    /// Takes a comment in, until it arrives or its time is over. False when the outbox is full: it
    /// was not taken.
    #[must_use]
    pub fn put(&mut self, client_id: &str, text: &str, give_up_at: Duration) -> bool {
        if self.comments.len() >= MOST {
            self.refused += 1;
            return false;
        }
        self.comments.push_back(OnItsWay {
            client_id: client_id.to_owned(),
            text: text.to_owned(),
            give_up_at,
            request: None,
        });
        true
    }

    /// Every comment that waits for a connection, as `(client id, text, request number)`; from now
    /// on its answer is awaited.
    pub fn send_waiting(
        &mut self,
        now: Duration,
        mut number: impl FnMut() -> u32,
    ) -> Vec<(String, String, u32)> {
        let waiting = self.comments.iter_mut().filter(|comment| comment.request.is_none());
        waiting
            .map(|comment| {
                let request = number();
                comment.request = Some((request, now + ANSWER_WITHIN));
                (comment.client_id.clone(), comment.text.clone(), request)
            })
            .collect()
    }

    /// The comment has arrived, by whatever way that became known.
    pub fn arrived(&mut self, client_id: &str) {
        self.comments.retain(|comment| comment.client_id != client_id);
    }

    /// The request was refused. Gives the client id of the comment that it carried, if it was one.
    pub fn refused(&mut self, request: u32) -> Option<String> {
        let at = self
            .comments
            .iter()
            .position(|comment| comment.request.is_some_and(|(number, _)| number == request))?;
        self.comments.remove(at).map(|comment| comment.client_id)
    }

    /// The connection is gone, and the answers with it: everything waits again.
    pub fn connection_lost(&mut self) {
        for comment in &mut self.comments {
            comment.request = None;
        }
    }

    /// Takes out the comments whose time is over and gives their client ids.
    pub fn take_overdue(&mut self, now: Duration) -> Vec<String> {
        let overdue = |comment: &OnItsWay| {
            now >= comment.give_up_at || comment.request.is_some_and(|(_, by)| now >= by)
        };
        let over = self.comments.iter().filter(|comment| overdue(comment));
        let ids = over.map(|comment| comment.client_id.clone()).collect();
        self.comments.retain(|comment| !overdue(comment));
        ids
    }

    /// When [`Outbox::take_overdue`] will have something.
    pub fn due(&self) -> Option<Duration> {
        let due = |comment: &OnItsWay| match comment.request {
            Some((_, by)) => by.min(comment.give_up_at),
            None => comment.give_up_at,
        };
        self.comments.iter().map(due).min()
    }

    /// Takes everything out and gives the client ids.
    pub fn take_all(&mut self) -> Vec<String> {
        self.comments.drain(..).map(|comment| comment.client_id).collect()
    }

    /// Comments that were not taken because the outbox was full.
    pub fn refused_when_full(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn send(outbox: &mut Outbox, now: Duration, first: u32) -> Vec<(String, u32)> {
        let mut number = first - 1;
        let sent = outbox.send_waiting(now, || {
            number += 1;
            number
        });
        sent.into_iter().map(|(key, _, number)| (key, number)).collect()
    }

    #[test]
    fn a_full_outbox_refuses_and_counts() {
        let mut outbox = Outbox::default();
        for n in 0..MOST {
            assert!(outbox.put(&n.to_string(), "hi", GIVE_UP_AFTER));
        }
        assert!(!outbox.put("one more", "hi", GIVE_UP_AFTER));
        assert_eq!(outbox.refused_when_full(), 1);
        outbox.arrived("3");
        assert!(outbox.put("one more", "hi", GIVE_UP_AFTER));
    }

    #[test]
    fn after_a_loss_everything_unanswered_is_sent_again_in_order() {
        let mut outbox = Outbox::default();
        for key in ["a", "b", "c"] {
            assert!(outbox.put(key, "hi", GIVE_UP_AFTER));
        }
        assert_eq!(send(&mut outbox, s(0), 1).len(), 3);
        assert!(send(&mut outbox, s(1), 4).is_empty(), "nothing is sent twice on a connection");
        outbox.arrived("b");
        outbox.connection_lost();
        assert_eq!(send(&mut outbox, s(5), 7), [("a".to_owned(), 7), ("c".to_owned(), 8)]);
        assert_eq!(outbox.refused(1), None, "the number of the old connection means nothing");
        assert_eq!(outbox.refused(8), Some("c".to_owned()));
    }

    #[test]
    fn an_answer_may_take_ten_seconds_and_all_sendings_together_four_minutes() {
        let mut outbox = Outbox::default();
        assert!(outbox.put("a", "hi", GIVE_UP_AFTER));
        assert_eq!(outbox.due(), Some(GIVE_UP_AFTER));
        send(&mut outbox, s(0), 1);
        assert_eq!(outbox.due(), Some(ANSWER_WITHIN));
        assert!(outbox.take_overdue(s(9)).is_empty());
        outbox.connection_lost();
        assert!(outbox.take_overdue(s(30)).is_empty(), "it waits for the connection");
        assert_eq!(outbox.take_overdue(GIVE_UP_AFTER), ["a"]);
        assert_eq!(outbox.due(), None);
    }

    #[test]
    fn a_retry_does_not_put_off_the_end_unless_nothing_has_arrived_for_sure() {
        let mut sendings = Sendings::default();
        assert_eq!((sendings.any(), sendings.give_up_at(s(7))), (false, s(7) + GIVE_UP_AFTER));
        sendings.sent(s(10));
        sendings.sent(s(100));
        assert_eq!(sendings.give_up_at(s(120)), s(10) + GIVE_UP_AFTER);
        sendings.refused();
        assert!(sendings.any(), "the first of the two was not answered");
        let mut refused_at_once = Sendings::default();
        refused_at_once.sent(s(10));
        refused_at_once.refused();
        assert!(!refused_at_once.any());
    }
}
