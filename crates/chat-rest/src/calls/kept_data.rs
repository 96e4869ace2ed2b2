//! Attributes and counters of groups.

use chat_types::rest::{
    CounterMode, DeleteGroupAttr, GroupAttrs, GroupCounterKeys, GroupCounters, GroupIdOnly,
    UpdateGroupCounter, WriteGroupAttr,
};

use crate::client::Client;
use crate::command::{self as commands, Repeat};
use crate::error::Error;

impl Client {
    /// All attributes of a group.
    pub async fn get_group_attr(&self, body: &GroupIdOnly) -> Result<GroupAttrs, Error> {
        self.call(&commands::GET_GROUP_ATTR, body).await
    }

    /// Adds and changes attributes.
    pub async fn modify_group_attr(&self, body: &WriteGroupAttr) -> Result<(), Error> {
        self.tell(&commands::MODIFY_GROUP_ATTR, body).await
    }

    /// Puts these attributes in the place of all that there were.
    pub async fn set_group_attr(&self, body: &WriteGroupAttr) -> Result<(), Error> {
        self.tell(&commands::SET_GROUP_ATTR, body).await
    }

    /// Removes all attributes of a group.
    pub async fn clear_group_attr(&self, body: &GroupIdOnly) -> Result<(), Error> {
        self.tell(&commands::CLEAR_GROUP_ATTR, body).await
    }

    /// Removes attributes. A repeat after an unclear failure may answer 10050 for the ones that the
    /// first attempt removed.
    pub async fn delete_group_attr(&self, body: &DeleteGroupAttr) -> Result<(), Error> {
        self.tell(&commands::DELETE_GROUP_ATTR, body).await
    }

    /// Sets counters, or adds to them and takes away; the answer has the new values. What is set is
    /// repeated after an unclear failure. What is added is not: a repeat would count it twice, and
    /// no answer would tell. Whoever needs an exact total keeps it, and sets it.
    pub async fn update_group_counter(
        &self,
        body: &UpdateGroupCounter,
    ) -> Result<GroupCounters, Error> {
        let command = match body.mode {
            CounterMode::Set => commands::UPDATE_GROUP_COUNTER.with_repeat(Repeat::Harmless),
            CounterMode::Increase | CounterMode::Decrease => commands::UPDATE_GROUP_COUNTER,
        };
        self.call(&command, body).await
    }

    /// Counters of a group, all or some.
    pub async fn get_group_counter(&self, body: &GroupCounterKeys) -> Result<GroupCounters, Error> {
        self.call(&commands::GET_GROUP_COUNTER, body).await
    }

    /// Removes counters of a group, all or some.
    pub async fn delete_group_counter(&self, body: &GroupCounterKeys) -> Result<(), Error> {
        self.tell(&commands::DELETE_GROUP_COUNTER, body).await
    }
}
