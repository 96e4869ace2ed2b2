//! What the alphabet and the JSON may hold.

use serde_json::{Value, json};
use usersig::{Error, Malformed, SignRequest, sign, verify};

use super::support::{
    APP, EXPECTED, EXPIRE, ID, REQUEST, TIME, alphabet, deflate, hmac, malformed, pack, unpack,
    valid,
};

/// The valid JSON with one member set to a value, or removed.
fn with(member: &str, value: Option<Value>) -> String {
    let mut json: Value = serde_json::from_str(&unpack(&valid())).unwrap();
    let members = json.as_object_mut().unwrap();
    match value {
        Some(value) => members.insert(member.to_owned(), value),
        None => members.remove(member),
    };
    pack(&json.to_string())
}

#[test]
fn only_the_alphabet_and_its_escapes_are_read() {
    let good = valid();
    for (from, to) in
        [("*", "+"), ("-", "/"), ("_", "="), ("*", "%2B"), ("_", "%252A"), ("e", "%65")]
    {
        let text = good.replace(from, to);
        if text != good {
            assert_eq!(malformed(&text), Malformed::Alphabet, "{from} as {to}");
        }
    }
    for added in [" ", "\n", "\0", "%", "%2", "%5f%", "é", "+", "/", "="] {
        assert_eq!(malformed(&format!("{good}{added}")), Malformed::Alphabet, "{added:?}");
        assert_eq!(malformed(added), Malformed::Alphabet, "{added:?}");
    }
}

#[test]
fn padding_is_required_and_canonical() {
    assert_eq!(malformed("eA"), Malformed::Base64);
    assert_eq!(malformed("eB__"), Malformed::Base64);
    assert_eq!(malformed("eA__eA__"), Malformed::Base64);
    assert_eq!(malformed("____"), Malformed::Base64);
}

#[test]
fn spaces_order_and_further_members_do_not_matter() {
    let sig = hmac(&format!(
        "TLS.identifier:{ID}\nTLS.sdkappid:{APP}\nTLS.time:{TIME}\nTLS.expire:{EXPIRE}\n"
    ));
    let json = format!(
        "\n {{ \"TLS.sig\" : \"{sig}\",\t\"more\": [{{}}, null], \"TLS.time\":{TIME},\
         \"TLS.expire\": {EXPIRE}, \"TLS.sdkappid\": {APP}, \"TLS.identifier\": \"{ID}\",\
         \"TLS.ver\": \"2.0\" }} \r\n"
    );
    assert!(verify(&pack(&json), &EXPECTED).is_ok());
}

#[test]
fn every_member_is_needed_and_has_one_type() {
    for member in ["TLS.ver", "TLS.identifier", "TLS.sdkappid", "TLS.expire", "TLS.time", "TLS.sig"]
    {
        assert_eq!(malformed(&with(member, None)), Malformed::Json, "{member}");
        for value in [json!(null), json!([]), json!({}), json!(true)] {
            assert_eq!(malformed(&with(member, Some(value))), Malformed::Json, "{member}");
        }
    }
    for member in ["TLS.sdkappid", "TLS.expire", "TLS.time"] {
        for value in [json!("1700000000"), json!(1.5), json!(1.0), json!(1e300), json!(-1e300)] {
            assert_eq!(malformed(&with(member, Some(value))), Malformed::Json, "{member}");
        }
    }
    for member in ["TLS.sdkappid", "TLS.time"] {
        assert_eq!(malformed(&with(member, Some(json!(-1)))), Malformed::Json, "{member}");
    }
    assert_eq!(malformed(&with("TLS.sdkappid", Some(json!(1_u64 << 32)))), Malformed::Json);
    for member in ["TLS.ver", "TLS.identifier", "TLS.sig", "TLS.userbuf"] {
        assert_eq!(malformed(&with(member, Some(json!(2)))), Malformed::Json, "{member}");
    }
    assert_eq!(malformed(&with("TLS.userbuf", Some(json!(null)))), Malformed::Json);
}

#[test]
fn only_one_json_object_is_read() {
    let json = unpack(&valid());
    let values = format!("[\"2.0\",\"{ID}\",{APP},{EXPIRE},{TIME},null,\"\"]");
    for text in ["", "null", "\"\"", "{}", &values, &format!("{json}x"), &format!("{json}{json}")] {
        assert_eq!(malformed(&pack(text)), Malformed::Json, "{text}");
    }
    let twice = json.replacen('{', "{\"TLS.identifier\":\"other\",", 1);
    assert_eq!(malformed(&pack(&twice)), Malformed::Json, "a repeated member");
    let broken = json.replace(ID, "\u{e9}").into_bytes();
    let broken: Vec<u8> = broken.into_iter().filter(|byte| *byte != 0xc3).collect();
    assert_eq!(malformed(&alphabet(&deflate(&broken))), Malformed::Json, "not UTF-8");
}

#[test]
fn the_version_is_2_0() {
    for version in ["", "2", "2.1", "1.0", "2.0 "] {
        assert_eq!(malformed(&with("TLS.ver", Some(json!(version)))), Malformed::Version);
    }
}

#[test]
fn inner_base64_is_standard_and_padded() {
    for text in ["YWJ", "YWJj\n", "-_8=", "*", "YWK="] {
        assert_eq!(malformed(&with("TLS.userbuf", Some(json!(text)))), Malformed::Userbuf);
        assert_eq!(malformed(&with("TLS.sig", Some(json!(text)))), Malformed::Signature);
    }
}

#[test]
fn a_signature_of_another_length_is_a_mismatch() {
    for text in ["", "YWJj"] {
        let user_sig = with("TLS.sig", Some(json!(text)));
        assert_eq!(verify(&user_sig, &EXPECTED), Err(Error::SignatureMismatch));
    }
    let json: Value = serde_json::from_str(&unpack(&valid())).unwrap();
    let longer = format!("AAAA{}", json["TLS.sig"].as_str().unwrap());
    let user_sig = with("TLS.sig", Some(json!(longer)));
    assert_eq!(verify(&user_sig, &EXPECTED), Err(Error::SignatureMismatch));
}

#[test]
fn a_userbuf_added_or_taken_away_breaks_the_signature() {
    let added = with("TLS.userbuf", Some(json!("YWJj")));
    assert_eq!(verify(&added, &EXPECTED), Err(Error::SignatureMismatch));
    let signed = sign(&SignRequest { userbuf: Some(b"abc"), ..REQUEST }).unwrap();
    let taken = unpack(&signed).replace("TLS.userbuf", "TLS.other");
    assert_eq!(verify(&pack(&taken), &EXPECTED), Err(Error::SignatureMismatch));
}

#[test]
fn an_identifier_cannot_pose_as_further_lines() {
    // The HMAC is right, but the text it is over begins like one signed for the account "a".
    let inner = format!("a\nTLS.sdkappid:{APP}\nTLS.time:1\nTLS.expire:2");
    let sig = hmac(&format!(
        "TLS.identifier:{inner}\nTLS.sdkappid:{APP}\nTLS.time:{TIME}\nTLS.expire:{EXPIRE}\n"
    ));
    let json = json!({
        "TLS.ver": "2.0", "TLS.identifier": inner, "TLS.sdkappid": APP,
        "TLS.time": TIME, "TLS.expire": EXPIRE, "TLS.sig": sig,
    });
    assert_eq!(malformed(&pack(&json.to_string())), Malformed::Identifier);
    assert_eq!(
        sign(&SignRequest { identifier: &inner, ..REQUEST }),
        Err(Error::Malformed(Malformed::Identifier))
    );
}

#[test]
fn empty_identifiers_and_control_characters_are_refused_on_both_sides() {
    for identifier in ["", "a\n", "\ra", "a\0b", "\t", "\u{7f}", "\u{85}"] {
        assert_eq!(
            sign(&SignRequest { identifier, ..REQUEST }),
            Err(Error::Malformed(Malformed::Identifier)),
            "{identifier:?}"
        );
        assert_eq!(
            malformed(&with("TLS.identifier", Some(json!(identifier)))),
            Malformed::Identifier,
            "{identifier:?}"
        );
    }
}
