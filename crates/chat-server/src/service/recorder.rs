//! Writes down what delivered messages leave behind: the message itself where a group keeps some, and
//! when a member spoke last.
//!
//! One task writes for all rooms and takes everything that waits into one transaction, so that what
//! a message costs falls with their number. Whoever changes what is written holds the lock
//! `changing` of its room while it hands something over, not while it is written; whoever has to find
//! everything in storage waits with [`Recorder::settled`].

use chat_types::code::ApiError;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::internal_failure;
use crate::counters::{Counters, add};
use crate::storage::{History, MessageRecord};

/// Messages that wait to be written, with their texts. One more is not kept.
const WAITING: usize = 4_096;
/// The most that one transaction takes.
const BATCH: usize = 512;
/// The pause after storage failed. Nothing is given up while the service runs.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a call waits for what was said before it.
const PATIENCE: Duration = Duration::from_secs(3);

enum Job {
    Write(Box<MessageRecord>, oneshot::Sender<()>),
    Tell(oneshot::Sender<()>),
}

/// What was handed over; it resolves when it is stored, or with an error when it never will be.
pub(super) type Handed = oneshot::Receiver<()>;

pub(super) struct Recorder {
    jobs: mpsc::Sender<Job>,
    counters: Arc<Counters>,
    stopping: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Recorder {
    /// Starts the task; it ends with [`Self::stop`] or with the recorder.
    pub(super) fn start(storage: Arc<dyn History>, counters: Arc<Counters>) -> Self {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let stopping = CancellationToken::new();
        let writer =
            Writer { storage, counters: Arc::clone(&counters), stopping: stopping.clone() };
        let task = Mutex::new(Some(tokio::spawn(writer.run(waiting))));
        Self { jobs, counters, stopping, task }
    }

    /// Hands something over. It is dropped and counted when too much waits, or when the service
    /// stops.
    pub(super) fn write(&self, record: MessageRecord) -> Handed {
        let (stored, handed) = oneshot::channel();
        if self.jobs.try_send(Job::Write(Box::new(record), stored)).is_err() {
            add(&self.counters.records_dropped, 1);
        }
        handed
    }

    /// Waits until everything that was handed over before is stored; fails when that takes too long.
    pub(super) async fn settled(&self) -> Result<(), ApiError> {
        let (stored, handed) = oneshot::channel();
        let settled =
            async { self.jobs.send(Job::Tell(stored)).await.is_ok() && handed.await.is_ok() };
        match timeout(PATIENCE, settled).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(internal_failure()),
        }
    }

    /// Writes what was handed over and ends. What storage refuses even now is given up.
    pub(super) async fn stop(&self) {
        self.stopping.cancel();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // A panic in the task is logged by the runtime; the stop goes on all the same.
            let _ = task.await;
        }
    }
}

struct Writer {
    storage: Arc<dyn History>,
    counters: Arc<Counters>,
    stopping: CancellationToken,
}

impl Writer {
    async fn run(self, mut waiting: mpsc::Receiver<Job>) {
        let mut batch = Vec::new();
        loop {
            let taken = tokio::select! {
                taken = waiting.recv_many(&mut batch, BATCH) => taken,
                () = self.stopping.cancelled(), if !waiting.is_closed() => {
                    waiting.close();
                    continue;
                }
            };
            if taken == 0 {
                return;
            }
            self.write(std::mem::take(&mut batch)).await;
        }
    }

    async fn write(&self, batch: Vec<Job>) {
        let (mut records, mut told) = (Vec::new(), Vec::with_capacity(batch.len()));
        for job in batch {
            match job {
                Job::Write(one, stored) => {
                    records.push(*one);
                    told.push(stored);
                }
                Job::Tell(stored) => told.push(stored),
            }
        }
        // A panic must not be the end for those who come later.
        let stored = AssertUnwindSafe(self.store(&records)).catch_unwind().await;
        if !stored.unwrap_or(false) {
            // Whoever waits learns it by the end of its channel.
            return add(&self.counters.records_dropped, records.len() as u64);
        }
        for stored in told {
            // Nobody listens if the caller has gone away; it is stored all the same.
            let _ = stored.send(());
        }
    }

    /// Whether it is stored at last: while the service runs it is tried until it is, because nothing
    /// in it can be the reason, only the disk or another program that holds the database.
    async fn store(&self, records: &[MessageRecord]) -> bool {
        if records.is_empty() {
            return true;
        }
        loop {
            let last = self.stopping.is_cancelled();
            let Err(error) = self.storage.record_messages(records).await else {
                add(&self.counters.record_transactions, 1);
                add(&self.counters.messages_recorded, records.len() as u64);
                return true;
            };
            let messages = records.len();
            if last {
                tracing::error!(%error, messages, "delivered messages are not kept");
                return false;
            }
            tracing::warn!(%error, messages, "delivered messages wait to be kept");
            add(&self.counters.record_retries, 1);
            tokio::select! {
                () = self.stopping.cancelled() => {}
                () = sleep(PAUSE) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::Edition;
    use crate::storage::{Error, Keep, StoredGroup, StoredGroupMessage, open};
    use async_trait::async_trait;
    use chat_types::gateway::Message;
    use chat_types::group::GroupType;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const MORE: u32 = 5;

    /// Panics at the first call, fails at the second, and stores from then on.
    #[derive(Default)]
    struct BadDay(AtomicUsize);

    #[async_trait]
    impl History for BadDay {
        async fn record_messages(&self, _: &[MessageRecord]) -> Result<(), Error> {
            match self.0.fetch_add(1, Ordering::SeqCst) {
                0 => panic!("the first call"),
                1 => Err(Error::Value("the second call".to_owned())),
                _ => Ok(()),
            }
        }

        async fn group_messages(
            &self,
            _: u32,
            _: &str,
            _: u32,
            _: u32,
            _: u32,
        ) -> Result<Vec<StoredGroupMessage>, Error> {
            Ok(Vec::new())
        }

        async fn recall_group_messages(&self, _: u32, _: &str, _: &[u32]) -> Result<(), Error> {
            Ok(())
        }

        async fn change_group_message(&self, _: u32, _: &str, _: &Message) -> Result<(), Error> {
            Ok(())
        }

        async fn group_messages_by(&self, _: u32, _: &str, _: &str) -> Result<Vec<u32>, Error> {
            Ok(Vec::new())
        }
    }

    fn record(sdk_app_id: u32, seq: u32) -> MessageRecord {
        MessageRecord {
            sdk_app_id,
            group_id: "g".to_owned(),
            message: Some(StoredGroupMessage {
                random: seq,
                recalled: false,
                message: Message { seq, time_s: 1, ..Message::default() },
            }),
            keep: Keep { messages: 10_000, seconds: 10 },
            member: None,
        }
    }

    #[tokio::test]
    async fn a_panic_costs_what_was_being_written_and_a_failure_costs_nothing() {
        let counters = Arc::new(Counters::default());
        let recorder = Recorder::start(Arc::new(BadDay::default()), Arc::clone(&counters));
        assert!(recorder.write(record(1, 1)).await.is_err());
        let (second, third) = (recorder.write(record(1, 2)), recorder.write(record(1, 3)));
        assert_eq!((second.await, third.await), (Ok(()), Ok(())));
        recorder.settled().await.unwrap();
        let counts = counters.read();
        assert_eq!((counts.messages_recorded, counts.records_dropped), (2, 1));
        assert_eq!((counts.record_transactions, counts.record_retries), (1, 1));
    }

    #[tokio::test]
    async fn what_waits_goes_together_and_more_than_memory_takes_is_dropped_and_counted() {
        let dir = tempfile::tempdir().unwrap();
        let storage = open(dir.path()).await.unwrap();
        let app = storage.insert_application("a", "k", Edition::Pro, "root", 1).await.unwrap();
        let group = StoredGroup::new("g", GroupType::Public, 1);
        storage.insert_group(app, &group).await.unwrap();
        let counters = Arc::new(Counters::default());
        let history = Arc::clone(&storage) as Arc<dyn History>;
        let recorder = Recorder::start(history, Arc::clone(&counters));
        let record = |seq| record(app, seq);
        // The writer has no turn before something is waited for.
        let most = u32::try_from(WAITING).unwrap();
        let handed: Vec<Handed> =
            (1..=most + MORE).map(|seq| recorder.write(record(seq))).collect();
        let dropped = handed.into_iter().filter_map(FutureExt::now_or_never);
        assert_eq!(dropped.filter(Result::is_err).count(), MORE as usize);
        recorder.settled().await.unwrap();
        let kept = storage.group_messages(app, "g", u32::MAX, 0, u32::MAX).await.unwrap();
        assert_eq!(kept.len(), WAITING);
        let counts = counters.read();
        assert_eq!(counts.records_dropped, u64::from(MORE));
        assert_eq!(counts.messages_recorded, WAITING as u64);
        assert_eq!(counts.record_transactions, (WAITING / BATCH) as u64);

        let last = recorder.write(record(most + 1));
        recorder.stop().await;
        assert_eq!(last.await, Ok(()), "a stop writes what it has");
        assert!(recorder.write(record(most + 2)).await.is_err(), "and takes no more");
        assert!(recorder.settled().await.is_err());
        assert_eq!(counters.read().records_dropped, u64::from(MORE) + 1);
    }
}
