//! `docs/compatibility.md`, written from the table.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use chat_types::webhook::{WEBHOOK_COMMANDS, WebhookCommand};

use super::{Command, Support, commands};

const INTRODUCTION: &str = "\
# Compatibility

What Liveroom offers of Tencent Cloud Chat's REST API and webhooks, command by command. This page is
written from the tables that the service itself works with (`crates/chat-server/src/rest/catalogue`
and the list of webhooks in `crates/chat-types`), and a test compares them.

## REST

* **Page** is the page of the vendor's documentation, below `product/`.
* **Calls/s** is how often one application may call the command in a second; then it answers 60007,
  unless its note names another code. The setting `calls_per_second` limits all commands of an
  application together; then they answer 60011.
* **Support** is *yes*, *differs* with the differences, *extension* for what the cloud does not have
  (software that has to run against both does not call it), or *refused* with the code that the
  command answers and what to use instead. No command answers OK without having done its work.

A path that is not on this page answers 60009, and 10003 when its service is one of the group
services. A body that breaks a rule of its command is refused before anything is done, with the code
of the family (70402 for accounts, 40001 for profiles, 10004 for groups, 90001 for one-to-one
messages) or of the field, and with a sentence that names the field, the limit and the page. Fields
that a command does not have are ignored, and so are members that are `null`, at any depth: a required
one is missing then. A text with U+0000 in it is refused as a wrong value of its field, in message
elements too, because databases do not store that sign; it is never left out of a text silently. Where a field has an older and a newer name, both are read.
Features that need an edition or a setting say so with their code while they are off.

Groups are of the types `Private` (`Work`), `Public`, `ChatRoom` (`Meeting`) and `AVChatRoom`.
";

const WEBHOOKS: &str = "
## Webhooks

A webhook is a POST to the URL of the application with the documented query (`SdkAppid`,
`CallbackCommand`, `contenttype`, `ClientIP`, `OptPlatform`), and with `RequestTime` and `Sign` when a
token is set. `liveroom app callback` sets the URL, the token, the policy, and which commands are on.

* A *before* webhook is waited for, two seconds at most. Its answer allows (0), refuses (1, or a code
  of the application's own: 10100 to 10200 for groups, 120001 to 130000 for one-to-one messages),
  drops silently (2, messages only) or replaces `MsgBody` and `CloudCustomData`. Where the documentation
  is silent: any other code refuses, and 2 drops one-to-one messages silently too.
* A receiver that does not answer in time, answers another status than 200 or nothing readable has
  failed: the policy allows the message or refuses it with 80003. After five failures in a row it is
  left alone for five seconds, then longer, at most a minute, so that a room never waits for it.
* An *after* webhook tells what has happened. It goes into a queue that survives a restart, a million
  events for an application at most, and is delivered at least once: for an hour, with pauses that
  grow to a minute. The documentation promises no repeat; a receiver has to take the same event twice.
  While the database cannot be written, events wait in memory, 16 MiB for an application and 64 MiB
  for all; what is dropped because there is no room is counted in `/metrics` by its cause
  (`liveroom_webhook_after_dropped_…`).
* Events of one group arrive one at a time, and what one call or one connection has done there
  arrives in its order. Messages of different senders may arrive in another order than that of their
  `MsgSeq`, which is the one that counts. Groups go beside each other, eight calls at once for an
  application. Events of no group are kept in order by account. When more than 64 events of a group
  wait, only those of one account keep their order among themselves, and what concerns the whole
  group, such as its attributes, stays behind all before it and ahead of all after it. An event that
  fails holds back its group for five attempts, about 15 seconds; then it comes later by itself
  (eight attempts where nothing else was answered meanwhile).
* `EventTime` is a number. A Linux client has the platform `Unknown`.
* `Group.CallbackSendMsgException` also tells, with 10023, of a message that the room did not choose
  because more was said than it delivers. It does not tell of senders that do not exist, are not in
  the room, or are held back by its rate or slow mode.
* What was refused or left out (`Group.CallbackSendMsgException`, and `C2C.CallbackAfterSendMsg` with
  a `SendMsgResult` other than 0) is told beside what happened and never in its place: it waits in
  memory, about a thousand for an application, two are under way at once, five attempts are made, and
  a restart loses it. When more comes, accounts that have most waiting lose some of it at random;
  `liveroom_webhook_exceptions_untold` counts by cause what nobody was told.
* No webhook tells of guests (the setting `guests`), who have no account.

| Command | Page | Kind | Support | Notes |
| --- | --- | --- | --- | --- |
";

/// Documented webhooks that never come, with the reason.
const NEVER: &[(&str, &str, &str)] = &[
    ("Sns.* (six commands)", "1047/43468", "There are no friends and no block lists here."),
    ("Follow.CallbackAfterFollowAdd", "1047/70355", "Accounts do not follow each other here."),
    ("Follow.CallbackAfterFollowDelete", "1047/70356", "Accounts do not follow each other here."),
    ("Group.CallbackOnDailyGroupQuotaAlarm", "1047/57455", "There is no daily quota here."),
    ("Group.CallbackAfterReadReceipt", "1047/60395", "Group messages have no read receipts here."),
    (
        "Group.CallbackBeforeCreateTopic",
        "1047/49463",
        "There are no communities and no topics here.",
    ),
    (
        "Group.CallbackAfterCreateTopic",
        "1047/49464",
        "There are no communities and no topics here.",
    ),
    (
        "Group.CallbackAfterTopicDestroyed",
        "1047/49465",
        "There are no communities and no topics here.",
    ),
    (
        "Group.CallbackAfterTopicInfoChanged",
        "1047/49466",
        "There are no communities and no topics here.",
    ),
];

const CODES: &str = "
## Codes that never come

Some codes of the documentation have no case here: 60005 and 60013 to 60016 (a front end and its
account exchange), 60018 to 60021 (paid plans, addresses of callers), 70005, 70050 to 70052 and 70114
(locked accounts and revoked signatures: a wrong UserSig is answered with its own code however often
it comes), 71000 (accounts can be deleted in every edition), 10006 and 10008, 10024, 10026, 10033 to
10035, 10070 and 10071 (pinned messages), 20009 to 20011 (friends), 40005, 80004 (a word
filter of the vendor's), 91101. 80001 is answered by the gateway alone, for the words that a room
blocks; the calls of the REST API pass them.
";

const ELEMENTS: &str = "
## Message elements

All eight kinds of product/1047/33527 pass through unchanged, with the field names of the page, in
groups and in one-to-one messages: `TIMTextElem`, `TIMCustomElem` (one in a message at most),
`TIMFaceElem`, `TIMLocationElem`, `TIMImageElem`, `TIMSoundElem`, `TIMFileElem`, `TIMVideoFileElem`. The
REST API demands the fields that the page demands there; the gateway takes sound, file and video
without URL, as old clients send them. The service stores no media: a URL is the sender's.
";

fn webhooks(page: &mut String) {
    page.push_str(WEBHOOKS);
    for WebhookCommand { name, before, page: source } in WEBHOOK_COMMANDS {
        let kind = if *before { "before" } else { "after" };
        let source = source.trim_start_matches("product/");
        let _ = writeln!(page, "| `{name}` | {source} | {kind} | yes |  |");
    }
    for (name, source, why) in NEVER {
        let _ = writeln!(page, "| `{name}` | {source} |  | never comes | {why} |");
    }
}

fn render() -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut services: Vec<&str> = Vec::new();
    for command in commands() {
        if !services.contains(&command.service) {
            services.push(command.service);
        }
    }
    for service in services {
        let _ = write!(
            page,
            "\n### `{service}`\n\n| Command | Page | Calls/s | Support | Notes |\n\
             | --- | --- | --- | --- | --- |\n"
        );
        for command in commands().filter(|command| command.service == service) {
            page.push_str(&row(command));
        }
    }
    webhooks(&mut page);
    page.push_str(ELEMENTS);
    page.push_str(CODES);
    page
}

fn row(command: &Command) -> String {
    let Command { name, page, per_second, .. } = command;
    let (rate, support, notes) = match command.support {
        Support::Yes(_) => (per_second.to_string(), "yes".to_owned(), String::new()),
        Support::Differs(_, how) => (per_second.to_string(), "differs".to_owned(), how.to_owned()),
        Support::Extension(_, what) => {
            (per_second.to_string(), "extension".to_owned(), what.to_owned())
        }
        Support::Refused(code, why) => {
            let why = why[..1].to_uppercase() + &why[1..];
            (String::new(), format!("refused, {}", code.0), why)
        }
    };
    format!("| `{name}` | {page} | {rate} | {support} | {notes} |\n")
}

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/compatibility.md")
}

#[test]
fn the_compatibility_page_is_what_the_code_says() {
    assert!(
        std::fs::read_to_string(committed()).unwrap() == render(),
        "docs/compatibility.md has drifted from crates/chat-server/src/rest/catalogue: run \
         `cargo test -p chat-server --lib write_the_compatibility_page -- --ignored` and commit \
         the file"
    );
}

#[test]
#[ignore = "writes the file that the other test checks"]
fn write_the_compatibility_page() {
    std::fs::write(committed(), render()).unwrap();
}
