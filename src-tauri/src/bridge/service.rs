//! Commands: the services of this process, and further windows.

use desk::commands::service;
use desk::{CommandError, Desk, ServiceView};
use tauri::{AppHandle, State};

use crate::windows;

/// Opens a second window on the room, as its host; one that is open comes to the front.
#[tauri::command]
#[specta::specta]
pub(super) async fn open_host_window(app: AppHandle) -> Result<(), CommandError> {
    Ok(windows::open_host(&app).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn service_status(desk: State<'_, Desk>) -> Result<ServiceView, CommandError> {
    Ok(service::service_status(&desk).await)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn stop_service(desk: State<'_, Desk>) -> Result<(), CommandError> {
    service::stop_service(&desk).await
}

/// Starts the services again and points this program's clients at them.
#[tauri::command]
#[specta::specta]
pub(super) async fn start_service(desk: State<'_, Desk>) -> Result<(), CommandError> {
    service::start_service(&desk).await
}
