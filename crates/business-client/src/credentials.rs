//! How an account comes in.

use chat_types::business::api::SignIn;
use std::pin::Pin;
use std::sync::Arc;

/// Gives a token of the shop's identity server, or a sentence why there is none.
type TokenSource =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<String, String>> + Send>> + Send + Sync>;

/// What an account shows when it signs in. It has no `Debug`: who holds it may come in.
#[derive(Clone)]
pub struct Credentials(pub(crate) Kind);

#[derive(Clone)]
pub(crate) enum Kind {
    Name(SignIn),
    Identity(TokenSource),
}

impl Credentials {
    /// A name alone, where the service is in development.
    pub fn name(who: SignIn) -> Self {
        Self(Kind::Name(who))
    }

    /// Tokens of the shop's identity server. `token` is asked at every sign-in for one that is new:
    /// first, and when what the last one opened has come to its end.
    pub fn identity<F>(token: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, String>> + Send + 'static,
    {
        Self(Kind::Identity(Arc::new(move || Box::pin(token()))))
    }
}

impl From<SignIn> for Credentials {
    fn from(who: SignIn) -> Self {
        Self::name(who)
    }
}
