//! A test call, which shows what goes to a receiver and what comes back.

use chat_types::code::ApiError;
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr};
use tls_transport::Trust;
use tokio::time::timeout;

use super::WebhookRules;
use super::answer::{Answer, parse_answer};
use super::client::{Call, Client};
use crate::model::{Callbacks, DEFAULT_ADMIN};

const COMMAND: &str = "Group.CallbackBeforeSendMsg";

/// Both sides of a call.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The whole URL. It may carry a signature, which is worthless after a minute, and never the
    /// token.
    pub url: String,
    pub request_body: String,
    /// None if nothing came back in time.
    pub status: Option<u16>,
    pub response_body: Option<String>,
    /// How the service understands the answer, or why the call has failed.
    pub verdict: Result<Answer, String>,
}

/// Asks the receiver about a message that nobody has sent, as `Group.CallbackBeforeSendMsg`,
/// whether that command is switched on or not. Takes at most two seconds. The error says that
/// there is no URL; a receiver that fails is in the [`Exchange`].
pub async fn probe(
    callbacks: &Callbacks,
    sdk_app_id: u32,
    now_ms: u64,
    trust: Trust,
) -> Result<Exchange, ApiError> {
    let Some(receiver) = &callbacks.url else {
        return Err(ApiError::bad_parameter(format!(
            "application {sdk_app_id} has no webhook URL: set one first"
        )));
    };
    let body = json!({
        "CallbackCommand": COMMAND,
        "GroupId": "webhook-test",
        "Type": "AVChatRoom",
        "From_Account": DEFAULT_ADMIN,
        "Operator_Account": DEFAULT_ADMIN,
        "Random": now_ms % (1 << 32),
        "OnlineOnlyFlag": 0,
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "webhook test"}}],
        "CloudCustomData": "",
        "EventTime": now_ms,
    });
    let call = Call {
        sdk_app_id,
        command: COMMAND,
        body: body.to_string(),
        client_ip: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        platform: "RESTAPI",
    };
    let url = call.url(receiver, callbacks.token.as_ref(), now_ms / 1_000);
    let client = Client::new(trust);
    let budget = WebhookRules::default().budget;
    let result = timeout(budget, client.post(&url, call.body.clone())).await;
    let (status, response_body, verdict) = match result {
        Err(_) => (None, None, Err(format!("no answer within {} s", budget.as_secs()))),
        Ok(Err(error)) => (None, None, Err(error.to_string())),
        Ok(Ok(reply)) => {
            let verdict = if reply.status == 200 {
                parse_answer(&reply.body).map_err(|error| error.to_string())
            } else {
                Err(format!("status {} instead of 200", reply.status))
            };
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            (Some(reply.status), Some(text), verdict)
        }
    };
    Ok(Exchange { url, request_body: call.body, status, response_body, verdict })
}
