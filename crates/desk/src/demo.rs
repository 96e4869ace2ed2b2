//! What the first start creates: one application, a host, a viewer, and their room. A later start
//! finds it and changes nothing.

use chat_server::application::{self, Application, Edition};
use chat_server::clock::{Clock, SystemClock};
use chat_server::storage::{AccountPatch, Error, Storage, StoredGroup};
use chat_types::code::{ApiError, Code};
use chat_types::group::GroupType;

pub(crate) const APP_NAME: &str = "Liveroom demo";
pub(crate) const GROUP_ID: &str = "demo";
pub(crate) const HOST: &str = "host";
pub(crate) const HOST_NAME: &str = "The kiln";
const ASSISTANT_NAME: &str = "Assistant";
pub(crate) const VIEWER: &str = "viewer";
pub(crate) const VIEWER_NAME: &str = "Viewer";
/// What is in the slot at first, of the built-in catalogue.
pub(crate) const PRODUCT: &str = "cup";
pub(crate) const ROOM_NAME: &str = "The evening kiln";

/// Switches of the console that the demo has on, so that nothing has to be set up to try them.
const SWITCHES: [&str; 4] = ["broadcast", "online_member_list", "ban_members", "room_history"];

/// The demo application; made together with everything in it when it is not there yet.
pub(crate) async fn ensure(storage: &dyn Storage, crowd: u32) -> Result<Application, ApiError> {
    let found = application::list(storage).await?;
    let app = match found.into_iter().find(|app| app.name == APP_NAME) {
        Some(app) => app,
        None => {
            let app =
                application::create(storage, &SystemClock, APP_NAME, Edition::Ultimate).await?;
            for name in SWITCHES {
                application::set_setting(storage, app.sdk_app_id, name, "on").await?;
            }
            app
        }
    };
    let id = app.sdk_app_id;
    let now_s = SystemClock.now_s();
    let mut accounts: Vec<AccountPatch> = (0..crowd)
        .map(|viewer| named(&crowd::viewer_id(viewer), &crowd::viewer_nick(viewer)))
        .collect();
    let is_new = storage.group(id, GROUP_ID).await.map_err(failed)?.is_none();
    if is_new {
        accounts.extend([
            named(HOST, HOST_NAME),
            named(VIEWER, VIEWER_NAME),
            named(embedded::ASSISTANT, ASSISTANT_NAME),
        ]);
    }
    // Before the room, whose presence says that they are there.
    storage.put_accounts(id, &accounts, now_s).await.map_err(failed)?;
    if is_new {
        storage.insert_group(id, &room(now_s)).await.map_err(failed)?;
    }
    Ok(app)
}

fn named(user: &str, nick: &str) -> AccountPatch {
    AccountPatch { user_id: user.into(), nick: Some(nick.into()), ..AccountPatch::default() }
}

fn room(now_s: u64) -> StoredGroup {
    let now_s = u32::try_from(now_s).unwrap_or(u32::MAX);
    let mut group = StoredGroup::new(GROUP_ID, GroupType::AVChatRoom, now_s);
    group.name = ROOM_NAME.into();
    group.introduction = "Cups, bowls and vases from the kiln, every evening.".into();
    group.owner = HOST.into();
    group
}

pub(crate) fn failed(error: Error) -> ApiError {
    ApiError::new(Code::SERVICE, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_server::storage::GroupChange;

    #[tokio::test]
    async fn the_first_start_makes_the_room_and_a_later_one_keeps_what_was_changed() {
        let dir = tempfile::tempdir().unwrap();
        let storage = chat_server::storage::open(dir.path()).await.unwrap();
        let first = ensure(&*storage, 2).await.unwrap();
        let group = storage.group(first.sdk_app_id, GROUP_ID).await.unwrap().unwrap();
        assert_eq!(group.owner, HOST);

        let renamed = chat_server::storage::GroupPatch {
            name: Some("Mine now".into()),
            ..Default::default()
        };
        let renamed = [GroupChange::Profile(renamed)];
        assert!(storage.change_group(first.sdk_app_id, GROUP_ID, &renamed, 1).await.unwrap());
        let second = ensure(&*storage, 2).await.unwrap();
        assert_eq!(second.sdk_app_id, first.sdk_app_id, "no second application");
        assert!(second.key == first.key, "UserSigs made before stay valid");
        let group = storage.group(first.sdk_app_id, GROUP_ID).await.unwrap().unwrap();
        assert_eq!(group.name, "Mine now");
    }
}
