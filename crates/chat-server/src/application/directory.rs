//! The configuration of all applications as a running service sees it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::turns::Turns;
use super::{Application, Callbacks};
use crate::storage::{self, Storage};
use crate::webhook::CallbackSource;

/// A copy of the configuration in memory. Whoever serves a message reads the copy; [`refresh`]
/// compares its version with the stored one, which costs one small query, and reads everything
/// again after a change.
///
/// [`refresh`]: Directory::refresh
#[derive(Debug, Default)]
pub(crate) struct Directory {
    current: RwLock<Known>,
    for_strangers: Turns,
}

#[derive(Debug, Default)]
struct Known {
    version: Option<u64>,
    applications: HashMap<u32, Arc<Application>>,
}

impl Directory {
    pub(crate) fn get(&self, sdk_app_id: u32) -> Option<Arc<Application>> {
        let known = self.current.read().unwrap_or_else(PoisonError::into_inner);
        known.applications.get(&sdk_app_id).map(Arc::clone)
    }

    /// Takes over what was changed since the last call.
    pub(crate) async fn refresh(&self, storage: &dyn Storage) -> Result<(), storage::Error> {
        let version = storage.configuration_version().await?;
        if self.version() < Some(version) {
            self.take_over(version, storage.applications().await?);
        }
        Ok(())
    }

    /// As [`Directory::refresh`], for callers who have proven nothing: what they ask for together is
    /// looked at once, and so often at most that nobody notices.
    pub(crate) async fn refresh_for_strangers(
        &self,
        storage: &dyn Storage,
    ) -> Result<(), storage::Error> {
        self.for_strangers.take(self.refresh(storage)).await
    }

    fn version(&self) -> Option<u64> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).version
    }

    /// Replaces the copy unless it is as new already: of two that read at once the one who read
    /// first may come last. `version` was read before `applications`, which may thus be newer than
    /// it says; then they are read once more, and a change in between is not missed.
    fn take_over(&self, version: u64, applications: Vec<Application>) {
        let applications =
            applications.into_iter().map(|app| (app.sdk_app_id, Arc::new(app))).collect();
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.version < Some(version) {
            *current = Known { version: Some(version), applications };
        }
    }
}

impl CallbackSource for Directory {
    fn callbacks(&self, sdk_app_id: u32) -> Option<Arc<Callbacks>> {
        self.get(sdk_app_id).map(|app| Arc::clone(&app.callbacks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::{self, Edition};
    use crate::clock::SystemClock;

    async fn edition_of(storage: &dyn Storage, app: u32, edition: Edition) {
        application::set_edition(storage, app, edition).await.unwrap();
    }

    #[tokio::test]
    async fn a_change_while_the_configuration_is_read_is_never_missed() {
        let dir = tempfile::tempdir().unwrap();
        let storage = &*storage::open(dir.path()).await.unwrap();
        let app = application::create(storage, &SystemClock, "a", Edition::Free).await.unwrap();
        let (id, directory) = (app.sdk_app_id, Directory::default());
        let edition = || directory.get(id).unwrap().edition;

        // Between the version and the applications: newer than its version says.
        let version = storage.configuration_version().await.unwrap();
        edition_of(storage, id, Edition::Pro).await;
        directory.take_over(version, storage.applications().await.unwrap());
        assert_eq!(edition(), Edition::Pro);

        // After both: what was read is old, and the next look finds it out.
        let version = storage.configuration_version().await.unwrap();
        let old = storage.applications().await.unwrap();
        edition_of(storage, id, Edition::Ultimate).await;
        directory.take_over(version, old.clone());
        assert_eq!(edition(), Edition::Pro);
        directory.refresh(storage).await.unwrap();
        assert_eq!(edition(), Edition::Ultimate);

        // A slow reader comes last, with what it read first.
        directory.take_over(version, old);
        assert_eq!(edition(), Edition::Ultimate);
        assert_eq!(directory.version(), Some(storage.configuration_version().await.unwrap()));
    }
}
