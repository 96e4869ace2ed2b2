//! A wire that a test can stop and look at.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::{Flushed, Outbox, Taken, Wire};
use crate::counters::Counters;

/// Takes so many bytes more, and keeps them.
#[derive(Default)]
pub(crate) struct TestWire {
    room: AtomicUsize,
    /// Bytes that it takes and holds back, beyond those.
    holds: AtomicUsize,
    held: Mutex<Vec<u8>>,
    taken: Mutex<Vec<u8>>,
}

impl TestWire {
    pub(crate) fn takes(&self, bytes: usize) {
        self.room.store(bytes, Ordering::Relaxed);
    }

    /// From now on it takes up to so many bytes more than it sends, as TLS does.
    pub(crate) fn holds_back(&self, bytes: usize) {
        self.holds.store(bytes, Ordering::Relaxed);
    }

    fn send(&self, bytes: &[u8]) -> usize {
        let sent = self.room.load(Ordering::Relaxed).min(bytes.len());
        self.room.fetch_sub(sent, Ordering::Relaxed);
        self.taken.lock().unwrap().extend_from_slice(&bytes[..sent]);
        sent
    }

    /// The texts that were written since this was asked last. A frame that is not whole stays.
    pub(crate) fn texts(&self) -> Vec<String> {
        let mut taken = self.taken.lock().unwrap();
        let mut texts = Vec::new();
        while taken.len() >= 2 {
            let (header, length) = match taken[1] {
                126 => (4, usize::from(u16::from_be_bytes([taken[2], taken[3]]))),
                127 => (10, u64::from_be_bytes(taken[2..10].try_into().unwrap()) as usize),
                length => (2, usize::from(length)),
            };
            if taken.len() < header + length {
                break;
            }
            let frame: Vec<u8> = taken.drain(..header + length).collect();
            texts.push(String::from_utf8_lossy(&frame[header..]).into_owned());
        }
        texts
    }
}

impl Wire for TestWire {
    fn try_write(&self, bytes: &[u8]) -> io::Result<Taken> {
        if self.try_flush()? != Flushed::All {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let sent = self.send(bytes);
        let held = self.holds.load(Ordering::Relaxed).min(bytes.len() - sent);
        self.held.lock().unwrap().extend_from_slice(&bytes[sent..sent + held]);
        match sent + held {
            0 if !bytes.is_empty() => Err(io::ErrorKind::WouldBlock.into()),
            taken => Ok(Taken { bytes: taken, all_out: held == 0 }),
        }
    }

    fn try_flush(&self) -> io::Result<Flushed> {
        let mut held = self.held.lock().unwrap();
        let sent = self.send(&held);
        held.drain(..sent);
        Ok(match (held.is_empty(), sent) {
            (true, _) => Flushed::All,
            (false, 0) => Flushed::Nothing,
            (false, _) => Flushed::Some,
        })
    }
}

/// An outbox on a wire that takes everything.
pub(crate) fn outbox() -> (Arc<Outbox>, Arc<TestWire>, Arc<Counters>) {
    let (wire, counters) = (Arc::new(TestWire::default()), Arc::new(Counters::default()));
    wire.takes(usize::MAX);
    let outbox = Outbox::new(Arc::clone(&wire) as Arc<dyn Wire>, Arc::clone(&counters));
    (Arc::new(outbox), wire, counters)
}
