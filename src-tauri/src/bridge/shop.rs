//! Commands: wallet, gifts, products, and what the host of the room may do.

use business_client::view::{ProductEntryView, ShopError, ShopView};
use chat_types::business::api::RoomStatus;
use live_core::view::LiveStatusView;
use std::sync::Arc;
use tauri::WebviewWindow;
use tauri::ipc::Channel;

use super::seat_of;
use crate::seat::Seat;

/// As [`seat_of`], with the shop's own kind of error.
fn seat(window: &WebviewWindow) -> Result<Arc<Seat>, ShopError> {
    seat_of(window).map_err(|error| ShopError { code: "away".into(), info: error.info })
}

/// Sends the shop as the account of this window sees it, then every change. A later call takes the
/// stream over.
#[tauri::command]
#[specta::specta]
pub(super) async fn open_shop(
    window: WebviewWindow,
    channel: Channel<ShopView>,
) -> Result<(), ShopError> {
    let seat = seat(&window)?;
    let mut view = seat.shop.view();
    let carrier = tauri::async_runtime::spawn(async move {
        loop {
            let present = view.borrow_and_update().clone();
            if let Err(error) = channel.send(present) {
                tracing::debug!(%error, "window takes no more of the shop");
                return;
            }
            if view.changed().await.is_err() {
                return;
            }
        }
    });
    if let Some(earlier) = seat.shop_views.lock().await.replace(carrier) {
        earlier.abort();
    }
    Ok(())
}

/// One click on a gift. Clicks in a row are one combo; what becomes of them is told by the shop.
#[tauri::command]
#[specta::specta]
pub(super) async fn click_gift(window: WebviewWindow, gift: String) -> Result<(), ShopError> {
    seat(&window)?.shop.click(&gift)
}

/// Gives a number of gifts that was chosen in advance.
#[tauri::command]
#[specta::specta]
pub(super) async fn give_gifts(
    window: WebviewWindow,
    gift: String,
    count: u32,
) -> Result<(), ShopError> {
    seat(&window)?.shop.give(&gift, count).await
}

/// Fills up the wallet, where the shop lets people do that.
#[tauri::command]
#[specta::specta]
pub(super) async fn top_up(window: WebviewWindow, coins: u32) -> Result<(), ShopError> {
    seat(&window)?.shop.top_up(coins.into()).await
}

/// The catalogue.
#[tauri::command]
#[specta::specta]
pub(super) async fn products(window: WebviewWindow) -> Result<Vec<ProductEntryView>, ShopError> {
    seat(&window)?.shop.products().await
}

/// Puts a product into the slot: for who runs the room.
#[tauri::command]
#[specta::specta]
pub(super) async fn recommend(window: WebviewWindow, product: String) -> Result<(), ShopError> {
    seat(&window)?.shop.recommend(&product).await
}

/// Takes the product down: for who runs the room.
#[tauri::command]
#[specta::specta]
pub(super) async fn take_down(window: WebviewWindow) -> Result<(), ShopError> {
    seat(&window)?.shop.take_down().await
}

/// Follows the host of the room, or does so no more.
#[tauri::command]
#[specta::specta]
pub(super) async fn follow(window: WebviewWindow, following: bool) -> Result<(), ShopError> {
    seat(&window)?.shop.follow(following).await
}

/// Goes live, pauses, ends: for who runs the room.
#[tauri::command]
#[specta::specta]
pub(super) async fn set_live_status(
    window: WebviewWindow,
    status: LiveStatusView,
) -> Result<(), ShopError> {
    let status = match status {
        LiveStatusView::ToBeStarted => RoomStatus::ToBeStarted,
        LiveStatusView::Live => RoomStatus::Live,
        LiveStatusView::Paused => RoomStatus::Paused,
        LiveStatusView::Ended => RoomStatus::Ended,
        LiveStatusView::PlayedBack => RoomStatus::PlayedBack,
        LiveStatusView::Unknown => {
            let info = "choose one of the five states of a live".to_owned();
            return Err(ShopError { code: "invalid".into(), info });
        }
    };
    seat(&window)?.shop.set_status(status).await
}
