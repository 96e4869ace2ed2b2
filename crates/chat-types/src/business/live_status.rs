//! Whether the host is on ("Live Room Setup Guide", product/1047/49589: five values).

use serde::{Deserialize, Serialize};

/// Name of the custom group field; its value is the name of the status.
pub const LIVE_STATUS_FIELD: &str = "live_status";

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveStatus {
    #[default]
    ToBeStarted,
    Live,
    Paused,
    Ended,
    /// A recording is shown.
    PlayedBack,
}

impl LiveStatus {
    pub const ALL: [Self; 5] =
        [Self::ToBeStarted, Self::Live, Self::Paused, Self::Ended, Self::PlayedBack];

    /// As it stands in the field and in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::ToBeStarted => "to_be_started",
            Self::Live => "live",
            Self::Paused => "paused",
            Self::Ended => "ended",
            Self::PlayedBack => "played_back",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// Reads a name that was stored.
impl TryFrom<String> for LiveStatus {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::from_name(&name).ok_or_else(|| format!("{name} is no live status"))
    }
}

/// Sent with priority `High` beside the change of the field: people inside hear of it at once, and
/// newcomers find the field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveStatusChanged {
    pub status: LiveStatus,
    /// Unix seconds.
    pub at_s: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_in_the_field_is_the_name_in_messages() {
        for status in LiveStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
            assert_eq!(LiveStatus::from_name(status.name()), Some(status));
        }
        assert_eq!(LiveStatus::from_name("on air"), None);
    }
}
