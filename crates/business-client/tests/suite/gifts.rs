//! Gifts, the wallet, and what the giver sees at once.

use chat_types::business::api::Role;

use crate::support::Services;

#[tokio::test]
async fn a_visitor_finds_the_catalogue_and_fills_up_the_wallet() {
    let services = Services::start().await;
    let mei = services.visitor("mei", Role::Viewer).await;
    let view = mei.view();
    assert_eq!((view.user_id.as_str(), view.balance, view.may_top_up), ("mei", 0.0, true));
    assert!(view.gifts.iter().any(|gift| gift.id == "rose" && gift.price == 1));
    assert!(!view.runs_room, "the room is the host's");
    mei.shop.top_up(500).await.unwrap();
    mei.until("the coins are there", |view| view.balance == 500.0).await;
    assert_eq!(mei.shop.top_up(0).await.unwrap_err().code, "invalid");
    services.stop().await;
}

#[tokio::test]
async fn clicks_are_one_combo_that_is_paid_and_shown_at_once() {
    let services = Services::start().await;
    let mut mei = services.visitor("mei", Role::Viewer).await;
    mei.shop.top_up(100).await.unwrap();
    for _ in 0..99 {
        mei.shop.click("rose").unwrap();
    }
    let view = mei.view();
    assert_eq!(view.combo.count, 99, "every click is seen at once");
    assert_eq!(view.balance, 1.0, "and so is what it costs");
    let answered =
        |view: &business_client::view::ShopView| view.combo.count > 0 && view.combo.unanswered == 0;
    let view = mei.until("all are paid", answered).await;
    assert_eq!((view.combo.count, view.balance), (99, 1.0));
    let mut last = mei.shown().await;
    while last.total < 99 {
        last = mei.shown().await;
    }
    assert_eq!((last.total, last.user.as_str()), (99, "mei"));
    let wallet = services.client("mei", Role::Viewer).wallet().await.unwrap();
    assert_eq!(wallet.balance, 1);
    services.stop().await;
}

#[tokio::test]
async fn a_number_that_was_chosen_in_advance_is_one_gift() {
    let services = Services::start().await;
    let mut mei = services.visitor("mei", Role::Viewer).await;
    mei.shop.top_up(100).await.unwrap();
    mei.shop.give("rose", 66).await.unwrap();
    let shown = mei.shown().await;
    assert_eq!((shown.count, shown.gift.as_str(), mei.view().balance), (66, "rose", 34.0));
    assert_eq!(mei.shop.give("rose", 66).await.unwrap_err().code, "balance");
    assert_eq!(mei.shop.give("sun", 1).await.unwrap_err().code, "gift");
    assert_eq!(mei.view().balance, 34.0);
    services.stop().await;
}

#[tokio::test]
async fn clicks_that_cannot_be_paid_are_told_with_their_reason() {
    let services = Services::start().await;
    let mei = services.visitor("mei", Role::Viewer).await;
    mei.shop.top_up(5).await.unwrap();
    mei.shop.click("crown").unwrap();
    mei.shop.click("rose").unwrap();
    let view = mei.until("the crown is refused", |view| view.refusal.number > 0).await;
    let refusal = view.refusal;
    assert_eq!((refusal.gift.as_str(), refusal.count), ("crown", 1));
    assert_eq!((refusal.error.code.as_str(), refusal.number), ("balance", 1));
    let paid = mei.until("the rose is paid", |view| {
        view.balance == 4.0 && view.combo.count > 0 && view.combo.unanswered == 0
    });
    assert_eq!(paid.await.combo.gift, "rose");
    services.stop().await;
}
