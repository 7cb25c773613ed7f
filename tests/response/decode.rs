//! Bodies as text, and as problems.

use http::{HeaderMap, HeaderValue};
use http_hook::response::ProblemDetails;
use http_hook::response::text::{charset, text};

fn with(name: &'static str, values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[test]
fn text_has_a_charset() {
    #[expect(clippy::type_complexity, reason = "a table")]
    #[rustfmt::skip]
    let rows: [(&str, Option<&str>, &[u8], Option<&str>, &str); 17] = [
        // why                              Content-Type                            body                        charset                 text
        ("recorded: JSON",                  Some("application/json"),               "é漢".as_bytes(),           Some("utf-8"),          "é漢"),
        ("recorded: named",                 Some("text/plain; charset=utf-8"),      "é漢".as_bytes(),           Some("utf-8"),          "é漢"),
        ("recorded: named, in quotes",      Some("text/html; charset=\"UTF-8\""),   "é漢".as_bytes(),           Some("UTF-8"),          "é漢"),
        ("recorded: a Cyrillic one",        Some("text/plain; charset=windows-1251"), b"\xef\xf0\xe8\xe2\xe5\xf2", Some("windows-1251"), "привет"),
        ("recorded: none, ASCII",           None,                                   b"plain ascii",             None,                   "plain ascii"),
        ("recorded: the order mark stays",  Some("text/plain; charset=utf-8"),      b"\xef\xbb\xbfx",           Some("utf-8"),          "\u{feff}x"),
        ("recorded: empty",                 Some("text/plain"),                     b"",                        Some("ISO-8859-1"),     ""),
        ("text is Latin-1",                 Some("text/plain"),                     b"\xe9\x80",                Some("ISO-8859-1"),     "é\u{80}"),
        ("Latin-1 is not windows-1252",     Some("text/plain; charset=latin1"),     b"\x80",                    Some("latin1"),         "\u{80}"),
        ("ASCII",                           Some("text/plain; charset=us-ascii"),   b"a\xe9",                   Some("us-ascii"),       "a\u{fffd}"),
        ("not UTF-8",                       Some("application/json"),               b"a\xe9",                   Some("utf-8"),          "a\u{fffd}"),
        ("no such charset",                 Some("text/plain; charset=x-none"),     "é".as_bytes(),             Some("x-none"),         "é"),
        ("UTF-16 with its mark",            Some("text/plain; charset=utf-16"),     b"\xfe\xff\x00a",           Some("utf-16"),         "a"),
        ("letter case, blanks",             Some("text/plain;Charset = UTF-8"),     "é".as_bytes(),             Some("UTF-8"),          "é"),
        ("a parameter before it",           Some("text/plain; a=b; charset=utf-8"), "é".as_bytes(),             Some("utf-8"),          "é"),
        ("unknown type, UTF-8",             Some("image/x"),                        "é".as_bytes(),             None,                   "é"),
        ("unknown type, not UTF-8",         Some("image/x"),                        b"\xe9",                    None,                   "é"),
    ];
    for (why, kind, body, named, expected) in rows {
        let headers = with("content-type", kind.as_slice());
        assert_eq!(charset(&headers).as_deref(), named, "{why}");
        assert_eq!(text(&headers, body), expected, "{why}");
    }
}

#[test]
fn problems_are_read() {
    let full = r#"{"type":"https://x.test/p","title":"t","status":403,"detail":"d","instance":"/i","more":[1]}"#;
    let long = format!(r#"{{"title":"{}"}}"#, "t".repeat(64 * 1024));
    let deep = "[".repeat(200);
    #[rustfmt::skip]
    let rows = [
        // why                      Content-Type                                body                        kind, title, status
        ("all members",             "application/problem+json",                 full,                       Some(("https://x.test/p", Some("t"), Some(403)))),
        ("with a charset",          "Application/Problem+JSON; charset=utf-8",  full,                       Some(("https://x.test/p", Some("t"), Some(403)))),
        ("none",                    "application/problem+json",                 "{}",                       Some(("about:blank", None, None))),
        ("members of other kinds",  "application/problem+json",                 r#"{"type":1,"title":{},"status":"403"}"#, Some(("about:blank", None, None))),
        ("no such status",          "application/problem+json",                 r#"{"status":70000}"#,      Some(("about:blank", None, None))),
        ("another type",            "application/json",                         full,                       None),
        ("no object",               "application/problem+json",                 "[]",                       None),
        ("no JSON",                 "application/problem+json",                 "{",                        None),
        ("too deep",                "application/problem+json",                 &deep,                      None),
        ("too long",                "application/problem+json",                 &long,                      None),
    ];
    for (why, kind, body, expected) in rows {
        let problem = ProblemDetails::read(&with("content-type", &[kind]), body.as_bytes());
        let problem = problem.as_ref();
        let got = problem
            .map(|problem| (problem.kind.as_str(), problem.title.as_deref(), problem.status));
        assert_eq!(got, expected, "{why}");
    }
}
