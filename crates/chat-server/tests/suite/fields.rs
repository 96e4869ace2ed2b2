//! Custom group fields: who may read and write them, and who is told.

use chat_server::application::{self, NewField, Right};
use serde_json::{Value, json};

use crate::clients::{Client, World};

const GROUPS: &str = "group_open_http_svc";

/// A room `r` of `host`, with the administrator `helper`, and one field for each pair of rights.
async fn world(fields: &[(&str, Right, Right)]) -> World {
    let world = World::with_room().await;
    let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
    for (name, read, write) in fields {
        let field = NewField { read: *read, write: *write, ..NewField::of_rooms(*name) };
        application::add_field(storage, &*world.clock, app, field).await.unwrap();
    }
    world
}

async fn write(client: &mut Client, field: &str, value: &str) -> Value {
    let fields = json!({ field: value });
    client.ask(json!({"t": "modify_group", "group_id": "r", "custom_fields": fields})).await
}

#[tokio::test]
async fn each_member_writes_the_fields_it_may_and_everybody_is_told() {
    let world = world(&[
        ("open", Right::Anyone, Right::Member),
        ("owners", Right::Anyone, Right::Owner),
        ("apps", Right::Anyone, Right::AppAdmin),
    ])
    .await;
    let mut viewer = world.in_room("viewer").await;
    let mut host = world.in_room("host").await;
    assert_eq!(write(&mut viewer, "open", "by a member").await["t"], "done");
    let tip = host.kind("group_info_changed").await;
    assert_eq!(tip["operator"], "viewer");
    let change = json!({"field": "custom", "key": "open", "value": "by a member"});
    assert_eq!(tip["changes"], json!([change]));

    assert_eq!(write(&mut viewer, "owners", "x").await["code"], 10007);
    assert_eq!(write(&mut host, "owners", "by the owner").await["t"], "done");
    assert_eq!(write(&mut host, "apps", "x").await["code"], 10007);
    assert_eq!(write(&mut host, "unknown", "x").await["code"], 10004);
    let long = "x".repeat(513);
    assert_eq!(write(&mut host, "owners", &long).await["code"], 10004);
    let by_app = json!({"GroupId": "r", "AppDefinedData": [{"Key": "apps", "Value": "by REST"}]});
    world.ok(&format!("{GROUPS}/modify_group_base_info"), by_app).await;

    let mut late = world.signed_in("late").await;
    let snapshot = late.ask(json!({"t": "join", "group_id": "r"})).await;
    let fields = json!({"open": "by a member", "owners": "by the owner", "apps": "by REST"});
    assert_eq!(snapshot["group"]["custom_fields"], fields, "a late joiner reads the same");
}

#[tokio::test]
async fn the_profile_itself_is_the_owners_to_change_and_a_stranger_changes_nothing() {
    let world = world(&[]).await;
    let mut viewer = world.in_room("viewer").await;
    let mut host = world.in_room("host").await;
    let rename = json!({"t": "modify_group", "group_id": "r", "name": "Mine"});
    assert_eq!(viewer.ask(rename.clone()).await["code"], 10007);
    assert_eq!(host.ask(rename.clone()).await["t"], "done");
    assert_eq!(viewer.kind("group_info_changed").await["changes"][0]["value"], "Mine");
    let mut stranger = world.signed_in("stranger").await;
    assert_eq!(stranger.ask(rename).await["code"], 9002, "join first");
}

#[tokio::test]
async fn a_field_that_not_everybody_may_read_is_neither_told_nor_shown_to_the_others() {
    let world = world(&[("price", Right::Owner, Right::Owner)]).await;
    let mut viewer = world.in_room("viewer").await;
    let mut admin = world.in_room("administrator").await;
    let mut host = world.in_room("host").await;
    assert_eq!(write(&mut host, "price", "39").await["t"], "done");
    assert_eq!(admin.kind("group_info_changed").await["changes"][0]["key"], "price");
    let also = json!({"t": "modify_group", "group_id": "r", "name": "Seen by all"});
    host.ask(also).await;
    let first = viewer.kind("group_info_changed").await;
    assert_eq!(first["changes"][0]["value"], "Seen by all", "the price did not come before");
    let snapshot = viewer.ask(json!({"t": "join", "group_id": "r"})).await;
    assert_eq!(snapshot["group"]["custom_fields"], json!({}));
    let info = world.ok(&format!("{GROUPS}/get_group_info"), json!({"GroupIdList": ["r"]})).await;
    let shown = &info["GroupInfo"][0]["AppDefinedData"];
    assert_eq!(*shown, json!([{"Key": "price", "Value": "39"}]), "an administrator reads it");
}

#[tokio::test]
async fn rights_and_the_delay_of_a_field_follow_the_configuration_at_once() {
    let world = world(&[("stock", Right::Anyone, Right::AppAdmin)]).await;
    let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
    world.set("field_delay_s", "600").await;
    let path = format!("{GROUPS}/modify_group_base_info");
    let body = json!({"GroupId": "r", "AppDefinedData": [{"Key": "stock", "Value": "3"}]});
    assert_eq!(world.refused(&path, body.clone()).await, 10004, "it does not work yet");
    world.clock.advance(600);
    world.ok(&path, body).await;

    let mut host = world.in_room("host").await;
    assert_eq!(write(&mut host, "stock", "2").await["code"], 10007);
    let write_right = Some(Right::Owner);
    application::set_field_rights(storage, app, "stock", None, write_right).await.unwrap();
    // A REST call looks at the configuration, and so does everybody after it.
    world.ok(&format!("{GROUPS}/get_online_member_num"), json!({"GroupId": "r"})).await;
    assert_eq!(write(&mut host, "stock", "2").await["t"], "done");
}
