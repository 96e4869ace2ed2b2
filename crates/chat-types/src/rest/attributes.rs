//! Group attributes: keys and values beside the custom fields (product/1047/44187 to 44190, 59499).

use serde::{Deserialize, Serialize};

pub const MAX_ATTRIBUTES: usize = 16;
/// All values of one group together, in bytes.
pub const MAX_ATTRIBUTES_BYTES: usize = 16_000;

/// One attribute. Its names are lower case, unlike those of custom fields and counters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupAttr {
    pub key: String,
    pub value: String,
}

/// `group_open_http_svc/modify_group_attr`, which adds and changes, and `set_group_attr`, which
/// replaces all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WriteGroupAttr {
    pub group_id: String,
    pub group_attr: Vec<GroupAttr>,
}

/// `group_open_http_svc/delete_group_attr`. Values beside the keys are read and left alone.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteGroupAttr {
    pub group_id: String,
    pub group_attr: Vec<GroupAttrKey>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupAttrKey {
    pub key: String,
}

/// The answer to `group_open_attr_http_svc/get_group_attr`; note the other service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GroupAttrs {
    pub group_attr_ary: Vec<GroupAttr>,
}
