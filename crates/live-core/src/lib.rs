//! The client core of Liveroom: every rule of a client in a live room, and no window, no socket and
//! no clock. `live-client` drives it over a connection.
//!
//! All of it is pure, so that each rule can be tested without a network: times go in as durations
//! since a fixed moment, randomness as a generator.
//!
//! * [`view`] – what it tells, as plain values for a user interface
//! * [`session`] – from dialling to being signed in, and back after a loss ([`back_off`],
//!   [`heartbeat`])
//! * [`room`] – profile, messages ([`chat_log`]), what of them was missed, and own comments on
//!   their way ([`outbox`])
//! * [`c2c`] – one-to-one messages, [`presence`] – who is there
//! * [`danmaku_queue`] – which comments fly, and when ([`fold_memory`], [`token_bucket`])
//! * [`product_slot`] – what the room sells now, [`live_status`] – whether its host is on
//! * [`gift_board`] – gifts, each shown once and counted exactly
//! * [`like_throttle`] – own likes on their way, [`like_count`] – how many the room has
//! * [`draw_card`] – lucky draws, [`announcements`] – what the shop tells the room
//! * [`effect`] – what the driver has to do, [`news`] – what waits for the subscriber ([`batch`])
//! * [`frame`] – reading what the gateway sends, [`request`] – numbers of requests

// See the root manifest: frames with UserSigs in them stay out of every log.
const _: () = assert!(log::STATIC_MAX_LEVEL as usize <= log::LevelFilter::Debug as usize);

pub mod announcements;
pub mod back_off;
pub mod batch;
pub mod c2c;
pub mod chat_log;
pub mod danmaku_queue;
pub mod draw_card;
pub mod effect;
pub mod fold_memory;
pub mod frame;
pub mod gift_board;
pub mod heartbeat;
pub mod like_count;
pub mod like_throttle;
pub mod live_status;
pub mod news;
pub mod outbox;
pub mod presence;
pub mod product_slot;
pub mod recent_ids;
pub mod request;
pub mod room;
pub mod session;
pub mod token_bucket;
pub mod view;
