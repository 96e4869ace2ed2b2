//! Why a UserSig was refused, in words and as the service's number.

use std::fmt;

use crate::wire::{MAX_INFLATED_BYTES, MAX_USER_SIG_BYTES};

/// Why a UserSig was refused, or could not be made.
///
/// The sentences say what to change. They never hold the UserSig, its signature or a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The UserSig is the empty string. Code 70002.
    #[error("the UserSig is empty: sign one for this account and send it with the request")]
    Empty,

    /// The UserSig cannot be read. Code 70003.
    #[error("{0}")]
    Malformed(Malformed),

    /// The UserSig names another account than the request does. Code 70013.
    #[error(
        "the UserSig is signed for account {}, but the request names {}: sign it for the account \
         that uses it",
        Name(.signed),
        Name(.requested)
    )]
    IdentifierMismatch {
        /// The account inside the UserSig. Not trustworthy: the signature has not been checked.
        signed: String,
        /// The account the request names.
        requested: String,
    },

    /// The UserSig names another application than the request does. Code 70014.
    #[error(
        "the UserSig is signed for application {signed}, but the request names {requested}: use the \
         same SDKAppID for signing and for the request"
    )]
    AppMismatch {
        /// The application inside the UserSig. Not trustworthy: the signature has not been checked.
        signed: u32,
        /// The application the request names.
        requested: u32,
    },

    /// The signature is not the one the key gives; also what an empty key gives, in [`sign`] too.
    /// Code 70009.
    ///
    /// [`sign`]: crate::sign
    #[error(
        "the UserSig is not signed with this application's key: take the key of this SDKAppID on \
         both sides, whole, not empty and without spaces or line ends around it"
    )]
    SignatureMismatch,

    /// The lifetime is over, or it never was more than nothing. Code 70001.
    #[error(
        "the UserSig expired at {expired_at_s} and it is {now_s} now (Unix seconds): sign a new one, \
         with a lifetime above 0, and check both clocks if it is fresh"
    )]
    Expired {
        /// The last second at which it was valid, Unix seconds; the time of signing for one whose
        /// lifetime is not positive.
        expired_at_s: u64,
        /// The time it was checked against, Unix seconds.
        now_s: u64,
    },
}

impl Error {
    /// The number the service answers with in `ErrorCode`.
    pub const fn code(&self) -> i32 {
        match self {
            Self::Expired { .. } => 70001,
            Self::Empty => 70002,
            Self::Malformed(_) => 70003,
            Self::SignatureMismatch => 70009,
            Self::IdentifierMismatch { .. } => 70013,
            Self::AppMismatch { .. } => 70014,
        }
    }
}

/// What about a UserSig cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// Longer than [`MAX_USER_SIG_BYTES`].
    #[error(
        "the UserSig is longer than {MAX_USER_SIG_BYTES} bytes: shorten the account name or the \
         userbuf"
    )]
    TooLong,

    /// A character or an escape that the alphabet does not have.
    #[error(
        "the UserSig holds a character other than letters, digits, '*', '-' and '_': send it as it \
         was signed, without spaces or line ends"
    )]
    Alphabet,

    /// The characters are right, but they are not whole base64.
    #[error("the UserSig is not whole base64: send all of it, with the '_' at its end")]
    Base64,

    /// The bytes are not one whole zlib stream.
    #[error("the UserSig does not inflate: send all of it, exactly as it was signed")]
    Zlib,

    /// There is more after the zlib stream.
    #[error("the UserSig goes on after its end: send it alone, with nothing added")]
    TrailingBytes,

    /// Inflates to more than [`MAX_INFLATED_BYTES`].
    #[error(
        "the UserSig inflates to more than {MAX_INFLATED_BYTES} bytes: shorten the account name or \
         the userbuf"
    )]
    TooLarge,

    /// Not a JSON object with the members of a UserSig, each of its type.
    #[error(
        "the UserSig does not hold the JSON object it must: TLS.ver, TLS.identifier and TLS.sig as \
         strings, TLS.sdkappid, TLS.expire and TLS.time as whole numbers, each once, and \
         TLS.userbuf, if there is one, as a string"
    )]
    Json,

    /// `TLS.ver` is not `2.0`.
    #[error("the UserSig is of another version: sign it with version 2.0 of the algorithm")]
    Version,

    /// The account name is empty or holds a control character.
    #[error(
        "the account name of the UserSig is empty or holds a control character: use one or more \
         printable characters"
    )]
    Identifier,

    /// `TLS.userbuf` is not padded standard base64.
    #[error("TLS.userbuf in the UserSig is not base64: use the standard alphabet, with padding")]
    Userbuf,

    /// `TLS.sig` is not padded standard base64.
    #[error("TLS.sig in the UserSig is not base64: use the standard alphabet, with padding")]
    Signature,
}

impl From<Malformed> for Error {
    fn from(what: Malformed) -> Self {
        Self::Malformed(what)
    }
}

/// An account name for a sentence: quoted, escaped and cut, as it comes from an unchecked UserSig.
struct Name<'a>(&'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN_CHARS: usize = 64;
        match self.0.char_indices().nth(SHOWN_CHARS) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => write!(f, "{:?}...", &self.0[..end]),
        }
    }
}
