//! The header of the PROXY protocol, versions 1 and 2: with it a proxy that passes bytes on unread
//! says whose they are. It comes once, before everything else on a connection.
//!
//! Source: "The PROXY protocol, Versions 1 & 2", haproxy.org.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tokio::io::{AsyncRead, AsyncReadExt};

/// What both versions have at least.
const COMMON_BYTES: usize = 12;
/// With which version 2 begins.
const SIGNATURE: &[u8; COMMON_BYTES] = b"\r\n\r\n\0\r\nQUIT\n";
/// A whole header of version 1, its line end included.
const MAX_LINE_BYTES: usize = 107;
/// Addresses and extensions of version 2 that are read; with everything that proxies add, TLS among
/// it, a header has less than half of it.
const MAX_ADDRESS_BYTES: u16 = 512;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the connection ended in the header of the PROXY protocol: {0}")]
    Socket(#[from] io::Error),
    #[error("the connection does not begin with a header of the PROXY protocol")]
    Absent,
    #[error("the header of the PROXY protocol is broken")]
    Broken,
}

/// Reads the header and not a byte more. `None` when the proxy speaks for itself, as it does when it
/// looks whether the service is there, or does not know for whom it speaks.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<IpAddr>, Error> {
    let mut start = [0; COMMON_BYTES];
    stream.read_exact(&mut start).await?;
    if start == *SIGNATURE {
        return version_2(stream).await;
    }
    if start.starts_with(b"PROXY ") {
        return version_1(stream, &start).await;
    }
    Err(Error::Absent)
}

async fn version_2(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<IpAddr>, Error> {
    let mut fixed = [0; 4];
    stream.read_exact(&mut fixed).await?;
    let [command, family, high, low] = fixed;
    let length = u16::from_be_bytes([high, low]);
    if length > MAX_ADDRESS_BYTES {
        return Err(Error::Broken);
    }
    let mut addresses = vec![0; length.into()];
    stream.read_exact(&mut addresses).await?;
    // Source address, destination address, both ports; what follows is extensions.
    match (command, family) {
        (0x20, _) | (0x21, 0x00) => Ok(None),
        (0x21, 0x11) => {
            let source = addresses.first_chunk::<12>().and_then(|block| block.first_chunk::<4>());
            let source = *source.ok_or(Error::Broken)?;
            Ok(Some(IpAddr::V4(Ipv4Addr::from(source))))
        }
        (0x21, 0x21) => {
            let source = addresses.first_chunk::<36>().and_then(|block| block.first_chunk::<16>());
            let source = *source.ok_or(Error::Broken)?;
            Ok(Some(IpAddr::V6(Ipv6Addr::from(source)).to_canonical()))
        }
        _ => Err(Error::Broken),
    }
}

async fn version_1(
    stream: &mut (impl AsyncRead + Unpin),
    start: &[u8],
) -> Result<Option<IpAddr>, Error> {
    let mut line = start.to_vec();
    while !line.ends_with(b"\r\n") {
        if line.len() == MAX_LINE_BYTES {
            return Err(Error::Broken);
        }
        line.push(stream.read_u8().await?);
    }
    let line = std::str::from_utf8(&line).map_err(|_| Error::Broken)?;
    let words: Vec<&str> = line.trim_end_matches("\r\n").split(' ').collect();
    let are_ports = |from: &str, to: &str| {
        let both = [from, to].iter().all(|text| text.parse::<u16>().is_ok());
        both.then_some(()).ok_or(Error::Broken)
    };
    match words[..] {
        ["PROXY", "UNKNOWN", ..] => Ok(None),
        ["PROXY", "TCP4", source, target, from, to] => {
            let source: Ipv4Addr = source.parse().map_err(|_| Error::Broken)?;
            let _: Ipv4Addr = target.parse().map_err(|_| Error::Broken)?;
            are_ports(from, to)?;
            Ok(Some(source.into()))
        }
        ["PROXY", "TCP6", source, target, from, to] => {
            let source: Ipv6Addr = source.parse().map_err(|_| Error::Broken)?;
            let _: Ipv6Addr = target.parse().map_err(|_| Error::Broken)?;
            are_ports(from, to)?;
            Ok(Some(IpAddr::V6(source).to_canonical()))
        }
        _ => Err(Error::Broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    /// What is read of these bytes, and how many are left.
    fn read_all(mut bytes: &[u8]) -> (Result<Option<IpAddr>, Error>, usize) {
        let read = read(&mut bytes).now_or_never().expect("everything is there");
        (read, bytes.len())
    }

    fn version_2(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
        let length = u16::try_from(addresses.len()).unwrap().to_be_bytes();
        [SIGNATURE.as_slice(), &[command, family], &length, addresses].concat()
    }

    fn from_four() -> Vec<u8> {
        [[203, 0, 113, 9], [10, 0, 0, 1]].concat().into_iter().chain([200, 80, 33, 252]).collect()
    }

    #[test]
    fn both_versions_name_the_client_and_leave_what_comes_after_them() {
        let (client, request) = (Some(IpAddr::from([203, 0, 113, 9])), b"GET / HTTP/1.1\r\n");
        let with_extension = [&from_four()[..], &[0x03, 0, 4, 1, 2, 3, 4]].concat();
        for header in [
            b"PROXY TCP4 203.0.113.9 10.0.0.1 51280 8700\r\n".to_vec(),
            version_2(0x21, 0x11, &from_four()),
            version_2(0x21, 0x11, &with_extension),
        ] {
            let (read, left) = read_all(&[&header[..], request].concat());
            assert_eq!((read.unwrap(), left), (client, request.len()));
        }
        let six = "2001:db8::7".parse::<Ipv6Addr>().unwrap();
        let addresses = [&six.octets()[..], &[0; 16], &[0; 4]].concat();
        let line = b"PROXY TCP6 2001:db8::7 2001:db8::1 51280 8700\r\n".to_vec();
        for header in [line, version_2(0x21, 0x21, &addresses)] {
            assert_eq!(read_all(&header).0.unwrap(), Some(six.into()));
        }
        let mapped = [&Ipv4Addr::new(203, 0, 113, 9).to_ipv6_mapped().octets()[..], &[0; 20]];
        let mapped = version_2(0x21, 0x21, &mapped.concat());
        assert_eq!(read_all(&mapped).0.unwrap(), client, "one client, one address");
    }

    #[test]
    fn a_proxy_that_speaks_for_itself_names_nobody() {
        for header in [
            b"PROXY UNKNOWN\r\n".to_vec(),
            b"PROXY UNKNOWN ffff:f::1 ffff:f::2 65535 65535\r\n".to_vec(),
            version_2(0x20, 0x00, &[]),
            version_2(0x20, 0x11, &from_four()),
            version_2(0x21, 0x00, &[1, 2, 3]),
        ] {
            let (read, left) = read_all(&header);
            assert_eq!((read.unwrap(), left), (None, 0), "{}", header.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_header_or_a_broken_one_is_refused() {
        let request = b"GET /gateway HTTP/1.1\r\n".to_vec();
        assert!(matches!(read_all(&request).0, Err(Error::Absent)));
        let endless = [b"PROXY TCP4 ".as_slice(), &[b'1'; 200]].concat();
        for broken in [
            endless,
            b"PROXY TCP4 203.0.113.9 10.0.0.1 51280\r\n".to_vec(),
            b"PROXY TCP4 203.0.113.9 10.0.0.1 51280 65536\r\n".to_vec(),
            b"PROXY TCP4 2001:db8::7 10.0.0.1 51280 8700\r\n".to_vec(),
            b"PROXY TCP5 203.0.113.9 10.0.0.1 51280 8700\r\n".to_vec(),
            b"PROXY TCP4  203.0.113.9 10.0.0.1 51280 8700\r\n".to_vec(),
            // The block of addresses is too short for its family.
            version_2(0x21, 0x11, &from_four()[..11]),
            version_2(0x21, 0x21, &from_four()),
            // Another version, another command, a datagram, a socket of this machine.
            version_2(0x11, 0x11, &from_four()),
            version_2(0x22, 0x11, &from_four()),
            version_2(0x21, 0x12, &from_four()),
            version_2(0x21, 0x31, &[0; 216]),
            version_2(0x21, 0x11, &[0; MAX_ADDRESS_BYTES as usize + 1]),
        ] {
            let (read, _) = read_all(&broken);
            assert!(matches!(read, Err(Error::Broken)), "{}: {read:?}", broken.escape_ascii());
        }
        let whole = version_2(0x21, 0x11, &from_four());
        for length in 0..whole.len() {
            assert!(matches!(read_all(&whole[..length]).0, Err(Error::Socket(_))), "{length}");
        }
    }
}
