//! A chat service with one room, and a member of it who watches.

use chat_server::application::Edition;
use chat_server::clock::{Clock, SystemClock};
use chat_server::storage::StoredGroup;
use chat_server::{Server, ServerConfig, application};
use chat_types::ApiError;
use chat_types::gateway::Platform;
use chat_types::group::GroupType;
use crowd::AudienceConfig;
use crowd::audience::SignFor;
use live_client::{Batches, Client, ClientConfig, Credentials, Interest, RoomClient, Trust};
use live_core::view::RoomEvent;
use std::sync::Arc;
use std::time::Duration;
use tls_transport::testing::Authority;
use tokio::time::timeout;
use usersig::{DEFAULT_EXPIRE_S, SignRequest};

/// Far more than anything here takes, and an end for a test that would hang.
const PATIENCE: Duration = Duration::from_secs(30);
const ROOM: &str = "room_1";

pub(crate) async fn patiently<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it has to happen within the patience of a test")
}

pub(crate) fn audience(gateway_url: String, sdk_app_id: u32, sign: Arc<SignFor>) -> AudienceConfig {
    AudienceConfig {
        gateway_url,
        trust: Trust::nobody(),
        sdk_app_id,
        group_id: ROOM.into(),
        viewers: 4,
        seed: 7,
        mean_pause: Duration::from_millis(20),
        sign,
    }
}

pub(crate) struct Service {
    server: Server,
    trust: Trust,
    sdk_app_id: u32,
    /// Held by the crowd for as long as it is there.
    pub(crate) sign: Arc<SignFor>,
    _data: tempfile::TempDir,
}

impl Service {
    pub(crate) async fn start() -> Self {
        Self::made(None).await
    }

    /// Over TLS, with a certificate of an authority that its clients were given.
    pub(crate) async fn start_secure() -> Self {
        Self::made(Some(Authority::new())).await
    }

    async fn made(authority: Option<Authority>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let listen = "127.0.0.1:0".parse().unwrap();
        let tls = authority.as_ref().map(|authority| authority.serve_loopback(data.path()));
        let trust = authority.map_or_else(Trust::nobody, |authority| authority.trust());
        let config = ServerConfig { tls, ..ServerConfig::new(listen, data.path().into()) };
        let server = Server::start(config).await.unwrap();
        let app = application::create(server.storage(), &SystemClock, "Crowd", Edition::Free)
            .await
            .unwrap();
        let group = StoredGroup::new(ROOM, GroupType::AVChatRoom, 1);
        assert!(server.storage().insert_group(app.sdk_app_id, &group).await.unwrap());
        let (sdk_app_id, key) = (app.sdk_app_id, app.key.reveal().to_owned());
        let sign = move |user_id: &str| {
            let request = SignRequest {
                sdk_app_id,
                key: &key,
                identifier: user_id,
                time_s: SystemClock.now_s(),
                expire_s: DEFAULT_EXPIRE_S,
                userbuf: None,
            };
            Ok(usersig::sign(&request).unwrap())
        };
        Self { server, trust, sdk_app_id, sign: Arc::new(sign), _data: data }
    }

    pub(crate) fn audience(&self) -> AudienceConfig {
        let trust = self.trust.clone();
        let sign = Arc::clone(&self.sign);
        AudienceConfig { trust, ..audience(self.server.gateway_url(), self.sdk_app_id, sign) }
    }

    pub(crate) async fn member(&self) -> Member {
        let client = self.client(self.trust.clone()).await;
        let batches = client.subscribe(Interest::all(), EVERY).await.unwrap();
        let mut member = Member { client, batches, online: 0, heard: vec![] };
        member.until(|member| member.online == 1).await;
        member
    }

    /// A client of somebody who believes these gateways.
    pub(crate) async fn client(&self, trust: Trust) -> RoomClient {
        let (client, _task) = Client::open(ClientConfig {
            gateway_url: self.server.gateway_url(),
            trust,
            sdk_app_id: self.sdk_app_id,
            user_id: "member".into(),
            platform: Platform::Linux,
            credentials: Arc::new(MemberSig((self.sign)("member").unwrap())),
        });
        client.enter(ROOM).await
    }

    /// WebSockets that the service has seen.
    pub(crate) fn opened(&self) -> u64 {
        self.server.counts().connections_opened
    }

    /// Tells everybody that the service stops.
    pub(crate) fn drain(&self) {
        self.server.drain();
    }

    pub(crate) async fn shutdown(self) {
        self.server.shutdown().await;
    }
}

/// How often a member reads.
const EVERY: Duration = Duration::from_millis(5);

struct MemberSig(String);

impl Credentials for MemberSig {
    fn user_sig(&self) -> Result<String, ApiError> {
        Ok(self.0.clone())
    }
}

/// Somebody who is in the room and says nothing.
pub(crate) struct Member {
    pub(crate) client: RoomClient,
    batches: Batches,
    pub(crate) online: u32,
    /// Accounts that said something, in order.
    pub(crate) heard: Vec<String>,
}

impl Member {
    pub(crate) async fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        patiently(async {
            while !is_so(self) {
                let events = self.batches.next().await.unwrap();
                events.into_iter().for_each(|event| self.take(event));
            }
        })
        .await;
    }

    fn take(&mut self, event: RoomEvent) {
        match event {
            RoomEvent::Online { count } => self.online = count,
            RoomEvent::Chat { rows } => {
                self.heard.extend(rows.into_iter().map(|row| row.user_id));
            }
            _ => {}
        }
    }
}
