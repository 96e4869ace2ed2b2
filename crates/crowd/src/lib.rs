//! A simulated audience for one room: viewers that sign in through the gateway like anybody else,
//! stay, and say something now and then.
//!
//! * [`script`] – who says what when; pure, and the same for the same seed
//! * [`audience`] – connections that play a script
//!
//! The crowd knows no window and no storage; accounts are made by whoever starts it.

pub mod audience;
pub mod script;

pub use audience::{Audience, AudienceConfig};
pub use script::{Line, Script, viewer_id, viewer_nick};
