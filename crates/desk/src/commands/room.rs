//! The page's news, the room, its comments and likes.

use live_core::view::DanmakuBudget;

use crate::error::CommandError;
use crate::page::{Page, PageAnswer, PageBatch, Reads};

/// The page begins anew, and gets what it reads with [`next_batch`] under this number.
///
/// # Errors
/// 9001 when the room was left.
pub async fn open_room(page: &Page, reads: Reads) -> Result<u32, CommandError> {
    page.open(reads).await
}

/// Waits for the next batch. The first one is the room as it is now.
pub async fn next_batch(page: &Page, opening: u32, answer: PageAnswer) -> PageBatch {
    page.next(opening, answer).await
}

/// Says something in the room. Its row comes with the next batch.
///
/// # Errors
/// No row was made: 10004 without text, 80002 for a text that is too long, 10023 when too many are
/// on their way, and the room's own code when it is gone or does not let the account in.
pub async fn send_comment(page: &Page, text: String) -> Result<(), CommandError> {
    page.seat().room.send_comment(text).await?;
    Ok(())
}

/// Sends a comment again that was refused.
///
/// # Errors
/// Those of [`send_comment`].
pub async fn retry_comment(page: &Page, key: String) -> Result<(), CommandError> {
    Ok(page.seat().room.retry_comment(key).await?)
}

/// Likes the room. What is clicked is collected and sent now and then.
///
/// # Errors
/// The room's own code when it does not let the account in.
pub async fn like(page: &Page) -> Result<(), CommandError> {
    Ok(page.seat().room.like(1).await?)
}

/// What the danmaku layer of the page has room for.
pub async fn set_danmaku_budget(page: &Page, budget: DanmakuBudget) {
    page.set_danmaku_budget(budget).await;
}

/// Whether the page shows danmaku.
pub async fn set_danmaku_visible(page: &Page, visible: bool) {
    page.set_danmaku_visible(visible).await;
}

/// Connects again after the session has ended for good.
pub async fn reconnect(page: &Page) {
    page.seat().room.client().reconnect().await;
}
