//! Why an answer is not the JSON expected: where, and what was expected there, and nothing of what stands there.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Response;
use http_hook::request::to_python_json;
use http_hook::{ErrorKind, ResponseExt as _};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read only to see whether it can be")]
struct Order {
    id: u32,
    total: Option<f64>,
    state: State,
    lines: Vec<Line>,
    #[serde(default)]
    notes: BTreeMap<String, u8>,
    #[serde(default)]
    counts: BTreeMap<u8, bool>,
    #[serde(default)]
    pair: Option<(u8, String)>,
    #[serde(default)]
    due: Option<Day>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "read only to see whether it can be")]
struct Line {
    sku: String,
    count: u8,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "read only to see whether it can be")]
enum State {
    Open,
    Paid(u32),
    Sent { carrier: String, days: u8 },
}

/// A type that quotes what it refuses.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Day;

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Err(format!("{text} is no day"))
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[allow(dead_code, reason = "read only to see whether it can be")]
enum Either {
    Number(u8),
    Text { text: String },
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind")]
#[allow(dead_code, reason = "read only to see whether it can be")]
enum Tagged {
    A { a: u8 },
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "read only to see whether it can be")]
struct Flat {
    id: u8,
    #[serde(flatten)]
    line: Line,
}

fn says<T: DeserializeOwned + std::fmt::Debug>(body: &str) -> String {
    let response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
    let error = response.json::<T>().expect_err("it does not fit");
    assert_eq!(error.kind(), ErrorKind::Body);
    error.to_string()
}

fn order(change: impl FnOnce(&mut Value)) -> String {
    let mut order =
        json!({"id": 7, "total": 1.5, "state": "open", "lines": [{"sku": "a", "count": 1}]});
    change(&mut order);
    order.to_string()
}

#[test]
fn a_mismatch_names_place_and_type() {
    let start = "the answer is not the JSON expected: ";
    #[rustfmt::skip]
    let rows: Vec<(String, &str)> = vec![
        (order(|o| o["id"] = json!("canary")),                          "$.id: expected u32, found a string"),
        (order(|o| o["id"] = json!(-1)),                                "$.id: expected u32, found an integer of another value"),
        (order(|o| o["id"] = json!(99_999_999_999_u64)),                "$.id: expected u32, found an integer of another value"),
        (order(|o| o["id"] = json!(1.5)),                               "$.id: expected u32, found a number"),
        (order(|o| o["id"] = json!([1])),                               "$.id: expected u32, found an array"),
        (order(|o| o["id"] = json!({"a": 1})),                          "$.id: expected u32, found an object"),
        (order(|o| o["id"] = json!(null)),                              "$.id: expected u32, found null"),
        (order(|o| o["id"] = json!(true)),                              "$.id: expected u32, found a boolean"),
        (order(|o| { o.as_object_mut().unwrap().remove("id"); }),       "$: the member `id` is missing"),
        (order(|o| o["total"] = json!("canary")),                       "$.total: expected f64, found a string"),
        (order(|o| o["canary"] = json!(1)),                             "$: expected one of `id`, `total`, `state`, `lines`, `notes`, `counts`, `pair`, `due`, found a member of another name"),
        (order(|o| o["lines"][0]["count"] = json!("canary")),           "$.lines[0].count: expected u8, found a string"),
        (order(|o| o["lines"][0] = json!({"sku": "a"})),                "$.lines[0]: the member `count` is missing"),
        (order(|o| o["lines"] = json!("canary")),                       "$.lines: expected a sequence, found a string"),
        (order(|o| o["state"] = json!("canary")),                       "$.state: expected one of `open`, `paid`, `sent`, found another name"),
        (order(|o| o["state"] = json!({"paid": "canary"})),             "$.state.paid: expected u32, found a string"),
        (order(|o| o["state"] = json!({"sent": {"carrier": "x", "days": 300}})), "$.state.sent.days: expected u8, found an integer of another value"),
        (order(|o| o["state"] = json!(7)),                              "$.state: expected enum State, found a number"),
        (order(|o| o["state"] = json!("paid")),                         "$.state: expected an object with the name and its content"),
        (order(|o| o["notes"] = json!({"canary": 300})),                "$.notes.*: expected u8, found an integer of another value"),
        (order(|o| o["counts"] = json!({"canary": true})),              "$.counts: expected u8, found a string"),
        (order(|o| o["counts"] = json!({"7": 1})),                      "$.counts.*: expected a boolean, found an integer"),
        (order(|o| o["pair"] = json!([1])),                             "$.pair: expected a tuple of size 2, found another length"),
        (order(|o| o["pair"] = json!([1, "a", "canary"])),              "$.pair: expected fewer items"),
        (order(|o| o["due"] = json!("canary")),                         "$.due: its type refuses it"),
        ("[]".to_owned(),                                               "$: expected struct Order with 8 elements, found another length"),
        ("\"canary\"".to_owned(),                                       "$: expected struct Order, found a string"),
    ];
    for (body, expected) in rows {
        assert_eq!(says::<Order>(&body), format!("{start}{expected}"), "{body}");
    }
    assert_eq!(
        says::<Vec<u8>>(r#"{"a": 1}"#),
        format!("{start}$: expected a sequence, found an object")
    );
    assert_eq!(says::<Either>(r#"{"canary": 1}"#), format!("{start}$: its type refuses it"));
    assert_eq!(
        says::<Tagged>(r#"{"kind": "canary"}"#),
        format!("{start}$.*: expected `A`, found another name")
    );
    assert_eq!(
        says::<Flat>(r#"{"id": 1, "sku": "a"}"#),
        format!("{start}$: the member `count` is missing")
    );
}

#[test]
fn what_is_no_json_is_told_by_its_place() {
    let rows = [
        ("", "the answer is not JSON: its body is empty"),
        ("<html>canary</html>", "the answer is not JSON: expected value at line 1 column 1"),
        ("{\"id\": canary}", "the answer is not JSON: expected value at line 1 column 8"),
        ("{\"id\": 1} canary", "the answer is not JSON: trailing characters at line 1 column 11"),
        ("{\"canary\" 1}", "the answer is not JSON: expected `:` at line 1 column 11"),
    ];
    for (body, expected) in rows {
        assert_eq!(says::<Order>(body), expected, "{body}");
    }
}

#[test]
fn what_fits_is_read() {
    let body = order(|o| {
        o["state"] = json!({"sent": {"carrier": "x", "days": 3}});
        o["counts"] = json!({"7": true});
        o["pair"] = json!([1, "a"]);
    });
    let response = Response::new(Bytes::from(body));
    assert!(response.json::<Order>().is_ok());
}

/// Names of members that a type reads as something else than text; a value among them that does not fit is told by `*`.
#[test]
fn names_are_read_as_the_type_wants_them() {
    #[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
    #[serde(rename_all = "lowercase")]
    enum Day {
        Monday,
    }
    #[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
    struct Name(String);

    fn check<K: DeserializeOwned + Ord + std::fmt::Debug>(good: &str, bad: &str) {
        let body = json!({good: 7}).to_string();
        let response = Response::new(Bytes::from(body));
        assert_eq!(response.json::<BTreeMap<K, u8>>().expect(good).len(), 1);
        let text = says::<BTreeMap<K, u8>>(&json!({good: "s3cret"}).to_string());
        assert!(text.contains("$.*") && !text.contains("s3cret"), "{good}: {text}");
        if !bad.is_empty() {
            let text = says::<BTreeMap<K, u8>>(&json!({bad: 7}).to_string());
            assert!(text.contains('$') && !text.contains(bad), "{bad}: {text}");
        }
    }
    check::<String>("a", "");
    check::<Name>("a", "");
    check::<Option<String>>("a", "");
    check::<char>("a", "abc");
    check::<bool>("true", "maybe");
    check::<i8>("-7", "128");
    check::<i16>("-7", "x1");
    check::<i32>("-7", "x1");
    check::<i64>("-7", "x1");
    check::<i128>("-7", "x1");
    check::<u8>("7", "256");
    check::<u16>("7", "x1");
    check::<u32>("7", "x1");
    check::<u64>("7", "x1");
    check::<u128>("7", "x1");
    check::<Day>("monday", "tuesday");
}

/// Every way of a value to be refused names the place, and quotes nothing.
#[test]
fn every_refusal_names_its_place() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "read only to see whether it can be")]
    enum Kind {
        Unit,
        New(u8),
        Two(u8, u8),
        Named { a: u8 },
    }
    #[derive(Debug, Deserialize)]
    enum Nothing {}
    #[derive(Debug, Deserialize)]
    struct Unit;
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Empty {}
    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "read only to see whether it can be")]
    struct New(u8);

    type Says = fn(&str) -> String;
    #[rustfmt::skip]
    let rows: [(&str, Says, &str, &str); 21] = [
        ("an item",                 says::<Vec<u8>>,                r#"[1, "s3cret"]"#,                 "$[1]"),
        ("an item of an item",      says::<Vec<Vec<u8>>>,           r#"[[1], [2, "s3cret"]]"#,          "$[1][1]"),
        ("too many",                says::<(u8, u8)>,               r#"[1, 2, "s3cret"]"#,              "$"),
        ("too few",                 says::<(u8, u8)>,               "[1]",                              "$"),
        ("too large",               says::<Vec<u8>>,                "[256]",                            "$[0]"),
        ("below zero",              says::<Vec<u8>>,                "[-1]",                             "$[0]"),
        ("a fraction",              says::<Vec<u8>>,                "[1.5]",                            "$[0]"),
        ("null",                    says::<Vec<u8>>,                "[null]",                           "$[0]"),
        ("a character",             says::<Vec<char>>,              r#"["s3cret"]"#,                    "$[0]"),
        ("nothing at all",          says::<Vec<()>>,                r#"["s3cret"]"#,                    "$[0]"),
        ("a unit",                  says::<Vec<Unit>>,              r#"["s3cret"]"#,                    "$[0]"),
        ("a new type",              says::<Vec<New>>,               r#"["s3cret"]"#,                    "$[0]"),
        ("another variant",         says::<Vec<Kind>>,              r#"["s3cret"]"#,                    "$[0]"),
        ("a variant of none",       says::<Vec<Nothing>>,           r#"["s3cret"]"#,                    "$[0]"),
        ("a variant with content",  says::<Vec<Kind>>,              r#"[{"Unit": "s3cret"}]"#,          "$[0].Unit"),
        ("a variant without",       says::<Vec<Kind>>,              r#"["New"]"#,                       "$[0]"),
        ("in a variant",            says::<Vec<Kind>>,              r#"[{"Two": [1, "s3cret"]}]"#,      "$[0].Two[1]"),
        ("in a named one",          says::<Vec<Kind>>,              r#"[{"Named": {"a": "s3cret"}}]"#,  "$[0].Named.a"),
        ("two variants",            says::<Vec<Kind>>,              r#"[{"New": 1, "Two": "s3cret"}]"#, "$[0]"),
        ("a variant that is no name", says::<Vec<Kind>>,            "[7]",                              "$[0]"),
        ("a member of none",        says::<Vec<Empty>>,             r#"[{"s3cret": 1}]"#,               "$[0]"),
    ];
    for (what, says, body, place) in rows {
        let text = says(body);
        assert!(text.contains(&format!("{place}: ")), "{what}: {text}");
        assert!(!text.contains("s3cret"), "{what}: {text}");
    }
}

/// Puts a number into a value.
type Put<T> = fn(&mut T, f64);

/// A number that JSON lacks is found wherever a value may hold one, and nothing else is refused for it.
#[test]
fn a_number_that_json_lacks_is_refused_wherever_it_stands() {
    #[derive(Serialize)]
    struct Unit;
    #[derive(Serialize)]
    struct New(f64);
    #[derive(Serialize)]
    struct Pair(u8, f64);
    #[derive(Serialize)]
    enum Kind {
        Unit,
        New(f32),
        Pair(f64, i8),
        Named { a: f64 },
    }
    #[derive(Serialize)]
    struct All {
        flag: bool,
        whole: (i8, i16, i32, i64, i128, u8, u16, u32, u64, u128),
        double: f64,
        single: f32,
        letter: char,
        text: &'static str,
        unit: Unit,
        nothing: (),
        some: Option<f64>,
        none: Option<f64>,
        new: New,
        pair: Pair,
        kinds: Vec<Kind>,
        members: BTreeMap<u8, f64>,
    }
    let all = || All {
        flag: true,
        whole: (-1, -2, -3, -4, -5, 1, 2, 3, 4, 5),
        double: 1.5,
        single: 2.5,
        letter: 'é',
        text: "a",
        unit: Unit,
        nothing: (),
        some: Some(3.5),
        none: None,
        new: New(4.5),
        pair: Pair(6, 7.5),
        kinds: vec![Kind::Unit, Kind::New(8.5), Kind::Pair(9.5, -9), Kind::Named { a: 10.5 }],
        members: BTreeMap::from([(7, 11.5)]),
    };
    let text = to_python_json(&all()).expect("all of it is finite");
    let read: Value = serde_json::from_slice(&text).expect("JSON");
    assert_eq!(read, serde_json::to_value(all()).expect("a value"));

    let places: [(&str, Put<All>); 10] = [
        ("a member", |all, odd| all.double = odd),
        #[expect(clippy::cast_possible_truncation, reason = "what is not finite stays so")]
        ("a single one", |all, odd| all.single = odd as f32),
        ("an option", |all, odd| all.some = Some(odd)),
        ("a new type", |all, odd| all.new = New(odd)),
        ("a tuple", |all, odd| all.pair = Pair(1, odd)),
        #[expect(clippy::cast_possible_truncation, reason = "what is not finite stays so")]
        ("a variant", |all, odd| all.kinds = vec![Kind::New(odd as f32)]),
        ("a variant of two", |all, odd| all.kinds = vec![Kind::Unit, Kind::Pair(odd, 1)]),
        ("a named variant", |all, odd| all.kinds = vec![Kind::Named { a: odd }]),
        ("a map", |all, odd| all.members = BTreeMap::from([(1, 1.0), (2, odd)])),
        ("all of them", |all, odd| (all.double, all.some) = (odd, Some(odd))),
    ];
    for (what, put) in places {
        for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut value = all();
            put(&mut value, odd);
            let error = to_python_json(&value).expect_err(what);
            assert_eq!(error.kind(), ErrorKind::Body, "{what} {odd}");
        }
    }
}

/// A value anywhere in which every text, name and number is a canary.
fn canaries() -> impl Strategy<Value = Value> {
    let names = prop_oneof![
        Just("canary-7431".to_owned()),
        Just("id".to_owned()),
        Just("lines".to_owned()),
        Just("state".to_owned()),
        Just("paid".to_owned()),
        Just("notes".to_owned()),
        Just("kind".to_owned()),
        Just("due".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(json!("canary-7431")),
        Just(json!(7431)),
        Just(json!(-7431)),
        Just(json!(7431.7431)),
        Just(json!(null)),
        Just(json!(true)),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_value_of_the_body_is_ever_quoted(value in canaries(), cut in any::<prop::sample::Index>()) {
        fn check<T: DeserializeOwned>(body: &str) -> Result<(), TestCaseError> {
            let response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
            if let Err(error) = response.json::<T>() {
                let text = format!("{error} {error:?}");
                prop_assert!(!text.contains("canary") && !text.contains("7431"), "{}", text);
            }
            Ok(())
        }
        let whole = value.to_string();
        let cut = whole.get(..cut.index(whole.len())).unwrap_or_default();
        for body in [whole.as_str(), cut] {
            check::<Order>(body)?;
            check::<Vec<Order>>(body)?;
            check::<BTreeMap<String, Order>>(body)?;
            check::<BTreeMap<u16, State>>(body)?;
            check::<Either>(body)?;
            check::<Tagged>(body)?;
            check::<Flat>(body)?;
            check::<(State, Day)>(body)?;
            check::<String>(body)?;
            check::<char>(body)?;
            check::<()>(body)?;
        }
    }
}

/// A number that is too large to be read is JSON all the same, and speaks for nothing that stands elsewhere.
#[test]
fn a_number_of_any_size_is_json() {
    let start = "the answer is not the JSON expected: ";
    for number in ["1e400", "-1e400", "1e99999", "123456789e999"] {
        let out = format!("{start}number out of range at line 1 column ");
        let says_of = says::<Value>(&format!("[{number}]"));
        assert!(says_of.starts_with(&out), "{says_of}");
        let says_of = says::<BTreeMap<String, f64>>(&format!(r#"{{"canary": {number}}}"#));
        assert!(says_of.starts_with(&out), "{says_of}");
        let body = format!(r#"{{"sku": 7, "count": 1, "other": {number}}}"#);
        assert_eq!(
            says::<Line>(&body),
            format!("{start}$.sku: expected a string, found an integer")
        );
        let body = format!(r#"{{"sku": "a", "count": {number}}}"#);
        let says_of = says::<Line>(&body);
        assert!(says_of.starts_with(start), "{says_of}");
    }
    assert!(says::<Value>("[1e400").starts_with("the answer is not JSON: "));
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    let body = Bytes::from_static(b"\xef\xbb\xbf{\"state\": \"error\"}");
    let response = Response::new(body.clone());
    assert_eq!(response.json::<Value>().expect("JSON"), json!({"state": "error"}));
    let error = Response::new(Bytes::from_static(b"\xef\xbb\xbfx")).json::<Value>().unwrap_err();
    assert!(error.to_string().starts_with("the answer is not JSON: "), "{error}");
}

#[test]
fn what_came_in_the_place_of_json_is_named() {
    let (html, none) =
        ("<html>canary</html>", "the answer is not JSON: expected value at line 1 column 1");
    let other = "the answer is not the JSON expected: $: expected u8, found a string";
    let coded = "; it is still coded as gzip: `HookBuilder::decode`, with the feature `decode`, undoes that";
    let unknown = "; it is still coded, and not in a way that is known here";
    #[rustfmt::skip]
    let rows = [
        // Content-Type                     Content-Encoding  body          says     and then
        ("text/html; charset=canary",       "",               html,         none,    "; it came as text/html".to_owned()),
        ("Text/HTML",                       "",               html,         none,    "; it came as text/html".to_owned()),
        ("application/json",                "",               html,         none,    "; it came as application/json".to_owned()),
        ("application/json",                "",               "\"canary\"", other,   String::new()),
        ("application/vnd.api+json",        "",               "\"canary\"", other,   String::new()),
        ("text/plain",                      "",               "\"canary\"", other,   "; it came as text/plain".to_owned()),
        ("application/json",                "gzip",           html,         none,    format!("; it came as application/json{coded}")),
        ("",                                "GZIP",           html,         none,    coded.to_owned()),
        ("",                                "identity",       html,         none,    String::new()),
        ("",                                "x-canary",       html,         none,    unknown.to_owned()),
        ("",                                "identity\ngzip", html,        none,    coded.to_owned()),
        ("",                                "gzip\nü",        html,         none,    unknown.to_owned()),
        ("",                                "ü",              html,         none,    unknown.to_owned()),
        ("text/html; x=ü",                  "",               html,         none,    "; it came as text/html".to_owned()),
        ("",                                "",               html,         none,    String::new()),
        ("canary",                          "",               html,         none,    String::new()),
        ("canary/html",                     "",               html,         none,    String::new()),
        ("text/ca\u{6e}ary html",           "",               html,         none,    String::new()),
    ];
    for (kind, coding, body, says, then) in rows {
        let mut response = Response::new(Bytes::from(body));
        for (name, value) in [("content-type", kind), ("content-encoding", coding)] {
            for line in value.split('\n').filter(|line| !line.is_empty()) {
                let line = http::HeaderValue::from_bytes(line.as_bytes()).expect("a value");
                response.headers_mut().append(name, line);
            }
        }
        let error = response.json::<u8>().expect_err("no number").to_string();
        assert_eq!(error, format!("{says}{then}"), "{kind:?} {coding:?}");
        assert!(!error.contains("canary"), "{error}");
    }
}
