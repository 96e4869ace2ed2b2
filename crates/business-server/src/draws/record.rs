//! The public record of a draw. It is made once, when the draw is concluded, and never changes: a head
//! with everything but the list, and the list in pages of a bounded length. Whoever reads it gets one
//! page after the other, each by a look of its own into the database.

use axum::body::{Body, Bytes};
use draw::{Entrants, RECORD_VERSION, Record};
use futures_util::stream::try_unfold;
use std::sync::Arc;

use super::store::{self, Draw, State};
use crate::Business;
use crate::problem::Problem;
use crate::storage::Error;

/// Account ids in a page of the list.
pub(super) const PAGE_ENTRANTS: u64 = 1_000;
const PAGE: usize = PAGE_ENTRANTS as usize;

/// What becomes known when a draw is concluded, in Unix milliseconds of the chat service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// When the room had been told the hash of the list; `None` when it could not be told.
    pub(super) list_told_at_ms: Option<u64>,
    pub(super) drawn_at_ms: u64,
}

/// The list in its order, as JSON arrays.
pub(super) fn pages(entrants: &Entrants) -> Vec<String> {
    let pages = entrants.as_slice().chunks(PAGE);
    // Texts always encode.
    pages.map(|page| serde_json::to_string(page).unwrap_or_default()).collect()
}

/// The record up to the first entrant.
pub(super) fn head(draw: &Draw, times: Times, winners: Vec<String>) -> String {
    let record = Record {
        version: RECORD_VERSION,
        draw: draw.draw.clone(),
        room: draw.group_id.clone(),
        keyword: draw.keyword.clone(),
        prize: draw.prize.clone(),
        opened_at_ms: draw.opened_ms,
        ends_at_ms: draw.ends_ms,
        min_level: draw.min_level,
        must_have_gifted: draw.conditions().must_have_gifted,
        must_follow: draw.conditions().must_follow,
        not_admitted: draw.not_admitted,
        turned_away: draw.turned_away,
        cancelled: draw.state == State::Cancelled,
        list_told_at_ms: times.list_told_at_ms,
        drawn_at_ms: Some(times.drawn_at_ms),
        winners_wanted: draw.winners,
        commitment: draw.commitment.clone(),
        seed: draw.seed.to_hex(),
        entrants_hash: draw.entrants_hash.clone().unwrap_or_default(),
        entrants: Vec::new(),
        winners,
    };
    // Plain data with text keys always encodes.
    let mut members = serde_json::to_value(record).unwrap_or_default();
    if let Some(members) = members.as_object_mut() {
        members.remove("entrants");
    }
    let members = members.to_string();
    format!("{},\"entrants\":[", members.strip_suffix('}').unwrap_or(&members))
}

/// The list that is drawn from.
pub(super) async fn entrants(business: &Business, draw: &str) -> Result<Vec<String>, Error> {
    let mut entrants = Vec::new();
    for number in 0.. {
        let page = store::page(&mut business.database.read().await?, draw, number).await?;
        let Some(page) = page else { break };
        entrants.extend(read_page(draw, number, &page)?);
    }
    Ok(entrants)
}

fn read_page(draw: &str, number: u64, page: &str) -> Result<Vec<String>, Error> {
    serde_json::from_str(page)
        .map_err(|error| Error::Unreadable(format!("page {number} of draw {draw}: {error}")))
}

/// 409 until the draw is over and its record stands.
pub(super) fn check_recorded(draw: &Draw) -> Result<(), Problem> {
    if draw.is_recorded() {
        return Ok(());
    }
    let detail = match draw.state {
        State::Cancelled => format!(
            "the draw {} was cancelled a moment ago: its list and seed are shown soon",
            draw.draw
        ),
        _ => format!("the draw {} is not over: its record comes with the result", draw.draw),
    };
    Err(Problem::conflict("no_record", detail))
}

/// One page of the list of a draw that has a record; empty beyond its end.
pub(super) async fn entrants_page(
    business: &Business,
    draw: &str,
    number: u64,
) -> Result<Vec<String>, Error> {
    let page = store::page(&mut business.database.read().await?, draw, number).await?;
    page.map_or(Ok(Vec::new()), |page| read_page(draw, number, &page))
}

/// What is written next of a record.
enum Next {
    Head(String),
    Page(u64),
    Nothing,
}

/// The whole record. No more than a page of it is in memory, and nothing is held while whoever reads it
/// takes time.
pub(super) async fn whole(business: Arc<Business>, draw: String) -> Result<Body, Problem> {
    let head = store::head(&mut business.database.read().await?, &draw).await?;
    let head = head.ok_or_else(Problem::internal)?;
    let parts = try_unfold(Next::Head(head), move |next| {
        let (business, draw) = (Arc::clone(&business), draw.clone());
        async move {
            let number = match next {
                Next::Head(head) => return Ok(Some((Bytes::from(head), Next::Page(0)))),
                Next::Page(number) => number,
                Next::Nothing => return Ok(None),
            };
            let page = store::page(&mut business.database.read().await?, &draw, number).await?;
            Ok::<_, Error>(Some(match page {
                Some(page) => (inner(number, &page), Next::Page(number + 1)),
                None => (Bytes::from_static(b"]}"), Next::Nothing),
            }))
        }
    });
    Ok(Body::from_stream(parts))
}

/// The elements of a page, to stand behind those of the page before it.
fn inner(number: u64, page: &str) -> Bytes {
    let elements = page.strip_prefix('[').and_then(|page| page.strip_suffix(']')).unwrap_or(page);
    Bytes::from(if number == 0 { elements.to_owned() } else { format!(",{elements}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::draw::winners;

    #[test]
    fn head_and_pages_make_a_record_that_holds() {
        for count in [0, 1, PAGE, PAGE + 1, 3 * PAGE] {
            let entrants = Entrants::new((0..count).map(|at| format!("user \"{at}\\")));
            let draw = Draw {
                keyword: "\"entrants\":[]}".into(),
                entrants_hash: Some(entrants.hash()),
                ..crate::draws::tests::draw("d", 1, 60_000)
            };
            let won = winners(&draw.seed, "d", &entrants, 2);
            let times = Times { list_told_at_ms: Some(66_000), drawn_at_ms: 66_500 };
            let mut text = head(&draw, times, won).into_bytes();
            let pages = pages(&entrants);
            assert_eq!(pages.len(), count.div_ceil(PAGE));
            for (number, page) in (0..).zip(&pages) {
                text.extend_from_slice(&inner(number, page));
            }
            text.extend_from_slice(b"]}");
            let record = Record::read(&text).unwrap();
            assert_eq!(record.verify_published(&draw.commitment), Ok(()), "{count}");
            assert_eq!(record.entrants, entrants.into_vec());
            assert_eq!(record.keyword, draw.keyword);
        }
    }
}
