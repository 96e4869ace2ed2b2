//! What a text says: its folded forms, links in it, and words in it.
//!
//! Both servers decide about texts with this crate. It does no input or output and knows no room.
//!
//! Whoever may write a text may choose the most expensive one, so everything here takes time in
//! proportion to the length of the text: a text is read from front to back, what is remembered of
//! it while reading has a bound, and no part of it is read again for another place. What is looked
//! for costs by its own length, once. [`fuzz::steps`] counts, and tests hold the count against the
//! texts of [`fuzz::hostile_texts`].

mod alike;
mod fold;
pub mod fuzz;
mod links;
mod names;
mod plain;
mod shown;
mod steps;
mod top_domains;
mod words;

pub use aho_corasick::BuildError;
pub use fold::{folded, folded_signs};
pub use links::has_link;
pub use names::has_link_in_name;
pub use plain::{Plain, Stretch};
pub use shown::as_shown;
pub use words::{BlockedWords, FoundWord, PlainWords};
