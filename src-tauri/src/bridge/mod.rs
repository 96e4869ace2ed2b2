//! Everything that the web UI may ask for, carried to [`desk::commands`]. The TypeScript side,
//! `ui/src/bindings.ts`, is generated from here; a test fails when the two differ.
//!
//! * `room` – what goes by the room's client
//! * `shop` – what goes by the business service
//! * `service` – the services of this process, and windows

mod room;
mod service;
mod shop;

use chat_types::ApiError;
use chat_types::code::Code;
use desk::{Desk, Page};
use live_core::view::RoomEvent;
use std::sync::Arc;
use tauri::{Manager, WebviewWindow};

/// Commands and types of the bridge.
pub fn builder() -> tauri_specta::Builder<tauri::Wry> {
    tauri_specta::Builder::new()
        .commands(tauri_specta::collect_commands![
            room::open_room,
            room::next_batch,
            room::send_comment,
            room::retry_comment,
            room::like,
            room::set_danmaku_budget,
            room::set_danmaku_visible,
            room::reconnect,
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
        .typ::<desk::PageBatch>()
}

/// The page in the window that asks. A window keeps it for as long as it is there.
fn page_of(window: &WebviewWindow) -> Result<Arc<Page>, ApiError> {
    window.state::<Desk>().page(window.label()).ok_or_else(|| {
        ApiError::new(Code::NOT_ONLINE, "this window has left the room: open it anew")
    })
}
