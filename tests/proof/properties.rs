//! The invariants under random input.

use proptest::prelude::*;

use crate::cases::cases;
use crate::invariants;

/// Text made of what the formats are made of.
fn text(pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => proptest::sample::select(pieces).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        2 => "[a-zA-Z0-9]{1,6}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat().into_bytes())
}

const URI: &[&str] = &[
    "http://",
    "https://",
    "://",
    ":",
    "@",
    "/",
    "//",
    "?",
    "&",
    "=",
    "#",
    "%2F",
    "%3A",
    "%40",
    "%",
    "__extra__=",
    "host",
    "login",
    ":80",
    ":0",
    "[::1]",
    "{}",
    "%7B%22a%22%3A1%7D",
    "+",
    " ",
    "\n",
];
const JOIN: &[&str] = &[
    "http://h",
    "https://api.example.com",
    "/",
    "\n",
    "\n",
    "?",
    "#",
    "..",
    ".",
    "@",
    "\\",
    "%2e",
    "%",
    "%zz",
    "[",
    ":8080",
    "//other.example",
    "a=b",
    "&",
    " ",
    "\t",
    "ü",
];
/// Endpoint, parameters, maybe a body, and headers of a stored plan.
const STORED: &[&str] = &[
    "\n",
    "\n",
    "/",
    "/../../x",
    "..",
    "%2e",
    "ü",
    "\u{0}",
    "\r",
    " ",
    "?",
    "#",
    "//other.example",
    "http://other.example",
    "@",
    "x-a:b",
    "accept:text/csv",
    "Host:other.example",
    "te:x",
    "content-length:5",
    "proxy-authorization:x",
    "authorization:x",
    "cookie:x",
    ":",
    "accept",
    "token=1",
    "{\"a\": 1}",
];
/// A connection as JSON: mostly an object of its fields, each with something that it can hold.
fn json() -> impl Strategy<Value = Vec<u8>> {
    let names =
        ["conn_type", "host", "schema", "login", "password", "port", "extra", "description"];
    let values = [
        "null",
        "1",
        "65535",
        "\"443\"",
        "-0",
        "1e999",
        "true",
        "\"\"",
        "\"a b\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"https\"",
        "\"u:p@h/x?y#z\"",
        "\"ü\"",
        "{}",
        "[1, {}]",
        "{\"x-a\": \"b\"}",
        "{\"timeout\": [1, 2.50]}",
    ];
    let member = (select(&names), select(&values));
    let member = member.prop_map(|(name, value)| format!("\"{name}\": {value}"));
    let object = prop::collection::vec(member, 0..6);
    object.prop_map(|members| format!("{{{}}}", members.join(", ")).into_bytes())
}

/// Layers of headers: few names, so that they meet.
fn layers() -> impl Strategy<Value = Vec<u8>> {
    let names =
        ["accept", "X-Team", "x-team", "host", "te", "User-Agent", "authorization", "", "ü"];
    let values = ["", ":", ":a", ":b \t", ": c", ":\r", ":d"];
    let line = (select(&["c", "p"]), select(&names), select(&values));
    let line = line.prop_map(|(layer, name, value)| format!("{layer}{name}{value}"));
    prop::collection::vec(line, 0..6).prop_map(|lines| lines.join("\n").into_bytes())
}

fn select(several: &[&'static str]) -> impl Strategy<Value = &'static str> + use<> {
    proptest::sample::select(several.to_vec())
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn conn_uri(bytes in text(URI)) { invariants::connection::uri(&bytes); }

    #[test]
    fn conn_json(bytes in json()) { invariants::connection::json(&bytes); }

    #[test]
    fn join(bytes in text(JOIN)) { invariants::request::join(&bytes); }

    #[test]
    fn headers(bytes in layers()) { invariants::request::headers(&bytes); }

    #[test]
    fn every_script_keeps_the_invariants(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        invariants::machine::machine(&bytes);
    }

    #[test]
    fn a_stored_plan_may_no_more_than_a_fresh_one(
        choices in prop::collection::vec(any::<u8>(), 0..24), lines in text(STORED),
    ) {
        invariants::state::compare(&invariants::state::Planned::of(&[choices, lines].concat()));
    }

    #[test]
    fn storing_anywhere_changes_nothing(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        invariants::machine::resume(&bytes);
    }

    #[test]
    fn storing_where_tokens_are_short_changes_nothing(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        invariants::machine::resume_short_of_tokens(&bytes);
    }

    #[test]
    fn a_script_that_is_short_of_tokens_keeps_the_invariants(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        invariants::machine::short_of_tokens(&bytes);
    }
}
