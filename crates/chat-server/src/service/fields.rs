//! Custom group fields: which there are, who may read and who may write them.

use chat_types::UserId;
use chat_types::code::{ApiError, Code};
use chat_types::group::{CustomFields, GroupType, KeyValue, MAX_FIELD_VALUE_BYTES};

use crate::application::{Application, FieldDefinition, Right};
use crate::room::To;
use crate::storage::StoredGroup;

/// What an account may do in a group.
pub(crate) fn right_in(app: &Application, group: &StoredGroup, user_id: &UserId) -> Right {
    let user = user_id.as_str();
    if app.is_admin(user) {
        Right::AppAdmin
    } else if group.owner == user {
        Right::Owner
    } else if group.admins.contains(user) {
        Right::Admin
    } else if group.group_type == GroupType::AVChatRoom || group.members.contains_key(user) {
        // Whoever speaks for an AVChatRoom has joined it: its members are not stored.
        Right::Member
    } else {
        Right::Anyone
    }
}

/// The given values, if every key is a custom field of this group type that works by now and that
/// `right` may write.
pub(crate) fn writable(
    app: &Application,
    group_type: GroupType,
    right: Right,
    given: &[KeyValue],
    now_s: u64,
) -> Result<CustomFields, ApiError> {
    let mut fields = CustomFields::new();
    for KeyValue { key, value } in given {
        let Some(field) = works(app, key, group_type, now_s) else {
            let shown: String = key.chars().take(32).collect();
            return Err(ApiError::bad_parameter(format!(
                "{shown:?} is no custom field of {} groups of application {}: add it with \
                 `liveroom app field add`",
                group_type.name(),
                app.sdk_app_id
            )));
        };
        if right < field.write {
            return Err(ApiError::new(
                Code::NO_PERMISSION,
                format!("the field {key} may not be written by this account: change its rights"),
            ));
        }
        if value.len() > MAX_FIELD_VALUE_BYTES {
            return Err(ApiError::bad_parameter(format!(
                "the value of {key} has {} bytes; {MAX_FIELD_VALUE_BYTES} is the most",
                value.len()
            )));
        }
        fields.insert(key.clone(), value.clone());
    }
    Ok(fields)
}

/// Those of a group's fields that `right` may read.
pub(crate) fn readable(app: &Application, group: &StoredGroup, right: Right) -> CustomFields {
    let may = |name: &str| app.field(name).is_none_or(|field| right >= field.read);
    let fields = group.custom_fields.iter().filter(|(name, _)| may(name));
    fields.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Who is told of a change of a field.
pub(crate) fn readers(app: &Application, group: &StoredGroup, field: &str) -> To {
    let read = app.field(field).map_or(Right::Anyone, |field| field.read);
    match read {
        Right::Anyone => return To::All,
        Right::Member => return To::NotGuests,
        Right::Admin | Right::Owner | Right::AppAdmin => {}
    }
    let mut readers = app.admins.clone();
    if read <= Right::Owner {
        readers.insert(group.owner.clone());
    }
    if read <= Right::Admin {
        readers.extend(group.admins.iter().cloned());
    }
    To::Accounts(readers.into_iter().filter_map(|user| UserId::new(user).ok()).collect())
}

fn works<'a>(
    app: &'a Application,
    name: &str,
    group_type: GroupType,
    now_s: u64,
) -> Option<&'a FieldDefinition> {
    let delay = u64::from(app.settings.field_delay_s);
    app.field(name).filter(|field| {
        field.group_types.contains(&group_type) && field.create_time + delay <= now_s
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::{Edition, Secret, Settings};
    use std::collections::BTreeSet;

    fn application(read: Right, write: Right, field_delay_s: u32) -> Application {
        let field = FieldDefinition {
            name: "product".into(),
            group_types: BTreeSet::from([GroupType::AVChatRoom]),
            read,
            write,
            create_time: 1_000,
        };
        Application {
            sdk_app_id: 1,
            name: "test".into(),
            key: Secret::new("key"),
            create_time: 0,
            edition: Edition::Free,
            admins: BTreeSet::from(["administrator".to_owned()]),
            fields: vec![field],
            member_fields: BTreeSet::new(),
            callbacks: Default::default(),
            settings: Settings { field_delay_s, ..Settings::default() },
        }
    }

    fn cup() -> Vec<KeyValue> {
        vec![KeyValue { key: "product".into(), value: "cup".into() }]
    }

    #[test]
    fn each_right_writes_and_reads_what_it_may_and_no_more() {
        let rights = [Right::Anyone, Right::Member, Right::Admin, Right::Owner, Right::AppAdmin];
        let mut group = StoredGroup::new("r", GroupType::AVChatRoom, 0);
        group.custom_fields.insert("product".into(), "cup".into());
        for needed in rights {
            let app = application(needed, needed, 0);
            for right in rights {
                let written = writable(&app, GroupType::AVChatRoom, right, &cup(), 2_000);
                match written {
                    Ok(fields) => assert!(right >= needed && fields["product"] == "cup"),
                    Err(error) => assert!(right < needed && error.code.0 == 10007),
                }
                assert_eq!(readable(&app, &group, right).is_empty(), right < needed);
            }
        }
    }

    #[test]
    fn a_field_works_only_in_its_group_types_and_after_the_delay() {
        let app = application(Right::Anyone, Right::Anyone, 600);
        let try_at = |group_type, now_s| {
            writable(&app, group_type, Right::AppAdmin, &cup(), now_s).map_err(|error| error.code.0)
        };
        assert_eq!(try_at(GroupType::AVChatRoom, 1_599), Err(10004));
        assert!(try_at(GroupType::AVChatRoom, 1_600).is_ok());
        assert_eq!(try_at(GroupType::Public, 1_600), Err(10004));
    }

    #[test]
    fn an_account_has_the_highest_of_its_rights() {
        let app = application(Right::Anyone, Right::Anyone, 0);
        let mut group = StoredGroup::new("r", GroupType::Public, 0);
        group.owner = "host".into();
        group.admins.insert("helper".into());
        group.members.insert("viewer".into(), Default::default());
        for (user, right) in [
            ("administrator", Right::AppAdmin),
            ("host", Right::Owner),
            ("helper", Right::Admin),
            ("viewer", Right::Member),
            ("stranger", Right::Anyone),
        ] {
            assert_eq!(right_in(&app, &group, &UserId::new(user).unwrap()), right, "{user}");
        }
    }
}
