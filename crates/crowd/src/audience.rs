//! Viewers with real connections that play a script.

use chat_types::ApiError;
use chat_types::gateway::Platform;
use live_client::{Client, ClientConfig, Credentials, RoomClient, Trust};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::script::{Script, viewer_id};

/// Pause between two arrivals, so that a room fills as rooms do.
const ARRIVAL_EVERY: Duration = Duration::from_millis(60);

/// Gives the UserSig of a simulated viewer, by account id.
pub type SignFor = dyn Fn(&str) -> Result<String, ApiError> + Send + Sync;

#[derive(Clone)]
pub struct AudienceConfig {
    pub gateway_url: String,
    /// Which gateways are believed over `wss://`.
    pub trust: Trust,
    pub sdk_app_id: u32,
    pub group_id: String,
    pub viewers: u32,
    pub seed: u64,
    /// Mean pause between two comments of the whole crowd.
    pub mean_pause: Duration,
    pub sign: Arc<SignFor>,
}

/// A running crowd. It leaves when this is dropped; [`Audience::leave`] also waits for that.
pub struct Audience {
    stop: DropGuard,
    task: JoinHandle<()>,
}

struct SignedBy {
    user_id: String,
    sign: Arc<SignFor>,
}

impl Credentials for SignedBy {
    fn user_sig(&self) -> Result<String, ApiError> {
        (self.sign)(&self.user_id)
    }
}

impl Audience {
    /// Lets the viewers in one after another; then they talk until [`Audience::leave`].
    pub fn arrive(config: AudienceConfig) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(play(config, stop.clone()));
        Self { stop: stop.drop_guard(), task }
    }

    /// Every viewer signs out; returns when all have.
    pub async fn leave(self) {
        let Self { stop, task } = self;
        drop(stop);
        if let Err(error) = task.await {
            tracing::error!(%error, "the crowd ended by a fault");
        }
    }
}

async fn play(config: AudienceConfig, stop: CancellationToken) {
    if config.viewers == 0 {
        // Nobody is there to say the lines of the script.
        return;
    }
    let mut viewers = Vec::new();
    let mut script = Script::new(config.seed, config.viewers, config.mean_pause);
    loop {
        let arriving = viewers.len() < usize::try_from(config.viewers).unwrap_or(usize::MAX);
        let line = if arriving { None } else { script.next() };
        let pause = line.as_ref().map_or(ARRIVAL_EVERY, |line| line.after);
        tokio::select! {
            () = stop.cancelled() => break,
            () = sleep(pause) => {}
        }
        match line {
            None if arriving => viewers.push(enter(&config, viewers.len()).await),
            None => {}
            Some(line) => {
                let client = usize::try_from(line.viewer).ok().and_then(|n| viewers.get(n));
                if let Some((client, _)) = client {
                    // A viewer whose connection is down says nothing; that is what viewers do.
                    let _ = client.send_comment(line.text.to_owned()).await;
                }
            }
        }
    }
    // Together, because a service that does not answer costs each of them the same wait.
    let mut leaving = JoinSet::new();
    for (client, task) in viewers {
        leaving.spawn(async move {
            client.client().close().await;
            task.await
        });
    }
    while let Some(left) = leaving.join_next().await {
        if let Err(error) = left.and_then(|viewer| viewer) {
            tracing::error!(%error, "a simulated viewer ended by a fault");
        }
    }
}

async fn enter(config: &AudienceConfig, number: usize) -> (RoomClient, JoinHandle<()>) {
    let user_id = viewer_id(u32::try_from(number).unwrap_or(u32::MAX));
    let credentials =
        Arc::new(SignedBy { user_id: user_id.clone(), sign: Arc::clone(&config.sign) });
    let (client, task) = Client::open(ClientConfig {
        gateway_url: config.gateway_url.clone(),
        trust: config.trust.clone(),
        sdk_app_id: config.sdk_app_id,
        user_id,
        platform: Platform::Unknown,
        credentials,
    });
    (client.enter(&config.group_id).await, task)
}
