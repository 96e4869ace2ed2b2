//! Every fuzz target, a bounded number of times, with inputs that are the same in every run.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

use chat_types::business::BusinessMessage;
use chat_types::element::{CustomElement, Element};
use fuzz_targets::{TARGETS, Target};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use std::panic::catch_unwind;

const MOST_CHANGES: u32 = 4;
/// Texts that parsers have stumbled over.
const TOKENS: &[&str] = &[
    "null",
    "true",
    "-1",
    "0.5",
    "1e400",
    "4294967296",
    "18446744073709551616",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "[]",
    "{}",
    "[[[[",
    "{\"a\":",
    "%",
    "%00",
    "%ff",
    "&",
    "=",
    "+",
    "\n",
    "\u{0}",
    "\u{1F381}",
    "\u{202e}",
];

#[test]
fn no_input_breaks_a_promise() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        for seed in &seeds {
            run(target, "a seed as it is", seed);
        }
        for number in 0..target.runs {
            let mut rng = StdRng::seed_from_u64(number);
            let input = changed(&mut rng, &seeds);
            run(target, &format!("changed input {number}"), &input);
        }
    }
}

#[test]
fn every_seed_of_a_call_is_a_body_that_the_command_takes() {
    let calls: Vec<_> = chat_server::fuzz::rest_calls().collect();
    assert!(calls.len() > 50, "{}", calls.len());
    for (service, command, body) in calls {
        let body = body.to_string();
        let checked = chat_server::fuzz::rest_call(service, command, body.as_bytes()).unwrap();
        assert!(checked.check.is_ok(), "{service}/{command} {body}: {:?}", checked.check);
        assert!(checked.typed.is_ok(), "{service}/{command} {body}: {:?}", checked.typed);
    }
}

#[test]
fn the_seeds_of_the_business_service_get_as_far_as_they_should() {
    for seed in seeds_of("business_message") {
        let custom = CustomElement {
            data: String::from_utf8(seed.clone()).unwrap(),
            ..CustomElement::default()
        };
        let read = BusinessMessage::read(&[Element::Custom(custom)]);
        assert!(read.is_some(), "{}", seed.escape_ascii());
    }
    for seed in seeds_of("webhook_body") {
        let end = seed.iter().position(|byte| *byte == b'\n').unwrap();
        let command = str::from_utf8(&seed[..end]).unwrap();
        assert!(business_server::fuzz::webhook(command, &seed[end + 1..]).is_some(), "{command}");
    }
    let records = seeds_of("draw_record");
    let holds = |seed: &Vec<u8>| draw::Record::read(seed).unwrap().verify().is_ok();
    let hold: Vec<_> = records.iter().map(holds).collect();
    assert_eq!(hold, [true, true, true, false]);
}

fn seeds_of(name: &str) -> Vec<Vec<u8>> {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    (target.seeds)()
}

/// Names the input of a run that fails, so that it can be made a test of its own.
fn run(target: &Target, which: &str, input: &[u8]) {
    if catch_unwind(|| (target.run)(input)).is_err() {
        panic!("{}: {which} fails: \"{}\"", target.name, input.escape_ascii());
    }
}

/// One of the seeds with a few changes.
fn changed(rng: &mut StdRng, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut input = any(rng, seeds).clone();
    for _ in 0..rng.random_range(1..=MOST_CHANGES) {
        // A call is JSON behind its first line, a conversation is JSON in every line; other inputs
        // are JSON as a whole or not at all.
        let mut lines: Vec<_> = input.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let at = rng.random_range(0..lines.len());
        let value = serde_json::from_slice::<Value>(&lines[at]);
        match value {
            _ if lines.len() > 2 && rng.random_range(0..4) == 0 => {
                let to = rng.random_range(0..lines.len());
                let line = if rng.random() { lines[at].clone() } else { lines.remove(at) };
                lines.insert(to.min(lines.len()), line);
                input = lines.join(&b'\n');
            }
            Ok(mut value) if rng.random_range(0..4) > 0 => {
                change_value(rng, &mut value);
                lines[at] = value.to_string().into_bytes();
                input = lines.join(&b'\n');
            }
            _ => change_bytes(rng, &mut input, seeds),
        }
    }
    input
}

fn any<'a, T>(rng: &mut StdRng, all: &'a [T]) -> &'a T {
    &all[rng.random_range(0..all.len())]
}

fn change_bytes(rng: &mut StdRng, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let at = rng.random_range(0..=input.len());
    let end = rng.random_range(at..=input.len());
    match rng.random_range(0..6) {
        0 if at < input.len() => input[at] ^= 1 << rng.random_range(0..8),
        1 => drop(input.drain(at..end)),
        2 => {
            let part = input[at..end].to_vec();
            input.splice(at..at, part);
        }
        3 => {
            let other = any(rng, seeds);
            let from = rng.random_range(0..=other.len());
            input.splice(at.., other[from..].iter().copied());
        }
        4 => input.insert(at, rng.random()),
        _ => {
            let token = any(rng, TOKENS).bytes();
            input.splice(at..end.min(at + 4), token);
        }
    }
}

/// Puts something else in a random place of a JSON value.
fn change_value(rng: &mut StdRng, value: &mut Value) {
    let deeper = rng.random_range(0..4) > 0;
    match value {
        Value::Array(list) if deeper && !list.is_empty() => {
            let at = rng.random_range(0..list.len());
            match rng.random_range(0..4) {
                0 => drop(list.remove(at)),
                1 => list.push(list[at].clone()),
                _ => change_value(rng, &mut list[at]),
            }
        }
        Value::Object(members) if deeper && !members.is_empty() => {
            let at = rng.random_range(0..members.len());
            let name = members.keys().nth(at).unwrap().clone();
            if rng.random_range(0..6) == 0 {
                members.remove(&name);
            } else {
                change_value(rng, &mut members[&name]);
            }
        }
        _ => *value = another(rng),
    }
}

fn another(rng: &mut StdRng) -> Value {
    let number = any(rng, &[-1, 0, 1, 2, 255, 4_294_967_295, 4_294_967_296, i64::MAX, i64::MIN]);
    match rng.random_range(0..10) {
        0 => Value::Null,
        1 => true.into(),
        2..=4 => (*number).into(),
        5 => u64::MAX.into(),
        6 => 0.5.into(),
        7 => any(rng, TOKENS).repeat(rng.random_range(0..40)).into(),
        8 => json!([*number, "x"]),
        _ => "x".repeat(rng.random_range(0..70)).into(),
    }
}
