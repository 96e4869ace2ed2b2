//! Certificates for tests: an authority that nobody else knows, and what it signs.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::CertificateDer;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{CertificateFiles, ServerTls, Trust};

/// A private authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // With the same name as what it signs it would look like a certificate that signs itself.
        params.distinguished_name.push(DnType::CommonName, "Authority of a test");
        let certificate = params.self_signed(&key).unwrap();
        let (pem, der) = (certificate.pem(), certificate.der().clone());
        Self { issuer: Issuer::new(params, key), certificate: der, pem }
    }

    /// Its certificate in PEM form.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Writes its certificate into a folder.
    pub fn write_to(&self, dir: &Path) -> PathBuf {
        let file = dir.join("authority.pem");
        std::fs::write(&file, &self.pem).unwrap();
        file
    }

    /// A client that believes it.
    pub fn trust(&self) -> Trust {
        Trust::platform().with_authorities([self.certificate.clone()])
    }

    /// A new certificate for these names and addresses, and its key, both in PEM form.
    pub fn issue(&self, names: &[&str]) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let params = CertificateParams::new(names).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// Writes a new certificate and its key into a folder, over those of the last time.
    pub fn issue_to(&self, dir: &Path, names: &[&str]) -> CertificateFiles {
        let files =
            CertificateFiles { certificate: dir.join("cert.pem"), key: dir.join("key.pem") };
        let (certificate, key) = self.issue(names);
        std::fs::write(&files.certificate, certificate).unwrap();
        std::fs::write(&files.key, key).unwrap();
        files
    }

    /// The TLS of a server with a new certificate for this machine.
    pub fn serve_loopback(&self, dir: &Path) -> Arc<ServerTls> {
        let files = self.issue_to(dir, &["localhost", "127.0.0.1"]);
        Arc::new(ServerTls::load(files).unwrap())
    }
}
