//! What the first start creates: one application, its `product` field, a host, a viewer, a room
//! with a product. A later start finds it and changes nothing.

use chat_server::application;
use chat_server::clock::{Clock, SystemClock};
use chat_server::storage::{Error, NewGroup, Storage, StoredApplication};
use chat_types::code::{ApiError, Code};
use chat_types::group::CustomFields;
use live_core::product_slot::FIELD;
use live_core::view::ProductView;

pub(crate) const APP_NAME: &str = "Liveroom demo";
pub(crate) const GROUP_ID: &str = "demo";
pub(crate) const HOST: &str = "host";
pub(crate) const VIEWER: &str = "viewer";
const ROOM_NAME: &str = "The evening kiln";

/// The demo application; made together with everything in it when it is not there yet.
pub(crate) async fn ensure(storage: &Storage, crowd: u32) -> Result<StoredApplication, ApiError> {
    let found = storage.applications().await.map_err(failed)?;
    let app = match found.into_iter().find(|app| app.name == APP_NAME) {
        Some(app) => app,
        None => application::create(storage, &SystemClock, APP_NAME).await?,
    };
    let id = app.sdk_app_id;
    // On every start: an earlier one may have been cut off before it came this far.
    storage.insert_field(id, FIELD).await.map_err(failed)?;
    let now_s = SystemClock.now_s();
    if storage.group(id, GROUP_ID).await.map_err(failed)?.is_none() {
        for (user, nick) in [(HOST, "The kiln"), (VIEWER, "Viewer")] {
            storage.upsert_account(id, user, Some(nick), None, now_s).await.map_err(failed)?;
        }
        storage.insert_group(id, &room()?, now_s).await.map_err(failed)?;
    }
    for viewer in 0..crowd {
        let (user, nick) = (crowd::viewer_id(viewer), crowd::viewer_nick(viewer));
        if storage.account_nick(id, &user).await.map_err(failed)?.as_ref() == Some(&nick) {
            continue;
        }
        storage.upsert_account(id, &user, Some(&nick), None, now_s).await.map_err(failed)?;
    }
    Ok(app)
}

fn room() -> Result<NewGroup, ApiError> {
    let product = ProductView {
        id: "cup".into(),
        title: "Ceramic cup, ash glaze".into(),
        price_minor: 3900,
        currency: "CNY".into(),
        picture: "demo:cup".into(),
        ends_at_s: 0.0,
    };
    let product = serde_json::to_string(&product)
        .map_err(|error| ApiError::new(Code::SERVICE, error.to_string()))?;
    Ok(NewGroup {
        group_id: GROUP_ID.into(),
        group_type: "AVChatRoom".into(),
        name: ROOM_NAME.into(),
        introduction: "Cups, bowls and vases from the kiln, every evening.".into(),
        owner: HOST.into(),
        custom_fields: CustomFields::from([(FIELD.to_owned(), product)]),
        ..NewGroup::default()
    })
}

pub(crate) fn failed(error: Error) -> ApiError {
    ApiError::new(Code::SERVICE, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_start_makes_the_room_and_a_later_one_keeps_what_was_changed() {
        let dir = tempfile::tempdir().unwrap();
        let storage = Storage::open(dir.path()).await.unwrap();
        let first = ensure(&storage, 2).await.unwrap();
        let group = storage.group(first.sdk_app_id, GROUP_ID).await.unwrap().unwrap();
        assert_eq!(group.owner, HOST);
        let product = live_core::product_slot::parse(&group.custom_fields[FIELD]).unwrap();
        assert_eq!(product.id, "cup", "the slot has something to show from the start");

        let renamed = chat_server::storage::GroupPatch {
            name: Some("Mine now".into()),
            ..Default::default()
        };
        storage.update_group(first.sdk_app_id, GROUP_ID, &renamed, 1).await.unwrap();
        let second = ensure(&storage, 2).await.unwrap();
        assert_eq!(second.sdk_app_id, first.sdk_app_id, "no second application");
        assert!(second.key == first.key, "UserSigs made before stay valid");
        let group = storage.group(first.sdk_app_id, GROUP_ID).await.unwrap().unwrap();
        assert_eq!(group.name, "Mine now");
    }
}
