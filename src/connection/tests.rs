//! What an extra means for HTTP.

use serde_json::{Value, json};

use crate::base::{Problem, Secret};
use crate::connection::Connection;
use crate::options::{Options, Setting, Verify};

#[test]
fn an_extra_means_headers_options_and_settings() {
    let rows = [
        // why                                   extra                                    headers
        (
            "names and order as written",
            r#"{"X-B": "1", "x-a": ""}"#,
            json!([["X-B", "1"], ["x-a", ""]]),
        ),
        ("null removes", r#"{"Accept": null}"#, json!([["Accept", null]])),
        (
            "option names are no headers",
            r#"{"verify": true, "retries": "3"}"#,
            json!([["retries", "3"]]),
        ),
        ("they are known in lower case only", r#"{"Timeout": "3"}"#, json!([["Timeout", "3"]])),
        ("a text is a header under any name", r#"{"http_hook": "3"}"#, json!([["http_hook", "3"]])),
        ("settings in a text are none", r#"{"http_hook": "{\"retry\": {}}"}"#, json!([])),
        ("settings are none", r#"{"http_hook": {"retry": {}}}"#, json!([])),
        ("no JSON, no headers", r#"{"X-B": "1""#, json!([])),
        ("an empty extra", "", json!([])),
        ("a look-up that is off", r#"{"srv_lookup": "no"}"#, json!([])),
    ];
    for (why, extra, expected) in rows {
        let read = Connection::new().with_extra(extra).read_extra().expect(why);
        let headers: Vec<Value> = read
            .headers
            .iter()
            .map(|(name, value)| json!([name, value.as_ref().map(Secret::expose)]))
            .collect();
        assert_eq!(Value::Array(headers), expected, "{extra}: {why}");
    }
    for extra in
        [r#"{"http_hook": {"retry": {"n": 1}}}"#, r#"{"http_hook": " {\"retry\": {\"n\": 1}}"}"#]
    {
        let settings = Connection::new().with_extra(extra).read_extra().expect("settings").settings;
        assert_eq!(Value::Object(settings), json!({"retry": {"n": 1}}), "{extra}");
    }
}

#[test]
fn an_extra_with_problems_tells_all_of_them() {
    let rows = [
        ("a list", "[1]", vec!["connection.extra"]),
        ("a number", "0", vec!["connection.extra"]),
        ("a name twice", r#"{"a": "1", "a": "2"}"#, vec!["connection.extra"]),
        (
            "headers are texts",
            r#"{"a": 1, "b": {}, "c": true, "d d": []}"#,
            vec![
                "connection.extra, member 1",
                "connection.extra, member 2",
                "connection.extra, member 3",
                "connection.extra, member 4",
            ],
        ),
        (
            "options have types",
            r#"{"timeout": 0, "max_redirects": 1.5}"#,
            vec!["connection.extra.timeout", "connection.extra.max_redirects"],
        ),
        (
            "settings that cannot be read",
            r#"{"http_hook": "{'auth': {}}"}"#,
            vec!["connection.extra.http_hook"],
        ),
        ("a list", r#"{"http_hook": "[{}]"}"#, vec!["connection.extra.http_hook"]),
        ("another name", r#"{"Http-Hook": "{}"}"#, vec!["connection.extra.http_hook"]),
        ("service records", r#"{"srv_lookup": "On"}"#, vec!["connection.extra.srv_lookup"]),
        (
            "both kinds",
            r#"{"a": 1, "verify": {"b": 1}}"#,
            vec!["connection.extra, member 1", "connection.extra.verify"],
        ),
    ];
    for (why, extra, expected) in rows {
        let problems = Connection::new().with_extra(extra).read_extra().expect_err(why);
        let places: Vec<&str> = problems.iter().map(Problem::place).collect();
        assert_eq!(places, expected, "{extra}: {why}");
    }
}

#[test]
fn only_a_query_is_typed() {
    let query = Connection::from_uri("http://h/?verify=false&X-N=5&http_hook={\"auth\":{}}")
        .expect("a URI");
    let read = query.read_extra().expect("no problems");
    assert_eq!(read.options.verify, Setting::Set(Verify::Off), "as the server side reads it");
    assert_eq!(read.headers, [("X-N".to_owned(), Some("5".into()))], "headers stay texts");
    assert!(read.settings.contains_key("auth"), "settings are an object in a text");

    let json = Connection::from_json(r#"{"extra": {"verify": "false"}}"#).expect("JSON");
    let read = json.read_extra().expect("no problems");
    assert_eq!(read.options.verify, Setting::Set(Verify::File("false".into())), "a text is a file");
    let whole = Connection::from_uri("http://h/?__extra__={\"timeout\":\"5\"}").expect("a URI");
    assert!(whole.read_extra().is_err(), "a text is no number of seconds");
}

#[test]
fn a_null_is_absent() {
    let extra = r#"{"timeout": null, "verify": null, "cert": null, "proxies": null, "proxy": {"all": "http://p"},
        "stream": null, "allow_redirects": null, "max_redirects": null, "trust_env": null, "check_response": null}"#;
    let read = Connection::new().with_extra(extra).read_extra().expect("no problems");
    assert_eq!(read.options, Options::default());
}

#[test]
fn no_secret_of_an_extra_is_told() {
    const SECRET: &str = "k3y77aa";
    let uri =
        "http://u:k3y77aa@h/?Authorization=k3y77aa&proxies={\"all\":\"http:%2F%2Fu:k3y77aa@p\"}";
    let told = format!("{:?}", Connection::from_uri(uri).expect("a connection").read_extra());
    assert!(!told.contains(SECRET), "{told}");
    let extra = r#"{"http_hook": {"auth": {"token": "k3y77aa"}}}"#;
    let told = format!("{:?}", Connection::new().with_extra(extra).read_extra());
    assert!(!told.contains(SECRET) && told.contains("auth"), "{told}");
    let refused = r#"{"proxies": {"all": "http://u:k3y77aa@"}, "timeout": "k3y77aa", "cert": ["k3y77aa"], "verify": ["k3y77aa"]}"#;
    let problems = Connection::new().with_extra(refused).read_extra().expect_err("problems");
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(!format!("{problems:?}").contains(SECRET), "{problems:?}");
}
