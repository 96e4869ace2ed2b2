//! The services inside this process. The chat service listens on a loopback port that is free at the
//! first start and stays the same until the program ends, so that clients find it again after a stop.

use chat_server::clock::{Clock, SystemClock};
use chat_server::storage;
use chat_server::{Server, ServerConfig};
use chat_types::ApiError;
use chat_types::code::Code;
use crowd::{Audience, AudienceConfig};
use embedded::{Beside, BusinessServer};
use live_client::Credentials;
use serde::Serialize;
use serde_json::json;
use specta::Type;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use usersig::SignRequest;

use crate::demo;

/// Says where the running service is, for a person or a script on this machine.
const RUNNING_FILE: &str = "running.json";
/// Mean pause between two comments of the whole crowd.
const CROWD_PAUSE: Duration = Duration::from_millis(900);
/// A UserSig of this program's own clients lives this long; each login makes a new one.
const USER_SIG_LIFETIME_S: u64 = 24 * 3600;

/// State and address of the services of this process. Addresses are empty while they are stopped.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ServiceView {
    pub running: bool,
    pub rest: String,
    pub gateway: String,
    pub sdk_app_id: u32,
    pub group_id: String,
    pub data_dir: String,
}

pub(crate) struct Services {
    data_dir: PathBuf,
    crowd: u32,
    seed: u64,
    state: Mutex<State>,
    /// Where the business service is; `None` while it does not run.
    business: watch::Sender<Option<String>>,
}

#[derive(Default)]
struct State {
    running: Option<Running>,
    /// Where the service listened last; it comes back there if the port is still free.
    address: Option<SocketAddr>,
    app: Option<App>,
}

struct Running {
    server: Server,
    /// Absent when it could not be started: the room works without it.
    business: Option<BusinessServer>,
    audience: Audience,
}

/// The demo application with what is needed to sign for its accounts.
#[derive(Clone)]
struct App {
    sdk_app_id: u32,
    key: Arc<str>,
}

/// Signs for one account of the demo application.
pub(crate) struct Signer {
    app: App,
    user_id: String,
}

impl App {
    fn sign(&self, user_id: &str) -> Result<String, ApiError> {
        let request = SignRequest {
            sdk_app_id: self.sdk_app_id,
            key: &self.key,
            identifier: user_id,
            time_s: SystemClock.now_s(),
            expire_s: USER_SIG_LIFETIME_S,
            userbuf: None,
        };
        usersig::sign(&request)
            .map_err(|error| ApiError::new(Code(error.code()), error.to_string()))
    }
}

impl Credentials for Signer {
    fn user_sig(&self) -> Result<String, ApiError> {
        self.app.sign(&self.user_id)
    }
}

/// Where a client of the running service has to go, and as whom.
pub(crate) struct Entrance {
    pub(crate) gateway_url: String,
    pub(crate) sdk_app_id: u32,
    pub(crate) credentials: Signer,
}

impl Services {
    pub(crate) fn new(data_dir: PathBuf, crowd: u32, seed: u64) -> Self {
        let business = watch::Sender::new(None);
        Self { data_dir, crowd, seed, state: Mutex::default(), business }
    }

    /// Starts the service with its crowd, unless it runs already. Gives the gateway's address.
    pub(crate) async fn start(&self) -> Result<String, ApiError> {
        let mut state = self.state.lock().await;
        if let Some(running) = &state.running {
            return Ok(running.server.gateway_url());
        }
        let storage = storage::open(&self.data_dir).await.map_err(demo::failed)?;
        let stored = demo::ensure(&*storage, self.crowd).await;
        storage.close().await;
        let stored = stored?;
        let app = App { sdk_app_id: stored.sdk_app_id, key: stored.key.reveal().into() };
        let server = self.listen(state.address).await?;
        state.address = Some(server.address());
        let business = self.start_business(&server, app.sdk_app_id).await;
        self.business.send_replace(business.as_ref().map(BusinessServer::url));
        self.write_running_file(&server, business.as_ref(), &app);
        let signing = app.clone();
        let gateway_url = server.gateway_url();
        let audience = Audience::arrive(AudienceConfig {
            gateway_url: gateway_url.clone(),
            trust: live_client::Trust::platform(),
            sdk_app_id: app.sdk_app_id,
            group_id: demo::GROUP_ID.into(),
            viewers: self.crowd,
            seed: self.seed,
            mean_pause: CROWD_PAUSE,
            sign: Arc::new(move |user| signing.sign(user)),
        });
        state.app = Some(app);
        state.running = Some(Running { server, business, audience });
        Ok(gateway_url)
    }

    /// Stops crowd and service in order; nothing happens when they do not run.
    pub(crate) async fn stop(&self) -> Result<(), ApiError> {
        let mut state = self.state.lock().await;
        if let Some(Running { server, business, audience }) = state.running.take() {
            audience.leave().await;
            self.business.send_replace(None);
            if let Some(business) = business {
                business.shutdown().await;
            }
            // While the folder is still ours: after the shutdown another program may have written
            // its own address there.
            remove_running_file(&self.data_dir);
            server.shutdown().await;
        }
        Ok(())
    }

    pub(crate) async fn view(&self) -> ServiceView {
        let state = self.state.lock().await;
        let running = state.running.as_ref();
        ServiceView {
            running: running.is_some(),
            rest: running.map(|running| running.server.rest_url()).unwrap_or_default(),
            gateway: running.map(|running| running.server.gateway_url()).unwrap_or_default(),
            sdk_app_id: state.app.as_ref().map_or(0, |app| app.sdk_app_id),
            group_id: demo::GROUP_ID.into(),
            data_dir: self.data_dir.display().to_string(),
        }
    }

    /// Where the business service is, now and whenever that changes.
    pub(crate) fn business_address(&self) -> watch::Receiver<Option<String>> {
        self.business.subscribe()
    }

    /// How an account gets into the running service.
    pub(crate) async fn entrance(&self, user_id: &str) -> Result<Entrance, ApiError> {
        let state = self.state.lock().await;
        match (&state.running, &state.app) {
            (Some(running), Some(app)) => Ok(Entrance {
                gateway_url: running.server.gateway_url(),
                sdk_app_id: app.sdk_app_id,
                credentials: Signer { app: app.clone(), user_id: user_id.to_owned() },
            }),
            _ => Err(ApiError::new(Code::SERVICE, "the local service is stopped: start it first")),
        }
    }

    async fn listen(&self, last: Option<SocketAddr>) -> Result<Server, ApiError> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let config = |listen| ServerConfig::new(listen, self.data_dir.clone());
        if let Some(last) = last {
            match Server::start(config(last)).await {
                Ok(server) => return Ok(server),
                Err(error) => tracing::warn!(%error, "last port not free; another one is taken"),
            }
        }
        Server::start(config(any))
            .await
            .map_err(|error| ApiError::new(Code::SERVICE, error.to_string()))
    }

    /// The business service of the demo room: anyone signs in with a name
    /// and tops up their wallet.
    async fn start_business(&self, server: &Server, sdk_app_id: u32) -> Option<BusinessServer> {
        let beside = Beside {
            sdk_app_id: Some(sdk_app_id),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data_dir: self.data_dir.clone(),
            assistant: embedded::ASSISTANT.into(),
        };
        let started =
            embedded::start_beside(server, beside, |config| config.development = true).await;
        let business = started.unwrap_or_else(|error| {
            tracing::error!(%error, "business service not started: the room works without it");
            None
        })?;
        let (room, product) = (demo::GROUP_ID, Some(demo::PRODUCT));
        let adopted = business.adopt_room(room, demo::HOST, demo::ROOM_NAME, product);
        if let Err(error) = adopted.await {
            tracing::error!(%error, "the business service does not have the demo room");
        }
        Some(business)
    }

    /// The file is a convenience: without it everything in the window still works.
    fn write_running_file(&self, server: &Server, business: Option<&BusinessServer>, app: &App) {
        let content = json!({
            "rest": server.rest_url(),
            "gateway": server.gateway_url(),
            "business": business.map(BusinessServer::url),
            "sdk_app_id": app.sdk_app_id,
            "group_id": demo::GROUP_ID,
        });
        let path = self.data_dir.join(RUNNING_FILE);
        if let Err(error) = std::fs::write(&path, format!("{content}\n")) {
            tracing::warn!(%error, "address file not written");
        }
        tracing::info!(rest = server.rest_url(), sdk_app_id = app.sdk_app_id, "room open");
    }
}

fn remove_running_file(data_dir: &Path) {
    if let Err(error) = std::fs::remove_file(data_dir.join(RUNNING_FILE)) {
        tracing::warn!(%error, "address file not removed");
    }
}
