//! What the client says: a login, a join, a message.

use std::time::Duration;

use usersig::SignRequest;

use super::plan::{Login, Protocol};
use crate::Error;
use crate::bare_loop::UNNUMBERED;
use crate::frames::client_text;
use crate::tally::{Mark, said};

/// How long a UserSig is good, in seconds: any measurement is shorter.
const SIG_EXPIRES_S: u64 = 86_400;

/// The account of the connection.
pub(super) fn account(sender: bool, number: usize) -> String {
    let role = if sender { "sender" } else { "member" };
    format!("{role}_{number}")
}

/// The first frame of a connection.
pub(super) fn login(
    login: &Login,
    sender: bool,
    user: &str,
    now: Duration,
) -> Result<Vec<u8>, Error> {
    let request = SignRequest {
        sdk_app_id: login.sdk_app_id,
        key: &login.key,
        identifier: user,
        time_s: now.as_secs(),
        expire_s: SIG_EXPIRES_S,
        userbuf: None,
    };
    let user_sig = usersig::sign(&request)
        .map_err(|error| Error::Unexpected(format!("there is no UserSig for {user}: {error}")))?;
    let deflate = if login.deflate && !sender { r#","deflate":true"# } else { "" };
    let json = format!(
        r#"{{"t":"login","id":1,"sdk_app_id":{},"user_id":"{user}","user_sig":"{user_sig}","platform":"Linux"{deflate}}}"#,
        login.sdk_app_id,
    );
    Ok(client_text(json.as_bytes()))
}

pub(super) fn join(login: &Login) -> Vec<u8> {
    let group = &login.group_id;
    client_text(format!(r#"{{"t":"join","id":2,"group_id":"{group}"}}"#).as_bytes())
}

/// The request of the sender with this number; its mark says which message of all it is.
pub(super) fn message(protocol: &Protocol, sender: usize, mark: Mark) -> Vec<u8> {
    let text = said(mark);
    // Odd, so that no two numbers give the same id; real ids do not compress either.
    let client_id = mark.number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let elements = format!(r#"[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":"{text}"}}}}]"#);
    let json = match protocol {
        Protocol::Gateway(login) => format!(
            r#"{{"t":"send","id":{},"group_id":"{}","client_id":"{client_id:016x}","elements":{elements}}}"#,
            mark.number + 10,
            login.group_id,
        ),
        Protocol::Bare => format!(
            r#"{{"t":"messages","group_id":"fanout","after":1000000000,"messages":[{{"seq":{UNNUMBERED},"time_s":1760000000,"from":"{}","nick":"","priority":"Normal","elements":{elements},"client_id":"{client_id:016x}"}}]}}"#,
            account(true, sender),
        ),
    };
    client_text(json.as_bytes())
}
