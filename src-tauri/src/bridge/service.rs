//! Commands: the embedded services, and further windows.

use serde::Serialize;
use specta::Type;
use tauri::{AppHandle, State};

use super::CommandError;
use crate::embedded::Embedded;
use crate::seat::Seats;
use crate::windows;

/// State and address of the embedded service. Addresses are empty while it is stopped.
#[derive(Debug, Clone, Serialize, Type)]
pub(crate) struct ServiceView {
    pub running: bool,
    pub rest: String,
    pub gateway: String,
    pub sdk_app_id: u32,
    pub group_id: String,
    pub data_dir: String,
}

/// Opens a second window on the room, as its host; one that is open comes to the front.
#[tauri::command]
#[specta::specta]
pub(super) async fn open_host_window(app: AppHandle) -> Result<(), CommandError> {
    Ok(windows::open_host(&app).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn service_status(
    embedded: State<'_, Embedded>,
) -> Result<ServiceView, CommandError> {
    Ok(embedded.view().await)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn stop_service(embedded: State<'_, Embedded>) -> Result<(), CommandError> {
    Ok(embedded.stop().await?)
}

/// Starts the embedded service again and points this program's clients at it.
#[tauri::command]
#[specta::specta]
pub(super) async fn start_service(
    embedded: State<'_, Embedded>,
    seats: State<'_, Seats>,
) -> Result<(), CommandError> {
    let gateway_url = embedded.start().await?;
    for seat in seats.taken() {
        seat.client.set_gateway_url(gateway_url.clone()).await;
        seat.client.reconnect().await;
    }
    Ok(())
}
