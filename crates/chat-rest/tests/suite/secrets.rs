//! What must never be read by anybody who reads logs.

use chat_rest::{Client, Config, RetryPolicy};
use chat_types::rest::{GroupIdOnly, Kick};
use std::io;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::receiver::{KEY, Nowhere, OK, Receiver, Reply};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Everything that runs on this thread is logged: the test's runtime has no other.
fn log_all() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    (log, subscriber.set_default())
}

#[tokio::test]
async fn no_log_line_and_no_error_holds_a_url_a_user_sig_or_a_key() {
    let (log, _guard) = log_all();
    let replies = [
        Reply::text(OK),
        Reply::Quotes(10_004),
        Reply::Quotes(70_001),
        Reply::Quotes(60_007),
        Reply::BreaksOff,
        Reply::Status(502),
        Reply::text("<html>"),
        Reply::Quotes(10_002),
    ];
    let receiver = Receiver::new(replies.clone()).await;
    let mut told = String::new();
    let mut config = Config { retry: RetryPolicy::none(), ..receiver.config() };
    let client = Client::new(config.clone()).unwrap();
    for _ in 0..replies.len() {
        let answer = client.kick(&Kick { user_id: "viewer_01".into() }).await;
        told.push_str(&format!("{answer:?}"));
        if let Err(error) = answer {
            told.push_str(&error.to_string());
        }
    }
    // With repeats, and where nobody listens.
    let answer = receiver.client().get_group_attr(&GroupIdOnly { group_id: "r".into() }).await;
    told.push_str(&format!("{answer:?}"));
    let nowhere = Nowhere::new();
    config.base_url = nowhere.url.clone();
    let client = Client::new(config).unwrap();
    let error = client.kick(&Kick { user_id: "viewer_01".into() }).await.unwrap_err();
    told.push_str(&format!("{error:?} {error}"));

    let logged = log.text();
    assert!(logged.contains("chat_rest_call") && logged.contains("call is repeated"), "{logged}");
    assert!(logged.contains("starting new connection"), "lines of the HTTP library are among them");
    assert!(told.contains("(UserSig)"), "the sentence was quoted, without the UserSig: {told}");
    let requests = receiver.requests();
    let mut secrets: Vec<&str> = requests.iter().map(|each| each.parameter("usersig")).collect();
    secrets.push(KEY);
    for secret in secrets {
        assert!(!logged.contains(secret), "in the log");
        assert!(!told.contains(secret), "in an error");
    }
    for text in [&logged, &told] {
        assert!(!text.contains(&format!("{}/v4/", receiver.url)), "a URL is told");
    }
}

#[tokio::test]
async fn a_call_is_a_span_with_its_command_its_attempts_its_code_and_its_duration() {
    let (log, _guard) = log_all();
    let receiver = Receiver::new([Reply::Status(502), Reply::code(10_015)]).await;
    let body = GroupIdOnly { group_id: "r".into() };
    receiver.client().destroy_group(&body).await.unwrap_err();
    let text = log.text();
    let ended = text.lines().find(|line| line.contains("call ended")).unwrap();
    for part in ["group_open_http_svc", "destroy_group", "attempts=2", "code=10015", "duration_ms="]
    {
        assert!(ended.contains(part), "{part} is not in {ended}");
    }
}
