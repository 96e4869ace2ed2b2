use chat_server::storage::Storage;
use serde_json::json;
use std::net::TcpStream;

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
    let storage = Storage::open(copy.path()).await.unwrap();
    let stored = storage.group(world.app.sdk_app_id, "r").await.unwrap().unwrap();
    assert!(u64::from(stored.seq_reserved) >= last, "the next start goes on above {last}");
}

#[tokio::test]
async fn opening_the_data_folder_twice_runs_the_migrations_once() {
    let dir = tempfile::tempdir().unwrap();
    let first = Storage::open(dir.path()).await.unwrap();
    let second = Storage::open(dir.path()).await.unwrap();
    assert!(second.applications().await.unwrap().is_empty());
    first.close().await;
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_database_because_it_holds_keys() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new().await;
    let path = world.dir.path().join(chat_server::storage::DATABASE_FILE);
    let mode = std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "mode {mode:o}");
}
