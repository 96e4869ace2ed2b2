//! A conversation of the gateway with the client core's room: every line is a frame.

use live_core::chat_log;
use live_core::frame;
use live_core::request::RequestNumbers;
use live_core::room::Room;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::HashSet;
use std::time::Duration;

use chat_types::ApiError;
use chat_types::gateway::ServerFrame;

/// How long a line stands for.
const STEP: Duration = Duration::from_millis(40);
/// The most that a room keeps of any of these, with something to spare.
const MOST_KEPT: usize = 2_000;
/// What the person says meanwhile.
const EVERY: usize = 3;

/// Whatever is said in whatever order, nothing is shown twice, and what is kept has a bound.
pub fn room_frames(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (mut room, mut numbers) = (Room::new("r", "me"), RequestNumbers::default());
    let mut rng = StdRng::seed_from_u64(1);
    let mut now = Duration::ZERO;
    for (line, json) in text.lines().enumerate() {
        now += STEP;
        room.tick(now, &mut numbers);
        if let Ok(frame) = frame::read(json) {
            hear(&mut room, frame, now, &mut numbers);
        }
        if line % EVERY == 0 {
            // It is refused when there is too much on its way already.
            let _ = room.submit("a comment", now, 0.0, &mut rng, &mut numbers);
        }
    }
    is_whole(&room);
}

fn hear(room: &mut Room, frame: ServerFrame, now: Duration, numbers: &mut RequestNumbers) {
    match frame {
        ServerFrame::LoginOk { user_id, nick, .. } => room.signed_in(user_id, nick),
        ServerFrame::JoinOk(snapshot) => drop(room.joined(*snapshot, now, numbers)),
        ServerFrame::SendOk(outcome) => drop(room.sent(&outcome, now)),
        ServerFrame::CatchUpOk { id, messages, complete } => {
            room.caught_up(id, messages, complete, now, numbers);
        }
        ServerFrame::Error { id, code, info, retry_after_ms } => {
            let error = ApiError { code, info, retry_after_ms };
            room.refused(id, &error, retry_after_ms, now);
        }
        ServerFrame::ShuttingDown { .. } => room.connection_lost(),
        ServerFrame::Kicked { .. } => drop(room.session_over()),
        frame => drop(room.heard(frame, now, numbers)),
    }
}

fn is_whole(room: &Room) {
    let mut keys = HashSet::new();
    for row in room.log().rows() {
        assert!(keys.insert(&row.key), "{:?} stands there twice", row.key);
    }
    assert!(keys.len() <= chat_log::MOST);
    let details = room.details();
    let marks: usize = details.marks.values().map(|users| users.len()).sum();
    assert!(marks.max(details.counters.len()) <= MOST_KEPT);
    assert!(room.outbox().due().is_none_or(|due| due < Duration::from_secs(600)));
}
