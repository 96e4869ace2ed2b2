//! What a failure says about whether a call was carried out (codes: product/269/1671).

use chat_types::Code;

/// 10024: "request already handled".
pub(crate) const ALREADY_HANDLED: Code = Code(10_024);

/// What a failed call has left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing was done, and the same call may succeed later.
    NotAccepted,
    /// It may have been carried out, or not.
    Unclear,
    /// Nothing was done, and the same call would be refused again: it has to be changed, or given
    /// up.
    Refused,
    /// Nothing was done, and no call will be until somebody changes the configuration: key,
    /// administrator, application, plan, address. Calls that wait can go on waiting.
    Unauthorized,
}

/// Calls or messages come too fast, or a webhook that has to be asked does not answer: the service
/// has done nothing.
const LATER: &[i32] = &[
    10_006, // operation rate
    10_023, // message rate
    10_049, // attribute write rate
    60_007, // rate of the command
    60_011, // rate of the application
    60_018, 60_019, // too frequent
    80_003, // the before-webhook failed, and the application refuses messages then
];

/// The service failed inside, where it may have done its work or not.
const INSIDE: &[i32] = &[
    10_002, // groups
    20_004, 20_005, // one-to-one messages
    40_006, // profiles
    60_008, // the part behind the access layer did not answer in time
    60_013, // its answer was not JSON
    60_014, // it did not say in time who the account is
    70_169, 70_202, 70_500, // accounts
    90_992, 90_994, 90_995, 91_000, // one-to-one messages
];

/// Nobody who calls like this is let in.
const WHO_CALLS: &[i32] = &[
    10_001, // wrong administrator or UserSig, says the service of live rooms
    10_008, // signature check
    60_002, // the URL
    60_004, 60_005, // account or signature in the URL
    60_006, 60_012, // sdkappid
    60_010, // no administrator
    60_016, // the application is disabled
    60_020, // no plan, or an expired one
    60_021, // address of the caller
    70_001, 70_002, 70_003, 70_005, 70_009, 70_013, 70_014, 70_016, // UserSig and key
    70_020, // no such application
    70_050, // too many failed checks
    70_051, 70_052, // account blocked, UserSig revoked
    70_114, // sign-in restricted
    40_004, 70_403, 90_009, // needs an administrator
];

/// Of a code that the service answered. A code that is not known is a refusal: the service says
/// `FAIL`, so it has not done what it was asked for.
pub(crate) fn of_code(code: Code) -> Outcome {
    let Code(number) = code;
    if LATER.contains(&number) {
        Outcome::NotAccepted
    } else if INSIDE.contains(&number) {
        Outcome::Unclear
    } else if WHO_CALLS.contains(&number) {
        Outcome::Unauthorized
    } else {
        Outcome::Refused
    }
}

/// Of an HTTP status other than 200. What stands before the service may have passed the call on
/// when it answers 5xx.
pub(crate) fn of_status(status: u16) -> Outcome {
    match status {
        413 => Outcome::Refused,
        429 => Outcome::NotAccepted,
        408 | 500.. => Outcome::Unclear,
        201..300 => Outcome::Unclear,
        _ => Outcome::Unauthorized,
    }
}

/// A UserSig that a new one can take the place of: expired, or revoked. The other codes of a UserSig
/// speak of its key, its account or its application, which a new one would have again.
pub(crate) fn wants_new_user_sig(code: Code) -> bool {
    matches!(code, Code::SIG_EXPIRED | Code(70_052))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_stands_in_two_lists() {
        let mut all = [LATER, INSIDE, WHO_CALLS].concat();
        let listed = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), listed);
    }

    #[test]
    fn a_refusal_that_is_not_known_is_for_good() {
        for code in [10_004, 10_010, 10_016, 10_150, 80_001, 120_001, -1] {
            assert_eq!(of_code(Code(code)), Outcome::Refused, "{code}");
        }
    }

    #[test]
    fn a_status_of_something_else_than_the_service_stops_nothing_for_good() {
        for (status, outcome) in [
            (204, Outcome::Unclear),
            (301, Outcome::Unauthorized),
            (404, Outcome::Unauthorized),
            (429, Outcome::NotAccepted),
            (502, Outcome::Unclear),
            (503, Outcome::Unclear),
        ] {
            assert_eq!(of_status(status), outcome, "{status}");
        }
    }
}
