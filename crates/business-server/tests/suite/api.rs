//! What all calls have in common.

use serde_json::{Value, json};
use std::collections::BTreeSet;

use crate::support::{Opening, ROOM, Shop};

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
async fn every_call_has_a_name_of_its_own() {
    let shop = Shop::open().await;
    let document = shop.stranger().get_ok("/openapi.json").await;
    let mut names = BTreeSet::new();
    for calls in document["paths"].as_object().unwrap().values() {
        for call in calls.as_object().unwrap().values() {
            let name = call["operationId"].as_str().unwrap().to_owned();
            assert!(names.insert(name.clone()), "{name}");
        }
    }
    assert!(names.contains("rooms_open") && names.contains("draws_open"), "{names:?}");
}

#[tokio::test]
async fn the_document_tells_how_long_and_how_many() {
    let shop = Shop::open().await;
    let document = shop.stranger().get_ok("/openapi.json").await;
    let member = |schema: &str, member: &str| {
        document["components"]["schemas"][schema]["properties"][member].clone()
    };
    assert_eq!(member("OpenRoom", "title")["maxLength"], 100);
    assert_eq!(member("SignIn", "name")["maxLength"], 32);
    assert_eq!(member("Give", "clicks")["maximum"], 500);
    assert_eq!(member("OpenDraw", "window_s")["minimum"], 5);
}

#[tokio::test]
async fn a_number_beyond_what_the_document_promises_is_refused() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let most = i64::MAX as u64;
    for path in
        ["/wallet/entries?before=", "/rooms/r/streams?before=", "/rooms/r/slot/history?before="]
    {
        host.get_ok(&format!("{path}{most}")).await;
        assert_eq!(host.get(&format!("{path}{}", most + 1)).await.problem(400), "query", "{path}");
    }
    let stream = format!("/rooms/r/statistics?stream={}", most + 1);
    assert_eq!(host.get(&stream).await.problem(400), "query");
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

/// Every object that a body may have in it, with the name of where it stands.
fn objects(document: &Value, schema: &Value, name: &str, found: &mut Vec<(String, Value)>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).unwrap();
        return objects(document, target, reference, found);
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        for each in schema[choice].as_array().into_iter().flatten() {
            objects(document, each, name, found);
        }
    }
    if schema["items"].is_object() {
        objects(document, &schema["items"], name, found);
    }
    let Some(members) = schema["properties"].as_object() else { return };
    found.push((name.to_owned(), schema.clone()));
    for (member, schema) in members {
        objects(document, schema, &format!("{name}.{member}"), found);
    }
}

#[tokio::test]
async fn no_body_may_have_a_member_that_the_call_does_not_know() {
    let shop = Shop::open().await;
    let document = shop.stranger().get_ok("/openapi.json").await;
    let mut bodies = Vec::new();
    for (path, calls) in document["paths"].as_object().unwrap() {
        for call in calls.as_object().unwrap().values() {
            let body = &call["requestBody"]["content"]["application/json"]["schema"];
            objects(&document, body, path, &mut bodies);
        }
    }
    assert!(bodies.len() > 20, "the bodies are found");
    for (name, schema) in bodies {
        assert_eq!(schema["additionalProperties"], false, "{name}");
    }
}

#[tokio::test]
async fn a_misspelt_member_is_named_and_changes_nothing() {
    let shop = Shop::open().await;
    let api = shop.sign_in("host", "host").await;
    let rules = format!("/rooms/{ROOM}/moderation");
    api.put_ok(&rules, json!({"links": "refuse"})).await;
    let misspelt = api.put(&rules, json!({"linkz": "drop"})).await;
    assert_eq!(misspelt.problem(422), "body");
    assert!(misspelt.json()["detail"].as_str().unwrap().contains("linkz"), "{}", misspelt.text);
    let nested = api.put(&rules, json!({"ladder": {"lasting": 5}})).await;
    assert!(
        nested.json()["detail"].as_str().unwrap().contains("ladder.lasting"),
        "{}",
        nested.text
    );
    assert_eq!(api.get_ok(&rules).await["links"], "refuse");
    let draw = json!({"keyword": "cup", "prize": "A cup", "winners": 1, "window_s": 60,
        "min_level": 3});
    let refused = api.post(&format!("/rooms/{ROOM}/draws"), draw).await;
    assert_eq!(refused.problem(422), "body");
    assert!(refused.json()["detail"].as_str().unwrap().contains("min_level"), "{}", refused.text);
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
