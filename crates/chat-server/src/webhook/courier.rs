//! The tasks behind the webhooks that are told.

use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::receiver::Receiver;
use super::recorder::{Record, record_all};
use super::{CallError, Webhooks, client, delivery, exceptions};

/// The first event or the first exception of an application: from then on somebody delivers them.
pub(super) enum Start {
    Events(u32, Arc<Receiver>),
    Exceptions(u32, Arc<Receiver>),
}

/// Carries events into the queue and from there, beside exceptions, to the receivers.
pub(crate) struct Courier {
    webhooks: Arc<Webhooks>,
    records: mpsc::UnboundedReceiver<Record>,
    starts: mpsc::UnboundedReceiver<Start>,
}

impl Courier {
    pub(super) fn new(
        webhooks: Arc<Webhooks>,
        records: mpsc::UnboundedReceiver<Record>,
        starts: mpsc::UnboundedReceiver<Start>,
    ) -> Self {
        Self { webhooks, records, starts }
    }

    /// Runs until `stop`. Then it stores what was handed over, waits for the deliveries that are
    /// under way, which takes the budget of one call at most, and returns; the rest of the events is
    /// delivered after the next start.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let Self { webhooks, records, starts } = self;
        let recording = record_all(&webhooks, records, &stop);
        let delivering = deliver_all(&webhooks, starts, &stop);
        tokio::join!(recording, delivering);
    }
}

async fn deliver_all(
    webhooks: &Arc<Webhooks>,
    mut starts: mpsc::UnboundedReceiver<Start>,
    stop: &CancellationToken,
) {
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(start) = starts.recv() => match start {
                Start::Events(sdk_app_id, receiver) => {
                    let webhooks = Arc::clone(webhooks);
                    tasks.spawn(delivery::deliver(webhooks, sdk_app_id, receiver, stop.clone()));
                }
                Start::Exceptions(sdk_app_id, receiver) => {
                    let webhooks = Arc::clone(webhooks);
                    tasks.spawn(exceptions::deliver(webhooks, sdk_app_id, receiver, stop.clone()));
                }
            }
        }
    }
    while tasks.join_next().await.is_some() {}
}

impl Webhooks {
    /// The answer is ignored but for its status; one that is too long to be read is an answer.
    pub(super) async fn tell(&self, url: &str, body: String) -> Result<(), CallError> {
        match timeout(self.rules.budget, self.client.post(url, body)).await? {
            Ok(reply) if reply.status == 200 => Ok(()),
            Ok(reply) => Err(CallError::Status(reply.status)),
            Err(client::Error::TooLong) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
