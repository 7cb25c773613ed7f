//! Authentication through the machine: what is shown, what is answered, who fetches the token.

use std::sync::Arc;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Request, Response};
use http_hook::auth::{AuthScheme, Authenticate, Challenge, Credentials};
use http_hook::body::Payload;
use http_hook::{
    Call, Connection, Error, Hook, RequestPlan, RetryPolicy, Secret, SendCause, Step, StopReason,
    Timestamp, WaitReason,
};

use crate::support::{self, NOW, Scenario, Sending, response};

fn connection(auth: &str) -> Connection {
    support::connection().with_extra(format!(r#"{{"http_hook": {{"auth": {auth}}}}}"#))
}

fn hook(auth: &str) -> Hook {
    Hook::new(&connection(auth)).expect("a connection that can be used")
}

const OAUTH2: &str =
    r#"{"scheme": "oauth2_client_credentials", "token_url": "https://id.example.com/token"}"#;

type Sent = Vec<(Request<Payload>, SendCause)>;

/// Runs a call; gives the requests with their causes, and the result.
fn run(
    hook: &Hook,
    plan: RequestPlan,
    answers: Vec<Response<Bytes>>,
) -> (Sent, Result<Response<Bytes>, http_hook::Failure>) {
    let mut answers = answers.into_iter();
    let played = Scenario::new(hook, plan)
        .run(|_| Ok(answers.next().expect("no more requests than answers")));
    let requests = played.sends.into_iter().map(|(request, _, cause)| (request, cause));
    (requests.collect(), played.result)
}

fn authorization(request: &Request<Payload>) -> Option<&str> {
    request.headers().get("authorization").and_then(|value| value.to_str().ok())
}

const TOKEN: &str = r#"{"access_token": "t-1", "token_type": "Bearer", "expires_in": 3600}"#;
const OTHER: &str = r#"{"access_token": "t-2", "token_type": "Bearer", "expires_in": 3600}"#;

#[test]
fn schemes_that_always_show_the_same() {
    let rows = [
        (r#"{"scheme": "basic"}"#, Some("Basic c3ZjOnB3LTViMGM5ZQ=="), "/a"),
        (r#"{"scheme": "bearer", "token": "t"}"#, Some("Bearer t"), "/a"),
        (r#"{"scheme": "none"}"#, None, "/a"),
        (
            r#"{"scheme": "api_key", "in": "query", "name": "key", "value": "k 1"}"#,
            None,
            "/a?key=k+1",
        ),
    ];
    for (auth, expected, target) in rows {
        let (requests, _) = run(&hook(auth), RequestPlan::get("a"), vec![response(200, &[], "")]);
        assert_eq!(authorization(&requests[0].0), expected, "{auth}");
        let uri = requests[0].0.uri();
        assert_eq!(uri.path_and_query().map(PathAndQuery::as_str), Some(target), "{auth}");
    }
}

#[test]
fn a_proof_replaces_a_header_and_stays_at_home() {
    let auth = r#"{"scheme": "api_key", "name": "X-Key", "value": "k"}"#;
    let plan = RequestPlan::get("a").header("x-key", "own");
    let away = response(302, &[("location", "https://other.example/")], "");
    let (requests, _) = run(&hook(auth), plan, vec![away, response(200, &[], "")]);
    assert_eq!(requests[0].0.headers()["x-key"], "k");
    assert!(!requests[1].0.headers().contains_key("x-key"));
}

#[test]
fn a_token_is_fetched_once_and_used_by_all() {
    let hook = hook(OAUTH2);
    let answers = vec![response(200, &[], TOKEN), response(200, &[], "")];
    let (requests, result) = run(&hook, RequestPlan::post("a"), answers);
    assert!(result.is_ok());
    assert_eq!(requests[0].0.uri(), "https://id.example.com/token");
    assert_eq!((requests[0].1, requests[1].1), (SendCause::Token, SendCause::First));
    assert_eq!(authorization(&requests[1].0), Some("Bearer t-1"));
    let (requests, _) = run(&hook, RequestPlan::get("b"), vec![response(200, &[], "")]);
    assert_eq!(authorization(&requests[0].0), Some("Bearer t-1"));
}

#[test]
fn a_401_refreshes_the_token_and_sends_again_exactly_once() {
    let hook = hook(OAUTH2);
    let answers = vec![
        response(200, &[], TOKEN),
        response(401, &[], ""),
        response(200, &[], OTHER),
        response(401, &[], ""),
    ];
    let (requests, result) = run(&hook, RequestPlan::post("a").data("x"), answers);
    assert_eq!(result.expect_err("401 twice").cause().to_string(), "401:Unauthorized");
    let shown: Vec<_> = requests.iter().map(|(request, _)| authorization(request)).collect();
    assert_eq!(shown[1], Some("Bearer t-1"));
    assert_eq!(shown[3], Some("Bearer t-2"));
}

#[test]
fn a_401_behind_a_redirect_home_is_answered_with_a_new_token_too() {
    let answers = vec![
        response(200, &[], TOKEN),
        response(302, &[("location", "/b")], ""),
        response(401, &[], ""),
        response(200, &[], OTHER),
        response(200, &[], ""),
    ];
    let (requests, result) = run(&hook(OAUTH2), RequestPlan::post("a"), answers);
    assert!(result.is_ok());
    assert_eq!(requests[4].0.uri(), "https://api.example.com/b");
    assert_eq!(authorization(&requests[4].0), Some("Bearer t-2"));
}

/// Answers a POST until the answers are used up.
fn feed(hook: &Hook, answers: Vec<Response<Bytes>>) -> Step {
    let plan = RequestPlan::post("a").retry(RetryPolicy::default());
    Scenario::new(hook, plan).after(answers).step()
}

#[test]
fn what_led_to_a_redirect_is_not_done_again_for_want_of_a_token() {
    let hook = hook(OAUTH2);
    let mut answers = vec![
        response(200, &[], TOKEN),
        response(302, &[("location", "/b")], ""),
        response(401, &[], ""),
        response(503, &[], ""),
    ];
    let Step::Done(result) = feed(&hook, answers.clone()) else { panic!("no token, no retry") };
    assert_eq!(result.expect_err("no token").reason(), StopReason::NotIdempotent);

    answers.truncate(2);
    let Step::Send { attempt, .. } = feed(&hook, answers) else { panic!("a redirect is followed") };
    // Another call is told the same, sooner, and fetches the next token.
    let fetching = feed(&hook, vec![response(401, &[], "")]);
    let Step::Wait { call, .. } = attempt.finish(&hook, Ok(response(401, &[], "")), NOW) else {
        panic!("another call fetches the token")
    };
    let text = call.store(&hook).expect("nothing of it is secret");
    let resumed = Call::resume(&hook, &text, NOW).expect("what was stored");
    let Step::Done(result) = resumed.step(&hook, NOW) else { panic!("the POST is sent again") };
    assert_eq!(result.expect_err("unknown").reason(), StopReason::NotIdempotent);
    drop(fetching);
}

#[test]
fn another_call_waits_for_the_token_under_way() {
    let hook = hook(OAUTH2);
    let begin = || Scenario::new(&hook, RequestPlan::get("a")).step();
    let Step::Send { attempt, .. } = begin() else { panic!("the first fetches") };
    let Step::Wait { call, reason, wait } = begin() else { panic!("the second waits") };
    assert_eq!(reason, WaitReason::Token);
    let step = attempt.finish(&hook, Ok(response(200, &[], TOKEN)), NOW);
    assert!(matches!(step, Step::Send { .. }));
    let Step::Send { request, .. } = call.step(&hook, NOW.after(wait)) else {
        panic!("it goes on")
    };
    assert_eq!(authorization(&request), Some("Bearer t-1"));
}

#[test]
fn a_token_that_cannot_come_in_time_is_not_waited_for() {
    let hook = hook(OAUTH2);
    let begin = |plan| Scenario::new(&hook, plan).step();
    let fetching = begin(RequestPlan::get("a"));
    let Step::Wait { wait, .. } = begin(RequestPlan::get("a")) else { panic!("it waits") };
    let Step::Done(Err(failure)) = begin(RequestPlan::get("a").deadline(wait)) else {
        panic!("nothing can be sent in time")
    };
    assert_eq!(failure.reason(), StopReason::Deadline);
    assert_eq!(failure.cause().to_string(), "no token came before the deadline: nothing was sent");
    drop(fetching);
}

#[test]
fn the_certificate_of_the_connection_is_not_shown_to_whom_gives_tokens() {
    let extra = format!(r#"{{"cert": "/client.pem", "http_hook": {{"auth": {OAUTH2}}}}}"#);
    let hook = Hook::new(&connection("{}").with_extra(extra)).expect("a hook");
    let hook = hook.for_client(http_hook_mock::everything("test"));
    let Sending { options, attempt, .. } = Scenario::new(&hook, RequestPlan::get("a")).sending();
    assert!(options.client.cert.is_none());
    let Step::Send { options, .. } = attempt.finish(&hook, Ok(response(200, &[], TOKEN)), NOW)
    else {
        panic!("then the request is sent")
    };
    assert!(options.client.cert.is_some());
}

#[test]
fn a_caller_who_vanishes_holds_nobody_up() {
    let hook = hook(OAUTH2);
    let begin = |now| Scenario::new(&hook, RequestPlan::get("a")).at(now).step();
    drop(begin(NOW));
    assert!(matches!(begin(NOW), Step::Send { .. }), "the flight is free");
}

#[test]
fn a_token_endpoint_that_fails_is_retried_as_the_policy_says() {
    let hook = hook(OAUTH2);
    let answers = vec![response(503, &[], ""), response(200, &[], TOKEN), response(200, &[], "")];
    let plan = RequestPlan::post("a").retry(RetryPolicy::default());
    let (requests, result) = run(&hook, plan, answers);
    assert!(result.is_ok());
    assert_eq!(requests.len(), 3);

    let refused = response(400, &[], r#"{"error": "invalid_client"}"#);
    let (_, result) = run(&self::hook(OAUTH2), RequestPlan::get("a"), vec![refused]);
    let failure = result.expect_err("no token");
    assert_eq!(failure.reason(), StopReason::Auth);
    assert_eq!(
        failure.cause().to_string(),
        "auth: the token request was refused with 400: invalid_client, at https://id.example.com/***"
    );
}

#[cfg(feature = "digest")]
#[test]
fn a_digest_challenge_is_answered_once() {
    let challenge = r#"Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256"#;
    let asked = || response(401, &[("www-authenticate", challenge)], "");
    let hook = hook(r#"{"scheme": "digest"}"#);
    let answers = vec![asked(), response(200, &[], "")];
    let (requests, result) = run(&hook, RequestPlan::post("a").data("x"), answers);
    assert!(result.is_ok());
    assert_eq!(authorization(&requests[0].0), None);
    assert_eq!(requests[1].1, SendCause::Challenge);
    assert!(authorization(&requests[1].0).is_some_and(|value| value.starts_with("Digest ")));

    let (requests, result) = run(&hook, RequestPlan::get("a"), vec![asked(), asked()]);
    assert_eq!(result.expect_err("wrong password").cause().to_string(), "401:Unauthorized");
    assert_eq!(requests.len(), 2);
}

#[derive(Debug)]
struct Own;

impl Authenticate for Own {
    fn authorize(&self, _: &Request<Payload>, _: u64, _: Timestamp) -> Result<Credentials, Error> {
        Ok(Credentials::Nothing)
    }

    fn answer(
        &self,
        _: &Request<Payload>,
        asked: &[Challenge],
        _: u64,
        _: Timestamp,
    ) -> Result<Option<Credentials>, Error> {
        let known = asked.iter().any(|challenge| challenge.scheme == "own");
        Ok(known.then(|| Credentials::Query("sig".to_owned(), Secret::new("s"))))
    }
}

#[test]
fn a_scheme_of_the_callers_own_answers_too() {
    let hook = Hook::builder(&Connection::new().with_host("https://api.example.com"))
        .auth(AuthScheme::Custom(Arc::new(Own)))
        .build()
        .expect("a hook");
    let asked = response(401, &[("www-authenticate", "Own realm=x")], "");
    let (requests, result) = run(&hook, RequestPlan::get("a"), vec![asked, response(200, &[], "")]);
    assert!(result.is_ok());
    assert_eq!(requests[1].0.uri(), "https://api.example.com/a?sig=s");
}

/// Signs, and says when.
#[derive(Debug)]
struct Signed(&'static str);

impl Authenticate for Signed {
    fn authorize(&self, _: &Request<Payload>, _: u64, _: Timestamp) -> Result<Credentials, Error> {
        let header = |name: &'static str, value| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        Ok(Credentials::Headers(vec![header(self.0, "7"), header("authorization", "Sig s")]))
    }
}

#[test]
fn a_scheme_of_the_callers_own_shows_several_headers() {
    let hook = |name| {
        Hook::builder(&Connection::new().with_host("https://api.example.com"))
            .auth(AuthScheme::Custom(Arc::new(Signed(name))))
            .build()
            .expect("a hook")
    };
    let plan = || RequestPlan::get("a").header("x-date", "6");
    let away = response(302, &[("location", "https://other.example.com/b")], "");
    let (requests, result) = run(&hook("x-date"), plan(), vec![away, response(200, &[], "")]);
    assert!(result.is_ok());
    let headers = requests[0].0.headers();
    assert_eq!(headers.get_all("x-date").iter().collect::<Vec<_>>(), ["7"]);
    assert!(headers["x-date"].is_sensitive() && headers["authorization"].is_sensitive());
    assert_eq!(authorization(&requests[1].0), None, "they are the origin's");

    let (requests, result) = run(&hook("host"), plan(), Vec::new());
    assert!(requests.is_empty() && result.is_err(), "a scheme sets no host");
}

#[test]
fn settings_nobody_reads_are_refused() {
    let connection = Connection::new()
        .with_host("https://api.example.com")
        .with_extra(r#"{"http_hook": {"rety": {}}}"#);
    let error = Hook::new(&connection).expect_err("a typo");
    let error = error.to_string();
    assert!(error.contains("connection.extra.http_hook"), "{error}");
    assert!(error.contains("is it `retry`?") && !error.contains("rety"), "{error}");
}
