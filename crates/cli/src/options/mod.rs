//! How `liveroom serve` is configured: the one definition from which the command line, the
//! environment variables, the keys of the configuration file and `docs/configuration.md` come.

mod business;
mod ingress;
mod levels;
mod shop_webhook;

pub(crate) use business::{BusinessOptions, Development, Only};
pub(crate) use ingress::IngressOptions;

use clap::ValueEnum;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tls_transport::{CertificateFiles, ServerTls};

use crate::{Error, logging};

/// Every option but `--config` is also a key of the file that `--config` names.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// TOML file with any of the options below, under their long names
    #[arg(long, env = "LIVEROOM_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Address and port to listen on; port 0 takes a free one
    #[arg(
        long,
        env = "LIVEROOM_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8700"
    )]
    pub(crate) listen: SocketAddr,

    /// PEM file with the service's certificate, then those between it and its authority; with
    /// --tls-key, and then both services speak TLS alone (https, wss). Read again when it changes
    #[arg(long, env = "LIVEROOM_TLS_CERT", value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// PEM file with the key of --tls-cert
    #[arg(long, env = "LIVEROOM_TLS_KEY", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,

    /// PEM file with certificates of authorities that are trusted beside the machine's, for servers
    /// that are called: receivers of webhooks, the chat service, the identity server
    #[arg(long, env = "LIVEROOM_CA", value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,

    /// Folder of the database; it is made if it is absent
    #[arg(long, env = "LIVEROOM_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: PathBuf,

    /// Form of the log on stderr: lines to read, or one JSON object per line
    #[arg(long, env = "LIVEROOM_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,

    /// What is logged: error, warn, info, debug or off, also by part, as in
    /// `info,chat_server::gateway=debug`
    #[arg(
        long,
        env = "LIVEROOM_LOG",
        value_name = "FILTER",
        default_value = "info",
        value_parser = logging::filter
    )]
    pub(crate) log_filter: String,

    /// Seconds within which a client has to say something, 1 to 600; silence of 2.5 times this
    /// ends its connection
    #[arg(
        long,
        env = "LIVEROOM_HEARTBEAT_S",
        value_name = "SECONDS",
        default_value = "30",
        value_parser = clap::value_parser!(u32).range(1..=600)
    )]
    pub(crate) heartbeat_s: u32,

    /// Seconds from connecting to `login`, 1 to 300
    #[arg(
        long,
        env = "LIVEROOM_LOGIN_TIMEOUT_S",
        value_name = "SECONDS",
        default_value = "10",
        value_parser = clap::value_parser!(u32).range(1..=300)
    )]
    pub(crate) login_timeout_s: u32,

    /// Seconds in which the network has to take one frame, 1 to 300; a slower reader is let go
    #[arg(
        long,
        env = "LIVEROOM_WRITE_TIMEOUT_S",
        value_name = "SECONDS",
        default_value = "10",
        value_parser = clap::value_parser!(u32).range(1..=300)
    )]
    pub(crate) write_timeout_s: u32,

    /// Seconds that a stop waits for connections to take their last frames, 1 to 600
    #[arg(
        long,
        env = "LIVEROOM_DRAIN_TIMEOUT_S",
        value_name = "SECONDS",
        default_value = "5",
        value_parser = clap::value_parser!(u32).range(1..=600)
    )]
    pub(crate) drain_timeout_s: u32,

    /// Signed-in connections at once, 1 to 1000000; a further one is answered 503. Each needs an open
    /// file, and others need about a quarter more: where the system allows fewer, fewer are taken
    #[arg(
        long,
        env = "LIVEROOM_MAX_CONNECTIONS",
        value_name = "NUMBER",
        default_value = "20000",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub(crate) max_connections: u32,

    #[command(flatten)]
    pub(crate) ingress: IngressOptions,

    #[command(flatten)]
    pub(crate) business: BusinessOptions,
}

impl Options {
    /// The certificate to serve with, if there is one; half of it is a mistake.
    pub(crate) fn tls(&self) -> Result<Option<Arc<ServerTls>>, Error> {
        let why = "beside the other one of --tls-cert and --tls-key";
        let (certificate, key) = match (self.tls_cert.clone(), self.tls_key.clone()) {
            (Some(certificate), Some(key)) => (certificate, key),
            (None, None) => return Ok(None),
            (None, Some(_)) => return Err(Error::Missing { flag: "--tls-cert", why }),
            (Some(_), None) => return Err(Error::Missing { flag: "--tls-key", why }),
        };
        Ok(Some(Arc::new(ServerTls::load(CertificateFiles { certificate, key })?)))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}
