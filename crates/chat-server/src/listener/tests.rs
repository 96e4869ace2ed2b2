use super::*;
use crate::clock::SystemClock;
use axum::Extension;
use axum::routing::get;
use std::net::Ipv4Addr;
use tls_transport::HandshakeLimits;
use tls_transport::testing::Authority;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Far longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longer than any test waits.
const NEVER: Duration = Duration::from_secs(600);

/// A listener on a free port, and what it needs.
struct Door {
    address: SocketAddr,
    places: Arc<Places>,
    counters: Arc<Counters>,
    stopping: CancellationToken,
    serving: JoinHandle<()>,
}

/// How a door differs from one that takes everybody.
struct Given {
    newcomers: usize,
    head: Duration,
    proxies: &'static str,
    proxy_protocol: bool,
}

const OPEN: Given = Given { newcomers: 1_000, head: PATIENCE, proxies: "", proxy_protocol: false };

/// What stands between the network and the places.
fn entrance(given: &Given, listen: SocketAddr) -> Entrance {
    let counters = Arc::new(Counters::default());
    let newcomers = given.newcomers;
    let limits =
        Limits { signed_in: 10, newcomers, callers: 10, per_address: 100, per_address_s: 100 };
    let places = Places::new(limits, Arc::new(SystemClock), Arc::clone(&counters));
    let proxies: TrustedProxies = given.proxies.parse().unwrap();
    Entrance {
        places,
        exposure: Exposure {
            listen,
            encrypted: false,
            behind_proxies: !proxies.is_empty(),
            plain_text: false,
        },
        proxies,
        proxy_protocol: given.proxy_protocol,
        head: given.head,
        keep_alive: PATIENCE,
        counters,
        told: AtomicBool::new(false),
    }
}

impl Door {
    fn open(given: Given, router: Router) -> Self {
        Self::open_with(given, router, None)
    }

    fn open_with(given: Given, router: Router, acceptor: Option<Arc<Acceptor>>) -> Self {
        let socket = bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = socket.local_addr().unwrap();
        let entrance = Arc::new(entrance(&given, address));
        let (places, counters) = (Arc::clone(&entrance.places), Arc::clone(&entrance.counters));
        let stopping = CancellationToken::new();
        let serving = tokio::spawn(serve(socket, acceptor, router, entrance, stopping.clone()));
        Self { address, places, counters, stopping, serving }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Answers a request after these bytes with the address that it seems to come from; nothing
    /// when the connection is closed without an answer.
    async fn seen(&self, before: &[u8], headers: &str) -> Option<String> {
        let mut stream = self.connect().await;
        let request = format!("GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(&[before, request.as_bytes()].concat()).await.ok()?;
        let mut answer = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().ok()?;
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
    }
}

fn who() -> Router {
    let who = async |Extension(client): Extension<ClientAddress>| client.0.to_string();
    Router::new().route("/", get(async || "hello")).route("/who", get(who))
}

/// Asks and is answered; `None` when the connection is closed.
async fn ask(stream: &mut TcpStream) -> Option<()> {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.ok()?;
    let mut answer = [0; 1_000];
    let length = timeout(PATIENCE, stream.read(&mut answer)).await.unwrap().ok()?;
    let answer = String::from_utf8_lossy(&answer[..length]);
    answer.ends_with("hello").then_some(())
}

/// Waits for the end of a connection on which nothing comes any more.
async fn closed(mut stream: TcpStream) {
    let mut rest = Vec::new();
    // A reset is an end, too.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("the end");
    assert_eq!(rest, b"");
}

#[tokio::test]
async fn a_full_pool_of_newcomers_lets_the_longest_waiting_go_for_the_next_one() {
    let door = Door::open(Given { newcomers: 2, ..OPEN }, who());
    let first = door.connect().await;
    let mut second = door.connect().await;
    assert!(ask(&mut second).await.is_some());
    assert!(ask(&mut second).await.is_some(), "a connection takes several requests");
    let mut third = door.connect().await;
    assert!(ask(&mut third).await.is_some());
    closed(first).await;
    assert_eq!(door.counters.read().connections_displaced, 1);
    assert!(ask(&mut second).await.is_some());
}

#[tokio::test]
async fn a_stop_waits_for_running_requests_and_for_nothing_else() {
    let (asked, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (asked, answer) = (Arc::clone(&asked), Arc::clone(&answer));
        async move || {
            asked.notify_one();
            answer.notified().await;
            "late"
        }
    };
    let door = Door::open(OPEN, who().route("/slow", get(slow)));
    let mut idle = door.connect().await;
    assert!(ask(&mut idle).await.is_some());
    let mut running = door.connect().await;
    running.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    timeout(PATIENCE, asked.notified()).await.expect("the request runs");
    door.stopping.cancel();
    closed(idle).await;
    assert!(TcpStream::connect(door.address).await.is_err(), "nobody listens any more");
    answer.notify_one();
    let mut late = Vec::new();
    timeout(PATIENCE, running.read_to_end(&mut late)).await.unwrap().unwrap();
    assert!(late.ends_with(b"late"));
    timeout(PATIENCE, door.serving).await.unwrap().unwrap();
    assert!(!door.places.is_full());
}

/// Opens a door, lets somebody in who says nothing, and stops.
async fn stop_with_a_silent_client(given: Given, acceptor: Option<Arc<Acceptor>>) {
    // The second is let in when the first one has to go.
    let given = Given { newcomers: 1, head: NEVER, ..given };
    let door = Door::open_with(given, who(), acceptor);
    let first = door.connect().await;
    let silent = door.connect().await;
    closed(first).await;
    door.stopping.cancel();
    closed(silent).await;
    timeout(PATIENCE, door.serving).await.expect("the stop waits for nobody").unwrap();
    let counts = door.counters.read();
    let faults = [counts.connections_late, counts.connections_refused_proxy];
    assert_eq!((faults, counts.handshakes_failed), ([0, 0], 0), "it was not the client's fault");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_client_that_never_says_hello() {
    let dir = tempfile::tempdir().unwrap();
    let limits = HandshakeLimits { within: NEVER, ..HandshakeLimits::default() };
    let tls = Authority::new().serve_loopback(dir.path());
    stop_with_a_silent_client(OPEN, Some(Arc::new(Acceptor::new(tls, limits)))).await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_the_header_of_a_proxy() {
    let given = Given { proxies: "127.0.0.1", proxy_protocol: true, ..OPEN };
    stop_with_a_silent_client(given, None).await;
}

#[tokio::test]
async fn whoever_does_not_get_to_its_first_request_in_time_is_let_go() {
    let head = Duration::from_millis(50);
    let door = Door::open(Given { head, ..OPEN }, who());
    let silent = door.connect().await;
    let mut slow = door.connect().await;
    slow.write_all(b"GET / HTTP/1.1\r\nHost: ").await.unwrap();
    closed(silent).await;
    closed(slow).await;
    assert_eq!(door.counters.read().connections_late, 2);
}

#[tokio::test]
async fn a_head_that_does_not_end_is_refused_before_it_fills_the_memory() {
    let door = Door::open(OPEN, who());
    let mut endless = door.connect().await;
    let line = [b"X-Long: ".as_slice(), &[b'a'; 1_000], b"\r\n"].concat();
    endless.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n").await.unwrap();
    let mut taken = 0;
    while taken < 16 * 1024 * 1024 && endless.write_all(&line).await.is_ok() {
        taken += line.len();
    }
    assert!(taken < 16 * 1024 * 1024, "the service reads on and on");
}

#[tokio::test]
async fn the_client_behind_a_trusted_proxy_is_seen_and_a_stranger_claims_nothing() {
    let claim = "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 203.0.113.9\r\n";
    let trusting = Door::open(Given { proxies: "127.0.0.1", ..OPEN }, who());
    assert_eq!(trusting.seen(b"", claim).await.unwrap(), "203.0.113.9");
    assert_eq!(trusting.seen(b"", "").await.unwrap(), "127.0.0.1");
    let other = Door::open(Given { proxies: "10.0.0.0/8", ..OPEN }, who());
    assert_eq!(other.seen(b"", claim).await.unwrap(), "127.0.0.1");
}

#[tokio::test]
async fn with_the_proxy_protocol_every_connection_begins_with_its_header() {
    let given = || Given { proxies: "127.0.0.1", proxy_protocol: true, ..OPEN };
    let door = Door::open(given(), who());
    let header = b"PROXY TCP4 203.0.113.9 127.0.0.1 51280 8700\r\n";
    assert_eq!(door.seen(header, "").await.unwrap(), "203.0.113.9");
    let claim = "X-Forwarded-For: 6.6.6.6\r\n";
    assert_eq!(door.seen(header, claim).await.unwrap(), "203.0.113.9", "no proxy said that");
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    assert_eq!(door.seen(local, "").await.unwrap(), "127.0.0.1", "the proxy looks by itself");
    assert_eq!(door.seen(b"", "").await, None);
    assert_eq!(door.seen(b"PROXY TCP4 nonsense\r\n", "").await, None);
    assert_eq!(door.counters.read().connections_refused_proxy, 2);

    let strict = Door::open(Given { proxies: "10.0.0.0/8", ..given() }, who());
    assert_eq!(strict.seen(header, "").await, None, "a stranger brings a header");
    assert_eq!(strict.counters.read().connections_refused_proxy, 1);
    let waiting = Door::open(Given { head: Duration::from_millis(50), ..given() }, who());
    closed(waiting.connect().await).await;
    assert_eq!(waiting.counters.read().connections_late, 1);
}

#[test]
fn whoever_comes_past_the_proxies_in_plain_text_is_refused() {
    let listen = "0.0.0.0:8700".parse().unwrap();
    let local = "10.0.0.5".parse().unwrap();
    let behind = entrance(&Given { proxies: "10.0.0.9", ..OPEN }, listen);
    let let_in = |peer: &str| behind.let_in(peer.parse().unwrap(), local).is_some();
    assert!(let_in("10.0.0.9"));
    assert!(let_in("127.0.0.1"), "tools of this machine need no proxy");
    assert!(let_in("10.0.0.5"), "nor does what else runs on it");
    assert!(!let_in("203.0.113.9"));
    assert_eq!(behind.counters.read().connections_refused_plain_text, 1);
    let open = entrance(&OPEN, listen);
    let stranger = open.let_in("203.0.113.9".parse().unwrap(), local);
    assert!(stranger.is_some(), "the start has asked about it");
}

#[test]
fn what_else_runs_on_this_machine_is_not_limited_by_whatever_address_it_connects() {
    let given = Given { proxies: "10.0.0.9", ..OPEN };
    let door = entrance(&given, "10.0.0.5:8700".parse().unwrap());
    let here: IpAddr = "10.0.0.5".parse().unwrap();
    let mut held = Vec::new();
    for _ in 0..500 {
        let (place, peer) = door.let_in(here, here).expect("five times what an address may have");
        // As the gateway does once it knows for whom a connection is.
        place.comes_from(peer).unwrap();
        held.push(place);
    }
}

#[tokio::test]
async fn when_no_more_files_can_be_open_whoever_waits_is_turned_away_and_does_not_hang() {
    let socket = bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    let no_more_files = io::Error::from_raw_os_error(24);
    let mut spare = Spare::new();
    for _ in 0..3 {
        let waiting = TcpStream::connect(address).await.unwrap();
        assert!(timeout(PATIENCE, spare.after(&no_more_files, &socket)).await.unwrap());
        closed(waiting).await;
    }
    let nobody = timeout(PATIENCE, spare.after(&no_more_files, &socket)).await;
    assert!(!nobody.unwrap(), "nobody waits, and the loop goes on");
    let gone = io::Error::from(io::ErrorKind::ConnectionAborted);
    let _waiting = TcpStream::connect(address).await.unwrap();
    assert!(!spare.after(&gone, &socket).await, "a client that has gone costs nobody else a place");
}
