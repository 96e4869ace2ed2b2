//! Everything that is kept of a person, as one JSON object with a list for each table. It is read and
//! written page by page: neither memory nor a connection to the database is held by who reads slowly.

use axum::body::Bytes;
use chat_types::UserId;
use futures_util::{Stream, stream};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::store::export::{self, Place, SECTIONS};
use crate::Business;
use crate::problem::Problem;
use crate::storage::Error;

/// Rows that are read at once.
const PAGE: usize = 500;
/// Exports that run at the same time.
const AT_ONCE: usize = 2;
const BUSY_MS: u64 = 5_000;

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
    _permit: OwnedSemaphorePermit,
}

/// The text, piece by piece. 429 while as many are written as may be.
pub(super) fn export(
    business: &Arc<Business>,
    user_id: UserId,
) -> Result<impl Stream<Item = Result<Bytes, Error>> + use<>, Problem> {
    let permit = Arc::clone(&business.accounts.exports.0).try_acquire_owned();
    let permit = permit.map_err(|_| Problem {
        retry_after_ms: Some(BUSY_MS),
        ..Problem::new(429, "busy", "other exports are being written: try again in a moment")
    })?;
    let export = Export {
        business: Arc::clone(business),
        user_id,
        section: 0,
        place: None,
        ended: false,
        _permit: permit,
    };
    Ok(stream::try_unfold(export, async |mut export| {
        Ok::<_, Error>(export.next().await?.map(|piece| (piece, export)))
    }))
}

impl Export {
    /// One page, with what stands around it. `None` after the last.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if self.ended {
            return Ok(None);
        }
        let Some(section) = SECTIONS.get(self.section) else {
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
