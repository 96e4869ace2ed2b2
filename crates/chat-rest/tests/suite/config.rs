//! What a client can be made from.

use chat_rest::{Client, Config, Error, Outcome, Region, RetryPolicy, Secret, Timeouts};
use std::time::Duration;

fn config(base_url: &str) -> Config {
    Config::new(base_url, 1_400_000_001, Secret::new("the secret key"))
}

fn refusal(config: Config) -> String {
    let error = Client::new(config).unwrap_err();
    assert!(matches!(error, Error::Config(_)), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unauthorized);
    error.to_string()
}

#[test]
fn an_address_is_a_scheme_and_a_host_and_perhaps_a_path() {
    for right in ["http://127.0.0.1:8090", "http://chat.example/", "http://proxy.example/chat/"] {
        let client = Client::new(config(right)).unwrap();
        assert!(format!("{client:?}").contains(right.trim_end_matches('/')));
    }
    for wrong in [
        "",
        "chat.example",
        "ftp://chat.example",
        "http://",
        "http://name:x7Kq@chat.example",
        "http://chat.example?sdkappid=1",
        "http://chat.example#top",
    ] {
        let sentence = refusal(config(wrong));
        assert!(sentence.contains("http://host:port"), "{wrong}: {sentence}");
        assert!(!sentence.contains("x7Kq"), "a password stays out of {sentence}");
    }
    let backup_url = Some("backup.example".to_owned());
    refusal(Config { backup_url, ..config("http://chat.example") });
}

#[test]
fn limits_that_make_no_sense_are_refused_with_usual_ones() {
    let base = || config("http://chat.example");
    let timeouts = |connect, answer| Timeouts {
        connect: Duration::from_secs(connect),
        answer: Duration::from_secs(answer),
    };
    let retry = RetryPolicy::default();
    for wrong in [
        Config { user_sig_lifetime: Duration::from_secs(59), ..base() },
        Config { timeouts: timeouts(0, 6), ..base() },
        Config { timeouts: timeouts(2, 0), ..base() },
        Config { timeouts: timeouts(2, 61), ..base() },
        Config { retry: RetryPolicy { attempts: 0, ..retry }, ..base() },
        Config { retry: RetryPolicy { total: Duration::from_secs(181), ..retry }, ..base() },
    ] {
        refusal(wrong);
    }
}

#[test]
fn an_empty_key_is_found_before_the_first_call() {
    let error = Client::new(Config { key: Secret::new(""), ..config("http://chat.example") });
    assert!(matches!(error, Err(Error::UserSig(_))));
}

#[test]
fn nothing_shows_the_key() {
    let config = config("http://chat.example");
    let client = Client::new(config.clone()).unwrap();
    for shown in [format!("{config:?}"), format!("{client:?}"), format!("{:?}", config.key)] {
        assert!(!shown.contains("the secret key"), "{shown}");
    }
}

#[test]
fn every_region_has_a_host_of_its_own_and_all_but_tokyo_a_backup() {
    let key = || Secret::new("key");
    let mut hosts: Vec<String> = Vec::new();
    for region in Region::ALL {
        let config = Config::of_region(region, 1_400_000_001, key());
        assert_eq!(config.base_url, format!("https://{}", region.host()));
        assert_eq!(config.backup_url.is_none(), region == Region::Tokyo);
        hosts.extend(config.backup_url);
        hosts.push(config.base_url);
    }
    assert_eq!(hosts.len(), 15);
    hosts.sort();
    hosts.dedup();
    assert_eq!(hosts.len(), 15);
    assert_eq!(Region::China.host(), "console.tim.qq.com");
    assert_eq!(Region::SiliconValley.backup_host(), Some("adminapiusa.my-imcloud.com"));
}
