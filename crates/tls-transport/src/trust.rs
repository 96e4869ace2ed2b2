//! Whose certificates a client believes.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use rustls_platform_verifier::Verifier;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::pem::{self, Error, provider};
use crate::{ClientStream, ServerTls, Stream};

/// Whom a client trusts: the authorities of the machine, those that it was given beside them, and
/// the server of its own process if there is one. Clones share what was made of it.
#[derive(Debug, Clone)]
pub struct Trust {
    anybody: bool,
    authorities: Vec<CertificateDer<'static>>,
    own: Option<Arc<ServerTls>>,
    made: Arc<OnceLock<Result<Arc<ClientConfig>, rustls::Error>>>,
}

impl Default for Trust {
    fn default() -> Self {
        Self::platform()
    }
}

impl Trust {
    /// The machine's authorities alone.
    pub fn platform() -> Self {
        Self { anybody: true, authorities: Vec::new(), own: None, made: Arc::default() }
    }

    /// Nobody, for a client that speaks without TLS: the machine's authorities are not even read.
    pub fn nobody() -> Self {
        Self { anybody: false, ..Self::platform() }
    }

    /// Also the authorities in a PEM file, such as a company's own.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no certificate or one that is no authority's.
    pub fn with_authorities_of(self, file: &Path) -> Result<Self, Error> {
        let certificates = pem::certificates(file, &pem::read(file)?)?;
        let mut checked = RootCertStore::empty();
        for certificate in &certificates {
            checked
                .add(certificate.clone())
                .map_err(|source| Error::NoAuthority { path: file.to_owned(), source })?;
        }
        Ok(self.with_authorities(certificates))
    }

    /// Also these authorities.
    #[must_use]
    pub fn with_authorities(
        self,
        authorities: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Self {
        let mut all = self.authorities;
        all.extend(authorities);
        Self { anybody: true, authorities: all, own: self.own, made: Arc::default() }
    }

    /// Also the certificate that a server of this very process shows, under an address in digits.
    /// Services of one process call each other at such addresses, for which no authority gives
    /// certificates; whoever shows this one and can sign with its key is that server. Under a name
    /// the usual rules hold.
    #[must_use]
    pub fn with_own_server(self, own: &Arc<ServerTls>) -> Self {
        Self { own: Some(Arc::clone(own)), made: Arc::default(), ..self }
    }

    /// What a TLS client is made from. The machine's authorities are read by the first call; where
    /// there are none, every handshake fails and a client of plain HTTP works all the same.
    ///
    /// # Errors
    /// When the library has no protocol version in common with itself, which does not happen.
    pub fn client_config(&self) -> Result<Arc<ClientConfig>, Error> {
        self.made.get_or_init(|| self.make().map(Arc::new)).clone().map_err(Error::Tls)
    }

    /// Connects to a server, with TLS if it is to be `secure`. `host` is a name or an address in
    /// digits (that of IPv6 with or without brackets), and what the server's certificate has to be
    /// for.
    ///
    /// # Errors
    /// When nobody listens there, or the server is not believed; [`io::ErrorKind::InvalidInput`] for
    /// a host that can have no certificate.
    pub async fn connect(&self, host: &str, port: u16, secure: bool) -> io::Result<ClientStream> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let connecting = TcpStream::connect((host, port));
        if !secure {
            return Ok(Stream::Plain(without_delay(connecting.await?)?));
        }
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let connector = TlsConnector::from(self.client_config().map_err(io::Error::other)?);
        let socket = without_delay(connecting.await?)?;
        Ok(Stream::Tls(Box::new(connector.connect(name, socket).await?)))
    }

    fn make(&self) -> Result<ClientConfig, rustls::Error> {
        let provider = provider();
        let verifier = OwnOrPublic {
            own: self.own.clone(),
            public: if self.anybody { self.public(&provider) } else { None },
            algorithms: provider.signature_verification_algorithms,
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(config)
    }

    fn public(&self, provider: &Arc<CryptoProvider>) -> Option<Verifier> {
        let authorities = self.authorities.iter().cloned();
        match Verifier::new_with_extra_roots(authorities, Arc::clone(provider)) {
            Ok(verifier) => Some(verifier),
            Err(error) => {
                tracing::warn!(%error, "calls over TLS will fail: nobody is trusted");
                None
            }
        }
    }
}

/// Frames are small and go out when they are due; otherwise they wait for each other.
fn without_delay(socket: TcpStream) -> io::Result<TcpStream> {
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// Believes the process's own server under an address in digits, and everybody else by the usual
/// rules. The signature with the certificate's key is checked for both.
#[derive(Debug)]
struct OwnOrPublic {
    own: Option<Arc<ServerTls>>,
    /// `None` on a machine that trusts nobody.
    public: Option<Verifier>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for OwnOrPublic {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let (ServerName::IpAddress(_), Some(own)) = (server_name, &self.own)
            && own.shows(end_entity)
        {
            return Ok(ServerCertVerified::assertion());
        }
        let Some(public) = &self.public else {
            return Err(CertificateError::UnknownIssuer.into());
        };
        public.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
