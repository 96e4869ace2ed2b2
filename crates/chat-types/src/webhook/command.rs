//! The commands that the service fires.

use super::Webhook;

/// One webhook command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebhookCommand {
    /// As in `CallbackCommand`.
    pub name: &'static str,
    /// Whether the service waits for the answer, which may refuse.
    pub before: bool,
    /// Its page in the documentation.
    pub page: &'static str,
}

const fn before(name: &'static str, page: &'static str) -> WebhookCommand {
    WebhookCommand { name, before: true, page }
}

const fn after(name: &'static str, page: &'static str) -> WebhookCommand {
    WebhookCommand { name, before: false, page }
}

macro_rules! commands {
    ($($variant:ident = $constant:ident: $command:expr;)+) => {
        $(const $constant: WebhookCommand = $command;)+

        /// All commands that the service fires.
        pub const WEBHOOK_COMMANDS: &[WebhookCommand] = &[$($constant),+];

        impl Webhook {
            /// The command of this body.
            pub const fn command(&self) -> &'static WebhookCommand {
                match self {
                    $(Self::$variant(_) => &$constant,)+
                }
            }
        }
    };
}

commands! {
    StateChange = STATE_CHANGE: after("State.StateChange", "product/1047/34357");
    PortraitSet = PORTRAIT_SET: after("Profile.CallbackPortraitSet", "product/1047/48733");
    C2cBeforeSendMsg = C2C_BEFORE_SEND: before("C2C.CallbackBeforeSendMsg", "product/1047/34364");
    C2cAfterSendMsg = C2C_AFTER_SEND: after("C2C.CallbackAfterSendMsg", "product/1047/34365");
    C2cAfterMsgReport = C2C_REPORT: after("C2C.CallbackAfterMsgReport", "product/1047/43465");
    C2cAfterMsgWithdraw = C2C_WITHDRAW:
        after("C2C.CallbackAfterMsgWithDraw", "product/1047/43466");
    BeforeCreateGroup = BEFORE_CREATE:
        before("Group.CallbackBeforeCreateGroup", "product/1047/34368");
    AfterCreateGroup = AFTER_CREATE: after("Group.CallbackAfterCreateGroup", "product/1047/34369");
    BeforeApplyJoinGroup = BEFORE_APPLY:
        before("Group.CallbackBeforeApplyJoinGroup", "product/1047/34370");
    BeforeInviteJoinGroup = BEFORE_INVITE:
        before("Group.CallbackBeforeInviteJoinGroup", "product/1047/34371");
    AfterNewMemberJoin = AFTER_JOIN:
        after("Group.CallbackAfterNewMemberJoin", "product/1047/34372");
    AfterMemberExit = AFTER_EXIT: after("Group.CallbackAfterMemberExit", "product/1047/34373");
    GroupBeforeSendMsg = GROUP_BEFORE_SEND:
        before("Group.CallbackBeforeSendMsg", "product/1047/34374");
    GroupAfterSendMsg = GROUP_AFTER_SEND: after("Group.CallbackAfterSendMsg", "product/1047/34375");
    GroupSendMsgException = GROUP_SEND_EXCEPTION:
        after("Group.CallbackSendMsgException", "product/1047/49462");
    AfterGroupFull = AFTER_FULL: after("Group.CallbackAfterGroupFull", "product/1047/34376");
    AfterGroupDestroyed = AFTER_DESTROYED:
        after("Group.CallbackAfterGroupDestroyed", "product/1047/34377");
    AfterGroupInfoChanged = AFTER_INFO:
        after("Group.CallbackAfterGroupInfoChanged", "product/1047/34378");
    AfterChangeGroupOwner = AFTER_OWNER:
        after("Group.CallbackAfterChangeGroupOwner", "product/1047/60396");
    OnMemberStateChange = MEMBER_STATE:
        after("Group.CallbackOnMemberStateChange", "product/1047/48734");
    AfterMemberFieldChanged = MEMBER_FIELD:
        after("Group.CallbackAfterMemberFieldChanged", "product/1047/60393");
    AfterGroupAttrChanged = AFTER_ATTR:
        after("Group.CallbackAfterGroupAttrChanged", "product/1047/60394");
}

impl WebhookCommand {
    /// The command with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        WEBHOOK_COMMANDS.iter().find(|command| command.name == name)
    }
}
