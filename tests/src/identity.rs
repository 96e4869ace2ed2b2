//! An identity server of a shop: it tells the public half of one key and signs what it is given.

use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::Value;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// `iss` and `aud` of its tokens.
pub const ISSUER: &str = "https://id.example";
pub const AUDIENCE: &str = "liveroom";
/// What stands before the 32 bytes of a private Ed25519 key in its PKCS #8 form (RFC 8410).
const PKCS8_ED25519: [u8; 16] =
    [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// An identity server with one key.
pub struct IdentityServer {
    /// Where its key set is.
    pub jwks_url: String,
    key: EncodingKey,
    /// How often its keys were fetched.
    pub asked: Arc<AtomicUsize>,
    /// The id of the key that it tells; `None` while it fails.
    pub tells: Arc<Mutex<Option<&'static str>>>,
}

impl IdentityServer {
    pub async fn start() -> Self {
        let key = EncodingKey::from_ed_der(&[&PKCS8_ED25519[..], &[7; 32]].concat());
        let public = Jwk::from_encoding_key(&key, Algorithm::EdDSA).unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let tells = Arc::new(Mutex::new(Some("first")));
        let (count, told) = (Arc::clone(&asked), Arc::clone(&tells));
        let keys = get(async move || {
            count.fetch_add(1, Ordering::SeqCst);
            let key_id = told.lock().unwrap().ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
            let mut key = public.clone();
            key.common.key_id = Some(key_id.into());
            Ok::<_, StatusCode>(Json(JwkSet { keys: vec![key] }))
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let jwks_url = format!("http://{}/keys", listener.local_addr().unwrap());
        let router = Router::new().route("/keys", keys);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { jwks_url, key, asked, tells }
    }

    /// A token that says this, signed as by the key of this id.
    pub fn token(&self, key_id: &str, claims: &Value) -> String {
        let header = Header { kid: Some(key_id.into()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, claims, &self.key).unwrap()
    }
}
