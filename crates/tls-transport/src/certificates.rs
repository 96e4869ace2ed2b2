//! The certificate a server shows, and its replacement while the server runs.

use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

use crate::pem::{self, Error};

/// HTTP/1.1 is all that the services speak; a WebSocket over HTTP/2 would be something else.
const PROTOCOL: &[u8] = b"http/1.1";

/// Where a certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// PEM: the server's own certificate first, then those between it and its authority.
    pub certificate: PathBuf,
    /// PEM: the private key of the first certificate (PKCS #8, PKCS #1 or SEC 1).
    pub key: PathBuf,
}

/// What a look at the files gave.
#[derive(Debug)]
pub enum Reloaded {
    /// They are as they were at the last look.
    Unchanged,
    /// The next handshake shows what they hold now.
    Replaced,
    /// They have changed and cannot be used, so what was shown stays. Told once for each change.
    Kept(Error),
}

/// The certificate that is shown now, and the one before it: a connection that was being made while
/// they changed is one of ours as well.
#[derive(Debug)]
struct Shown {
    present: Arc<CertifiedKey>,
    former: Option<Arc<CertifiedKey>>,
}

#[derive(Debug)]
struct Resolver(RwLock<Shown>);

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&shown.present))
    }
}

/// The TLS of a server. Several servers may share it, and then show the same certificate.
pub struct ServerTls {
    files: CertificateFiles,
    resolver: Arc<Resolver>,
    config: Arc<ServerConfig>,
    hashing: RandomState,
    /// Of what the files held at the last look; not the key itself, which is in memory once.
    seen: Mutex<u64>,
}

impl std::fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerTls").field("files", &self.files).finish_non_exhaustive()
    }
}

impl ServerTls {
    /// # Errors
    /// When a file cannot be read, or the two do not belong together.
    pub fn load(files: CertificateFiles) -> Result<Self, Error> {
        let (hashing, contents) = (RandomState::new(), Contents::read(&files)?);
        let present = Arc::new(contents.pair(&files)?);
        let resolver = Arc::new(Resolver(RwLock::new(Shown { present, former: None })));
        let mut config = ServerConfig::builder_with_provider(pem::provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&resolver) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        // A ticket keeps what a session needs at the client, so nothing is kept here.
        config.ticketer = rustls::crypto::ring::Ticketer::new()?;
        config.send_tls13_tickets = 1;
        let seen = Mutex::new(hashing.hash_one(&contents));
        Ok(Self { files, resolver, config: Arc::new(config), hashing, seen })
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Whether this is the server's own certificate, as it is shown now or was until lately.
    pub(crate) fn shows(&self, certificate: &CertificateDer<'_>) -> bool {
        let shown = self.resolver.0.read().unwrap_or_else(PoisonError::into_inner);
        let own = std::iter::once(&shown.present).chain(&shown.former);
        own.filter_map(|key| key.end_entity_cert().ok()).any(|own| own == certificate)
    }

    /// Looks at the files, and shows from now on what they hold if that is another pair. Reads
    /// files: not for a task that others wait for.
    pub fn reload(&self) -> Reloaded {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let contents = Contents::read(&self.files);
        // Files that are missing are a state like any other, and told once.
        let now = contents.as_ref().map_or(0, |contents| self.hashing.hash_one(contents));
        if *seen == now {
            return Reloaded::Unchanged;
        }
        *seen = now;
        match contents.and_then(|contents| contents.pair(&self.files)) {
            Ok(pair) => {
                let mut shown = self.resolver.0.write().unwrap_or_else(PoisonError::into_inner);
                let former = std::mem::replace(&mut shown.present, Arc::new(pair));
                shown.former = Some(former);
                Reloaded::Replaced
            }
            Err(error) => Reloaded::Kept(error),
        }
    }

    /// Looks at the files every `period`, for as long as it is polled, and logs what it finds.
    pub async fn watch(self: Arc<Self>, period: Duration) {
        let mut tick = interval(period);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            Arc::clone(&self).look().await;
        }
    }

    /// Looks at the files once, away from the tasks that others wait for, and logs what it finds.
    pub async fn look(self: Arc<Self>) {
        let files = self.files.clone();
        match tokio::task::spawn_blocking(move || self.reload()).await {
            Ok(Reloaded::Unchanged) => {}
            Ok(Reloaded::Replaced) => {
                tracing::info!(certificate = %files.certificate.display(), "certificate replaced");
            }
            Ok(Reloaded::Kept(error)) => {
                tracing::error!(%error, "the new certificate is not used; the last one stays");
            }
            Err(error) => tracing::error!(%error, "the certificate files were not looked at"),
        }
    }
}

#[derive(Hash)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Contents {
    fn read(files: &CertificateFiles) -> Result<Self, Error> {
        Ok(Self { certificate: pem::read(&files.certificate)?, key: pem::read(&files.key)? })
    }

    fn pair(&self, files: &CertificateFiles) -> Result<CertifiedKey, Error> {
        pem::pair((&files.certificate, &self.certificate), (&files.key, &self.key))
    }
}
