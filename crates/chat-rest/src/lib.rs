//! A typed client of Tencent Cloud Chat's REST API, for Liveroom's own service and for the cloud.
//!
//! Every command is a method of [`Client`], with the request and answer types of [`chat_types::rest`].
//! The client makes the administrator's UserSig and renews it, keeps connections alive, bounds what
//! it reads, and repeats a failed call where that is harmless and nowhere else.
//!
//! ```no_run
//! use chat_rest::{Client, Config, Randoms, Secret};
//! use chat_types::Element;
//! use chat_types::element::Priority;
//! use chat_types::rest::SendGroupMsg;
//!
//! # async fn example() -> Result<(), chat_rest::Error> {
//! let key = Secret::new(std::env::var("LIVEROOM_KEY").unwrap_or_default());
//! let client = Client::new(Config::new("http://127.0.0.1:8090", 1_400_000_001, key))?;
//! let randoms = Randoms::from_system();
//! let sent = client
//!     .send_group_msg(&SendGroupMsg {
//!         group_id: "room_1001".into(),
//!         random: randoms.next(),
//!         from_account: Some("assistant".into()),
//!         msg_priority: Priority::High,
//!         msg_body: vec![Element::text("Welcome")],
//!         ..SendGroupMsg::default()
//!     })
//!     .await?;
//! println!("{sent:?}");
//! # Ok(())
//! # }
//! ```
//!
//! # Failures
//!
//! [`Error::outcome`] tells what a failure has left behind, which is what an outbox needs to know:
//!
//! | [`Outcome`] | the message | what to do |
//! |---|---|---|
//! | [`NotAccepted`](Outcome::NotAccepted) | was not accepted | send it again later |
//! | [`Unclear`](Outcome::Unclear) | may have been accepted | send it again later, with the same `Random` |
//! | [`Refused`](Outcome::Refused) | was not accepted and never will be | give it up, or change it |
//! | [`Unauthorized`](Outcome::Unauthorized) | was not accepted, nor will any other be | keep all, and call a person |
//!
//! No error, no `Debug` form and no log line of the client holds a URL, a UserSig or a key.
//!
//! # Repeats
//!
//! The client repeats a call by itself, a few times within some seconds ([`RetryPolicy`]), by the
//! [`Repeat`] of its [`Command`]:
//!
//! * reads, and writes that say how something has to be afterwards: after every temporary failure;
//! * messages with a `Random` ([`send_group_msg`](Client::send_group_msg),
//!   [`send_broadcast_msg`](Client::send_broadcast_msg)): likewise, with the same bytes. The service
//!   drops a repeat within five minutes; `OK` and 10024 both say that the message is there, once;
//! * everything else, such as [`sendmsg`](Client::sendmsg) and what
//!   [`update_group_counter`](Client::update_group_counter) adds: only after failures which say that
//!   nothing was done, as a rate limit or a connection that was never made.
//!
//! Temporary are failures of the way (connection, time, HTTP status 5xx, an answer that is no JSON),
//! rate limits (60007, 60011, 60018, 60019, 10006, 10023, 10049), a webhook that did not answer
//! (80003), and failures inside the service (10002, 20004, 20005, 40006, 60008, 60013, 60014, 70169,
//! 70202, 70500, 90992, 90994, 90995, 91000). A UserSig that has expired or was revoked (70001,
//! 70052) is replaced and the call made again at once, one time.
//!
//! A call that is dropped before it ends may have been carried out.
//!
//! # Limits
//!
//! Requests have at most 1 MiB, answers [`MAX_ANSWER_BYTES`]. There is no queue: as many calls run at
//! once as the program makes. The service takes 200 calls of a command in a second from one
//! application, and one of `get_appid_group_list` and `send_broadcast_msg`.
//!
//! # Logs
//!
//! Each call is a `tracing` span `chat_rest_call` at level debug with service, command, number of
//! attempts, code and duration; repeats are warnings.

mod calls;
mod client;
mod clock;
pub mod command;
mod config;
mod error;
mod http;
mod outcome;
mod randoms;
mod region;
mod signer;

pub use calls::Sent;
pub use client::Client;
pub use clock::{Clock, SystemClock};
pub use command::{Command, Repeat};
pub use config::{Config, RetryPolicy, Secret, Timeouts};
pub use error::{Error, Outcome};
pub use randoms::Randoms;
pub use region::Region;

/// Longest answer that is read, in bytes. The service answers at most 1 MB (10018); the rest is for
/// the envelope and for a MiB in place of a MB.
pub const MAX_ANSWER_BYTES: usize = 1024 * 1024 + 64 * 1024;
