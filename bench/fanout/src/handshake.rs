//! The HTTP request that turns a connection into a WebSocket, on both sides.

use tungstenite::handshake::derive_accept_key;

/// Headers that a request or an answer may have.
const HEADERS: usize = 32;

/// Every client asks with it. The nonce protects from caches, of which there are none here.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// What a client writes first.
pub fn request(host: &str, path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    )
    .into_bytes()
}

/// How much of the bytes is the answer's head; nothing while it is not whole. An answer other than
/// 101 is an error with its status.
pub fn accepted(bytes: &[u8]) -> Result<Option<usize>, String> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    match answer.parse(bytes).map_err(|error| error.to_string())? {
        httparse::Status::Partial => Ok(None),
        httparse::Status::Complete(length) if answer.code == Some(101) => Ok(Some(length)),
        httparse::Status::Complete(_) => Err(format!("status {}", answer.code.unwrap_or_default())),
    }
}

/// A client's request as a server reads it.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    pub path: String,
    /// What the server writes.
    pub answer: Vec<u8>,
    /// Bytes of the request.
    pub length: usize,
}

/// The request in the bytes; nothing while it is not whole.
pub fn asked(bytes: &[u8]) -> Result<Option<Asked>, String> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(length) =
        request.parse(bytes).map_err(|error| error.to_string())?
    else {
        return Ok(None);
    };
    let path = request.path.unwrap_or_default().to_owned();
    let key = request
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("Sec-WebSocket-Key"))
        .ok_or("no Sec-WebSocket-Key")?;
    let accept = derive_accept_key(key.value);
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    Ok(Some(Asked { path, answer: answer.into_bytes(), length }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_client_asks_the_server_answers_as_the_rfc_does() {
        let request = request("localhost", "/send");
        assert_eq!(asked(&request[..request.len() - 1]), Ok(None));
        let asked = asked(&request).unwrap().unwrap();
        assert_eq!((asked.path.as_str(), asked.length), ("/send", request.len()));
        let answer = String::from_utf8(asked.answer).unwrap();
        assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
        assert_eq!(accepted(answer.as_bytes()), Ok(Some(answer.len())));
        assert_eq!(accepted(&answer.as_bytes()[..20]), Ok(None));
        let refused = accepted(b"HTTP/1.1 503 Service Unavailable\r\n\r\n");
        assert_eq!(refused, Err("status 503".to_owned()));
    }
}
