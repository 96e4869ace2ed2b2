//! Sizes: nothing large is decoded, inflated or made.

use usersig::{
    Error, MAX_INFLATED_BYTES, MAX_USER_SIG_BYTES, Malformed, SignRequest, sign, verify,
};

use super::support::{
    EXPECTED, REQUEST, alphabet, compressed, deflate, malformed, pack, unpack, valid,
};

#[test]
fn the_bounds_are_16_kib() {
    assert_eq!((MAX_USER_SIG_BYTES, MAX_INFLATED_BYTES), (16 * 1024, 16 * 1024));
}

#[test]
fn a_text_over_the_bound_is_not_decoded() {
    assert_eq!(malformed(&"A".repeat(MAX_USER_SIG_BYTES + 1)), Malformed::TooLong);
    assert_ne!(malformed(&"A".repeat(MAX_USER_SIG_BYTES)), Malformed::TooLong);
}

#[test]
fn a_zlib_bomb_is_refused() {
    let bomb = alphabet(&deflate(&vec![b' '; 8 * 1024 * 1024]));
    assert!(bomb.len() <= MAX_USER_SIG_BYTES, "small enough to reach zlib");
    assert_eq!(malformed(&bomb), Malformed::TooLarge);
}

#[test]
fn the_bound_of_the_inflated_size_is_exact() {
    let json = unpack(&valid());
    let fits = format!("{json}{}", " ".repeat(MAX_INFLATED_BYTES - json.len()));
    assert!(verify(&pack(&fits), &EXPECTED).is_ok());
    assert_eq!(malformed(&pack(&format!("{fits} "))), Malformed::TooLarge);
}

#[test]
fn a_cut_text_is_refused_at_every_length() {
    let good = valid();
    for end in 1..good.len() {
        let what = malformed(&good[..end]);
        assert!(matches!(what, Malformed::Base64 | Malformed::Zlib), "{end}: {what:?}");
    }
}

#[test]
fn a_cut_stream_is_refused_at_every_length() {
    let whole = compressed(&valid());
    for end in 1..whole.len() {
        assert_eq!(malformed(&alphabet(&whole[..end])), Malformed::Zlib, "{end}");
    }
}

#[test]
fn bytes_after_the_stream_are_refused() {
    for added in [&b"\0"[..], b"garbage", &compressed(&valid())] {
        let mut long = compressed(&valid());
        long.extend_from_slice(added);
        assert_eq!(malformed(&alphabet(&long)), Malformed::TrailingBytes);
    }
}

#[test]
fn a_wrong_checksum_is_refused() {
    let mut bytes = compressed(&valid());
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(malformed(&alphabet(&bytes)), Malformed::Zlib);
}

#[test]
fn what_would_not_be_read_is_not_made() {
    let long = "a".repeat(MAX_INFLATED_BYTES);
    assert_eq!(
        sign(&SignRequest { identifier: &long, ..REQUEST }),
        Err(Error::Malformed(Malformed::TooLarge))
    );

    // The largest userbuf that signs also verifies, whether it compresses or not.
    let noise: Vec<u8> = (0..MAX_INFLATED_BYTES as u64)
        .scan(1_u64, |state, _| {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            Some((*state >> 56) as u8)
        })
        .collect();
    for bytes in [noise, vec![0; MAX_INFLATED_BYTES]] {
        let made = (0..bytes.len())
            .rev()
            .step_by(61)
            .find_map(|len| sign(&SignRequest { userbuf: Some(&bytes[..len]), ..REQUEST }).ok())
            .unwrap();
        let claims = verify(&made, &EXPECTED).unwrap();
        assert!(claims.userbuf.unwrap().len() > 8 * 1024);
    }
}
