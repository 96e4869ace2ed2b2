//! Two accounts before the real windows of one program: a viewer and the host of the room. What one
//! does, the other sees.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

use acceptance::window::Window;
use serde_json::{Value, json};

const GROUP: &str = "demo";

/// Both windows, in the room, without simulated viewers. What follows is done as the host.
async fn both() -> Window {
    let mut window = Window::open(&["--crowd", "0"]).await;
    window.connection("online").await;
    window.open_host().await;
    window
}

/// Text of a part of the page; null while it is not there.
fn text_of(id: &str) -> String {
    format!("return document.querySelector('[data-testid={id}]')?.textContent ?? null")
}

fn says(value: &Value, words: &str) -> bool {
    value.as_str().is_some_and(|text| text.contains(words))
}

async fn click(window: &Window, selector: &str) {
    let there = format!("return document.querySelector({selector:?}) !== null");
    window.until(&there, &format!("{selector} is there"), |there| *there == true).await;
    let click = format!("document.querySelector({selector:?}).click()");
    window.client.execute(&click, Vec::new()).await.unwrap();
}

/// Notes every text that a banner has, since it goes by itself after some seconds.
const NOTE_BANNERS: &str = "
    window.banners = [];
    new MutationObserver(() => document.querySelectorAll('[data-testid=gift-banner]')
      .forEach(({ textContent }) => window.banners.push(textContent))
    ).observe(document.querySelector('.gifts'),
      { childList: true, subtree: true, characterData: true });";

/// Waits until a banner with this text has been seen.
async fn banner(window: &Window, text: &str) {
    let had = |banners: &Value| banners.as_array().is_some_and(|all| all.contains(&json!(text)));
    window.until("return window.banners", &format!("a banner says {text}"), had).await;
}

#[tokio::test]
async fn a_viewer_gives_by_the_combo_button_and_the_host_sees_every_gift() {
    let window = both().await;
    window.as_viewer().await;
    window.client.execute(NOTE_BANNERS, Vec::new()).await.unwrap();
    window.part("gift-button").await.click().await.unwrap();
    let balance = text_of("balance");
    window.until(&balance, "the wallet is empty", |text| says(text, "0")).await;
    let give = "
        const give = document.querySelector('[data-testid=give]');
        return give && [give.getAttribute('aria-disabled'), give.textContent]";
    let cannot = |give: &Value| give[0] == "true" && says(&give[1], "needed");
    window.until(give, "nothing can be paid", cannot).await;
    window.part("top-up").await.click().await.unwrap();
    window.until(&balance, "the coins are there", |text| says(text, "1,000")).await;

    click(&window, "[data-testid=gift-kind][data-gift=lantern]").await;
    for _ in 0..3 {
        window.part("give").await.click().await.unwrap();
    }
    window.until(&text_of("combo-count"), "the combo has three", |text| says(text, "3")).await;
    banner(&window, "ViewerLantern\u{d7}3").await;
    window.until(&balance, "each is paid once", |text| says(text, "910")).await;
    window.screenshot("21-gift-tray").await;
    click(&window, "[data-testid=give-count][data-count='10']").await;
    window.until(&balance, "ten more are paid", |text| says(text, "610")).await;
    for row in ["Lantern \u{d7}3", "Lantern \u{d7}10"] {
        let row = window.row(row, "sent").await;
        assert_eq!(row["own"], "true");
    }

    window.as_host().await;
    for row in ["Lantern \u{d7}3", "Lantern \u{d7}10"] {
        let row = window.row(row, "sent").await;
        assert_eq!(row["own"], "false");
    }
    let host = window.shopper("host", "host").await;
    let income = host.get(&format!("/rooms/{GROUP}/income")).await;
    assert_eq!((&income["gifts"], &income["coins"]), (&json!(13), &json!(390)));
    window.screenshot("22-gift-at-the-host").await;
    window.close().await;
}

#[tokio::test]
async fn a_gift_that_others_give_is_a_banner_that_grows_with_its_combo() {
    let window = both().await;
    window.client.execute(NOTE_BANNERS, Vec::new()).await.unwrap();
    window.as_viewer().await;
    window.client.execute(NOTE_BANNERS, Vec::new()).await.unwrap();
    let mei = window.shopper("Mei", "viewer").await;
    mei.post("/wallet/top-up", "coins", json!({"coins": 10_000})).await;
    for (key, seen) in [("first", "MeiCrown\u{d7}1"), ("second", "MeiCrown\u{d7}2")] {
        let gift = json!({"room": GROUP, "gift": "crown", "count": 1, "combo": "royal"});
        mei.post("/gifts", key, gift).await;
        window.as_host().await;
        banner(&window, seen).await;
        window.as_viewer().await;
        banner(&window, seen).await;
    }
    assert_eq!(window.rows_with("Crown \u{d7}1").await.len(), 0, "one line for the combo");
    window.row("Crown \u{d7}2", "sent").await;
    window.close().await;
}

#[tokio::test]
async fn a_gift_that_cannot_be_given_says_why_and_nothing_is_paid() {
    let window = both().await;
    window.part("tab-goods").await.click().await.unwrap();
    click(&window, "[data-testid=live-status-set] [data-status=ended]").await;
    // The second press means it, unless it comes as fast as that of a double click.
    click(&window, "[data-testid=live-status-set] [data-status=ended][data-sure=true]").await;

    window.as_viewer().await;
    let status = "return document.querySelector('[data-testid=live-status]')?.dataset.status";
    window.until(status, "the live has ended", |status| status == "ended").await;
    window.part("gift-button").await.click().await.unwrap();
    window.part("top-up").await.click().await.unwrap();
    let balance = text_of("balance");
    window.until(&balance, "the coins are there", |text| says(text, "1,000")).await;
    window.part("give").await.click().await.unwrap();
    let refusal = text_of("gift-refusal");
    window.until(&refusal, "it is said why", |text| says(text, "while the host is on")).await;
    window.until(&balance, "nothing was paid", |text| says(text, "1,000")).await;
    window.screenshot("23-gift-refused").await;

    window.as_host().await;
    click(&window, "[data-testid=live-status-set] [data-status=live]").await;
    window.as_viewer().await;
    window.until(status, "the host is back", |status| status == "live").await;
    window.part("give").await.click().await.unwrap();
    window.until(&balance, "now it is paid", |text| says(text, "999")).await;
    window.row("Rose \u{d7}1", "sent").await;
    window.close().await;
}

#[tokio::test]
async fn likes_of_both_add_up_exactly_and_hearts_rise_at_the_other_side() {
    let window = both().await;
    let total = text_of("like-total");
    let count_hearts = "
        window.hearts = 0;
        const burst = document.querySelector('[data-testid=like-burst]');
        new MutationObserver(changes => changes.forEach(({ addedNodes }) => addedNodes.forEach(node => {
          if (node.dataset?.testid === 'like-heart') window.hearts += 1;
        }))).observe(burst, { childList: true, subtree: true });";
    window.client.execute(count_hearts, Vec::new()).await.unwrap();

    window.as_viewer().await;
    window.client.execute(count_hearts, Vec::new()).await.unwrap();
    for _ in 0..5 {
        window.part("like").await.click().await.unwrap();
    }
    window.until(&total, "the own likes are shown", |total| total == "5").await;
    let hearts = "return window.hearts";
    window.until(hearts, "a heart for the own clicks", |n| n.as_u64() > Some(0)).await;

    window.as_host().await;
    window.until(&total, "the host sees them", |total| total == "5").await;
    window.until(hearts, "hearts rise here, too", |n| n.as_u64() > Some(0)).await;
    for _ in 0..2 {
        window.part("like").await.click().await.unwrap();
    }
    window.until(&total, "nothing is counted twice", |total| total == "7").await;
    window.screenshot("24-likes").await;
    window.as_viewer().await;
    window.until(&total, "both see the same", |total| total == "7").await;
    let host = window.shopper("host", "host").await;
    assert_eq!(host.get(&format!("/rooms/{GROUP}/likes")).await["total"], 7);
    window.close().await;
}

/// What the slot shows: id, price, stock, and whether its picture is there.
const SLOT: &str = "
    const slot = document.querySelector('[data-testid=product-slot]');
    const text = id => slot.querySelector(`[data-testid=${id}]`)?.textContent ?? null;
    return slot && [slot.dataset.productId, text('product-price'), text('product-stock'),
      slot.querySelector('img').naturalWidth > 0]";

#[tokio::test]
async fn the_host_recommends_by_one_button_and_takes_down_by_the_same() {
    let window = both().await;
    window.part("tab-goods").await.click().await.unwrap();
    click(&window, "[data-testid=goods-entry][data-product=bowl] [data-testid=recommend]").await;
    let bowl = |slot: &Value| slot[0] == "bowl" && slot[3] == true;
    let seen = window.until(SLOT, "the host sees it", bowl).await;
    assert!(says(&seen[1], "68.00") && says(&seen[2], "60"), "{seen}");
    window.screenshot("25-goods-of-the-host").await;

    window.as_viewer().await;
    window.until(SLOT, "the viewer sees it", bowl).await;
    window.part("tab-goods").await.click().await.unwrap();
    let goods = "
        const all = id => [...document.querySelectorAll(`[data-testid=${id}]`)];
        return [all('goods-entry').length, all('recommend').length, all('take-down').length,
          all('goods-entry').filter(entry => entry.dataset.shown === 'true')
            .map(entry => entry.dataset.product)]";
    let no_buttons = json!([3, 0, 0, ["bowl"]]);
    window.until(goods, "a viewer has no buttons", |goods| *goods == no_buttons).await;
    let boss = window.shopper("boss", "admin").await;
    boss.post("/products/bowl/stock", "-", json!({"set": 3})).await;
    window.until(SLOT, "the slot counts down", |slot| says(&slot[2], "3 left")).await;
    boss.post("/products/bowl/stock", "-", json!({"set": 0})).await;
    window.until(SLOT, "it is sold out", |slot| says(&slot[2], "Sold out")).await;
    window.screenshot("26-goods-of-a-viewer").await;

    window.as_host().await;
    click(&window, "[data-testid=goods-entry][data-product=bowl] [data-testid=take-down]").await;
    window.until(SLOT, "the slot is empty", Value::is_null).await;
    click(&window, "[data-testid=goods-entry][data-product=bowl] [data-testid=recommend]").await;
    let error = text_of("goods-error");
    window.until(&error, "what is sold out is not offered", |text| says(text, "sold out")).await;
    window.as_viewer().await;
    window.until(SLOT, "the slot is empty here, too", Value::is_null).await;
    window.close().await;
}

#[tokio::test]
async fn a_viewer_takes_part_in_a_draw_by_one_button_and_both_see_who_won() {
    let window = both().await;
    let host = window.shopper("host", "host").await;
    let draw = json!({"keyword": "glaze", "prize": "A rice bowl", "winners": 1, "window_s": 20,
        "filters": {"must_follow": true}});
    let draw = host.post(&format!("/rooms/{GROUP}/draws"), "-", draw).await;
    window.part("draw-open").await;
    assert!(!has(&window, "draw-join").await, "who runs the room takes no part");
    assert!(!has(&window, "follow").await, "and follows nobody there");

    window.as_viewer().await;
    let countdown = text_of("draw-countdown");
    window.until(&countdown, "time runs", |text| says(text, "00:")).await;
    let conditions = text_of("draw-conditions");
    window.until(&conditions, "it is said who can win", |text| says(text, "follow the host")).await;
    window.part("follow").await.click().await.unwrap();
    window.until(&text_of("follow"), "the viewer follows", |text| text == "Following").await;
    window.part("draw-join").await.click().await.unwrap();
    window.row("glaze", "sent").await;
    let standing = "return document.querySelector('[data-testid=draw-join]')?.dataset.standing";
    window.until(standing, "the viewer is in", |standing| standing == "in").await;
    window.screenshot("27-draw-open").await;
    let result = "
        const result = document.querySelector('[data-testid=draw-result]');
        return result && [result.dataset.own, result.textContent,
          [...result.querySelectorAll('[data-testid=draw-winner]')].map(w => w.textContent),
          result.querySelector('[data-testid=draw-seed]')?.textContent ?? null]";
    let won = window.until(result, "the result is there", |result| !result.is_null()).await;
    assert_eq!((&won[0], &won[2]), (&json!("true"), &json!(["Viewer"])), "{won}");
    assert!(says(&won[1], "You won") && says(&won[1], "A rice bowl"), "{won}");
    window.screenshot("28-draw-won").await;
    let fold = "document.dispatchEvent(new KeyboardEvent('keydown', { key: 'c', bubbles: true }))";
    window.client.execute(fold, Vec::new()).await.unwrap();
    click(&window, ".stage [data-testid=draw-result] summary").await;
    window.screenshot("31-draw-over-the-picture").await;

    window.as_host().await;
    let seen = window.until(result, "the host sees it", |result| !result.is_null()).await;
    assert_eq!((&seen[0], &seen[2]), (&json!("false"), &json!(["Viewer"])), "{seen}");
    click(&window, "[data-testid=draw-proof] summary").await;
    let record = host.get(&format!("/draws/{}/record", draw["draw"].as_str().unwrap())).await;
    let shown = window.until(result, "the seed is shown", |result| !result[3].is_null()).await;
    assert!(says(&shown[3], record["seed"].as_str().unwrap()), "{shown} {record}");
    window.close().await;
}

#[tokio::test]
async fn a_broadcast_stands_over_both_pictures_until_each_has_read_it() {
    let window = both().await;
    let boss = window.shopper("boss", "admin").await;
    let sharp = "The sale ends at ten <b>sharp</b>";
    // It goes by itself after a while, which must not be before the test has looked.
    let note = "
        window.heard = [];
        new MutationObserver(() => {
          const bar = document.querySelector('[data-testid=broadcast]');
          if (bar) window.heard.push(bar.textContent);
        }).observe(document.querySelector('.broadcast-place'), { childList: true, subtree: true });";
    window.as_viewer().await;
    window.client.execute(note, Vec::new()).await.unwrap();
    window.as_host().await;
    boss.post("/broadcasts", "-", json!({"id": "ten", "text": sharp})).await;
    let bar = text_of("broadcast");
    window.until(&bar, "the host sees it", |bar| bar == sharp).await;
    window.screenshot("29-broadcast").await;
    click(&window, "[data-testid=broadcast] button").await;
    window.until(&bar, "it was read", Value::is_null).await;
    window.as_viewer().await;
    let heard = "return window.heard[0] ?? null";
    window.until(heard, "the viewer has seen it", |heard| heard == sharp).await;
    window.close().await;
}

#[tokio::test]
async fn who_says_a_word_of_the_shops_list_is_told_why_and_the_host_hears_nothing() {
    let window = both().await;
    let boss = window.shopper("boss", "admin").await;
    let refused = json!({"name": "scams", "action": "refuse", "words": ["free coins"],
        "sentence": "This shop gives no coins away"});
    boss.put("/moderation/words", json!({"list": refused})).await;
    window.as_viewer().await;
    window.type_comment("FREE coins here").await;
    window.row("FREE coins here", "failed").await;
    let why = "return document.querySelector('.chat-failure')?.textContent ?? ''";
    let told = |why: &Value| says(why, "This shop gives no coins away");
    window.until(why, "the row has the shop's sentence", told).await;
    window.screenshot("19-refused-by-the-shop").await;
    window.type_comment("good evening").await;
    window.row("good evening", "sent").await;
    window.as_host().await;
    window.row("good evening", "sent").await;
    assert_eq!(window.rows_with("FREE coins here").await.len(), 0);
    window.close().await;
}

#[tokio::test]
async fn the_hosts_pause_is_seen_in_the_title_and_over_the_picture() {
    let window = both().await;
    window.part("tab-goods").await.click().await.unwrap();
    click(&window, "[data-testid=live-status-set] [data-status=paused]").await;
    window.as_viewer().await;
    let status = "return document.querySelector('[data-testid=live-status]')?.dataset.status";
    window.until(status, "the title says so", |status| status == "paused").await;
    window.part("stage-status").await;
    window.screenshot("30-paused").await;
    window.as_host().await;
    click(&window, "[data-testid=live-status-set] [data-status=live]").await;
    window.as_viewer().await;
    window.part("live").await;
    let note = "return document.querySelector('[data-testid=stage-status]') === null";
    window.until(note, "the picture is free again", |gone| *gone == true).await;
    window.close().await;
}

#[tokio::test]
async fn the_hosts_window_leaves_the_room_when_it_is_closed_and_can_be_opened_again() {
    let mut window = both().await;
    window.as_viewer().await;
    let watching = text_of("online-count");
    window.until(&watching, "both are in the room", |count| count == "2").await;
    window.close_host().await;
    window.until(&watching, "the host has left", |count| count == "1").await;
    window.open_host().await;
    window.as_viewer().await;
    window.until(&watching, "the host is back", |count| count == "2").await;
    window.close().await;
}

#[tokio::test]
async fn both_windows_and_their_shop_come_back_after_the_services_were_away() {
    let window = both().await;
    window.as_viewer().await;
    window.open_settings().await;
    window.part("service-stop").await.click().await.unwrap();
    window.connection("reconnecting").await;
    window.part("service-start").await.click().await.unwrap();
    window.connection("online").await;
    window.close_settings().await;
    window.part("gift-button").await.click().await.unwrap();
    window.part("top-up").await.click().await.unwrap();
    let balance = text_of("balance");
    window.until(&balance, "the coins are there", |text| says(text, "1,000")).await;
    window.part("give").await.click().await.unwrap();
    window.row("Rose \u{d7}1", "sent").await;
    window.as_host().await;
    window.connection("online").await;
    window.row("Rose \u{d7}1", "sent").await;
    window.part("tab-goods").await.click().await.unwrap();
    click(&window, "[data-testid=goods-entry][data-product=vase] [data-testid=recommend]").await;
    window.until(SLOT, "the host runs the room again", |slot| slot[0] == "vase").await;
    window.close().await;
}

async fn has(window: &Window, id: &str) -> bool {
    let there = format!("return document.querySelector('[data-testid={id}]') !== null");
    window.client.execute(&there, Vec::new()).await.unwrap() == true
}
