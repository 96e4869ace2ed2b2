//! Compressed frames: raw DEFLATE (RFC 1951) of a frame's JSON, begun with a dictionary that both
//! sides know, in one binary WebSocket message. Only room frames of the gateway come compressed, and
//! only to clients that said `deflate` when they signed in; one compression serves all of them.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// What the compressor has seen before the first byte. What is most frequent stands last. It is a
/// part of the protocol: a client that has another one reads nonsense.
pub const DICTIONARY: &[u8] = br#"{"t":"member_entered","group_id":"","users":["","count":}{"t":"member_left","operator":"{"t":"online","group_id":"","count":"TIMFaceElem","MsgContent":{"Index":"Data":""TIMCustomElem","MsgContent":{"Data":"{\"Desc\":\"","Desc":"","Ext":"","Sound":""}}],"cloud_custom_data":"","mentions":["mention_all":true{"t":"messages","group_id":"","after":,"messages":[{"seq":,"time_s":17,"from":"","nick":"","priority":"High","priority":"Low","priority":"Normal","elements":[{"MsgType":"TIMTextElem","MsgContent":{"Text":""}}],"client_id":""},{"seq":"own":[{"client_id":""#;

/// Why compressed bytes could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the compressed frame is malformed")]
    Malformed,
    #[error("the compressed frame is longer than {0} bytes")]
    TooLong(usize),
}

/// The frame as one compressed message.
pub fn compress(frame: &[u8]) -> Vec<u8> {
    let mut compressor = Compress::new(Compression::default(), false);
    // The dictionary is far shorter than a window, the only reason to refuse it.
    let _ = compressor.set_dictionary(DICTIONARY);
    // Incompressible input grows by five bytes in every 16 KiB, and by the last block's end.
    let mut out = Vec::with_capacity(frame.len() + frame.len() / 1_000 + 64);
    loop {
        let taken = usize::try_from(compressor.total_in()).unwrap_or(usize::MAX);
        let rest = frame.get(taken..).unwrap_or_default();
        match compressor.compress_vec(rest, &mut out, FlushCompress::Finish) {
            Ok(Status::StreamEnd) | Err(_) => return out,
            Ok(Status::Ok | Status::BufError) => out.reserve(1_024),
        }
    }
}

/// The frame in a compressed message; at most `longest` bytes of it.
///
/// # Errors
/// [`Error::Malformed`] for what is no whole stream, [`Error::TooLong`] for a frame above `longest`.
pub fn inflate(message: &[u8], longest: usize) -> Result<Vec<u8>, Error> {
    let mut inflater = Decompress::new(false);
    inflater.set_dictionary(DICTIONARY).map_err(|_| Error::Malformed)?;
    let mut out = Vec::with_capacity((message.len() * 4).clamp(64, longest.max(64)));
    loop {
        let taken = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
        let rest = message.get(taken..).unwrap_or_default();
        let before = out.len();
        let status = inflater.decompress_vec(rest, &mut out, FlushDecompress::Finish);
        if out.len() > longest {
            return Err(Error::TooLong(longest));
        }
        match status {
            Ok(Status::StreamEnd) => return Ok(out),
            Ok(Status::Ok | Status::BufError) if out.len() == out.capacity() => {
                if out.len() == longest {
                    return Err(Error::TooLong(longest));
                }
                out.reserve_exact(out.len().min(longest - out.len()));
            }
            // Room is left, and nothing more came of what is there.
            Ok(_) if out.len() == before => return Err(Error::Malformed),
            Ok(_) => {}
            Err(_) => return Err(Error::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MESSAGE: &str = r#"{"t":"messages","group_id":"demo","after":813,"messages":[{"seq":814,"time_s":1760000001,"from":"crowd_003","nick":"river stone","priority":"Normal","elements":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"what a glaze"}}],"client_id":"c0ffee12"}]}"#;

    #[test]
    fn one_message_alone_takes_less_than_half_of_its_json() {
        let small = compress(MESSAGE.as_bytes());
        assert!(small.len() * 2 < MESSAGE.len(), "{} of {}", small.len(), MESSAGE.len());
        assert_eq!(inflate(&small, 4_096).unwrap(), MESSAGE.as_bytes());
    }

    #[test]
    fn the_dictionary_stands_in_the_description_of_the_protocol() {
        let page = include_str!("../../../../docs/gateway.md");
        let dictionary = std::str::from_utf8(DICTIONARY).unwrap();
        assert!(page.lines().any(|line| line == dictionary));
    }

    #[test]
    fn what_is_cut_broken_or_too_long_is_refused_and_never_grows_beyond_the_limit() {
        let small = compress(MESSAGE.as_bytes());
        assert_eq!(inflate(&small, MESSAGE.len() - 1), Err(Error::TooLong(MESSAGE.len() - 1)));
        assert_eq!(inflate(&small[..small.len() - 2], 4_096), Err(Error::Malformed));
        assert_eq!(inflate(&[], 4_096), Err(Error::Malformed));
        assert_eq!(inflate(&[0xff; 40], 4_096), Err(Error::Malformed));
        let bomb = compress(&vec![b'x'; 10_000_000]);
        assert!(bomb.len() < 20_000);
        assert_eq!(inflate(&bomb, 100_000), Err(Error::TooLong(100_000)));
    }

    proptest! {
        #[test]
        fn whatever_goes_in_comes_out(bytes in prop::collection::vec(any::<u8>(), 0..5_000)) {
            prop_assert_eq!(inflate(&compress(&bytes), 5_000).unwrap(), bytes);
        }

        #[test]
        fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(frame) = inflate(&bytes, 10_000) {
                prop_assert!(frame.len() <= 10_000);
            }
        }
    }
}
