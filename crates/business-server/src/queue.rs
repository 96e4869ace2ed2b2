//! Small writes that share a commit: who writes takes a place, hands over the work, and is told when
//! it is durable. One routine takes all that has come while the last commit ran.

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Work `W` with an answer `A`. It has a bound: when it is full there is no place, and the caller
/// decides what that means.
pub(crate) struct Queue<W, A> {
    sender: mpsc::Sender<Job<W, A>>,
    /// Of the one routine that takes.
    receiver: Mutex<mpsc::Receiver<Job<W, A>>>,
}

pub(crate) struct Job<W, A> {
    pub(crate) work: W,
    answer: oneshot::Sender<A>,
}

impl<W, A> Job<W, A> {
    /// Tells who has handed the work over. Nobody listens if that one has gone away.
    pub(crate) fn answer(self, answer: A) {
        let _ = self.answer.send(answer);
    }
}

/// Room for one job, held until it is used or dropped.
pub(crate) struct Place<'a, W, A>(mpsc::Permit<'a, Job<W, A>>);

impl<W, A> Place<'_, W, A> {
    /// The answer comes through the channel; none comes when the work could not be done.
    pub(crate) fn put(self, work: W) -> oneshot::Receiver<A> {
        let (answer, told) = oneshot::channel();
        self.0.send(Job { work, answer });
        told
    }
}

impl<W, A> Queue<W, A> {
    pub(crate) fn new(bound: usize) -> Self {
        let (sender, receiver) = mpsc::channel(bound.max(1));
        Self { sender, receiver: Mutex::new(receiver) }
    }

    /// `None` when the queue is full, or the service stops.
    pub(crate) fn place(&self) -> Option<Place<'_, W, A>> {
        self.sender.try_reserve().ok().map(Place)
    }

    /// Waits for jobs and gives up to `most` of them. After `stop` no new one is let in; an empty
    /// answer says that all have been taken.
    pub(crate) async fn take(&self, most: usize, stop: &CancellationToken) -> Vec<Job<W, A>> {
        let mut receiver = self.receiver.lock().await;
        let mut jobs = Vec::new();
        loop {
            tokio::select! {
                _ = receiver.recv_many(&mut jobs, most) => return jobs,
                () = stop.cancelled(), if !receiver.is_closed() => receiver.close(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_queue_has_no_place_until_something_is_taken() {
        let queue: Queue<u32, u32> = Queue::new(2);
        let stop = CancellationToken::new();
        let answers: Vec<_> =
            [1, 2].into_iter().map(|work| queue.place().unwrap().put(work)).collect();
        assert!(queue.place().is_none());
        for job in queue.take(8, &stop).await {
            let doubled = job.work * 2;
            job.answer(doubled);
        }
        assert!(queue.place().is_some());
        let mut told = Vec::new();
        for answer in answers {
            told.push(answer.await.unwrap());
        }
        assert_eq!(told, [2, 4]);
    }

    #[tokio::test]
    async fn a_stopped_queue_gives_what_it_has_and_takes_no_more() {
        let queue: Queue<u32, ()> = Queue::new(2);
        let stop = CancellationToken::new();
        let answer = queue.place().unwrap().put(1);
        stop.cancel();
        let mut taken = Vec::new();
        loop {
            let jobs = queue.take(1, &stop).await;
            if jobs.is_empty() {
                break;
            }
            taken.extend(jobs.into_iter().map(|job| job.work));
        }
        assert_eq!(taken, [1]);
        assert!(queue.place().is_none());
        // The job was dropped without an answer, and whoever waits for it is told so.
        assert!(answer.await.is_err());
    }
}
