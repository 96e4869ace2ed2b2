//! Values of the custom group field `product`: what is accepted keeps the rules of
//! `docs/messages.md`. Run with `cargo +nightly fuzz run product`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use live_core::product_slot;

fuzz_target!(|text: &str| {
    let Ok(product) = product_slot::parse(text) else { return };
    assert!((1..=60).contains(&product.title.chars().count()));
    assert_eq!(product.currency.len(), 3);
    assert!(product.ends_at_s >= 0.0);
});
