//! Lucky draws: whoever says the keyword in time takes part, and anyone can check who won.
//!
//! Opening a draw makes a secret seed and tells the room its hash. Comments reach the draw as events of
//! the chat service; their time, by its clock, decides. The draw closes when every event up to its end
//! has been processed and none is expected any more (`closing.rs`). Then the list is written and its
//! hash told to the room; only after that is the seed told, with the winners, by the rule of the crate
//! `draw`. Each step is one transaction and begins where the last one ended, so a restart in between
//! loses nothing and draws nothing twice. What is left is a record that does not change any more
//! (`record.rs`).

mod closing;
pub(crate) mod http;
mod keyword;
mod opening;
mod record;
mod store;

pub(crate) use closing::close_when_over;

use chat_types::Priority;
use chat_types::business::BusinessMessage;
use chat_types::webhook::Webhook;

use crate::Business;
use crate::events::Event;
use crate::http::Caller;
use crate::outbox::{self, Posting, What};
use crate::problem::Problem;
use crate::rooms;
use crate::storage::{self, Tx};

use store::{Draw, State};

/// Accounts on the list of one draw, however many more the configuration allows: the record has to
/// stay of a length that verifiers read.
const MAX_ENTRANTS: u64 = 200_000;

/// Takes an entrant on the list of the room's draw.
pub(crate) async fn on_event(
    business: &Business,
    tx: &mut Tx,
    event: Event<'_>,
) -> Result<(), storage::Error> {
    let Webhook::GroupAfterSendMsg(sent) = event.webhook else { return Ok(()) };
    let message = &sent.message;
    let Some(draw) = store::find_at(tx, &message.group_id, event.at_ms).await? else {
        return Ok(());
    };
    if BusinessMessage::read(&message.msg_body).is_some()
        || !draw.matching.matches(&draw.wanted, &keyword::text_of(&message.msg_body))
    {
        return Ok(());
    }
    let account = message.from_account.as_str();
    if runs_the_draw(business, tx, &draw, account).await? {
        return Ok(());
    }
    if draw.state != State::Open {
        if store::count_late(tx, &draw.draw, account).await? {
            tracing::warn!(draw = draw.draw, "a comment in time came when the list stood");
        }
        return Ok(());
    }
    if draw.entrants < business.config.draw_entrants.min(MAX_ENTRANTS) {
        store::enter(tx, &draw.draw, account, event.at_ms).await
    } else {
        store::turn_away(tx, &draw.draw, account).await
    }
}

/// The host, who opened the draw, and the accounts in whose name the service speaks take no part.
async fn runs_the_draw(
    business: &Business,
    tx: &mut Tx,
    draw: &Draw,
    account: &str,
) -> Result<bool, storage::Error> {
    if business.config.chat.is_own(account) || draw.opened_by == account {
        return Ok(true);
    }
    let room = rooms::store::find(tx, &draw.group_id).await?;
    Ok(room.is_some_and(|room| room.owner == account))
}

/// Where messages about a draw wait to be delivered: one after the other, in the order in which they
/// were written.
fn lane(draw: &Draw) -> String {
    format!("draw:{}", draw.draw)
}

/// Names the message `what` about a draw. Each is told once.
fn message_key(draw: &Draw, what: &str) -> String {
    format!("{}:{what}", lane(draw))
}

/// Tells the room of a draw.
async fn tell(
    business: &Business,
    tx: &mut Tx,
    draw: &Draw,
    what: &str,
    message: &BusinessMessage,
) -> Result<(), storage::Error> {
    let posting = Posting {
        lane: &lane(draw),
        key: &message_key(draw, what),
        group_id: &draw.group_id,
        what: What::Message { message, priority: Priority::High, from: None },
    };
    outbox::enqueue(tx, posting, business.clock.now_ms()).await?;
    Ok(())
}

/// The draw, or 404.
async fn find(tx: &mut Tx, draw: &str) -> Result<Draw, Problem> {
    let found = store::find(tx, draw).await?;
    found.ok_or_else(|| Problem::not_found("draw", format!("there is no draw {draw}")))
}

/// The draw, if the caller may run its room.
async fn find_for_host(tx: &mut Tx, draw: &str, caller: &Caller) -> Result<Draw, Problem> {
    let draw = find(tx, draw).await?;
    rooms::find_for_host(tx, &draw.group_id, caller).await?;
    Ok(draw)
}

#[cfg(test)]
mod tests {
    use super::keyword::Matching;
    use super::store::{Draw, State};
    use ::draw::Seed;

    /// An open draw of the room `r` without conditions.
    pub(super) fn draw(id: &str, number: u64, ends_ms: u64) -> Draw {
        let seed = Seed::new([3; 32]);
        Draw {
            draw: id.into(),
            group_id: "r".into(),
            number,
            stream: Some(1),
            opened_by: "host".into(),
            keyword: "Lucky".into(),
            wanted: "lucky".into(),
            matching: Matching::Contains,
            prize: "A cup".into(),
            winners: 2,
            min_level: 0,
            must_have_gifted: 0,
            must_follow: 0,
            opened_ms: 1,
            ends_ms,
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
        }
    }

    #[test]
    fn a_draw_does_not_show_its_seed_to_a_log() {
        let draw = draw("d", 1, 1);
        assert!(!format!("{draw:?}").contains(&draw.seed.to_hex()));
    }
}
