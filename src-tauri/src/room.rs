//! This program's own client in the room: the person in front of the window.

use chat_types::ApiError;
use chat_types::gateway::Platform;
use live_core::client::{RoomClient, RoomClientConfig};
use std::sync::Arc;
use std::time::Duration;
use tauri::async_runtime::JoinHandle;
use tokio::sync::Mutex;

use crate::demo;
use crate::embedded::Embedded;

/// One batch per frame of a 60 Hz display at most.
const FLUSH_EVERY: Duration = Duration::from_millis(16);

pub(crate) struct OpenRoom {
    pub(crate) client: RoomClient,
    task: Mutex<Option<tokio::task::JoinHandle<()>>>,
    /// Carries batches to the window; a new subscriber replaces it.
    pub(crate) carrier: Mutex<Option<JoinHandle<()>>>,
}

impl OpenRoom {
    /// Signs in as the viewer of the demo application and goes into the demo room.
    pub(crate) async fn enter(embedded: &Embedded) -> Result<Self, ApiError> {
        let entrance = embedded.entrance(demo::VIEWER).await?;
        let (client, task) = RoomClient::open(RoomClientConfig {
            gateway_url: entrance.gateway_url,
            sdk_app_id: entrance.sdk_app_id,
            user_id: demo::VIEWER.into(),
            platform: platform(),
            group_id: demo::GROUP_ID.into(),
            credentials: Arc::new(entrance.credentials),
            flush_every: FLUSH_EVERY,
        });
        Ok(Self { client, task: Mutex::new(Some(task)), carrier: Mutex::default() })
    }

    /// Signs out; returns when the connection is closed.
    pub(crate) async fn leave(&self) {
        self.client.close().await;
        let task = self.task.lock().await.take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the room's client ended by a fault");
        }
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
