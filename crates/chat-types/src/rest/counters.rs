//! Group counters (product/1047/53427 to 53429).

use serde::{Deserialize, Serialize};

pub const MAX_COUNTERS: usize = 20;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupCounter {
    pub key: String,
    pub value: i64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CounterMode {
    #[default]
    Set,
    /// An absent counter starts from 0.
    Increase,
    /// An absent counter starts from 0.
    Decrease,
}

/// `group_open_http_svc/update_group_counter`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateGroupCounter {
    pub group_id: String,
    pub group_counter: Vec<GroupCounter>,
    #[serde(default)]
    pub mode: CounterMode,
}

/// `group_open_http_svc/get_group_counter` and `delete_group_counter`. Without keys: all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupCounterKeys {
    pub group_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_counter_keys: Option<Vec<String>>,
}

/// The answer to `update_group_counter`, with the new values, and to `get_group_counter`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GroupCounters {
    pub group_counter: Vec<GroupCounter>,
}
