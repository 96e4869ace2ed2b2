//! The switches and limits of an application: one table from which the typed values, the command
//! line and `docs/configuration.md` come.

use chat_types::code::ApiError;

/// The type of a setting, as a person writes its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingKind {
    /// `on` or `off`.
    Switch,
    /// A whole number of this range.
    Number { least: u32, most: u32 },
}

/// One setting, for help and documentation.
#[derive(Debug, Clone, Copy)]
pub struct SettingHelp {
    pub name: &'static str,
    pub kind: SettingKind,
    pub default: &'static str,
    pub help: &'static str,
}

/// A value that a person can write.
trait Value: Sized {
    fn read(text: &str, kind: SettingKind) -> Option<Self>;
    fn write(&self) -> String;
}

impl Value for bool {
    fn read(text: &str, _: SettingKind) -> Option<Self> {
        match text {
            "on" => Some(true),
            "off" => Some(false),
            _ => None,
        }
    }

    fn write(&self) -> String {
        if *self { "on" } else { "off" }.to_owned()
    }
}

impl Value for u32 {
    fn read(text: &str, kind: SettingKind) -> Option<Self> {
        let SettingKind::Number { least, most } = kind else { return None };
        text.parse().ok().filter(|number| (least..=most).contains(number))
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

macro_rules! settings {
    ($($name:ident: $type:ty = $default:literal, $kind:expr, $help:literal;)+) => {
        /// The values of all settings of one application.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Settings {
            $(#[doc = $help] pub $name: $type,)+
        }

        /// All settings, in the order of the documentation.
        pub const SETTINGS: &[SettingHelp] = &[
            $(SettingHelp {
                name: stringify!($name), kind: $kind, default: $default, help: $help,
            },)+
        ];

        impl Settings {
            /// The value of a setting as a person would write it.
            pub fn get(&self, name: &str) -> Option<String> {
                match name {
                    $(stringify!($name) => Some(Value::write(&self.$name)),)+
                    _ => None,
                }
            }

            fn assign(&mut self, name: &str, text: &str) -> Option<()> {
                match name {
                    $(stringify!($name) => self.$name = <$type as Value>::read(text, $kind)?,)+
                    _ => return None,
                }
                Some(())
            }
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($name: <$type as Value>::read($default, $kind).unwrap_or_default(),)+ }
            }
        }
    };
}

const SWITCH: SettingKind = SettingKind::Switch;
const LIMIT: SettingKind = SettingKind::Number { least: 0, most: u32::MAX };

const fn number(least: u32, most: u32) -> SettingKind {
    SettingKind::Number { least, most }
}

settings! {
    broadcast: bool = "off", SWITCH,
        "send_broadcast_msg works; needs the Ultimate edition";
    online_member_list: bool = "off", SWITCH,
        "online member list, marks, robots, room administrators and the member-state webhook work; needs the Ultimate edition";
    ban_members: bool = "off", SWITCH,
        "banning members works; needs the Ultimate edition";
    room_history: bool = "off", SWITCH,
        "an AVChatRoom keeps its last 20 messages for 24 hours; needs the Ultimate edition";
    recall: bool = "on", SWITCH,
        "messages of a group can be recalled";
    recall_window_s: u32 = "120", number(1, 604_800),
        "how old a message may be when it is recalled, in seconds";
    mute_tip: bool = "off", SWITCH,
        "a muted member of an AVChatRoom is told so, and so is everybody in the room";
    mute_all_tip: bool = "off", SWITCH,
        "members of an AVChatRoom are told when the whole room is muted";
    send_without_join: bool = "off", SWITCH,
        "a client may speak in an AVChatRoom that it has not joined";
    room_budget: u32 = "40", number(0, 100_000),
        "messages that a group delivers in a second, unless its own rules say otherwise; 0 is no limit";
    sender_rate: u32 = "10", number(0, 10_000),
        "messages that one account may send by the gateway into one group in a second, unless the rules of the group say otherwise; 0 is no limit";
    tick_ms: u32 = "25", number(0, 1_000),
        "longest time that a busy room collects messages before it writes them, in milliseconds; 0 writes each at once";
    join_messages: u32 = "20", number(0, 100),
        "newest messages that whoever comes into an AVChatRoom is shown, at most; none of them older than five minutes";
    guests: bool = "off", SWITCH,
        "who has no account may read in an AVChatRoom";
    web_one_room: bool = "on", SWITCH,
        "an account that is signed in on the platform Web is in one AVChatRoom at a time";
    logins_per_platform: u32 = "1", number(1, 10),
        "logins that one account may have on one platform at the same time; one more ends the oldest";
    field_delay_s: u32 = "0", number(0, 86_400),
        "a new custom group field works after so many seconds (the cloud takes about 600)";
    name_bytes: u32 = "100", number(1, 1_000),
        "longest Name of a group, in bytes";
    introduction_bytes: u32 = "400", number(1, 4_000),
        "longest Introduction of a group, in bytes";
    notification_bytes: u32 = "400", number(1, 4_000),
        "longest Notification of a group, in bytes";
    face_url_bytes: u32 = "500", number(1, 2_000),
        "longest FaceUrl of a group, in bytes";
    message_bytes: u32 = "12288", number(1_000, 12_288),
        "longest MsgBody, in bytes of JSON (older versions of the cloud took 8000)";
    account_limit: u32 = "0", LIMIT,
        "most accounts, beyond which calls answer 70398; 0 is no limit (the cloud's trial has 100)";
    group_limit: u32 = "0", LIMIT,
        "most groups, beyond which creating one answers 10058; 0 is no limit (the cloud's trial has 100)";
    room_limit: u32 = "0", LIMIT,
        "most AVChatRoom groups, beyond which creating one answers 10036; 0 is no limit (the cloud's trial has 50)";
    calls_per_second: u32 = "0", LIMIT,
        "REST calls of the whole application in a second, beyond which they answer 60011; 0 is no limit";
}

impl Settings {
    /// Changes one setting. 10004 for an unknown name or a value that it cannot take.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), ApiError> {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
            let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
            return Err(ApiError::bad_parameter(format!(
                "no setting has this name; there are {}",
                names.join(", ")
            )));
        };
        self.assign(name, text).ok_or_else(|| {
            let takes = match setting.kind {
                SettingKind::Switch => "on or off".to_owned(),
                SettingKind::Number { least, most } => format!("a number from {least} to {most}"),
            };
            ApiError::bad_parameter(format!("{name} takes {takes}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_default_that_it_can_be_set_to() {
        let defaults = Settings::default();
        for setting in SETTINGS {
            assert_eq!(defaults.get(setting.name).as_deref(), Some(setting.default));
            let mut settings = Settings::default();
            settings.set(setting.name, setting.default).unwrap();
            assert_eq!(settings, defaults, "{} reads what it writes", setting.name);
        }
    }

    #[test]
    fn a_setting_refuses_a_value_that_it_cannot_take_and_keeps_the_old_one() {
        let mut settings = Settings::default();
        for (name, value) in
            [("recall", "yes"), ("recall_window_s", "0"), ("recall_window_s", "-1"), ("nope", "on")]
        {
            assert_eq!(settings.set(name, value).unwrap_err().code.0, 10004, "{name}={value}");
        }
        assert_eq!(settings, Settings::default());
        settings.set("recall", "off").unwrap();
        assert!(!settings.recall);
    }
}
