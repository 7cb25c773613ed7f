//! What a hook passes on to each send: proxies and authorities of the environment, cookies, codings, attempt headers.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_hook::auth::AuthScheme;
use http_hook::body::Payload;
use http_hook::hook::{Defaults, HookBuilder, Layer};
use http_hook::options::{Capability, ClientCert, SendOptions, Verify};
use http_hook::{
    Call, Connection, Hook, Options, RequestPlan, RetryPolicy, Secret, Step, Timestamp,
};

use crate::support::{Played, Scenario, response};

fn builder(extra: &str) -> HookBuilder {
    let connection = Connection::new().with_host("http://api.example.com").with_extra(extra);
    Hook::builder(&connection)
}

/// Answers all requests of a call, each with a status and headers.
fn run(
    hook: &Hook,
    plan: RequestPlan,
    answers: &[(u16, &[(&str, &str)])],
) -> Vec<(Request<Payload>, SendOptions)> {
    let hook = &hook.for_client(http_hook_mock::everything("test"));
    let Played { sends, result, .. } = Scenario::new(hook, plan).run(|number| {
        let (status, headers) = answers[number];
        Ok(response(status, headers, ""))
    });
    assert!(result.is_ok(), "{result:?}");
    sends.into_iter().map(|(request, options, _)| (request, options)).collect()
}

#[test]
fn a_type_that_the_call_takes_out_stays_out() {
    let hook = builder("{}").build().expect("a hook");
    let told = |plan: RequestPlan| {
        let sent = run(&hook, plan, &[(200, &[])]);
        sent[0].0.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned())
    };
    let plan = || RequestPlan::post("a").json(&serde_json::json!({"a": 1}));
    assert_eq!(told(plan()).as_deref(), Some("application/json"));
    assert_eq!(told(plan().without_header("content-type")), None);
    assert_eq!(told(plan().header("content-type", "text/x")).as_deref(), Some("text/x"));
}

#[test]
fn the_environment_that_is_passed_in_fills_what_nobody_says() {
    let environment = || {
        [
            ("http_proxy", "http://user:pw@proxy.example:3128"),
            ("REQUESTS_CA_BUNDLE", "/ca.pem"),
            ("no_proxy", "other.example"),
        ]
    };
    let hook = builder("{}").environment(environment()).build().expect("a hook");
    let away = ("location", "http://other.example/");
    let sent = run(&hook, RequestPlan::get("a"), &[(302, &[away]), (200, &[])]);
    let proxy = sent[0].1.client.proxy.as_ref().expect("a proxy");
    assert_eq!(proxy.uri, "http://proxy.example:3128");
    assert_eq!(sent[0].1.client.verify, Verify::File("/ca.pem".to_owned()));
    assert!(sent[1].1.client.proxy.is_none(), "chosen anew for each hop");

    let hook =
        builder(r#"{"trust_env": false}"#).environment(environment()).build().expect("a hook");
    let sent = run(&hook, RequestPlan::get("a"), &[(200, &[])]);
    assert!(sent[0].1.client.proxy.is_none());
    assert_eq!(sent[0].1.client.verify, Verify::System);
}

#[test]
fn a_netrc_stands_in_where_nothing_else_says_who_is_calling() {
    let netrc = "machine api.example.com login n password p";
    let rows = [("{}", true), (r#"{"trust_env": false}"#, false)];
    for (extra, expected) in rows {
        let hook = builder(extra).netrc(netrc).expect("a netrc").build().expect("a hook");
        let sent = run(&hook, RequestPlan::get("a"), &[(200, &[])]);
        assert_eq!(sent[0].0.headers().contains_key("authorization"), expected, "{extra}");
        let layer = |plan: RequestPlan| {
            let told = hook.explain(&plan).expect("a plan");
            told.get("header authorization").map(|fact| fact.layer)
        };
        assert_eq!(layer(RequestPlan::get("a")), expected.then_some(Layer::Netrc), "{extra}");
        assert_eq!(
            layer(RequestPlan::get("a").basic("me", "mine")),
            Some(Layer::Scheme),
            "{extra}"
        );
    }
}

#[test]
fn no_netrc_stands_in_where_any_layer_does_not_trust_the_environment() {
    let netrc = "machine api.example.com login n password p";
    let off = || Options::default().trust_env(false);
    let of_defaults = || {
        let mut defaults = Defaults::default();
        defaults.options.trust_env = Some(false);
        defaults
    };
    let make =
        |builder: HookBuilder| builder.netrc(netrc).expect("a netrc").build().expect("a hook");
    let own = || AuthScheme::Basic { login: "o".to_owned(), password: Secret::new("w") };
    let plan = || RequestPlan::get("a");
    let rows = [
        // why, the hook, the call, whether anything proves who is calling
        ("nobody says anything", builder("{}"), plan(), true),
        ("the defaults", builder("{}").defaults(of_defaults()), plan(), false),
        ("the program", builder("{}").options(off()), plan(), false),
        ("the call", builder("{}"), plan().options(off()), false),
        ("a scheme of the call's own", builder("{}"), plan().options(off()).auth(own()), true),
        ("a scheme of the hook's own", builder("{}").auth(own()), plan().options(off()), true),
    ];
    for (why, builder, plan, expected) in rows {
        let hook = make(builder);
        let shown = hook.explain(&plan).expect("a plan").to_string();
        assert_eq!(shown.contains("authorization"), expected, "{why}: {shown}");
        let sent = run(&hook, plan, &[(200, &[])]);
        assert_eq!(sent[0].0.headers().contains_key("authorization"), expected, "{why}");
    }
    let hook = make(builder("{}"));
    let call = Call::new(&hook, plan().options(off()), 7, Timestamp::default());
    assert!(call.store(&hook).is_ok(), "a scheme that is left out is none of the call's");
}

#[test]
fn an_authority_or_a_certificate_of_any_layer_is_none_that_a_client_may_drop() {
    let cert =
        |key: Option<&str>| ClientCert { cert: "/c.pem".to_owned(), key: key.map(Into::into) };
    let file = || Options::default().verify(Verify::File("/ca.pem".to_owned()));
    let bundle = [("REQUESTS_CA_BUNDLE", "/ca.pem")];
    let rows = [
        // what is said, what a client must be able to do for it
        (file(), Capability::VerifyFile),
        (Options::default().verify(Verify::Off), Capability::VerifyOff),
        (Options::default().cert(cert(None)), Capability::ClientCert),
        (Options::default().cert(cert(Some("/k.pem"))), Capability::ClientKey),
    ];
    let api = |host: &str| Hook::builder(&Connection::new().with_host(host));
    let by_defaults = |host: &str, own: &Options| {
        let mut defaults = Defaults::default();
        defaults.options = own.clone().over(defaults.options);
        api(host).defaults(defaults)
    };
    let first = |builder: HookBuilder, missing: Capability| {
        let capable = http_hook_mock::everything("tinyclient").without(missing);
        let hook = builder.build().expect("a hook").for_client(capable);
        let now = Timestamp::default();
        match Call::new(&hook, RequestPlan::get("a"), 7, now).step(&hook, now) {
            Step::Send { .. } => None,
            Step::Done(Err(failure)) => Some(failure.cause().to_string()),
            _ => panic!("neither sent nor refused"),
        }
    };
    for (own, missing) in rows {
        let refused = format!("tinyclient cannot honour the option {}", missing.option());
        let secure = first(by_defaults("https://api.test", &own), missing);
        assert_eq!(secure.as_ref(), Some(&refused), "the defaults");
        let secure = first(api("https://api.test").options(own.clone()), missing);
        assert_eq!(secure, Some(refused), "the program");
        assert_eq!(first(by_defaults("http://api.test", &own), missing), None, "without TLS");
    }
    let bundled = |builder: HookBuilder| first(builder.environment(bundle), Capability::VerifyFile);
    let refused = Some("tinyclient cannot honour the option verify (file)".to_owned());
    assert_eq!(bundled(api("https://api.test")), refused, "the environment");
    assert_eq!(bundled(api("http://api.test")), None);
    let trusting = Options::default().trust_env(false);
    assert_eq!(bundled(api("https://api.test").options(trusting)), None);

    // Where the check is off at home, the environment's authorities stand in elsewhere.
    let off = api("https://api.test").options(Options::default().verify(Verify::Off));
    let capable = http_hook_mock::everything("tinyclient").without(Capability::VerifyFile);
    let hook = off.environment(bundle).build().expect("a hook").for_client(capable);
    let now = Timestamp::default();
    let call = Call::new(&hook, RequestPlan::get("a"), 7, now);
    let Step::Send { attempt, .. } = call.step(&hook, now) else { panic!("it is off at home") };
    let away = Response::builder().status(302).header("location", "https://other.test/");
    let away = away.body(Bytes::new()).expect("a response");
    let Step::Done(Err(failure)) = attempt.finish(&hook, Ok(away), now) else { panic!("sent") };
    let told = failure.cause().to_string();
    assert!(told.contains("verify (file)"), "{told}");
}

#[test]
fn attempts_are_told_to_the_server_on_demand() {
    let policy =
        RetryPolicy { attempt_header: Some("x-attempt".to_owned()), ..RetryPolicy::default() };
    let plan = RequestPlan::get("a").retry(policy).deadline(Duration::from_secs(60));
    let hook = builder("{}").build().expect("a hook");
    let sent = run(&hook, plan, &[(503, &[]), (200, &[])]);
    let told: Vec<_> = sent.iter().map(|(request, _)| &request.headers()["x-attempt"]).collect();
    assert_eq!(told[0], "attempt=1; max=3; ttl=60");
    assert!(told[1].to_str().expect("text").starts_with("attempt=2; max=3; ttl="));
}

#[cfg(feature = "cookies")]
mod cookies {
    use super::*;
    use http_hook::cookies::Jar;

    fn cookie(request: &Request<Payload>) -> Option<&str> {
        request.headers().get("cookie").and_then(|value| value.to_str().ok())
    }

    const SET: &[(&str, &str)] = &[("set-cookie", "s=1; Path=/")];

    #[test]
    fn cookies_of_the_call_stay_at_home() {
        let hook = builder("{}").build().expect("a hook");
        let away: &[(&str, &str)] = &[("location", "http://other.example/"), ("set-cookie", "b=2")];
        let plan = RequestPlan::get("a").cookie("a", "1");
        let sent = run(
            &hook,
            plan,
            &[(302, away), (302, &[("location", "http://api.example.com/x")]), (200, &[])],
        );
        let got: Vec<_> = sent.iter().map(|(request, _)| cookie(request)).collect();
        assert_eq!(got, [Some("a=1"), None, Some("a=1; b=2")]);
    }

    #[test]
    fn a_jar_is_kept_over_a_call_or_over_all() {
        let jar = || Jar::default();
        let again: &[(&str, &str)] = &[("location", "/b"), ("set-cookie", "s=1; Path=/")];
        let own = builder("{}").cookies(jar()).build().expect("a hook");
        let sent = run(&own, RequestPlan::get("a"), &[(302, again), (200, &[])]);
        assert_eq!(cookie(&sent[1].0), Some("s=1"));
        assert_eq!(cookie(&run(&own, RequestPlan::get("a"), &[(200, &[])])[0].0), None);

        let shared = builder("{}").shared_cookies(jar()).build().expect("a hook");
        run(&shared, RequestPlan::get("a"), &[(200, SET)]);
        assert_eq!(cookie(&run(&shared, RequestPlan::get("a"), &[(200, &[])])[0].0), Some("s=1"));
    }

    #[test]
    fn a_hook_without_a_jar_keeps_nothing() {
        let hook = builder("{}").build().expect("a hook");
        run(&hook, RequestPlan::get("a"), &[(200, SET)]);
        assert_eq!(cookie(&run(&hook, RequestPlan::get("a"), &[(200, &[])])[0].0), None);
    }
}
