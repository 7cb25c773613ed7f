//! Which proxy a request goes through.

use std::time::Duration;

use super::proxy::Environment;
use super::proxy::choose;
use super::{ClientCert, KeepAlive, Options, Proxies, Proxy, Setting, Verify};
use crate::base::{Error, ErrorKind};

type Pairs<'a> = &'a [(&'a str, &'a str)];

/// Why, origin, environment, options, their `no_proxy`, the proxy.
type Choice<'a> = (&'a str, &'a str, Pairs<'a>, Pairs<'a>, Option<&'a str>, Option<&'a str>);

fn proxies(by_target: Pairs<'_>, no_proxy: Option<&str>) -> Proxies {
    let proxy = |url: &str| Proxy { uri: url.to_owned(), credential: None };
    Proxies {
        by_target: by_target.iter().map(|(name, url)| ((*name).to_owned(), proxy(url))).collect(),
        no_proxy: no_proxy.map(str::to_owned),
    }
}

#[test]
fn the_most_special_target_wins() {
    let http = ("http", "http://http.test");
    let host = ("http://a.test", "http://host.test");
    let any_host = ("all://a.test", "http://any.test");
    let all = ("all", "http://all.test");
    let rows: [(&str, Pairs<'_>, Option<&str>); 9] = [
        ("none", &[], None),
        ("recorded: the scheme", &[http], Some("http://http.test")),
        ("another scheme", &[("https", "http://x.test")], None),
        ("recorded: all", &[all], Some("http://all.test")),
        ("recorded: the host", &[all, any_host, http, host], Some("http://host.test")),
        ("the scheme before all://", &[all, any_host, http], Some("http://http.test")),
        ("all:// before all", &[all, any_host], Some("http://any.test")),
        ("another host", &[("http://b.test", "http://x.test")], None),
        ("the later of two", &[all, ("all", "http://later.test")], Some("http://later.test")),
    ];
    for (why, by_target, expected) in rows {
        let chosen =
            choose(&proxies(by_target, None), None, &"http://a.test:8080".parse().unwrap());
        assert_eq!(chosen.unwrap().map(|proxy| proxy.uri).as_deref(), expected, "{why}");
    }
}

#[test]
fn the_environment_fills_what_is_left_open() {
    let p = "http://p.test:1";
    let q = "http://q.test:2";
    #[rustfmt::skip]
    let rows: [Choice<'_>; 29] = [
        // why                              origin                  environment                                     options             their no_proxy   proxy
        ("recorded: lower case",            "http://127.0.0.1:8",   &[("http_proxy", p)],                           &[],                None,           Some(p)),
        ("recorded: upper case",            "http://127.0.0.1:8",   &[("HTTP_PROXY", p)],                           &[],                None,           Some(p)),
        ("recorded: lower case wins",       "http://127.0.0.1:8",   &[("http_proxy", p), ("HTTP_PROXY", q)],        &[],                None,           Some(p)),
        ("even if it is empty",             "http://a.test",        &[("http_proxy", ""), ("HTTP_PROXY", q)],       &[],                None,           None),
        ("CGI: a stranger's header",        "http://a.test",        &[("HTTP_PROXY", p), ("REQUEST_METHOD", "GET")], &[],               None,           None),
        ("recorded: another scheme",        "http://127.0.0.1:8",   &[("https_proxy", p)],                          &[],                None,           None),
        ("all",                             "https://a.test",       &[("all_proxy", p)],                            &[],                None,           Some(p)),
        ("without a scheme",                "http://a.test",        &[("http_proxy", "p.test:1")],                  &[],                None,           Some(p)),
        ("recorded: options come first",    "http://127.0.0.1:8",   &[("http_proxy", p)],                           &[("http", q)],     None,           Some(q)),
        ("recorded: another one's place",   "http://127.0.0.1:8",   &[("http_proxy", p)],                           &[("https", q)],    None,           Some(p)),
        ("a more special one",              "http://a.test",        &[("http_proxy", p)],                           &[("all", q)],      None,           Some(p)),
        ("recorded: star",                  "http://127.0.0.1:8",   &[("http_proxy", p), ("no_proxy", "*")],        &[],                None,           None),
        ("recorded: suffix",                "http://api.a.com",     &[("http_proxy", p), ("no_proxy", "a.com")],    &[],                None,           None),
        ("recorded: suffix with a dot",     "http://api.a.com",     &[("http_proxy", p), ("NO_PROXY", ".a.com")],   &[],                None,           None),
        ("recorded: another host",          "http://api.a.com",     &[("http_proxy", p), ("no_proxy", "b.org")],    &[],                None,           Some(p)),
        ("recorded: part of a label",       "http://api.ample.com", &[("http_proxy", p), ("no_proxy", "ple.com")],  &[],                None,           Some(p)),
        ("letter case",                     "http://api.a.com",     &[("http_proxy", p), ("no_proxy", "A.Com")],    &[],                None,           None),
        ("blanks",                          "http://api.a.com",     &[("http_proxy", p), ("no_proxy", "x, a.com ")], &[],               None,           None),
        ("port",                            "http://a.com:8080",    &[("http_proxy", p), ("no_proxy", "a.com:8080")], &[],              None,           None),
        ("another port",                    "http://a.com:8081",    &[("http_proxy", p), ("no_proxy", "a.com:8080")], &[],              None,           Some(p)),
        ("address",                         "http://10.1.2.3",      &[("http_proxy", p), ("no_proxy", "10.1.2.3")], &[],                None,           None),
        ("network",                         "http://10.1.2.3",      &[("http_proxy", p), ("no_proxy", "10.0.0.0/8")], &[],              None,           None),
        ("another network",                 "http://11.1.2.3",      &[("http_proxy", p), ("no_proxy", "10.0.0.0/8")], &[],              None,           Some(p)),
        ("one address is a network",        "http://10.1.2.3",      &[("http_proxy", p), ("no_proxy", "10.1.2.3/32")], &[],             None,           None),
        ("no such network",                 "http://10.1.2.3",      &[("http_proxy", p), ("no_proxy", "10.1.2.3/0")], &[],              None,           Some(p)),
        ("IPv6",                            "http://[::1]:8",       &[("http_proxy", p), ("no_proxy", "::1")],      &[],                None,           None),
        ("recorded: options stay",          "http://127.0.0.1:8",   &[("no_proxy", "127.0.0.1")],                   &[("http", q)],     None,           Some(q)),
        ("their no_proxy counts instead",   "http://a.test",        &[("http_proxy", p), ("no_proxy", "x")],        &[],                Some("a.test"), None),
        ("and not for themselves",          "http://a.test",        &[],                                            &[("http", q)],     Some("a.test"), Some(q)),
    ];
    for (why, origin, environment, options, no_proxy, expected) in rows {
        let environment = Environment::new(environment.iter().copied());
        let options = proxies(options, no_proxy);
        let chosen = choose(&options, Some(&environment), &origin.parse().unwrap());
        assert_eq!(chosen.unwrap().map(|proxy| proxy.uri).as_deref(), expected, "{why}");
    }
}

#[test]
fn secrets_stay_where_they_are() {
    let environment = Environment::new([
        ("http_proxy", "http://me:hunter2@p.test"),
        ("https_proxy", "gopher://hunter2"),
        ("AWS_SECRET", "hunter2"),
    ]);
    assert_eq!(format!("{environment:?}"), r#"{"http_proxy", "https_proxy"}"#);
    let choose = |url: &str| choose(&Proxies::default(), Some(&environment), &url.parse().unwrap());
    let proxy = choose("http://a.test").unwrap().unwrap();
    assert_eq!(proxy.uri, "http://p.test");
    assert_eq!(proxy.credential, Some(("me".to_owned(), "hunter2".into())));
    let error = Error::from(choose("https://a.test").unwrap_err());
    let why = "https_proxy: not the URL of a proxy: only http and https are supported";
    assert_eq!(error.to_string(), why);
}

#[test]
fn no_proxy_has_a_limit() {
    let of = |entries: usize| {
        let list = vec!["x"; entries].join(",");
        choose(&proxies(&[], Some(&list)), None, &"http://a.test".parse().unwrap())
    };
    assert!(of(10_000).is_ok());
    assert_eq!(of(10_001).map_err(|wrong| Error::from(wrong).kind()), Err(ErrorKind::Limit));
}

#[test]
fn authorities_come_from_the_environment() {
    let (a, b) = (("REQUESTS_CA_BUNDLE", "/a.pem"), ("CURL_CA_BUNDLE", "/b.pem"));
    let rows: [(Pairs<'_>, Option<&str>); 5] = [
        (&[], None),
        (&[b], Some("/b.pem")),
        (&[a, b], Some("/a.pem")),
        (&[("REQUESTS_CA_BUNDLE", ""), b], Some("/b.pem")),
        (&[("requests_ca_bundle", "/c.pem")], None),
    ];
    for (variables, expected) in rows {
        let environment = Environment::new(variables.iter().copied());
        assert_eq!(environment.ca_bundle().unwrap(), expected, "{variables:?}");
    }
}

/// Each sets what it is called after, and nothing else; `None` takes a value of a layer below away.
#[test]
fn a_setter_sets_one_option() {
    type Set = fn(Options) -> Options;
    type By = fn(&mut Options);
    const SECOND: Duration = Duration::from_secs(1);
    #[rustfmt::skip]
    let rows: [(&str, Set, By); 22] = [
        ("connect_timeout", |o| o.connect_timeout(SECOND), |o| o.connect_timeout = Setting::Set(SECOND)),
        ("no connect_timeout", |o| o.connect_timeout(None), |o| o.connect_timeout = Setting::Unset),
        ("head_timeout", |o| o.head_timeout(SECOND), |o| o.head_timeout = Setting::Set(SECOND)),
        ("no head_timeout", |o| o.head_timeout(None), |o| o.head_timeout = Setting::Unset),
        ("idle_timeout", |o| o.idle_timeout(SECOND), |o| o.idle_timeout = Setting::Set(SECOND)),
        ("what is inherited", |o| o.idle_timeout(Setting::Inherit), |_| {}),
        ("verify", |o| o.verify(Verify::Off), |o| o.verify = Setting::Set(Verify::Off)),
        ("a file", |o| o.verify(Verify::File("a".into())), |o| o.verify = Setting::Set(Verify::File("a".into()))),
        ("no verify", |o| o.verify(None), |o| o.verify = Setting::Unset),
        ("cert", |o| o.cert(cert()), |o| o.cert = Setting::Set(cert())),
        ("proxies", |o| o.proxies(proxies(&[], Some("a"))), |o| o.proxies = Setting::Set(proxies(&[], Some("a")))),
        ("no proxies", |o| o.proxies(None), |o| o.proxies = Setting::Unset),
        ("keep_alive", |o| o.keep_alive(keep()), |o| o.keep_alive = Setting::Set(keep())),
        ("stream", |o| o.stream(true), |o| o.stream = Some(true)),
        ("allow_redirects", |o| o.allow_redirects(false), |o| o.allow_redirects = Some(false)),
        ("max_redirects", |o| o.max_redirects(3), |o| o.max_redirects = Some(3)),
        ("allow_downgrade", |o| o.allow_downgrade(true), |o| o.allow_downgrade = Some(true)),
        ("trust_env", |o| o.trust_env(false), |o| o.trust_env = Some(false)),
        ("check_response", |o| o.check_response(false), |o| o.check_response = Some(false)),
        ("max_response_bytes", |o| o.max_response_bytes(7), |o| o.max_response_bytes = Some(7)),
        ("timeout", |o| o.timeout(SECOND), |o| three(o, Setting::Set(SECOND))),
        ("no timeout", |o| o.timeout(None), |o| three(o, Setting::Unset)),
    ];
    let full = Options::default()
        .timeout(Duration::from_secs(9))
        .verify(Verify::System)
        .stream(false)
        .max_redirects(9);
    for (what, set, by) in rows {
        for below in [Options::default(), full.clone()] {
            let mut expected = below.clone();
            by(&mut expected);
            if what == "what is inherited" {
                expected.idle_timeout = Setting::Inherit;
            }
            assert_eq!(set(below), expected, "{what}");
        }
    }
}

fn three(options: &mut Options, timeout: Setting<Duration>) {
    (options.connect_timeout, options.head_timeout, options.idle_timeout) =
        (timeout, timeout, timeout);
}

fn cert() -> ClientCert {
    ClientCert { cert: "cert.pem".into(), key: Some("key.pem".into()) }
}

fn keep() -> KeepAlive {
    KeepAlive { idle: Duration::from_secs(5), count: 3, interval: Duration::from_secs(7) }
}
