//! Tables for options out of JSON.

use std::time::Duration;

use http_hook::options::{ClientCert, Proxies, Proxy, Setting, Verify};
use http_hook::{ErrorKind, Options};
use serde_json::{Value, json};

fn read(options: &Value) -> Result<Options, Vec<String>> {
    let options = options.as_object().expect("an object");
    Options::from_json(options)
        .map_err(|problems| problems.iter().map(|one| one.place().to_owned()).collect())
}

fn seconds(seconds: f64) -> Setting<Duration> {
    Setting::Set(Duration::from_secs_f64(seconds))
}

#[test]
fn timeouts() {
    let (inherit, unset) = (Setting::Inherit, Setting::Unset);
    let rows = [
        // why                      options                       connect          head and idle
        ("one for both", json!({"timeout": 5}), Some((seconds(5.0), seconds(5.0)))),
        ("parts of a second", json!({"timeout": 0.25}), Some((seconds(0.25), seconds(0.25)))),
        ("a pair", json!({"timeout": [3, 27]}), Some((seconds(3.0), seconds(27.0)))),
        ("half a pair", json!({"timeout": [3, null]}), Some((seconds(3.0), unset))),
        ("no limit", json!({"timeout": null}), Some((unset, unset))),
        ("not said", json!({}), Some((inherit, inherit))),
        ("the longest", json!({"timeout": 1e9}), Some((seconds(1e9), seconds(1e9)))),
        ("longer", json!({"timeout": 1_000_000_001}), None),
        ("without end", json!({"timeout": f64::MAX}), None),
        ("nothing", json!({"timeout": 0}), None),
        ("next to nothing", json!({"timeout": 1e-12}), None),
        ("less than nothing", json!({"timeout": -1}), None),
        ("half of it nothing", json!({"timeout": [0, 1]}), None),
        ("a text", json!({"timeout": "5"}), None),
        ("true is no number", json!({"timeout": true}), None),
        ("nor is false none", json!({"timeout": false}), None),
        ("three", json!({"timeout": [1, 2, 3]}), None),
        ("one in a list", json!({"timeout": [1]}), None),
        ("an object", json!({"timeout": {}}), None),
    ];
    for (why, options, expected) in rows {
        let got = read(&options).ok().map(|read| {
            assert_eq!(read.head_timeout, read.idle_timeout, "{why}");
            (read.connect_timeout, read.head_timeout)
        });
        assert_eq!(got, expected, "{options}: {why}");
    }
}

#[test]
fn verify_and_cert() {
    let cert = |cert: &str, key: Option<&str>| {
        Setting::Set(ClientCert { cert: cert.into(), key: key.map(Into::into) })
    };
    let rows = [
        // why                        options                                        verify
        ("on", json!({"verify": true}), Ok(Setting::Set(Verify::System))),
        ("off", json!({"verify": false}), Ok(Setting::Set(Verify::Off))),
        ("what Python takes for no", json!({"verify": 0}), Ok(Setting::Set(Verify::Off))),
        ("a file", json!({"verify": "/ca.pem"}), Ok(Setting::Set(Verify::File("/ca.pem".into())))),
        ("null never switches it off", json!({"verify": null}), Ok(Setting::Unset)),
        ("the alias", json!({"verify_ssl": false}), Ok(Setting::Set(Verify::Off))),
        (
            "verify beats the alias",
            json!({"verify_ssl": true, "verify": false}),
            Ok(Setting::Set(Verify::Off)),
        ),
        ("a number", json!({"verify": 1}), Err("extra_options.verify")),
        ("the alias's problem", json!({"verify_ssl": [1]}), Err("extra_options.verify_ssl")),
    ];
    for (why, options, expected) in rows {
        let got = read(&options).map(|read| read.verify).map_err(|places| places.concat());
        assert_eq!(got, expected.map_err(str::to_owned), "{options}: {why}");
    }
    let rows = [
        ("one file", json!({"cert": "c.pem"}), Some(cert("c.pem", None))),
        ("two files", json!({"cert": ["c.pem", "k.pem"]}), Some(cert("c.pem", Some("k.pem")))),
        ("no key", json!({"cert": ["c.pem", null]}), Some(cert("c.pem", None))),
        ("none", json!({"cert": null}), Some(Setting::Unset)),
        ("none, as Python", json!({"cert": ""}), Some(Setting::Unset)),
        ("an empty name", json!({"cert": ["c.pem", ""]}), None),
        ("three", json!({"cert": ["a", "b", "c"]}), None),
        ("an object", json!({"cert": {"a": 1}}), None),
    ];
    for (why, options, expected) in rows {
        assert_eq!(read(&options).ok().map(|read| read.cert), expected, "{options}: {why}");
    }
}

#[test]
fn flags_and_counts() {
    let rows = [
        ("true", json!(true), Some(true)),
        ("false", json!(false), Some(false)),
        ("null in a call", json!(null), Some(false)),
        ("0", json!(0), Some(false)),
        ("an empty text", json!(""), Some(false)),
        ("any text is true", json!("false"), Some(true)),
        ("any number is true", json!(0.5), Some(true)),
        ("an empty list", json!([]), Some(false)),
        ("an empty object", json!({}), Some(false)),
    ];
    for (why, value, expected) in rows {
        let all = json!({"stream": value, "allow_redirects": value, "trust_env": value, "check_response": value});
        let read = read(&all).expect(why);
        let flags = [read.stream, read.allow_redirects, read.trust_env, read.check_response];
        assert_eq!(flags, [expected; 4], "{value}: {why}");
    }
    let rows = [
        ("a count", json!(3), Some(Some(3))),
        ("none at all", json!(0), Some(Some(0))),
        ("less is none at all", json!(-5), Some(Some(0))),
        ("null: as many as ever", json!(null), Some(Some(30))),
        ("more than can be counted", json!(u64::MAX), Some(Some(u32::MAX))),
        ("part of one", json!(2.5), None),
        ("a text", json!("3"), None),
    ];
    for (why, value, expected) in rows {
        let got = read(&json!({"max_redirects": value})).ok().map(|read| read.max_redirects);
        assert_eq!(got, expected, "{value}: {why}");
    }
}

#[test]
fn other_names_mean_nothing() {
    let unknown = json!({"colour": "red", "headers": {"X-A": "1"}, "srv_lookup": true});
    assert_eq!(read_ok(&unknown), Options::default(), "a call's other names mean nothing");
}

fn read_ok(options: &Value) -> Options {
    read(options).expect("no problems")
}

#[test]
fn proxies() {
    let proxy = |uri: &str, credential: Option<(&str, &str)>| Proxy {
        uri: uri.to_owned(),
        credential: credential.map(|(login, password)| (login.to_owned(), password.into())),
    };
    let rows = [
        // why                            URL                                      proxy
        ("as written", "http://p.example:3128", Some(proxy("http://p.example:3128", None))),
        (
            "http where nothing is said",
            "p.example:3128",
            Some(proxy("http://p.example:3128", None)),
        ),
        ("TLS to the proxy", "HTTPS://P.example/", Some(proxy("https://p.example", None))),
        (
            "user info is taken out",
            "http://u%40x:p%3Aw@p.example/a?b#c",
            Some(proxy("http://p.example", Some(("u@x", "p:w")))),
        ),
        (
            "an empty password is one",
            "http://u:@p.example",
            Some(proxy("http://p.example", Some(("u", "")))),
        ),
        ("a login alone is none", "http://u@p.example", Some(proxy("http://p.example", None))),
        ("a password alone is none", "http://:p@p.example", Some(proxy("http://p.example", None))),
        ("no host", "http:///", None),
        ("another protocol", "socks5://p.example", None),
        ("a port that is none", "http://p.example:x", None),
        ("nothing", "", None),
    ];
    for (why, url, expected) in rows {
        let options = json!({"proxies": {"https://h": url}});
        let wrapped = expected.clone().map(|proxy| {
            Setting::Set(Proxies {
                by_target: vec![("https://h".to_owned(), proxy)],
                no_proxy: None,
            })
        });
        assert_eq!(read(&options).ok().map(|read| read.proxies), wrapped, "{url:?}: {why}");
        match Proxy::parse(url) {
            Ok(read) => assert_eq!(Some(read), expected, "{url:?}: {why}"),
            Err(error) => {
                assert_eq!((error.kind(), expected), (ErrorKind::Option, None), "{url:?}: {why}");
            }
        }
    }
    let all = Setting::Set(Proxies {
        by_target: vec![("all".into(), proxy("http://p", None))],
        no_proxy: Some("x".into()),
    });
    let rows = [
        (
            "what goes without one",
            json!({"proxies": {"all": "p", "no_proxy": "x", "http": null}}),
            Some(all.clone()),
        ),
        ("the alias", json!({"proxy": {"all": "p", "no_proxy": "x"}}), Some(all)),
        ("none", json!({"proxies": null, "proxy": {"all": "p"}}), Some(Setting::Unset)),
        ("an empty object", json!({"proxies": {}}), Some(Setting::Set(Proxies::default()))),
        ("a text", json!({"proxies": "http://p"}), None),
        ("a number", json!({"proxies": {"all": 1}}), None),
    ];
    for (why, options, expected) in rows {
        assert_eq!(read(&options).ok().map(|read| read.proxies), expected, "{options}: {why}");
    }
}
