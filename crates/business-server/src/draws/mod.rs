//! Lucky draws: whoever says the keyword in time takes part, and anyone can check who won.
//!
//! Opening a draw makes a secret seed and tells the room its hash. Comments reach the draw by the
//! after-send webhook; the time of the comment decides, so a webhook that comes late counts as long
//! as the draw waits for it ([`GRACE_MS`]). Closing stops the list and applies the conditions;
//! drawing is the rule of the crate `draw` and tells the room the winners and the seed. Each step is
//! one transaction and begins where the last one ended, so a restart in between loses nothing and
//! draws nothing twice.

mod closing;
pub(crate) mod http;
mod keyword;
mod opening;
mod store;

pub(crate) use closing::close_when_over;

use chat_types::business::BusinessMessage;
use chat_types::webhook::Webhook;

use crate::Business;
use crate::events::Event;
use crate::http::Caller;
use crate::problem::Problem;
use crate::rooms;
use crate::storage::{self, Tx};
use store::Draw;

/// Accounts on the list of one draw, however many more the configuration allows: the record has to
/// stay of a length that verifiers read.
const MAX_ENTRANTS: u64 = 200_000;
/// How long after the end webhooks of comments from before it are waited for.
const GRACE_MS: u64 = 5_000;

/// Takes an entrant on the list of the room's open draw.
pub(crate) async fn hear(
    business: &Business,
    tx: &mut Tx,
    event: Event<'_>,
) -> Result<(), storage::Error> {
    let Webhook::GroupAfterSendMsg(sent) = event.webhook else { return Ok(()) };
    let message = &sent.message;
    let Some(draw) = store::open_in(tx, &message.group_id).await? else { return Ok(()) };
    let account = message.from_account.as_str();
    let in_time = (draw.opened_ms..=draw.ends_ms).contains(&event.at_ms);
    if !in_time || BusinessMessage::read(&message.msg_body).is_some() {
        return Ok(());
    }
    if !draw.matching.matches(&draw.wanted, &keyword::text_of(&message.msg_body)) {
        return Ok(());
    }
    if runs_the_draw(business, tx, &draw, account).await? {
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
