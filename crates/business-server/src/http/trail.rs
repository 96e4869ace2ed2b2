//! What is known of a call from its arrival to its answer: its name, who made it, and whether it took
//! a role to make it.

use axum::extract::MatchedPath;
use axum::http::{HeaderMap, HeaderName, Method, Uri};
use chat_types::UserId;
use chat_types::business::api::{PATH, Role};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Names a request; an answer has the same.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MAX_REQUEST_ID_BYTES: usize = 64;

/// Requests that came without a name.
static UNNAMED: AtomicU64 = AtomicU64::new(0);

#[derive(Debug, Default)]
pub(crate) struct Trail {
    pub(crate) request: String,
    /// Method and path with its parameters unfilled.
    pub(crate) call: String,
    /// The path as it was called, below the address of the API.
    pub(crate) path: String,
    pub(crate) at_ms: u64,
    changes_nothing: bool,
    caller: OnceLock<(UserId, Role)>,
    took_role: AtomicBool,
    noted: AtomicBool,
}

/// Without the address of the API in front.
fn below_api(path: &str) -> &str {
    path.strip_prefix(PATH).unwrap_or(path)
}

impl Trail {
    pub(crate) fn new(
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        route: Option<&MatchedPath>,
        at_ms: u64,
    ) -> Self {
        let is_name = |name: &&str| {
            (1..=MAX_REQUEST_ID_BYTES).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let given = headers.get(REQUEST_ID).and_then(|name| name.to_str().ok()).filter(is_name);
        let own = || format!("{at_ms:x}-{:x}", UNNAMED.fetch_add(1, Ordering::Relaxed));
        let route = route.map_or_else(|| uri.path(), MatchedPath::as_str);
        Self {
            request: given.map_or_else(own, str::to_owned),
            call: format!("{method} {}", below_api(route)),
            path: below_api(uri.path()).to_owned(),
            at_ms,
            changes_nothing: method.is_safe(),
            ..Self::default()
        }
    }

    pub(crate) fn made_by(&self, user_id: &UserId, role: Role) {
        // There is one caller; a second extraction finds the same.
        let _ = self.caller.set((user_id.clone(), role));
    }

    /// The call would have been refused to a lower role.
    pub(super) fn took_role(&self) {
        self.took_role.store(true, Ordering::Relaxed);
    }

    /// What the call did is written down.
    pub(crate) fn noted(&self) {
        self.noted.store(true, Ordering::Relaxed);
    }

    /// Who has done something by a role that is not written down yet.
    pub(crate) fn unnoted(&self) -> Option<&(UserId, Role)> {
        let is_done = self.changes_nothing
            || self.noted.load(Ordering::Relaxed)
            || !self.took_role.load(Ordering::Relaxed);
        self.caller.get().filter(|_| !is_done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail(method: Method, name: Option<&str>) -> Trail {
        let mut headers = HeaderMap::new();
        if let Some(name) = name {
            headers.insert(REQUEST_ID, name.parse().unwrap());
        }
        Trail::new(&method, &Uri::from_static("/api/v1/rooms/r?x=1"), &headers, None, 1_000)
    }

    #[test]
    fn a_request_keeps_its_name_if_it_can_be_one() {
        assert_eq!(trail(Method::PUT, Some("shop-7")).request, "shop-7");
        let long = "x".repeat(65);
        for none in [None, Some(""), Some("a b"), Some(long.as_str())] {
            assert!(trail(Method::PUT, none).request.starts_with("3e8-"), "{none:?}");
        }
        let named = trail(Method::PUT, None);
        assert_eq!((named.call.as_str(), named.path.as_str()), ("PUT /rooms/r", "/rooms/r"));
    }

    #[test]
    fn only_what_took_a_role_and_changed_something_is_still_to_be_noted() {
        let mei = UserId::new("mei").unwrap();
        let made = |method: Method, took_role: bool, noted: bool| {
            let trail = trail(method, None);
            trail.made_by(&mei, Role::Host);
            if took_role {
                trail.took_role();
            }
            if noted {
                trail.noted();
            }
            trail.unnoted().is_some()
        };
        assert!(made(Method::PUT, true, false));
        assert!(!made(Method::PUT, true, true), "it was noted with what it did");
        assert!(!made(Method::PUT, false, false), "anybody may do it");
        assert!(!made(Method::GET, true, false), "nothing was changed");
    }
}
