//! What an operator sees: metrics, readiness, and an orderly stop.

use serde_json::json;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;

use crate::clients::{PATIENCE, World, http};

/// Status and body of an answer to an operator's tool.
async fn get(world: &World, path: &str) -> (u16, String) {
    get_from(&world.server.operator_url().unwrap(), path).await
}

async fn get_from(base: &str, path: &str) -> (u16, String) {
    let url = format!("{base}{path}");
    let answer = http().get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The status with which the gateway refuses a connection.
async fn refused_status(gateway: String) -> u16 {
    match connect_async(gateway).await {
        Err(Error::Http(answer)) => answer.status().as_u16(),
        other => unreachable!("the connection has to be refused: {other:?}"),
    }
}

#[tokio::test]
async fn metrics_count_messages_and_calls_and_name_nobody() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("viewer_of_metrics").await;
    world.say(1, "one").await;
    world.say(1, "one").await;
    viewer.texts(1).await;
    let absent = json!({"GroupId": "absent"});
    world.refused("group_open_http_svc/get_online_member_num", absent).await;
    world.refused("group_open_http_svc/made_up_command", json!({})).await;

    let (status, text) = get(&world, "/metrics").await;
    assert_eq!(status, 200);
    for line in [
        "liveroom_messages_accepted_total 1",
        "liveroom_messages_repeated_total 1",
        "liveroom_connections_opened_total 1",
        "liveroom_open_connections 1",
        "liveroom_rooms_in_memory 1",
        "liveroom_online_members 1",
        r#"liveroom_rest_calls_total{command="send_group_msg",result="ok"} 2"#,
        r#"liveroom_rest_calls_total{command="get_online_member_num",result="refused_group"} 1"#,
        r#"liveroom_rest_calls_total{command="other",result="refused_group"} 1"#,
        r#"liveroom_rest_call_duration_seconds_count{command="send_group_msg"} 2"#,
    ] {
        assert!(text.lines().any(|each| each == line), "{line} is missing from\n{text}");
    }
    assert!(!text.contains("made_up_command"), "a caller cannot make labels");
    assert!(!text.contains("viewer_of_metrics"), "nobody is named");
}

#[tokio::test]
async fn a_service_that_drains_says_so_before_it_is_gone() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("viewer").await;
    assert_eq!(get(&world, "/healthz").await, (200, "ok".to_owned()));
    assert_eq!(get(&world, "/readyz").await, (200, "ready".to_owned()));

    world.server.drain();
    let (told, _) = viewer.close_code().await;
    assert_eq!(told.last().unwrap()["t"], "shutting_down");
    assert_eq!(get(&world, "/readyz").await, (503, "the service stops".to_owned()));
    assert_eq!(refused_status(world.server.gateway_url()).await, 503);
    assert_eq!(get(&world, "/healthz").await.0, 200, "the process is well");
    world.say(1, "calls are still answered").await;

    let address = world.server.address();
    world.server.shutdown().await;
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn what_an_operator_asks_is_answered_to_nobody_else() {
    let world = World::with_room().await;
    let public = world.server.rest_url();
    for path in ["/readyz", "/metrics"] {
        assert_eq!(get(&world, path).await.0, 200, "{path}");
        assert_eq!(get_from(&public, path).await.0, 404, "{path}");
    }
    assert_eq!(get_from(&public, "/healthz").await, (200, "ok".to_owned()), "for balancers");
    let operator = world.server.operator_url().unwrap();
    assert_eq!(get_from(&operator, "/v4/openim/querystate").await.0, 404, "no calls there");
}

/// Another process holds the lock for writing for as long as it likes.
#[tokio::test]
async fn whoever_asks_whether_the_service_is_ready_waits_for_no_write() {
    let world = World::with_room().await;
    let options = SqliteConnectOptions::new().filename(world.dir.path().join("chat.db"));
    let mut writer = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut writer).await.unwrap();
    let asking = (0..20).map(|_| get(&world, "/readyz"));
    let answers = futures_util::future::join_all(asking).await;
    let late = |answer: &(u16, String)| answer.1 == "the database does not answer in time";
    assert!(answers.iter().all(|answer| answer.0 == 200 || late(answer)), "{answers:?}");
    let unready = async { while get(&world, "/readyz").await.0 == 200 {} };
    timeout(PATIENCE, unready).await.expect("it is found out that nothing can be written");
    sqlx::query("ROLLBACK").execute(&mut writer).await.unwrap();
    let ready = async { while get(&world, "/readyz").await.0 != 200 {} };
    timeout(PATIENCE, ready).await.expect("and that it can again");
}

#[tokio::test]
async fn a_call_that_runs_when_the_service_stops_is_answered() {
    let world = World::with_room().await;
    let address = world.server.address();
    let body = json!({"GroupIdList": ["r"]}).to_string();
    let head = format!(
        "POST /v4/group_open_http_svc/get_group_info?{} HTTP/1.1\r\nHost: liveroom\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        world.query("administrator"),
        body.len()
    );
    let mut call = BufReader::new(TcpStream::connect(address).await.unwrap());
    call.write_all(head.as_bytes()).await.unwrap();
    let mut asked_for_body = String::new();
    timeout(PATIENCE, call.read_line(&mut asked_for_body)).await.unwrap().unwrap();
    assert!(asked_for_body.contains("100 Continue"), "{asked_for_body}");

    let World { server, dir: _dir, .. } = world;
    let stop = tokio::spawn(server.shutdown());
    let closed = async { while TcpStream::connect(address).await.is_ok() {} };
    timeout(PATIENCE, closed).await.expect("the listener closes");
    call.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, call.read_to_string(&mut answer)).await.expect("an answer").unwrap();
    assert!(answer.contains("\"ActionStatus\":\"OK\""), "{answer}");
    timeout(PATIENCE, stop).await.expect("the stop").unwrap();
}

#[tokio::test]
async fn a_connection_over_the_limit_is_refused_until_another_has_gone() {
    let world = World::configured(|config| config.max_connections = 1).await;
    // It had come before the only place was taken, and is told when it wants it.
    let mut late = world.connect().await;
    let mut first = world.signed_in("first").await;
    assert_eq!(refused_status(world.server.gateway_url()).await, 503);
    let answer = late.login(&world, "late", &world.sig("late")).await;
    assert_eq!((&answer["t"], &answer["code"]), (&"error".into(), &10002.into()));
    assert!(answer["retry_after_ms"].is_number());
    assert_eq!(late.close_code().await.1, 1013, "it may come back");
    assert_eq!(world.server.counts().connections_turned_away, 2);
    first.raw(r#"{"t":"logout","id":9}"#).await;
    first.close_code().await;
    let free = async {
        loop {
            let Ok((socket, _)) = connect_async(world.server.gateway_url()).await else { continue };
            drop(socket);
            return;
        }
    };
    timeout(PATIENCE, free).await.expect("a place is free again");
    world.signed_in("next").await;
}
