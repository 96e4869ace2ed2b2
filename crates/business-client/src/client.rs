//! The calls of one account.

use chat_types::business::api::{
    CatalogueEntry, Entry, Follow, GiftView, Give, Given, PATH, Recommendation, RoomStatus,
    RoomView, SetStatus, SignIn, TopUp, Wallet,
};
use reqwest::{Method, Url};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::sync::Arc;
use tls_transport::Trust;
use tokio::sync::{Mutex, watch};

use crate::Error;
use crate::http::{Call, Http};

/// Entries of a page of the catalogue. A shorter page is the last one.
const PAGE: usize = 100;
/// Pages that are asked for, at most.
const MAX_PAGES: usize = 50;

/// Where the service is now, such as `http://127.0.0.1:8701`; `None` while it does not run.
pub type Address = watch::Receiver<Option<String>>;

/// Calls the business service in the name of one account. It signs in before the first call, and
/// again when its token has ended. A call is made once; what to make again is decided above.
pub struct Client {
    http: Http,
    address: Address,
    who: SignIn,
    token: Mutex<Option<Arc<str>>>,
}

impl Client {
    /// Believes the authorities of this machine.
    ///
    /// # Errors
    /// [`Error::Away`] when TLS cannot be set up.
    pub fn new(address: Address, who: SignIn) -> Result<Self, Error> {
        Self::trusting(address, who, &Trust::platform())
    }

    /// Believes the services that `trust` does.
    ///
    /// # Errors
    /// As for [`Client::new`].
    pub fn trusting(address: Address, who: SignIn, trust: &Trust) -> Result<Self, Error> {
        Ok(Self { http: Http::new(trust)?, address, who, token: Mutex::default() })
    }

    /// The account.
    pub fn who(&self) -> &SignIn {
        &self.who
    }

    /// Whether the service runs anywhere, or where it will.
    pub(crate) fn address(&self) -> Address {
        self.address.clone()
    }

    pub async fn gifts(&self) -> Result<Vec<GiftView>, Error> {
        self.get(&["gifts"], &[]).await
    }

    pub async fn wallet(&self) -> Result<Wallet, Error> {
        self.get(&["wallet"], &[]).await
    }

    /// Fills up the wallet, where the service lets people do that by themselves.
    pub async fn top_up(&self, coins: i64, key: &str) -> Result<Wallet, Error> {
        self.send(Method::POST, &["wallet", "top-up"], &TopUp { coins }, Some(key)).await
    }

    /// Gives a gift; the same key pays it once however often this is called.
    pub async fn give(&self, give: &Give, key: &str) -> Result<Given, Error> {
        self.send(Method::POST, &["gifts"], give, Some(key)).await
    }

    pub async fn room(&self, room: &str) -> Result<RoomView, Error> {
        self.get(&["rooms", room], &[]).await
    }

    /// The catalogue, by id.
    pub async fn products(&self) -> Result<Vec<CatalogueEntry>, Error> {
        let mut all: Vec<CatalogueEntry> = Vec::new();
        for _ in 0..MAX_PAGES {
            let after = all.last().map(|last| last.id.clone()).unwrap_or_default();
            let page: Vec<CatalogueEntry> = self.get(&["products"], &[("after", &after)]).await?;
            let is_last = page.len() < PAGE;
            all.extend(page);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    /// Puts a product into the slot of a room.
    pub async fn recommend(&self, room: &str, what: &Recommendation) -> Result<(), Error> {
        let path = ["rooms", room, "slot"];
        self.send::<IgnoredAny>(Method::POST, &path, what, None).await.map(|_| ())
    }

    /// Takes the product of a room down.
    pub async fn take_down(&self, room: &str) -> Result<(), Error> {
        let path = ["rooms", room, "slot"];
        self.call::<IgnoredAny>(Method::DELETE, &path, &[], None, None).await.map(|_| ())
    }

    pub async fn set_status(&self, room: &str, status: RoomStatus) -> Result<RoomView, Error> {
        self.send(Method::PUT, &["rooms", room, "status"], &SetStatus { status }, None).await
    }

    /// Whether the account follows the owner of a room.
    pub async fn follow(&self, room: &str) -> Result<Follow, Error> {
        self.get(&["rooms", room, "follow"], &[]).await
    }

    /// Follows the owner of a room, or does so no more.
    pub async fn set_follow(&self, room: &str, following: bool) -> Result<Follow, Error> {
        let method = if following { Method::PUT } else { Method::DELETE };
        self.call(method, &["rooms", room, "follow"], &[], None, None).await
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        self.call(Method::GET, path, query, None, None).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        body: &impl Serialize,
        key: Option<&str>,
    ) -> Result<T, Error> {
        let body = serde_json::to_vec(body).map_err(|error| Error::Away(error.to_string()))?;
        self.call(method, path, &[], Some(body), key).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<Vec<u8>>,
        key: Option<&str>,
    ) -> Result<T, Error> {
        let call = async |token: &str| {
            let (method, body, token) = (method.clone(), body.clone(), Some(token));
            self.http.call(Call { method, url: self.url(path, query)?, token, key, body }).await
        };
        let token = self.token().await?;
        match call(&token).await {
            Err(error) if error.is_unauthorized() => {
                self.forget(&token).await;
                let token = self.token().await?;
                call(&token).await
            }
            answer => answer,
        }
    }

    async fn token(&self) -> Result<Arc<str>, Error> {
        let mut kept = self.token.lock().await;
        if let Some(token) = &*kept {
            return Ok(Arc::clone(token));
        }
        let body = serde_json::to_vec(&self.who).map_err(|error| Error::Away(error.to_string()))?;
        let url = self.url(&["sign-in"], &[])?;
        let call = Call { method: Method::POST, url, token: None, key: None, body: Some(body) };
        // Signing in moves nothing: one that was not answered is as good as none.
        let entry: Entry = self.http.call(call).await.map_err(|error| match error {
            Error::Unclear(why) => Error::Away(why),
            error => error,
        })?;
        let token: Arc<str> = entry.token.into();
        *kept = Some(Arc::clone(&token));
        Ok(token)
    }

    async fn forget(&self, token: &Arc<str>) {
        self.token.lock().await.take_if(|kept| kept == token);
    }

    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Result<String, Error> {
        let base = self.address.borrow().clone();
        let base = base.ok_or_else(|| Error::Away("the local service is stopped".into()))?;
        let unusable = || Error::Away(format!("{base} is no address of a service"));
        let mut url = Url::parse(&base).map_err(|_| unusable())?;
        let segments = PATH.split('/').filter(|segment| !segment.is_empty());
        url.path_segments_mut()
            .map_err(|()| unusable())?
            .pop_if_empty()
            .extend(segments)
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url.into())
    }
}
