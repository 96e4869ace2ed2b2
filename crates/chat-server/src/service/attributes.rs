//! Group attributes. Keys and values have passed the check of the catalogue; what only the whole
//! group shows is checked here.

use chat_types::UserId;
use chat_types::code::{ApiError, Code};
use chat_types::rest::{GroupAttr, MAX_ATTRIBUTES, MAX_ATTRIBUTES_BYTES};
use chat_types::webhook::{AfterAttrChanged, AttrOption, Webhook};
use std::collections::{BTreeMap, BTreeSet};

use super::{Origin, Service};
use crate::application::Application;
use crate::room::Room;
use crate::storage::GroupChange;

/// Writes of the attributes of a group in a second, of all kinds together (product/269/1671, code
/// 10049).
const WRITES_PER_SECOND: u32 = 5;

/// A write of attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AttributeWrite {
    /// Replaces all.
    Set(Vec<GroupAttr>),
    /// Adds and changes.
    Modify(Vec<GroupAttr>),
    Clear,
    /// Removes these keys.
    Delete(Vec<String>),
}

impl Service {
    /// All attributes of a group.
    pub(crate) async fn attributes(
        &self,
        app: &Application,
        group_id: &str,
    ) -> Result<Vec<GroupAttr>, ApiError> {
        let (_, room) = self.room_named(app, group_id).await?;
        let attribute = |(key, value): (&String, &String)| attribute(key, value);
        Ok(room.with(|group| group.attributes.iter().map(attribute).collect()))
    }

    /// Carries a write out as a whole or not at all, then tells members and webhook. Writes of one
    /// group come one after the other, so none of them can be in conflict with another.
    pub(crate) async fn write_attributes(
        &self,
        app: &Application,
        operator: &UserId,
        origin: Origin,
        group_id: &str,
        write: AttributeWrite,
    ) -> Result<(), ApiError> {
        let (_, room) = self.room_named(app, group_id).await?;
        let one_at_a_time = room.changing.lock().await;
        let changes = room.with(|group| write.changes(&group.attributes))?;
        let of_group = ("attributes", app.sdk_app_id, group_id);
        if !self.admission.call(of_group, WRITES_PER_SECOND) {
            return Err(ApiError::new(
                Code::ATTRIBUTE_RATE,
                "the attributes of a group may be written 5 times per second: put several keys \
                 into one call",
            ));
        }
        self.change_group(app.sdk_app_id, &room, &changes).await?;
        room.tell_attributes();
        drop(one_at_a_time);
        self.after_attributes_changed(app, operator, origin, &room, write).await;
        Ok(())
    }

    async fn after_attributes_changed(
        &self,
        app: &Application,
        operator: &UserId,
        origin: Origin,
        room: &Room,
        write: AttributeWrite,
    ) {
        let (option_type, group_attr) = match write {
            AttributeWrite::Set(given) => (AttrOption::Set, given),
            AttributeWrite::Modify(given) => (AttrOption::Modify, given),
            AttributeWrite::Clear => (AttrOption::Clear, Vec::new()),
            AttributeWrite::Delete(keys) => {
                (AttrOption::Delete, keys.iter().map(|key| attribute(key, "")).collect())
            }
        };
        let webhook = room.with(|group| {
            Webhook::AfterGroupAttrChanged(AfterAttrChanged {
                group_id: group.group_id.clone(),
                group_type: group.group_type.name().to_owned(),
                operator_account: operator.to_string(),
                option_type,
                group_attr,
                event_time: self.event_time(),
            })
        });
        self.tell(app, origin, &webhook).await;
    }
}

impl AttributeWrite {
    /// What the write makes of the attributes that there are.
    fn changes(&self, stored: &BTreeMap<String, String>) -> Result<Vec<GroupChange>, ApiError> {
        let remove = |key: &String| GroupChange::RemoveAttribute(key.clone());
        match self {
            Self::Set(given) => {
                let written = written(given)?;
                check_all(&written)?;
                let gone = stored.keys().filter(|key| !written.contains_key(key.as_str()));
                Ok(gone.map(remove).chain(set(&written)).collect())
            }
            Self::Modify(given) => {
                let written = written(given)?;
                let mut all: BTreeMap<&str, &str> =
                    stored.iter().map(|(key, value)| (&**key, &**value)).collect();
                all.extend(&written);
                check_all(&all)?;
                Ok(set(&written).collect())
            }
            Self::Clear => Ok(stored.keys().map(remove).collect()),
            Self::Delete(keys) => {
                let keys: BTreeSet<&String> = keys.iter().collect();
                if let Some(absent) = keys.iter().find(|key| !stored.contains_key(key.as_str())) {
                    return Err(ApiError::new(
                        Code::ATTRIBUTE_ABSENT,
                        format!("the group has no attribute {absent:?}: nothing was deleted"),
                    ));
                }
                Ok(keys.into_iter().map(remove).collect())
            }
        }
    }
}

fn attribute(key: &str, value: &str) -> GroupAttr {
    GroupAttr { key: key.to_owned(), value: value.to_owned() }
}

fn written(given: &[GroupAttr]) -> Result<BTreeMap<&str, &str>, ApiError> {
    let written: BTreeMap<&str, &str> =
        given.iter().map(|attr| (attr.key.as_str(), attr.value.as_str())).collect();
    if written.len() < given.len() {
        return Err(ApiError::bad_parameter("GroupAttr names a key twice: give each key once"));
    }
    Ok(written)
}

fn set<'a>(written: &'a BTreeMap<&str, &str>) -> impl Iterator<Item = GroupChange> + 'a {
    written.iter().map(|(key, value)| GroupChange::SetAttribute {
        key: (*key).to_owned(),
        value: (*value).to_owned(),
    })
}

fn check_all(all: &BTreeMap<&str, &str>) -> Result<(), ApiError> {
    if all.len() > MAX_ATTRIBUTES {
        return Err(ApiError::new(
            Code::ATTRIBUTE_COUNT,
            format!(
                "the group would have {} attributes; {MAX_ATTRIBUTES} is the most: delete some",
                all.len()
            ),
        ));
    }
    let bytes: usize = all.values().map(|value| value.len()).sum();
    if bytes > MAX_ATTRIBUTES_BYTES {
        return Err(ApiError::new(
            Code::ATTRIBUTE_TOTAL,
            format!(
                "all values together would have {bytes} bytes; {MAX_ATTRIBUTES_BYTES} is the most"
            ),
        ));
    }
    Ok(())
}
