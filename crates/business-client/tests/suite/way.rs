//! The way to the service is bad: nothing is paid twice, and what is not known is told.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use chat_types::business::api::Role;
use futures_util::stream;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;

use crate::support::Services;

const MAX_BYTES: usize = 1024 * 1024;

/// Stands before a service and hands everything on, but breaks off in the answers to `POST /gifts`,
/// so many times: the gift was paid, and who gave it does not learn of it.
async fn loses_answers(service: String, lost: Arc<AtomicUsize>) -> String {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(no_tls())
        .build()
        .expect("plain HTTP needs nothing");
    let hand_on = async move |request: Request| -> Response {
        let (parts, body) = request.into_parts();
        let url = format!("{service}{}", parts.uri);
        let is_gift = parts.method == "POST" && parts.uri.path().ends_with("/gifts");
        let body = to_bytes(body, MAX_BYTES).await.unwrap();
        let call = client.request(parts.method, url).headers(parts.headers).body(body);
        let answer = call.send().await.unwrap();
        let one_less = |left: usize| left.checked_sub(1);
        let (status, headers) = (answer.status(), answer.headers().clone());
        let bytes = answer.bytes().await.unwrap();
        if is_gift && lost.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
            let gone = io::Error::from(io::ErrorKind::ConnectionReset);
            return Body::from_stream(stream::iter([Err::<Bytes, _>(gone)])).into_response();
        }
        (status, headers, bytes).into_response()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let way = Router::new().fallback(hand_on);
    tokio::spawn(async move { axum::serve(listener, way).await.unwrap() });
    url
}

fn no_tls() -> tls_transport::rustls::ClientConfig {
    let provider = Arc::new(tls_transport::rustls::crypto::ring::default_provider());
    let versions = tls_transport::rustls::ClientConfig::builder_with_provider(provider);
    let roots = tls_transport::rustls::RootCertStore::empty();
    versions
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

#[tokio::test]
async fn a_gift_whose_answer_was_lost_is_paid_once() {
    let services = Services::start().await;
    let lost = Arc::new(AtomicUsize::new(0));
    services.tell_address(loses_answers(services.url(), Arc::clone(&lost)).await);
    let mei = services.visitor("mei", Role::Viewer).await;
    mei.shop.top_up(100).await.unwrap();
    lost.store(2, Ordering::SeqCst);
    mei.shop.give("rose", 10).await.unwrap();
    assert_eq!((lost.load(Ordering::SeqCst), mei.view().balance), (0, 90.0));
    lost.store(2, Ordering::SeqCst);
    mei.shop.click("rose").unwrap();
    mei.until("the click is paid", |view| (view.combo.count, view.combo.unanswered) == (1, 0))
        .await;
    let wallet = services.client("mei", Role::Viewer).wallet().await.unwrap();
    assert_eq!(wallet.balance, 89);
    services.stop().await;
}

#[tokio::test]
async fn without_any_answer_it_is_told_that_nobody_knows() {
    let services = Services::start().await;
    let lost = Arc::new(AtomicUsize::new(0));
    services.tell_address(loses_answers(services.url(), Arc::clone(&lost)).await);
    let mei = services.visitor("mei", Role::Viewer).await;
    mei.shop.top_up(100).await.unwrap();
    lost.store(usize::MAX, Ordering::SeqCst);
    assert_eq!(mei.shop.give("rose", 1).await.unwrap_err().code, "unclear");
    services.stop().await;
}

#[tokio::test]
async fn a_service_that_was_away_is_found_again_and_pays_what_was_clicked() {
    let mut services = Services::start().await;
    let mei = services.visitor("mei", Role::Viewer).await;
    mei.shop.top_up(100).await.unwrap();
    services.business_stops().await;
    mei.until("the shop is shut", |view| !view.open).await;
    assert_eq!(mei.shop.click("rose").unwrap_err().code, "away");
    assert_eq!(mei.shop.give("rose", 1).await.unwrap_err().code, "away");
    services.business_returns().await;
    let view = mei.until("the shop is open again", |view| view.open).await;
    assert_eq!(view.balance, 100.0);
    mei.shop.click("rose").unwrap();
    mei.until("it is paid", |view| view.balance == 99.0).await;
    services.stop().await;
}

#[tokio::test]
async fn what_waits_when_the_service_is_shut_is_not_paid_later() {
    let mut services = Services::start().await;
    let lost = Arc::new(AtomicUsize::new(0));
    services.tell_address(loses_answers(services.url(), Arc::clone(&lost)).await);
    let mei = services.visitor("mei", Role::Viewer).await;
    mei.shop.top_up(100).await.unwrap();
    lost.store(usize::MAX, Ordering::SeqCst);
    mei.shop.click("rose").unwrap();
    let wallet = services.client("mei", Role::Viewer);
    // One account may call twenty times a second.
    let mut look = tokio::time::interval(Duration::from_millis(200));
    while wallet.wallet().await.unwrap().balance == 100 {
        look.tick().await;
    }
    mei.shop.click("rose").unwrap();
    services.business_stops().await;
    let view = mei.until("both are given up", |view| view.refusal.number > 0).await;
    assert_eq!((view.refusal.count, view.refusal.error.code.as_str()), (2, "unclear"));
    services.business_returns().await;
    let view = mei.until("the shop is open again", |view| view.open).await;
    assert_eq!((view.balance, view.combo.count), (99.0, 0), "one was paid, and nothing waits");
    services.stop().await;
}

#[tokio::test]
async fn a_token_that_has_ended_is_replaced_without_anybody_noticing() {
    let services = Services::start().await;
    let mei = services.visitor("mei", Role::Viewer).await;
    // A token lives for twelve hours unless it is configured.
    services.advance(Duration::from_secs(13 * 3_600));
    mei.shop.top_up(7).await.unwrap();
    mei.until("the coins are there", |view| view.balance == 7.0).await;
    services.stop().await;
}
