//! Profiles of accounts: which tags there are, what each may hold, reading and writing them.

use chat_types::UserId;
use chat_types::code::{ApiError, Code};
use chat_types::rest::{
    MAX_CUSTOM_TAG_KEY, MAX_LOCATION_BYTES, MAX_PROFILE_VALUE_BYTES, PortraitSet, Portraits,
    ProfileItem, UserProfile, tag,
};
use chat_types::webhook::{PortraitChanged, Webhook};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

use super::{Origin, Service, internal};
use crate::application::Application;
use crate::storage::{self, Account, AccountPatch};

/// Custom tags of one account. The cloud bounds them by those that its console has made.
const MAX_CUSTOM_TAGS: usize = 20;

/// What a tag holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// A text of at most so many bytes.
    Text(usize),
    /// One of these words; case counts.
    OneOf(&'static [&'static str]),
    /// A whole number from 0 to 4294967295.
    Number,
}

impl Holds {
    /// What a tag holds; `None` when there is no such tag.
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            tag::NICK | tag::IMAGE | tag::SELF_SIGNATURE => Self::Text(MAX_PROFILE_VALUE_BYTES),
            tag::LOCATION => Self::Text(MAX_LOCATION_BYTES),
            tag::GENDER => {
                Self::OneOf(&["Gender_Type_Unknown", "Gender_Type_Female", "Gender_Type_Male"])
            }
            tag::ALLOW_TYPE => Self::OneOf(&[
                "AllowType_Type_NeedConfirm",
                "AllowType_Type_AllowAny",
                "AllowType_Type_DenyAny",
            ]),
            tag::ADMIN_FORBID_TYPE => {
                Self::OneOf(&["AdminForbid_Type_None", "AdminForbid_Type_SendOut"])
            }
            tag::BIRTHDAY | tag::LANGUAGE | tag::MSG_SETTINGS | tag::LEVEL | tag::ROLE => {
                Self::Number
            }
            custom if is_custom(custom) => Self::Text(MAX_PROFILE_VALUE_BYTES),
            _ => return None,
        })
    }

    fn check(self, name: &str, value: &Value) -> Result<(), ApiError> {
        let wrong_type =
            |wanted| ApiError::new(Code::PROFILE_VALUE_TYPE, format!("{name} has to be {wanted}"));
        match self {
            Self::Number => {
                let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
                number.map(|_| ()).ok_or_else(|| wrong_type("a number from 0 to 4294967295"))
            }
            Self::Text(most) => {
                let bytes = value.as_str().ok_or_else(|| wrong_type("a text"))?.len();
                if bytes > most {
                    return Err(ApiError::new(
                        Code::PROFILE_VALUE_TOO_LONG,
                        format!("{name} has {bytes} bytes; {most} is the most"),
                    ));
                }
                Ok(())
            }
            Self::OneOf(words) => {
                let word = value.as_str().ok_or_else(|| wrong_type("a text"))?;
                if !words.contains(&word) {
                    return Err(ApiError::new(
                        Code::PROFILE_VALUE,
                        format!("{name} has to be one of {}; case counts", words.join(", ")),
                    ));
                }
                Ok(())
            }
        }
    }
}

fn is_custom(name: &str) -> bool {
    name.strip_prefix(tag::CUSTOM_PREFIX).is_some_and(|key| {
        (1..=MAX_CUSTOM_TAG_KEY).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_alphabetic())
    })
}

fn no_such_tag(name: &str) -> ApiError {
    let shown: String = name.chars().take(64).collect();
    ApiError::new(
        Code::PROFILE_TAG_UNKNOWN,
        format!(
            "there is no tag {shown:?}; a custom one is {} and 1 to {MAX_CUSTOM_TAG_KEY} letters",
            tag::CUSTOM_PREFIX
        ),
    )
}

impl Service {
    /// Writes tags of a profile, all of them or none, and tells the application. 40003 when the
    /// account does not exist; 40009, 40601, 40605 and 40610 for the first wrong tag.
    pub(crate) async fn set_portrait(
        &self,
        app: &Application,
        operator: &UserId,
        origin: Origin,
        body: PortraitSet,
    ) -> Result<(), ApiError> {
        let sdk_app_id = app.sdk_app_id;
        let PortraitSet { from_account, profile_item } = body;
        let account = self.account(sdk_app_id, &from_account).await.map_err(failed_inside)?;
        let account = account.ok_or_else(|| no_such_account(&from_account))?;
        let patch = patch(&account, &profile_item)?;
        let patches = std::slice::from_ref(&patch);
        let shown = self.shown_profiles(sdk_app_id, patches).await.map_err(failed_inside)?;
        let stored = self.put_accounts(sdk_app_id, patches).await;
        stored.map_err(|error: storage::Error| failed_inside(internal(error)))?;
        self.show_nicks(sdk_app_id, patches);
        self.show_profiles(sdk_app_id, shown).await;
        let webhook = Webhook::PortraitSet(PortraitChanged {
            from_account,
            operator_account: operator.to_string(),
            profile_item,
            event_time: self.event_time(),
        });
        self.tell(app, origin, &webhook).await;
        Ok(())
    }

    /// The wanted tags of each account, in the order of the request; a tag that was never set is
    /// left out. An account that does not exist has 40003 and stands in `Fail_Account`.
    pub(crate) async fn portraits(
        &self,
        app: &Application,
        users: &[String],
        tags: &[String],
    ) -> Result<Portraits, ApiError> {
        if let Some(unknown) = tags.iter().find(|name| Holds::of(name).is_none()) {
            return Err(no_such_tag(unknown));
        }
        let names: BTreeSet<&str> = users.iter().map(String::as_str).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let found = self.storage.accounts(app.sdk_app_id, &names).await;
        let found = found.map_err(|error| failed_inside(internal(error)))?;
        let found: HashMap<&str, &Account> =
            found.iter().map(|account| (account.user_id.as_str(), account)).collect();
        let mut portraits = Portraits::default();
        for user in users {
            let to_account = user.clone();
            let profile = match found.get(user.as_str()) {
                Some(account) => UserProfile {
                    to_account,
                    profile_item: Some(values(account, tags)),
                    ..UserProfile::default()
                },
                None => {
                    portraits.fail_account.push(user.clone());
                    let ApiError { code, info, .. } = no_such_account(user);
                    let (result_code, result_info) = (code.0, info);
                    UserProfile { to_account, profile_item: None, result_code, result_info }
                }
            };
            portraits.user_profile_item.push(profile);
        }
        Ok(portraits)
    }
}

/// What to write; of a tag that is given twice the last value counts.
fn patch(account: &Account, items: &[ProfileItem]) -> Result<AccountPatch, ApiError> {
    let mut patch = AccountPatch { user_id: account.user_id.clone(), ..AccountPatch::default() };
    for ProfileItem { tag: name, value } in items {
        Holds::of(name).ok_or_else(|| no_such_tag(name))?.check(name, value)?;
        let text = || value.as_str().map(str::to_owned);
        match name.as_str() {
            tag::NICK => patch.nick = text(),
            tag::IMAGE => patch.face_url = text(),
            _ => {
                patch.profile.insert(name.clone(), value.clone());
            }
        }
    }
    let names = account.profile.keys().chain(patch.profile.keys());
    let custom: BTreeSet<&String> = names.filter(|name| is_custom(name)).collect();
    if custom.len() > MAX_CUSTOM_TAGS {
        return Err(ApiError::new(
            Code::PROFILE_PARAMETER,
            format!("an account has at most {MAX_CUSTOM_TAGS} custom tags"),
        ));
    }
    Ok(patch)
}

fn values(account: &Account, tags: &[String]) -> Vec<ProfileItem> {
    let value = |name: &str| match name {
        tag::NICK => Some(&account.nick)
            .filter(|nick| !nick.is_empty())
            .map(|nick| Value::from(nick.as_str())),
        tag::IMAGE => Some(&account.face_url)
            .filter(|url| !url.is_empty())
            .map(|url| Value::from(url.as_str())),
        name => account.profile.get(name).cloned(),
    };
    tags.iter()
        .filter_map(|name| Some(ProfileItem { tag: name.clone(), value: value(name)? }))
        .collect()
}

fn no_such_account(user_id: &str) -> ApiError {
    ApiError::new(
        Code::PROFILE_ACCOUNT_ABSENT,
        format!("the account {user_id} does not exist: import it first"),
    )
}

/// A failure of the storage, with the code of the profile service.
fn failed_inside(error: ApiError) -> ApiError {
    ApiError { code: Code::PROFILE_INTERNAL, ..error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_standard_tag_holds_something_and_a_custom_one_has_one_to_eight_letters() {
        for name in tag::STANDARD {
            assert!(Holds::of(name).is_some(), "{name}");
        }
        for key in ["a", "Abcdefgh"] {
            assert_eq!(Holds::of(&format!("Tag_Profile_Custom_{key}")), Some(Holds::Text(500)));
        }
        for wrong in ["", "abcdefghi", "a1", "a_b", "\u{e9}"] {
            assert_eq!(Holds::of(&format!("Tag_Profile_Custom_{wrong}")), None, "{wrong:?}");
        }
        assert_eq!(Holds::of("tag_profile_im_nick"), None, "case counts");
    }

    #[test]
    fn an_account_has_no_more_custom_tags_than_there_may_be() {
        let item = |letter: u8| ProfileItem {
            tag: format!("{}{}", tag::CUSTOM_PREFIX, char::from(letter)),
            value: json!("x"),
        };
        let items: Vec<ProfileItem> = (b'a'..b'a' + 20).map(item).collect();
        let mut account = Account::default();
        account.profile = patch(&account, &items).unwrap().profile;
        assert!(patch(&account, &items).is_ok(), "those that are there already count once");
        assert_eq!(patch(&account, &[item(b'z')]).unwrap_err().code, Code::PROFILE_PARAMETER);
    }
}
