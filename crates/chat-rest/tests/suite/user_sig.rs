//! The UserSig of the calls: shared, renewed in time, and replaced when the service takes it no more.

use chat_rest::{Client, Config};
use chat_types::rest::{GroupIdOnly, Kick, SendGroupSystemNotification};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::receiver::{APP, KEY, OK, Receiver, Reply};

const NOW_S: u64 = 1_760_000_000;

fn client(receiver: &Receiver) -> (Client, Arc<AtomicU64>) {
    let time = Arc::new(AtomicU64::new(NOW_S));
    let shown = Arc::clone(&time);
    let config = Config {
        user_sig_lifetime: Duration::from_secs(1_000),
        clock: Arc::new(move || shown.load(Ordering::SeqCst)),
        ..receiver.config()
    };
    (Client::new(config).unwrap(), time)
}

async fn call(client: &Client) {
    client.kick(&Kick { user_id: "viewer_01".into() }).await.unwrap();
}

/// When the UserSig of each request was made, as its own text says; it is valid at `now_s`.
fn made(receiver: &Receiver, now_s: u64) -> Vec<u64> {
    let expected =
        usersig::Expected { sdk_app_id: APP, key: KEY, identifier: "administrator", now_s };
    let claims = receiver
        .requests()
        .into_iter()
        .map(|request| usersig::verify(request.parameter("usersig"), &expected).unwrap());
    claims.map(|claims| claims.time_s).collect()
}

#[tokio::test]
async fn all_calls_share_one_until_four_fifths_of_its_life_are_over() {
    let receiver = Receiver::new([Reply::text(OK)]).await;
    let (client, time) = client(&receiver);
    for passed_s in [0, 1, 799] {
        time.store(NOW_S + passed_s, Ordering::SeqCst);
        call(&client.clone()).await;
    }
    let sigs: BTreeSet<String> =
        receiver.requests().iter().map(|each| each.parameter("usersig").to_owned()).collect();
    assert_eq!(sigs.len(), 1);
    time.store(NOW_S + 800, Ordering::SeqCst);
    call(&client).await;
    assert_eq!(made(&receiver, NOW_S + 800), [NOW_S, NOW_S, NOW_S, NOW_S + 800]);
}

#[tokio::test]
async fn an_expired_or_revoked_one_is_replaced_and_the_call_made_again_at_once() {
    for code in [70_001, 70_052] {
        let receiver = Receiver::new([Reply::code(code), Reply::text(OK)]).await;
        let (client, time) = client(&receiver);
        // The service's clock is ahead; ours moves on between the making and the call.
        time.store(NOW_S + 5, Ordering::SeqCst);
        let body = SendGroupSystemNotification { group_id: "r".into(), ..Default::default() };
        client.send_group_system_notification(&body).await.unwrap();
        assert_eq!(made(&receiver, NOW_S + 5), [NOW_S, NOW_S + 5], "{code}");
    }
}

#[tokio::test]
async fn one_that_is_refused_when_it_is_new_is_not_made_a_third_time() {
    let receiver = Receiver::new([Reply::code(70_001)]).await;
    let (client, _) = client(&receiver);
    let error = client.kick(&Kick { user_id: "viewer_01".into() }).await.unwrap_err();
    assert_eq!(error.code(), Some(chat_types::Code::SIG_EXPIRED));
    assert!(error.was_not_accepted() && !error.is_temporary());
    assert_eq!(receiver.requests().len(), 2);
}

#[tokio::test]
async fn a_new_one_would_not_help_where_key_or_account_are_wrong() {
    for code in [70_002, 70_003, 70_005, 70_009, 70_013, 70_014] {
        let receiver = Receiver::new([Reply::code(code)]).await;
        let (client, _) = client(&receiver);
        let error = client.get_group_attr(&GroupIdOnly { group_id: "r".into() }).await;
        assert_eq!(error.unwrap_err().code().map(|code| code.0), Some(code));
        assert_eq!(receiver.requests().len(), 1, "{code}");
    }
}
