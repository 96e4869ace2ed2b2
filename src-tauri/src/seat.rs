//! A window's own place in the room: one account, its client in the room, and its shop.

use business_client::{Client, Shop, ShopConfig};
use chat_types::ApiError;
use chat_types::business::Gift;
use chat_types::business::api::{Role, SignIn};
use chat_types::code::Code;
use chat_types::gateway::Platform;
use live_client::{RoomClient, RoomClientConfig};
use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;
use tauri::async_runtime::JoinHandle;
use tokio::sync::{Mutex, mpsc};

use crate::demo;
use crate::embedded::Embedded;

/// One batch per frame of a 60 Hz display at most.
const FLUSH_EVERY: Duration = Duration::from_millis(16);
/// Own gifts on their way from the shop to the room. The room tells of those that find no place.
const PAID_GIFTS: usize = 64;

/// Who sits in front of a window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    /// Label of the window.
    pub(crate) window: &'static str,
    user_id: &'static str,
    name: &'static str,
    role: Role,
}

pub(crate) const VIEWER: Account =
    Account { window: "main", user_id: demo::VIEWER, name: demo::VIEWER_NAME, role: Role::Viewer };
pub(crate) const HOST: Account =
    Account { window: "host", user_id: demo::HOST, name: demo::HOST_NAME, role: Role::Host };

pub(crate) struct Seat {
    pub(crate) client: RoomClient,
    pub(crate) shop: Shop,
    room: Mutex<Option<tokio::task::JoinHandle<()>>>,
    /// Carry news to the window; a new subscriber replaces each.
    pub(crate) batches: Mutex<Option<JoinHandle<()>>>,
    pub(crate) shop_views: Mutex<Option<JoinHandle<()>>>,
}

impl Seat {
    /// Signs in to the demo application and goes into the demo room.
    pub(crate) async fn take(embedded: &Embedded, account: Account) -> Result<Self, ApiError> {
        let entrance = embedded.entrance(account.user_id).await?;
        let (client, room) = RoomClient::open(RoomClientConfig {
            gateway_url: entrance.gateway_url,
            trust: live_client::Trust::platform(),
            sdk_app_id: entrance.sdk_app_id,
            user_id: account.user_id.into(),
            platform: platform(),
            group_id: demo::GROUP_ID.into(),
            credentials: Arc::new(entrance.credentials),
            flush_every: FLUSH_EVERY,
        });
        let who = SignIn {
            name: account.name.into(),
            user_id: account.user_id.into(),
            role: account.role,
        };
        let shop = Client::new(embedded.business_address(), who)
            .map_err(|error| ApiError::new(Code::SERVICE, error.to_string()))?;
        let (paid, gifts) = mpsc::channel(PAID_GIFTS);
        let shop = Shop::open(ShopConfig::new(shop, demo::GROUP_ID, paid));
        tokio::spawn(show_gifts(gifts, client.clone()));
        Ok(Self {
            client,
            shop,
            room: Mutex::new(Some(room)),
            batches: Mutex::default(),
            shop_views: Mutex::default(),
        })
    }

    /// Signs out; returns when the connection is closed.
    pub(crate) async fn leave(&self) {
        for carrier in [&self.batches, &self.shop_views] {
            if let Some(carrier) = carrier.lock().await.take() {
                carrier.abort();
            }
        }
        self.client.close().await;
        let room = self.room.lock().await.take();
        if let Some(room) = room
            && let Err(error) = room.await
        {
            tracing::error!(%error, "the room's client ended by a fault");
        }
    }
}

/// Own gifts are on the own screen as soon as they are paid.
async fn show_gifts(mut gifts: mpsc::Receiver<Gift>, client: RoomClient) {
    while let Some(gift) = gifts.recv().await {
        client.show_paid_gift(gift).await;
    }
}

/// The seats of all windows, by label.
#[derive(Default)]
pub(crate) struct Seats {
    by_window: StdMutex<HashMap<String, Arc<Seat>>>,
    /// Held by who opens a window.
    pub(crate) opening: Mutex<()>,
}

impl Seats {
    pub(crate) fn put(&self, window: &str, seat: Seat) {
        self.all().insert(window.to_owned(), Arc::new(seat));
    }

    pub(crate) fn of(&self, window: &str) -> Option<Arc<Seat>> {
        self.all().get(window).cloned()
    }

    pub(crate) fn free(&self, window: &str) -> Option<Arc<Seat>> {
        self.all().remove(window)
    }

    pub(crate) fn taken(&self) -> Vec<Arc<Seat>> {
        self.all().values().cloned().collect()
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Seat>>> {
        self.by_window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn platform() -> Platform {
    if cfg!(target_os = "windows") {
        Platform::Windows
    } else if cfg!(target_os = "macos") {
        Platform::Mac
    } else {
        Platform::Linux
    }
}
