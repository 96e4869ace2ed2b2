//! Messages of one connection that their rooms have not decided about. While they wait the connection
//! goes on; their answers come in the order in which they were sent.

use chat_types::code::ApiError;
use chat_types::gateway::{Delivery, SendOutcome, ServerFrame};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::service::{OnItsWay, Outcome, Service};

/// Messages that wait at once. When there are so many, the connection is heard again after the first
/// of them is decided.
const MOST: usize = 32;

type Answer = Pin<Box<dyn Future<Output = ServerFrame> + Send>>;

/// The answers to come, the oldest first.
#[derive(Default)]
pub(super) struct Sending(VecDeque<Answer>);

/// A message that its room has not decided about.
pub(super) struct Pending {
    pub(super) id: u32,
    pub(super) client_id: String,
    pub(super) message: Box<OnItsWay>,
}

impl Sending {
    pub(super) fn push(&mut self, pending: Pending, service: &Arc<Service>) {
        let Pending { id, client_id, message } = pending;
        let service = Arc::clone(service);
        self.0.push_back(Box::pin(async move {
            match service.see_through(*message).await {
                Ok(outcome) => answer(id, client_id, outcome),
                Err(ApiError { code, info, retry_after_ms }) => {
                    ServerFrame::Error { id, code, info, retry_after_ms }
                }
            }
        }));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// The answer to the oldest message; without a message it never comes.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<ServerFrame> {
        let Some(oldest) = self.0.front_mut() else { return Poll::Pending };
        let answer = ready!(oldest.as_mut().poll(cx));
        self.0.pop_front();
        Poll::Ready(answer)
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
