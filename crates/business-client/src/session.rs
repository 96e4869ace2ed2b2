//! What a sign-in has opened, and when it has to be renewed.

use chat_types::UserId;
use chat_types::business::api::{Entry, Role};
use std::sync::Arc;
use std::time::Duration;

/// What could not be renewed is tried again after so long, while the old one holds.
const RENEW_AGAIN: Duration = Duration::from_secs(30);

/// Who the account is at the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub user_id: UserId,
    pub name: String,
    pub role: Role,
}

/// What opens the chat service. It has no `Debug`.
#[derive(Clone)]
pub struct ChatPass {
    pub sdk_app_id: u32,
    pub user_id: UserId,
    pub user_sig: String,
    /// Unix seconds, by the clock of the service.
    pub ends_at_s: u64,
}

/// What is kept between two calls.
#[derive(Default)]
pub(crate) struct Kept(Option<Session>);

struct Session {
    entry: Arc<Entry>,
    /// By the clock that is passed in.
    renew_at: Option<Duration>,
}

impl Kept {
    /// What holds, and whether it has to be renewed now.
    pub(crate) fn present(&self, now: Duration) -> Option<(Arc<Entry>, bool)> {
        let session = self.0.as_ref()?;
        let is_due = session.renew_at.is_some_and(|renew_at| renew_at <= now);
        Some((Arc::clone(&session.entry), is_due))
    }

    pub(crate) fn put(&mut self, entry: Entry, now: Duration) -> Arc<Entry> {
        let entry = Arc::new(entry);
        let renew_at = lifetime(&entry).map(|lifetime| now + lifetime * 3 / 4);
        self.0 = Some(Session { entry: Arc::clone(&entry), renew_at });
        entry
    }

    /// It could not be renewed, and holds still.
    pub(crate) fn put_off(&mut self, now: Duration) {
        if let Some(session) = &mut self.0 {
            session.renew_at = Some(now + RENEW_AGAIN);
        }
    }

    /// It does not hold any more, unless there is another one by now.
    pub(crate) fn forget(&mut self, entry: &Arc<Entry>) {
        self.0.take_if(|session| Arc::ptr_eq(&session.entry, entry));
    }
}

/// How long both credentials live. `None` when the service does not say when it made them.
fn lifetime(entry: &Entry) -> Option<Duration> {
    let ends_s = entry.token_ends_at_s.min(entry.user_sig_ends_at_s);
    (entry.at_s > 0).then(|| Duration::from_secs(ends_s.saturating_sub(entry.at_s)))
}

/// Whether the service would give something that lives longer.
pub(crate) fn can_be_renewed(entry: &Entry) -> bool {
    entry.token_ends_at_s < entry.session_ends_at_s
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(at_s: u64, ends_s: u64) -> Entry {
        Entry {
            user_id: UserId::new("mei").unwrap(),
            nick: "Mei".into(),
            role: Role::Viewer,
            at_s,
            token: "t".into(),
            token_ends_at_s: ends_s,
            session_ends_at_s: 2_000,
            user_sig: "s".into(),
            user_sig_ends_at_s: ends_s + 1,
            sdk_app_id: 1,
        }
    }

    #[test]
    fn it_is_renewed_after_three_quarters_of_its_life_and_tried_again_later() {
        let (mut kept, seconds) = (Kept::default(), Duration::from_secs);
        assert!(kept.present(seconds(0)).is_none());
        kept.put(entry(1_000, 1_100), seconds(7));
        let is_due = |kept: &Kept, at| kept.present(seconds(at)).unwrap().1;
        assert!(!is_due(&kept, 81) && is_due(&kept, 82));
        kept.put_off(seconds(82));
        assert!(!is_due(&kept, 111) && is_due(&kept, 112));
    }

    #[test]
    fn without_the_time_of_the_service_it_holds_until_it_is_refused() {
        let mut kept = Kept::default();
        kept.put(entry(0, 1_100), Duration::ZERO);
        assert!(!kept.present(Duration::MAX).unwrap().1);
    }

    #[test]
    fn only_what_was_refused_is_forgotten() {
        let mut kept = Kept::default();
        let old = kept.put(entry(1_000, 1_100), Duration::ZERO);
        let new = kept.put(entry(1_050, 1_150), Duration::ZERO);
        kept.forget(&old);
        assert!(kept.present(Duration::ZERO).is_some());
        kept.forget(&new);
        assert!(kept.present(Duration::ZERO).is_none());
    }

    #[test]
    fn at_the_end_of_the_session_only_a_sign_in_helps() {
        assert!(can_be_renewed(&entry(1_000, 1_999)) && !can_be_renewed(&entry(1_000, 2_000)));
    }
}
