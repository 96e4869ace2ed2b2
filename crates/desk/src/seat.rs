//! One account in one room: its login, its client in the room, and its shop.

use business_client::{Client as ShopClient, Shop, ShopConfig};
use chat_types::ApiError;
use chat_types::business::Gift;
use chat_types::business::api::{Role, SignIn};
use chat_types::code::Code;
use chat_types::gateway::Platform;
use live_client::{Client, ClientConfig, RoomClient, Trust};
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use crate::demo;
use crate::services::Services;

/// Own gifts on their way from the shop to the room. The room tells of those that find no place.
const PAID_GIFTS: usize = 64;

/// Who sits in front of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    Viewer,
    Host,
}

impl Account {
    fn user_id(self) -> &'static str {
        match self {
            Self::Viewer => demo::VIEWER,
            Self::Host => demo::HOST,
        }
    }

    fn sign_in(self) -> SignIn {
        let (name, role) = match self {
            Self::Viewer => (demo::VIEWER_NAME, Role::Viewer),
            Self::Host => (demo::HOST_NAME, Role::Host),
        };
        SignIn { name: name.into(), user_id: self.user_id().into(), role }
    }
}

pub(crate) struct Seat {
    pub(crate) room: RoomClient,
    pub(crate) shop: Shop,
    login: Mutex<Option<JoinHandle<()>>>,
}

impl Seat {
    /// Signs in to the demo application and goes into the demo room.
    pub(crate) async fn take(services: &Services, account: Account) -> Result<Self, ApiError> {
        let entrance = services.entrance(account.user_id()).await?;
        let (client, login) = Client::open(ClientConfig {
            gateway_url: entrance.gateway_url,
            trust: Trust::platform(),
            sdk_app_id: entrance.sdk_app_id,
            user_id: account.user_id().into(),
            platform: platform(),
            credentials: Arc::new(entrance.credentials),
        });
        let room = client.enter(demo::GROUP_ID).await;
        let shop = ShopClient::new(services.business_address(), account.sign_in())
            .map_err(|error| ApiError::new(Code::SERVICE, error.to_string()))?;
        let (paid, gifts) = mpsc::channel(PAID_GIFTS);
        let shop = Shop::open(ShopConfig::new(shop, demo::GROUP_ID, paid));
        tokio::spawn(show_gifts(gifts, room.clone()));
        Ok(Self { room, shop, login: Mutex::new(Some(login)) })
    }

    /// Signs out; returns when the connection is closed.
    pub(crate) async fn leave(&self) {
        self.room.client().close().await;
        let login = self.login.lock().await.take();
        if let Some(login) = login
            && let Err(error) = login.await
        {
            tracing::error!(%error, "the login ended by a fault");
        }
    }
}

/// Own gifts are on the own screen as soon as they are paid.
async fn show_gifts(mut gifts: mpsc::Receiver<Gift>, room: RoomClient) {
    while let Some(gift) = gifts.recv().await {
        room.show_paid_gift(gift).await;
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
