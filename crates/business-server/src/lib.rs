//! The business service of a live shop: the server that stands beside the chat service.
//!
//! It speaks only the Tencent-compatible REST API and takes its webhooks, so it runs unchanged
//! beside `liveroom`'s chat service or the cloud; [`Config`] says where that is and as whom.
//!
//! Each subject is a module: `http.rs` has its calls, `store.rs` its statements, `mod.rs` its rules.
//! Below them stand modules that know no subject; `server` and `wiring` put all of them together.
//! What a room has to be told goes through the outbox: it is written in the transaction that decides
//! it, and delivered until the chat service has accepted it.

mod accounts;
mod assistant;
mod audit;
mod broadcast;
mod chat_clock;
pub mod clock;
mod config;
mod draws;
mod events;
mod figures;
mod follows;
mod gifts;
mod health;
mod http;
mod likes;
mod listener;
mod moderation;
mod notifications;
mod operator;
mod outbox;
mod outgoing;
mod problem;
mod products;
mod queue;
mod retention;
mod rooms;
mod routine;
mod secrets;
mod server;
mod statistics;
mod storage;
#[cfg(test)]
mod testing;
mod webhooks;
mod wiring;

pub use accounts::IdentityError;
pub use chat_rest::Secret;
pub use config::{
    ChatAccess, Config, EventKind, IdentityServer, LevelRules, NODE, ShopWebhook, WebhookLimits,
    is_node_name,
};
pub use gifts::CatalogueError as GiftCatalogueError;
pub use notifications::ReceiverError;
pub use products::CatalogueError as ProductCatalogueError;
pub use secrets::renew_restored;
pub use server::{BusinessServer, Error};
pub use storage::{DATABASE_FILE, LOCK_FILE, MIGRATIONS, is_lock};
pub use wiring::{WANTED_WEBHOOKS, fuzz};

use chat_types::code::Code;
use chat_types::rest::CreateGroup;
use std::sync::Arc;

/// What every call and every routine of the service works on.
pub(crate) struct Business {
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn clock::Clock>,
    pub(crate) chat_clock: chat_clock::ChatClock,
    pub(crate) database: storage::Database,
    pub(crate) chat: chat_rest::Client,
    pub(crate) statistics: statistics::Statistics,
    pub(crate) tokens: accounts::Tokens,
    pub(crate) identity: Option<accounts::Identity>,
    pub(crate) health: health::Health,
    pub(crate) routines: Arc<routine::Routines>,
    pub(crate) call_rates: http::CallRates,
    pub(crate) entry_rates: http::EntryRates,
    pub(crate) outbox: outbox::Outbox,
    pub(crate) gifts: gifts::Gifts,
    pub(crate) accounts: accounts::Accounts,
    pub(crate) likes: likes::Likes,
    pub(crate) moderation: moderation::Moderation,
    pub(crate) webhooks: webhooks::Webhooks,
    pub(crate) notifications: notifications::Notifications,
}

impl Business {
    /// What the clock of the chat service shows, in Unix milliseconds.
    pub(crate) fn chat_now_ms(&self) -> u64 {
        self.chat_clock.now_ms(self.clock.monotonic_ms())
    }

    /// Makes the group of a room; one that the same owner has already will do.
    async fn make_room_group(&self, group: &CreateGroup) -> Result<(), chat_rest::Error> {
        match self.chat.create_group(group).await {
            Err(error) if error.code() == Some(Code::GROUP_ID_TAKEN_BY_OWNER) => Ok(()),
            answer => answer.map(|_| ()),
        }
    }
}
