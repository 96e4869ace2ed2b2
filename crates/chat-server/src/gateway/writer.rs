//! The writing half of a connection.

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use chat_types::gateway::ServerFrame;
use futures_util::SinkExt;
use futures_util::stream::SplitSink;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

use crate::room::{Closing, Outbox, OutboxReceivers, ROOM_QUEUE, encode};

/// Standard close code for "the connection was over without a reason of ours".
const NORMAL: u16 = 1000;

/// Writes what the outbox takes until it is asked to close: then the control frames that wait, the
/// close frame, and the end.
pub(super) async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut waiting: OutboxReceivers,
    outbox: Arc<Outbox>,
    write_timeout: Duration,
) {
    // Room frames written since the reader was told last what it misses.
    let mut untold: usize = 0;
    loop {
        let (frame, of_room) = tokio::select! {
            biased;
            () = outbox.closed().cancelled() => break,
            Some(frame) = waiting.control.recv() => (frame, false),
            Some(frame) = waiting.room.recv() => (frame, true),
            else => break,
        };
        if !put(&mut sink, frame, &outbox, write_timeout).await {
            return;
        }
        untold += usize::from(of_room);
        // The notice comes when nothing of the room waits behind it any more, so that a reader who
        // joins again because of it throws nothing away; or, in a room that never pauses, after
        // one whole queue.
        if untold > 0 && (waiting.room.is_empty() || untold >= ROOM_QUEUE) {
            untold = 0;
            let count = outbox.take_missed();
            let missed = || encode(&ServerFrame::Missed { count });
            if count > 0 && !put(&mut sink, missed(), &outbox, write_timeout).await {
                return;
            }
        }
    }
    while let Ok(frame) = waiting.control.try_recv() {
        if !put(&mut sink, frame, &outbox, write_timeout).await {
            return;
        }
    }
    let closing = outbox.closing().unwrap_or(Closing { code: NORMAL, reason: "" });
    let frame = CloseFrame { code: closing.code, reason: Utf8Bytes::from_static(closing.reason) };
    // The other side may be gone already; then there is nobody left to tell.
    let _ = timeout(write_timeout, sink.send(Message::Close(Some(frame)))).await;
}

/// `false` when the connection is of no use any more.
async fn put(
    sink: &mut SplitSink<WebSocket, Message>,
    frame: Utf8Bytes,
    outbox: &Outbox,
    write_timeout: Duration,
) -> bool {
    match timeout(write_timeout, sink.send(Message::Text(frame))).await {
        Ok(Ok(())) => true,
        Ok(Err(_)) => {
            outbox.close(Closing { code: NORMAL, reason: "connection lost" });
            false
        }
        Err(_) => {
            outbox.close_slow_reader();
            false
        }
    }
}
