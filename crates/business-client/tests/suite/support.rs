//! Both services in this process, and people who open the shop.

use business_client::view::ShopView;
use business_client::{Client, Credentials, Shop, ShopConfig};
use business_server::IdentityServer;
use business_server::clock::Clock as _;
use chat_rest::Secret;
use chat_server::application::{self, Application, Edition};
use chat_server::clock::SystemClock;
use chat_server::{Server, ServerConfig};
use chat_types::business::Gift;
use chat_types::business::api::{Role, RoomStatus, SignIn};
use chat_types::rest::CreateGroup;
use embedded::{Beside, BusinessServer};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

/// Far longer than anything takes here; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const ROOM: &str = "r";

fn any_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// The machine's clock, and as much later as a test wants.
#[derive(Default)]
struct LaterClock(AtomicU64);

impl business_server::clock::Clock for LaterClock {
    fn now_ms(&self) -> u64 {
        business_server::clock::SystemClock.now_ms() + self.0.load(Ordering::SeqCst)
    }

    fn monotonic_ms(&self) -> u64 {
        business_server::clock::SystemClock.monotonic_ms() + self.0.load(Ordering::SeqCst)
    }
}

/// A chat service with a business service beside it, which has the room [`ROOM`] of `host` on air.
pub(crate) struct Services {
    chat: Server,
    business: Option<BusinessServer>,
    sdk_app_id: u32,
    clock: Arc<LaterClock>,
    identity: Option<IdentityServer>,
    address: watch::Sender<Option<String>>,
    dir: tempfile::TempDir,
}

impl Services {
    pub(crate) async fn start() -> Self {
        Self::start_with(None).await
    }

    /// People of this identity server come in, too.
    pub(crate) async fn start_with(identity: Option<IdentityServer>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = ServerConfig::new(any_port(), dir.path().to_owned());
        let chat = Server::start(config).await.unwrap();
        let made = application::create(chat.storage(), &SystemClock, "shop", Edition::Ultimate);
        let app = made.await.unwrap();
        let sdk_app_id = app.sdk_app_id;
        let address = watch::Sender::new(None);
        let clock = Arc::default();
        let mut services = Self { chat, business: None, sdk_app_id, clock, identity, address, dir };
        services.business_returns().await;
        let business = services.business.as_ref().unwrap();
        let host = services.client("host", Role::Host);
        // The account has to be there before it can own a room.
        host.wallet().await.unwrap();
        make_group(&services.chat, &app).await;
        business.adopt_room(ROOM, "host", "Room", None).await.unwrap();
        host.set_status(ROOM, RoomStatus::Live).await.unwrap();
        services
    }

    /// Time passes for the business service.
    pub(crate) fn advance(&self, time: Duration) {
        let milliseconds = u64::try_from(time.as_millis()).unwrap();
        self.clock.0.fetch_add(milliseconds, Ordering::SeqCst);
    }

    pub(crate) fn url(&self) -> String {
        self.business.as_ref().unwrap().url()
    }

    /// Sends all who look for the business service to another address.
    pub(crate) fn tell_address(&self, url: String) {
        self.address.send_replace(Some(url));
    }

    pub(crate) async fn business_stops(&mut self) {
        self.address.send_replace(None);
        self.business.take().unwrap().shutdown().await;
    }

    /// With the same data, at another port.
    pub(crate) async fn business_returns(&mut self) {
        let beside = Beside {
            sdk_app_id: Some(self.sdk_app_id),
            listen: any_port(),
            data_dir: self.dir.path().to_owned(),
            assistant: embedded::ASSISTANT.into(),
        };
        let (clock, identity) = (Arc::clone(&self.clock), self.identity.clone());
        let started = embedded::start_beside(&self.chat, beside, |config| {
            config.development = true;
            config.clock = clock;
            config.identity = identity;
        });
        self.business = started.await.unwrap();
        self.tell_address(self.url());
    }

    pub(crate) fn client(&self, user: &str, role: Role) -> Client {
        let who = SignIn { name: user.into(), user_id: user.into(), role };
        Client::new(self.address.subscribe(), who).unwrap()
    }

    /// Comes in as these credentials say, and goes by the clock of the service.
    pub(crate) fn client_by(&self, credentials: Credentials) -> Client {
        let clock = Arc::clone(&self.clock);
        let passed = move || Duration::from_millis(clock.0.load(Ordering::SeqCst));
        Client::new(self.address.subscribe(), credentials).unwrap().timed(passed)
    }

    pub(crate) fn now_s(&self) -> u64 {
        self.clock.now_s()
    }

    /// The time of the service, to be asked later.
    pub(crate) fn clock(&self) -> impl Fn() -> u64 + Send + Sync + use<> {
        let clock = Arc::clone(&self.clock);
        move || clock.now_s()
    }

    /// Opens the shop as an account.
    pub(crate) async fn visitor(&self, user: &str, role: Role) -> Visitor {
        let (paid, gifts) = mpsc::channel(64);
        let shop = Shop::open(ShopConfig::new(self.client(user, role), ROOM, paid));
        let visitor = Visitor { view: shop.view(), shop, gifts };
        visitor.until("the shop is open", |view| view.open).await;
        visitor
    }

    pub(crate) async fn stop(mut self) {
        self.business_stops().await;
        self.chat.shutdown().await;
    }
}

/// A gift of which no group can be told is given back.
async fn make_group(chat: &Server, app: &Application) {
    let key = Secret::new(app.key.reveal());
    let config = chat_rest::Config::new(chat.rest_url(), app.sdk_app_id, key);
    let group = CreateGroup {
        group_type: "AVChatRoom".into(),
        name: "Room".into(),
        group_id: Some(ROOM.into()),
        ..CreateGroup::default()
    };
    chat_rest::Client::new(config).unwrap().create_group(&group).await.unwrap();
}

/// Somebody who has opened the shop.
pub(crate) struct Visitor {
    pub(crate) shop: Shop,
    view: watch::Receiver<ShopView>,
    gifts: mpsc::Receiver<Gift>,
}

impl Visitor {
    pub(crate) fn view(&self) -> ShopView {
        self.view.borrow().clone()
    }

    /// Waits for a view.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&ShopView) -> bool) -> ShopView {
        let mut view = self.view.clone();
        let seen = timeout(PATIENCE, view.wait_for(wanted)).await;
        let seen = seen.unwrap_or_else(|_| unreachable_view(what, &self.view()));
        seen.unwrap().clone()
    }

    /// The next own gift that is shown.
    pub(crate) async fn shown(&mut self) -> Gift {
        timeout(PATIENCE, self.gifts.recv()).await.expect("an own gift is shown").unwrap()
    }
}

#[allow(clippy::panic, reason = "a test ends at the first surprise")]
fn unreachable_view(what: &str, view: &ShopView) -> ! {
    panic!("waited in vain until {what}: {view:?}")
}
