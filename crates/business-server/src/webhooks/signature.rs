//! Whether a webhook comes from the chat service that it claims to come from (product/269/32431).

use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::net::IpAddr;

use crate::Secret;

/// The time of a webhook may be so far off, either way.
const WINDOW_S: u64 = 60;

/// What the chat service appends to the address. What is not named here is not needed.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Parameters {
    #[serde(rename = "SdkAppid")]
    pub(super) sdk_app_id: Option<u32>,
    #[serde(rename = "CallbackCommand", default)]
    pub(super) command: String,
    #[serde(rename = "RequestTime", default)]
    request_time: String,
    #[serde(rename = "Sign", default)]
    sign: String,
}

/// Why a webhook is not from the chat service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stranger {
    #[error(
        "without a webhook token only this machine is listened to: configure one on both sides"
    )]
    Peer,
    #[error("the signature is not that of the configured webhook token")]
    Signature,
    #[error("RequestTime is more than {WINDOW_S} s off: compare the clocks of the two machines")]
    Time,
    #[error("SdkAppid is not the application of this service")]
    Application,
}

pub(super) fn check(
    parameters: &Parameters,
    token: Option<&Secret>,
    peer: IpAddr,
    sdk_app_id: u32,
    now_s: u64,
) -> Result<(), Stranger> {
    match token {
        None if !peer.to_canonical().is_loopback() => return Err(Stranger::Peer),
        None => {}
        Some(token) => {
            if !is_same(&sign(token, &parameters.request_time), &parameters.sign) {
                return Err(Stranger::Signature);
            }
            let time_s: u64 = parameters.request_time.parse().map_err(|_| Stranger::Time)?;
            if time_s.abs_diff(now_s) > WINDOW_S {
                return Err(Stranger::Time);
            }
        }
    }
    if parameters.sdk_app_id == Some(sdk_app_id) { Ok(()) } else { Err(Stranger::Application) }
}

/// Lower-case hexadecimal SHA-256 of the token directly followed by the time.
fn sign(token: &Secret, time: &str) -> String {
    let digest = Sha256::new().chain_update(token.reveal()).chain_update(time).finalize();
    hex(&digest)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Takes equally long wherever the texts differ. Their length is no secret.
fn is_same(one: &str, other: &str) -> bool {
    let differing = one.bytes().zip(other.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    one.len() == other.len() && std::hint::black_box(differing) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const TIME: u64 = 1_669_872_112;
    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

    fn documented() -> Parameters {
        Parameters {
            sdk_app_id: Some(5),
            command: String::new(),
            request_time: TIME.to_string(),
            sign: "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061".into(),
        }
    }

    fn checked(parameters: &Parameters, now_s: u64) -> Result<(), Stranger> {
        check(parameters, Some(&Secret::new("xxxxyyyy")), ELSEWHERE, 5, now_s)
    }

    #[test]
    fn the_documented_signature_holds_for_a_minute_on_both_sides() {
        for now_s in [TIME, TIME - 60, TIME + 60] {
            assert_eq!(checked(&documented(), now_s), Ok(()));
        }
        for now_s in [TIME - 61, TIME + 61, 0, u64::MAX] {
            assert_eq!(checked(&documented(), now_s), Err(Stranger::Time));
        }
    }

    #[test]
    fn another_signature_time_or_application_is_a_stranger() {
        let changed = |change: &dyn Fn(&mut Parameters)| {
            let mut parameters = documented();
            change(&mut parameters);
            checked(&parameters, TIME)
        };
        for sign in ["", "17773", &"0".repeat(64), &documented().sign.to_uppercase()] {
            assert_eq!(changed(&|p| p.sign = sign.to_owned()), Err(Stranger::Signature));
        }
        let later = (TIME + 1).to_string();
        assert_eq!(changed(&|p| p.request_time = later.clone()), Err(Stranger::Signature));
        assert_eq!(changed(&|p| p.sdk_app_id = Some(6)), Err(Stranger::Application));
        assert_eq!(changed(&|p| p.sdk_app_id = None), Err(Stranger::Application));
    }

    #[test]
    fn a_time_that_is_no_number_is_refused_though_it_is_signed() {
        let token = Secret::new("t");
        let request_time = "soon".to_owned();
        let sign = sign(&token, &request_time);
        let parameters = Parameters { request_time, sign, ..documented() };
        assert_eq!(check(&parameters, Some(&token), HERE, 5, TIME), Err(Stranger::Time));
    }

    #[test]
    fn without_a_token_only_this_machine_is_listened_to() {
        let unsigned = Parameters { sdk_app_id: Some(5), ..Parameters::default() };
        assert_eq!(check(&unsigned, None, HERE, 5, TIME), Ok(()));
        let mapped = IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped());
        assert_eq!(check(&unsigned, None, mapped, 5, TIME), Ok(()));
        assert_eq!(check(&unsigned, None, ELSEWHERE, 5, TIME), Err(Stranger::Peer));
        assert_eq!(check(&unsigned, None, HERE, 6, TIME), Err(Stranger::Application));
    }
}
