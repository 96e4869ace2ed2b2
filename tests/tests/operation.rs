//! What an operator gets from the `liveroom` process: its log and its configuration.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

use acceptance::PATIENCE;
use acceptance::gateway::Client;
use acceptance::liveroom::{self, Service};
use acceptance::rest::{Administrator, http, https};
use serde_json::{Value, json};
use std::time::Duration;
use tls_transport::testing::Authority;
use tokio::time::{interval, timeout};

#[tokio::test]
async fn the_log_is_json_and_holds_no_secret_whatever_the_caller_did() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let printed = liveroom::print(["app", "create", "--name", "shop", "--data-dir", path]).await;
    let app: Value = serde_json::from_str(&printed).unwrap();
    let log = dir.path().join("service.log");
    let words = ["--log-format", "json", "--log-filter", "debug"];
    let file = liveroom::log_file(&log);
    let service = Service::configured(dir.path(), &words, Some(file), |_| {}).await;
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
    let file = liveroom::log_file(&log);
    Service::configured(dir.path(), &[], Some(file), |_| {}).await.terminate().await;
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

    let service = Service::configured(dir.path(), &[], None, |command| {
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
async fn the_business_service_refuses_to_start_where_anybody_could_speak_for_others() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let alone = [
        "serve",
        "--data-dir",
        path,
        "--only",
        "business",
        "--chat-url",
        "http://127.0.0.1:1",
        "--sdk-app-id",
        "1400000001",
        "--key",
        "any key will do",
    ];
    let refused =
        async |more: &[&str]| liveroom::complaint(alone.iter().chain(more).copied()).await;
    let said = refused(&["--business-listen", "127.0.0.1:0"]).await;
    assert!(said.contains("--webhook-token"), "{said}");
    let open = ["--development", "on", "--insecure-plain-text", "on"];
    let said = refused(&[&open[..], &["--business-listen", "0.0.0.0:0"]].concat()).await;
    assert!(said.contains("--development anywhere"), "{said}");
    let behind = ["--development", "on", "--trusted-proxies", "127.0.0.1"];
    let said = refused(&[&behind[..], &["--business-listen", "127.0.0.1:0"]].concat()).await;
    assert!(said.contains("--development anywhere"), "{said}");
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
    for (variable, heartbeat) in [(None, 7), (Some("11"), 11)] {
        let service = Service::configured(&data, &[], None, |command| {
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

#[tokio::test]
async fn with_a_certificate_everything_speaks_tls_and_a_renewed_one_is_shown_without_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let authority = Authority::new();
    let files = authority.issue_to(dir.path(), &["127.0.0.1"]);
    let [cert, key] = [&files.certificate, &files.key].map(|file| file.to_str().unwrap());
    let create = ["app", "create", "--name", "shop", "--edition", "ultimate", "--data-dir", path];
    let app: Value = serde_json::from_str(&liveroom::print(create).await).unwrap();
    let words = ["--development", "on", "--tls-cert", cert, "--tls-key", key];
    let service = Service::both(dir.path(), &words, None, |_| {}).await;
    assert!(service.rest.starts_with("https://"), "{}", service.rest);
    assert!(service.gateway.starts_with("wss://"), "{}", service.gateway);
    assert!(service.business.starts_with("https://"), "{}", service.business);

    let http = https(&authority.trust());
    let post = async |path: &str, token: &str, body: Value| -> Value {
        let url = format!("{}/api/v1{path}", service.business);
        let answer = http.post(url).bearer_auth(token).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path} answered {}", answer.status());
        answer.json().await.unwrap()
    };
    let host = post("/sign-in", "", json!({"name": "h", "user_id": "host", "role": "host"})).await;
    // The business service has the chat service make the group.
    let token = host["token"].as_str().unwrap();
    post("/rooms", token, json!({"room": "r", "title": "Room"})).await;
    let mut host_client = Client::believing(&authority.trust(), &service.gateway).await;
    let sdk_app_id = app["sdk_app_id"].as_u64().unwrap();
    let login = host_client.login(sdk_app_id, "host", host["user_sig"].as_str().unwrap()).await;
    assert_eq!(login["t"], "login_ok", "{login}");
    assert_eq!(host_client.ask(json!({"t": "join", "group_id": "r"})).await["t"], "join_ok");
    assert_eq!(host_client.send_text("r", "1", "hello").await["t"], "send_ok");
    // And the chat service asks the business service, which alone says what a gift is.
    let forged = json!([{"MsgType": "TIMCustomElem", "MsgContent": {
        "Data": r#"{"t":"gift"}"#, "Desc": "", "Ext": "", "Sound": ""}}]);
    let forged = json!({"t": "send", "group_id": "r", "client_id": "2", "elements": forged});
    assert_eq!(host_client.ask(forged).await["code"], 10_101);

    let renewed = Authority::new();
    renewed.issue_to(dir.path(), &["127.0.0.1"]);
    service.hang_up().await;
    let shown = async {
        let mut look = interval(Duration::from_millis(50));
        let health = format!("{}/healthz", service.rest);
        while https(&renewed.trust()).get(&health).send().await.is_err() {
            look.tick().await;
        }
    };
    timeout(PATIENCE, shown).await.expect("the new certificate is shown");
    assert_eq!(host_client.send_text("r", "3", "still here").await["t"], "send_ok");
    assert!(service.terminate().await.0.success());

    let words = ["serve", "--data-dir", path, "--listen", "127.0.0.1:0", "--tls-cert", cert];
    let said = liveroom::complaint(words).await;
    assert!(said.contains("--tls-key is missing"), "{said}");
    let said = liveroom::complaint(words.into_iter().chain(["--tls-key", cert])).await;
    assert!(said.contains("cert.pem holds no private key"), "{said}");
}

#[tokio::test]
async fn with_a_certificate_both_services_may_be_reached_from_other_machines() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let authority = Authority::new();
    let files = authority.issue_to(dir.path(), &["127.0.0.1"]);
    let [cert, key] = [&files.certificate, &files.key].map(|file| file.to_str().unwrap());
    liveroom::print(["app", "create", "--name", "shop", "--data-dir", path]).await;
    let words = ["--listen", "0.0.0.0:0", "--tls-cert", cert, "--tls-key", key];
    let service = Service::both(dir.path(), &words, None, |_| {}).await;
    for base in [&service.rest, &service.business] {
        let here = base.replace("0.0.0.0", "127.0.0.1");
        assert!(here.starts_with("https://127.0.0.1:"), "{base}");
        let answer = https(&authority.trust()).get(format!("{here}/healthz")).send().await;
        assert!(answer.unwrap().status().is_success(), "{base}");
    }
    assert!(service.terminate().await.0.success());
}

/// The port above a free one is somebody else's as often as not.
#[tokio::test]
async fn where_any_port_will_do_it_will_do_for_the_business_service_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    liveroom::print(["app", "create", "--name", "shop", "--data-dir", path]).await;
    let service = Service::both(dir.path(), &[], None, |_| {}).await;
    let port = |base: &str| base.rsplit(':').next().unwrap().parse::<u16>().unwrap();
    assert_ne!(port(&service.rest).wrapping_add(1), port(&service.business));
    assert!(service.terminate().await.0.success());
}

/// The shell lowers the limit for the service alone.
#[cfg(unix)]
#[tokio::test]
async fn with_few_open_files_fewer_clients_are_taken_and_the_service_still_answers() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let printed = liveroom::print(["app", "create", "--name", "shop", "--data-dir", path]).await;
    let app: Value = serde_json::from_str(&printed).unwrap();
    let log = dir.path().join("service.log");
    let words = ["--log-format", "json"];
    let file = liveroom::log_file(&log);
    let service = Service::limited_to_files(dir.path(), 300, &words, file).await;
    // More than it may have files: they say nothing, and make way for whoever does.
    let address = service.rest.trim_start_matches("http://").to_owned();
    let mut idle = Vec::new();
    for _ in 0..600 {
        idle.push(tokio::net::TcpStream::connect(&address).await.unwrap());
    }
    let admin = Administrator::of(&service.rest, &app).await;
    admin.ok("im_open_login_svc/account_import", json!({"UserID": "viewer"})).await;
    let user_sig = admin.user_sig("viewer").await;
    let mut client = Client::connect(&service.gateway).await;
    assert_eq!(client.login(admin.sdk_app_id, "viewer", &user_sig).await["t"], "login_ok");
    service.terminate().await;
    let log = std::fs::read_to_string(log).unwrap();
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = events.iter().find(|event| event["open_files"] == 300).expect("it is said");
    assert_eq!((&told["wanted"], &told["needed"]), (&json!(20_000), &json!(26_100)));
    assert!(told["max_connections"].as_u64().unwrap() < 300, "{told}");
}
