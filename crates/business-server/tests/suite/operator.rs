//! What an operator's tools are answered.

use acceptance::rest::http;
use business_server::Config;
use serde_json::json;

use crate::support::{Opening, ROOM, Shop};

async fn open() -> Shop {
    let configure = |config: &mut Config| {
        config.operator_listen = Some("127.0.0.1:0".parse().unwrap());
    };
    Shop::open_with(Opening { configure: Box::new(configure), ..Opening::default() }).await
}

async fn get(base: &str, path: &str) -> (u16, String) {
    let answer = http().get(format!("{base}{path}")).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn what_an_operator_asks_is_answered_to_nobody_else_and_without_a_token() {
    let shop = open().await;
    let operator = shop.business.operator_url().unwrap();
    assert_eq!(get(&operator, "/healthz").await, (200, "ok".to_owned()));
    assert_eq!(get(&operator, "/readyz").await, (200, "ready".to_owned()));
    assert_eq!(get(&operator, "/metrics").await.0, 200);
    assert_eq!(get(&operator, "/api/v1/gifts").await.0, 404, "no calls there");
    let public = shop.business.url();
    assert_eq!(get(&public, "/healthz").await, (200, "ok".to_owned()), "for balancers");
    for path in ["/readyz", "/metrics"] {
        let (status, said) = get(&public, path).await;
        assert_eq!(status, 404);
        assert!(said.contains("--business-operator-listen"), "{said}");
    }
}

#[tokio::test]
async fn the_figures_of_the_service_are_metrics_that_name_nobody() {
    let shop = open().await;
    let viewer = shop.sign_in("viewer_of_metrics", "viewer").await;
    let post = |path, key, body| {
        let request = viewer.request(reqwest::Method::POST, path);
        request.header("Idempotency-Key", key).json(&body)
    };
    let coins = post("/wallet/top-up", "coins", json!({"coins": 10}));
    viewer.send(coins).await.expect_status(200);
    let rose = post("/gifts", "rose", json!({"room": ROOM, "gift": "rose", "count": 1}));
    viewer.send(rose).await.expect_status(200);
    let mut watcher = shop.watch("one_who_watches", ROOM).await;
    watcher.say("1", "hello").await;
    let operator = shop.business.operator_url().unwrap();
    let (_, text) = get(&operator, "/metrics").await;
    for name in [
        "liveroom_business_outbox_waiting ",
        "liveroom_business_outbox_delivered_total ",
        "liveroom_business_after_stored_total ",
        "liveroom_business_unheard ",
        "liveroom_business_likes_capped_total ",
        "liveroom_business_decisions_lost_total ",
        "liveroom_business_notifications_waiting 0",
        "liveroom_business_notifications_dropped_total 0",
        "liveroom_business_panics_total{kind=\"consumer\",name=\"draws\"} 0",
        "liveroom_business_panics_total{kind=\"routine\",name=\"webhooks::process_events\"} 0",
    ] {
        assert!(text.lines().any(|line| line.starts_with(name)), "{name} is missing from\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
    let answered = text.lines().find(|line| line.contains("before_answered_total "));
    assert!(!answered.unwrap().ends_with(" 0"), "the comment was asked about");
    for secret in ["viewer_of_metrics", "one_who_watches", "webhook-token", "payment-key"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_service_without_the_listener_answers_nobody() {
    let shop = Shop::open().await;
    assert_eq!(shop.business.operator_url(), None);
    assert_eq!(get(&shop.business.url(), "/readyz").await.0, 404);
}
