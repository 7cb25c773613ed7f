//! Who said what, and the same as a command of curl; neither tells a secret.

use std::fmt::Write as _;
use std::process::Command;

use http_hook::auth::AuthScheme;
use http_hook::hook::Layer;
use http_hook::options::Setting;
use http_hook::{Connection, Hook, Options, RequestPlan};

use crate::support::Scenario;

fn hook() -> Hook {
    let connection = Connection::new()
        .with_host("api.example.com")
        .with_schema("https")
        .with_port(8443)
        .with_login("svc")
        .with_password("pw-5b0c9e")
        .with_extra(r#"{"X-Key": "k-77", "Accept": "a/b", "timeout": 20}"#);
    let mut program = Options::default();
    program.verify = Setting::Set(http_hook::options::Verify::Off);
    Hook::builder(&connection)
        .header("X-Key", "k-78")
        .without_header("User-Agent")
        .options(program)
        .build()
        .expect("a connection that can be used")
}

fn plan() -> RequestPlan {
    RequestPlan::post("v1/it's?token=t-1").param("n", "1 2").header("accept", "c/d").data("body")
}

#[test]
fn every_part_names_its_layer_and_what_it_overrides() {
    let told = hook().explain(&plan()).expect("a plan that can be sent");
    let extra = Layer::Connection("extra");
    let rows: [(&str, Option<&str>, Layer, &[Layer]); 11] = [
        ("url.scheme", Some("https"), Layer::Connection("schema"), &[]),
        ("url.host", Some("api.example.com"), Layer::Connection("host"), &[]),
        ("url.port", Some("8443"), Layer::Connection("port"), &[]),
        ("url.path", Some("/v1/it's"), Layer::Call, &[]),
        ("url.query", Some("token=***&n=1+2"), Layer::Call, &[]),
        ("header accept", Some("c/d"), Layer::Call, &[Layer::Default, extra]),
        ("header x-key", Some("***"), Layer::Program, &[extra]),
        ("header user-agent", None, Layer::Program, &[Layer::Default]),
        ("header authorization", Some("***"), Layer::Scheme, &[]),
        ("option connect_timeout", Some("20s"), extra, &[Layer::Default]),
        ("option verify", Some("Off"), Layer::Program, &[]),
    ];
    for (what, value, layer, overrides) in rows {
        let fact = told.get(what).unwrap_or_else(|| panic!("{what}: nothing is told"));
        assert_eq!(fact.value.as_deref(), value, "{what}");
        assert_eq!((fact.layer, fact.overrides.as_slice()), (layer, overrides), "{what}");
    }
}

#[test]
fn a_plan_shows_its_path_and_no_value() {
    let rows = [
        ("v1/orders", "v1/orders"),
        ("v1/orders?page=2", "v1/orders"),
        ("v1/orders;sid=pw-917/x#f", "v1/orders;sid=***/x"),
        ("proxy/https://u:pw-917@h.test/x", "proxy/https://***@h.test/x"),
    ];
    for (endpoint, path) in rows {
        let plan = RequestPlan::post(endpoint).header("x-team", "pw-917").data("pw-917");
        let shown = format!("{plan:?}");
        assert!(shown.contains(&format!("path: {path:?}")), "{shown}");
        assert!(shown.contains("x-team") && !shown.contains("pw-917"), "{shown}");
    }
}

#[test]
fn nothing_that_is_told_is_secret() {
    let told = format!("{0} {0:?}", hook().explain(&plan()).expect("a plan that can be sent"));
    let curl = hook().to_curl(&plan()).expect("a plan that can be sent");
    for secret in ["pw-5b0c9e", "c3ZjOnB3LTViMGM5ZQ", "k-77", "k-78", "t-1"] {
        assert!(!told.contains(secret), "{secret} in {told}");
        assert!(!curl.contains(secret), "{secret} in {curl}");
    }
}

#[test]
fn curl_gets_variables_in_the_place_of_secrets() {
    let expected = "# set these first:
# HTTP_HOOK_X_KEY: the value of the header x-key
# HTTP_HOOK_AUTHORIZATION: the value of the header authorization
# HTTP_HOOK_TOKEN: the value of the parameter token, escaped
curl --globoff --path-as-is --request 'POST' --header 'accept: c/d' --header 'accept-encoding: identity' \
        --header \"x-key: $HTTP_HOOK_X_KEY\" --header \"authorization: $HTTP_HOOK_AUTHORIZATION\" \
        --header 'user-agent:' --header 'content-type:' --data-binary @body \
        'https://api.example.com:8443/v1/it'\\''s?token='\"$HTTP_HOOK_TOKEN\"'&n=1+2'";
    assert_eq!(hook().to_curl(&plan()).expect("a plan that can be sent"), expected);
}

/// Runs a command of curl in a shell whose `curl` prints its arguments.
fn arguments(command: &str, variables: &[(String, String)]) -> Vec<String> {
    let script =
        format!("curl() {{ for one in \"$@\"; do printf '%s\\n' \"$one\"; done; }}\n{command}");
    let output = Command::new("sh")
        .args(["-u", "-c", &script])
        .env_clear()
        .envs(variables.iter().cloned())
        .output()
        .expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn the_command_sends_what_the_call_sends_once_its_variables_are_set() {
    let base = Connection::new()
        .with_host("https://hooks.example.com/services/T0/S-5b0c9e")
        .with_login("l")
        .with_password("S-pw");
    let keyed = AuthScheme::ApiKeyInQuery { name: "k-q".to_owned(), value: "S-key".into() };
    let query = Connection::new().with_host("https://api.example.com/v1?sig=S-sig");
    let rows = [
        (Hook::new(&base), RequestPlan::get("a b?p=S-p&page=2").param("x", "it's")),
        (Hook::builder(&base).auth(keyed).build(), RequestPlan::delete("a")),
        (Hook::new(&query), RequestPlan::head("&n=1")),
        (
            Hook::builder(&base).show_base(true).build(),
            RequestPlan::post("").json(&1).header("x-a", "S-a").storable_header("x_a", "7"),
        ),
        (
            Hook::new(&base),
            RequestPlan::get("?p=S-p&p=S-p&p%2F2=S-p")
                .header("x-`id`-$HOME!", "S-b")
                .header("x-a^", "S-a"),
        ),
    ];
    for (hook, plan) in rows {
        let hook = hook.expect("a hook");
        let command = hook.to_curl(&plan).expect("a plan that can be sent");
        let tail = |text: &str| text.split_once("S-").map(|_| ()).is_some();
        assert!(!tail(&command) || command.contains("S-5b0c9e"), "{command}");
        let request = Scenario::new(&hook, plan.clone()).sending().request;
        let uri = request.uri().to_string();
        let value = |name: &str| -> String {
            let header = request.headers().get(name);
            header.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let variables: Vec<(String, String)> = command
            .lines()
            .filter_map(|line| line.strip_prefix("# HTTP_HOOK_")?.split_once(": "))
            .map(|(name, of)| {
                let value = match of.rsplit_once(' ') {
                    Some((start, header)) if start.ends_with("the header") => value(header),
                    _ if of.contains("base path") => "/services/T0/S-5b0c9e".to_owned(),
                    _ if of.contains("the path of") => request.uri().path().to_owned(),
                    _ if of.contains("the query of") => {
                        request.uri().query().unwrap_or_default().to_owned()
                    }
                    _ if of.contains("parameter p") => "S-p".to_owned(),
                    _ if of.contains("parameter k-q,") => "S-key".to_owned(),
                    other => panic!("{other:?}: {command}"),
                };
                (format!("HTTP_HOOK_{name}"), value)
            })
            .collect();
        let given = arguments(&command, &variables);
        assert_eq!(given.last(), Some(&uri), "{command}");
        for (name, value) in request.headers() {
            let line = format!("{name}: {}", value.to_str().expect("text"));
            assert!(given.contains(&line), "{line} is not in {given:?}");
        }
    }
}

#[test]
fn a_scheme_of_the_call_and_a_plan_that_cannot_be_sent() {
    let plan = RequestPlan::get("a").auth(AuthScheme::Bearer { token: "t".into() });
    let told = hook().explain(&plan).expect("a plan that can be sent");
    assert_eq!(told.get("header authorization").map(|fact| fact.layer), Some(Layer::Scheme));
    let error = hook().explain(&RequestPlan::get("a").header("x", "\n")).expect_err("a line break");
    assert_eq!(error.kind(), http_hook::ErrorKind::Header);
}

#[test]
fn what_the_connection_wrote_of_a_url_is_not_the_call_s() {
    use Layer::{Call, Connection as Of};
    let host = Of("host");
    #[rustfmt::skip]
    let rows = [
        // host                      plan                                     path   base query   query
        ("https://h.test",           RequestPlan::get(""),                    host,  false,       None),
        ("https://h.test/v1",        RequestPlan::get(""),                    host,  false,       None),
        ("https://h.test/v1",        RequestPlan::get("?a=1"),                host,  false,       Some(Call)),
        ("https://h.test/v1",        RequestPlan::get("a"),                   Call,  false,       None),
        ("https://h.test/v1",        RequestPlan::get("a?b=1"),               Call,  false,       Some(Call)),
        ("https://h.test/v1",        RequestPlan::get("a").param("b", "1"),   Call,  false,       Some(Call)),
        ("https://h.test/v1?key=S",  RequestPlan::get(""),                    host,  true,        None),
        ("https://h.test/v1?key=S",  RequestPlan::get("a"),                   host,  true,        Some(Call)),
        ("https://h.test/v1?key=S",  RequestPlan::get("").param("b", "1"),    host,  true,        Some(Call)),
    ];
    for (base, plan, path, base_query, query) in rows {
        let hook = Hook::new(&Connection::new().with_host(base)).expect("a hook");
        let told = hook.explain(&plan).expect("a plan");
        let layer = |what| told.get(what).map(|fact| fact.layer);
        assert_eq!(layer("url.path"), Some(path), "{base} {told}");
        assert_eq!(layer("url.base_query"), base_query.then_some(host), "{base} {told}");
        assert_eq!(layer("url.query"), query, "{base} {told}");
        assert!(!told.to_string().contains('S'), "{told}");
    }
}

#[test]
fn curl_sends_nothing_by_itself_that_the_call_leaves_out() {
    let hook = Hook::to("https://api.example.com").expect("a hook");
    let plan = RequestPlan::get("a").without_header("accept").without_header("user-agent");
    let command = hook.to_curl(&plan).expect("a plan that can be sent");
    for name in ["accept", "user-agent"] {
        assert!(command.contains(&format!(" --header '{name}:' ")), "{command}");
    }
    let usual = hook.to_curl(&RequestPlan::get("a")).expect("a plan that can be sent");
    assert!(!usual.contains(":'"), "{usual}");
}

#[test]
fn curl_sends_the_body_of_a_head_and_waits_for_none() {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;

    if Command::new("curl").arg("--version").output().is_err() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let hook = Hook::to(&format!("http://{}", listener.local_addr().expect("an address")));
    let command = hook.expect("a hook").to_curl(&RequestPlan::head("a").json(&1234));
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let (mut came, mut piece) = (Vec::new(), [0; 4096]);
        while !came.ends_with(b"\r\n\r\n1234") {
            let read = stream.read(&mut piece).expect("bytes");
            assert!(read > 0, "it ends");
            came.extend_from_slice(&piece[..read]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX-A: b\r\n\r\n").expect("sent");
        came
    });
    let script = format!(
        "printf 1234 > body && {} --silent --max-time 20; code=$?; rm body; exit $code",
        command.expect("a plan that can be sent")
    );
    let place = std::env::temp_dir().join(format!("http-hook-head-{}", std::process::id()));
    std::fs::create_dir_all(&place).expect("a directory");
    let done = Command::new("sh").args(["-c", &script]).current_dir(&place).output();
    let done = done.expect("a shell");
    std::fs::remove_dir(&place).expect("an empty directory");
    assert!(done.status.success(), "{script}");
    assert!(String::from_utf8_lossy(&done.stdout).contains("X-A: b"), "it shows the head");
    assert!(server.join().expect("a request").starts_with(b"HEAD /a HTTP/1.1\r\n"));
}

#[test]
fn each_thing_hidden_takes_a_variable_of_a_few_letters() {
    let plan = RequestPlan::get(format!("?{}", "token=S&".repeat(4_000)));
    let command = hook().to_curl(&plan).expect("a plan that can be sent");
    assert!(command.contains("$HTTP_HOOK_TOKEN_4000\""), "each has its own");
    assert!(command.len() < 4_000 * 130, "{} bytes", command.len());
}

#[test]
fn an_extra_with_as_many_names_as_fit_is_told() {
    // A mebibyte of names, each taken out: it would take minutes, were each looked for among all.
    let mut extra = String::from("{");
    let mut names = 0;
    while extra.len() < (1 << 20) - 64 {
        if names > 0 {
            extra.push(',');
        }
        write!(extra, "\"X-{names}\":null").expect("memory");
        names += 1;
    }
    extra.push('}');
    let connection = Connection::new().with_host("https://h.test").with_extra(extra.as_str());
    let told = Hook::new(&connection).expect("a hook").explain(&RequestPlan::get("a"));
    let told = told.expect("a plan");
    let out = told.facts.iter().filter(|fact| fact.what.starts_with("header x-"));
    assert_eq!(out.count(), names);
    assert!(names > 50_000);
}

#[test]
fn an_endpoint_that_is_a_whole_url_is_warned_of() {
    let hook = Hook::to("https://api.example.com/v2").expect("a URL");
    let rows = [
        ("https://api.example.org/v1/orders", true),
        ("HTTP://u:pw-5b0c9e@api.example.org", true),
        ("httpss://a", false),
        ("/https://a", false),
        ("http:/a", false),
        ("v1/orders?to=https://a", false),
        ("", false),
    ];
    for (endpoint, warned) in rows {
        let told = hook.explain(&RequestPlan::get(endpoint)).expect("it can be sent");
        let says = "warning: endpoint: a whole URL: it is appended to the base URL as a path, and goes to no other host \
                    (leave scheme and host out, or make a hook of that URL's host)";
        assert_eq!(told.to_string().contains(says), warned, "{endpoint}: {told}");
        assert!(!told.to_string().contains("pw-5b0c9e"), "{told}");
    }
}

/// Every header that a call sends is told with its layer, and shown by both or by neither.
#[test]
fn both_tell_of_every_header_and_hide_the_same() {
    let connection = Connection::new()
        .with_host("api.example.com")
        .with_login("svc")
        .with_password("pw")
        .with_extra(r#"{"Accept-Language": "de", "X-Key": "k-77"}"#);
    let hooks = [
        Hook::new(&connection),
        Hook::builder(&connection)
            .default_header("Accept-Encoding", "gzip, deflate")
            .header("User-Agent", "of-the-program/1")
            .header("X-Team", "k-78")
            .build(),
        Hook::builder(&connection).without_header("Accept").header("Accept-Language", "fr").build(),
    ];
    let plans = [
        RequestPlan::get("a"),
        RequestPlan::get("a").header("x-a", "k-79").storable_header("x-b", "b"),
        RequestPlan::get("a").header("accept", "c/d").header("user-agent", "u/2"),
        RequestPlan::post("a").data("body"),
        RequestPlan::post("a").json(&1),
        RequestPlan::post("a").json(&1).header("content-type", "application/vnd.it+json"),
        RequestPlan::post("a").json(&1).without_header("content-type").idempotency_key(),
        RequestPlan::put("a").body_with_type("a,b", "text/csv"),
        #[cfg(feature = "cookies")]
        RequestPlan::get("a").cookie("sid", "k-80"),
    ];
    for hook in &hooks {
        let hook = hook.as_ref().expect("a hook");
        for plan in &plans {
            let told = hook.explain(plan).expect("a plan that can be sent");
            let curl = hook.to_curl(plan).expect("a plan that can be sent");
            let request = Scenario::new(hook, plan.clone()).sending().request;
            for name in request.headers().keys() {
                let fact = told.get(&format!("header {name}"));
                let value = fact.unwrap_or_else(|| panic!("{name} is not told:\n{told}"));
                let value = value.value.as_deref().expect("a value");
                let is_shown = curl.contains(&format!("'{name}: {value}'"));
                assert_eq!(is_shown, value != "***", "{name}:\n{told}\n{curl}");
                assert!(is_shown || curl.contains(&format!("\"{name}: $HTTP_HOOK_")), "{curl}");
            }
        }
    }
}

#[test]
fn what_the_environment_fills_in_is_told() {
    let fact = |url: &str, what: &str| {
        let variables = [
            ("all_proxy", "http://svc:pw-5b0c9e@p.test"),
            ("no_proxy", "b.test"),
            ("CURL_CA_BUNDLE", "/a.pem"),
        ];
        let hook = Hook::builder_to(url).environment(variables).build().expect("variables");
        let told = hook.explain(&RequestPlan::get("")).expect("a plan that can be sent");
        told.get(what).map(|fact| (fact.value.clone().unwrap_or_default(), fact.layer))
    };
    let by = |value: &str| Some((value.to_owned(), Layer::Environment));
    assert_eq!(fact("https://a.test", "option proxies"), by("http://p.test with credentials"));
    assert_eq!(fact("https://b.test", "option proxies"), None);
    assert_eq!(fact("https://b.test", "option verify"), by("File(***)"));
}
