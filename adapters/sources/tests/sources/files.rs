//! Files of connections: what is wrong is told with its line, and one fault spoils nothing else.

use std::thread;
use std::time::Duration;

use http_hook::Secret;
use http_hook_sources::blocking::{Source, Sources};
use http_hook_sources::{ConnectionFile, Form, SourceErrorKind as Kind};

use crate::Folder;

#[test]
fn a_fault_names_its_line_and_shows_no_value() {
    #[rustfmt::skip]
    let rows = [
        // name     text                                                        line    kind
        ("c.env",   "B=http://b\n\nA=http://canary:9x\n",                       3,      Kind::Malformed),
        ("c.env",   "A=http://canary\nA=http://canary\n",                       2,      Kind::NotUnique),
        ("c.env",   "A={\"password\": \"canary\"}\n",                           1,      Kind::Malformed),
        ("c.env",   "#\n \n",                                                   2,      Kind::Malformed),
        ("c.json",  "{\n\"A\": {\n\"port\": \"canary\"}}",                      3,      Kind::Malformed),
        ("c.json",  "{\"A\": {\"host\": \"h\",\n\"canary\": 1}}",               2,      Kind::Malformed),
        ("c.json",  "{\n\"A\": [\"http://canary\", \"http://h\"]}",             2,      Kind::NotUnique),
        ("c.json",  "{\n\"A\": 5}",                                             2,      Kind::Malformed),
        ("c.json",  "{\"A\": \"http://h\",\n\"A\": \"http://canary\"}",         2,      Kind::NotUnique),
        ("c.json",  "{\"A\": {\n\"extra\": \"canary\"}}",                       2,      Kind::Malformed),
        ("c.json",  "{\"A\": {\n\"extra_dejson\": [1]}}",                       2,      Kind::Malformed),
        ("c.json",  "{\"A\": {\n\"conn_id\": \"canary\"}}",                     2,      Kind::Malformed),
        ("c.json",  "{\"A\": \"canary\n",                                       1,      Kind::Malformed),
        ("c.json",  "",                                                         1,      Kind::Malformed),
        ("c.yaml",  "B: http://b\nA:\n  login: 2024\n",                         3,      Kind::Malformed),
        ("c.yaml",  "B: http://b\nA:\n  password: yes\n",                       3,      Kind::Malformed),
        ("c.yaml",  "A: http://h\nA: http://canary\n",                          2,      Kind::NotUnique),
        ("c.yaml",  "A: !!python/object:canary {}\n",                           1,      Kind::Malformed),
        ("c.yaml",  "A: http://h\n---\nA: http://canary\n",                     2,      Kind::Malformed),
        ("c.yaml",  "A: {}\n\tcanary: http://h\n",                              2,      Kind::Malformed),
        ("c.yaml",  "\tcanary: http://h\n",                                     1,      Kind::Malformed),
        ("c.yaml",  "A: {\n\tcanary: h}\n",                                     2,      Kind::Malformed),
        ("c.yaml",  "http_hook: 2\nA: {}\n",                                    1,      Kind::Unsupported),
        ("c.yaml",  "http_hook: 1\nA:\n  conn_type: canary\n",                  3,      Kind::Malformed),
        ("c.toml",  "[A]\nhost = \"h\"\nport = \"canary\"\n",                   3,      Kind::Malformed),
        ("c.toml",  "[A]\nhost = canary\n",                                     2,      Kind::Malformed),
        ("c.toml",  "[A]\n[A.headers]\nx = 5\n",                                3,      Kind::Malformed),
        ("c.toml",  "[A]\n[A.options]\ncanary = 5\n",                           3,      Kind::Malformed),
        ("c.toml",  "[A]\nurl = \"https://h\"\nhost = \"canary\"\n",            3,      Kind::Malformed),
    ];
    for (name, text, line, kind) in rows {
        let folder = Folder::new();
        let error = ConnectionFile::new(folder.write(name, text)).find("A").expect_err(text);
        assert_eq!((error.line(), error.kind()), (Some(line), kind), "{text:?}: {error}");
        assert!(!error.to_string().contains("canary"), "{text:?}: {error}");
    }
}

#[test]
fn one_fault_spoils_no_other_connection() {
    let folder = Folder::new();
    let file =
        ConnectionFile::new(folder.write("c.yaml", "A: 5\nB: http://b\nC: [http://c]\nD: []\n"));
    assert!(file.find("A").is_err());
    assert_eq!(file.find("B").unwrap().unwrap().connection().host(), Some("b"));
    assert_eq!(file.find("C").unwrap().unwrap().connection().host(), Some("c"));
    assert_eq!(file.find("D").unwrap(), None);
    assert!(file.all().is_err());
}

#[test]
fn yaml_is_what_python_reads() {
    #[rustfmt::skip]
    let rows = [
        // why                      text                                extra
        ("booleans of 1.1",         "{a: yes, b: Off, c: 'yes'}",       r#"{"a": true, "b": false, "c": "yes"}"#),
        ("y and n are texts",       "{a: y, b: n}",                     r#"{"a": "y", "b": "n"}"#),
        ("octal, hex, binary",      "{a: 010, b: 0x1F, c: 0b11}",       r#"{"a": 8, "b": 31, "c": 3}"#),
        ("0o is a text",            "{a: 0o10, b: 08}",                 r#"{"a": "0o10", "b": "08"}"#),
        ("underscores",             "{a: 1_000, b: _1}",                r#"{"a": 1000, "b": "_1"}"#),
        ("sixties",                 "{a: 1:30, b: 1:60}",               r#"{"a": 90, "b": "1:60"}"#),
        ("floats have a dot",       "{a: 1.5, b: 1e5, c: 1.0e+5, d: .5}", r#"{"a": 1.5, "b": "1e5", "c": 100000.0, "d": 0.5}"#),
        ("signs",                   "{a: -3, b: +3, c: -0, d: '-'}",    r#"{"a": -3, "b": 3, "c": 0, "d": "-"}"#),
        ("sixties of fractions",    "{a: 1:30.5, b: 190:20:30.15, c: 01:30.5, d: -1:30.}", r#"{"a": 90.5, "b": 685230.15, "c": 90.5, "d": -90.0}"#),
        ("no sign before a dot",    "{a: -.5, b: +.5, c: -1.5, d: -.inf}", r#"{"a": "-.5", "b": "+.5", "c": -1.5, "d": -Infinity}"#),
        ("zero of underscores",     "{a: 0_, b: 00, c: 0_7}",           r#"{"a": 0, "b": 0, "c": 7}"#),
        ("tagged fractions",        "{a: !!float 5, b: !!float '010', c: !!float 1.5}", r#"{"a": 5.0, "b": 10.0, "c": 1.5}"#),
        ("names that are no texts", "{yes: 1, Off: 2, ~: 3, 0x1F: 4, 1.5: 5}", r#"{"true": 1, "false": 2, "null": 3, "31": 4, "1.5": 5}"#),
        ("ends of lines, escaped",  r#"{a: "\N\L\P"}"#,                 "{\"a\": \"\\u0085\\u2028\\u2029\"}"),
        ("null",                    "{a: ~, b: null, c: Null, d: }",    r#"{"a": null, "b": null, "c": null, "d": null}"#),
        ("tags",                    "{a: !!str 5, b: !!int '5'}",       r#"{"a": "5", "b": 5}"#),
        ("anchors",                 "{a: &x [1], b: *x}",               r#"{"a": [1], "b": [1]}"#),
        ("merges",                  "{a: &x {p: 1, q: 2}, b: {<<: *x, p: 3}}", r#"{"a": {"p": 1, "q": 2}, "b": {"p": 3, "q": 2}}"#),
    ];
    for (why, text, extra) in rows {
        let folder = Folder::new();
        let file = folder.write("c.yaml", &format!("A:\n  extra_dejson: {text}\n"));
        let found = ConnectionFile::new(file).find("A").expect(why).expect(why);
        assert_eq!(found.connection().extra().map(Secret::expose), Some(extra), "{why}");
    }
}

#[test]
fn yaml_that_python_reads_as_something_else_is_refused_with_its_line() {
    let hexadecimal = format!("0x{}", "f".repeat(33));
    let octal = format!("-0{}", "7".repeat(60));
    let sixties = format!("9{}", ":59".repeat(40));
    for value in [
        hexadecimal.as_str(),
        &octal,
        &sixties,
        "'a\u{85}b'",
        "a\u{2028}b",
        "1 # \u{2029}b",
        "!!int 5.5",
        "!!float 0x1F",
    ] {
        let folder = Folder::new();
        let file = folder.write("c.yaml", &format!("A:\n  extra_dejson:\n    a: {value}\n"));
        let error = ConnectionFile::new(file).find("A").unwrap_err();
        assert_eq!((error.kind(), error.line()), (Kind::Malformed, Some(3)), "{value}: {error}");
        assert!(!error.to_string().contains(value));
    }
}

#[test]
fn anchors_and_depth_do_not_fill_the_memory() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, last) in ('b'..='k').zip('a'..) {
        let line = format!("{name}: &{name} [{}]\n", vec![format!("*{last}"); 10].join(", "));
        bomb.push_str(&line);
    }
    let deep = |open: &str, close: &str| {
        format!("{{\"A\": {}{}}}", open.repeat(200_000), close.repeat(200_000))
    };
    for (name, text) in [
        ("c.yaml", bomb),
        ("c.json", deep("[", "]")),
        ("c.yaml", deep("[", "]")),
        ("c.yaml", deep("{a: ", "}")),
    ] {
        let folder = Folder::new();
        assert!(ConnectionFile::new(folder.write(name, &text)).find("A").is_err());
    }
}

/// Whatever repeats or makes many of little is counted as what it comes to, a text of any length as its bytes.
#[test]
fn little_text_makes_no_more_than_the_longest_file_may_hold() {
    let text = "k".repeat(100 << 10);
    let aliases = |count: usize| format!("a: &a \"{text}\"\nb: [{}]\n", "*a,".repeat(count));
    let nested = |depth: usize| {
        let open: Vec<String> = (0..depth).map(|at| format!("&a{at} [")).collect();
        format!("a: {}\"{}\"{}\n", open.concat(), text.repeat(10), "]".repeat(depth))
    };
    let merged = |count: usize| {
        let mut merged = format!("a: &a {{k: \"{text}\"}}\n");
        merged.extend((0..count).map(|at| format!("b{at}: {{<<: *a}}\n")));
        merged
    };
    let json = |count: usize| format!("{{\"a\": [{}0]}}", "0,".repeat(count));
    let toml = |count: usize| format!("[a]\nextra = {{ b = [{}[]] }}\n", "[],".repeat(count));
    let hidden = |count: usize| format!("[a]\nb = [\"\"\"\"\"\"\"\", {}[]]\n", "[],".repeat(count));
    let dotted = |count: usize| format!("[a]\n{}b = 1\n", "b = 1\n".repeat(count));
    let (few, many) = (600_000, 1_100_000);
    #[rustfmt::skip]
    let rows = [
        // why                                  form        text                fits
        ("aliases of a text, 60 MiB",           Form::Yaml, aliases(590),       true),
        ("aliases of a text, 98 MiB",           Form::Yaml, aliases(1_000),     false),
        ("anchors in anchors, 29 MiB",          Form::Yaml, nested(30),         true),
        ("anchors in anchors, 88 MiB",          Form::Yaml, nested(90),         false),
        ("what is merged, 98 MiB",              Form::Yaml, merged(1_000),      false),
        ("values of JSON",                      Form::Json, json(few),          true),
        ("too many of them",                    Form::Json, json(many),         false),
        ("values of TOML",                      Form::Toml, toml(few / 2),      true),
        ("too many of them",                    Form::Toml, toml(few),          false),
        ("behind quotes in three quotes",       Form::Toml, hidden(few),        false),
        ("members of TOML",                     Form::Toml, dotted(many),       false),
    ];
    for (why, form, text, fits) in rows {
        // What is no connection may be told; what there is too much of is.
        let said = form.read(&text).err().map(|error| error.to_string()).unwrap_or_default();
        let is_over = said.contains("more values than are read") || said.contains("more repeated");
        assert_eq!(is_over, !fits, "{why}: {said}");
    }
}

#[test]
fn a_file_that_changes_is_read_anew() {
    let folder = Folder::new();
    let path = folder.write("c.json", "{\"A\": \"http://a\"}");
    let old = std::time::SystemTime::now() - Duration::from_secs(60);
    let settle =
        || std::fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    settle();
    let sources = Sources::new().with(ConnectionFile::new(&path));
    let host = || sources.get("A").unwrap().connection().host().map(str::to_owned);
    assert_eq!(host().as_deref(), Some("a"));
    for other in ["b", "c", "d"] {
        folder.write("c.json", &format!("{{\"A\": \"http://{other}\"}}"));
        // The same length and the same time: only the time of the change of the inode tells.
        settle();
        assert_eq!(host().as_deref(), Some(other));
        thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_waited_for() {
    let folder = Folder::new();
    let pipe = folder.path().join("c.json");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    assert!(ConnectionFile::new(&pipe).find("A").is_err());
    assert!(ConnectionFile::new("/dev/zero").find("A").is_err());
}
