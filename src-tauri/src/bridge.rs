//! Everything that the web UI may ask for. The TypeScript side, `ui/src/bindings.ts`, is generated
//! from here; a test fails when the two differ.

use chat_types::ApiError;
use live_core::view::{DanmakuBudget, RoomEvent};
use serde::Serialize;
use specta::datatype::DataType;
use specta::{Type, Types};
use tauri::State;
use tauri::ipc::{Channel, InvokeResponseBody, IpcResponse};

use crate::embedded::Embedded;
use crate::room::OpenRoom;

/// State and address of the embedded service. Addresses are empty while it is stopped.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ServiceView {
    pub running: bool,
    pub rest: String,
    pub gateway: String,
    pub sdk_app_id: u32,
    pub group_id: String,
    pub data_dir: String,
}

/// Why a command was refused. `code` is stable; `info` says in English what to do.
#[derive(Debug, Clone, Serialize, Type)]
pub struct CommandError {
    pub code: i32,
    pub info: String,
}

impl From<ApiError> for CommandError {
    fn from(error: ApiError) -> Self {
        Self { code: error.code.0, info: error.info }
    }
}

/// One batch of [`RoomEvent`]s on its way to the UI: the bytes of a JSON array. Bytes cross the
/// border without being parsed as script, which is what keeps a burst from freezing the window.
#[derive(Debug, Clone)]
pub struct Batch(Vec<u8>);

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

/// Commands and types of the bridge.
pub fn builder() -> tauri_specta::Builder<tauri::Wry> {
    tauri_specta::Builder::new()
        .commands(tauri_specta::collect_commands![
            open_room,
            send_comment,
            retry_comment,
            like,
            set_danmaku_budget,
            set_danmaku_visible,
            report_undrawn,
            reconnect,
            service_status,
            stop_service,
            start_service,
        ])
        .typ::<RoomEvent>()
}

/// Sends the room as it is now, then every change, in batches. A later call takes the stream over.
#[tauri::command]
#[specta::specta]
async fn open_room(room: State<'_, OpenRoom>, channel: Channel<Batch>) -> Result<(), CommandError> {
    let mut batches = room.client.subscribe().await;
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
    if let Some(earlier) = room.carrier.lock().await.replace(carrier) {
        earlier.abort();
    }
    Ok(())
}

/// Says something in the room. Its row comes with the next batch.
#[tauri::command]
#[specta::specta]
async fn send_comment(room: State<'_, OpenRoom>, text: String) -> Result<(), CommandError> {
    room.client.send_comment(text).await?;
    Ok(())
}

/// Sends a comment again that was refused.
#[tauri::command]
#[specta::specta]
async fn retry_comment(room: State<'_, OpenRoom>, key: String) -> Result<(), CommandError> {
    Ok(room.client.retry_comment(key).await?)
}

/// Likes the room. What is clicked is collected and sent now and then.
#[tauri::command]
#[specta::specta]
async fn like(room: State<'_, OpenRoom>) -> Result<(), CommandError> {
    Ok(room.client.like(1).await?)
}

/// What the danmaku layer has room for.
#[tauri::command]
#[specta::specta]
async fn set_danmaku_budget(
    room: State<'_, OpenRoom>,
    budget: DanmakuBudget,
) -> Result<(), CommandError> {
    room.client.set_danmaku_budget(budget).await;
    Ok(())
}

#[tauri::command]
#[specta::specta]
async fn set_danmaku_visible(room: State<'_, OpenRoom>, visible: bool) -> Result<(), CommandError> {
    room.client.set_danmaku_visible(visible).await;
    Ok(())
}

/// Comments, by id, that were handed to the danmaku layer and found no lane.
#[tauri::command]
#[specta::specta]
async fn report_undrawn(room: State<'_, OpenRoom>, ids: Vec<u32>) -> Result<(), CommandError> {
    room.client.report_undrawn(ids).await;
    Ok(())
}

/// Connects again after the session has ended for good.
#[tauri::command]
#[specta::specta]
async fn reconnect(room: State<'_, OpenRoom>) -> Result<(), CommandError> {
    room.client.reconnect().await;
    Ok(())
}

#[tauri::command]
#[specta::specta]
async fn service_status(embedded: State<'_, Embedded>) -> Result<ServiceView, CommandError> {
    Ok(embedded.view().await)
}

#[tauri::command]
#[specta::specta]
async fn stop_service(embedded: State<'_, Embedded>) -> Result<(), CommandError> {
    Ok(embedded.stop().await?)
}

/// Starts the embedded service again and points this program's client at it.
#[tauri::command]
#[specta::specta]
async fn start_service(
    embedded: State<'_, Embedded>,
    room: State<'_, OpenRoom>,
) -> Result<(), CommandError> {
    let gateway_url = embedded.start().await?;
    room.client.set_gateway_url(gateway_url).await;
    room.client.reconnect().await;
    Ok(())
}
