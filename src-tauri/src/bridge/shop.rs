//! Commands: wallet, gifts, products, and what the host of the room may do.

use business_client::view::{ProductEntryView, ShopError};
use desk::Page;
use desk::commands::shop;
use live_core::view::LiveStatusView;
use std::sync::Arc;
use tauri::WebviewWindow;

/// As [`super::page_of`], with the shop's own kind of error.
fn page_of(window: &WebviewWindow) -> Result<Arc<Page>, ShopError> {
    super::page_of(window).map_err(|error| ShopError { code: "away".into(), info: error.info })
}

/// One click on a gift. Clicks in a row are one combo; what becomes of them is told by the shop.
#[tauri::command]
#[specta::specta]
pub(super) async fn click_gift(window: WebviewWindow, gift: String) -> Result<(), ShopError> {
    shop::click_gift(&*page_of(&window)?, gift).await
}

/// Gives a number of gifts that was chosen in advance.
#[tauri::command]
#[specta::specta]
pub(super) async fn give_gifts(
    window: WebviewWindow,
    gift: String,
    count: u32,
) -> Result<(), ShopError> {
    shop::give_gifts(&*page_of(&window)?, gift, count).await
}

/// Fills up the wallet, where the shop lets people do that.
#[tauri::command]
#[specta::specta]
pub(super) async fn top_up(window: WebviewWindow, coins: u32) -> Result<(), ShopError> {
    shop::top_up(&*page_of(&window)?, coins).await
}

/// The catalogue.
#[tauri::command]
#[specta::specta]
pub(super) async fn products(window: WebviewWindow) -> Result<Vec<ProductEntryView>, ShopError> {
    shop::products(&*page_of(&window)?).await
}

/// Puts a product into the slot: for who runs the room.
#[tauri::command]
#[specta::specta]
pub(super) async fn recommend(window: WebviewWindow, product: String) -> Result<(), ShopError> {
    shop::recommend(&*page_of(&window)?, product).await
}

/// Takes the product down: for who runs the room.
#[tauri::command]
#[specta::specta]
pub(super) async fn take_down(window: WebviewWindow) -> Result<(), ShopError> {
    shop::take_down(&*page_of(&window)?).await
}

/// Follows the host of the room, or does so no more.
#[tauri::command]
#[specta::specta]
pub(super) async fn follow(window: WebviewWindow, following: bool) -> Result<(), ShopError> {
    shop::follow(&*page_of(&window)?, following).await
}

/// Goes live, pauses, ends: for who runs the room.
#[tauri::command]
#[specta::specta]
pub(super) async fn set_live_status(
    window: WebviewWindow,
    status: LiveStatusView,
) -> Result<(), ShopError> {
    shop::set_live_status(&*page_of(&window)?, status).await
}
