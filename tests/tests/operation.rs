//! What an operator gets from the `liveroom` process: its log and its configuration.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

use acceptance::gateway::Client;
use acceptance::liveroom::{self, Service};
use acceptance::rest::{Administrator, http};
use serde_json::{Value, json};
use std::fs::File;

#[tokio::test]
async fn the_log_is_json_and_holds_no_secret_whatever_the_caller_did() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let printed = liveroom::print(["app", "create", "--name", "shop", "--data-dir", path]).await;
    let app: Value = serde_json::from_str(&printed).unwrap();
    let log = dir.path().join("service.log");
    let words = ["--log-format", "json", "--log-filter", "debug"];
    let file = File::create(&log).unwrap();
    let service = Service::configured(dir.path(), &words, file, |_| {}).await;
    let admin = Administrator::of(&service.rest, &app).await;

    // Signed by the right key for another account than the one that uses it.
    let foreign_sig = admin.user_sig("somebody").await;
    let user_sig = admin.user_sig("viewer").await;
    admin.ok("im_open_login_svc/account_import", json!({"UserID": "viewer"})).await;
    let refused = admin.call("group_open_http_svc/destroy_group", json!({"GroupId": "x"})).await;
    assert_eq!(refused["ErrorCode"], 10015);
    let query =
        format!("sdkappid={}&identifier=administrator&usersig={foreign_sig}", app["sdk_app_id"]);
    for path in ["v4/openim/sendmsg", "v4/nowhere", "nowhere"] {
        let url = format!("{}/{path}?{query}", service.rest);
        let answer = http().post(url).body("{}").send().await.unwrap();
        assert_ne!(answer.json::<Value>().await.unwrap()["ErrorCode"], 0);
    }
    let mut client = Client::connect(&service.gateway).await;
    assert_eq!(client.login(admin.sdk_app_id, "viewer", &user_sig).await["t"], "login_ok");
    let mut intruder = Client::connect(&service.gateway).await;
    assert_eq!(intruder.login(admin.sdk_app_id, "viewer", &foreign_sig).await["t"], "error");
    service.terminate().await;

    let log = std::fs::read_to_string(log).unwrap();
    let events: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    for message in ["service listens", "call refused", "service stopped"] {
        assert!(events.iter().any(|event| event["message"] == message), "{message} is not logged");
    }
    let stopped = events.last().unwrap();
    assert_eq!(stopped["level"], "INFO");
    assert!(stopped["timestamp"].is_string());
    for (figure, count) in
        [("connections_opened", 2), ("messages_accepted", 0), ("copies_missed_slow_reader", 0)]
    {
        assert_eq!(stopped[figure], count, "{figure}");
    }
    for secret in [&admin.key, &user_sig, &foreign_sig] {
        assert!(!log.contains(secret.as_str()), "a secret is in the log");
    }
}

#[tokio::test]
async fn a_service_that_cannot_start_says_why_whatever_the_log_filter() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path()).await;
    let path = dir.path().to_str().unwrap();
    let words = ["serve", "--listen", "127.0.0.1:0", "--log-filter", "off", "--data-dir", path];
    let said = liveroom::complaint(words.into_iter().chain(["--log-format", "json"])).await;
    let event: Value = serde_json::from_str(&said).expect("one JSON object");
    assert_eq!((&event["level"], &event["message"]), (&json!("ERROR"), &json!("command failed")));
    assert!(event["timestamp"].is_string());
    let why = event["error"].as_str().unwrap();
    assert_eq!(liveroom::complaint(words).await, format!("liveroom: {why}\n"));
    service.terminate().await;
}

#[tokio::test]
async fn a_log_for_people_has_no_colours_in_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("service.log");
    let file = File::create(&log).unwrap();
    Service::configured(dir.path(), &[], file, |_| {}).await.terminate().await;
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("service stopped") && !log.contains('\x1b'), "{log}");
}

#[tokio::test]
async fn a_wrong_variable_is_named_and_an_empty_one_counts_for_none() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let serve = ["serve", "--data-dir", path];
    for (variable, value) in [
        ("LIVEROOM_LISTEN", "everywhere"),
        ("LIVEROOM_LOG", "verbose"),
        ("LIVEROOM_LOG_FORMAT", "xml"),
        ("LIVEROOM_HEARTBEAT_S", "0"),
    ] {
        let output = liveroom::run_with(serve, [(variable, value)]).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(variable), "{said}");
        assert!(said.contains(value), "{said}");
    }
    // The flag is at fault, and the variable is not even read.
    let output = liveroom::run_with(
        ["serve", "--data-dir", path, "--listen=nowhere"],
        [("LIVEROOM_LISTEN", "everywhere")],
    );
    let said = String::from_utf8(output.await.stderr).unwrap();
    assert!(said.contains("nowhere") && !said.contains("LIVEROOM_LISTEN"), "{said}");

    let create = ["app", "create", "--name", "shop", "--data-dir", path];
    let output = liveroom::run_with(create, [("LIVEROOM_LOG", "bogus")]).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("LIVEROOM_LOG"), "{said}");
    let output = liveroom::run_with(create, [("LIVEROOM_LOG", "")]).await;
    assert!(output.status.success());

    let service = Service::configured(dir.path(), &[], std::process::Stdio::null(), |command| {
        for variable in ["LIVEROOM_CONFIG", "LIVEROOM_HEARTBEAT_S", "LIVEROOM_LOG"] {
            command.env(variable, "");
        }
    });
    service.await.terminate().await;
}

#[tokio::test]
async fn a_user_sig_is_made_with_a_key_from_the_environment_and_not_without_one() {
    let words = ["usersig", "--sdk-app-id", "1400000001", "--user", "viewer"];
    let output = liveroom::run_with(words, [("LIVEROOM_KEY", "sesame")]).await;
    assert!(output.status.success() && !output.stdout.is_empty());
    let help = liveroom::run_with(["usersig", "--help"], [("LIVEROOM_KEY", "sesame")]).await;
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("LIVEROOM_KEY") && !help.contains("sesame"), "{help}");
    let output = liveroom::run_with(words, [("LIVEROOM_KEY", "")]).await;
    assert!(String::from_utf8(output.stderr).unwrap().contains("--key"));
    let said = liveroom::complaint(words.into_iter().chain(["--key", ""])).await;
    assert!(said.contains("key is empty"), "{said}");
    for flags in [["--sdk-app-id", "0", "--expire", "1"], ["--sdk-app-id", "1", "--expire", "0"]] {
        let words = ["usersig", "--user", "viewer", "--key", "sesame"].into_iter().chain(flags);
        let said = liveroom::complaint(words).await;
        assert!(said.contains("0 is not in 1.."), "{said}");
    }
}

#[tokio::test]
async fn a_flag_outweighs_a_variable_and_a_variable_outweighs_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("liveroom.toml");
    std::fs::write(&file, "listen = \"0.0.0.0:1\"\nheartbeat-s = 7\nlogin-timeout-s = 8").unwrap();
    let data = dir.path().join("data");
    let path = data.to_str().unwrap();
    let printed = liveroom::print(["app", "create", "--name", "shop", "--data-dir", path]).await;
    let app: Value = serde_json::from_str(&printed).unwrap();
    let null = std::process::Stdio::null;
    for (variable, heartbeat) in [(None, 7), (Some("11"), 11)] {
        let service = Service::configured(&data, &[], null(), |command| {
            command.env("LIVEROOM_CONFIG", &file);
            if let Some(seconds) = variable {
                command.env("LIVEROOM_HEARTBEAT_S", seconds);
            }
        })
        .await;
        assert!(service.rest.starts_with("http://127.0.0.1:"), "the flag outweighs the file");
        let admin = Administrator::of(&service.rest, &app).await;
        let mut client = Client::connect(&service.gateway).await;
        let sig = admin.user_sig("viewer").await;
        let answer = client.login(admin.sdk_app_id, "viewer", &sig).await;
        assert_eq!(answer["heartbeat_s"], heartbeat);
        service.terminate().await;
    }

    let wrong = dir.path().join("wrong.toml");
    std::fs::write(&wrong, "hearbeat-s = 7").unwrap();
    let wrong = wrong.to_str().unwrap();
    let said = liveroom::complaint(["serve", "--config", wrong, "--data-dir", path]).await;
    assert!(said.contains("hearbeat-s") && said.contains("wrong.toml"), "{said}");
}
