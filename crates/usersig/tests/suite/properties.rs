//! Properties over generated values.

use proptest::{collection::vec, option, prelude::*};
use usersig::{Claims, Error, Expected, SignRequest, sign, verify};

use super::support::{EXPECTED, REQUEST, alphabet, compressed, deflate, unpack, valid};

proptest! {
    #[test]
    fn what_is_signed_verifies_as_the_same(
        identifier in "\\PC{1,64}",
        key in "(?s).{1,100}",
        sdk_app_id in any::<u32>(),
        time_s in any::<u64>(),
        expire_s in 1..=u64::MAX,
        userbuf in option::of(vec(any::<u8>(), 0..300)),
    ) {
        let user_sig = sign(&SignRequest {
            sdk_app_id,
            key: &key,
            identifier: &identifier,
            time_s,
            expire_s,
            userbuf: userbuf.as_deref(),
        })
        .unwrap();
        prop_assert!(
            user_sig.bytes().all(|b| b.is_ascii_alphanumeric() || b"*-_".contains(&b))
        );

        let claims = Claims { identifier, sdk_app_id, time_s, expire_s, userbuf };
        let expected = Expected {
            sdk_app_id,
            key: &key,
            identifier: &claims.identifier,
            now_s: claims.expires_at_s(),
        };
        prop_assert_eq!(verify(&user_sig, &expected), Ok(claims.clone()));

        let escaped = user_sig.replace('*', "%2A").replace('-', "%2d").replace('_', "%5F");
        prop_assert_eq!(verify(&escaped, &expected), Ok(claims.clone()));

        let longer_key = format!("{key}.");
        let other_key = Expected { key: &longer_key, ..expected };
        prop_assert_eq!(verify(&user_sig, &other_key), Err(Error::SignatureMismatch));

        if let Some(now_s) = claims.expires_at_s().checked_add(1) {
            let late = verify(&user_sig, &Expected { now_s, ..expected });
            prop_assert_eq!(late.unwrap_err().code(), 70001);
        }
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in "(?s).{0,300}") {
        prop_assert!(matches!(
            verify(&text, &EXPECTED),
            Err(Error::Empty | Error::Malformed(_))
        ));
    }

    #[test]
    fn any_text_of_the_alphabet_is_refused_without_a_panic(text in "[A-Za-z0-9*_%-]{0,300}") {
        prop_assert!(matches!(
            verify(&text, &EXPECTED),
            Err(Error::Empty | Error::Malformed(_))
        ));
    }

    #[test]
    fn any_bytes_are_malformed_at_every_layer(bytes in vec(any::<u8>(), 1..300)) {
        let lossy = String::from_utf8_lossy(&bytes);
        for text in [lossy.into_owned(), alphabet(&bytes), alphabet(&deflate(&bytes))] {
            prop_assert!(matches!(verify(&text, &EXPECTED), Err(Error::Malformed(_))));
        }
    }

    #[test]
    fn no_account_can_use_the_signature_of_another(
        one in "\\PC{1,12}",
        other in "\\PC{1,12}",
    ) {
        prop_assume!(one != other);
        let user_sig =
            sign(&SignRequest { identifier: &one, ..REQUEST }).unwrap();
        let refused = verify(&user_sig, &Expected { identifier: &other, ..EXPECTED });
        prop_assert_eq!(refused.unwrap_err().code(), 70013);
    }
}

/// A changed bit may leave the meaning alone, such as one of the unused bits at the end of the
/// deflate stream. It never leaves something else that is valid.
#[test]
fn no_flipped_bit_makes_another_valid_signature() {
    let good = valid();
    let claims = verify(&good, &EXPECTED).unwrap();
    let json = unpack(&good);

    let check = |user_sig: &str| {
        if let Ok(other) = verify(user_sig, &EXPECTED) {
            assert_eq!(other, claims);
        }
    };
    for bit in 0..8 {
        for at in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            check(&String::from_utf8_lossy(&bytes));
        }
        for at in 0..compressed(&good).len() {
            let mut bytes = compressed(&good);
            bytes[at] ^= 1 << bit;
            check(&alphabet(&bytes));
        }
        for at in 0..json.len() {
            let mut bytes = json.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let user_sig = alphabet(&deflate(&bytes));
            assert!(verify(&user_sig, &EXPECTED).is_err(), "bit {bit} of byte {at} of the JSON");
        }
    }
}
