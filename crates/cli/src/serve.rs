//! `liveroom serve`

use business_server::{BusinessServer, ChatAccess};
use chat_server::{GatewayTimes, Server, ServerConfig};
use chat_types::UserId;
use embedded::Beside;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tls_transport::{ServerTls, Trust};

use crate::options::{Development, Only, Options};
use crate::{Error, certificates, print_line, trust};

/// Runs the services until it is asked to stop. When they are ready it prints one JSON line with the
/// addresses they answer on.
pub(crate) async fn run(options: Options) -> Result<(), Error> {
    let mut stop = StopSignal::new()?;
    let tls = options.tls()?;
    let watching = tls.clone().map(|tls| tokio::spawn(certificates::watch(tls)));
    let served = serve(&options, tls, &mut stop).await;
    if let Some(watching) = watching {
        watching.abort();
    }
    served
}

async fn serve(
    options: &Options,
    tls: Option<Arc<ServerTls>>,
    stop: &mut StopSignal,
) -> Result<(), Error> {
    let trust = trust(options.ca.as_deref())?;
    if options.business.only == Some(Only::Business) {
        let business = BusinessServer::start(alone(options, tls, trust)?).await?;
        let mut ready = json!({"event": "ready"});
        tell_business(&mut ready, &business);
        print_line(&ready.to_string())?;
        stop.received().await;
        business.shutdown().await;
        return Ok(());
    }
    let chat = Server::start(config(options, tls, trust.clone())).await?;
    let business = match beside(&chat, options, trust).await {
        Ok(business) => business,
        Err(error) => {
            chat.shutdown().await;
            return Err(error);
        }
    };
    let mut ready = json!({
        "event": "ready",
        "rest": chat.rest_url(),
        "gateway": chat.gateway_url(),
    });
    if let Some(operator) = chat.operator_url() {
        ready["operator"] = operator.into();
    }
    if let Some(business) = &business {
        tell_business(&mut ready, business);
    }
    print_line(&ready.to_string())?;
    stop.received().await;
    // First whoever calls the chat service; what is still to be told stays in its database.
    if let Some(business) = business {
        business.shutdown().await;
    }
    chat.shutdown().await;
    Ok(())
}

fn tell_business(ready: &mut Value, business: &BusinessServer) {
    ready["business"] = business.url().into();
    if let Some(operator) = business.operator_url() {
        ready["business_operator"] = operator.into();
    }
}

async fn beside(
    chat: &Server,
    options: &Options,
    trust: Trust,
) -> Result<Option<BusinessServer>, Error> {
    if options.business.only == Some(Only::Chat) {
        return Ok(None);
    }
    let beside = Beside {
        sdk_app_id: options.business.sdk_app_id,
        listen: options.business.listen(options.listen),
        data_dir: options.data_dir.clone(),
        assistant: options.business.assistant.clone(),
    };
    let identity = options.business.identity()?;
    let shop_webhook = options.business.shop_webhook.webhook()?;
    let configure = |config: &mut business_server::Config| {
        options.business.configure(config);
        options.ingress.configure_business(config);
        config.identity = identity;
        config.shop_webhook = shop_webhook;
        config.trust = trust;
    };
    Ok(embedded::start_beside(chat, beside, configure).await?)
}

/// The business service in a process of its own: where the chat service is has to be said.
fn alone(
    options: &Options,
    tls: Option<Arc<ServerTls>>,
    trust: Trust,
) -> Result<business_server::Config, Error> {
    let business = &options.business;
    let missing = |flag| Error::Missing { flag, why: "with --only business" };
    let access = ChatAccess {
        base_url: business.chat_url.clone().ok_or(missing("--chat-url"))?,
        sdk_app_id: business.sdk_app_id.ok_or(missing("--sdk-app-id"))?,
        key: business.key.clone().ok_or(missing("--key"))?,
        admin: UserId::new(business.admin.clone())?,
        assistant: UserId::new(business.assistant.clone())?,
    };
    let listen = business.business_listen.unwrap_or(options.listen);
    let mut config = business_server::Config::new(listen, options.data_dir.clone(), access);
    config.webhook_token = business.webhook_token.clone();
    if config.webhook_token.is_none() && business.development == Development::Off {
        return Err(missing("--webhook-token"));
    }
    business.configure(&mut config);
    options.ingress.configure_business(&mut config);
    config.identity = business.identity()?;
    config.shop_webhook = business.shop_webhook.webhook()?;
    (config.tls, config.trust) = (tls, trust);
    Ok(config)
}

fn config(options: &Options, tls: Option<Arc<ServerTls>>, trust: Trust) -> ServerConfig {
    let seconds = |number: u32| Duration::from_secs(number.into());
    let mut config = ServerConfig {
        times: GatewayTimes {
            heartbeat: seconds(options.heartbeat_s),
            login: seconds(options.login_timeout_s),
            write: seconds(options.write_timeout_s),
            ..GatewayTimes::default()
        },
        max_connections: usize::try_from(options.max_connections).unwrap_or(usize::MAX),
        drain_timeout: seconds(options.drain_timeout_s),
        tls,
        trust,
        ..ServerConfig::new(options.listen, options.data_dir.clone())
    };
    options.ingress.configure(&mut config);
    config
}

/// SIGTERM or Ctrl-C. Made before the service starts, so that no signal falls into a gap.
struct StopSignal {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl StopSignal {
    #[cfg(unix)]
    fn new() -> Result<Self, Error> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(Error::Signals)?,
            interrupt: signal(SignalKind::interrupt()).map_err(Error::Signals)?,
        })
    }

    #[cfg(not(unix))]
    fn new() -> Result<Self, Error> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn received(&mut self) {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "Ctrl-C cannot be heard; end the process to stop the service");
            std::future::pending::<()>().await;
        }
    }
}
