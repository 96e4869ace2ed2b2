//! The real window: each test opens the program on a fresh data folder.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

use acceptance::gateway::Client;
use acceptance::window::Window;
use futures_util::future::join_all;
use serde_json::{Value, json};

/// No simulated viewers: what is seen then comes from the test.
const ALONE: [&str; 2] = ["--crowd", "0"];
const GROUP: &str = "demo";

/// A window that is in the demo room.
async fn in_the_room(arguments: &[&str]) -> Window {
    let window = Window::open(arguments).await;
    window.connection("online").await;
    let name = "return document.querySelector('[data-testid=room-name]').textContent";
    window.until(name, "the demo room is open", |name| name == "The evening kiln").await;
    window.part("live").await;
    window
}

#[tokio::test]
async fn a_typed_comment_is_in_the_list_and_flies_over_a_picture_that_moves() {
    let window = in_the_room(&ALONE).await;
    let admin = window.administrator().await;
    let gateway = format!("{}/gateway", admin.rest.replace("http://", "ws://"));
    let mut witness = Client::connect(&gateway).await;
    let sig = admin.user_sig("witness").await;
    witness.login(admin.sdk_app_id, "witness", &sig).await;
    witness.ask(json!({"t": "join", "group_id": GROUP})).await;

    window.type_comment("so pretty").await;
    let row = window.row("so pretty", "sent").await;
    assert_eq!(row["own"], "true");
    let flying = window.flies("so pretty").await;
    assert_eq!(flying["own"], true);
    window.screenshot("01-own-comment").await;
    let heard = witness.kind("messages").await;
    assert_eq!(heard["messages"][0]["elements"][0]["MsgContent"]["Text"], "so pretty");

    let frames = "
        const video = document.querySelector('[data-testid=stage-video]');
        return video.getVideoPlaybackQuality().totalVideoFrames";
    let before = window.until(frames, "the clip shows a frame", |n| n.as_f64() > Some(0.0)).await;
    window.until(frames, "the clip goes on", |n| n.as_f64() > before.as_f64()).await;
    let count = "return document.querySelector('[data-testid=online-count]').textContent";
    window.until(count, "two are watching", |text| text.as_str().unwrap_or("").contains('2')).await;
    window.close().await;
}

#[tokio::test]
async fn a_comment_posted_from_outside_is_seen_in_both_places() {
    let window = in_the_room(&ALONE).await;
    let admin = window.administrator().await;
    admin.say(GROUP, 1, Some("host"), "welcome, everybody").await;
    let row = window.row("welcome, everybody", "sent").await;
    assert_eq!(row["own"], "false");
    window.flies("welcome, everybody").await;
    window.screenshot("02-comment-from-outside").await;
    window.close().await;
}

#[tokio::test]
async fn repeats_fold_into_one_flying_comment() {
    let window = in_the_room(&ALONE).await;
    let admin = window.administrator().await;
    for random in 1..=5 {
        admin.say(GROUP, random, Some("host"), "666").await;
    }
    let counted = "
        return window.liveroomInspect.danmaku().filter(item => item.text === '666')
          .map(item => item.count)";
    window.until(counted, "one comment stands for five", |counts| *counts == json!([5])).await;
    window.flies("666").await;
    window.screenshot("03-folded-repeats").await;
    window.close().await;
}

#[tokio::test]
async fn the_product_slot_follows_the_custom_field() {
    let window = in_the_room(&ALONE).await;
    let title = "return document.querySelector('[data-testid=product-title]')?.textContent";
    let cup = |title: &Value| title.as_str().is_some_and(|title| title.starts_with("Ceramic cup"));
    window.until(title, "a late joiner sees the product", cup).await;
    let admin = window.administrator().await;
    let bowl = json!({"id": "bowl", "title": "Rice bowl <b>blue</b>", "price_minor": 5250,
        "currency": "CNY", "picture": "demo:bowl"});
    admin.set_product(GROUP, &bowl.to_string()).await;
    let slot = "
        const slot = document.querySelector('[data-testid=product-slot]');
        return slot && [slot.dataset.productId,
          slot.querySelector('[data-testid=product-title]').textContent,
          slot.querySelector('[data-testid=product-price]').textContent,
          slot.querySelectorAll('b').length]";
    let seen = window.until(slot, "the slot shows the bowl", |slot| slot[0] == "bowl").await;
    assert_eq!(seen[1], "Rice bowl <b>blue</b>", "text is text");
    assert!(seen[2].as_str().unwrap().contains("52.50"), "{seen}");
    assert_eq!(seen[3], 0);
    window.screenshot("04-product-changed").await;
    admin.set_product(GROUP, "").await;
    window.until(slot, "the slot is empty", Value::is_null).await;
    window.close().await;
}

#[tokio::test]
async fn markup_is_shown_as_it_was_typed() {
    let window = in_the_room(&ALONE).await;
    let admin = window.administrator().await;
    let markup = "<img src=x onerror=\"window.broken=1\"><script>window.broken=1</script><b>hi</b>";
    admin.say(GROUP, 1, Some("host"), markup).await;
    window.row(markup, "sent").await;
    window.flies(markup).await;
    let made = "
        const list = document.querySelector('[data-testid=chat-list]');
        return [list.querySelectorAll('img, script, b').length, window.broken ?? 0]";
    window.until(made, "no element was made of it", |made| *made == json!([0, 0])).await;
    window.screenshot("05-markup-as-text").await;
    window.close().await;
}

#[tokio::test]
async fn the_room_comes_back_after_the_service_was_away_and_nothing_is_shown_twice() {
    let window = in_the_room(&ALONE).await;
    let admin = window.administrator().await;
    admin.say(GROUP, 1, Some("host"), "before").await;
    window.type_comment("mine before").await;
    window.row("before", "sent").await;
    window.row("mine before", "sent").await;

    window.open_settings().await;
    window.part("service-stop").await.click().await.unwrap();
    window.connection("reconnecting").await;
    window.screenshot("06-service-stopped").await;
    window.part("service-start").await.click().await.unwrap();
    window.connection("online").await;

    let admin = window.administrator().await;
    admin.say(GROUP, 2, Some("host"), "after").await;
    window.row("after", "sent").await;
    window.close_settings().await;
    for text in ["before", "mine before", "after"] {
        assert_eq!(window.rows_with(text).await.len(), 1, "{text:?} is shown once");
    }
    window.screenshot("07-service-back").await;
    window.close().await;
}

#[tokio::test]
async fn a_refused_comment_stays_with_its_reason_and_goes_out_by_retry() {
    let window = in_the_room(&ALONE).await;
    window.open_settings().await;
    window.part("service-stop").await.click().await.unwrap();
    window.connection("reconnecting").await;
    // The composer sends nothing while the connection is down, so the core is asked directly.
    let say = "
        const done = arguments[arguments.length - 1];
        window.__TAURI_INTERNALS__.invoke('send_comment', { text: arguments[0] }).then(done, done)";
    window.client.execute_async(say, vec!["kept for later".into()]).await.unwrap();
    window.row("kept for later", "failed").await;
    window.screenshot("08-comment-refused").await;

    window.part("service-start").await.click().await.unwrap();
    window.connection("online").await;
    window.close_settings().await;
    window.part("retry").await.click().await.unwrap();
    window.row("kept for later", "sent").await;
    window.close().await;
}

#[tokio::test]
async fn what_was_typed_stays_when_the_room_is_closed_and_the_composer_says_why() {
    let window = in_the_room(&ALONE).await;
    let admin = window.administrator().await;
    let composer = window.part("composer").await;
    composer.send_keys("half a sentence").await.unwrap();
    admin.ok("group_open_http_svc/destroy_group", json!({"GroupId": GROUP})).await;
    let notice = "return document.querySelector('[data-testid=composer-notice]')?.textContent";
    let closed = |text: &Value| text.as_str().is_some_and(|text| text.contains("closed"));
    window.until(notice, "the composer says that the room is closed", closed).await;
    composer.send_keys("\u{e007}").await.unwrap();
    let typed = "return document.querySelector('[data-testid=composer]').value";
    window.until(typed, "the text stays", |text| text == "half a sentence").await;
    window.screenshot("09-room-closed").await;
    window.close().await;
}

#[tokio::test]
async fn a_second_login_elsewhere_ends_this_one_and_it_can_come_back() {
    let window = in_the_room(&ALONE).await;
    let admin = window.administrator().await;
    let gateway = format!("{}/gateway", admin.rest.replace("http://", "ws://"));
    let mut elsewhere = Client::connect(&gateway).await;
    let sig = admin.user_sig("viewer").await;
    let login = json!({"t": "login", "sdk_app_id": admin.sdk_app_id, "user_id": "viewer",
        "user_sig": sig, "platform": "Linux"});
    assert_eq!(elsewhere.ask(login).await["t"], "login_ok");
    window.connection("kicked").await;
    window.screenshot("10-signed-in-elsewhere").await;
    let again = "document.querySelector('[data-testid=connection] button').click()";
    window.client.execute(again, Vec::new()).await.unwrap();
    window.connection("online").await;
    assert!(elsewhere.until(|frame| frame["t"] == "kicked").await.is_some());
    window.close().await;
}

#[tokio::test]
async fn the_window_speaks_chinese_and_turns_light_when_asked_to() {
    let window = in_the_room(&ALONE).await;
    let admin = window.administrator().await;
    admin.say(GROUP, 1, Some("host"), "晚上好").await;
    window.row("晚上好", "sent").await;
    window.open_settings().await;
    for (id, value) in [("language", "zh"), ("theme", "light")] {
        let pick = "
            const select = document.querySelector(`[data-testid=${arguments[0]}]`);
            select.value = arguments[1];
            select.dispatchEvent(new Event('change', { bubbles: true }));";
        window.client.execute(pick, vec![id.into(), value.into()]).await.unwrap();
    }
    let hint = "return document.querySelector('[data-testid=composer]').placeholder";
    let chinese = |hint: &Value| hint.as_str().is_some_and(|hint| hint.contains('说'));
    window.until(hint, "the composer asks in Chinese", chinese).await;
    let theme = "return document.documentElement.dataset.theme";
    window.until(theme, "the theme is light", |theme| theme == "light").await;
    window.screenshot("13-chinese-and-light").await;
    window.close().await;
}

#[tokio::test]
async fn a_comment_says_when_it_was_taken_back_or_not_chosen() {
    let window = in_the_room(&ALONE).await;
    let admin = window.administrator().await;
    window.type_comment("take this back").await;
    window.row("take this back", "sent").await;
    let query = json!({"GroupIdList": [GROUP]});
    let info = admin.ok("group_open_http_svc/get_group_info", query).await;
    let seq = info["GroupInfo"][0]["NextMsgSeq"].as_u64().unwrap() - 1;
    let recall = json!({"GroupId": GROUP, "MsgSeqList": [{"MsgSeq": seq}]});
    admin.ok("group_open_http_svc/group_msg_recall", recall).await;
    let asides = "
        return [...document.querySelectorAll('[data-testid=row-aside]')].map(p => p.textContent)";
    let says = |asides: &Value, words: &str| {
        let mut all = asides.as_array().into_iter().flatten().filter_map(Value::as_str);
        all.any(|aside| aside.contains(words))
    };
    window.until(asides, "the row says so", |asides| says(asides, "taken back")).await;

    // One message a second, and more of a higher class than that: nothing else is chosen.
    let rules = json!({"GroupId": GROUP, "Rules": {"budget_per_s": 1}});
    admin.ok("liveroom_ext/modify_room_rules", rules).await;
    let flood = (1..=8).map(|random| {
        let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": "more cups"}});
        let body = json!({"GroupId": GROUP, "Random": random, "MsgPriority": "High",
            "MsgBody": [element]});
        admin.call("group_open_http_svc/send_group_msg", body)
    });
    let watching = async {
        window.type_comment("will it show").await;
        window.row("will it show", "sampled_out").await;
        window.until(asides, "the row says so", |asides| says(asides, "Only you see this")).await;
        window.screenshot("14-taken-back-and-not-chosen").await;
    };
    tokio::join!(join_all(flood), watching);
    window.close().await;
}

#[tokio::test]
async fn the_composer_says_how_long_slow_mode_and_a_mute_last() {
    let window = in_the_room(&ALONE).await;
    let admin = window.administrator().await;
    let rules = json!({"GroupId": GROUP, "Rules": {"slow_mode_s": 90}});
    admin.ok("liveroom_ext/modify_room_rules", rules).await;
    window.type_comment("one at a time").await;
    window.row("one at a time", "sent").await;
    let notice = "return document.querySelector('[data-testid=composer-notice]')?.textContent";
    let says = |notice: &Value, words: &str| notice.as_str().is_some_and(|n| n.contains(words));
    window.until(notice, "slow mode is named", |n| says(n, "say something again")).await;
    window.screenshot("15-slow-mode").await;

    let rules = json!({"GroupId": GROUP, "Rules": {"slow_mode_s": 0}});
    admin.ok("liveroom_ext/modify_room_rules", rules).await;
    window.until(notice, "slow mode is over", |n| !says(n, "say something again")).await;
    let mute = json!({"GroupId": GROUP, "Members_Account": ["viewer"], "ShutUpTime": 3_600});
    admin.ok("group_open_http_svc/forbid_send_msg", mute).await;
    window.type_comment("but I want to").await;
    window.row("but I want to", "failed").await;
    window.screenshot("16-muted").await;
    window.close().await;
}

#[tokio::test]
async fn a_window_that_stood_still_shows_the_room_of_now_when_it_goes_on() {
    let window = in_the_room(&ALONE).await;
    let admin = window.administrator().await;
    admin.say(GROUP, 1, Some("host"), "before").await;
    window.row("before", "sent").await;
    window.stop_page();
    for n in 2..=30 {
        admin.say(GROUP, n, Some("host"), &format!("meanwhile {n}")).await;
    }
    window.continue_page();
    window.row("meanwhile 30", "sent").await;
    window.row("before", "sent").await;
    window.type_comment("and on it goes").await;
    window.row("and on it goes", "sent").await;
    window.close().await;
}

#[tokio::test]
async fn the_crowd_keeps_the_demo_room_alive() {
    let window = in_the_room(&["--crowd", "14", "--seed", "1"]).await;
    let rows = "return document.querySelectorAll('[data-testid=chat-row]').length";
    window.until(rows, "the list has ten comments", |n| n.as_u64() >= Some(10)).await;
    let flying = "return window.liveroomInspect.danmaku().length";
    window.until(flying, "five comments fly at once", |n| n.as_u64() >= Some(5)).await;
    let left = "return Math.min(...window.liveroomInspect.danmaku().map(item => item.x))";
    window.until(left, "one has crossed the picture", |x| x.as_f64() < Some(40.0)).await;
    window.administrator().await.say(GROUP, 1, Some("host"), "The bowls are next").await;
    window.flies("The bowls are next").await;
    let count = "return document.querySelector('[data-testid=online-count]').textContent";
    window.until(count, "fifteen are watching", |n| n.as_str().unwrap_or("").contains("15")).await;
    window.screenshot("11-room").await;
    window.close().await;
}
