//! Requests whose answers somebody waits for.

use chat_types::gateway::{C2cMessage, Conversation, Message, Presence};
use chat_types::{ApiError, Code};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::oneshot;

/// Requests of this kind on their way at the same time. A further one is refused: the gateway
/// closes the connection of a client that leaves 64 unanswered.
const MOST: usize = 16;
/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// One page of a one-to-one conversation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct C2cPage {
    /// The oldest first.
    pub messages: Vec<C2cMessage>,
    /// Whether there is nothing before them.
    pub complete: bool,
}

pub(crate) type Reply<T> = oneshot::Sender<Result<T, ApiError>>;

/// What was asked, and who waits for the answer; nobody when the client asked by itself.
pub(crate) enum Question {
    Done(Reply<()>),
    WithdrawC2c { peer: String, key: String, reply: Reply<()> },
    RoomHistory(Reply<Vec<Message>>),
    C2cHistory { peer: String, newest: bool, reply: Option<Reply<C2cPage>> },
    Conversations(Option<Reply<Vec<Conversation>>>),
    Presence(Option<Reply<Vec<Presence>>>),
}

impl Question {
    pub(crate) fn refuse(self, error: ApiError) {
        // Whoever asked may have stopped waiting.
        match self {
            Self::Done(reply) | Self::WithdrawC2c { reply, .. } => drop(reply.send(Err(error))),
            Self::RoomHistory(reply) => drop(reply.send(Err(error))),
            Self::C2cHistory { reply, .. } => drop(reply.map(|reply| reply.send(Err(error)))),
            Self::Conversations(reply) => drop(reply.map(|reply| reply.send(Err(error)))),
            Self::Presence(reply) => drop(reply.map(|reply| reply.send(Err(error)))),
        }
    }
}

/// The open questions by request number.
#[derive(Default)]
pub(crate) struct Questions {
    open: BTreeMap<u32, (Question, Duration)>,
}

impl Questions {
    /// False when there are too many: it was refused.
    #[must_use]
    pub(crate) fn ask(&mut self, id: u32, question: Question, now: Duration) -> bool {
        if self.open.len() >= MOST {
            question.refuse(ApiError::new(
                Code::REQUEST_RATE,
                format!("{MOST} requests are not answered yet: wait until one is"),
            ));
            return false;
        }
        self.open.insert(id, (question, now + ANSWER_WITHIN));
        true
    }

    pub(crate) fn answered(&mut self, id: u32) -> Option<Question> {
        self.open.remove(&id).map(|(question, _)| question)
    }

    pub(crate) fn connection_lost(&mut self) {
        for (question, _) in std::mem::take(&mut self.open).into_values() {
            question.refuse(ApiError::new(
                Code::NO_ANSWER,
                "the connection ended before the service answered",
            ));
        }
    }

    pub(crate) fn due(&self) -> Option<Duration> {
        self.open.values().map(|(_, by)| *by).min()
    }

    pub(crate) fn tick(&mut self, now: Duration) {
        for (question, _) in self.open.extract_if(.., |_, (_, by)| now >= *by).map(|(_, open)| open)
        {
            question.refuse(ApiError::new(Code::NO_ANSWER, "the service did not answer in time"));
        }
    }
}
