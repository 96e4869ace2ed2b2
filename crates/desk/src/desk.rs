//! The services of this process, and the pages that are open.

use chat_types::ApiError;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};

use crate::page::Page;
use crate::seat::{Account, Seat};
use crate::services::Services;

/// How the program was started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of the services of this process.
    pub data_dir: PathBuf,
    /// Simulated viewers of the demo room.
    pub crowd: u32,
    /// Seed of the crowd: the same seed says the same.
    pub seed: u64,
}

/// The program behind its pages.
pub struct Desk {
    services: Services,
    pages: StdMutex<HashMap<String, Arc<Page>>>,
}

impl Desk {
    /// Starts the services of this process.
    ///
    /// # Errors
    /// They could not be started; the sentence says why.
    pub async fn start(options: Options) -> Result<Self, ApiError> {
        let Options { data_dir, crowd, seed } = options;
        let services = Services::new(data_dir, crowd, seed);
        services.start().await?;
        Ok(Self { services, pages: StdMutex::default() })
    }

    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    /// Seats an account in front of the page with this id. One that sat there before leaves.
    ///
    /// # Errors
    /// The services are stopped, or let nobody in.
    pub async fn seat(&self, page: &str, account: Account) -> Result<(), ApiError> {
        let seat = Arc::new(Seat::take(&self.services, account).await?);
        let earlier = self.pages().insert(page.to_owned(), Arc::new(Page::new(seat)));
        if let Some(earlier) = earlier {
            earlier.leave().await;
        }
        Ok(())
    }

    pub fn page(&self, page: &str) -> Option<Arc<Page>> {
        self.pages().get(page).cloned()
    }

    /// A page is gone, at once: another one may take its name. Who sat in front of it has still to
    /// [leave](Page::leave).
    pub fn take_page(&self, page: &str) -> Option<Arc<Page>> {
        self.pages().remove(page)
    }

    /// Everybody signs out, and the services stop in order.
    pub async fn close(&self) {
        for page in self.all() {
            page.leave().await;
        }
        if let Err(error) = self.services.stop().await {
            tracing::warn!(%error, "the services of this process did not stop in order");
        }
    }

    pub(crate) fn all(&self) -> Vec<Arc<Page>> {
        self.pages().values().cloned().collect()
    }

    fn pages(&self) -> MutexGuard<'_, HashMap<String, Arc<Page>>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
