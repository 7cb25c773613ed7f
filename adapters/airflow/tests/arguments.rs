//! Airflow's arguments as requests, and what is said of those that cannot be taken.

use http::{HeaderMap, Method};
use http_hook::auth::AuthScheme;
use http_hook::body::Payload;
use http_hook::options::Setting;
use http_hook::{Call, Connection, Hook, Step, Timestamp};
use http_hook_airflow::{
    ArgumentError, AsyncHookArguments, AuthType, CallArguments, HookArguments, OperatorArguments,
    Refusal, SensorArguments,
};
use serde_json::{Value, json};

/// What a call sends first.
struct Sent {
    target: String,
    headers: HeaderMap,
    body: Payload,
}

impl Sent {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn text(&self) -> &str {
        match &self.body {
            Payload::Bytes(bytes) => std::str::from_utf8(bytes).expect("a text"),
            _ => "a source",
        }
    }
}

fn call(arguments: &Value) -> CallArguments {
    serde_json::from_value(arguments.clone()).expect("arguments by name")
}

fn send(method: &Method, arguments: &Value) -> Sent {
    let connection = Connection::parse("http://h/http").expect("a connection");
    let hook = Hook::new(&connection).expect("a hook");
    let hook = hook.for_client(http_hook_mock::everything("test"));
    let plan = call(arguments).plan(method).expect("a plan").plan;
    let now = Timestamp::default();
    match Call::new(&hook, plan, 7, now).step(&hook, now) {
        Step::Send { request, .. } => {
            let target = request.uri().path_and_query().expect("a target").to_string();
            let (head, body) = request.into_parts();
            Sent { target, headers: head.headers, body }
        }
        other => panic!("nothing is sent: {other:?}"),
    }
}

#[test]
fn arguments_are_what_is_sent() {
    let (get, post, head) = (Method::GET, Method::POST, Method::HEAD);
    #[rustfmt::skip]
    let rows = [
        // why                            method  arguments                                                     target       body
        ("nothing is given",              &get,   json!({}),                                                    "/",         ""),
        ("data of a GET are parameters",  &get,   json!({"endpoint": "a", "data": {"x": [1, true], "y": null}}), "/a?x=1&x=True", ""),
        ("a list of pairs",               &get,   json!({"data": [["x", "1"], {"$tuple": ["y", "2"]}]}),        "/?x=1&y=2", ""),
        ("raw parameters",                &get,   json!({"data": "x=1"}),                                       "/?x=1",     ""),
        ("params beside data",            &post,  json!({"data": "b", "request_kwargs": {"params": {"x": "a b"}}}), "/?x=a+b", "b"),
        ("HEAD has no data",              &head,  json!({"data": {"x": 1}}),                                    "/",         ""),
        ("a dict is a form",              &post,  json!({"data": {"x": "ä b", "y": {"$bytes": "eg=="}}}),       "/",         "x=%C3%A4+b&y=z"),
        ("text is a body",                &post,  json!({"data": "ä"}),                                         "/",         "ä"),
        ("bytes are one, too",            &post,  json!({"data": {"$bytes": "YWJj"}}),                          "/",         "abc"),
        ("JSON as Python prints it",      &post,  json!({"request_kwargs": {"json": {"b": [1, {"$tuple": [null]}], "a": "ä"}}}), "/", r#"{"b": [1, [null]], "a": "\u00e4"}"#),
        ("data that is empty hides none", &post,  json!({"data": {}, "request_kwargs": {"json": 1}}),           "/",         "1"),
        ("a keyword of null is none",     &post,  json!({"request_kwargs": {"json": null, "files": null}}),     "/",         ""),
        ("no files are no multipart",     &post,  json!({"data": "b", "request_kwargs": {"files": {}}}),        "/",         "b"),
    ];
    for (why, method, arguments, target, body) in rows {
        let sent = send(method, &arguments);
        assert_eq!((sent.target.as_str(), sent.text()), (target, body), "{why}");
    }
}

#[test]
fn headers_cookies_and_a_login_are_sent() {
    let sent = send(
        &Method::POST,
        &json!({
            "headers": {"X-A": "1", "X-B": {"$bytes": "Mg=="}, "User-Agent": null},
            "request_kwargs": {
                "cookies": {"a": "1", "b": "x y"},
                "auth": {"$tuple": ["reader", "secret"]},
            },
        }),
    );
    let names = ["x-a", "x-b", "user-agent", "cookie", "authorization"];
    let found = names.map(|name| sent.header(name));
    let basic = Some("Basic cmVhZGVyOnNlY3JldA==");
    assert_eq!(found, [Some("1"), Some("2"), None, Some("a=1; b=x y"), basic]);
}

#[test]
fn files_are_parts() {
    let files = [
        json!({"f": {"$file": {"content": "1", "filename": "a.txt", "content_type": "text/plain", "headers": {"X-A": "1"}}}}),
        json!([["f", {"$tuple": ["a.txt", "1", "text/plain", {"X-A": "1"}]}]]),
        json!({"$tuple": [{"$tuple": ["f", ["a.txt", {"$bytes": "MQ=="}, "text/plain", {"X-A": "1"}]]}]}),
    ];
    for files in files {
        let arguments = json!({"data": {"kind": "r"}, "request_kwargs": {"files": files}});
        let sent = send(&Method::POST, &arguments);
        let text = sent.text().to_ascii_lowercase();
        let parts = ["name=\"kind\"\r\n\r\nr\r\n", "filename=\"a.txt\"", "x-a: 1", "\r\n\r\n1\r\n"];
        for part in parts {
            assert!(text.contains(part), "{part:?} is not in {text:?}");
        }
    }
    let bare = send(&Method::POST, &json!({"request_kwargs": {"files": {"f": "1"}}}));
    assert!(bare.text().contains("name=\"f\"; filename=\"f\"\r\n\r\n1\r\n"), "{}", bare.text());
    let of_get = json!({"data": {"x": "1"}, "request_kwargs": {"files": {"f": "1"}}});
    assert_eq!(send(&Method::GET, &of_get).target, "/?x=1");
}

#[test]
fn a_source_is_named() {
    let rows = [
        // why                        data                          length    content
        ("a file at hand", json!({"$stream": "abc"}), Some(3), Some(&b"abc"[..])),
        ("a file that the driver holds", json!({"$stream": 120}), Some(120), None),
        ("a generator at hand", json!({"$chunks": ["a", "bc"]}), None, Some(b"abc")),
        ("a generator that the driver holds", json!({"$chunks": null}), None, None),
    ];
    for (why, data, length, content) in rows {
        let planned = call(&json!({"data": data})).plan(&Method::POST).expect("a plan");
        let source = planned.source.expect("a source");
        assert_eq!((source.length, source.content.as_deref()), (length, content), "{why}");
        let Payload::External { len, .. } = send(&Method::POST, &json!({"data": data})).body else {
            panic!("{why}: the body comes from elsewhere")
        };
        assert_eq!(len, length, "{why}");
    }
}

/// Each holds `s3cret` in the place that is wrong.
#[test]
fn what_cannot_be_taken_is_named_and_not_repeated() {
    let get = Method::GET;
    let post = Method::POST;
    #[rustfmt::skip]
    let rows = [
        // argument                  method  arguments
        ("endpoint",                 &get,   json!({"endpoint": ["s3cret"]})),
        ("data",                     &post,  json!({"data": true})),
        ("data",                     &post,  json!({"data": [["s3cret"]]})),
        ("data",                     &post,  json!({"data": "s3cret", "request_kwargs": {"files": {"f": "1"}}})),
        ("headers",                  &get,   json!({"headers": {"s3cret": ["s3cret"]}})),
        ("headers",                  &get,   json!({"headers": [["s3cret", "s3cret"]]})),
        ("extra_options",            &get,   json!({"extra_options": "s3cret"})),
        ("extra_options",            &get,   json!({"extra_options": {"timeout": "s3cret"}})),
        ("request_kwargs",           &get,   json!({"request_kwargs": {"s3cret": "s3cret"}})),
        ("request_kwargs",           &get,   json!({"request_kwargs": ["s3cret"]})),
        ("request_kwargs.params",    &get,   json!({"request_kwargs": {"params": [["s3cret"]]}})),
        ("request_kwargs.cookies",   &get,   json!({"request_kwargs": {"cookies": {"s3cret": 5}}})),
        ("request_kwargs.auth",      &get,   json!({"request_kwargs": {"auth": ["reader", "s3cret"]}})),
        ("request_kwargs.auth",      &get,   json!({"request_kwargs": {"auth": {"$tuple": ["s3cret"]}}})),
        ("request_kwargs.files",     &post,  json!({"request_kwargs": {"files": "s3cret"}})),
        ("request_kwargs.files",     &post,  json!({"request_kwargs": {"files": {"s3cret": 5}}})),
        ("request_kwargs.files",     &post,  json!({"request_kwargs": {"files": {"f": [5, "s3cret"]}}})),
    ];
    for (argument, method, arguments) in rows {
        let error = call(&arguments).plan(method).err();
        let error = error.unwrap_or_else(|| panic!("{arguments} is taken"));
        assert_eq!(error.argument(), argument, "{arguments}");
        let shown = format!("{error} {error:?} {:?}", call(&arguments));
        assert!(shown.contains(argument) && !shown.contains("s3cret"), "{shown}");
    }
    // What has no number in JSON is found by the plan itself.
    let infinite = json!({"request_kwargs": {"json": [{"$float": "nan"}]}});
    assert!(call(&infinite).plan(&post).expect("a plan").plan.check().is_err());
}

/// A reader of arguments, and whether it takes them.
type Reader = fn(&Value) -> Result<(), ArgumentError>;

#[test]
fn arguments_that_are_no_dict_are_refused() {
    let readers: [(&str, Reader); 4] = [
        ("hook", |value| HookArguments::from_json(value).map(drop)),
        ("asynchronous hook", |value| AsyncHookArguments::from_json(value).map(drop)),
        ("operator", |value| OperatorArguments::from_json(value).map(drop)),
        ("sensor", |value| SensorArguments::from_json(value).map(drop)),
    ];
    for (what, read) in readers {
        for value in [json!([]), json!(["v1"]), json!("v1"), json!(1), json!(0.5), json!(true)] {
            let error = read(&value).expect_err(what);
            assert_eq!(error.to_string(), "arguments: must be a dict", "{what} {value}");
        }
        // None is none at all.
        for value in [json!({}), json!(null)] {
            read(&value).unwrap_or_else(|error| panic!("{what} {value}: {error}"));
        }
    }
}

#[test]
fn a_hook_is_read() {
    let rows = [
        ("the usual", json!({}), "POST", None),
        ("capitals", json!({"method": "pAtCh"}), "PATCH", None),
        ("a name of ours", json!({"auth_type": "digest"}), "POST", Some(AuthType::Digest)),
        (
            "a class",
            json!({"auth_type": "requests.auth.HTTPProxyAuth"}),
            "POST",
            Some(AuthType::Proxy),
        ),
        ("null is none", json!({"auth_type": null}), "POST", None),
    ];
    for (why, arguments, method, auth_type) in rows {
        let hook = HookArguments::from_json(&arguments).expect(why);
        assert_eq!((hook.method().as_str(), hook.auth_type()), (method, auth_type), "{why}");
        assert_eq!(hook.options().keep_alive, Setting::Inherit, "{why}");
    }
    let off = HookArguments::from_json(&json!({"tcp_keep_alive": false})).expect("a hook");
    assert_eq!(off.options().keep_alive, Setting::Unset);
    let rows = [
        ("method", json!({"method": 5})),
        ("method", json!({"method": "GE T"})),
        ("auth_type", json!({"auth_type": "my.Auth"})),
        ("tcp_keep_alive", json!({"tcp_keep_alive": "no"})),
        ("tcp_keep_alive_idle", json!({"tcp_keep_alive_idle": -1})),
    ];
    for (argument, arguments) in rows {
        let error = HookArguments::from_json(&arguments).expect_err(argument);
        assert_eq!(error.argument(), argument);
    }
}

#[test]
fn a_scheme_is_made_of_the_login() {
    let scheme = |auth_type: &str, uri: &str| {
        let hook = HookArguments::from_json(&json!({"auth_type": auth_type})).expect("a hook");
        hook.auth(&Connection::parse(uri).expect("a connection"))
    };
    let basic = scheme("basic", "http://reader:secret@h/http").expect("a login");
    assert!(matches!(basic, Some(AuthScheme::Basic { .. })));
    let proxy = scheme("proxy", "http://reader:secret@h/http").expect_err("not of a proxy (D17)");
    assert!(!format!("{proxy:?}").contains("cmVh"), "no value is told");
    let error = scheme("digest", "http://h/http").expect_err("no login");
    assert!(matches!(error.refusal(), Refusal::Error(_)));
    assert_eq!(error.to_string(), "auth_type: the connection has no login");
}
