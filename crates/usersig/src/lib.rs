//! UserSig version 2: sign and verify.
//!
//! A UserSig is the short text with which an account proves to Tencent Cloud Chat, or to a server
//! that speaks the same language, that the application's own server let it in. The application
//! signs it with the application's secret key; every REST call and every login carries it.
//!
//! This crate makes and checks that text. It does no input or output, reads no clock and knows
//! nothing of rooms, accounts or networks: the caller passes the time in.
//!
//! # Shape
//!
//! ```text
//! text      = "TLS.identifier:" id LF "TLS.sdkappid:" n LF "TLS.time:" t LF "TLS.expire:" e LF
//!             [ "TLS.userbuf:" base64(userbuf) LF ]
//! TLS.sig   = base64(HMAC-SHA256(key, text))
//! json      = { TLS.ver, TLS.identifier, TLS.sdkappid, TLS.expire, TLS.time, [TLS.userbuf], TLS.sig }
//! UserSig   = base64(zlib(json)) with + as *, / as -, = as _
//! ```
//!
//! The alphabet is not the URL-safe one of RFC 4648: here `-` stands for `/`, and `_` is padding.
//! Times and lifetimes are whole seconds, times counted from the Unix epoch. The compressed bytes
//! depend on the zlib build, so two correct signers may give different texts for the same request;
//! compare what they decode to.
//!
//! # What a verifier here refuses beyond the signature
//!
//! - Texts over [`MAX_USER_SIG_BYTES`], and contents that inflate to over [`MAX_INFLATED_BYTES`].
//!   Both are checked before the memory is used.
//! - Bytes after the zlib stream, unpadded or non-canonical base64, `+`, `/` and `=` in place of
//!   `*`, `-` and `_`. The escapes `%2A`, `%2D` and `%5F` are accepted, in either case, because
//!   some HTTP clients write them; no other escape is.
//! - JSON whose numbers are not plain non-negative integers (a number in a string is refused),
//!   repeated members, missing members and a `TLS.ver` other than `2.0`. Members with other names
//!   are not signed and are ignored.
//! - An identifier that is empty or holds a control character. The signed text is made of lines, so
//!   an identifier with a line feed in it could pass for several lines: one signature would then
//!   stand for two different sets of members. [`sign`] refuses to make such a text as well.
//! - An empty key. Anybody can sign with it, so nothing is ever valid under it.
//!
//! # What it does not check
//!
//! A creation time in the future is accepted, as the format asks only that
//! `time + expire >= now`. Whether an account exists, is an administrator or has been signed out is
//! the caller's to know.
//!
//! # Source
//!
//! Tencent Cloud Chat, *Generating UserSig*, product/1047/34385; the numbers of [`Error::code`] are
//! those of the product's table of error codes, product/269/1671.
//!
//! # Example
//!
//! ```
//! use usersig::{DEFAULT_EXPIRE_S, Expected, SignRequest, sign, verify};
//!
//! let user_sig = sign(&SignRequest {
//!     sdk_app_id: 1_400_000_001,
//!     key: "the application's secret key",
//!     identifier: "viewer_01",
//!     time_s: 1_700_000_000,
//!     expire_s: DEFAULT_EXPIRE_S,
//!     userbuf: None,
//! })?;
//!
//! let claims = verify(
//!     &user_sig,
//!     &Expected {
//!         sdk_app_id: 1_400_000_001,
//!         key: "the application's secret key",
//!         identifier: "viewer_01",
//!         now_s: 1_700_000_060,
//!     },
//! )?;
//! assert_eq!(claims.expires_at_s(), 1_700_000_000 + DEFAULT_EXPIRE_S);
//! # Ok::<(), usersig::Error>(())
//! ```

mod error;
mod mac;
mod sign;
mod verify;
mod wire;

pub use error::{Error, Malformed};
pub use sign::{DEFAULT_EXPIRE_S, SignRequest, sign};
pub use verify::{Claims, Expected, verify};
pub use wire::{MAX_INFLATED_BYTES, MAX_USER_SIG_BYTES};
