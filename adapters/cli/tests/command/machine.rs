//! What people can read, programs can: each command that prints a thing has a form for them, without secrets.

use serde_json::Value;

use crate::conn::Home;
use crate::narrow::commands;
use crate::support::{parts, run};

/// Commands whose result has no form of its own for programs, and why.
#[rustfmt::skip]
const WITHOUT: [(&str, &str); 15] = [
    ("",             "it is help"),
    ("run",          "its results are JSON anyway"),
    ("conn",         "it is help"),
    ("conn add",     "a line that says that it is done"),
    ("conn edit",    "a line that says that it is done"),
    ("conn rm",      "a line that says that it is done"),
    ("conn import",  "a line that says that it is done"),
    ("conn export",  "a line that says that it is done"),
    ("conn convert", "a line that says that it is done"),
    ("conn rotate",  "a line that says that it is done"),
    ("policy",       "it is help"),
    ("config",       "it is help"),
    ("demo",         "it is a play"),
    ("completions",  "a script"),
    ("man",          "a page"),
];
/// These take what is behind the file.
const PASS_ON: [&str; 2] = ["record", "replay"];

#[test]
fn each_command_that_shows_a_thing_has_a_form_for_programs() {
    let shows =
        |command: &&String| !command.ends_with("help") && !PASS_ON.contains(&command.as_str());
    for command in commands().iter().filter(shows) {
        let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let has = run(&words).1.contains("--format");
        let without = WITHOUT.iter().find(|(name, _)| name == command);
        assert_eq!(has, without.is_none(), "{command}: {without:?}");
    }
    for (name, _) in WITHOUT {
        assert!(commands().iter().any(|command| command == name), "{name}");
    }
}

/// One line of JSON, of the schema that there is.
fn json(words: &[&str], out: &str) -> Value {
    assert_eq!(out.lines().count(), 1, "{words:?}: {out}");
    let value: Value = serde_json::from_str(out).unwrap();
    assert_eq!(value["schema"], 1, "{words:?}: {out}");
    value
}

#[test]
fn what_is_shown_is_the_same_in_both_forms() {
    let home = Home::new("machine");
    home.write("a.toml", "[sales]\nurl = \"https://me@api.test/v1\"\nlogin = \"me\"\npassword = \"pw\"\n[sales.retry.stop]\ntype = \"after_attempt\"\nmax_attempts = 5\n");
    let environment = [("AIRFLOW_CONN_SALES", "http://other.test"), ("HTTP_HOOK_RETRY", "7")];
    let told = |words: &[&str]| {
        let (code, out, err) = parts(&home.run(words, &environment));
        assert_eq!((code, err.as_str()), (Some(0), ""), "{words:?}");
        // What a setting asks for, the option asks for.
        let mut set = environment.to_vec();
        set.push(("HTTP_HOOK_FORMAT", "json"));
        let plain: Vec<&str> =
            words.iter().copied().filter(|word| !["--format", "json"].contains(word)).collect();
        if !words.contains(&"config") {
            assert_eq!(parts(&home.run(&plain, &set)).1, out, "{words:?}");
        }
        json(words, &out)
    };
    let sources = ["--sources", "file:a.toml, env", "--format", "json"];
    let with = |words: &[&'static str]| [words, &sources[..]].concat();

    let own = &told(&with(&["conn", "show", "sales"]))["connection"];
    assert_eq!(own["id"], "sales");
    assert_eq!(own["place"], "file a.toml, line 1");
    assert_eq!(own["host"], "https://***@api.test/***", "{own}");
    assert_eq!((&own["login"], &own["password"]), (&"me".into(), &"***".into()), "{own}");
    assert_eq!(own["extra"]["http_hook"]["retry"]["stop"]["max_attempts"], 5, "{own}");

    let origin = &told(&with(&["conn", "origin", "sales"]))["origin"];
    assert_eq!(origin["id"], "sales");
    assert_eq!(origin["asked"][0]["place"], "file a.toml, line 1", "{origin}");
    let said: Vec<_> =
        origin["asked"].as_array().unwrap().iter().map(|one| one["says"].clone()).collect();
    assert_eq!(said, ["used", "shadowed"], "{origin}");
    let all = &told(&with(&["conn", "origin"]))["connections"];
    assert_eq!(all[0]["id"], "sales", "{all}");
    assert_eq!(all[0]["shadowed"][0], "env AIRFLOW_CONN_SALES", "{all}");

    let config = told(&["config", "show", "--format", "json"]);
    let of = |key: &str| {
        let all = config["settings"].as_array().unwrap();
        all.iter().find(|one| one["key"] == key).unwrap().clone()
    };
    assert_eq!(of("retry")["value"], "7");
    assert_eq!(of("retry")["origin"], "environment (HTTP_HOOK_RETRY)");
    assert_eq!(of("proxy")["value"], Value::Null);
    assert_eq!(config["project_file"], Value::Null, "{config}");

    let policy = told(&with(&["policy", "show", "sales"]));
    assert_eq!(policy["policy"]["stop"]["max_attempts"], 5, "{policy}");
    home.write("policy.json", r#"{"stop": {"type": "after_attempt", "max_attempts": 4}}"#);
    let checked = told(&["policy", "check", "policy.json", "--format", "json"]);
    assert_eq!(checked["checked"]["attempts"], 4, "{checked}");
}

#[test]
fn errors_are_json_too() {
    let home = Home::new("machine-errors");
    home.write("broken.json", r#"{"sales": "http://me:c4n4ry@h:port"}"#);
    home.write("policy.json", r#"{"stop": 3}"#);
    for (words, code) in [
        (&["conn", "show", "nobody"][..], 10),
        (&["conn", "origin", "nobody"], 10),
        (&["conn", "show", "sales", "--conn-file", "broken.json"], 2),
        (&["conn", "origin", "sales", "--conn-file", "broken.json"], 2),
        (&["policy", "show", "nobody"], 10),
        (&["policy", "check", "policy.json"], 2),
        (&["config", "show", "--no-such-option"], 2),
    ] {
        let words = [words, &["--format", "json"]].concat();
        let (own, out, err) = parts(&home.run(&words, &[]));
        assert_eq!(own, Some(code), "{words:?}: {err}");
        assert!(json(&words, &err)["error"]["code"].is_string(), "{err}");
        assert!(!format!("{out}{err}").contains("c4n4ry"), "{words:?}: {out}{err}");
    }
}

#[test]
fn no_form_for_programs_has_a_secret() {
    let home = Home::new("machine-canary");
    home.write(
        "a.json",
        r#"{
  "all": {"conn_type": "http", "host": "https://u:c4n4ry@h.test/c4n4ry?k=c4n4ry", "login": "c4n4ry", "schema": "c4n4ry",
    "extra": {"X-Key": "c4n4ry", "timeout": "c4n4ry", "proxies": {"https": "http://u:c4n4ry@p"}, "n": {"a": ["c4n4ry"]},
    "http_hook": {"auth": {"scheme": "c4n4ry", "token": "c4n4ry"}, "retry": {"type": "c4n4ry"}, "x": "c4n4ry"}}},
  "text": {"conn_type": "http", "host": "h", "login": "me", "password": "c4n4ry", "extra": "c4n4ry"},
  "uri": "http://me:c4n4ry@h/?x-key=c4n4ry",
  "port": "http://me:c4n4ry@h:c4n4ry"
}"#,
    );
    let environment = [
        ("HTTP_HOOK_PROXY", "http://u:c4n4ry@p.test"),
        ("AIRFLOW_CONN_URI", "http://me:c4n4ry@other.test"),
    ];
    let mut shown = 0;
    for id in ["all", "text", "uri", "port", "absent"] {
        for command in ["conn show", "conn origin", "policy show", "policy table"] {
            for sources in ["file:a.json, env", "env, file:a.json"] {
                let mut words: Vec<&str> = command.split(' ').chain([id]).collect();
                words.extend(["--sources", sources, "--format", "json"]);
                let (code, out, err) = parts(&home.run(&words, &environment));
                shown += usize::from(code == Some(0));
                assert!(!format!("{out}{err}").contains("c4n4ry"), "{words:?}: {out}{err}");
            }
        }
    }
    assert!(shown > 10, "{shown}");
    for words in [
        &["config", "show", "--format", "json"][..],
        &["config", "show", "--origin", "--format", "json"],
        &["conn", "origin", "--conn-file", "a.json", "--format", "json"],
    ] {
        let (code, out, err) = parts(&home.run(words, &environment));
        assert_eq!(code, Some(0), "{words:?}: {err}");
        assert!(!format!("{out}{err}").contains("c4n4ry"), "{words:?}: {out}{err}");
    }
}
