//! The parts of a connection and a call that read what comes from outside, without a service behind
//! them. For the fuzz targets alone.

use chat_types::code::ApiError;
use futures_util::FutureExt;
use serde_json::{Map, Value, json};

use super::catalogue::{self, Field, Kind};

/// Application and account of a query string that passes the checks up to the signature.
pub fn rest_query(query: &str) -> Result<(u32, String), ApiError> {
    let parameters = super::parameters(query)?;
    Ok((parameters.sdk_app_id, parameters.user_id.into()))
}

/// How many bytes of a connection are the header of the PROXY protocol; `None` when it does not
/// begin with a whole and right one.
pub fn proxy_header(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    // All that will ever come is there, so reading does not wait.
    let read = crate::listener::read_proxy_header(&mut rest).now_or_never()?;
    read.ok().map(|_| bytes.len() - rest.len())
}

/// What came of a body.
#[derive(Debug)]
pub struct Checked {
    /// The check of the catalogue.
    pub check: Result<(), ApiError>,
    /// Whether the typed body of the command takes it.
    pub typed: Result<(), ApiError>,
}

/// Checks the body of a call and reads it. An error when there is no such command or the body is no
/// object.
pub fn rest_call(service: &str, command: &str, body: &[u8]) -> Result<Checked, ApiError> {
    let command = catalogue::find(service, command)?;
    let call = command.call()?;
    let body = super::body::read(body)?;
    let check = catalogue::check(command, &body);
    Ok(Checked { check, typed: (call.read)(body.into(), command.family.unreadable()) })
}

/// Every command that is offered, with a body that has all fields.
pub fn rest_calls() -> impl Iterator<Item = (&'static str, &'static str, Value)> {
    let offered = catalogue::commands().filter(|command| command.call().is_ok());
    offered.map(|command| (command.service, command.name, full(command.fields).into()))
}

fn full(fields: &[Field]) -> Map<String, Value> {
    let text = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]);
    let value = |field: &Field| match field.name {
        // The table knows the frame of an element and not what is in it.
        "MsgBody" => text.clone(),
        _ => example(&field.kind),
    };
    fields.iter().map(|field| (field.name.to_owned(), value(field))).collect()
}

fn example(kind: &Kind) -> Value {
    match kind {
        Kind::Text { least, .. } => "x".repeat(*least).into(),
        Kind::Account | Kind::Group | Kind::TextOrNumber => "x".into(),
        Kind::Number { least, .. } => (*least).into(),
        Kind::NumberOr { word, .. } => (*word).into(),
        Kind::OneOf(words) => words.first().copied().into(),
        Kind::List { of, least, .. } => vec![example(of); (*least).max(1)].into(),
        Kind::Object(fields) => full(fields).into(),
        Kind::AnyObject => Map::new().into(),
    }
}
