//! Whether a webhook comes from the chat service that it claims to come from (product/269/32431).

use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use subtle::ConstantTimeEq as _;

use crate::{Config, Secret};

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

impl Parameters {
    /// What the clock of the chat service showed when it called, in Unix milliseconds; it says whole
    /// seconds. To be believed where the signature was checked.
    pub(super) fn request_ms(&self) -> Option<u64> {
        self.request_time.parse::<u64>().ok()?.checked_mul(1_000)
    }
}

/// Why a webhook is not taken for one of the chat service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unproven {
    #[error("no webhook token is configured: configure one on both sides")]
    NoToken,
    #[error("the signature is not that of the configured webhook token")]
    Signature,
    #[error("RequestTime is more than {WINDOW_S} s off: compare the clocks of the two machines")]
    Time,
    #[error("SdkAppid is not the application of this service")]
    Application,
}

/// What webhooks are checked by.
#[derive(Debug)]
pub(super) struct Proof<'a> {
    /// An empty one is everybody's, so it is none.
    token: Option<&'a Secret>,
    /// A peer of this machine is believed without a token. It proves little, since whoever comes
    /// through a proxy of this machine is one, too.
    believes_machine: bool,
    sdk_app_id: u32,
}

impl<'a> Proof<'a> {
    pub(super) fn of(config: &'a Config) -> Self {
        Self {
            token: config.webhook_token.as_ref().filter(|token| !token.reveal().is_empty()),
            believes_machine: config.development,
            sdk_app_id: config.chat.sdk_app_id,
        }
    }

    /// Whether what is checked has to be signed.
    pub(super) fn is_signed(&self) -> bool {
        self.token.is_some()
    }

    pub(super) fn check(
        &self,
        parameters: &Parameters,
        peer: IpAddr,
        now_s: u64,
    ) -> Result<(), Unproven> {
        match self.token {
            None if self.believes_machine && peer.to_canonical().is_loopback() => {}
            None => return Err(Unproven::NoToken),
            Some(token) => {
                let expected = sign(token, &parameters.request_time);
                if !bool::from(expected.as_bytes().ct_eq(parameters.sign.as_bytes())) {
                    return Err(Unproven::Signature);
                }
                let time_s: u64 = parameters.request_time.parse().map_err(|_| Unproven::Time)?;
                if time_s.abs_diff(now_s) > WINDOW_S {
                    return Err(Unproven::Time);
                }
            }
        }
        if parameters.sdk_app_id == Some(self.sdk_app_id) {
            Ok(())
        } else {
            Err(Unproven::Application)
        }
    }
}

/// Lower-case hexadecimal SHA-256 of the token directly followed by the time.
fn sign(token: &Secret, time: &str) -> String {
    hex::encode(Sha256::new().chain_update(token.reveal()).chain_update(time).finalize())
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

    fn with(token: Option<&Secret>, believes_machine: bool) -> Proof<'_> {
        Proof { token, believes_machine, sdk_app_id: 5 }
    }

    fn checked(parameters: &Parameters, now_s: u64) -> Result<(), Unproven> {
        with(Some(&Secret::new("xxxxyyyy")), false).check(parameters, ELSEWHERE, now_s)
    }

    #[test]
    fn the_documented_signature_holds_for_a_minute_on_both_sides() {
        for now_s in [TIME, TIME - 60, TIME + 60] {
            assert_eq!(checked(&documented(), now_s), Ok(()));
        }
        for now_s in [TIME - 61, TIME + 61, 0, u64::MAX] {
            assert_eq!(checked(&documented(), now_s), Err(Unproven::Time));
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
            assert_eq!(changed(&|p| p.sign = sign.to_owned()), Err(Unproven::Signature));
        }
        let later = (TIME + 1).to_string();
        assert_eq!(changed(&|p| p.request_time = later.clone()), Err(Unproven::Signature));
        assert_eq!(changed(&|p| p.sdk_app_id = Some(6)), Err(Unproven::Application));
        assert_eq!(changed(&|p| p.sdk_app_id = None), Err(Unproven::Application));
    }

    #[test]
    fn a_time_that_is_no_number_is_refused_though_it_is_signed() {
        let token = Secret::new("t");
        let request_time = "soon".to_owned();
        let sign = sign(&token, &request_time);
        let parameters = Parameters { request_time, sign, ..documented() };
        let proof = with(Some(&token), true);
        assert_eq!(proof.check(&parameters, HERE, TIME), Err(Unproven::Time));
    }

    #[test]
    fn without_a_token_nobody_is_listened_to_but_this_machine_in_development() {
        let unsigned = Parameters { sdk_app_id: Some(5), ..Parameters::default() };
        let mapped = IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped());
        for (believes_machine, peer, answer) in [
            (true, HERE, Ok(())),
            (true, mapped, Ok(())),
            (true, ELSEWHERE, Err(Unproven::NoToken)),
            (false, HERE, Err(Unproven::NoToken)),
        ] {
            assert_eq!(with(None, believes_machine).check(&unsigned, peer, TIME), answer);
        }
        let other = Parameters { sdk_app_id: Some(6), ..unsigned };
        assert_eq!(with(None, true).check(&other, HERE, TIME), Err(Unproven::Application));
    }
}
