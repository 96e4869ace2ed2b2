//! What is printed holds neither keys nor signatures, and says what to change.

use usersig::{Error, Expected, SignRequest, verify};

use super::support::{APP, EXPECTED, ID, KEY, REQUEST, TIME, pack, unpack, valid};

#[test]
fn debug_hides_the_key() {
    for text in [format!("{REQUEST:?}"), format!("{EXPECTED:#?}")] {
        assert!(!text.contains(KEY), "{text}");
        assert!(text.contains(ID) && text.contains(&APP.to_string()), "{text}");
    }
}

#[test]
fn sentences_name_both_sides() {
    let said = |expected: &Expected<'_>| verify(&valid(), expected).unwrap_err().to_string();
    assert_eq!(
        said(&Expected { sdk_app_id: 1_400_000_002, ..EXPECTED }),
        "the UserSig is signed for application 1400000001, but the request names 1400000002: use \
         the same SDKAppID for signing and for the request"
    );
    assert_eq!(
        said(&Expected { identifier: "vi\newer", ..EXPECTED }),
        "the UserSig is signed for account \"viewer_01\", but the request names \"vi\\newer\": \
         sign it for the account that uses it"
    );
    assert_eq!(
        said(&Expected { now_s: TIME + 86_401, ..EXPECTED }),
        "the UserSig expired at 1700086400 and it is 1700086401 now (Unix seconds): sign a new \
         one, with a lifetime above 0, and check both clocks if it is fresh"
    );
}

#[test]
fn errors_hold_neither_key_nor_signature() {
    let good = valid();
    let json = unpack(&good);
    let signature = serde_json::from_str::<serde_json::Value>(&json).unwrap()["TLS.sig"]
        .as_str()
        .unwrap()
        .to_owned();
    let wrong_type = json.replace(&format!(":{APP}"), &format!(":\"{signature}\""));
    let cases = [
        verify(&format!("{good}!"), &EXPECTED),
        verify(&good[1..], &EXPECTED),
        verify(&pack(&wrong_type), &EXPECTED),
        verify(&good, &Expected { identifier: "other", ..EXPECTED }),
        verify(&good, &Expected { sdk_app_id: 1, ..EXPECTED }),
        verify(&good.replace('e', "f"), &EXPECTED),
        verify(&good, &Expected { key: &KEY[1..], ..EXPECTED }),
        verify(&good, &Expected { now_s: u64::MAX, ..EXPECTED }),
    ];
    for case in cases {
        let error = case.unwrap_err();
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(!text.contains(&KEY[1..]), "{text}");
            assert!(!text.contains(&good[1..32]), "{text}");
            assert!(!text.contains(&signature), "{text}");
        }
    }
}

#[test]
fn a_long_account_name_is_cut_in_the_sentence() {
    let long = "é".repeat(4000);
    let user_sig = usersig::sign(&SignRequest { identifier: &long, ..REQUEST }).unwrap();
    let error = verify(&user_sig, &EXPECTED).unwrap_err();
    assert!(matches!(error, Error::IdentifierMismatch { .. }));
    assert!(error.to_string().len() < 400);
}
