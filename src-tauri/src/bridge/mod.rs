//! Everything that the web UI may ask for. The TypeScript side, `ui/src/bindings.ts`, is generated
//! from here; a test fails when the two differ.
//!
//! * `room` – what goes by the room's client
//! * `shop` – what goes by the business service
//! * `service` – the embedded services, and windows

mod room;
pub(crate) mod service;
mod shop;

use chat_types::ApiError;
use chat_types::code::Code;
use live_core::view::RoomEvent;
use serde::Serialize;
use specta::Type;
use std::sync::Arc;
use tauri::{Manager, WebviewWindow};

use crate::seat::{Seat, Seats};

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

/// Commands and types of the bridge.
pub fn builder() -> tauri_specta::Builder<tauri::Wry> {
    tauri_specta::Builder::new()
        .commands(tauri_specta::collect_commands![
            room::open_room,
            room::send_comment,
            room::retry_comment,
            room::like,
            room::set_danmaku_budget,
            room::set_danmaku_visible,
            room::report_undrawn,
            room::reconnect,
            shop::open_shop,
            shop::click_gift,
            shop::give_gifts,
            shop::top_up,
            shop::products,
            shop::recommend,
            shop::take_down,
            shop::follow,
            shop::set_live_status,
            service::open_host_window,
            service::service_status,
            service::stop_service,
            service::start_service,
        ])
        .typ::<RoomEvent>()
}

/// The seat of the window that asks. A window keeps it for as long as it is there.
fn seat_of(window: &WebviewWindow) -> Result<Arc<Seat>, ApiError> {
    window.state::<Seats>().of(window.label()).ok_or_else(|| {
        ApiError::new(Code::NOT_ONLINE, "this window has left the room: open it anew")
    })
}
