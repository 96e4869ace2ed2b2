//! WebSocket frames (RFC 6455, section 5.2) in a stream of bytes that may be cut anywhere.

/// Longest frame that is believed; a longer one is a misread header.
const LONGEST: usize = 16 * 1024 * 1024;
/// Requests are masked with it. A server has to undo any mask, and this one costs it what every
/// other does.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;

/// Why bytes are no frame of this protocol's use of WebSockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("a message in several frames, or an extension")]
    Fragmented,
    #[error("a frame of {0} bytes")]
    TooLong(usize),
}

/// One whole frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    pub opcode: u8,
    /// What the payload is masked with, if it is.
    pub mask: Option<[u8; 4]>,
    pub payload: &'a [u8],
}

impl Frame<'_> {
    /// The payload without its mask.
    pub fn unmasked(&self) -> Vec<u8> {
        let mask = self.mask.unwrap_or_default();
        self.payload.iter().zip(mask.into_iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
    }
}

#[derive(Debug, Clone, Copy)]
struct Head {
    opcode: u8,
    mask: Option<[u8; 4]>,
    /// Bytes of the header.
    bytes: usize,
    payload: usize,
}

/// The header at the start of the bytes, or how many bytes it takes to know more.
fn head(bytes: &[u8]) -> Result<Result<Head, usize>, Malformed> {
    let [first, second, rest @ ..] = bytes else { return Ok(Err(2)) };
    if first & 0xf0 != 0x80 {
        return Err(Malformed::Fragmented);
    }
    let masked = second & 0x80 != 0;
    let wide = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let length = 2 + wide + if masked { 4 } else { 0 };
    if bytes.len() < length {
        return Ok(Err(length));
    }
    let payload = match wide {
        0 => usize::from(second & 0x7f),
        _ => rest[..wide].iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte)),
    };
    if payload > LONGEST {
        return Err(Malformed::TooLong(payload));
    }
    let mask = masked.then(|| {
        let at = wide;
        [rest[at], rest[at + 1], rest[at + 2], rest[at + 3]]
    });
    Ok(Ok(Head { opcode: first & 0x0f, mask, bytes: length, payload }))
}

/// Cuts the stream of one connection into frames. Holds no more than the frame that is not whole
/// yet.
#[derive(Debug, Default)]
pub struct FrameReader {
    begun: Vec<u8>,
}

impl FrameReader {
    /// Hands each frame that these bytes complete to `each`.
    pub fn read(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(Frame<'_>),
    ) -> Result<(), Malformed> {
        while !self.begun.is_empty() {
            let wanted = match head(&self.begun)? {
                Ok(head) if self.begun.len() >= head.bytes + head.payload => {
                    each(frame(head, &self.begun));
                    self.begun.clear();
                    break;
                }
                Ok(head) => head.bytes + head.payload,
                Err(wanted) => wanted,
            };
            if bytes.is_empty() {
                return Ok(());
            }
            let (taken, rest) = bytes.split_at((wanted - self.begun.len()).min(bytes.len()));
            self.begun.extend_from_slice(taken);
            bytes = rest;
        }
        while let Ok(head) = head(bytes)? {
            let whole = head.bytes + head.payload;
            if bytes.len() < whole {
                break;
            }
            each(frame(head, bytes));
            bytes = &bytes[whole..];
        }
        self.begun.extend_from_slice(bytes);
        Ok(())
    }
}

fn frame(head: Head, bytes: &[u8]) -> Frame<'_> {
    let payload = &bytes[head.bytes..head.bytes + head.payload];
    Frame { opcode: head.opcode, mask: head.mask, payload }
}

fn length(out: &mut Vec<u8>, payload: usize, masked: bool) {
    let bit = if masked { 0x80 } else { 0 };
    match (u8::try_from(payload), u16::try_from(payload)) {
        (Ok(short @ 0..=125), _) => out.push(bit | short),
        (_, Ok(medium)) => {
            out.push(bit | 126);
            out.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            out.push(bit | 127);
            out.extend_from_slice(&(payload as u64).to_be_bytes());
        }
    }
}

/// A text frame as a server writes it.
pub fn server_text(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 10);
    out.push(0x80 | TEXT);
    length(&mut out, payload.len(), false);
    out.extend_from_slice(payload);
    out
}

/// A text frame as a client writes it.
pub fn client_text(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 14);
    out.push(0x80 | TEXT);
    length(&mut out, payload.len(), true);
    out.extend_from_slice(&MASK);
    out.extend(payload.iter().zip(MASK.into_iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pieces: &[&[u8]]) -> Vec<(u8, Vec<u8>)> {
        let mut reader = FrameReader::default();
        let mut frames = Vec::new();
        for piece in pieces {
            reader.read(piece, |frame| frames.push((frame.opcode, frame.unmasked()))).unwrap();
        }
        frames
    }

    fn payload() -> impl Strategy<Value = Vec<u8>> {
        // All three widths of the length.
        prop_oneof![
            8 => prop::collection::vec(any::<u8>(), 0..300),
            1 => (65_530_usize..65_545).prop_map(|length| vec![b'x'; length]),
        ]
    }

    proptest! {
        #[test]
        fn wherever_the_stream_is_cut_the_frames_are_the_same(
            payloads in prop::collection::vec((payload(), any::<bool>()), 0..12),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        ) {
            let mut stream = Vec::new();
            for (payload, masked) in &payloads {
                let frame = if *masked { client_text(payload) } else { server_text(payload) };
                stream.extend(frame);
            }
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts {
                pieces.push(&stream[from..cut]);
                from = cut;
            }
            pieces.push(&stream[from..]);
            let expected: Vec<_> = payloads.into_iter().map(|(payload, _)| (TEXT, payload)).collect();
            prop_assert_eq!(read(&pieces), expected);
        }

        #[test]
        fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut held = 0;
            let read = FrameReader::default().read(&bytes, |frame| held += frame.payload.len());
            prop_assert!(read.is_err() || held <= bytes.len());
        }
    }

    #[test]
    fn a_message_in_pieces_and_a_giant_are_refused() {
        let mut reader = FrameReader::default();
        assert_eq!(reader.read(&[0x01, 0x00], |_| ()), Err(Malformed::Fragmented));
        let giant = [0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0];
        assert_eq!(reader.read(&giant, |_| ()), Err(Malformed::TooLong(1 << 32)));
    }
}
