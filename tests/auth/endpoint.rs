//! The token endpoint: what it is sent, what it says and who hears of it, how its certificate is verified.

use std::sync::Mutex;

use bytes::Bytes;
use http::Response;
use http_hook::auth::AuthScheme;
use http_hook::body::Payload;
use http_hook::observe::Event;
use http_hook::options::Verify;
use http_hook::{
    Act, Call, Connection, ErrorKind, Failure, Hook, RequestPlan, RetryPolicy, Run, Sent,
    StopReason, TransportError, TransportErrorKind,
};

use crate::support::{self, NOW, Scenario, response};

const SECRET: &str = "canary-3f9a";
const AT: &str = ", at https://id.example.com/***";

fn hook(members: &str) -> Hook {
    hook_of("{}", members)
}

/// A hook whose connection says `more` beside its scheme.
fn hook_of(more: &str, members: &str) -> Hook {
    let url = format!(r#", "token_url": "https://id.example.com/{SECRET}""#);
    let url = if members.contains("token_url") { "" } else { &url };
    let auth = format!(r#"{{"scheme": "oauth2_client_credentials"{url}{members}}}"#);
    let more = more.trim_start_matches('{').trim_end_matches('}');
    let comma = if more.is_empty() { "" } else { ", " };
    let extra = format!(r#"{{"http_hook": {{"auth": {auth}}}{comma}{more}}}"#);
    Hook::new(&support::connection().with_extra(extra)).expect("a hook")
}

fn policy(text: &str) -> RetryPolicy {
    RetryPolicy::from_json(text).expect("a policy")
}

/// Runs a call whose token endpoint always says the same; gives everything that can be seen of it.
fn heard(hook: &Hook, plan: RequestPlan, says: &Response<Bytes>) -> (Failure, String) {
    let seen = Mutex::new(String::new());
    let note = |text: String| seen.lock().expect("a text").push_str(&(text + "\n"));
    let observer = |event: &Event<'_>| note(format!("{event:?}"));
    let mut now = NOW;
    let mut run = Run::<Bytes>::new(hook, Call::new(hook, plan, 7, NOW)).observer(&observer);
    let mut act = run.woke(now);
    let failure = loop {
        if let Ok(text) = run.store() {
            note(text);
        }
        act = match act {
            Act::Send(..) => run.sent(Ok(says.clone()), || now),
            Act::Read(body, _) => run.read(Ok(body), now),
            Act::Sleep(wait) => {
                now = now.after(wait);
                run.woke(now)
            }
            Act::Done(Err(failure)) => break failure,
            Act::Done(Ok(answer)) => panic!("the API was never asked: {answer:?}"),
        };
    };
    drop(run);
    note(format!("{failure} {failure:?} {:?}", failure.cause()));
    let seen = seen.into_inner().expect("a text");
    (failure, seen)
}

#[test]
fn what_a_token_endpoint_says_is_for_nobody() {
    let bad = "the token request was refused with";
    let none = "no reason that the standard knows";
    let answer = "the token answer with status 200";
    #[rustfmt::skip]
    let rows = [
        // status   headers                                         body                                                    what is told
        (200, vec![],                                               r#"{"access_token": "S", "token_type": "JWT"}"#.to_owned(), format!("{answer} is of a type other than bearer")),
        (200, vec![],                                               r#"{"access_token": "S\n", "refresh_token": "S"}"#.into(), format!("{answer} has an access_token that no header may hold")),
        (200, vec![],                                               r#"{"access_token": {"S": "S"}}"#.into(),               format!("{answer} has no access_token")),
        (200, vec![],                                               "S".into(),                                             format!("{answer} has no access_token")),
        (204, vec![],                                               String::new(),                                          "the token answer with status 204 has no access_token".into()),
        (200, vec![],                                               "S".repeat(9_000),                                      format!("{answer} is larger than 64 KiB")),
        (200, vec![],                                               r#"{"error": "invalid_client", "S": "S"}"#.into(),      format!("{bad} 200: invalid_client")),
        (200, vec![],                                               r#"{"error": "S"}"#.into(),                             format!("{bad} 200: {none}")),
        (400, vec![],                                               r#"{"error": "invalid_grant", "error_description": "assertion S"}"#.into(), format!("{bad} 400: invalid_grant")),
        (400, vec![],                                               r#"{"error": "S", "error_uri": "https://S"}"#.into(),   format!("{bad} 400: {none}")),
        (401, vec![("www-authenticate", "Bearer error=\"S\"")],     r#"{"error": "invalid_client"}"#.into(),                format!("{bad} 401: invalid_client")),
        (302, vec![("location", "https://id.example.com/S")],       "S".into(),                                             format!("{bad} 302: {none}")),
        (307, vec![("location", "https://api.example.com/S")],      "S".into(),                                             format!("{bad} 307: {none}")),
        (503, vec![("retry-after", "1"), ("set-cookie", "a=S")],    "<p>S".into(),                                          format!("{bad} 503: {none}")),
    ];
    let policies = [
        r#"{"stop": {"type": "after_attempt", "max_attempts": 1}}"#,
        r#"{"when": {"type": "always"}, "stop": {"type": "after_attempt", "max_attempts": 3}}"#,
        r#"{"when": {"type": "body_contains", "text": "S"}, "stop": {"type": "after_attempt", "max_attempts": 3}}"#,
    ];
    for (status, headers, body, told) in rows {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (*name, value.replace('S', SECRET))).collect();
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let says = response(status, &headers, &body.replace('S', SECRET));
        for text in policies {
            let why = format!("{status} {body:.40} {text}");
            let plan = RequestPlan::get("a").retry(policy(text));
            let (failure, seen) = heard(&hook(""), plan, &says);
            assert!(!seen.contains(SECRET), "{why}: {seen}");
            assert!(
                failure.to_string().starts_with(&format!("auth: {told}{AT}")),
                "{why}: {failure}"
            );
            let got = (failure.status(), failure.headers(), failure.body(), failure.response());
            assert!(matches!(got, (None, None, None, None)), "{why}");
            assert!(failure.problem().is_none(), "{why}");
            let reasons = [StopReason::Auth, StopReason::Attempts];
            assert!(reasons.contains(&failure.reason()), "{why}: {:?}", failure.reason());
        }
    }
}

#[test]
fn a_policy_that_reads_bodies_reads_none_of_the_token_endpoint() {
    let text = r#"{"when": {"type": "body_contains", "text": "pending"}, "stop": {"type": "after_attempt", "max_attempts": 3}}"#;
    let says = response(400, &[], r#"{"error": "invalid_grant", "error_description": "pending"}"#);
    let (failure, _) = heard(&hook(""), RequestPlan::get("a").retry(policy(text)), &says);
    assert_eq!((failure.reason(), failure.sends()), (StopReason::Auth, 1));
}

#[test]
fn further_fields_are_stored_with_the_scheme() {
    let members =
        r#", "audience": "x", "resource": ["https://a", "https://b"], "fields": {"tenant": "t 1"}"#;
    let request = Scenario::new(&hook(members), RequestPlan::get("a")).sending().request;
    let Payload::Bytes(form) = request.body() else { panic!("a form") };
    let expected = "grant_type=client_credentials&audience=x&resource=https%3A%2F%2Fa&resource=https%3A%2F%2Fb&tenant=t+1";
    assert_eq!(form, expected);
}

#[test]
fn a_token_type_may_be_required() {
    let says = response(200, &[], r#"{"access_token": "t"}"#);
    let run = |members: &str| {
        let hook = hook(members);
        Scenario::new(&hook, RequestPlan::get("a")).run(|_| Ok(says.clone())).result
    };
    assert!(run("").is_ok());
    let failure = run(r#", "require_token_type": true"#).expect_err("no type");
    assert!(failure.to_string().contains("has no token_type"), "{failure}");
}

#[test]
fn the_token_endpoint_is_verified_by_a_word_of_its_own() {
    let file = |path: &str| Verify::File(path.to_owned());
    let own = r#", "token_url": "https://api.example.com/token""#;
    #[rustfmt::skip]
    let rows = [
        // why                              connection                          scheme                                  endpoint            API
        ("by default",                      "{}",                               "",                                     Verify::System,     Verify::System),
        ("the API's word is the API's",     r#"{"verify": false}"#,             "",                                     Verify::System,     Verify::Off),
        ("and the scheme's the endpoint's", "{}",                               r#", "verify": false"#,                 Verify::Off,        Verify::System),
        ("a file of its own",               r#"{"verify": "/api.pem"}"#,        r#", "verify": "/id.pem""#,             file("/id.pem"),    file("/api.pem")),
        ("none after all",                  r#"{"verify": "/api.pem"}"#,        r#", "verify": true"#,                  Verify::System,     file("/api.pem")),
        ("at the same origin",              r#"{"verify": false}"#,             own,                                    Verify::Off,        Verify::Off),
        ("which may be told apart",         r#"{"verify": false}"#,             &format!(r#"{own}, "verify": true"#),   Verify::System,     Verify::Off),
    ];
    for (why, connection, scheme, endpoint, api) in rows {
        let hook = hook_of(connection, scheme).for_client(http_hook_mock::everything("test"));
        let token = response(200, &[], r#"{"access_token": "t"}"#);
        let played = Scenario::new(&hook, RequestPlan::get("a")).run(|_| Ok(token.clone()));
        let verify: Vec<_> =
            played.sends.iter().map(|(_, options, _)| options.client.verify.clone()).collect();
        assert_eq!(verify, [endpoint, api], "{why}");
    }
}

#[test]
fn a_client_that_cannot_do_it_is_not_asked() {
    for word in ["false", "\"/id.pem\""] {
        let hook = hook(&format!(r#", "verify": {word}"#));
        // As often as it is asked: nobody waits for a token that is not under way.
        for _ in 0..2 {
            let played = Scenario::new(&hook, RequestPlan::get("a")).run(|_| panic!("sent"));
            let failure = played.result.expect_err("a client without the capability");
            assert_eq!(failure.reason(), StopReason::Invalid, "{word}");
            assert!(failure.to_string().contains("verify"), "{failure}");
        }
    }
}

#[test]
fn a_scheme_of_the_call_alone_is_treated_alike() {
    let value = serde_json::json!({
        "scheme": "oauth2_client_credentials", "token_url": "https://id.example.com/t",
        "client_id": "a", "client_secret": SECRET,
    });
    let scheme = || AuthScheme::from_json(&value, None, None).expect("a scheme");
    let hook = Hook::new(&Connection::new().with_host("https://api.example.com")).expect("a hook");
    let says = response(400, &[], &format!(r#"{{"error": "invalid_client", "was": "{SECRET}"}}"#));
    let (failure, seen) = heard(&hook, RequestPlan::get("a").auth(scheme()), &says);
    assert!(!seen.contains(SECRET) && failure.body().is_none(), "{seen}");
    assert!(
        matches!(failure.cause(), http_hook::Cause::Request(error) if error.kind() == ErrorKind::Auth)
    );
}

#[test]
fn a_token_endpoint_that_is_not_reached_is_named() {
    let twice = r#"{"stop": {"type": "after_attempt", "max_attempts": 2}}"#;
    let said = "no token could be had at https://id.example.com/***: no connection could be made; GET \
                https://api.example.com/a";
    for (plan, said) in [
        (RequestPlan::get("a"), format!("{said}, 1 attempt")),
        (
            RequestPlan::get("a").retry(policy(twice)),
            format!("{said}, 2 attempts; no more are allowed"),
        ),
    ] {
        let hook = hook("");
        let lost = || TransportError::new(TransportErrorKind::Connect, Sent::No);
        let played = Scenario::new(&hook, plan).run(|_| Err(lost()));
        assert_eq!(played.result.expect_err("a failure").to_string(), said);
    }
}
