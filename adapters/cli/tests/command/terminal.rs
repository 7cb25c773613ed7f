//! What people see: text that cannot steer a terminal, JSON that is indented and not changed.

#[allow(dead_code, reason = "the test looks at a part of it")]
#[path = "../../src/output/json.rs"]
mod json;
#[allow(dead_code, reason = "the test looks at a part of it")]
#[path = "../../src/screen.rs"]
mod screen;

use std::time::Duration;

#[test]
fn a_terminal_obeys_nothing_of_a_server() {
    let rows = [
        ("text stays", "Grüße\n\tλ", "Grüße\n\tλ"),
        ("escape", "\u{1b}[31mred", "[31mred"),
        ("C1 control sequence introducer", "\u{9b}31mred", "31mred"),
        ("bell, backspace, delete", "a\u{7}\u{8}\u{7f}b", "ab"),
        ("a line is not overwritten", "good\rbad", "goodbad"),
        ("writing does not turn", "\u{202e}cod\u{2066}", "cod"),
    ];
    for (why, text, expected) in rows {
        assert_eq!(screen::plain(text), expected, "{why}");
        assert_eq!(screen::line(text), expected.replace(['\n', '\t'], ""), "{why}");
    }
}

#[test]
fn indenting_changes_blanks_only() {
    let rows = [
        ("not JSON", "{a}", None),
        ("two values", "1 2", None),
        (
            "a number is kept by digits",
            "[1.0,1e999,12345678901234567890123]",
            Some("[\n  1.0,\n  1e999,\n  12345678901234567890123\n]"),
        ),
        (
            "fields keep order, twice too",
            r#"{"b":1,"a":{},"b":[ ]}"#,
            Some("{\n  \"b\": 1,\n  \"a\": {},\n  \"b\": []\n}"),
        ),
        (
            "strings are let alone",
            r#"["a\"],{ :\\","]"]"#,
            Some("[\n  \"a\\\"],{ :\\\\\",\n  \"]\"\n]"),
        ),
        ("a bare value", " null ", Some("null")),
    ];
    for (why, json, expected) in rows {
        assert_eq!(json::indent(json.as_bytes()).as_deref(), expected, "{why}");
    }
}

#[test]
fn times_are_short() {
    let rows = [
        (0, "0.0 ms", "0.00 s"),
        (1_500, "1.5 ms", "0.00 s"),
        (142_000, "142 ms", "0.1 s"),
        (12_340_000, "12.3 s", "12.3 s"),
    ];
    for (micros, took, seconds) in rows {
        let time = Duration::from_micros(micros);
        assert_eq!((screen::took(time).as_str(), screen::seconds(time).as_str()), (took, seconds));
    }
}
