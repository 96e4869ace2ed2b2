//! Group counters. Keys and the form of values have passed the check of the catalogue.

use chat_types::code::{ApiError, Code};
use chat_types::rest::{CounterMode, GroupCounter, MAX_COUNTERS};
use std::collections::{BTreeMap, BTreeSet};

use super::Service;
use crate::application::{Application, Edition};
use crate::storage::GroupChange;

impl Service {
    /// Changes all of these counters or none, tells the members those that are different now, and
    /// gives the new values in the order of the request.
    pub(crate) async fn update_counters(
        &self,
        app: &Application,
        group_id: &str,
        given: &[GroupCounter],
        mode: CounterMode,
    ) -> Result<Vec<GroupCounter>, ApiError> {
        check_edition(app)?;
        let (_, room) = self.room_named(app, group_id).await?;
        // What is added to is read under this lock too, so that no increase is lost.
        let _one_at_a_time = room.changing.lock().await;
        let (values, changed) = room.with(|group| {
            let values = new_values(&group.counters, given, mode)?;
            let is_new =
                |counter: &&GroupCounter| group.counters.get(&counter.key) != Some(&counter.value);
            let changed: Vec<GroupCounter> = values.iter().filter(is_new).cloned().collect();
            Ok::<_, ApiError>((values, changed))
        })?;
        let set = |counter: &GroupCounter| GroupChange::SetCounter {
            key: counter.key.clone(),
            value: counter.value,
        };
        let changes: Vec<GroupChange> = changed.iter().map(set).collect();
        self.change_group(app.sdk_app_id, &room, &changes).await?;
        room.tell_counters(changed.iter().map(|counter| counter.key.as_str()));
        Ok(values)
    }

    /// The counters with these keys that there are; without keys, all.
    pub(crate) async fn counters(
        &self,
        app: &Application,
        group_id: &str,
        keys: Option<&[String]>,
    ) -> Result<Vec<GroupCounter>, ApiError> {
        check_edition(app)?;
        let (_, room) = self.room_named(app, group_id).await?;
        Ok(room.with(|group| {
            let counter = |key: &String| {
                let value = *group.counters.get(key)?;
                Some(GroupCounter { key: key.clone(), value })
            };
            match keys {
                Some(keys) => keys.iter().filter_map(counter).collect(),
                None => group.counters.keys().filter_map(counter).collect(),
            }
        }))
    }

    /// Removes the counters with these keys; without keys, all. Absent ones are left alone.
    pub(crate) async fn delete_counters(
        &self,
        app: &Application,
        group_id: &str,
        keys: Option<Vec<String>>,
    ) -> Result<(), ApiError> {
        check_edition(app)?;
        let (_, room) = self.room_named(app, group_id).await?;
        let _one_at_a_time = room.changing.lock().await;
        let gone: BTreeSet<String> = room.with(|group| {
            let there = |key: &String| group.counters.contains_key(key);
            match keys {
                Some(keys) => keys.into_iter().filter(there).collect(),
                None => group.counters.keys().cloned().collect(),
            }
        });
        let changes: Vec<GroupChange> =
            gone.iter().map(|key| GroupChange::RemoveCounter(key.clone())).collect();
        self.change_group(app.sdk_app_id, &room, &changes).await?;
        room.tell_counters(gone.iter().map(String::as_str));
        Ok(())
    }
}

fn check_edition(app: &Application) -> Result<(), ApiError> {
    if app.edition >= Edition::Ultimate {
        return Ok(());
    }
    Err(ApiError::new(Code::EDITION, "group counters need the Ultimate edition"))
}

fn new_values(
    stored: &BTreeMap<String, i64>,
    given: &[GroupCounter],
    mode: CounterMode,
) -> Result<Vec<GroupCounter>, ApiError> {
    let keys: BTreeSet<&str> = given.iter().map(|counter| counter.key.as_str()).collect();
    if keys.len() < given.len() {
        return Err(ApiError::bad_parameter("GroupCounter names a key twice: give each key once"));
    }
    let new = keys.iter().filter(|key| !stored.contains_key(**key)).count();
    if stored.len() + new > MAX_COUNTERS {
        return Err(ApiError::new(
            Code::COUNTER_COUNT,
            format!("a group has at most {MAX_COUNTERS} counters: delete some"),
        ));
    }
    let value = |GroupCounter { key, value }: &GroupCounter| {
        let before = stored.get(key).copied().unwrap_or(0);
        let after = match mode {
            CounterMode::Set => Some(*value),
            CounterMode::Increase => before.checked_add(*value),
            CounterMode::Decrease => before.checked_sub(*value),
        };
        let after = after.ok_or_else(|| {
            ApiError::bad_parameter(format!(
                "the counter {key:?} is {before}: the change leads out of the 64 bits of a counter"
            ))
        })?;
        Ok(GroupCounter { key: key.clone(), value: after })
    };
    given.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_counter_is_exact_or_refused(before: i64, value: i64) {
            let stored = BTreeMap::from([("likes".to_owned(), before)]);
            let given = [GroupCounter { key: "likes".into(), value }];
            let exact = |mode| match mode {
                CounterMode::Set => i128::from(value),
                CounterMode::Increase => i128::from(before) + i128::from(value),
                CounterMode::Decrease => i128::from(before) - i128::from(value),
            };
            for mode in [CounterMode::Set, CounterMode::Increase, CounterMode::Decrease] {
                let found = new_values(&stored, &given, mode);
                match i64::try_from(exact(mode)) {
                    Ok(exact) => prop_assert_eq!(found.unwrap()[0].value, exact),
                    Err(_) => prop_assert_eq!(found.unwrap_err().code, Code::BAD_PARAMETER),
                }
            }
        }
    }
}
