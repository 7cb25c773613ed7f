//! What a hook passes on to each send: proxies and authorities of the environment, cookies, codings, attempt headers.

use std::time::Duration;

use http::Request;
use http_hook::body::Payload;
use http_hook::hook::HookBuilder;
use http_hook::options::{SendOptions, Verify};
use http_hook::{Connection, Hook, RequestPlan, RetryPolicy};

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
    }
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
