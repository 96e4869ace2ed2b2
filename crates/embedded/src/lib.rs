//! The business service beside a chat service of the same process: it gets the key of an
//! application, and the application gets what the business service needs of it.
//!
//! Everything here is configuration that a person could make by hand with `liveroom app`; what is
//! configured already is left as it is.

pub use business_server::BusinessServer;

use business_server::{ChatAccess, Config, Secret, WANTED_WEBHOOKS};
use chat_server::application::{self, Application, NewField};
use chat_server::clock::{Clock, SystemClock};
use chat_server::storage::AccountPatch;
use chat_server::{Server, storage};
use chat_types::business::{LIVE_STATUS_FIELD, PRODUCT_FIELD};
use chat_types::webhook::WEBHOOK_COMMANDS;
use chat_types::{ApiError, UserId};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The virtual assistant's account, unless told otherwise.
pub const ASSISTANT: &str = "assistant";
/// Path of the receiver; an application whose webhooks go to such a path on this machine is ours.
const WEBHOOK_PATH: &str = "/webhooks";
const TOKEN_BYTES: usize = 24;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error(transparent)]
    Business(#[from] business_server::Error),
}

/// How the business service is to run.
pub struct Beside {
    /// For which application; without one for the only one that there is.
    pub sdk_app_id: Option<u32>,
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    pub assistant: String,
}

/// Starts the business service beside a running chat service. `None` when no application was named
/// and there is not exactly one: the log says what to do.
///
/// # Errors
/// [`Error`] says what of the application or of the business service stands in the way.
pub async fn start_beside(
    chat: &Server,
    beside: Beside,
    configure: impl FnOnce(&mut Config),
) -> Result<Option<BusinessServer>, Error> {
    let storage = chat.storage();
    let Some(app) = choose(storage, beside.sdk_app_id).await? else { return Ok(None) };
    let token = prepare(storage, &app, &beside.assistant).await?;
    let access = ChatAccess {
        base_url: chat.inner_rest_url(),
        sdk_app_id: app.sdk_app_id,
        key: Secret::new(app.key.reveal()),
        admin: UserId::new(first_admin(&app))?,
        assistant: UserId::new(beside.assistant)?,
    };
    let mut config = Config::new(beside.listen, beside.data_dir, access);
    config.webhook_token = Some(Secret::new(&token));
    // The same certificate for both, so that each believes the other.
    config.tls = chat.tls().cloned();
    configure(&mut config);
    let business = BusinessServer::start(config).await?;
    if let Err(error) = take_webhooks(storage, &app, &business, &token).await {
        business.shutdown().await;
        return Err(error);
    }
    Ok(Some(business))
}

async fn choose(
    storage: &dyn storage::Storage,
    wanted: Option<u32>,
) -> Result<Option<Application>, Error> {
    if let Some(sdk_app_id) = wanted {
        return Ok(Some(application::find(storage, sdk_app_id).await?));
    }
    let mut all = application::list(storage).await?;
    match all.len() {
        1 => Ok(all.pop()),
        0 => {
            tracing::warn!(
                "there is no application, so the business service is not started: make one with \
                 `liveroom app create` and start again"
            );
            Ok(None)
        }
        applications => {
            tracing::warn!(
                applications,
                "the business service is not started: say with --sdk-app-id for which application"
            );
            Ok(None)
        }
    }
}

/// The administrator in whose name calls are made: the one that every application has from the
/// start, if it has not been removed.
fn first_admin(app: &Application) -> &str {
    let usual = application::DEFAULT_ADMIN;
    if app.is_admin(usual) { usual } else { app.admins.first().map_or(usual, String::as_str) }
}

/// Fields and account that the business service writes with, and the token of the webhooks.
async fn prepare(
    storage: &dyn storage::Storage,
    app: &Application,
    assistant: &str,
) -> Result<String, Error> {
    for field in [PRODUCT_FIELD, LIVE_STATUS_FIELD] {
        if app.field(field).is_none() {
            let field = NewField::of_rooms(field);
            application::add_field(storage, &SystemClock, app.sdk_app_id, field).await?;
        }
    }
    let account = AccountPatch { user_id: assistant.to_owned(), ..AccountPatch::default() };
    storage.put_accounts(app.sdk_app_id, &[account], SystemClock.now_s()).await?;
    let kept = app.callbacks.token.as_ref().map(|token| token.reveal().to_owned());
    Ok(kept.unwrap_or_else(|| {
        let fresh: [u8; TOKEN_BYTES] = rand::random();
        fresh.iter().map(|byte| format!("{byte:02x}")).collect()
    }))
}

/// Sends the application's webhooks to the business service, unless they go elsewhere already. Only
/// those are switched on that it wants: what people write to each other is none of them.
async fn take_webhooks(
    storage: &dyn storage::Storage,
    app: &Application,
    business: &BusinessServer,
    token: &str,
) -> Result<(), Error> {
    let present = app.callbacks.url.as_deref();
    let elsewhere = present.filter(|present| !is_ours(present, business.address()));
    if let Some(elsewhere) = elsewhere {
        tracing::warn!(
            url = elsewhere,
            "webhooks go elsewhere already and are left there: likes are not counted and comments \
             are not moderated; empty the address with `liveroom app callback` to change that"
        );
        return Ok(());
    }
    application::set_callback_url(storage, app.sdk_app_id, &business.webhook_url(), Some(token))
        .await?;
    for command in WEBHOOK_COMMANDS {
        let is_wanted = WANTED_WEBHOOKS.contains(&command.name);
        if app.callbacks.commands.contains(command.name) != is_wanted {
            application::switch_callback(storage, app.sdk_app_id, command.name, is_wanted).await?;
        }
    }
    Ok(())
}

/// Whether an address is that of a business service that ran beside this chat service before: on
/// this machine, or where the one that runs now is.
fn is_ours(url: &str, running: SocketAddr) -> bool {
    url.strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"))
        .and_then(|rest| rest.strip_suffix(WEBHOOK_PATH))
        .and_then(|address| address.parse::<SocketAddr>().ok())
        .map(|address| address.ip().to_canonical())
        .is_some_and(|ip| {
            ip.is_loopback() || ip.is_unspecified() || ip == running.ip().to_canonical()
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_server::ServerConfig;
    use chat_server::application::Edition;
    use serde_json::{Value, json};
    use std::net::Ipv4Addr;
    use std::sync::Arc;
    use std::time::Duration;
    use tls_transport::testing::Authority;
    use tls_transport::{ServerTls, Trust};

    fn any_port() -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
    }

    fn beside(dir: &tempfile::TempDir, sdk_app_id: Option<u32>) -> Beside {
        Beside {
            sdk_app_id,
            listen: any_port(),
            data_dir: dir.path().to_owned(),
            assistant: ASSISTANT.into(),
        }
    }

    async fn chat(dir: &tempfile::TempDir) -> Server {
        Server::start(ServerConfig::new(any_port(), dir.path().to_owned())).await.unwrap()
    }

    async fn application(chat: &Server, name: &str) -> u32 {
        let made = application::create(chat.storage(), &SystemClock, name, Edition::Ultimate).await;
        made.unwrap().sdk_app_id
    }

    #[tokio::test]
    async fn the_only_application_gets_what_the_business_service_needs_and_keeps_it() {
        let dir = tempfile::tempdir().unwrap();
        let chat = chat(&dir).await;
        let id = application(&chat, "shop").await;
        let mut token = None;
        for _ in 0..2 {
            let business = start_beside(&chat, beside(&dir, None), |_| {}).await.unwrap().unwrap();
            let app = application::find(chat.storage(), id).await.unwrap();
            assert!(app.field(PRODUCT_FIELD).is_some() && app.field(LIVE_STATUS_FIELD).is_some());
            assert_eq!(app.callbacks.url, Some(business.webhook_url()));
            let is_on = |name: &str| app.callbacks.commands.contains(name);
            assert!(WANTED_WEBHOOKS.iter().all(|name| is_on(name)));
            assert!(!is_on("C2C.CallbackAfterSendMsg") && !is_on("C2C.CallbackBeforeSendMsg"));
            let present = app.callbacks.token.as_ref().unwrap().reveal().to_owned();
            assert_eq!(*token.get_or_insert_with(|| present.clone()), present);
            business.shutdown().await;
        }
        chat.shutdown().await;
    }

    /// Calls the business service as somebody who believes it.
    async fn post(http: &reqwest::Client, url: String, token: &str, body: Value) -> Value {
        let request = http.post(url).bearer_auth(token).header("Content-Type", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    #[tokio::test]
    async fn with_a_certificate_for_another_name_the_two_services_still_call_each_other() {
        let dir = tempfile::tempdir().unwrap();
        // What the shop's viewers call it by, and neither 127.0.0.1 nor known to this machine.
        let files = Authority::new().issue_to(dir.path(), &["live.example"]);
        let tls = Arc::new(ServerTls::load(files).unwrap());
        let config = ServerConfig::new(any_port(), dir.path().to_owned());
        let config = ServerConfig {
            tls: Some(Arc::clone(&tls)),
            operator_listen: Some(any_port()),
            ..config
        };
        let chat = Server::start(config).await.unwrap();
        application(&chat, "shop").await;
        let configure = |config: &mut Config| config.development = true;
        let business = start_beside(&chat, beside(&dir, None), configure).await.unwrap().unwrap();
        assert!(business.webhook_url().starts_with("https://"));

        let believing = Trust::nobody().with_own_server(&tls).client_config().unwrap();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls_transport::rustls::ClientConfig::clone(&believing))
            .build()
            .unwrap();
        let api = |path: &str| format!("{}/api/v1/{path}", business.url());
        let host = json!({"name": "host", "user_id": "host", "role": "host"});
        let entry = post(&http, api("sign-in"), "", host).await;
        let token = entry["token"].as_str().unwrap();
        // The business service has the chat service make the group, and is told of it.
        post(&http, api("rooms"), token, json!({"room": "r", "title": "Room"})).await;
        let told = async {
            let url = format!("{}/metrics", chat.operator_url().unwrap());
            let mut look = tokio::time::interval(Duration::from_millis(20));
            loop {
                let metrics = http.get(&url).send().await.unwrap().text().await.unwrap();
                let delivered = metrics.lines().find(|line| line.contains("after_delivered_total"));
                if !delivered.unwrap().ends_with(" 0") {
                    break;
                }
                look.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), told).await.expect("a webhook arrives");
        business.shutdown().await;
        chat.shutdown().await;
    }

    #[tokio::test]
    async fn without_one_application_nothing_is_started_and_a_wrong_one_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let chat = chat(&dir).await;
        let start = async |id| start_beside(&chat, beside(&dir, id), |_| {}).await;
        assert!(start(None).await.unwrap().is_none());
        let first = application(&chat, "one").await;
        application(&chat, "two").await;
        assert!(start(None).await.unwrap().is_none());
        start(Some(first)).await.unwrap().unwrap().shutdown().await;
        assert!(matches!(start(Some(1)).await, Err(Error::Api(_))));
        chat.shutdown().await;
    }

    #[tokio::test]
    async fn webhooks_that_go_elsewhere_stay_there() {
        let dir = tempfile::tempdir().unwrap();
        let chat = chat(&dir).await;
        let id = application(&chat, "shop").await;
        let elsewhere = "http://hooks.example/im";
        application::set_callback_url(chat.storage(), id, elsewhere, None).await.unwrap();
        let business = start_beside(&chat, beside(&dir, None), |_| {}).await.unwrap().unwrap();
        let app = application::find(chat.storage(), id).await.unwrap();
        assert_eq!(app.callbacks.url.as_deref(), Some(elsewhere));
        business.shutdown().await;
        chat.shutdown().await;
    }

    #[test]
    fn an_address_of_a_former_start_is_known_again() {
        let running = "10.0.0.5:8701".parse().unwrap();
        for ours in [
            "http://127.0.0.1:41234/webhooks",
            // Before a certificate came or went.
            "https://127.0.0.1:41234/webhooks",
            "http://0.0.0.0:8701/webhooks",
            "https://[::]:8701/webhooks",
            "http://10.0.0.5:8701/webhooks",
            "https://10.0.0.5:41234/webhooks",
        ] {
            assert!(is_ours(ours, running), "{ours}");
        }
        for other in
            ["http://127.0.0.1:41234/im", "http://10.0.0.1:80/webhooks", "http://shop/webhooks", ""]
        {
            assert!(!is_ours(other, running), "{other}");
        }
    }
}
