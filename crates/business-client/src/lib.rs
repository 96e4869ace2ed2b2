//! The business service as a viewer's or host's program sees it (`docs/business.md`).
//!
//! * [`Client`] – typed calls of the HTTP API in the name of one account; it signs in
//!   by itself, with a name in development or with tokens of the shop's identity server, and renews
//!   what that has opened
//! * [`ComboButton`] – clicks on a gift become few orders, each of which is paid once
//! * [`Shop`] – one account in one room: wallet, gifts, products, and what the host may do
//! * [`view`] – what a user interface is told
//!
//! Knows no window. The room itself, with banners, totals and the slot, is `live-core`.

mod client;
pub mod combo_button;
mod credentials;
mod error;
mod http;
mod session;
mod shop;
pub mod view;

pub use client::{Address, Client};
pub use combo_button::ComboButton;
pub use credentials::Credentials;
pub use error::Error;
pub use session::{Account, ChatPass};
pub use shop::{Shop, ShopConfig};
