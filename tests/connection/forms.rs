//! Tables for the text forms of a connection, and for what its extra means.

use http_hook::{Connection, ErrorKind, Secret};
use serde_json::{Value, json};

/// The fields that make a difference, as JSON.
fn fields(connection: &Connection) -> Value {
    json!({
        "conn_type": connection.conn_type(),
        "host": connection.host(),
        "login": connection.login(),
        "password": connection.password().map(Secret::expose),
        "schema": connection.schema(),
        "port": connection.port(),
        "extra": connection.extra().map(Secret::expose),
    })
}

/// The fields of a URI's connection, less those of `http://h`.
fn told(uri: &str) -> Option<Value> {
    let mut all = fields(&Connection::from_uri(uri).ok()?);
    let plain = fields(&Connection::from_uri("http://h").expect("a URI"));
    all.as_object_mut().expect("an object").retain(|name, value| plain.get(name) != Some(value));
    Some(all)
}

#[test]
fn a_uri_is_read() {
    let rows = [
        // why                                 URI                              what is not as in http://h
        (
            "user info is decoded once",
            "http://a%2540b:c%20d+e@h",
            json!({"login": "a%40b", "password": "c d+e"}),
        ),
        (
            "the last @ ends the user info",
            "http://u:p@ss@h",
            json!({"login": "u", "password": "p@ss"}),
        ),
        ("the first : ends the login", "http://u:p:w@h", json!({"login": "u", "password": "p:w"})),
        ("an empty password is one", "http://u:@h", json!({"login": "u", "password": ""})),
        ("no password is none", "http://u@h", json!({"login": "u"})),
        ("not UTF-8: U+FFFD", "http://%E9@h", json!({"login": "\u{fffd}"})),
        ("hosts are in lower case", "http://API.X", json!({"host": "api.x"})),
        ("an escape ends the lower case", "http://API%2DX", json!({"host": "api-X"})),
        (
            "a base URL keeps its case",
            "http://https%3A%2F%2FA%2FV1",
            json!({"host": "https://A/V1"}),
        ),
        (
            "a second scheme is the host's",
            "http://https://u:p@a:1",
            json!({"host": "https://a", "login": "u", "password": "p", "port": 1}),
        ),
        ("brackets go", "http://[::1]:80", json!({"host": "::1", "port": 80})),
        ("a zone keeps its case", "http://[FE80::1%25Lan]", json!({"host": "fe80::1%Lan"})),
        ("leading zeros", "http://h:0000080", json!({"port": 80})),
        ("port 0 is kept", "http://h:0", json!({"port": 0})),
        ("an empty port is none", "http://h:/s", json!({"schema": "s"})),
        ("the path is the schema, whole", "http://h/a/b%2Fc/", json!({"schema": "a/b/c/"})),
        (
            "the fragment is dropped",
            "http://h/s?a=b#?c=d",
            json!({"schema": "s", "extra": "{\"a\": \"b\"}"}),
        ),
        (
            "queries are forms",
            "http://h?a=x+y%2B&&b&c=%",
            json!({"extra": "{\"a\": \"x y+\", \"b\": \"\", \"c\": \"%\"}"}),
        ),
        (
            "the last of two, where the first is",
            "http://h?a=1&b=2&a=3",
            json!({"extra": "{\"a\": \"3\", \"b\": \"2\"}"}),
        ),
        ("an extra as one text", "http://h?a=1&__extra__=%7B+%7D", json!({"extra": "{ }"})),
        ("only separators: an empty extra", "http://h?&&", json!({"extra": "{}"})),
        (
            "escapes in JSON are Python's",
            "http://h?a=%7F%F0%9F%98%80%0A",
            json!({"extra": "{\"a\": \"\\u007f\\ud83d\\ude00\\n\"}"}),
        ),
        ("types have _ for -", "My-Type://h", json!({"conn_type": "my_type"})),
        ("postgresql has a short name", "postgresql://h", json!({"conn_type": "postgres"})),
        ("blanks and controls before it", "\u{1}\t http://h", json!({})),
        ("only TAB, CR and LF vanish", "http://u\u{1}@h", json!({"login": "u\u{1}"})),
    ];
    for (why, uri, expected) in rows {
        assert_eq!(told(uri), Some(expected), "{uri:?}: {why}");
    }
}

#[test]
fn what_is_no_uri_is_refused() {
    let rows = [
        ("three schemes", "http://https://x://y"),
        ("user info before the second scheme", "http://u:p@https://h"),
        ("a port is digits", "http://h:80a"),
        ("a port has no sign", "http://h:+80"),
        ("a port has two bytes", "http://h:65536"),
        ("one port", "http://h:80:81"),
        ("/ in a password", "http://u:p/w@h"),
        ("[ in a password", "http://u:p[w@h"),
        ("an open bracket", "http://[::1"),
        ("a closed bracket", "http://::1]"),
        ("text before the bracket", "http://a[::1]"),
        ("text after the bracket", "http://[::1]a"),
        ("no address", "http://[h]"),
        ("IPv4 in brackets", "http://[127.0.0.1]"),
        ("an empty zone", "http://[::1%]"),
        ("℀ becomes a/c", "http://exa\u{2100}mple.com"),
        ("TAB would vanish", "http://a\tb"),
        ("LF would vanish, in a query too", "http://a/?b=\nc"),
    ];
    for (why, uri) in rows {
        let error = Connection::from_uri(uri).map(|read| fields(&read)).expect_err(why);
        assert_eq!(error.kind(), ErrorKind::Connection, "{uri:?}: {why}");
    }
}

#[test]
fn json_is_read() {
    let rows = [
        // why                             JSON                              field        value
        ("port as text, blanks around", r#"{"port": " 8_0 "}"#, "port", json!(80)),
        ("port with a fraction", r#"{"port": 80.9}"#, "port", json!(80)),
        ("port with an exponent", r#"{"port": 8e3}"#, "port", json!(8000)),
        ("port as Python counts", r#"{"port": true}"#, "port", json!(1)),
        ("port 0 is none", r#"{"port": 0.0}"#, "port", json!(null)),
        ("port 0 as text is not", r#"{"port": "0"}"#, "port", json!(0)),
        ("any whole number", r#"{"port": -70000}"#, "port", json!(-70000)),
        ("hosts are left alone", r#"{"host": " API.X "}"#, "host", json!(" API.X ")),
        ("types keep their case", r#"{"conn_type": "My-HTTP"}"#, "conn_type", json!("My_HTTP")),
        ("an empty type is none", r#"{"conn_type": ""}"#, "conn_type", json!(null)),
        ("an extra as text is kept", r#"{"extra": "{ } x"}"#, "extra", json!("{ } x")),
        (
            "an extra as value is printed",
            r#"{"extra":{"a":[1,null,"é"]}}"#,
            "extra",
            json!("{\"a\": [1, null, \"\\u00e9\"]}"),
        ),
        ("an empty extra is none", r#"{"extra": []}"#, "extra", json!(null)),
        (
            "long numbers",
            r#"{"extra":[123456789012345678901234567890]}"#,
            "extra",
            json!("[123456789012345678901234567890]"),
        ),
        (
            "numbers as Python prints them",
            r#"{"extra":[-0,-0.0,1E400,1e16,0.00001,1.10,NaN,-Infinity]}"#,
            "extra",
            json!("[0, -0.0, Infinity, 1e+16, 1e-05, 1.1, NaN, -Infinity]"),
        ),
        ("surrogates in pairs", r#"{"login": "\ud83d\ude00\/"}"#, "login", json!("😀/")),
        (
            "a URI in its place",
            r#"{"uri": "http://h/https", "host": null}"#,
            "schema",
            json!("https"),
        ),
    ];
    for (why, text, field, expected) in rows {
        let read =
            Connection::parse(&format!("\u{a0}{text}\n")).map(|read| fields(&read)[field].clone());
        assert_eq!(read.ok(), Some(expected), "{text}: {why}");
    }
}

#[test]
fn what_is_no_connection_in_json_is_refused() {
    let rows = [
        // why                       JSON                                  the error names
        ("a list", "[1, 2]", "an object"),
        ("a number", "42", "an object"),
        ("nothing", "", "after 0 bytes"),
        ("a byte order mark", "\u{feff}{}", "after 0 bytes"),
        ("more than one value", "{} {}", "after 3 bytes"),
        ("a comma at the end", r#"{"host": "h",}"#, "after 13 bytes"),
        ("a comma at the end", r#"{"extra": [1,]}"#, "after 13 bytes"),
        ("a leading zero", r#"{"port": 08}"#, "not valid JSON"),
        ("no digit after the point", r#"{"port": 8.}"#, "not valid JSON"),
        ("a raw line feed", "{\"host\": \"a\nb\"}", "not valid JSON"),
        ("half a surrogate", r#"{"host": "\ud83d"}"#, "not valid JSON"),
        ("half a surrogate", r#"{"host": "\ud83d\u0041"}"#, "not valid JSON"),
        ("no escape", r#"{"host": "\x"}"#, "not valid JSON"),
        ("signs are not hex", r#"{"host": "\u+041"}"#, "not valid JSON"),
        ("a name twice", r#"{"port": 80, "port": 81}"#, "two members"),
        ("a name twice, in extra", r#"{"extra": {"a": 1, "a": 1}}"#, "two members"),
        ("an unknown field", r#"{"colour": "red"}"#, "a field that no connection has"),
        ("a field that may be secret", r#"{"hunter2 ": ""}"#, "a field that no connection has"),
        ("an id", r#"{"conn_id": "c"}"#, "connection.conn_id"),
        ("a host that is no text", r#"{"host": 5}"#, "connection.host"),
        ("a port that is no number", r#"{"port": "https"}"#, "connection.port"),
        ("a port that is a list", r#"{"port": [80]}"#, "connection.port"),
        ("a port without end", r#"{"port": 1e400}"#, "connection.port"),
        ("a port of blanks", r#"{"port": " "}"#, "connection.port"),
        ("a URI and a host", r#"{"uri": "http://h", "host": "x"}"#, "connection.uri"),
        ("a URI that is none", r#"{"uri": "http://h:x"}"#, "connection.port"),
    ];
    for (why, text, named) in rows {
        let error = Connection::from_json(text).map(|read| fields(&read)).expect_err(why);
        assert!(error.to_string().contains(named), "{text}: {why}: {error}");
    }
}

#[test]
fn connections_are_printed() {
    let http = || Connection::new().with_conn_type("http").with_host("h");
    let rows = [
        // why                            connection                                    URI                  JSON
        ("no fields", Connection::new(), "//", "{}"),
        (
            "everything is encoded",
            http().with_login("a@b/~").with_password("é*"),
            "http://a%40b%2F~:%C3%A9%2A@h",
            r#"{"conn_type": "http", "host": "h", "login": "a@b/~", "password": "\u00e9*"}"#,
        ),
        (
            "a password alone",
            http().with_password("p"),
            "http://:p@h",
            r#"{"conn_type": "http", "host": "h", "password": "p"}"#,
        ),
        (
            "an empty login alone vanishes",
            http().with_login(""),
            "http://h",
            r#"{"conn_type": "http", "host": "h", "login": ""}"#,
        ),
        ("a port alone", Connection::new().with_port(80), "//@:80", r#"{"port": 80}"#),
        (
            "port 0 is none",
            http().with_port(0),
            "http://h",
            r#"{"conn_type": "http", "host": "h", "port": 0}"#,
        ),
        (
            "a base URL as host",
            http().with_host("https://h/v1"),
            "http://https://h%2Fv1",
            r#"{"conn_type": "http", "host": "https://h/v1"}"#,
        ),
        (
            "a base URL of the type's name",
            http().with_host("http://h"),
            "http://http%3A%2F%2Fh",
            r#"{"conn_type": "http", "host": "http://h"}"#,
        ),
        (
            "texts become a query",
            http().with_extra(r#"{"a b": "*~"}"#),
            "http://h/?a+b=%2A~",
            r#"{"conn_type": "http", "host": "h", "extra": {"a b": "*~"}}"#,
        ),
        (
            "anything else does not",
            http().with_extra(r#"{"a": 1}"#),
            "http://h/?__extra__=%7B%22a%22%3A+1%7D",
            r#"{"conn_type": "http", "host": "h", "extra": {"a": 1}}"#,
        ),
        (
            "nor does an empty object",
            http().with_schema("s").with_extra("{}"),
            "http://h/s?__extra__=%7B%7D",
            r#"{"conn_type": "http", "host": "h", "schema": "s"}"#,
        ),
        (
            "no JSON: kept in the URI",
            http().with_extra("x"),
            "http://h/?__extra__=x",
            r#"{"conn_type": "http", "host": "h"}"#,
        ),
        (
            "a description is lost",
            http().with_description("d"),
            "http://h",
            r#"{"conn_type": "http", "description": "d", "host": "h"}"#,
        ),
    ];
    for (why, connection, uri, json) in rows {
        assert_eq!(connection.to_uri().expose(), uri, "{why}");
        assert_eq!(connection.to_json().expose(), json, "{why}");
    }
}

#[test]
fn limits_are_errors() {
    let nested = |depth: usize| {
        format!(r#"{{"extra": {}{}}}"#, "[".repeat(depth - 1), "]".repeat(depth - 1))
    };
    let number = |digits: usize| format!(r#"{{"extra": {}}}"#, "1".repeat(digits));
    let uri = |len: usize| "http://".to_owned() + &"h".repeat(len - 7);
    let max = Connection::MAX_TEXT;
    let rows = [
        ("depth n-1", nested(127), true),
        ("depth n", nested(128), true),
        ("depth n+1", nested(129), false),
        ("deep without end", "{\"a\":".repeat(50_000), false),
        ("digits n-1", number(4299), true),
        ("digits n", number(4300), true),
        ("digits n+1", number(4301), false),
        ("length n-1", uri(max - 1), true),
        ("length n", uri(max), true),
        ("length n+1", uri(max + 1), false),
        ("length of JSON", format!(r#"{{"host": "{}"}}"#, "h".repeat(max)), false),
    ];
    for (why, text, is_read) in rows {
        assert_eq!(Connection::parse(&text).is_ok(), is_read, "{why}");
    }
    let extra = |len: usize| Connection::new().with_extra(format!("{{{}}}", " ".repeat(len - 2)));
    let usable = |connection: Connection| http_hook::Hook::new(&connection.with_host("h")).is_ok();
    assert!(usable(extra(max)), "an extra of the greatest length");
    assert!(!usable(extra(max + 1)), "an extra too long");
}

#[test]
fn no_secret_is_told() {
    const SECRET: &str = "k3y77aa";
    let texts = [
        "http://u:k3y77aa@https://h",
        "http://u:k3y77aa/w@h",
        "http://u:x@h:k3y77aa",
        "http://k3y77aa\r\n:k3y77aa@h/",
        "http://u:k3y77aa[@h/",
        "k3y77aa://a://b://c",
        r#"{"password": "k3y77aa", "host":"#,
        r#"{"port": "k3y77aa"}"#,
        r#"{"k3y77aa": "host"}"#,
        r#"{"extra": {"k3y77aa": 1, "k3y77aa": 2}}"#,
        r#"{"uri": "http://u:x@h:k3y77aa"}"#,
    ];
    for text in texts {
        let error = Connection::parse(text).map(|read| fields(&read)).expect_err(text);
        assert!(!format!("{error} {error:?}").contains(SECRET), "{text}: {error:?}");
    }
    let uri =
        "http://u:k3y77aa@h/?Authorization=k3y77aa&proxies={\"all\":\"http:%2F%2Fu:k3y77aa@p\"}";
    let connection = Connection::parse(uri).expect("a connection");
    let told = format!("{connection:?} {:?}", connection.to_uri());
    assert!(!told.contains(SECRET), "{told}");
}

#[test]
fn a_hook_tells_the_problems_of_every_part() {
    let extra = r#"{"X-A": "a\r\nb", "timeout": "soon", "X-B": 5}"#;
    let connection = Connection::new().with_host("h").with_schema("ftp").with_extra(extra);
    let error = http_hook::Hook::new(&connection).expect_err("problems").to_string();
    let places =
        ["connection.schema", "extra, header 1", "connection.extra.timeout", "extra, member 3"];
    for place in places {
        assert!(error.contains(place), "{place}: {error}");
    }
    assert!(!error.to_lowercase().contains("x-"), "no name: {error}");
}

#[test]
fn connections_differ_by_their_secrets() {
    let with = |password: &str, extra: &str| {
        Connection::new().with_host("h").with_password(password).with_extra(extra)
    };
    assert_eq!(with("a", r#"{"X-A": "1"}"#), with("a", r#"{"X-A": "1"}"#));
    assert_ne!(with("a", r#"{"X-A": "1"}"#), with("b", r#"{"X-A": "1"}"#));
    assert_ne!(with("a", r#"{"X-A": "1"}"#), with("a", r#"{"X-A": "2"}"#));
    assert_eq!(format!("{:?}", Secret::new("a")), "***");
}
