//! A variable of the environment that is no text is there, and is told of where it counts, by its name alone.

#![cfg(unix)]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use http_hook::hook::HookBuilder;
use http_hook::options::Proxies;
use http_hook::{Connection, Hook, Options};

fn odd() -> OsString {
    OsString::from_vec(b"c4n4ry\xff".to_vec())
}

/// Why there is no hook under these variables.
fn refused(builder: HookBuilder, variables: &[(&str, OsString)]) -> Option<String> {
    builder.environment(variables.iter().cloned()).build().err().map(|error| error.to_string())
}

#[test]
fn a_variable_that_is_no_text_is_told_of_where_it_counts() {
    let whole = |text: &str| OsString::from(text);
    #[rustfmt::skip]
    let rows = [
        // variables                                                         which of them is told of
        (vec![("http_proxy", odd())],                                        Some("http_proxy")),
        (vec![("HTTP_PROXY", odd())],                                        Some("HTTP_PROXY")),
        (vec![("all_proxy", odd())],                                         Some("all_proxy")),
        (vec![("ALL_PROXY", odd()), ("all_proxy", whole("p.test"))],         None),
        (vec![("all_proxy", odd()), ("http_proxy", whole("p.test"))],        None),
        (vec![("https_proxy", odd())],                                       None),
        (vec![("http_proxy", odd()), ("no_proxy", whole("a.test"))],         None),
        (vec![("http_proxy", whole("p.test")), ("no_proxy", odd())],         Some("no_proxy")),
        (vec![("all_proxy", whole("p.test")), ("NO_PROXY", odd())],          Some("NO_PROXY")),
        (vec![("NO_PROXY", odd())],                                          None),
        (vec![("HTTP_PROXY", odd()), ("REQUEST_METHOD", odd())],             None),
        (vec![("REQUESTS_CA_BUNDLE", odd())],                                Some("REQUESTS_CA_BUNDLE")),
        (vec![("CURL_CA_BUNDLE", odd())],                                    Some("CURL_CA_BUNDLE")),
        (vec![("CURL_CA_BUNDLE", odd()), ("REQUESTS_CA_BUNDLE", whole("a"))], None),
        (vec![("LESS", odd())],                                              None),
    ];
    for (variables, name) in rows {
        let says = name.map(|name| format!("environment: {name}: not UTF-8"));
        let of = |whose: &str| says.as_ref().map(|says| format!("{whose}: {says}"));
        let given = refused(Hook::builder_to("http://a.test"), &variables);
        assert_eq!(given, of("the hook cannot be made"), "{variables:?}");
        let connection = Connection::new().with_host("http://a.test").with_extra("{}");
        let stored = refused(Hook::builder(&connection), &variables);
        assert_eq!(stored, of("the connection cannot be used"), "{variables:?}");
    }
}

#[test]
fn what_is_said_elsewhere_counts() {
    for (name, extra) in [
        ("http_proxy", r#"{"trust_env": false}"#),
        ("REQUESTS_CA_BUNDLE", r#"{"trust_env": false}"#),
        ("CURL_CA_BUNDLE", r#"{"verify": "/ca.pem"}"#),
        ("http_proxy", r#"{"proxies": {"http": "http://p.test"}}"#),
        ("no_proxy", r#"{"proxies": {"http": "http://p.test"}}"#),
    ] {
        let connection = Connection::new().with_host("http://a.test").with_extra(extra);
        assert_eq!(refused(Hook::builder(&connection), &[(name, odd())]), None, "{name} {extra}");
    }
}

/// A place that both can name is that of who said it.
#[test]
fn what_is_wrong_is_told_of_who_says_it() {
    let text = |text: &str| OsString::from(text);
    let variables = [("http_proxy", text("p.test")), ("no_proxy", text("127.1"))];
    let said = |builder: HookBuilder| refused(builder, &variables).unwrap_or_default();
    let given = said(Hook::builder_to("http://10.0.0.1"));
    assert!(given.contains("environment: no_proxy: an entry that is "), "{given}");
    let extra = r#"{"proxies": {"http": "http://p.test", "no_proxy": "127.1"}}"#;
    let connection = Connection::new().with_host("http://10.0.0.1");
    let stored = said(Hook::builder(&connection.clone().with_extra("{}")));
    assert!(stored.contains("environment: no_proxy: an entry that is "), "{stored}");
    let own = said(Hook::builder(&connection.clone().with_extra(extra)));
    assert!(own.contains("connection.extra.proxies: no_proxy: an entry that is "), "{own}");
    let long = Proxies { no_proxy: Some("x,".repeat(10_001)), ..Proxies::default() };
    let options = Options::default().proxies(long);
    let program = said(Hook::builder(&connection.with_extra("{}")).options(options));
    assert!(program.contains("options: no_proxy: more than"), "{program}");
}
