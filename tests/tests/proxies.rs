//! The examples of `docs/deployment.md` with the real proxies: what stands in the page is what runs
//! here, with other ports and files.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

use acceptance::PATIENCE;
use acceptance::liveroom::{self, Service};
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::routing::post;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::{interval, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

/// The viewer: an address of this machine that no proxy has.
const VIEWER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Each proxy has an address of its own, so that no other test takes its port.
const NGINX: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
const HAPROXY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 4);
const HAPROXY_UNREAD: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 5);
const NAME: &str = "live.example.com";

/// The `number`th block of the page in this language.
fn example(language: &str, number: usize) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/deployment.md");
    let page = std::fs::read_to_string(page).unwrap();
    let opening = format!("```{language}\n");
    let block = page.split(&opening).nth(number + 1).expect("the page has the example");
    block.split("```").next().unwrap().to_owned()
}

/// Replaces what is there; an example that has changed so that it is not there fails the test.
fn put(example: &str, pairs: &[(&str, String)]) -> String {
    pairs.iter().fold(example.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "the example has no {old} any more:\n{text}");
        text.replace(old, new)
    })
}

/// A port of this address that nobody has at the moment.
async fn free_port(address: Ipv4Addr) -> SocketAddr {
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    listener.local_addr().unwrap()
}

/// A certificate of the example's name in files of the examples' forms, and a client that trusts it.
fn certificate(dir: &Path) -> TlsConnector {
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    std::fs::write(dir.join("certificate.pem"), &certificate).unwrap();
    std::fs::write(dir.join("key.pem"), &key).unwrap();
    std::fs::write(dir.join("both.pem"), certificate + &key).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// Hears who came and went, with the query of the webhook.
async fn webhooks(data: &str, sdk_app_id: &str) -> mpsc::UnboundedReceiver<String> {
    let (told, heard) = mpsc::unbounded_channel();
    let take = |State(told): State<mpsc::UnboundedSender<String>>, RawQuery(query): RawQuery| async move {
        let _ = told.send(query.unwrap_or_default());
        axum::Json(json!({"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": ""}))
    };
    let router = Router::new().route("/told", post(take)).with_state(told);
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/told", socket.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(socket, router).await });
    let target = ["--sdk-app-id", sdk_app_id, "--data-dir", data];
    let set = ["app", "callback", "set", "--url", &url];
    liveroom::print(set.into_iter().chain(target)).await;
    let switch = ["app", "callback", "switch", "--command", "State.StateChange", "--on"];
    liveroom::print(switch.into_iter().chain(target)).await;
    heard
}

/// A connection of the viewer through the proxy, once the proxy listens and shows its certificate.
async fn connect(proxy: SocketAddr, tls: &TlsConnector) -> TlsStream<TcpStream> {
    let name = ServerName::try_from(NAME).unwrap();
    let connecting = async {
        let mut again = interval(Duration::from_millis(50));
        loop {
            again.tick().await;
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind((VIEWER, 0).into()).unwrap();
            let Ok(stream) = socket.connect(proxy).await else { continue };
            if let Ok(stream) = tls.connect(name.clone(), stream).await {
                return stream;
            }
        }
    };
    timeout(PATIENCE, connecting).await.expect("a handshake with the proxy")
}

struct Viewer {
    socket: WebSocketStream<TlsStream<TcpStream>>,
}

impl Viewer {
    /// Comes in with a claim to come from elsewhere. A proxy that has just started may not have
    /// found the service yet, and says so with a status.
    async fn connect(proxy: SocketAddr, tls: &TlsConnector) -> Self {
        let connecting = async {
            let mut again = interval(Duration::from_millis(50));
            loop {
                again.tick().await;
                let stream = connect(proxy, tls).await;
                let mut request = format!("wss://{NAME}/gateway").into_client_request().unwrap();
                request.headers_mut().insert("x-forwarded-for", "6.6.6.6".parse().unwrap());
                if let Ok((socket, _)) = client_async(request, stream).await {
                    return Self { socket };
                }
            }
        };
        timeout(PATIENCE, connecting).await.expect("the gateway behind the proxy")
    }

    async fn say(&mut self, frame: Value) {
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
    }

    async fn kind(&mut self, kind: &str) -> Value {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.expect("a frame in time");
            if let Message::Text(text) = message.expect("an open connection").unwrap() {
                let frame: Value = serde_json::from_str(&text).unwrap();
                assert_ne!(frame["t"], "error", "{frame}");
                if frame["t"] == kind {
                    return frame;
                }
            }
        }
    }

    async fn close_code(mut self) -> Option<u16> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("a close in time") {
                Some(Ok(Message::Close(close))) => return close.map(|close| close.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}

/// Through a proxy a viewer signs in, says something and hears it, is seen with its own address, and
/// learns why its connection ends.
async fn works(
    proxy: Ipv4Addr,
    words: &[&str],
    start: impl AsyncFnOnce(&Path, SocketAddr, SocketAddr) -> Child,
) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let path = data.to_str().unwrap();
    let printed = liveroom::print(["app", "create", "--name", "shop", "--data-dir", path]).await;
    let app: Value = serde_json::from_str(&printed).unwrap();
    let tls = certificate(dir.path());
    let given = ["--trusted-proxies", "127.0.0.1", "--login-timeout-s", "3"];
    let words: Vec<&str> = given.iter().chain(words).copied().collect();
    let service = Service::configured(&data, &words, None, |_| {}).await;
    let mut told = webhooks(path, &app["sdk_app_id"].to_string()).await;
    let behind: SocketAddr =
        service.gateway["ws://".len()..].split('/').next().unwrap().parse().unwrap();
    let at = free_port(proxy).await;
    let mut proxy = start(dir.path(), at, behind).await;

    let sdk_app_id = app["sdk_app_id"].as_u64().unwrap();
    let key = app["key"].as_str().unwrap();
    let id = sdk_app_id.to_string();
    let sig =
        liveroom::print(["usersig", "--sdk-app-id", &id, "--key", key, "--user", "mei"]).await;
    let login =
        json!({"t": "login", "id": 1, "sdk_app_id": sdk_app_id, "user_id": "mei", "user_sig": sig});
    // From here on it has three seconds to sign in.
    let mut viewer = Viewer::connect(at, &tls).await;
    viewer.say(login).await;
    viewer.kind("login_ok").await;
    let query = timeout(PATIENCE, told.recv()).await.expect("the webhook").unwrap();
    assert!(query.contains(&format!("ClientIP={VIEWER}")), "{query}");

    // What is asked over HTTP goes the same way.
    let call = rest_call(at, &tls, &app).await;
    assert!(call.contains(r#""ActionStatus":"OK""#), "{call}");
    viewer.say(json!({"t": "join", "id": 2, "group_id": "r"})).await;
    viewer.kind("join_ok").await;
    let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}});
    viewer
        .say(
            json!({"t": "send", "id": 3, "group_id": "r", "client_id": "c", "elements": [element]}),
        )
        .await;
    assert_eq!(viewer.kind("send_ok").await["delivery"], "delivered");

    let silent = Viewer::connect(at, &tls).await;
    assert_eq!(silent.close_code().await, Some(4004), "no login in time");
    proxy.kill().await.unwrap();
    service.terminate().await;
}

/// Makes the group `r` by a call through the proxy.
async fn rest_call(proxy: SocketAddr, tls: &TlsConnector, app: &Value) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let id = app["sdk_app_id"].to_string();
    let key = app["key"].as_str().unwrap();
    let words = ["usersig", "--sdk-app-id", &id, "--key", key, "--user", "administrator"];
    let sig = liveroom::print(words).await;
    let body = json!({"Type": "AVChatRoom", "Name": "Room", "GroupId": "r"}).to_string();
    let request = format!(
        "POST /v4/group_open_http_svc/create_group?sdkappid={id}&identifier=administrator\
         &usersig={sig}&random=1&contenttype=json HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = connect(proxy, tls).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // Not every proxy says that the encrypted connection ends.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

fn run(program: &str, words: &[&str]) -> Child {
    let mut command = Command::new(program);
    // Where administrators' programs lie is not on everybody's path.
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    command.args(words).env("PATH", path).stdout(Stdio::null()).kill_on_drop(true);
    command.spawn().unwrap_or_else(|error| unreachable!("{program} does not start: {error}"))
}

/// nginx in the foreground with all its files in this folder.
async fn nginx(dir: &Path, at: SocketAddr, service: SocketAddr) -> Child {
    let here = dir.display();
    let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {here}/{name};"))
        .concat();
    let text = put(
        &example("nginx", 0),
        &[
            ("http {", format!("http {{ access_log off; {folders}")),
            ("listen 443 ssl;", format!("listen {at} ssl;")),
            ("/etc/ssl/live.example.com.pem", format!("{here}/certificate.pem")),
            ("/etc/ssl/live.example.com.key", format!("{here}/key.pem")),
            ("127.0.0.1:8700", service.to_string()),
            // What this machine may open is enough here.
            ("worker_rlimit_nofile 100000;", String::new()),
            ("worker_connections 50000;", "worker_connections 100;".to_owned()),
        ],
    );
    let file = dir.join("nginx.conf");
    std::fs::write(&file, text).unwrap();
    let main = format!("daemon off; master_process off; pid {here}/nginx.pid; error_log stderr;");
    let (here, file) = (here.to_string(), file.display().to_string());
    run("nginx", &["-p", &here, "-e", "stderr", "-c", &file, "-g", &main])
}

/// HAProxy in the foreground, with one of the two examples.
async fn haproxy(dir: &Path, number: usize, at: SocketAddr, service: SocketAddr) -> Child {
    let text = put(
        &example("haproxy", number),
        &[
            ("bind :443", format!("bind {at}")),
            ("/etc/haproxy/live.example.com.pem", dir.join("both.pem").display().to_string()),
            ("127.0.0.1:8700", service.to_string()),
        ],
    );
    let file = dir.join("haproxy.cfg");
    std::fs::write(&file, text).unwrap();
    run("haproxy", &["-db", "-f", &file.display().to_string()])
}

#[tokio::test]
async fn the_example_for_nginx_works() {
    works(NGINX, &[], nginx).await;
}

#[tokio::test]
async fn the_example_for_haproxy_works() {
    works(HAPROXY, &[], async |dir, at, service| haproxy(dir, 0, at, service).await).await;
}

#[tokio::test]
async fn the_example_for_haproxy_with_the_proxy_protocol_works() {
    let words = ["--proxy-protocol", "on"];
    let start = async |dir: &Path, at, service| haproxy(dir, 1, at, service).await;
    works(HAPROXY_UNREAD, &words, start).await;
}
