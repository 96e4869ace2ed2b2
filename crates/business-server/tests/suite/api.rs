//! What all calls have in common.

use serde_json::json;

use crate::support::{Opening, Shop};

#[tokio::test]
async fn the_document_names_every_call_and_how_it_fails() {
    let shop = Shop::open().await;
    let document = shop.stranger().get_ok("/openapi.json").await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.contains_key("/api/v1/rooms/{room}/status"));
    for (path, calls) in paths {
        for (method, call) in calls.as_object().unwrap() {
            assert!(
                call["responses"]["default"]["content"]["application/problem+json"].is_object(),
                "{method} {path}"
            );
            assert!(call["summary"].is_string(), "{method} {path} has no sentence");
        }
    }
    assert!(document["components"]["schemas"]["Problem"].is_object());
}

#[tokio::test]
async fn whatever_is_wrong_is_a_problem() {
    let shop = Shop::open().await;
    let api = shop.sign_in("host", "host").await;
    assert_eq!(api.get("/nothing").await.problem(404), "path");
    assert_eq!(api.delete("/rooms").await.problem(405), "method");
    assert_eq!(api.post("/rooms", json!({"room": 7})).await.problem(422), "body");
    assert_eq!(api.post("/rooms", json!([])).await.problem(422), "body");
    let post = || api.request(reqwest::Method::POST, "/rooms");
    let json = |body: &'static str| post().header("content-type", "application/json").body(body);
    assert_eq!(api.send(json("{")).await.problem(400), "body");
    assert_eq!(api.send(post().body("{}")).await.problem(415), "body");
    let huge = json!({"room": "r", "title": "t".repeat(70_000)});
    assert_eq!(api.post("/rooms", huge).await.problem(413), "body");
}

#[tokio::test]
async fn only_pages_of_configured_origins_may_call() {
    let opening = Opening {
        configure: Box::new(|config| config.cors_origins = vec!["https://shop.example".into()]),
        ..Opening::default()
    };
    let shop = Shop::open_with(opening).await;
    let api = shop.stranger();
    let allowed = async |origin: &str| {
        let request = api.request(reqwest::Method::OPTIONS, "/rooms");
        let request = request
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization");
        let answer = request.send().await.unwrap();
        answer.headers().get("access-control-allow-origin").cloned()
    };
    assert_eq!(allowed("https://shop.example").await.unwrap(), "https://shop.example");
    assert_eq!(allowed("https://other.example").await, None);
}
