//! The connection to the gateway: a WebSocket with a bounded queue of frames to send.
//!
//! Everything is driven by [`Link::next`], which may be dropped at any point without losing
//! anything: what is under way is kept in the link itself.

use chat_types::gateway::ClientFrame;
use chat_types::{ApiError, Code};
use futures_util::{Sink, Stream};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tls_transport::{ClientStream, Trust};
use tokio_tungstenite::tungstenite::{
    self, Bytes, Message, Utf8Bytes, error::UrlError, http::Uri, protocol::WebSocketConfig,
};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use live_core::frame::MAX_SERVER_FRAME_BYTES;

/// Frames that may wait to be sent: all comments on their way, and some to spare. When there are
/// more, the gateway reads nothing any more and the connection counts as lost.
const MOST_OUTGOING: usize = 64;

type Socket = WebSocketStream<ClientStream>;
type Dialling = Pin<Box<dyn Future<Output = Result<Socket, tungstenite::Error>> + Send>>;

pub(crate) enum LinkEvent {
    Opened,
    Text(Utf8Bytes),
    /// A compressed frame.
    Compressed(Bytes),
    /// The address cannot be dialled at all.
    AddressRefused(ApiError),
    /// With the close code of the gateway, if it gave one.
    Closed(Option<u16>),
}

enum Transport {
    Down,
    Dialling(Dialling),
    Up(Box<Socket>),
}

pub(crate) struct Link {
    trust: Trust,
    transport: Transport,
    outgoing: VecDeque<Message>,
    close_code: Option<u16>,
    stuck: u64,
}

impl Link {
    /// Believes the gateways that `trust` does.
    pub(crate) fn new(trust: Trust) -> Self {
        let (transport, outgoing) = (Transport::Down, VecDeque::new());
        Self { trust, transport, outgoing, close_code: None, stuck: 0 }
    }

    pub(crate) fn dial(&mut self, url: &str) {
        self.drop_transport();
        let (url, trust) = (url.to_owned(), self.trust.clone());
        self.transport = Transport::Dialling(Box::pin(async move {
            let uri: Uri = url.parse().map_err(|_| UrlError::UnsupportedUrlScheme)?;
            let (secure, usual_port) = match uri.scheme_str() {
                Some("ws") => (false, 80),
                Some("wss") => (true, 443),
                _ => return Err(UrlError::UnsupportedUrlScheme.into()),
            };
            let host = uri.host().filter(|host| !host.is_empty()).ok_or(UrlError::NoHostName)?;
            let port = uri.port_u16().unwrap_or(usual_port);
            let stream = trust.connect(host, port, secure).await?;
            let config = Some(socket_config());
            let (socket, _) = client_async_with_config(uri, stream, config).await?;
            Ok(socket)
        }));
    }

    /// Drops the transport, and with it what was not sent yet.
    pub(crate) fn drop_transport(&mut self) {
        self.transport = Transport::Down;
        self.outgoing.clear();
        self.close_code = None;
    }

    /// Queues a frame; it is sent by the next calls of [`Link::next`]. Without a transport it is
    /// dropped: whoever sends asks the session before.
    pub(crate) fn send(&mut self, frame: &ClientFrame) {
        if !matches!(self.transport, Transport::Up(_)) {
            return;
        }
        match serde_json::to_string(frame) {
            Ok(json) => self.outgoing.push_back(Message::text(json)),
            Err(error) => tracing::error!(%error, "a frame could not be written as JSON"),
        }
    }

    /// Connections that were given up because the gateway took nothing any more.
    pub(crate) fn stuck(&self) -> u64 {
        self.stuck
    }

    /// The next thing that happens. Without a transport nothing ever does.
    pub(crate) async fn next(&mut self) -> LinkEvent {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<LinkEvent> {
        match &mut self.transport {
            Transport::Down => Poll::Pending,
            Transport::Dialling(dialling) => {
                let event = match ready!(dialling.as_mut().poll(cx)) {
                    Ok(socket) => {
                        self.transport = Transport::Up(Box::new(socket));
                        LinkEvent::Opened
                    }
                    Err(error) => {
                        self.transport = Transport::Down;
                        dial_failed(&error)
                    }
                };
                Poll::Ready(event)
            }
            Transport::Up(socket) => {
                if let Err(error) = send_queued(socket, &mut self.outgoing, cx) {
                    tracing::debug!(%error, "the connection broke while sending");
                    return self.closed();
                }
                if self.outgoing.len() > MOST_OUTGOING {
                    self.stuck += 1;
                    return self.closed();
                }
                self.poll_incoming(cx)
            }
        }
    }

    fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<LinkEvent> {
        loop {
            let Transport::Up(socket) = &mut self.transport else {
                return Poll::Pending;
            };
            match ready!(Pin::new(socket.as_mut()).poll_next(cx)) {
                Some(Ok(Message::Text(text))) => return Poll::Ready(LinkEvent::Text(text)),
                Some(Ok(Message::Binary(bytes))) => {
                    return Poll::Ready(LinkEvent::Compressed(bytes));
                }
                Some(Ok(Message::Close(frame))) => {
                    self.close_code = frame.map(|frame| u16::from(frame.code));
                }
                // Pings are answered by the library.
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    tracing::debug!(%error, "the connection broke");
                    return self.closed();
                }
                None => return self.closed(),
            }
        }
    }

    fn closed(&mut self) -> Poll<LinkEvent> {
        let code = self.close_code;
        self.drop_transport();
        Poll::Ready(LinkEvent::Closed(code))
    }
}

fn send_queued(
    socket: &mut Socket,
    outgoing: &mut VecDeque<Message>,
    cx: &mut Context<'_>,
) -> Result<(), tungstenite::Error> {
    let mut socket = Pin::new(socket);
    while !outgoing.is_empty() {
        match socket.as_mut().poll_ready(cx) {
            Poll::Ready(ready) => ready?,
            Poll::Pending => return Ok(()),
        }
        if let Some(message) = outgoing.pop_front() {
            socket.as_mut().start_send(message)?;
        }
    }
    match socket.poll_flush(cx) {
        Poll::Ready(flushed) => flushed,
        Poll::Pending => Ok(()),
    }
}

/// The library's 128 KiB buffers are made for few connections; the crowd opens thousands.
fn socket_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(8 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(256 * 1024)
        .max_message_size(Some(MAX_SERVER_FRAME_BYTES))
        .max_frame_size(Some(MAX_SERVER_FRAME_BYTES))
}

fn dial_failed(error: &tungstenite::Error) -> LinkEvent {
    tracing::debug!(%error, "the gateway could not be reached");
    match error {
        tungstenite::Error::Url(_) | tungstenite::Error::HttpFormat(_) => {
            LinkEvent::AddressRefused(ApiError::new(
                Code::URL_MALFORMED,
                "the gateway's address cannot be used: write it as wss://host:port or ws://host:port",
            ))
        }
        _ => LinkEvent::Closed(None),
    }
}
