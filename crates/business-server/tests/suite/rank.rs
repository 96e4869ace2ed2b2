//! Who moderates a room: its host, those whom the host has chosen, and the shop's own people.

use serde_json::{Value, json};

use crate::events::soon;
use crate::support::{Api, ROOM, Shop};

fn path(call: &str) -> String {
    format!("/rooms/{ROOM}/{call}")
}

async fn mute(caller: &Api, room: &str, user: &str) -> crate::support::Answer {
    let body = json!({"user_id": user, "seconds": 600});
    caller.post(&format!("/rooms/{room}/mutes"), body).await
}

/// A shop with a second room of another host, and Li, who moderates the first room.
async fn shop() -> (Shop, Api, Api) {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let other = shop.sign_in("other", "host").await;
    other.made("/rooms", json!({"room": "s", "title": "Other"})).await;
    let li = shop.sign_in("li", "viewer").await;
    let chosen = host.put_ok(&path("moderators/li"), json!({})).await;
    assert_eq!((&chosen[0]["user_id"], &chosen[0]["added_by"]), (&json!("li"), &json!("host")));
    (shop, host, li)
}

#[tokio::test]
async fn the_host_chooses_who_moderates_the_room_and_nobody_else_does() {
    let (shop, host, li) = shop().await;
    let other = shop.sign_in("other", "host").await;
    let moderator = shop.sign_in("mo", "moderator").await;
    for caller in [&li, &other, &moderator] {
        for refused in [
            caller.put(&path("moderators/mo"), json!({})).await,
            caller.delete(&path("moderators/li")).await,
        ] {
            assert_eq!(refused.problem(403), "forbidden");
        }
    }
    assert_eq!(other.get(&path("moderators")).await.problem(403), "forbidden");
    assert_eq!(li.get_ok(&path("moderators")).await[0]["nick"], "li");
    let nobody = host.put(&path("moderators/nobody"), json!({})).await;
    assert_eq!(nobody.problem(404), "account");
    assert_eq!(host.put("/rooms/none/moderators/li", json!({})).await.problem(404), "room");
    assert_eq!(host.delete(&path("moderators/li")).await.expect_status(200), json!([]));
    assert_eq!(mute(&li, ROOM, "mei").await.problem(403), "forbidden");
}

#[tokio::test]
async fn who_moderates_a_room_mutes_there_whom_it_outranks_and_nowhere_else() {
    let (shop, host, li) = shop().await;
    for (user, role) in [("mei", "viewer"), ("an", "viewer"), ("mo", "moderator")] {
        shop.sign_in(user, role).await;
    }
    host.put_ok(&path("moderators/an"), json!({})).await;
    for user in ["host", "an", "li", "mo", "administrator"] {
        assert_eq!(mute(&li, ROOM, user).await.problem(403), "forbidden", "{user}");
    }
    assert_eq!(mute(&host, ROOM, "mo").await.problem(403), "forbidden");
    for caller in [&li, &host] {
        assert_eq!(mute(caller, "s", "mei").await.problem(403), "forbidden");
    }
    mute(&li, ROOM, "mei").await.expect_status(202);
    // A host is a viewer in the room of another.
    mute(&li, ROOM, "other").await.expect_status(202);
    mute(&host, ROOM, "an").await.expect_status(202);
}

#[tokio::test]
async fn who_moderates_a_room_reviews_there_and_keeps_itself_in_order() {
    let (shop, host, li) = shop().await;
    let admin = shop.sign_in("boss", "admin").await;
    for (action, word) in [("review", "odd"), ("refuse", "scam")] {
        let list = json!({"name": action, "action": action, "words": [word]});
        admin.put_ok("/moderation/words", json!({"list": list})).await;
    }
    let mut speaker = shop.watch("mei", ROOM).await;
    assert_eq!(speaker.say("c1", "odd").await["t"], "send_ok");
    for caller in [&host, &li] {
        let open = caller.get_ok(&format!("/moderation/review?room={ROOM}")).await;
        assert_eq!(open[0]["text"], "odd");
        assert_eq!(caller.get("/moderation/review").await.problem(403), "forbidden");
        assert_eq!(caller.get("/moderation/review?room=s").await.problem(403), "forbidden");
        assert_eq!(caller.get("/moderation/log?room=s").await.problem(403), "forbidden");
        caller.get_ok(&format!("/moderation/log?room={ROOM}")).await;
    }
    let open = admin.get_ok("/moderation/review").await;
    let review = format!("/moderation/review/{}", open[0]["id"]);
    let other = shop.sign_in("other", "host").await;
    let verdict = json!({"verdict": "approve"});
    assert_eq!(other.post(&review, verdict.clone()).await.problem(403), "forbidden");
    assert_eq!(li.post_ok(&review, verdict).await["moderator"], "li");

    let mut own = shop.watch("li", ROOM).await;
    assert_eq!(own.say("c1", "no scam").await["t"], "send_ok");
    host.delete(&path("moderators/li")).await.expect_status(200);
    assert_eq!(own.say("c2", "a scam").await["code"], 10_100, "from the next message on");
}

/// Mutes or bans an account, or lifts that.
async fn measure(caller: &Api, kind: &str, user: &str, seconds: u32) -> crate::support::Answer {
    caller.post(&path(kind), json!({"user_id": user, "seconds": seconds})).await
}

#[tokio::test]
async fn what_a_rank_has_set_is_lifted_and_shortened_by_no_lower_one() {
    let (shop, host, li) = shop().await;
    let moderator = shop.sign_in("mo", "moderator").await;
    let admin = shop.sign_in("boss", "admin").await;
    for (user, higher, named, lower) in [
        ("v1", &host, "the host", &li),
        ("v2", &moderator, "a moderator", &host),
        ("v3", &admin, "an administrator", &moderator),
        ("v4", &admin, "an administrator", &li),
    ] {
        // Who is not in the room cannot be muted.
        let _inside = shop.watch(user, ROOM).await;
        for kind in ["mutes", "bans"] {
            measure(higher, kind, user, 600).await.expect_status(202);
            for seconds in [0, 300] {
                let refused = measure(lower, kind, user, seconds).await;
                assert_eq!(refused.problem(403), "forbidden");
                let detail = refused.json()["detail"].as_str().unwrap().to_owned();
                assert!(detail.starts_with(named), "it says whose it is: {detail}");
            }
            // Lengthening it does not make it the own one.
            measure(lower, kind, user, 1_200).await.expect_status(202);
            assert_eq!(measure(lower, kind, user, 0).await.problem(403), "forbidden");
            measure(higher, kind, user, 0).await.expect_status(202);
            // What the lower rank sets afterwards, both lift.
            for caller in [lower, higher] {
                measure(lower, kind, user, 600).await.expect_status(202);
                measure(caller, kind, user, 0).await.expect_status(202);
            }
        }
    }
}

#[tokio::test]
async fn a_measure_that_is_over_holds_nobody_back_from_setting_a_shorter_one() {
    let (shop, host, li) = shop().await;
    let _mei = shop.watch("mei", ROOM).await;
    measure(&host, "mutes", "mei", 60).await.expect_status(202);
    shop.clock.advance_ms(60_000);
    measure(&li, "mutes", "mei", 30).await.expect_status(202);
    measure(&li, "mutes", "mei", 0).await.expect_status(202);
}

#[tokio::test]
async fn a_verdict_shortens_no_mute_and_what_the_ladder_has_set_any_rank_lifts() {
    let (shop, host, li) = shop().await;
    let admin = shop.sign_in("boss", "admin").await;
    for (action, word) in [("review", "odd"), ("refuse", "scam")] {
        let list = json!({"name": action, "action": action, "words": [word]});
        admin.put_ok("/moderation/words", json!({"list": list})).await;
    }
    let rules = json!({"ladder": {"lasting_s": 3_600, "steps": [
        {"strike": 1, "measure": "mute", "seconds": 600}]}});
    host.put_ok(&path("moderation"), rules).await;
    let muted_for = async || {
        let sanctions = host.get_ok(&path("sanctions")).await;
        let until_s = sanctions["sanctions"][0]["muted_until_s"].as_u64();
        until_s.map(|until_s| until_s - shop.clock.now_s())
    };
    let mut mei = shop.watch("mei", ROOM).await;
    assert_eq!(mei.say("c1", "odd").await["t"], "send_ok");
    assert_eq!(mei.say("c2", "a scam").await["code"], 10_100);
    soon("the ladder mutes", async || muted_for().await == Some(600)).await;
    measure(&li, "mutes", "mei", 0).await.expect_status(202);
    assert_eq!(muted_for().await, None);
    measure(&host, "mutes", "mei", 6_000).await.expect_status(202);
    let open = li.get_ok(&format!("/moderation/review?room={ROOM}")).await;
    let verdict = json!({"verdict": "mute", "seconds": 60});
    li.post_ok(&format!("/moderation/review/{}", open[0]["id"]), verdict).await;
    assert_eq!(muted_for().await, Some(6_000));
}

#[tokio::test]
async fn what_holds_now_is_listed_by_room_and_by_account_page_by_page() {
    let (shop, host, li) = shop().await;
    let moderator = shop.sign_in("mo", "moderator").await;
    let ban = async |room: &str, user: &str, seconds: u32| -> Value {
        let body = json!({"user_id": user, "seconds": seconds});
        moderator.post(&format!("/rooms/{room}/bans"), body).await.expect_status(202)
    };
    for user in ["mei", "gone", "other"] {
        shop.sign_in(user, "viewer").await;
    }
    ban(ROOM, "mei", 600).await;
    ban("s", "mei", 60).await;
    ban(ROOM, "gone", 60).await;
    mute(&li, ROOM, "other").await.expect_status(202);
    shop.clock.advance_ms(60_000);
    let now_s = shop.clock.now_s();
    let of_mei = json!({"room": ROOM, "user_id": "mei", "banned_until_s": now_s + 540,
        "banned_because": "moderator mo"});
    for caller in [&host, &li, &moderator] {
        let held = caller.get_ok(&path("sanctions")).await;
        assert_eq!(held["sanctions"][0], of_mei);
        assert!(held.get("next").is_none());
    }
    let after = host.get_ok(&path("sanctions?after=mei")).await;
    assert!(after["sanctions"].as_array().unwrap().iter().all(|held| held["user_id"] != "mei"));
    let held = moderator.get_ok("/accounts/mei/sanctions").await;
    assert_eq!(held["sanctions"], json!([of_mei]));
    for caller in [&host, &li] {
        assert_eq!(caller.get("/accounts/mei/sanctions").await.problem(403), "forbidden");
        assert_eq!(caller.get("/rooms/s/sanctions").await.problem(403), "forbidden");
    }
    for number in 0..101 {
        let user = format!("p{number:03}");
        shop.sign_in(&user, "viewer").await;
        ban(ROOM, &user, 600).await;
    }
    let first = host.get_ok(&path("sanctions")).await;
    assert_eq!(first["sanctions"].as_array().unwrap().len(), 100);
    let next = first["next"].as_str().unwrap();
    let rest = host.get_ok(&path(&format!("sanctions?after={next}"))).await;
    assert!(rest["sanctions"].as_array().unwrap().len() >= 2 && rest.get("next").is_none());
}
