//! Commands: the page's news, the room, its comments and likes.

use chat_types::ApiError;
use chat_types::code::Code;
use desk::commands::room;
use desk::{CommandError, PageAnswer, Reads};
use live_core::view::DanmakuBudget;
use specta::datatype::DataType;
use specta::{Type, Types};
use tauri::WebviewWindow;
use tauri::ipc::{InvokeResponseBody, IpcResponse};

use super::page_of;

/// A [`PageBatch`](desk::PageBatch) on its way to the UI: the bytes of its JSON. Bytes cross the
/// border without being parsed as script, which is what keeps a burst from freezing the window.
#[derive(Debug, Clone)]
pub(super) struct Batch(Vec<u8>);

impl Type for Batch {
    fn definition(_: &mut Types) -> DataType {
        DataType::Reference(specta_typescript::define("ArrayBuffer"))
    }
}

impl IpcResponse for Batch {
    fn body(self) -> tauri::Result<InvokeResponseBody> {
        Ok(InvokeResponseBody::Raw(self.0))
    }
}

/// The page begins anew, and gets what it reads with `next_batch` under this number.
#[tauri::command]
#[specta::specta]
pub(super) async fn open_room(window: WebviewWindow, reads: Reads) -> Result<u32, CommandError> {
    room::open_room(&*page_of(&window)?, reads).await
}

/// Waits for the next batch: the bytes of a `PageBatch`. One such call outstanding is the page's
/// credit; nothing is made for a page that does not ask.
#[tauri::command]
#[specta::specta]
pub(super) async fn next_batch(
    window: WebviewWindow,
    opening: u32,
    answer: PageAnswer,
) -> Result<Batch, CommandError> {
    let page = page_of(&window)?;
    let batch = room::next_batch(&page, opening, answer).await;
    let bytes = serde_json::to_vec(&batch);
    Ok(Batch(bytes.map_err(|error| ApiError::new(Code::SERVICE, error.to_string()))?))
}

/// Says something in the room. Its row comes with the next batch.
#[tauri::command]
#[specta::specta]
pub(super) async fn send_comment(window: WebviewWindow, text: String) -> Result<(), CommandError> {
    room::send_comment(&*page_of(&window)?, text).await
}

/// Sends a comment again that was refused.
#[tauri::command]
#[specta::specta]
pub(super) async fn retry_comment(window: WebviewWindow, key: String) -> Result<(), CommandError> {
    room::retry_comment(&*page_of(&window)?, key).await
}

/// Likes the room. What is clicked is collected and sent now and then.
#[tauri::command]
#[specta::specta]
pub(super) async fn like(window: WebviewWindow) -> Result<(), CommandError> {
    room::like(&*page_of(&window)?).await
}

/// What the danmaku layer has room for.
#[tauri::command]
#[specta::specta]
pub(super) async fn set_danmaku_budget(
    window: WebviewWindow,
    budget: DanmakuBudget,
) -> Result<(), CommandError> {
    room::set_danmaku_budget(&*page_of(&window)?, budget).await;
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub(super) async fn set_danmaku_visible(
    window: WebviewWindow,
    visible: bool,
) -> Result<(), CommandError> {
    room::set_danmaku_visible(&*page_of(&window)?, visible).await;
    Ok(())
}

/// Connects again after the session has ended for good.
#[tauri::command]
#[specta::specta]
pub(super) async fn reconnect(window: WebviewWindow) -> Result<(), CommandError> {
    room::reconnect(&*page_of(&window)?).await;
    Ok(())
}
