//! The keys of the identity server, as they were fetched last, and when they are fetched again.

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{JwkSet, PublicKeyUse};

/// A set that is older is fetched again, so that a key which was taken out of it does not hold for
/// long.
const FRESH_MS: u64 = 10 * 60_000;
/// A set that cannot be fetched again holds for so long: a short outage of the identity server keeps
/// nobody out, and a long one does not keep a key alive that was taken back meanwhile.
const KEPT_MS: u64 = 60 * 60_000;
/// A key that is not in the set makes it be fetched again at most so often. Anybody can name a key that
/// does not exist: so short that nobody keeps out for long who has a new one.
const UNKNOWN_EVERY_MS: u64 = 10_000;
/// The rest after a fetch that failed. It doubles with each further one.
const FIRST_REST_MS: u64 = 1_000;
const MOST_REST_MS: u64 = 30_000;

#[derive(Default)]
pub(super) struct Keys {
    fetched: Option<Fetched>,
    failed: Option<Failed>,
}

struct Fetched {
    set: JwkSet,
    at_ms: u64,
}

/// Fetches that failed since the last one that did not.
#[derive(Clone, Copy)]
struct Failed {
    at_ms: u64,
    rest_ms: u64,
}

/// How long ago; a clock that was set back since must not keep anything waiting or alive.
fn age_ms(at_ms: u64, now_ms: u64) -> u64 {
    now_ms.checked_sub(at_ms).unwrap_or(u64::MAX)
}

impl Keys {
    /// The key of this id that is there to sign, from a set that still holds.
    pub(super) fn find(&self, key_id: &str, now_ms: u64) -> Option<DecodingKey> {
        let fetched = self.fetched.as_ref()?;
        let holds = age_ms(fetched.at_ms, now_ms) < KEPT_MS;
        let signs = |usage: &Option<PublicKeyUse>| {
            usage.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature)
        };
        let found = fetched.set.keys.iter().filter(|_| holds).find(|key| {
            key.common.key_id.as_deref() == Some(key_id) && signs(&key.common.public_key_use)
        })?;
        DecodingKey::from_jwk(found).ok()
    }

    /// Whether the set has to be fetched before a token with this key is judged, and may be.
    pub(super) fn is_due(&self, key_id: &str, now_ms: u64) -> bool {
        if self.rest_ms(now_ms).is_some() {
            return false;
        }
        let Some(fetched) = &self.fetched else { return true };
        let is_known = self.find(key_id, now_ms).is_some();
        age_ms(fetched.at_ms, now_ms) >= if is_known { FRESH_MS } else { UNKNOWN_EVERY_MS }
    }

    pub(super) fn fetched(&mut self, set: JwkSet, now_ms: u64) {
        *self = Self { fetched: Some(Fetched { set, at_ms: now_ms }), failed: None };
    }

    pub(super) fn failed(&mut self, now_ms: u64) {
        let rest_ms = self
            .failed
            .map_or(FIRST_REST_MS, |failed| failed.rest_ms.saturating_mul(2).min(MOST_REST_MS));
        self.failed = Some(Failed { at_ms: now_ms, rest_ms });
    }

    /// For how long a key that is not in the set may be in a newer one, which is not fetched yet.
    /// `None` when the set is of this moment.
    pub(super) fn unknown_ms(&self, now_ms: u64) -> Option<u64> {
        let age_ms = age_ms(self.fetched.as_ref()?.at_ms, now_ms);
        (age_ms > 0).then(|| UNKNOWN_EVERY_MS.saturating_sub(age_ms)).filter(|left_ms| *left_ms > 0)
    }

    /// After a fetch that failed: for how long none is tried.
    pub(super) fn rest_ms(&self, now_ms: u64) -> Option<u64> {
        let failed = self.failed?;
        let rest_ms = failed.rest_ms.saturating_sub(age_ms(failed.at_ms, now_ms));
        (rest_ms > 0).then_some(rest_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const MINUTE_MS: u64 = 60_000;
    const NOW_MS: u64 = 1_760_000_000_000;

    fn set(key_id: &str) -> JwkSet {
        let key = json!({"kty": "oct", "kid": key_id, "k": "c2VjcmV0"});
        serde_json::from_value(json!({"keys": [key]})).unwrap()
    }

    fn with_first() -> Keys {
        let mut keys = Keys::default();
        keys.fetched(set("first"), NOW_MS);
        keys
    }

    #[test]
    fn a_set_is_fetched_again_after_ten_minutes_and_holds_for_an_hour() {
        let keys = with_first();
        let at = |minutes: u64| NOW_MS + minutes * MINUTE_MS;
        assert!(!keys.is_due("first", at(10) - 1) && keys.is_due("first", at(10)));
        assert!(keys.find("first", at(60) - 1).is_some() && keys.find("first", at(60)).is_none());
        assert!(keys.is_due("first", NOW_MS - 1), "the clock was set back");
    }

    #[test]
    fn an_unknown_key_makes_the_set_be_fetched_once_in_ten_seconds() {
        let keys = with_first();
        assert!(Keys::default().is_due("second", NOW_MS));
        assert!(!keys.is_due("second", NOW_MS + 9_999));
        assert!(keys.is_due("second", NOW_MS + 10_000));
        assert_eq!(keys.unknown_ms(NOW_MS), None, "it is not in the set of this moment");
        assert_eq!(keys.unknown_ms(NOW_MS + 1), Some(9_999));
        assert_eq!(keys.unknown_ms(NOW_MS + 10_000), None);
    }

    #[test]
    fn a_key_that_encrypts_signs_nothing() {
        for (usage, is_found) in [("enc", false), ("sig", true)] {
            let key = json!({"kty": "oct", "kid": "first", "k": "c2VjcmV0", "use": usage});
            let mut keys = Keys::default();
            keys.fetched(serde_json::from_value(json!({"keys": [key]})).unwrap(), NOW_MS);
            assert_eq!(keys.find("first", NOW_MS).is_some(), is_found, "{usage}");
        }
    }

    #[test]
    fn rests_after_failures_double_up_to_half_a_minute_and_end_with_success() {
        let mut keys = Keys::default();
        let mut now_ms = NOW_MS;
        for rest_ms in [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            assert!(keys.is_due("first", now_ms));
            keys.failed(now_ms);
            assert_eq!(keys.rest_ms(now_ms), Some(rest_ms));
            assert!(!keys.is_due("first", now_ms + rest_ms - 1));
            now_ms += rest_ms;
        }
        assert!(keys.is_due("first", NOW_MS - 1), "the clock was set back");
        keys.fetched(set("first"), now_ms);
        keys.failed(now_ms);
        assert_eq!(keys.rest_ms(now_ms), Some(1_000));
    }
}
