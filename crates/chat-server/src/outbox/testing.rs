//! A wire that a test can stop and look at.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::{Outbox, Wire};
use crate::counters::Counters;

/// Takes so many bytes more, and keeps them.
#[derive(Default)]
pub(crate) struct TestWire {
    room: AtomicUsize,
    taken: Mutex<Vec<u8>>,
}

impl TestWire {
    pub(crate) fn takes(&self, bytes: usize) {
        self.room.store(bytes, Ordering::Relaxed);
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
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let takes = self.room.load(Ordering::Relaxed).min(bytes.len());
        if takes == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.room.fetch_sub(takes, Ordering::Relaxed);
        self.taken.lock().unwrap().extend_from_slice(&bytes[..takes]);
        Ok(takes)
    }
}

/// An outbox on a wire that takes everything.
pub(crate) fn outbox() -> (Arc<Outbox>, Arc<TestWire>, Arc<Counters>) {
    let (wire, counters) = (Arc::new(TestWire::default()), Arc::new(Counters::default()));
    wire.takes(usize::MAX);
    let outbox = Outbox::new(Arc::clone(&wire) as Arc<dyn Wire>, Arc::clone(&counters));
    (Arc::new(outbox), wire, counters)
}
