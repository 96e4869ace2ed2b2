//! Start, and orderly shutdown.

use axum::serve::ListenerExt;
use chat_rest::{RetryPolicy, Secret};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tls_transport::{Acceptor, HandshakeLimits};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::accounts::{self, Accounts, Identity, IdentityError, Tokens};
use crate::config::is_node_name;
use crate::gifts::{self, Catalogue, CatalogueError, Gifts};
use crate::health::Health;
use crate::http::{CallRates, EntryRates};
use crate::likes::Likes;
use crate::listener::{ApiListener, Entrance};
use crate::moderation::Moderation;
use crate::notifications::{Notifications, ReceiverError};
use crate::outbox::Outbox;
use crate::routine::Routines;
use crate::statistics::Statistics;
use crate::webhooks::Webhooks;
use crate::{
    Business, Config, assistant, broadcast, draws, likes, moderation, notifications, operator,
    outbox, products, retention, rooms, routine, secrets, statistics, storage, webhooks, wiring,
};

/// What running calls have at a stop.
const LAST_CALLS: Duration = Duration::from_secs(5);
/// Random bytes of the key that signs tokens.
const TOKEN_KEY_BYTES: usize = 32;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error(transparent)]
    Gifts(#[from] CatalogueError),
    #[error(transparent)]
    Products(#[from] products::CatalogueError),
    #[error("{listen} cannot be listened on: {source}; choose another address or port")]
    Listen { listen: SocketAddr, source: std::io::Error },
    #[error(transparent)]
    Exposed(#[from] ingress::Exposed),
    #[error(
        "in development anybody signs in as whom they like, and {listen} can be reached from other \
         machines, or by proxies: listen on 127.0.0.1 without proxies, switch --development off, or \
         say that this is meant with --development anywhere"
    )]
    OpenDevelopment { listen: SocketAddr },
    #[error("{0:?} is no name of a node: it has 1 to 32 letters, digits, `-` and `_`")]
    NodeName(String),
    #[error("the client of the chat service cannot be made: {0}")]
    Chat(#[from] chat_rest::Error),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Receiver(#[from] ReceiverError),
    #[error("the key of tokens cannot be used: {0}")]
    TokenKey(#[from] jsonwebtoken::errors::Error),
}

/// A running business service. Dropping it does not stop it; call [`BusinessServer::shutdown`].
pub struct BusinessServer {
    address: SocketAddr,
    has_tls: bool,
    /// Where an operator's tools ask, if they may.
    operator: Option<SocketAddr>,
    business: Arc<Business>,
    /// The listener closes.
    closing: CancellationToken,
    /// What the service does by itself ends.
    stopping: CancellationToken,
    http: JoinHandle<()>,
    /// Answers the operator to the end of the stop.
    operator_http: Option<JoinHandle<()>>,
    routines: Vec<JoinHandle<()>>,
    /// The last to go: the next process may start when everything is stored.
    _locks: storage::Locks,
}

impl BusinessServer {
    /// Opens the database, listens, and answers from the moment this returns. The chat service need
    /// not be there yet.
    pub async fn start(config: Config) -> Result<Self, Error> {
        config.exposure().check()?;
        if config.is_open_development() {
            return Err(Error::OpenDevelopment { listen: config.listen });
        }
        let catalogue = Catalogue::open(config.catalogue_dir.as_deref())?;
        if !is_node_name(&config.node) {
            return Err(Error::NodeName(config.node));
        }
        let locks = storage::Locks::take(&config.data_dir, &config.node)?;
        let database = storage::Database::open(&config.data_dir).await?;
        let (listener, address) = listen(config.listen).await?;
        let operator = match config.operator_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let tls = config.tls.clone();
        let entrance = Entrance::of(&config);
        let business = Arc::new(make(config, database, catalogue).await?);
        let (router, _) = wiring::router(&business);
        let closing = business.health.closing.clone();
        let stopping = CancellationToken::new();
        let stop = closing.clone().cancelled_owned();
        let acceptor = tls.clone().map(|tls| Acceptor::new(tls, HandshakeLimits::default()));
        // Only a listener that is tapped may tell the addresses of its clients.
        let listener = ApiListener::new(listener, entrance, acceptor).tap_io(|_| {});
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let http = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(stop).await {
                tracing::error!(%error, "listener ended");
            }
        });
        let (operator, operator_http) = operator
            .map(|(listener, address)| {
                let service = axum::serve(listener, operator::router(Arc::clone(&business)));
                let answering = tokio::spawn(async move {
                    if let Err(error) = service.await {
                        tracing::error!(%error, "operator's listener ended");
                    }
                });
                (address, answering)
            })
            .unzip();
        let routines = start_routines(&business, &stopping);
        tracing::info!(%address, "business service listens");
        Ok(Self {
            address,
            has_tls: tls.is_some(),
            operator,
            business,
            closing,
            stopping,
            http,
            operator_http,
            routines,
            _locks: locks,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where an operator's tools ask `/readyz` and `/metrics`: `http://ADDR:PORT`.
    pub fn operator_url(&self) -> Option<String> {
        self.operator.map(|address| format!("http://{address}"))
    }

    /// Base of the API: `http://ADDR:PORT`, or `https` where there is a certificate; calls are under
    /// `/api/v1`.
    pub fn url(&self) -> String {
        let scheme = if self.has_tls { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Where the chat service has to send its webhooks.
    pub fn webhook_url(&self) -> String {
        format!("{}/webhooks", self.url())
    }

    /// Makes a group that exists already a room that is on air, with a product of the catalogue in its
    /// slot if one is named, unless it is a room.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub async fn adopt_room(
        &self,
        group_id: &str,
        owner: &str,
        title: &str,
        product: Option<&str>,
    ) -> Result<(), storage::Error> {
        let business = &*self.business;
        let mut tx = business.database.write().await?;
        if let Some(room) = rooms::adopt(business, &mut tx, group_id, owner, title).await?
            && let Some(product) = product
        {
            products::recommend(business, &mut tx, &room, product).await?;
        }
        tx.commit().await?;
        business.outbox.wake();
        Ok(())
    }

    /// Holds every connection that reads for the API until the answer is dropped. For tests, which
    /// see by it what goes on meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    #[doc(hidden)]
    pub async fn hold_readers(&self) -> Result<impl Sized, storage::Error> {
        self.business.database.all_readers().await
    }

    /// Takes no new call, lets the running ones end, and closes the database. What is still to be
    /// delivered stays in it for the next start.
    pub async fn shutdown(self) {
        self.closing.cancel();
        if tokio::time::timeout(LAST_CALLS, self.http).await.is_err() {
            tracing::warn!("stopped in the middle of calls");
        }
        self.stopping.cancel();
        for routine in self.routines {
            let _ = routine.await;
        }
        if let Some(answering) = self.operator_http {
            answering.abort();
        }
        self.business.routines.release(&self.business.database).await;
        self.business.database.close().await;
        tracing::info!("business service stopped");
    }
}

async fn listen(listen: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let in_use = |source| Error::Listen { listen, source };
    let listener = TcpListener::bind(listen).await.map_err(in_use)?;
    let address = listener.local_addr().map_err(in_use)?;
    Ok((listener, address))
}

/// What the service does by itself. A subject's routine is a line here.
fn start_routines(business: &Arc<Business>, stopping: &CancellationToken) -> Vec<JoinHandle<()>> {
    use routine::Scope::{EveryNode, OneNode};
    use routine::run;
    vec![
        run(business, stopping, EveryNode, routine::keep_leases),
        run(business, stopping, EveryNode, webhooks::store_events),
        run(business, stopping, EveryNode, moderation::note_decisions),
        run(business, stopping, EveryNode, likes::count_all),
        run(business, stopping, OneNode, outbox::deliver),
        run(business, stopping, OneNode, notifications::deliver),
        run(business, stopping, OneNode, gifts::tell_due),
        run(business, stopping, OneNode, products::keep_slots),
        run(business, stopping, OneNode, assistant::keep_speaking),
        run(business, stopping, OneNode, broadcast::send_broadcasts),
        run(business, stopping, OneNode, broadcast::go_room_by_room),
        run(business, stopping, OneNode, webhooks::process_events),
        run(business, stopping, OneNode, moderation::carry_out),
        run(business, stopping, OneNode, likes::tell_totals),
        run(business, stopping, OneNode, draws::close_when_over),
        run(business, stopping, OneNode, statistics::sample),
        run(business, stopping, OneNode, accounts::levels::write_levels),
        run(business, stopping, OneNode, accounts::end_at_chat_service),
        run(business, stopping, OneNode, retention::forget_old),
    ]
}

pub(crate) async fn make(
    config: Config,
    database: storage::Database,
    catalogue: Catalogue,
) -> Result<Business, Error> {
    let access = &config.chat;
    // A chat service of this process shows the same certificate.
    let trust = match &config.tls {
        Some(own) => config.trust.clone().with_own_server(own),
        None => config.trust.clone(),
    };
    let clock = Arc::clone(&config.clock);
    let key = access.key.clone();
    let chat_config = chat_rest::Config {
        admin: access.admin.clone(),
        clock: Arc::new(move || clock.now_s()),
        trust: trust.clone(),
        ..chat_rest::Config::new(access.base_url.clone(), access.sdk_app_id, key)
    };
    // The outbox repeats by itself, in an order of its own.
    let once = chat_rest::Config { retry: RetryPolicy::none(), ..chat_config.clone() };
    let chat = chat_rest::Client::new(chat_config)?;
    let fresh: [u8; TOKEN_KEY_BYTES] = rand::random();
    let fresh = fresh.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut tx = database.write().await?;
    let key = match &config.token_key {
        Some(key) => key.clone(),
        None => Secret::new(secrets::secret(&mut tx, secrets::TOKEN_KEY, &fresh).await?),
    };
    let limits = (config.outbox_limit, config.outbox_total_limit);
    let once = chat_rest::Client::new(once)?;
    let outbox = Outbox::open(&mut tx, limits, once, gifts::given_up).await?;
    let gifts = Gifts::open(&mut tx, catalogue).await?;
    let moderation = Moderation::open(&mut tx).await?;
    let chat_clock = webhooks::guess_chat_clock(&mut tx, &*config.clock).await?;
    let limits = config.webhooks.clone();
    let webhooks = Webhooks::open(&mut tx, limits, wiring::SUBJECTS, &*config.clock).await?;
    let shop = config.shop_webhook.as_ref();
    let notifications = Notifications::open(&mut tx, shop, &trust).await?;
    tx.commit().await.map_err(storage::Error::from)?;
    products::seed(&database, config.catalogue_dir.as_deref()).await?;
    let tokens = Tokens::new(key.reveal(), config.token_lifetime)?;
    let identity =
        config.identity.clone().map(|server| Identity::new(server, &trust)).transpose()?;
    Ok(Business {
        clock: Arc::clone(&config.clock),
        chat_clock,
        health: Health::default(),
        call_rates: CallRates::new(config.calls_per_second),
        entry_rates: EntryRates::new(config.entries_per_second),
        routines: Arc::new(Routines::new(&config.node)),
        outbox,
        gifts,
        accounts: Accounts::default(),
        likes: Likes::new(),
        moderation,
        statistics: Statistics::default(),
        webhooks,
        notifications,
        tokens,
        identity,
        chat,
        database,
        config,
    })
}
