//! The calls of one account.

use chat_types::business::api::{
    CatalogueEntry, Entry, Exchange, Follow, GiftView, Give, Given, PATH, Recommendation,
    RoomStatus, RoomView, SetStatus, TopUp, Wallet,
};
use reqwest::{Method, Url};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::sync::Arc;
use std::time::Duration;
use tls_transport::Trust;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use crate::credentials::Kind;
use crate::http::{Call, Http};
use crate::session::{Account, ChatPass, Kept, can_be_renewed};
use crate::{Credentials, Error};

/// Entries of a page of the catalogue. A shorter page is the last one.
const PAGE: usize = 100;
/// Pages that are asked for, at most.
const MAX_PAGES: usize = 50;

/// Where the service is now, such as `http://127.0.0.1:8701`; `None` while it does not run.
pub type Address = watch::Receiver<Option<String>>;

/// Calls the business service in the name of one account. It signs in before the first call, renews
/// what that has opened before it ends, and signs in again when nothing can be renewed any more or the
/// service has taken it back. A call is made once; what to make again is decided above.
pub struct Client {
    http: Http,
    address: Address,
    credentials: Credentials,
    kept: Mutex<Kept>,
    /// Time that has passed since some moment.
    clock: Box<dyn Fn() -> Duration + Send + Sync>,
}

impl Client {
    /// Believes the authorities of this machine.
    ///
    /// # Errors
    /// [`Error::Away`] when TLS cannot be set up.
    pub fn new(address: Address, who: impl Into<Credentials>) -> Result<Self, Error> {
        Self::trusting(address, who, &Trust::platform())
    }

    /// Believes the services that `trust` does.
    ///
    /// # Errors
    /// As for [`Client::new`].
    pub fn trusting(
        address: Address,
        who: impl Into<Credentials>,
        trust: &Trust,
    ) -> Result<Self, Error> {
        let (http, credentials, began) = (Http::new(trust)?, who.into(), Instant::now());
        let clock = Box::new(move || began.elapsed());
        Ok(Self { http, address, credentials, kept: Mutex::default(), clock })
    }

    /// Goes by this clock, which tells how much time has passed since some moment.
    pub fn timed(self, clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// The account, as the service knows it.
    pub async fn account(&self) -> Result<Account, Error> {
        let entry = self.entry().await?;
        let (user_id, name) = (entry.user_id.clone(), entry.nick.clone());
        Ok(Account { user_id, name, role: entry.role })
    }

    /// What opens the chat service for the account, for at least a quarter of its life still unless
    /// the service is away.
    pub async fn chat_pass(&self) -> Result<ChatPass, Error> {
        let entry = self.entry().await?;
        Ok(ChatPass {
            sdk_app_id: entry.sdk_app_id,
            user_id: entry.user_id.clone(),
            user_sig: entry.user_sig.clone(),
            ends_at_s: entry.user_sig_ends_at_s,
        })
    }

    /// Ends everything that the account has open, on every device. The next call signs in again.
    pub async fn sign_out(&self) -> Result<(), Error> {
        let entry = self.entry().await?;
        let url = self.url(&["sign-out"], &[])?;
        let token = Some(entry.token.as_str());
        let call = Call { method: Method::POST, url, token, key: None, body: None };
        self.http.call::<IgnoredAny>(call).await?;
        self.kept.lock().await.forget(&entry);
        Ok(())
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
        let entry = self.entry().await?;
        match call(&entry.token).await {
            Err(error) if error.is_unauthorized() => {
                self.kept.lock().await.forget(&entry);
                let entry = self.entry().await?;
                call(&entry.token).await
            }
            answer => answer,
        }
    }

    /// What opens both services now.
    async fn entry(&self) -> Result<Arc<Entry>, Error> {
        let mut kept = self.kept.lock().await;
        let Some((present, is_due)) = kept.present((self.clock)()) else {
            let entry = self.sign_in().await?;
            return Ok(kept.put(entry, (self.clock)()));
        };
        if !is_due {
            return Ok(present);
        }
        match self.renewed(&present).await {
            Ok(entry) => Ok(kept.put(entry, (self.clock)())),
            Err(error) => {
                tracing::warn!(%error, "not renewed yet");
                kept.put_off((self.clock)());
                Ok(present)
            }
        }
    }

    /// By the token as long as that helps, else by a sign-in.
    async fn renewed(&self, present: &Entry) -> Result<Entry, Error> {
        if can_be_renewed(present) {
            match self.enter("renew", Some(&present.token), None).await {
                Err(error) if error.is_unauthorized() => {}
                answer => return answer,
            }
        }
        self.sign_in().await
    }

    async fn sign_in(&self) -> Result<Entry, Error> {
        let unwritten = |error: serde_json::Error| Error::Away(error.to_string());
        let (path, body) = match &self.credentials.0 {
            Kind::Name(who) => ("sign-in", serde_json::to_vec(who).map_err(unwritten)?),
            Kind::Identity(source) => {
                let without =
                    |why| Error::Away(format!("the identity server gives no token: {why}"));
                let token = source().await.map_err(without)?;
                ("token-exchange", serde_json::to_vec(&Exchange { token }).map_err(unwritten)?)
            }
        };
        self.enter(path, None, Some(body)).await
    }

    async fn enter(
        &self,
        path: &str,
        token: Option<&str>,
        body: Option<Vec<u8>>,
    ) -> Result<Entry, Error> {
        let call =
            Call { method: Method::POST, url: self.url(&[path], &[])?, token, key: None, body };
        // Coming in moves nothing: an answer that did not come is as good as none.
        self.http.call(call).await.map_err(|error| match error {
            Error::Unclear(why) => Error::Away(why),
            error => error,
        })
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
