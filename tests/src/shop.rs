//! The business service, as one account sees it over HTTP.

use serde_json::{Value, json};

use crate::rest::http;

/// An account that has signed in, as development lets everybody.
pub struct Shopper {
    base: String,
    token: String,
}

impl Shopper {
    /// `url` is the address of the service.
    pub async fn sign_in(url: &str, user: &str, role: &str) -> Self {
        let mut shopper = Self { base: format!("{url}/api/v1"), token: String::new() };
        let who = json!({"name": user, "user_id": user, "role": role});
        let entry = shopper.post("/sign-in", "-", who).await;
        shopper.token = entry["token"].as_str().unwrap().to_owned();
        shopper
    }

    /// The same account, with the token that it has, at another service.
    pub fn at(&self, url: &str) -> Self {
        Self { base: format!("{url}/api/v1"), token: self.token.clone() }
    }

    /// How a call is answered.
    pub async fn status(&self, path: &str) -> u16 {
        let request = http().get(format!("{}{path}", self.base)).bearer_auth(&self.token);
        request.send().await.unwrap().status().as_u16()
    }

    /// `key` names a call that moves coins; for others it says nothing.
    pub async fn post(&self, path: &str, key: &str, body: Value) -> Value {
        let request = http().post(format!("{}{path}", self.base)).header("Idempotency-Key", key);
        self.answer(path, request.json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Value {
        self.answer(path, http().put(format!("{}{path}", self.base)).json(&body)).await
    }

    pub async fn get(&self, path: &str) -> Value {
        self.answer(path, http().get(format!("{}{path}", self.base))).await
    }

    async fn answer(&self, path: &str, request: reqwest::RequestBuilder) -> Value {
        let answer = request.bearer_auth(&self.token).send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {body}");
        body
    }
}
