//! What calls whose body or limits are their own make of a token that all share.

use bytes::Bytes;
use http::Method;
use http_hook::body::Replay;
use http_hook::{Call, Hook, Options, RequestPlan, SendCause, Step};

use crate::support::{self, NOW, Played, Scenario, response, status};

fn hook() -> Hook {
    let auth =
        r#"{"scheme": "oauth2_client_credentials", "token_url": "https://id.example.com/token"}"#;
    support::hook(&format!(r#"{{"http_hook": {{"auth": {auth}}}}}"#))
        .for_client(http_hook_mock::everything("test"))
}

fn token(number: usize) -> http::Response<Bytes> {
    let body = format!(r#"{{"access_token": "t-{number}", "expires_in": 3600}}"#);
    response(200, &[], &body)
}

fn upload() -> RequestPlan {
    RequestPlan::post("a").external(None, Replay::Once)
}

/// Plays a call where the API says 401 to what is `refused`; `fetched` counts the tokens.
fn play(hook: &Hook, plan: RequestPlan, refused: &str, fetched: &mut usize) -> (u16, Vec<String>) {
    let mut proofs = Vec::new();
    let mut step = Call::new(hook, plan, 7, NOW).step(hook, NOW);
    loop {
        step = match step {
            Step::Send { request, attempt, .. } if attempt.cause() == SendCause::Token => {
                assert_eq!(request.method(), Method::POST);
                *fetched += 1;
                attempt.finish(hook, Ok(token(*fetched)), NOW)
            }
            Step::Send { request, attempt, .. } => {
                let proof = request.headers()["authorization"].to_str().expect("a text");
                proofs.push(proof.trim_start_matches("Bearer ").to_owned());
                let is_refused = proofs.last().is_some_and(|last| last == refused);
                attempt.finish(hook, Ok(status(if is_refused { 401 } else { 200 })), NOW)
            }
            Step::Wait { .. } => panic!("nothing is waited for"),
            Step::Done(Ok(response)) => return (response.status().as_u16(), proofs),
            Step::Done(Err(failure)) => {
                return (failure.status().expect("a response").as_u16(), proofs);
            }
        };
    }
}

#[test]
fn a_token_that_was_refused_with_what_cannot_be_sent_again_is_used_no_more() {
    let (hook, mut fetched) = (hook(), 0);
    let mut call = |plan, refused| play(&hook, plan, refused, &mut fetched);
    assert_eq!(call(upload(), ""), (200, vec!["t-1".to_owned()]));
    assert_eq!(call(upload(), "t-1"), (401, vec!["t-1".to_owned()]), "sent once");
    assert_eq!(call(upload(), "t-1"), (200, vec!["t-2".to_owned()]), "with another token");
    // One that was fetched for the call is as good as any.
    assert_eq!(call(upload(), "t-2"), (401, vec!["t-2".to_owned()]));
    assert_eq!(call(upload(), "t-3"), (401, vec!["t-3".to_owned()]));
    assert_eq!(call(upload(), ""), (200, vec!["t-3".to_owned()]));
}

#[test]
fn a_challenge_behind_a_redirect_that_left_the_body_out_is_answered() {
    let hook = hook();
    let answers = [
        token(1),
        response(303, &[("location", "/result")], ""),
        status(401),
        token(2),
        status(200),
    ];
    let Played { sends, result, .. } =
        Scenario::new(&hook, upload()).run(|number| Ok(answers[number].clone()));
    assert_eq!(result.expect("a response").status(), 200);
    let last = &sends[4].0;
    assert_eq!((last.method(), last.uri().path()), (&Method::GET, "/result"));
    assert_eq!(last.headers()["authorization"], "Bearer t-2");
}

#[test]
fn the_longest_response_of_a_call_is_no_limit_of_its_token() {
    for streamed in [false, true] {
        let mut options = Options::default();
        options.max_response_bytes = Some(2);
        let hook = hook();
        let plan = RequestPlan::get("a").options(options);
        let step = Call::new(&hook, plan, 7, NOW).step(&hook, NOW);
        let Step::Send { options, attempt, .. } = step else { panic!("{step:?}") };
        assert!(options.max_response_bytes >= 64 << 10, "the client is told so, too");
        let step = if streamed {
            let (head, body) = token(1).into_parts();
            let reading = attempt.head(&hook, &head, NOW).expect("it is read");
            assert!(reading.limit() > 64 << 10);
            reading.finish(&hook, Ok(http::Response::from_parts(head, body)), NOW)
        } else {
            attempt.finish(&hook, Ok(token(1)), NOW)
        };
        let Step::Send { options, attempt, .. } = step else { panic!("{step:?}") };
        assert_eq!(options.max_response_bytes, 2);
        let step = attempt.finish(&hook, Ok(response(200, &[], "abc")), NOW);
        assert!(matches!(step, Step::Done(Err(_))), "the call's own is held to it");
    }
}
