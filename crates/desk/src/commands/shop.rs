//! Wallet, gifts, products, and what the host of the room may do.

use business_client::view::{ProductEntryView, ShopError};
use chat_types::business::api::RoomStatus;
use live_core::view::LiveStatusView;

use crate::page::Page;

/// One click on a gift. Clicks in a row are one combo; what becomes of them is told by the shop.
///
/// # Errors
/// `away` while the shop is not open, `too_many` when too many wait.
pub async fn click_gift(page: &Page, gift: String) -> Result<(), ShopError> {
    page.seat().shop.click(&gift)
}

/// Gives a number of gifts that was chosen in advance.
///
/// # Errors
/// The shop's own code and sentence; `away` when it cannot be reached.
pub async fn give_gifts(page: &Page, gift: String, count: u32) -> Result<(), ShopError> {
    page.seat().shop.give(&gift, count).await
}

/// Fills up the wallet, where the shop lets people do that.
///
/// # Errors
/// The shop's own code and sentence; `away` when it cannot be reached.
pub async fn top_up(page: &Page, coins: u32) -> Result<(), ShopError> {
    page.seat().shop.top_up(coins.into()).await
}

/// The catalogue.
///
/// # Errors
/// The shop's own code and sentence; `away` when it cannot be reached.
pub async fn products(page: &Page) -> Result<Vec<ProductEntryView>, ShopError> {
    page.seat().shop.products().await
}

/// Puts a product into the slot: for who runs the room.
///
/// # Errors
/// The shop's own code and sentence; `away` when it cannot be reached.
pub async fn recommend(page: &Page, product: String) -> Result<(), ShopError> {
    page.seat().shop.recommend(&product).await
}

/// Takes the product down: for who runs the room.
///
/// # Errors
/// The shop's own code and sentence; `away` when it cannot be reached.
pub async fn take_down(page: &Page) -> Result<(), ShopError> {
    page.seat().shop.take_down().await
}

/// Follows the host of the room, or does so no more.
///
/// # Errors
/// The shop's own code and sentence; `away` when it cannot be reached.
pub async fn follow(page: &Page, following: bool) -> Result<(), ShopError> {
    page.seat().shop.follow(following).await
}

/// Goes live, pauses, ends: for who runs the room.
///
/// # Errors
/// The shop's own code and sentence; `away` when it cannot be reached.
pub async fn set_live_status(page: &Page, status: LiveStatusView) -> Result<(), ShopError> {
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
    page.seat().shop.set_status(status).await
}
