//! Who may not be seen in a room.

use super::ladder::Measure;
use super::store;
use crate::Business;
use crate::http::Problem;
use crate::storage::Tx;

/// 403 for an account that is banned from the room or muted there: it puts neither its name nor a
/// banner on everybody's screen.
pub(crate) async fn check_may_be_shown(
    business: &Business,
    tx: &mut Tx,
    group_id: &str,
    user_id: &str,
) -> Result<(), Problem> {
    let now_s = business.clock.now_s();
    let Some(active) = store::active(tx, group_id, user_id, now_s).await? else { return Ok(()) };
    let left_s = active.until_s.saturating_sub(now_s);
    let (code, may_not) = match active.measure {
        Measure::Ban => ("banned", "you are banned from this room"),
        Measure::Mute | Measure::Warn => ("muted", "you may not speak in this room"),
    };
    Err(Problem::new(403, code, format!("{may_not} for another {left_s} s: give again then")))
}
