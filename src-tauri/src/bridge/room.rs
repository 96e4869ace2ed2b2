//! Commands: the room, its comments and likes.

use live_core::view::DanmakuBudget;
use specta::datatype::DataType;
use specta::{Type, Types};
use tauri::WebviewWindow;
use tauri::ipc::{Channel, InvokeResponseBody, IpcResponse};

use super::{CommandError, seat_of};

/// One batch of [`RoomEvent`](live_core::view::RoomEvent)s on its way to the UI: the bytes of a JSON
/// array. Bytes cross the border without being parsed as script, which is what keeps a burst from
/// freezing the window.
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

/// Sends the room as it is now, then every change, in batches. A later call takes the stream over.
#[tauri::command]
#[specta::specta]
pub(super) async fn open_room(
    window: WebviewWindow,
    channel: Channel<Batch>,
) -> Result<(), CommandError> {
    let seat = seat_of(&window)?;
    let mut batches = seat.client.subscribe().await;
    let carrier = tauri::async_runtime::spawn(async move {
        while let Some(batch) = batches.recv().await {
            let sent = match serde_json::to_vec(&batch) {
                Ok(json) => channel.send(Batch(json)).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = sent {
                tracing::debug!(error, "window takes no more batches");
                return;
            }
        }
    });
    if let Some(earlier) = seat.batches.lock().await.replace(carrier) {
        earlier.abort();
    }
    Ok(())
}

/// Says something in the room. Its row comes with the next batch.
#[tauri::command]
#[specta::specta]
pub(super) async fn send_comment(window: WebviewWindow, text: String) -> Result<(), CommandError> {
    seat_of(&window)?.client.send_comment(text).await?;
    Ok(())
}

/// Sends a comment again that was refused.
#[tauri::command]
#[specta::specta]
pub(super) async fn retry_comment(window: WebviewWindow, key: String) -> Result<(), CommandError> {
    Ok(seat_of(&window)?.client.retry_comment(key).await?)
}

/// Likes the room. What is clicked is collected and sent now and then.
#[tauri::command]
#[specta::specta]
pub(super) async fn like(window: WebviewWindow) -> Result<(), CommandError> {
    Ok(seat_of(&window)?.client.like(1).await?)
}

/// What the danmaku layer has room for.
#[tauri::command]
#[specta::specta]
pub(super) async fn set_danmaku_budget(
    window: WebviewWindow,
    budget: DanmakuBudget,
) -> Result<(), CommandError> {
    seat_of(&window)?.client.set_danmaku_budget(budget).await;
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub(super) async fn set_danmaku_visible(
    window: WebviewWindow,
    visible: bool,
) -> Result<(), CommandError> {
    seat_of(&window)?.client.set_danmaku_visible(visible).await;
    Ok(())
}

/// Comments, by id, that were handed to the danmaku layer and found no lane.
#[tauri::command]
#[specta::specta]
pub(super) async fn report_undrawn(
    window: WebviewWindow,
    ids: Vec<u32>,
) -> Result<(), CommandError> {
    seat_of(&window)?.client.report_undrawn(ids).await;
    Ok(())
}

/// Connects again after the session has ended for good.
#[tauri::command]
#[specta::specta]
pub(super) async fn reconnect(window: WebviewWindow) -> Result<(), CommandError> {
    seat_of(&window)?.client.reconnect().await;
    Ok(())
}
