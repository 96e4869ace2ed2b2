//! Opening a draw, and cancelling it.

use chat_types::business::{
    Announcement, AnnouncementKind, BusinessMessage, DrawCancelled, DrawOpened,
};
use draw::{SEED_BYTES, Seed};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::keyword::{Matching, normalised};
use super::store::{self, Draw, State};
use super::tell;
use crate::Business;
use crate::http::Caller;
use crate::problem::Problem;
use crate::rooms;
use crate::storage::{Tx, to_db};

/// Longest keyword and longest prize, in characters.
const MAX_KEYWORD_CHARS: usize = 32;
const MAX_PRIZE_CHARS: usize = 60;
/// Prizes of one draw, at most.
const MAX_WINNERS: u32 = 1_000;
/// Shortest and longest time to take part, in seconds.
const MIN_WINDOW_S: u32 = 5;
const MAX_WINDOW_S: u32 = 3_600;
/// Digits of the random part of a draw's id.
const ID_BYTES: usize = 8;

/// Who of those that say the keyword takes part; looked at when the draw is closed.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Filters {
    /// Accounts of this level or a higher one.
    min_level: u32,
    /// Accounts that have given a gift in this room since the stream began.
    must_have_gifted: bool,
    /// Accounts that follow the owner of the room.
    must_follow: bool,
}

/// What a host asks for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenDraw {
    /// What has to be said, 1 to 32 characters. Case and width of letters do not matter.
    #[schema(min_length = 1, max_length = 32)]
    keyword: String,
    #[serde(default)]
    matching: Matching,
    /// 1 to 60 characters, shown as they stand.
    #[schema(min_length = 1, max_length = 60)]
    prize: String,
    /// 1 to 1000.
    #[schema(minimum = 1, maximum = 1_000)]
    winners: u32,
    /// Seconds to take part, 5 to 3600.
    #[schema(minimum = 5, maximum = 3_600)]
    window_s: u32,
    #[serde(default)]
    filters: Filters,
}

impl OpenDraw {
    fn check(self) -> Result<Self, Problem> {
        let keyword = line("a keyword", &self.keyword, MAX_KEYWORD_CHARS)?;
        let prize = line("a prize", &self.prize, MAX_PRIZE_CHARS)?;
        if normalised(&keyword).is_empty() {
            return Err(Problem::invalid("a keyword needs a character that can be seen"));
        }
        if !(1..=MAX_WINNERS).contains(&self.winners) {
            return Err(Problem::invalid(format!("a draw has 1 to {MAX_WINNERS} winners")));
        }
        if !(MIN_WINDOW_S..=MAX_WINDOW_S).contains(&self.window_s) {
            return Err(Problem::invalid(format!(
                "window_s is {MIN_WINDOW_S} to {MAX_WINDOW_S} seconds"
            )));
        }
        Ok(Self { keyword, prize, ..self })
    }
}

fn line(what: &str, text: &str, most: usize) -> Result<String, Problem> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 || length > most || text.chars().any(char::is_control) {
        return Err(Problem::invalid(format!(
            "{what} has 1 to {most} characters, and no control characters"
        )));
    }
    Ok(text.to_owned())
}

/// Opens a draw in a room. 409 while another one runs there.
pub(super) async fn open(
    business: &Business,
    tx: &mut Tx,
    group_id: &str,
    caller: &Caller,
    request: OpenDraw,
) -> Result<Draw, Problem> {
    let room = rooms::find_with_group_for_host(tx, group_id, caller).await?;
    let request = request.check()?;
    if let Some(running) = store::running_in(tx, group_id).await? {
        return Err(Problem::conflict(
            "draw_running",
            format!("the draw {running} runs in this room: wait for its result or cancel it"),
        ));
    }
    let filters = request.filters;
    let stream = rooms::store::open_stream(tx, group_id).await?;
    if filters.must_have_gifted && stream.is_none() {
        return Err(Problem::conflict(
            "no_stream",
            "nobody can have given a gift in this stream: go live first",
        ));
    }
    let number = store::next_number(tx, group_id).await?;
    let now_ms = business.chat_now_ms();
    // The end is told in whole seconds, and what is told has to be what counts.
    let ends_at_s = now_ms.div_ceil(1_000).saturating_add(u64::from(request.window_s));
    let (id, seed) = chance(business.config.seed, group_id, number);
    let draw = Draw {
        draw: id,
        group_id: room.group_id,
        number,
        stream: stream.map(to_db),
        opened_by: caller.user_id.to_string(),
        wanted: normalised(&request.keyword),
        keyword: request.keyword,
        matching: request.matching,
        prize: request.prize,
        winners: request.winners,
        min_level: filters.min_level,
        must_have_gifted: i64::from(filters.must_have_gifted),
        must_follow: i64::from(filters.must_follow),
        opened_ms: now_ms,
        ends_ms: ends_at_s.saturating_mul(1_000),
        state: State::Open,
        commitment: seed.commitment(),
        seed,
        entrants: 0,
        not_admitted: 0,
        turned_away: 0,
        came_late: 0,
        entrants_hash: None,
        over_ms: None,
        recorded: 0,
        quiet: 0,
    };
    store::insert(tx, &draw).await?;
    let message = BusinessMessage::DrawOpened(DrawOpened {
        draw: draw.draw.clone(),
        keyword: draw.keyword.clone(),
        prize: draw.prize.clone(),
        winners: draw.winners,
        ends_at_s,
        commitment: draw.commitment.clone(),
        conditions: draw.conditions(),
    });
    tell(business, tx, &draw, "opened", &message).await?;
    Ok(draw)
}

/// Cancels a draw before its end: nobody wins, and the room is told. Its list and seed are shown like
/// those of any other draw, so that nobody can repeat draws unseen until an outcome pleases. 409 from
/// its end on.
pub(super) async fn cancel(business: &Business, tx: &mut Tx, draw: &Draw) -> Result<(), Problem> {
    if !store::cancel(tx, &draw.draw, business.chat_now_ms()).await? {
        let id = &draw.draw;
        return Err(Problem::conflict(
            "draw_over",
            match draw.state {
                State::Open | State::Closing => format!(
                    "the time of the draw {id} is over: it cannot be cancelled any more, and its \
                     result comes soon"
                ),
                State::Drawn => format!("the draw {id} is drawn: it cannot be cancelled any more"),
                State::Cancelled => format!("the draw {id} was cancelled before"),
            },
        ));
    }
    // One for the card, one for people.
    let off = BusinessMessage::DrawCancelled(DrawCancelled { draw: draw.draw.clone() });
    tell(business, tx, draw, "off", &off).await?;
    let message = BusinessMessage::Announcement(Announcement {
        id: format!("{}.cancelled", draw.draw),
        kind: AnnouncementKind::Notice,
        text: format!("The draw for \u{201c}{}\u{201d} was cancelled.", draw.prize),
    });
    Ok(tell(business, tx, draw, "cancelled", &message).await?)
}

/// Id and seed of a draw: by chance, or for a fixed seed of the service always the same ones for
/// the same draw of a room.
fn chance(service_seed: Option<u64>, group_id: &str, number: u64) -> (String, Seed) {
    let (id, seed): ([u8; SEED_BYTES], [u8; SEED_BYTES]) = match service_seed {
        None => (rand::random(), rand::random()),
        Some(fixed) => {
            let part = |name: &str| {
                let mut hash = Sha256::new();
                hash.update(fixed.to_be_bytes());
                hash.update(number.to_be_bytes());
                hash.update(name.as_bytes());
                hash.update(group_id.as_bytes());
                <[u8; SEED_BYTES]>::from(hash.finalize())
            };
            (part("draw id"), part("draw seed"))
        }
    };
    (format!("draw_{}", hex::encode(&id[..ID_BYTES])), Seed::new(seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_seed_of_the_service_gives_each_draw_its_own_chance() {
        assert_eq!(chance(Some(7), "room", 1), chance(Some(7), "room", 1));
        let others = [(Some(8), "room", 1), (Some(7), "room", 2), (Some(7), "moor", 1)];
        for (fixed, room, number) in others {
            let (id, seed) = chance(fixed, room, number);
            let (first_id, first_seed) = chance(Some(7), "room", 1);
            assert!(id != first_id && seed != first_seed, "{fixed:?} {room} {number}");
        }
        assert_ne!(chance(None, "room", 1), chance(None, "room", 1));
    }
}
