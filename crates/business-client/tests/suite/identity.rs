//! Somebody comes in by the shop's own identity server, and stays in.

use acceptance::identity::{AUDIENCE, ISSUER, IdentityServer};
use business_client::{Client, Credentials};
use chat_types::business::api::Role;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::Services;

const HOUR: Duration = Duration::from_secs(3_600);

struct World {
    services: Services,
    client: Client,
    /// Tokens that the identity server was asked for.
    given: Arc<AtomicUsize>,
}

/// Services with an identity server, and a person of it.
async fn world() -> World {
    let server = Arc::new(IdentityServer::start().await);
    let identity = business_server::IdentityServer {
        issuer: ISSUER.into(),
        audience: AUDIENCE.into(),
        jwks_url: server.jwks_url.clone(),
        user_claim: "sub".into(),
    };
    let services = Services::start_with(Some(identity)).await;
    let given = Arc::new(AtomicUsize::new(0));
    let (count, now_s) = (Arc::clone(&given), services.clock());
    let credentials = Credentials::identity(move || {
        count.fetch_add(1, Ordering::SeqCst);
        let now_s = now_s();
        let claims = json!({"iss": ISSUER, "aud": AUDIENCE, "name": "Mei", "iat": now_s,
            "exp": now_s + 300, "sub": "6fd9b1a2-6a53-4f0e-9a0c-0f7d6a1b9c3e"});
        let token = server.token("first", &claims);
        async move { Ok(token) }
    });
    let client = services.client_by(credentials);
    World { services, client, given }
}

#[tokio::test]
async fn a_person_of_the_identity_server_comes_in_and_renews_before_the_end() {
    let World { services, client, given } = world().await;
    let account = client.account().await.unwrap();
    assert_eq!((account.name.as_str(), account.role), ("Mei", Role::Viewer));
    let first = client.chat_pass().await.unwrap();
    assert_eq!(first.user_id, account.user_id);
    services.advance(8 * HOUR);
    client.wallet().await.unwrap();
    assert_eq!(
        client.chat_pass().await.unwrap().ends_at_s,
        first.ends_at_s,
        "it lives long enough"
    );
    services.advance(HOUR + HOUR / 2);
    let second = client.chat_pass().await.unwrap();
    assert_ne!(second.user_sig, first.user_sig);
    assert_eq!(given.load(Ordering::SeqCst), 1, "renewed without the identity server");
    services.stop().await;
}

#[tokio::test]
async fn when_nothing_can_be_renewed_the_identity_server_is_asked_again() {
    let World { services, client, given } = world().await;
    for _ in 0..5 {
        client.wallet().await.unwrap();
        services.advance(10 * HOUR);
    }
    client.wallet().await.unwrap();
    let asked = given.load(Ordering::SeqCst);
    assert!((2..=4).contains(&asked), "asked {asked} times in 50 hours");
    let pass = client.chat_pass().await.unwrap();
    assert!(pass.ends_at_s > services.now_s());
    services.stop().await;
}

#[tokio::test]
async fn a_renewal_that_fails_keeps_what_still_holds() {
    let World { mut services, client, given } = world().await;
    let first = client.chat_pass().await.unwrap();
    services.business_stops().await;
    services.advance(10 * HOUR);
    let kept = client.chat_pass().await.unwrap();
    assert_eq!(kept.user_sig, first.user_sig);
    services.business_returns().await;
    services.advance(Duration::from_secs(30));
    assert_ne!(client.chat_pass().await.unwrap().user_sig, first.user_sig);
    assert_eq!(given.load(Ordering::SeqCst), 1);
    services.stop().await;
}

#[tokio::test]
async fn who_has_signed_out_comes_in_anew() {
    let World { services, client, given } = world().await;
    client.wallet().await.unwrap();
    client.sign_out().await.unwrap();
    client.wallet().await.unwrap();
    assert_eq!(given.load(Ordering::SeqCst), 2);
    services.stop().await;
}

#[tokio::test]
async fn without_a_token_of_the_identity_server_the_reason_is_told() {
    let services = Services::start().await;
    let client =
        services.client_by(Credentials::identity(|| async { Err("not signed in".into()) }));
    let error = client.wallet().await.unwrap_err();
    assert_eq!(error.code(), "away");
    assert!(error.to_string().contains("not signed in"), "{error}");
    services.stop().await;
}
