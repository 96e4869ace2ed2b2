//! Every call of the OpenAPI document with bodies, paths and queries that a program or a vandal could
//! send: whatever comes, the answer is the caller's fault or a success, never the service's failure.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};

use crate::support::{Api, ROOM, Shop};

/// Requests for each call. The same ones in every run.
const REQUESTS: usize = 60;
const SEED: u64 = 5;
/// How deep a generated value may go.
const DEPTH: u32 = 6;

struct Generator<'a> {
    document: &'a Value,
    rng: StdRng,
}

impl Generator<'_> {
    fn one_in(&mut self, n: u32) -> bool {
        self.rng.random_range(0..n) == 0
    }

    fn pick<'v>(&mut self, all: &'v [Value]) -> &'v Value {
        &all[self.rng.random_range(0..all.len())]
    }

    /// Mostly what the schema asks for, at its edges; sometimes something else.
    fn value(&mut self, schema: &Value, depth: u32) -> Value {
        if depth == 0 || self.one_in(12) {
            return self.anything(depth);
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#');
            let target = self.document.pointer(pointer).cloned().unwrap_or_default();
            return self.value(&target, depth - 1);
        }
        for choice in ["oneOf", "anyOf", "allOf"] {
            if let Some(all) = schema[choice].as_array().filter(|all| !all.is_empty()) {
                let chosen = self.pick(all).clone();
                return self.value(&chosen, depth - 1);
            }
        }
        if let Some(names) = schema["enum"].as_array().filter(|names| !names.is_empty()) {
            return self.pick(names).clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) if !kinds.is_empty() => self.pick(kinds).clone(),
            kind => kind.clone(),
        };
        match kind.as_str() {
            Some("object") => self.object(schema, depth),
            Some("array") => {
                let length = self.rng.random_range(0..4);
                (0..length).map(|_| self.value(&schema["items"], depth - 1)).collect()
            }
            Some("integer" | "number") => self.number(),
            Some("boolean") => self.rng.random::<bool>().into(),
            Some("string") => self.text().into(),
            _ => self.anything(depth),
        }
    }

    fn object(&mut self, schema: &Value, depth: u32) -> Value {
        let mut object = Map::new();
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            if !self.one_in(8) {
                object.insert(name.clone(), self.value(member, depth - 1));
            }
        }
        if self.one_in(10) {
            object.insert(self.text(), self.anything(depth - 1));
        }
        object.into()
    }

    fn number(&mut self) -> Value {
        let edges = [
            json!(0),
            json!(1),
            json!(-1),
            json!(2),
            json!(60),
            json!(255),
            json!(10_000),
            json!(u32::MAX),
            json!(i64::MAX),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(1.5),
            json!(1e300),
            json!(4_102_444_800_u64),
        ];
        self.pick(&edges).clone()
    }

    fn text(&mut self) -> String {
        let texts = [
            "",
            " ",
            "r",
            ROOM,
            "mei",
            "host",
            "rose",
            "cup",
            "a\u{0}b",
            "\u{7}",
            "caf\u{e9}",
            "\u{5bb6}\u{5bb6}",
            "\u{1f600}",
            "\u{202e}abc",
            "'; DROP TABLE rooms; --",
            "<b>x</b>",
            "../../etc",
            "%00",
            "@TGS#1",
            "null",
            "0",
            "-1",
            "CNY",
            "https://shop.example/1",
            "javascript:alert(1)",
            "live",
            "like",
        ];
        match self.rng.random_range(0..10) {
            0 => "x".repeat(self.rng.random_range(1..2_000)),
            1 => "\u{4e16}".repeat(self.rng.random_range(1..700)),
            _ => texts[self.rng.random_range(0..texts.len())].to_owned(),
        }
    }

    fn anything(&mut self, depth: u32) -> Value {
        match self.rng.random_range(0..7) {
            0 => Value::Null,
            1 => self.rng.random::<bool>().into(),
            2 => self.number(),
            3 => self.text().into(),
            4 if depth > 0 => json!([self.anything(depth - 1)]),
            5 if depth > 0 => json!({ self.text(): self.anything(depth - 1) }),
            _ => json!({}),
        }
    }

    /// The path with its parameters filled in and a query.
    fn path(&mut self, path: &str, call: &Value) -> String {
        let mut filled = path.trim_start_matches("/api/v1").to_owned();
        let mut query = Vec::new();
        for parameter in call["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let value = match self.value(&parameter["schema"], 2) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let value: String = url_escaped(&value);
            match parameter["in"].as_str() {
                // An empty part of a path makes another path of it.
                Some("path") if value.is_empty() => {
                    filled = filled.replace(&format!("{{{name}}}"), "-");
                }
                Some("path") => filled = filled.replace(&format!("{{{name}}}"), &value),
                Some("query") if !self.one_in(4) => query.push(format!("{name}={value}")),
                _ => {}
            }
        }
        if query.is_empty() { filled } else { format!("{filled}?{}", query.join("&")) }
    }
}

fn url_escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// Sends one generated request and judges the answer.
async fn try_once(
    generator: &mut Generator<'_>,
    api: &Api,
    (method, path, call): (&str, &str, &Value),
) {
    let path = generator.path(path, call);
    let verb: reqwest::Method = method.to_uppercase().parse().unwrap();
    let mut request = api.request(verb, &path);
    for parameter in call["parameters"].as_array().into_iter().flatten() {
        if parameter["in"] == "header" && !generator.one_in(8) {
            let value: String = generator.text().chars().filter(char::is_ascii_graphic).collect();
            request = request.header(parameter["name"].as_str().unwrap(), value);
        }
    }
    let schema = &call["requestBody"]["content"]["application/json"]["schema"];
    let body = (!schema.is_null()).then(|| generator.value(schema, DEPTH));
    if let Some(body) = &body {
        request = request.json(body);
    }
    let answer = api.send(request).await;
    let shown = body.map(|body| body.to_string()).unwrap_or_default();
    let shown: String = shown.chars().take(600).collect();
    assert!(
        answer.status < 500,
        "{method} {path} {shown}\nanswered {} {}",
        answer.status,
        answer.text
    );
    if answer.status >= 400 {
        assert_eq!(answer.kind, "application/problem+json", "{method} {path} {shown}");
        let problem = answer.json();
        let told = problem["code"].as_str().zip(problem["detail"].as_str());
        assert!(told.is_some_and(|(code, detail)| !code.is_empty() && !detail.is_empty()));
    }
}

#[tokio::test]
async fn no_input_makes_the_service_fail() {
    let shop = Shop::open().await;
    let document = shop.stranger().get_ok("/openapi.json").await;
    let mut callers = sign_in_all(&shop, "").await;
    let mut generator = Generator { document: &document, rng: StdRng::seed_from_u64(SEED) };
    let mut calls = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, call) in methods.as_object().unwrap() {
            calls.push((method.as_str(), path.as_str(), call));
        }
    }
    assert!(calls.len() >= 10, "the document names the calls");
    // Who has signed out, or is blocked or deleted, makes no further calls.
    calls.sort_by_key(|(_, path, _)| ends_callers(path));
    for (place, call) in calls.into_iter().enumerate() {
        for number in 0..REQUESTS {
            if ends_callers(call.1) && number % 3 == 0 {
                callers = sign_in_all(&shop, &format!("_{place}_{number}")).await;
            }
            try_once(&mut generator, &callers[number % 3], call).await;
        }
    }
    // And it still works.
    assert_eq!(shop.sign_in("last", "viewer").await.get_ok("/me").await["user_id"], "last");
}

/// Whether a call may end what its caller has open.
fn ends_callers(path: &str) -> bool {
    ["/accounts", "/me", "/sign-out"]
        .iter()
        .any(|ending| path.starts_with(&format!("/api/v1{ending}")))
}

/// An administrator, a host and a viewer.
async fn sign_in_all(shop: &Shop, name: &str) -> [Api; 3] {
    let (boss, host, mei) = (format!("boss{name}"), format!("host{name}"), format!("mei{name}"));
    [
        shop.sign_in(&boss, "admin").await,
        shop.sign_in(&host, "host").await,
        shop.sign_in(&mei, "viewer").await,
    ]
}
