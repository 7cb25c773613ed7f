//! What is known about authentication from one attempt to the next, and at other origins.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_hook::auth::{AuthScheme, OAuth2};
use http_hook::options::Verify;
use http_hook::retry::{Stop, Wait};
use http_hook::{Connection, Hook, Options, RequestPlan, RetryPolicy, Secret, SendCause};

use crate::support::{self, Scenario, response};

fn hook(auth: &str) -> Hook {
    support::hook(&format!(r#"{{"http_hook": {{"auth": {auth}}}}}"#))
}

fn oauth2() -> Hook {
    hook(r#"{"scheme": "oauth2_client_credentials", "token_url": "https://id.example.com/token"}"#)
}

fn token(name: &str, lives: u64) -> Response<Bytes> {
    let text =
        format!(r#"{{"access_token": "{name}", "token_type": "Bearer", "expires_in": {lives}}}"#);
    response(200, &[], &text)
}

/// Retries twice, each time after so many seconds.
fn patient(seconds: u64) -> RetryPolicy {
    RetryPolicy {
        wait: Wait::fixed(Duration::from_secs(seconds)),
        stop: Stop::after_attempt(3),
        ..RetryPolicy::default()
    }
}

/// Runs a call; gives the cause, the host and the credentials of each send.
fn run(
    hook: &Hook,
    plan: RequestPlan,
    answers: Vec<Response<Bytes>>,
) -> Vec<(SendCause, String, String)> {
    let mut answers = answers.into_iter();
    let played = Scenario::new(hook, plan)
        .run(|_| Ok(answers.next().expect("no more requests than answers")));
    assert!(answers.next().is_none(), "no fewer requests than answers");
    let told = |(request, _, cause): (http::Request<_>, _, SendCause)| {
        let shown =
            request.headers().get("authorization").map(|value| value.to_str().expect("text"));
        let host = request.uri().host().unwrap_or_default().to_owned();
        (cause, host, shown.unwrap_or_default().to_owned())
    };
    played.sends.into_iter().map(told).collect()
}

#[test]
fn a_token_that_expires_while_the_call_waits_is_fetched_anew() {
    for (waits, again) in [(10, false), (4_000, true)] {
        let plan = RequestPlan::get("a").retry(patient(waits));
        let mut answers = vec![token("t-1", 3_600), response(503, &[], "")];
        answers.extend(again.then(|| token("t-2", 3_600)));
        answers.push(response(200, &[], ""));
        let sends = run(&oauth2(), plan, answers);
        let (cause, _, shown) = sends.last().expect("a send");
        assert_eq!(*cause, SendCause::Retry);
        assert_eq!(shown, if again { "Bearer t-2" } else { "Bearer t-1" });
    }
}

#[test]
fn no_token_is_fetched_for_another_origin() {
    use SendCause::{First, Redirect, Retry, Token};

    // The token of the first request is no longer fresh when the second attempt is sent on.
    let away = || response(302, &[("location", "https://other.example/x")], "");
    let hook = oauth2();
    let sends = run(
        &hook,
        RequestPlan::get("a"),
        vec![token("t-1", 3_600), away(), response(200, &[], "")],
    );
    let hosts: Vec<_> =
        sends.iter().map(|(_, host, shown)| (host.as_str(), shown.as_str())).collect();
    assert_eq!(hosts[1..], [("api.example.com", "Bearer t-1"), ("other.example", "")]);

    // A token that lives shorter than the way: no second one is asked for there.
    let hook = oauth2();
    let sends = run(
        &hook,
        RequestPlan::get("a").retry(patient(4_000)),
        vec![
            token("t-1", 3_600),
            away(),
            response(503, &[], ""),
            token("t-2", 3_600),
            away(),
            response(200, &[], ""),
        ],
    );
    let causes: Vec<_> = sends.iter().map(|(cause, ..)| *cause).collect();
    assert_eq!(causes, [Token, First, Redirect, Token, Retry, Redirect]);
    assert!(sends.iter().all(|(_, host, shown)| host != "other.example" || shown.is_empty()));
}

#[test]
fn a_refusal_elsewhere_throws_no_token_away_and_fetches_none() {
    let away = response(302, &[("location", "https://other.example/x")], "");
    let sends = run(
        &oauth2(),
        RequestPlan::get("a"),
        vec![token("t-1", 3_600), away, response(401, &[], "")],
    );
    assert_eq!(sends.len(), 3);
}

#[cfg(feature = "digest")]
#[test]
fn each_attempt_may_answer_challenges() {
    let hook = hook(r#"{"scheme": "digest"}"#);
    let asks = |nonce: &str, stale: bool| {
        let value = format!(r#"Digest realm="r", nonce="{nonce}", qop="auth", stale={stale}"#);
        response(401, &[("www-authenticate", &value)], "")
    };
    let busy = || response(503, &[], "");
    let sends = run(
        &hook,
        RequestPlan::get("a").retry(patient(1)),
        vec![
            asks("n-1", false),
            asks("n-2", true),
            busy(),
            asks("n-3", true),
            asks("n-4", true),
            busy(),
            asks("n-5", true),
            response(200, &[], ""),
        ],
    );
    let shown: Vec<_> = sends.iter().map(|(.., shown)| shown).collect();
    assert!(shown[1].contains("n-1") && shown[2].contains("n-2"), "{shown:?}");
    assert!(shown[4].contains("n-3") && shown[5].contains("n-4"), "{shown:?}");
    assert!(shown[7].contains("n-5"), "{shown:?}");
}

#[test]
fn a_token_may_be_refused_once_in_each_attempt() {
    let sends = run(
        &oauth2(),
        RequestPlan::get("a").retry(patient(1)),
        vec![
            token("t-1", 3_600),
            response(401, &[], ""),
            token("t-2", 3_600),
            response(503, &[], ""),
            response(401, &[], ""),
            token("t-3", 3_600),
            response(200, &[], ""),
        ],
    );
    assert_eq!(sends.last().map(|(.., shown)| shown.as_str()), Some("Bearer t-3"));
}

/// Under `auth-int` a proof is good for one body only: two bodies of the same length differ in it.
#[cfg(feature = "digest")]
#[test]
fn a_protected_body_is_part_of_the_proof() {
    let hook = hook(r#"{"scheme": "digest"}"#);
    let proof = |qop: &str, body: &str| {
        let asks = format!(r#"Digest realm="r", nonce="n", qop="{qop}""#);
        let answers =
            vec![response(401, &[("www-authenticate", &asks)], ""), response(200, &[], "")];
        let sends = run(&hook, RequestPlan::post("a").data(body), answers);
        let shown = sends.last().expect("two sends").2.clone();
        let (_, after) = shown.split_once("response=\"").expect("a proof");
        after.split_once('"').expect("the end of the proof").0.to_owned()
    };
    assert_ne!(proof("auth-int", "amount=1"), proof("auth-int", "amount=2"));
    assert_eq!(proof("auth-int", "amount=1"), proof("auth-int", "amount=1"));
    assert_eq!(proof("auth", "amount=1"), proof("auth", "amount=2"));
}

/// Only the origin that the scheme belongs to says how it goes on.
#[cfg(feature = "digest")]
#[test]
fn another_origin_changes_nothing_of_a_digest_session() {
    let hook = hook(r#"{"scheme": "digest"}"#);
    let asks = r#"Digest realm="r", nonce="home", qop="auth""#;
    let others = ["https://evil.test/y", "https://api.example.com:8443/y"];
    for other in others {
        for (status, is_retried) in [(307, false), (302, false), (503, true), (429, true)] {
            let asks = || response(401, &[("www-authenticate", asks)], "");
            let away = || response(307, &[("location", other)], "");
            let info = [
                ("authentication-info", r#"nextnonce="EVIL", qop=auth"#),
                ("location", "https://api.example.com/z"),
            ];
            let mut answers = vec![asks(), away(), response(status, &info, "")];
            if is_retried {
                answers.push(away());
                answers.push(response(302, &info, ""));
            }
            answers.push(response(200, &[], ""));
            let sends = run(&hook, RequestPlan::get("a").retry(patient(1)), answers);
            let shown: Vec<_> = sends.iter().map(|(.., shown)| shown.as_str()).collect();
            assert!(
                shown.iter().all(|shown| !shown.contains("EVIL")),
                "{other}, {status}: {shown:?}"
            );
            let last = shown.last().unwrap();
            assert!(last.contains(r#"nonce="home""#), "{other}, {status}: {shown:?}");
        }
    }
    let info = [("authentication-info", r#"nextnonce="next""#), ("location", "/z")];
    let sends = run(
        &hook,
        RequestPlan::get("a"),
        vec![
            response(401, &[("www-authenticate", asks)], ""),
            response(307, &info, ""),
            response(200, &[], ""),
        ],
    );
    assert!(sends[2].2.contains(r#"nonce="next""#), "its own does: {sends:?}");
}

/// A token is for all calls of its hook: what one of them says of its own request says nothing of where the token comes from.
#[test]
fn a_token_endpoint_is_verified_by_the_word_of_hook_or_scheme() {
    let file = |path: &str| Verify::File(path.into());
    let hooks = [
        ("{}", Verify::System),
        (r#"{"verify": false}"#, Verify::Off),
        (r#"{"verify": "/h.pem"}"#, file("/h.pem")),
    ];
    let calls = [None, Some(Verify::System), Some(Verify::Off), Some(file("/c.pem"))];
    for (extra, of_hook) in &hooks {
        for of_call in &calls {
            for of_scheme in [None, Some(Verify::System), Some(Verify::Off), Some(file("/s.pem"))] {
                for endpoint in ["https://a.test/t", "https://id.test/t"] {
                    let mut own = OAuth2::client_credentials(endpoint, "svc", Secret::new("s"));
                    own.verify.clone_from(&of_scheme);
                    let connection = Connection::new().with_host("https://a.test");
                    let hook = Hook::builder(&connection.with_extra(*extra))
                        .auth(AuthScheme::OAuth2(Box::new(own)))
                        .build()
                        .expect("a hook")
                        .for_client(http_hook_mock::everything("test"));
                    let mut plan = RequestPlan::get("a");
                    if let Some(verify) = of_call {
                        plan = plan.options(Options::default().verify(verify.clone()));
                    }
                    let sent = Scenario::new(&hook, plan).run(|_| Ok(token("t", 3600)));
                    let told: Vec<_> =
                        sent.sends.iter().map(|(_, sent, _)| sent.client.verify.clone()).collect();
                    let at_home = endpoint.starts_with("https://a.test");
                    let elsewhere =
                        || if *of_hook == Verify::Off { Verify::System } else { of_hook.clone() };
                    let of_hook_there = if at_home { of_hook.clone() } else { elsewhere() };
                    let expected = of_scheme.clone().unwrap_or(of_hook_there);
                    let request = of_call.clone().unwrap_or_else(|| of_hook.clone());
                    let what = format!("{extra} {of_call:?} {of_scheme:?} {endpoint}");
                    assert_eq!(told, [expected, request], "{what}");
                }
            }
        }
    }
}
