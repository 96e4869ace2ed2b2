use chat_server::storage::{self, DATABASE_FILE};
use chat_server::{Server, ServerConfig};
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use crate::clients::World;

#[tokio::test]
async fn a_stop_tells_every_client_and_lets_the_port_go() {
    let world = World::with_room().await;
    let mut viewer = world.in_room("a").await;
    let address = world.server.address();
    let (told, ()) = tokio::join!(viewer.close_code(), world.server.shutdown());
    let (frames, code) = told;
    assert_eq!(frames.last().unwrap()["t"], "shutting_down");
    assert_eq!(code, 1001);
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_restart_keeps_rooms_fields_and_accounts_and_goes_on_counting() {
    let world = World::with_room().await;
    let field = json!({"GroupId": "r", "AppDefinedData": [{"Key": "product", "Value": "cup"}]});
    world.ok("group_open_http_svc/modify_group_base_info", field).await;
    assert_eq!(world.say(1, "one").await["MsgSeq"], 1);
    let world = world.restarted().await;
    let mut viewer = world.signed_in("a").await;
    let joined = viewer.ask(json!({"t": "join", "group_id": "r", "after_seq": 0})).await;
    assert_eq!(joined["group"]["custom_fields"]["product"], "cup");
    assert_eq!(joined["group"]["owner_nick"], "The host");
    assert_eq!(joined["last_seq"], 1);
    assert_eq!(joined["messages"], json!([]), "room messages do not outlive the service");
    assert_eq!(world.say(2, "two").await["MsgSeq"], 2, "no gap after an orderly stop");
}

#[tokio::test]
async fn after_a_crash_a_sequence_number_is_skipped_but_never_used_twice() {
    let world = World::with_room().await;
    let last = world.say(1, "one").await["MsgSeq"].as_u64().unwrap();
    // A crash is a stop without the orderly part: what storage holds at this moment is what the
    // next start finds.
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(world.dir.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let after_crash = world.on_copy(copy).await;
    let next = after_crash.say(2, "two").await["MsgSeq"].as_u64().unwrap();
    assert!(next > last, "the next start goes on above {last}, not with {next}");
}

#[tokio::test]
async fn a_second_service_on_the_same_data_is_refused_until_the_first_has_ended() {
    let world = World::with_room().await;
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let config = || ServerConfig::new(listen, world.dir.path().to_owned());
    let refused = Server::start(config()).await.err().expect("two would split the rooms");
    assert!(refused.to_string().contains("stop it first"), "{refused}");
    world.server.shutdown().await;
    Server::start(config()).await.unwrap().shutdown().await;
}

#[tokio::test]
async fn a_client_that_has_not_signed_in_yet_is_told_of_the_stop_too() {
    let world = World::new().await;
    let mut client = world.connect().await;
    let (told, ()) = tokio::join!(client.close_code(), world.server.shutdown());
    assert_eq!(told.0.last().unwrap()["t"], "shutting_down");
    assert_eq!(told.1, 1001);
}

#[tokio::test]
async fn opening_the_data_folder_twice_runs_the_migrations_once() {
    let dir = tempfile::tempdir().unwrap();
    let first = storage::open(dir.path()).await.unwrap();
    let second = storage::open(dir.path()).await.unwrap();
    assert!(second.applications().await.unwrap().is_empty());
    first.close().await;
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_database_because_it_holds_keys() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new().await;
    let mut seen = 0;
    for entry in std::fs::read_dir(world.dir.path()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().starts_with(DATABASE_FILE) {
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{:?} has mode {mode:o}", entry.file_name());
            seen += 1;
        }
    }
    assert!(seen >= 2, "the write-ahead log holds keys too");
}
