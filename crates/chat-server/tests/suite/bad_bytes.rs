//! Bytes that are no WebSocket, or a broken one: the connection that sends them ends, and nobody
//! else notices.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, coding::Data, coding::OpCode};

use crate::clients::{PATIENCE, World};

const CONNECTIONS: u64 = 80;
const MOST_FRAMES: u32 = 4;
const MOST_CHANGES: u32 = 3;

/// Frames as a client writes them, with a few changes.
fn nearly_frames(rng: &mut StdRng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..rng.random_range(1..=MOST_FRAMES) {
        let text = [
            json!({"t": "ping", "id": 5}),
            json!({"t": "join", "id": 6, "group_id": "r"}),
            json!({"t": "catch_up", "id": 7, "group_id": "r", "after_seq": 0}),
            json!({"t": "login", "id": 8, "guest": true, "deflate": true}),
        ][rng.random_range(0..4)]
        .to_string();
        let kind = [Data::Text, Data::Text, Data::Binary, Data::Continue][rng.random_range(0..4)];
        let frame = match rng.random_range(0..4) {
            0 => Frame::ping(text.into_bytes()),
            _ => Frame::message(text.into_bytes(), OpCode::Data(kind), rng.random()),
        };
        let mut frame = frame;
        frame.header_mut().mask = Some(rng.random());
        frame.format(&mut bytes).unwrap();
    }
    for _ in 0..rng.random_range(0..=MOST_CHANGES) {
        let at = rng.random_range(0..bytes.len());
        match rng.random_range(0..4) {
            0 => bytes[at] ^= 1 << rng.random_range(0..8),
            1 => bytes[at] = rng.random(),
            2 => bytes.truncate(at.max(1)),
            _ => bytes.insert(at, rng.random()),
        }
    }
    bytes
}

#[tokio::test]
async fn bytes_that_are_no_frames_end_their_connection_and_disturb_nobody() {
    let world = World::with_room().await;
    let mut watching = world.in_room("watching").await;
    for number in 0..CONNECTIONS {
        // Nobody signs in more often than once a second for long.
        world.clock.advance(1);
        let mut rng = StdRng::seed_from_u64(number);
        let mut client = match rng.random() {
            true => world.in_room("broken").await,
            false => world.connect().await,
        };
        let bytes = match rng.random_range(0..4) {
            0 => (0..rng.random_range(1..2_000)).map(|_| rng.random()).collect(),
            _ => nearly_frames(&mut rng),
        };
        let stream = client.socket.get_mut();
        // The service may have closed in the middle of it.
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
        let mut rest = Vec::new();
        let ended = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "connection {number} goes on: {}", bytes.escape_ascii());
    }
    let mut next = world.in_room("next").await;
    assert_eq!(next.send_text("c1", "all is well").await["t"], "send_ok");
    assert_eq!(watching.texts(1).await, ["all is well"]);
    let counts = world.server.counts();
    assert_eq!(counts.messages_accepted, 1);
    assert!(counts.frames_malformed > 0, "some of it was nearly a frame");
}
