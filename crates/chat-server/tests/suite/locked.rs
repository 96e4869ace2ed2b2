//! A database that somebody else has locked: a backup, a repair, a slow tool.

use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Executor};

use crate::clients::World;
use crate::watcher::{Watcher, say};

/// Another program that writes and does not end.
struct Lock(SqliteConnection);

impl Lock {
    async fn take(world: &World) -> Self {
        let path = world.dir.path().join(chat_server::storage::DATABASE_FILE);
        let options = SqliteConnectOptions::new().filename(path);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        connection.execute("BEGIN IMMEDIATE").await.unwrap();
        Self(connection)
    }

    async fn release(mut self) {
        self.0.execute("ROLLBACK").await.unwrap();
        self.0.close().await.unwrap();
    }
}

async fn make_room(world: &World, group_id: &str) {
    world.clock.advance(1);
    let group = json!({"Type": "AVChatRoom", "Name": group_id, "GroupId": group_id});
    world.ok("group_open_http_svc/create_group", group).await;
}

#[tokio::test]
async fn a_room_that_gets_no_numbers_holds_up_no_message_in_another_room() {
    let world = World::with_room().await;
    make_room(&world, "new").await;
    let mut sender = Watcher::enter(&world, "sender").await;
    sender.join("new", None).await;
    let mut reader = Watcher::enter(&world, "reader").await;
    assert_eq!(sender.ask(say("r", "Normal", "has numbers")).await["delivery"], "delivered");

    let lock = Lock::take(&world).await;
    let waits = sender.request(say("new", "Normal", "waits")).await;
    let goes = sender.request(say("r", "Normal", "goes")).await;
    assert_eq!(sender.answer_to(goes).await["delivery"], "delivered");
    reader.hear_until(|reader| reader.r().has_text("goes")).await;
    let again = sender.ask(say("r", "Normal", "goes")).await;
    assert_eq!(again["seq"], 2, "its repeat is known");
    lock.release().await;
    assert_eq!(sender.answer_to(waits).await["delivery"], "delivered");
}
