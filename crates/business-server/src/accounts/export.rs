//! Everything that is kept of a person, as one JSON object with a list for each section. It is read and
//! written page by page: neither memory nor a connection to the database is held by who reads slowly,
//! and who does not read at all loses the place.

use axum::body::Bytes;
use chat_types::UserId;
use futures_util::{Stream, StreamExt, stream};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;

use super::store::export::{self, Place};
use super::store::personal::sections;
use crate::Business;
use crate::problem::Problem;
use crate::storage::Error;

/// Rows that are read at once.
const PAGE: usize = 500;
/// Exports that run at the same time.
const AT_ONCE: usize = 2;
const BUSY_MS: u64 = 5_000;
/// How long a page waits for its reader.
const PATIENCE: Duration = Duration::from_secs(30);

/// Places for exports.
pub(super) struct Exports(Arc<Semaphore>);

impl Default for Exports {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

struct Export {
    business: Arc<Business>,
    user_id: UserId,
    /// Number of the section that is being written.
    section: usize,
    /// Where its next page begins; `None` before its first.
    place: Option<Place>,
    ended: bool,
}

/// Why an export ends before its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum CutOff {
    #[error(transparent)]
    Storage(#[from] Error),
    #[error("nobody has read for {} s", PATIENCE.as_secs())]
    Unread,
}

/// The text, piece by piece. 429 while as many are written as may be.
pub(super) fn export(
    business: &Arc<Business>,
    user_id: UserId,
) -> Result<impl Stream<Item = Result<Bytes, CutOff>> + use<>, Problem> {
    let permit = Arc::clone(&business.accounts.exports.0).try_acquire_owned();
    let permit = permit.map_err(|_| Problem {
        retry_after_ms: Some(BUSY_MS),
        ..Problem::new(429, "busy", "other exports are being written: try again in a moment")
    })?;
    let export =
        Export { business: Arc::clone(business), user_id, section: 0, place: None, ended: false };
    let pieces = stream::try_unfold(export, async |mut export| {
        Ok::<_, Error>(export.next().await?.map(|piece| (piece, export)))
    });
    Ok(handed_on(pieces, permit))
}

/// The same pieces, made beside the reader, one ahead. The place is held until the last one has been
/// taken; a reader who takes none for too long finds the stream cut off.
fn handed_on(
    pieces: impl Stream<Item = Result<Bytes, Error>> + Send + 'static,
    permit: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Bytes, CutOff>> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let _permit = permit;
        let mut pieces = pin!(pieces);
        loop {
            // `None` is the end.
            let piece = pieces.next().await.transpose();
            let is_over = !matches!(piece, Ok(Some(_)));
            // Nobody waits for it any more, or for too long.
            if !matches!(timeout(PATIENCE, sender.send(piece)).await, Ok(Ok(()))) || is_over {
                return;
            }
        }
    });
    stream::unfold(Some(receiver), async |receiver| {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Ok(Some(piece))) => Some((Ok(piece), Some(receiver))),
            Some(Ok(None)) => None,
            Some(Err(error)) => Some((Err(error.into()), None)),
            None => Some((Err(CutOff::Unread), None)),
        }
    })
}

impl Export {
    /// One page, with what stands around it. `None` after the last.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if self.ended {
            return Ok(None);
        }
        let Some(section) = sections().nth(self.section) else {
            self.ended = true;
            return Ok(Some(Bytes::from_static(b"}")));
        };
        let mut text = String::new();
        let mut is_first_row = self.place.is_none();
        if is_first_row {
            let before = if self.section == 0 { '{' } else { ',' };
            text.push(before);
            text.push_str(&format!("\"{}\":[", section.name));
        }
        let after = self.place.take().unwrap_or_else(|| section.start());
        let mut tx = self.business.database.read().await?;
        let page = export::page(&mut tx, section, self.user_id.as_str(), &after, PAGE).await?;
        drop(tx);
        for row in page.rows {
            if !std::mem::take(&mut is_first_row) {
                text.push(',');
            }
            text.push_str(&row.to_string());
        }
        self.place = page.next;
        if self.place.is_none() {
            text.push(']');
            self.section += 1;
        }
        Ok(Some(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_does_not_read_loses_the_place_and_finds_the_text_cut_off() {
        let places = Exports::default();
        let endless = || stream::repeat_with(|| Ok(Bytes::from_static(b"x")));
        let begin = || async {
            let permit = Arc::clone(&places.0).acquire_owned().await.unwrap();
            Box::pin(handed_on(endless(), permit))
        };
        let (mut first, _second) = (begin().await, begin().await);
        assert_eq!(first.next().await.unwrap().unwrap(), "x");
        // Waits for a place, and thereby lets the time pass.
        let _third = begin().await;
        let mut rest: Vec<_> = first.collect().await;
        assert!(matches!(rest.pop(), Some(Err(CutOff::Unread))));
        assert!(rest.iter().all(Result::is_ok));
    }

    #[tokio::test]
    async fn all_pieces_come_and_then_the_place_is_free() {
        let places = Exports::default();
        let permit = Arc::clone(&places.0).acquire_owned().await.unwrap();
        let pieces = stream::iter(["a", "b"].map(|text| Ok(Bytes::from_static(text.as_bytes()))));
        let told: Vec<_> = handed_on(pieces, permit).map(Result::unwrap).collect().await;
        assert_eq!(told, ["a", "b"]);
        let all = u32::try_from(AT_ONCE).unwrap();
        drop(places.0.acquire_many(all).await.unwrap());
    }
}
