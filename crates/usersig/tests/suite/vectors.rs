//! The two fixed vectors, and what a fresh signature holds.

use serde_json::Value;
use usersig::{Claims, DEFAULT_EXPIRE_S, Expected, SignRequest, sign, verify};

use super::support::{APP, EXPECTED, EXPIRE, ID, KEY, REQUEST, TIME, hmac, unpack, valid};

const PLAIN: &str = "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkyjJTy1OL4g0MYdLFKdmJBQWZKUBJQxMDCDCEyqVWFGQWpQJlLMyAUlDBksxckJChOVQxTLw4Mx1kQVRiWZpHpam*T6RlhH6Se1V6uXeBUWiqeZVftmlxZZBzQJaPZ7BfWV6kt4GtUi0A6DQzeg__";
const PLAIN_SIG: &str = "ZavfHy5/LY9X/bGzgwKp2Ue7zNk5syRCPjLISNvnYK0=";
const BUFFER: &str = "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkyjJTy1OL4g0MYdLFKdmJBQWZKUBJQxMDCDCEyqVWFGQWpQJlLMyAUlDBksxckJChOVQxTLy0OLUoqTQNZElkuFcW3PzMdJBQormbu4*FfnCpa4RBRoqPk6V2uEehvodXQLKFqaGncaJJRGBSXk5eTnlgtq1SLQCHDDjo";
const BUFFER_SIG: &str = "a7FGL8/SuEX0hdLB9+WHq/HJPc851I3a4XQbnlnlwQk=";

fn claims(userbuf: Option<Vec<u8>>) -> Claims {
    Claims { identifier: ID.to_owned(), sdk_app_id: APP, time_s: TIME, expire_s: EXPIRE, userbuf }
}

#[test]
fn the_plain_vector_verifies() {
    assert_eq!(verify(PLAIN, &EXPECTED), Ok(claims(None)));
}

#[test]
fn the_vector_with_a_userbuf_verifies() {
    assert_eq!(verify(BUFFER, &EXPECTED), Ok(claims(Some(b"abc".to_vec()))));
}

#[test]
fn escaped_symbols_are_accepted() {
    for escapes in [["%2A", "%2D", "%5F"], ["%2a", "%2d", "%5f"]] {
        let [star, dash, line] = escapes;
        let text = PLAIN.replace('*', star).replace('-', dash).replace('_', line);
        assert_ne!(text, PLAIN);
        assert_eq!(verify(&text, &EXPECTED), Ok(claims(None)), "{text}");
    }
}

#[test]
fn sign_gives_the_signatures_of_the_vectors() {
    let buffer = SignRequest { userbuf: Some(b"abc"), ..REQUEST };
    for (request, signature) in [(REQUEST, PLAIN_SIG), (buffer, BUFFER_SIG)] {
        let json: Value = serde_json::from_str(&unpack(&sign(&request).unwrap())).unwrap();
        assert_eq!(json["TLS.sig"], signature);
    }
}

#[test]
fn a_fresh_signature_holds_the_members_by_name_and_type() {
    let json: Value = serde_json::from_str(&unpack(&valid())).unwrap();
    let text =
        format!("TLS.identifier:{ID}\nTLS.sdkappid:{APP}\nTLS.time:{TIME}\nTLS.expire:{EXPIRE}\n");
    assert_eq!(
        json,
        serde_json::json!({
            "TLS.ver": "2.0",
            "TLS.identifier": ID,
            "TLS.sdkappid": APP,
            "TLS.expire": EXPIRE,
            "TLS.time": TIME,
            "TLS.sig": hmac(&text),
        })
    );

    let request = SignRequest { userbuf: Some(&[0xfb, 0xff, 0xfe, 0]), ..REQUEST };
    let json: Value = serde_json::from_str(&unpack(&sign(&request).unwrap())).unwrap();
    assert_eq!(json["TLS.userbuf"], "+//+AA==", "standard base64, not the outer alphabet");
    assert_eq!(json["TLS.sig"], hmac(&format!("{text}TLS.userbuf:+//+AA==\n")));
}

#[test]
fn an_empty_userbuf_is_not_an_absent_one() {
    let user_sig = sign(&SignRequest { userbuf: Some(&[]), ..REQUEST }).unwrap();
    assert_eq!(verify(&user_sig, &EXPECTED), Ok(claims(Some(Vec::new()))));
}

#[test]
fn a_key_longer_than_a_block_counts_whole() {
    let long = KEY.repeat(3);
    let user_sig = sign(&SignRequest { key: &long, ..REQUEST }).unwrap();
    assert!(verify(&user_sig, &Expected { key: &long, ..EXPECTED }).is_ok());
    assert!(verify(&user_sig, &Expected { key: &long[1..], ..EXPECTED }).is_err());
    assert!(verify(&user_sig, &Expected { key: &long[..191], ..EXPECTED }).is_err());
}

#[test]
fn the_default_lifetime_is_180_days() {
    assert_eq!(DEFAULT_EXPIRE_S, 15_552_000);
}
