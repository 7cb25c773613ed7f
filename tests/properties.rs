//! The invariants under random input.

mod invariants;

use proptest::prelude::*;

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
const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"host\"",
    "\"port\"",
    "\"extra\"",
    "\"login\"",
    "\"password\"",
    "\"uri\"",
    ":",
    ",",
    "\"",
    "1",
    "443",
    "null",
    "true",
    "\\u0000",
    "\\ud800",
    "1e999",
    "-0",
    " ",
    "{\"host\":",
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
const HEADERS: &[&str] = &[
    "\nc",
    "\np",
    "accept",
    "X-Team",
    "host",
    "connection",
    "user-agent",
    ":",
    ": a",
    ":b ",
    "\t",
    "\r",
    "authorization",
    "ü",
    ":",
    "content-length:3",
];

proptest! {
    #[test]
    fn conn_uri(bytes in text(URI)) { invariants::connection::uri(&bytes); }

    #[test]
    fn conn_json(bytes in text(JSON)) { invariants::connection::json(&bytes); }

    #[test]
    fn join(bytes in text(JOIN)) { invariants::request::join(&bytes); }

    #[test]
    fn headers(bytes in text(HEADERS)) { invariants::request::headers(&bytes); }

    #[test]
    fn every_script_keeps_the_invariants(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        invariants::machine::machine(&bytes);
    }
}
