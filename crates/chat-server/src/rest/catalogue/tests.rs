//! The table against itself, field by field, and against a list of facts written by hand.

use chat_types::code::Code;
use serde_json::{Map, Value, json};
use std::collections::HashSet;

use super::field::{Fault, Field, Kind};
use super::{Command, Support, check, commands, find};
use crate::rest::body;

/// A body that has what the command requires and nothing else.
fn least_body(fields: &[Field]) -> Map<String, Value> {
    let required = fields.iter().filter(|field| field.required);
    required.map(|field| (field.name.to_owned(), good(&field.kind))).collect()
}

fn good(kind: &Kind) -> Value {
    match kind {
        Kind::Text { least, .. } => "x".repeat(*least).into(),
        Kind::Account | Kind::Group | Kind::TextOrNumber => "x".into(),
        Kind::Number { least, .. } => (*least).into(),
        Kind::NumberOr { word, .. } => (*word).into(),
        Kind::OneOf(words) => words[0].into(),
        Kind::List { of, least, .. } => vec![good(of); *least].into(),
        Kind::Object(fields) => least_body(fields).into(),
        Kind::AnyObject => json!({}),
    }
}

/// Every way in which a value of this kind can be wrong in itself.
fn bad(kind: &Kind) -> Vec<(Value, Fault)> {
    let mut all: Vec<(Value, Fault)> =
        [json!(null), json!(true), json!(1), json!(1.5), json!("x"), json!([]), json!({})]
            .into_iter()
            .filter(|value| !fits(kind, value))
            .map(|value| (value, Fault::Type))
            .collect();
    match kind {
        Kind::Text { least, most } => {
            all.push(("x".repeat(most + 1).into(), Fault::TooLong));
            if *least > 0 {
                all.push(("".into(), Fault::Empty));
            }
            if *most >= 2 {
                all.push(("x\0".into(), Fault::Value));
            }
        }
        Kind::Account => {
            all.extend([("x".repeat(33).into(), Fault::Value), ("caf\u{e9}".into(), Fault::Value)])
        }
        Kind::Group => {
            all.extend([("x".repeat(49).into(), Fault::Value), ("line\n".into(), Fault::Value)])
        }
        Kind::Number { least, most } => {
            all.extend(least.checked_sub(1).map(|below| (below.into(), Fault::Value)));
            all.extend(most.checked_add(1).map(|above| (above.into(), Fault::Value)));
            all.push((u64::MAX.into(), Fault::Value));
        }
        Kind::NumberOr { word, most } => all.extend([
            (json!(-1), Fault::Value),
            ((most + 1).into(), Fault::Value),
            (word.to_uppercase().into(), Fault::Value),
        ]),
        Kind::OneOf(words) => all.extend([
            (other_case(words[0]).into(), Fault::Value),
            ("Unknown".into(), Fault::Value),
        ]),
        Kind::List { of, least, most } => {
            all.push((vec![good(of); most + 1].into(), Fault::TooMany));
            if *least > 0 {
                all.push((json!([]), Fault::Empty));
            }
        }
        Kind::TextOrNumber => all.push(("x\0".into(), Fault::Value)),
        // What is wrong in it is wrong inside of the field.
        Kind::Object(_) | Kind::AnyObject => {}
    }
    all
}

fn other_case(word: &str) -> String {
    let lower = word.to_lowercase();
    if lower == word { word.to_uppercase() } else { lower }
}

fn fits(kind: &Kind, value: &Value) -> bool {
    match kind {
        Kind::Text { .. } | Kind::Account | Kind::Group | Kind::OneOf(_) => value.is_string(),
        Kind::Number { .. } => value.is_i64() || value.is_u64(),
        Kind::TextOrNumber | Kind::NumberOr { .. } => {
            value.is_string() || value.is_i64() || value.is_u64()
        }
        Kind::List { .. } => value.is_array(),
        Kind::Object(_) | Kind::AnyObject => value.is_object(),
    }
}

/// A value with exactly one thing wrong in it.
struct Wrong {
    value: Value,
    fault: Fault,
    /// Whether it names too many accounts.
    accounts: bool,
    /// The code that the innermost field with one has for it.
    code: Option<Code>,
}

/// Every wrong value of a field.
fn wrong_values(field: &Field) -> Vec<Wrong> {
    let mut all = wrong_in_itself(&field.kind, |fault| field.own_code(fault));
    let inside = match field.kind {
        Kind::List { of, .. } => {
            let mut entries = wrong_in_itself(of, |_| None);
            if let Kind::Object(fields) = of {
                entries.extend(wrong_objects(fields));
            }
            for entry in &mut entries {
                entry.value = json!([entry.value]);
            }
            entries
        }
        Kind::Object(fields) => wrong_objects(fields),
        Kind::AnyObject => {
            let value = json!({"Deep": [{"Text": "x\0"}]});
            vec![Wrong { value, fault: Fault::Value, accounts: false, code: None }]
        }
        _ => Vec::new(),
    };
    all.extend(inside.into_iter().map(|wrong| {
        let code = wrong.code.or_else(|| field.own_code(Fault::Inside));
        Wrong { code, ..wrong }
    }));
    all
}

fn wrong_in_itself(kind: &Kind, code: impl Fn(Fault) -> Option<Code>) -> Vec<Wrong> {
    let wrong = |(value, fault)| {
        let accounts = fault == Fault::TooMany && kind.names_accounts();
        Wrong { value, fault, accounts, code: code(fault) }
    };
    bad(kind).into_iter().map(wrong).collect()
}

/// Every object with exactly one thing wrong in it.
fn wrong_objects(fields: &[Field]) -> Vec<Wrong> {
    let mut all = Vec::new();
    for field in fields {
        let mut rest = least_body(fields);
        rest.remove(field.name);
        if field.required {
            let (value, fault) = (rest.clone().into(), Fault::Missing);
            all.push(Wrong { value, fault, accounts: false, code: field.own_code(fault) });
        }
        for wrong in wrong_values(field) {
            for name in std::iter::once(&field.name).chain(field.also) {
                let mut object = rest.clone();
                object.insert((*name).to_owned(), wrong.value.clone());
                all.push(Wrong { value: object.into(), ..wrong });
            }
        }
    }
    all
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn no_path_stands_in_the_table_twice_and_every_row_is_found() {
    let mut seen = HashSet::new();
    for command in commands() {
        assert!(seen.insert((command.service, command.name)), "{} twice", command.name);
        assert_eq!(find(command.service, command.name).unwrap().page, command.page);
        if matches!(command.support, Support::Extension(..)) {
            assert_eq!((command.service, command.page), ("liveroom_ext", ""));
            continue;
        }
        let (product, number) = command.page.split_once('/').unwrap();
        assert!(matches!(product, "269" | "1047") && number.parse::<u32>().is_ok());
    }
    assert!(seen.len() > 90, "the table has all documented commands");
}

#[test]
fn a_body_with_only_what_is_required_is_accepted_and_unknown_fields_are_ignored() {
    for command in commands() {
        let mut body = least_body(command.fields);
        check(command, &body).unwrap();
        body.insert("NoSuchField".into(), json!({"deep": [null]}));
        check(command, &body).unwrap();
        for field in command.fields {
            body.insert(field.name.to_owned(), good(&field.kind));
        }
        check(command, &body).unwrap_or_else(|error| panic!("{} whole: {error}", command.name));
    }
}

/// What a body may hold stands in the table, what of it is used in the types; neither knows the
/// other.
#[test]
fn what_the_table_lets_through_the_types_take() {
    for command in commands() {
        let (Support::Yes(call) | Support::Differs(call, _) | Support::Extension(call, _)) =
            command.support
        else {
            continue;
        };
        let code = command.family.unreadable();
        let least = least_body(command.fields);
        let mut bodies = vec![least.clone()];
        for field in command.fields {
            let mut body = least.clone();
            body.insert(field.name.to_owned(), good(&field.kind));
            bodies.push(body);
        }
        for body in bodies {
            let read = (call.read)(Value::Object(body.clone()), code);
            assert_eq!(read.err(), None, "{} with {body:?}", command.name);
        }
    }
}

#[test]
fn every_violation_of_every_field_of_every_command_has_its_code() {
    let mut violations = 0;
    for command in commands() {
        for Wrong { value, fault, accounts, code } in wrong_objects(command.fields) {
            let shown = value.to_string();
            let shown = &shown[..shown.len().min(200)];
            let error = check(command, &map(value)).expect_err(shown);
            let code = code.unwrap_or_else(|| command.family.code(fault, accounts));
            assert_eq!(error.code, code, "{} {fault:?} {shown}: {error}", command.name);
            let named = command.fields.iter().any(|field| error.info.starts_with(field.name));
            assert!(named, "{}: {:?} names the field first", command.name, error.info);
            violations += 1;
        }
    }
    assert!(violations > 2_000, "{violations} bodies were wrong in one point");
}

/// Every object with one member that is `null`, and for a member that is required the code that its
/// field has.
fn with_a_null(fields: &[Field]) -> Vec<(Value, Option<Option<Code>>)> {
    let mut all = Vec::new();
    for field in fields {
        let with = |name: &str, value: Value| {
            let mut object = least_body(fields);
            object.remove(field.name);
            object.insert(name.to_owned(), value);
            Value::Object(object)
        };
        for name in std::iter::once(&field.name).chain(field.also) {
            let refusal = field.required.then(|| field.own_code(Fault::Missing));
            all.push((with(name, json!(null)), refusal));
        }
        let (inner, is_list) = match field.kind {
            Kind::Object(fields) => (with_a_null(fields), false),
            Kind::List { of: Kind::Object(fields), .. } => (with_a_null(fields), true),
            _ => continue,
        };
        all.extend(inner.into_iter().map(|(value, refusal)| {
            let value = if is_list { json!([value]) } else { value };
            let refusal = refusal.map(|code| code.or_else(|| field.own_code(Fault::Inside)));
            (with(field.name, value), refusal)
        }));
    }
    all
}

#[test]
fn a_member_that_is_null_counts_as_absent_in_every_command() {
    let mut nulls = 0;
    for command in commands() {
        for (body, refusal) in with_a_null(command.fields) {
            let read = body::read(body.to_string().as_bytes()).unwrap();
            let code = check(command, &read).err().map(|error| error.code);
            let missing = || command.family.code(Fault::Missing, false);
            let wanted = refusal.map(|code| code.unwrap_or_else(missing));
            assert_eq!(code, wanted, "{} {body}", command.name);
            nulls += 1;
        }
    }
    assert!(nulls > 300, "{nulls} bodies had a null");
}

#[test]
fn the_first_violation_in_the_order_of_the_fields_answers() {
    let send = find("openim", "sendmsg").unwrap();
    let code = |body: Value| check(send, &map(body)).unwrap_err().code.0;
    assert_eq!(code(json!({"MsgLifeTime": "x"})), 90003);
    assert_eq!(code(json!({"To_Account": "a", "MsgLifeTime": "x"})), 90005);
    assert_eq!(code(json!({"To_Account": "a", "MsgRandom": 1, "MsgLifeTime": "x"})), 90002);
}

#[test]
fn a_sentence_says_where_what_and_the_limit() {
    let says = |path: &str, body: Value| {
        let (service, name) = path.split_once('/').unwrap();
        check(find(service, name).unwrap(), &map(body)).unwrap_err().info
    };
    assert_eq!(
        says("group_open_http_svc/create_group", json!({"Type": "AVChatRoom"})),
        "Name is missing (product/1047/34895)"
    );
    assert_eq!(
        says(
            "group_open_http_svc/send_group_msg",
            json!({"GroupId": "r", "Random": 1, "MsgBody": [{"MsgType": "x"}]})
        ),
        "MsgBody[0].MsgContent is missing (product/1047/34959)"
    );
    assert_eq!(
        says(
            "group_open_http_svc/ban_group_member",
            json!({"GroupId": "r", "Members_Account": vec!["a"; 21], "Duration": 1})
        ),
        "Members_Account has 21 entries; 20 is the most (product/1047/50296)"
    );
    assert_eq!(
        says("openim/query_online_status", json!({"To_Account": ["a", 7]})),
        "To_Account[1] has to be a text (product/1047/35477)"
    );
}

#[test]
fn a_path_that_is_not_in_the_table_is_refused_by_the_kind_of_its_service() {
    let code = |service, name| find(service, name).unwrap_err().code.0;
    assert_eq!(code("group_open_http_svc", "no_such"), 10003);
    assert_eq!(code("group_open_attr_http_svc", "set_group_attr"), 10003);
    assert_eq!(code("group_open_avchatroom_http_svc", "create_group"), 10003);
    assert_eq!(code("liveroom_ext", "no_such"), 10003);
    assert_eq!(code("million_group_open_http_svc", "no_such"), 10003);
    assert_eq!(code("openim", "no_such"), 60009);
    assert_eq!(code("no_such", "create_group"), 60009);
    assert_eq!(code("OpenIM", "sendmsg"), 60009, "case counts");
}

#[test]
fn a_command_that_is_not_offered_says_so_with_its_code() {
    let call = |service, name| find(service, name).unwrap().call();
    assert_eq!(call("sns", "friend_add").unwrap_err().code.0, 60017);
    assert_eq!(call("all_member_push", "im_push").unwrap_err().code.0, 60017);
    assert_eq!(call("open_msg_svc", "get_history").unwrap_err().code.0, 60017);
    assert_eq!(call("million_group_open_http_svc", "create_topic").unwrap_err().code.0, 10007);
    let refused = |command: &&Command| matches!(command.support, Support::Refused(..));
    for command in commands().filter(refused) {
        let error = command.call().unwrap_err();
        assert!(matches!(error.code.0, 60017 | 10007) && error.info.ends_with('.'), "{error}");
    }
}

#[test]
fn both_names_of_a_command_do_the_same() {
    for (service, one, other) in [
        ("openim", "querystate", "query_online_status"),
        ("group_open_http_svc", "get_group_shutted_uin", "get_group_muted_account"),
    ] {
        let run = |name| find(service, name).unwrap().call().unwrap().run;
        assert!(std::ptr::fn_addr_eq(run(one), run(other)), "{one} and {other}");
    }
}

/// Facts of the documentation, written down apart from the table.
#[test]
fn documented_codes_answer_documented_mistakes() {
    let accounts = |count: usize| json!(vec!["a"; count]);
    let items = |count: usize| json!(vec![json!({"UserID": "a"}); count]);
    let members = |count: usize| json!(vec![json!({"Member_Account": "a"}); count]);
    let body = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]);
    let attributes = |count: usize| json!(vec![json!({"key": "k", "value": "v"}); count]);
    let counters = |count: usize| json!(vec![json!({"Key": "k", "Value": 1}); count]);
    let login = "im_open_login_svc";
    let group = "group_open_http_svc";
    let room = "group_open_avchatroom_http_svc";
    let cases: Vec<(&str, &str, Value, i32)> = vec![
        (login, "account_import", json!({}), 70402),
        (login, "account_import", json!({"UserID": 7}), 70402),
        (login, "account_import", json!({"UserID": "x".repeat(33)}), 70402),
        (login, "account_import", json!({"Identifier": "a", "Nick": "x".repeat(501)}), 70402),
        (login, "multiaccount_import", json!({"Accounts": accounts(101)}), 70206),
        (login, "multiaccount_import", json!({"Accounts": []}), 70402),
        (login, "account_check", json!({"CheckItem": items(101)}), 70206),
        (login, "account_delete", json!({"DeleteItem": ["a"]}), 70402),
        (login, "kick", json!({"UserID": ""}), 70402),
        ("openim", "querystate", json!({"To_Account": []}), 90001),
        ("openim", "querystate", json!({}), 90003),
        ("openim", "query_online_status", json!({"To_Account": accounts(501)}), 90011),
        ("profile", "portrait_set", json!({"ProfileItem": []}), 40002),
        ("profile", "portrait_set", json!({"From_Account": "a", "ProfileItem": {}}), 40001),
        ("profile", "portrait_get", json!({"To_Account": [], "TagList": ["t"]}), 40002),
        ("profile", "portrait_get", json!({"To_Account": ["a"]}), 40001),
        ("openconfigsvr", "setnospeaking", json!({}), 130_004),
        ("openconfigsvr", "setnospeaking", json!({"Set_Account": 7}), 130_005),
        (group, "create_group", json!({"Name": "n"}), 10004),
        (group, "create_group", json!({"Type": "avchatroom", "Name": "n"}), 10004),
        (
            group,
            "create_group",
            json!({"Type": "Public", "Name": "n", "MemberList": members(101)}),
            10005,
        ),
        (
            group,
            "create_group",
            json!({"Type": "Public", "Name": "n", "GroupId": "x".repeat(49)}),
            10004,
        ),
        (group, "get_group_info", json!({"GroupIdList": accounts(51)}), 10004),
        (group, "get_appid_group_list", json!({"Limit": 10_001}), 10004),
        (
            group,
            "forbid_send_msg",
            json!({"GroupId": "r", "Members_Account": accounts(501), "MuteTime": 1}),
            10005,
        ),
        (
            group,
            "forbid_send_msg",
            json!({"GroupId": "r", "Members_Account": ["a"], "ShutUpTime": 4_294_967_296_u64}),
            10004,
        ),
        (
            group,
            "ban_group_member",
            json!({"GroupId": "r", "Members_Account": accounts(21), "Duration": 1}),
            10005,
        ),
        (group, "ban_group_member", json!({"GroupId": "r", "Members_Account": ["a"]}), 10004),
        (
            group,
            "unban_group_member",
            json!({"GroupId": "r", "Members_Account": accounts(21)}),
            10005,
        ),
        (group, "get_group_ban_member", json!({"GroupId": "r"}), 10004),
        (group, "get_group_ban_member", json!({"GroupId": "r", "Offset": 0, "Limit": 101}), 10004),
        (
            room,
            "modify_user_info",
            json!({"GroupId": "r", "CommandType": 3, "MemberList": members(1)}),
            10004,
        ),
        (
            room,
            "modify_user_info",
            json!({"GroupId": "r", "CommandType": 1, "MemberList": members(501)}),
            10005,
        ),
        (group, "modify_group_attr", json!({"GroupId": "r", "GroupAttr": attributes(17)}), 10047),
        (
            group,
            "set_group_attr",
            json!({"GroupId": "r", "GroupAttr": [{"key": "k".repeat(33), "value": ""}]}),
            10045,
        ),
        (
            group,
            "set_group_attr",
            json!({"GroupId": "r", "GroupAttr": [{"key": "k", "value": "v".repeat(4_001)}]}),
            10046,
        ),
        (
            group,
            "set_group_attr",
            json!({"GroupId": "r", "GroupAttr": [{"Key": "k", "Value": "v"}]}),
            10004,
        ),
        (
            group,
            "update_group_counter",
            json!({"GroupId": "r", "GroupCounter": counters(21)}),
            10063,
        ),
        (
            group,
            "update_group_counter",
            json!({"GroupId": "r", "GroupCounter": [{"Key": "k", "Value": 1.5}]}),
            10004,
        ),
        (
            group,
            "update_group_counter",
            json!({"GroupId": "r", "GroupCounter": counters(1), "Mode": "set"}),
            10004,
        ),
        (group, "send_group_msg", json!({"GroupId": "r", "MsgBody": body}), 10004),
        (group, "send_group_msg", json!({"GroupId": "r", "Random": -1, "MsgBody": body}), 10004),
        (
            group,
            "send_group_msg",
            json!({"GroupId": "r", "Random": 1, "MsgBody": body, "MsgPriority": "high"}),
            10004,
        ),
        (
            group,
            "send_group_msg",
            json!({"GroupId": "r", "Random": 1, "MsgBody": body,
                "GroupAtInfo": vec![json!({"GroupAtAllFlag": 1}); 31]}),
            10053,
        ),
        (
            group,
            "group_msg_recall",
            json!({"GroupId": "r", "MsgSeqList": vec![json!({"MsgSeq": 1}); 11]}),
            10004,
        ),
        ("liveroom_ext", "modify_room_rules", json!({"GroupId": "r"}), 10004),
        (
            "liveroom_ext",
            "modify_room_rules",
            json!({"GroupId": "r", "Rules": {"budget_per_s": "cloud"}}),
            10004,
        ),
        ("liveroom_ext", "get_room_rules", json!({}), 10004),
        ("liveroom_ext", "get_room_figures", json!({}), 10004),
        ("openim", "sendmsg", json!({"MsgRandom": 1, "MsgBody": body}), 90003),
        ("openim", "sendmsg", json!({"To_Account": "a", "MsgBody": body}), 90005),
        ("openim", "sendmsg", json!({"To_Account": "a", "MsgRandom": 1}), 90002),
        ("openim", "sendmsg", json!({"To_Account": "a", "MsgRandom": 1, "MsgBody": {}}), 90007),
        ("openim", "sendmsg", json!({"To_Account": "a", "MsgRandom": 1, "MsgBody": ["x"]}), 90010),
        (
            "openim",
            "sendmsg",
            json!({"To_Account": "a", "MsgRandom": 1, "MsgBody": [{"MsgType": "x"}]}),
            90010,
        ),
        (
            "openim",
            "sendmsg",
            json!({"To_Account": "a", "MsgRandom": 1, "MsgBody": body, "From_Account": 7}),
            90008,
        ),
        (
            "openim",
            "sendmsg",
            json!({"To_Account": "a", "MsgRandom": 1, "MsgBody": body, "SyncOtherMachine": "1"}),
            90031,
        ),
        (
            "openim",
            "sendmsg",
            json!({"To_Account": "a", "MsgRandom": 1, "MsgBody": body, "MsgLifeTime": 604_801}),
            90026,
        ),
        (
            "openim",
            "sendmsg",
            json!({"To_Account": "a", "MsgRandom": 1, "MsgBody": body, "MsgLifeTime": "1"}),
            90044,
        ),
        (
            "openim",
            "sendmsg",
            json!({"To_Account": "a", "MsgRandom": 1, "MsgBody": body, "MsgTimeStamp": "1"}),
            90006,
        ),
        (
            "openim",
            "batchsendmsg",
            json!({"To_Account": accounts(501), "MsgRandom": 1, "MsgBody": body}),
            90011,
        ),
        ("openim", "admin_msgwithdraw", json!({"To_Account": "a", "MsgKey": "k"}), 90008),
        (
            "openim",
            "admin_msgwithdraw",
            json!({"From_Account": "a", "To_Account": "b", "MsgKey": ""}),
            90054,
        ),
    ];
    for (service, name, body, code) in cases {
        let error = check(find(service, name).unwrap(), &map(body)).unwrap_err();
        assert_eq!(error.code.0, code, "{name}: {error}");
    }
}
