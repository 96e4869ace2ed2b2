//! The administrator's UserSig: made when it is needed, kept, and made anew before it expires.

use chat_types::UserId;
use std::sync::{Arc, Mutex, PoisonError};
use usersig::SignRequest;

use crate::clock::Clock;
use crate::config::{Config, Secret};

pub(crate) struct Signer {
    sdk_app_id: u32,
    key: Secret,
    admin: UserId,
    lifetime_s: u64,
    clock: Arc<dyn Clock>,
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    user_sig: Arc<str>,
    made_s: u64,
}

impl Signer {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            sdk_app_id: config.sdk_app_id,
            key: config.key.clone(),
            admin: config.admin.clone(),
            lifetime_s: config.user_sig_lifetime.as_secs(),
            clock: Arc::clone(&config.clock),
            kept: Mutex::new(None),
        }
    }

    /// The same for another account of the application.
    pub(crate) fn of_account(&self, account: &UserId) -> Self {
        Self {
            sdk_app_id: self.sdk_app_id,
            key: self.key.clone(),
            admin: account.clone(),
            lifetime_s: self.lifetime_s,
            clock: Arc::clone(&self.clock),
            kept: Mutex::new(None),
        }
    }

    /// The UserSig for a call that is made now. All calls share it for four fifths of its life; it is
    /// not used when the clock shows a time before it was made.
    pub(crate) fn user_sig(&self) -> Result<Arc<str>, usersig::Error> {
        let now_s = self.clock.now_s();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = kept
            .as_ref()
            .filter(|kept| now_s >= kept.made_s && now_s - kept.made_s < self.lifetime_s / 5 * 4);
        if let Some(fresh) = fresh {
            return Ok(Arc::clone(&fresh.user_sig));
        }
        let user_sig: Arc<str> = usersig::sign(&SignRequest {
            sdk_app_id: self.sdk_app_id,
            key: self.key.reveal(),
            identifier: self.admin.as_str(),
            time_s: now_s,
            expire_s: self.lifetime_s,
            userbuf: None,
        })?
        .into();
        *kept = Some(Kept { user_sig: Arc::clone(&user_sig), made_s: now_s });
        Ok(user_sig)
    }

    /// The service takes this one no more. Of many calls that learn it at once, only the first
    /// forgets it: the others find the new one already.
    pub(crate) fn forget(&self, refused: &Arc<str>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_some_and(|kept| Arc::ptr_eq(&kept.user_sig, refused)) {
            *kept = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    fn signer(now_s: u64) -> (Signer, Arc<AtomicU64>) {
        let time = Arc::new(AtomicU64::new(now_s));
        let clock = Arc::clone(&time);
        let signer = Signer::new(&Config {
            user_sig_lifetime: Duration::from_secs(1_000),
            clock: Arc::new(move || clock.load(Ordering::SeqCst)),
            ..Config::new("http://127.0.0.1", 1_400_000_001, Secret::new("key"))
        });
        (signer, time)
    }

    #[test]
    fn a_user_sig_is_kept_for_four_fifths_of_its_life() {
        let (signer, time) = signer(5_000);
        let first = signer.user_sig().unwrap();
        time.store(5_799, Ordering::SeqCst);
        assert!(Arc::ptr_eq(&first, &signer.user_sig().unwrap()));
        time.store(5_800, Ordering::SeqCst);
        assert_ne!(first, signer.user_sig().unwrap());
    }

    #[test]
    fn a_clock_that_is_set_back_makes_a_new_one() {
        let (signer, time) = signer(5_000);
        let first = signer.user_sig().unwrap();
        time.store(4_999, Ordering::SeqCst);
        assert_ne!(first, signer.user_sig().unwrap());
    }

    #[test]
    fn a_refused_one_is_forgotten_once_by_however_many_calls() {
        let (signer, _) = signer(5_000);
        let refused = signer.user_sig().unwrap();
        signer.forget(&refused);
        let next = signer.user_sig().unwrap();
        signer.forget(&refused);
        assert!(Arc::ptr_eq(&next, &signer.user_sig().unwrap()));
    }
}
