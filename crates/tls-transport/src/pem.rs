//! Certificates and keys out of PEM files.

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a certificate or a key cannot be used, in words for whoever named its file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} holds no certificate in PEM form", .0.display())]
    NoCertificate(PathBuf),
    #[error("{} holds no private key in PEM form", .0.display())]
    NoKey(PathBuf),
    #[error("{} is broken: {source}", path.display())]
    Broken { path: PathBuf, source: pem::Error },
    #[error("{} cannot be used with {}: {source}", key.display(), certificate.display())]
    Unusable { certificate: PathBuf, key: PathBuf, source: rustls::Error },
    #[error("{} holds a certificate that cannot be trusted: {source}", path.display())]
    NoAuthority { path: PathBuf, source: rustls::Error },
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })
}

/// All certificates of a file, in its order; at least one.
pub(crate) fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => Err(Error::NoCertificate(path.to_owned())),
        Ok(certificates) => Ok(certificates),
        Err(source) => Err(Error::Broken { path: path.to_owned(), source }),
    }
}

/// The pair of a certificate file (the server's own certificate first, then the way up to its
/// authority) and a key file.
pub(crate) fn pair(
    certificate: (&Path, &[u8]),
    key: (&Path, &[u8]),
) -> Result<CertifiedKey, Error> {
    let chain = certificates(certificate.0, certificate.1)?;
    let private = PrivateKeyDer::from_pem_slice(key.1).map_err(|source| match source {
        pem::Error::NoItemsFound => Error::NoKey(key.0.to_owned()),
        source => Error::Broken { path: key.0.to_owned(), source },
    })?;
    CertifiedKey::from_der(chain, private, &provider()).map_err(|source| Error::Unusable {
        certificate: certificate.0.to_owned(),
        key: key.0.to_owned(),
        source,
    })
}
