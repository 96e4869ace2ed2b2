//! Messages of one connection that their rooms have not decided about. While they wait the connection
//! goes on, and each of them goes on as soon as its own room has decided: no room waits for another.
//! Answers about one room come in the order in which its messages were sent.

use chat_types::code::ApiError;
use chat_types::gateway::{Delivery, SendOutcome, ServerFrame};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::panics::caught;
use crate::service::{OnItsWay, Outcome, Service};

/// Messages that wait at once. When there are so many, the connection is heard again after one of
/// them is answered.
const MOST: usize = 32;

/// What becomes of the message with this number.
type Fate = Pin<Box<dyn Future<Output = (u64, ServerFrame)> + Send>>;

/// The answers to come.
#[derive(Default)]
pub(super) struct Sending {
    /// The oldest first.
    places: VecDeque<Place>,
    /// `None` while nothing waits: most connections only listen.
    fates: Option<FuturesUnordered<Fate>>,
    next_number: u64,
}

struct Place {
    number: u64,
    room: u64,
    /// It is known, and an older message of the room is not answered yet.
    answer: Option<ServerFrame>,
}

/// A message that its room has not decided about.
pub(super) struct Pending {
    pub(super) id: u32,
    pub(super) client_id: String,
    pub(super) message: Box<OnItsWay>,
}

impl Sending {
    pub(super) fn push(&mut self, pending: Pending, service: &Arc<Service>) {
        let Pending { id, client_id, message } = pending;
        let (service, room) = (Arc::clone(service), message.room());
        self.add(room, async move {
            match service.see_through(*message).await {
                Ok(outcome) => answer(id, client_id, outcome),
                Err(ApiError { code, info, retry_after_ms }) => {
                    ServerFrame::Error { id, code, info, retry_after_ms }
                }
            }
        });
    }

    fn add(&mut self, room: u64, fate: impl Future<Output = ServerFrame> + Send + 'static) {
        let number = self.next_number;
        self.next_number += 1;
        self.places.push_back(Place { number, room, answer: None });
        let fates = self.fates.get_or_insert_default();
        fates.push(Box::pin(async move { (number, fate.await) }));
    }

    /// Sees through what is left when nobody waits for the answers any more: a message that is
    /// delivered is kept, told of and known as a repeat, whatever has become of its sender's connection.
    pub(super) fn go_on_without_answers(&mut self, service: &Arc<Service>) {
        self.places.clear();
        let Some(mut fates) = self.fates.take() else { return };
        let counters = Arc::clone(&service.counters);
        // Tracked with the calls, for which a stop waits. Rooms and recorders have bounds, so these do.
        tokio::spawn(service.calls.track_future(async move {
            // A panic takes one of them out, and the others go on.
            while !fates.is_empty() {
                caught("sending", &counters.panics_connections, fates.next()).await;
            }
        }));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.places.len() >= MOST
    }

    /// The next answer; without a message it never comes.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<ServerFrame> {
        loop {
            if let Some(answer) = self.take_answer() {
                return Poll::Ready(answer);
            }
            let Some(fates) = &mut self.fates else { return Poll::Pending };
            let Some((number, answer)) = ready!(fates.poll_next_unpin(cx)) else {
                self.fates = None;
                return Poll::Pending;
            };
            if let Some(place) = self.places.iter_mut().find(|place| place.number == number) {
                place.answer = Some(answer);
            }
        }
    }

    /// The oldest answer that no older message of its room has to come before.
    fn take_answer(&mut self) -> Option<ServerFrame> {
        let is_next = |index: usize, place: &Place| {
            let older = self.places.iter().take(index);
            place.answer.is_some() && older.clone().all(|older| older.room != place.room)
        };
        let index = (self.places.iter().enumerate())
            .find(|(index, place)| is_next(*index, place))
            .map(|(index, _)| index)?;
        self.places.remove(index)?.answer
    }
}

pub(super) fn answer(id: u32, client_id: String, outcome: Outcome) -> ServerFrame {
    ServerFrame::SendOk(match outcome {
        Outcome::Delivered { stamp, reached } => SendOutcome {
            id,
            client_id,
            seq: stamp.seq,
            time_s: stamp.time_s,
            delivery: Delivery::Delivered,
            reached,
        },
        Outcome::SampledOut { time_s } => SendOutcome {
            id,
            client_id,
            seq: 0,
            time_s,
            delivery: Delivery::SampledOut,
            reached: 0,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::future::{pending, poll_fn};
    use tokio::sync::oneshot;

    fn pong(id: u32) -> ServerFrame {
        ServerFrame::Pong { id }
    }

    fn next(sending: &mut Sending) -> Option<u32> {
        match poll_fn(|cx| sending.poll_next(cx)).now_or_never()? {
            ServerFrame::Pong { id } => Some(id),
            other => unreachable!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_room_that_does_not_decide_holds_up_its_own_answers_and_nothing_of_another_room() {
        let mut sending = Sending::default();
        assert_eq!(next(&mut sending), None);
        let (decide, decided) = oneshot::channel::<()>();
        let (done, mut is_done) = oneshot::channel::<()>();
        sending.add(1, async move {
            decided.await.unwrap();
            pong(1)
        });
        sending.add(2, async { pong(2) });
        sending.add(1, async move {
            done.send(()).unwrap();
            pong(3)
        });
        sending.add(2, async { pong(4) });
        assert_eq!(next(&mut sending), Some(2));
        assert_eq!(next(&mut sending), Some(4));
        assert_eq!(next(&mut sending), None, "answers about one room keep their order");
        assert!(is_done.try_recv().is_ok(), "what has to be done for the message is done");
        decide.send(()).unwrap();
        assert_eq!([next(&mut sending), next(&mut sending)], [Some(1), Some(3)]);
        assert_eq!(next(&mut sending), None);
        assert!(sending.is_empty());
    }

    #[tokio::test]
    async fn a_connection_has_thirty_two_messages_on_their_way_at_most() {
        let mut sending = Sending::default();
        for n in 0..MOST {
            assert!(!sending.is_full());
            sending.add(n as u64, pending());
        }
        assert!(sending.is_full());
        assert_eq!(next(&mut sending), None);
    }
}
