//! Each refusal has its code, and an earlier one hides the later ones.

use usersig::{Error, Expected, SignRequest, sign, verify};

use super::support::{APP, EXPECTED, EXPIRE, ID, REQUEST, TIME, hmac, pack, valid};

const LATE: u64 = TIME + EXPIRE + 1;

fn code(user_sig: &str, expected: &Expected<'_>) -> i32 {
    verify(user_sig, expected).unwrap_err().code()
}

#[test]
fn each_fault_alone_has_its_code() {
    let good = valid();
    assert_eq!(code("", &EXPECTED), 70002);
    assert_eq!(code("AAAA", &EXPECTED), 70003);
    assert_eq!(code(&good, &Expected { identifier: "viewer_02", ..EXPECTED }), 70013);
    assert_eq!(code(&good, &Expected { sdk_app_id: APP + 1, ..EXPECTED }), 70014);
    assert_eq!(code(&good, &Expected { key: "another", ..EXPECTED }), 70009);
    assert_eq!(code(&good, &Expected { now_s: LATE, ..EXPECTED }), 70001);
}

#[test]
fn the_first_fault_in_the_order_wins() {
    let good = valid();
    // Every later fault at once; each step mends the first of them.
    let wrong = Expected { sdk_app_id: APP + 1, key: "another", identifier: "x", now_s: LATE };
    assert_eq!(code("", &wrong), 70002);
    assert_eq!(code("AAAA", &wrong), 70003);
    assert_eq!(code(&good, &wrong), 70013);
    let wrong = Expected { identifier: ID, ..wrong };
    assert_eq!(code(&good, &wrong), 70014);
    let wrong = Expected { sdk_app_id: APP, ..wrong };
    assert_eq!(code(&good, &wrong), 70009);
    let wrong = Expected { key: EXPECTED.key, ..wrong };
    assert_eq!(code(&good, &wrong), 70001);
    let right = Expected { now_s: LATE - 1, ..wrong };
    assert!(verify(&good, &right).is_ok());
}

#[test]
fn a_wrong_account_hides_expiry() {
    let wrong = Expected { identifier: "viewer_02", now_s: LATE, ..EXPECTED };
    assert_eq!(code(&valid(), &wrong), 70013);
}

#[test]
fn the_last_second_is_still_valid() {
    let last = TIME + EXPIRE;
    assert!(verify(&valid(), &Expected { now_s: last, ..EXPECTED }).is_ok());
    assert_eq!(
        verify(&valid(), &Expected { now_s: last + 1, ..EXPECTED }),
        Err(Error::Expired { expired_at_s: last, now_s: last + 1 })
    );
}

#[test]
fn a_lifetime_that_is_not_positive_has_expired() {
    for expire in [0, -1, -86_400, i64::MIN] {
        let text = format!(
            "TLS.identifier:{ID}\nTLS.sdkappid:{APP}\nTLS.time:{TIME}\nTLS.expire:{expire}\n"
        );
        let signed = |sig: String| {
            pack(&format!(
                "{{\"TLS.ver\":\"2.0\",\"TLS.identifier\":\"{ID}\",\"TLS.sdkappid\":{APP},\
                 \"TLS.expire\":{expire},\"TLS.time\":{TIME},\"TLS.sig\":\"{sig}\"}}"
            ))
        };
        for now_s in [0, TIME, u64::MAX] {
            let expected = Expected { now_s, ..EXPECTED };
            assert_eq!(code(&signed(hmac(&text)), &expected), 70001, "{expire} at {now_s}");
        }
        assert_eq!(code(&signed(hmac("another text")), &EXPECTED), 70009, "{expire}");
    }
}

#[test]
fn a_creation_time_in_the_future_is_not_checked() {
    assert!(verify(&valid(), &Expected { now_s: 0, ..EXPECTED }).is_ok());
}

#[test]
fn the_largest_times_do_not_overflow() {
    let request = SignRequest { time_s: u64::MAX, expire_s: u64::MAX, ..REQUEST };
    let user_sig = sign(&request).unwrap();
    let claims = verify(&user_sig, &Expected { now_s: u64::MAX, ..EXPECTED }).unwrap();
    assert_eq!(claims.expires_at_s(), u64::MAX);
}

#[test]
fn an_empty_key_signs_and_verifies_nothing() {
    assert_eq!(sign(&SignRequest { key: "", ..REQUEST }), Err(Error::SignatureMismatch));
    assert_eq!(verify(&valid(), &Expected { key: "", ..EXPECTED }), Err(Error::SignatureMismatch));
}
