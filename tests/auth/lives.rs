//! Tokens of every life: one that was fetched is used, an attempt fetches once, and what has ended is not used on.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_hook::{
    Call, Hook, RequestPlan, RetryPolicy, SendCause, Sent, Step, Timestamp, TransportError,
    TransportErrorKind,
};
use proptest::prelude::*;
use proptest::sample::select;

use crate::cases::cases;
use crate::support::{self, NOW, Scenario, response};

fn hook() -> Hook {
    let auth =
        r#"{"scheme": "oauth2_client_credentials", "token_url": "https://id.example.com/token"}"#;
    support::hook(&format!(r#"{{"http_hook": {{"auth": {auth}}}}}"#))
}

/// What `expires_in` may be, and the seconds that it means.
const LIVES: [(&str, u64); 17] = [
    ("0", 0),
    ("\"0\"", 0),
    ("-1", 0),
    ("\"-3600\"", 0),
    ("0.4", 0),
    ("\"0.9\"", 0),
    ("-1e300", 0),
    ("1", 1),
    ("\"1.5\"", 1),
    ("20", 20),
    ("30", 30),
    ("31", 31),
    ("60", 60),
    ("3600", 3600),
    ("1e300", u64::MAX),
    ("\"99999999999999999999999\"", u64::MAX),
    ("null", u64::MAX),
];

fn token(name: usize, life: &str) -> Response<Bytes> {
    let body =
        format!(r#"{{"access_token": "t-{name}", "token_type": "Bearer", "expires_in": {life}}}"#);
    response(200, &[], &body)
}

#[test]
fn a_fresh_token_is_used_whatever_its_life() {
    for (life, _) in LIVES {
        let hook = hook();
        let played =
            Scenario::new(&hook, RequestPlan::post("a").data("x")).run(|_| Ok(token(1, life)));
        let causes: Vec<_> = played.sends.iter().map(|(.., cause)| *cause).collect();
        assert_eq!(causes, [SendCause::Token, SendCause::First], "{life}");
        assert!(played.result.is_ok() && played.waits.is_empty(), "{life}");
    }
}

#[test]
fn a_short_life_is_shared_to_its_end() {
    let second = Duration::from_secs(1);
    for (life, seconds) in LIVES {
        // Beyond the skew of 30 s the end is brought forward by it.
        let shared = if seconds <= 30 { seconds } else { seconds - 30 };
        let hook = hook();
        drop(Scenario::new(&hook, RequestPlan::get("a")).run(|_| Ok(token(1, life))).result);
        for after in [0, 1, 15, 19, 20, 29, 30, 31, 3569, 3570] {
            let plan = RequestPlan::get("b");
            let step = Scenario::new(&hook, plan).at(NOW.after(second * after)).step();
            let Step::Send { attempt, .. } = step else { panic!("nobody else fetches") };
            let fetches = attempt.cause() == SendCause::Token;
            assert_eq!(fetches, u64::from(after) >= shared, "{life} after {after} s");
        }
    }
}

/// A hook that knows a token that ends after a minute.
fn knowing() -> Hook {
    let hook = hook();
    drop(Scenario::new(&hook, RequestPlan::get("a")).run(|_| Ok(token(1, "60"))).result);
    hook
}

fn shown(step: &Step) -> (SendCause, Option<&str>) {
    match step {
        Step::Send { request, attempt, .. } => {
            let value = request.headers().get("authorization");
            (attempt.cause(), value.and_then(|value| value.to_str().ok()))
        }
        other => panic!("nothing is sent: {other:?}"),
    }
}

fn finish(step: Step, hook: &Hook, answer: Response<Bytes>, now: Timestamp) -> Step {
    match step {
        Step::Send { attempt, .. } => attempt.finish(hook, Ok(answer), now),
        other => panic!("nothing is sent: {other:?}"),
    }
}

#[test]
fn a_token_that_ends_during_the_call_is_not_used_on() {
    let later = NOW.after(Duration::from_secs(61));
    let plan = || RequestPlan::get("a").retry(RetryPolicy::default());

    let hook = knowing();
    let step = finish(Scenario::new(&hook, plan()).step(), &hook, support::status(503), later);
    let Step::Wait { call, wait, .. } = step else { panic!("it is tried again") };
    let now = later.after(wait);
    let step = call.step(&hook, now);
    assert_eq!(shown(&step).0, SendCause::Token, "another attempt");
    let step = finish(step, &hook, token(2, "60"), now);
    assert_eq!(shown(&step), (SendCause::Retry, Some("Bearer t-2")));

    let hook = knowing();
    let moved = response(307, &[("location", "/b")], "");
    let step = finish(Scenario::new(&hook, plan()).step(), &hook, moved.clone(), later);
    assert_eq!(shown(&step).0, SendCause::Token, "a redirect that stays at home");
    let step = finish(step, &hook, token(2, "0"), later);
    assert_eq!(shown(&step), (SendCause::Redirect, Some("Bearer t-2")));
    let step = finish(step, &hook, moved, later.after(Duration::from_secs(61)));
    assert_eq!(shown(&step), (SendCause::Redirect, Some("Bearer t-2")), "an attempt fetches once");
}

#[test]
fn no_token_is_fetched_for_another_origin() {
    let hook = knowing();
    let later = NOW.after(Duration::from_secs(61));
    let away = response(302, &[("location", "https://other.example/")], "");
    let step = finish(Scenario::new(&hook, RequestPlan::get("a")).step(), &hook, away, later);
    assert_eq!(shown(&step), (SendCause::Redirect, None));
    let Step::Send { request, .. } = &step else { panic!("a redirect is followed") };
    assert_eq!(request.uri().host(), Some("other.example"));
    let home = response(302, &[("location", "https://api.example.com/b")], "");
    let step = finish(step, &hook, home, later);
    assert_eq!(shown(&step).0, SendCause::Token, "but for the way home");
}

#[cfg(feature = "digest")]
#[test]
fn each_attempt_answers_challenges_anew() {
    let hook = support::hook(r#"{"http_hook": {"auth": {"scheme": "digest"}}}"#);
    let asked = |nonce: u32| {
        let value = format!(r#"Digest realm="r", nonce="n{nonce}", qop="auth", stale=true"#);
        response(401, &[("www-authenticate", &value)], "")
    };
    // Two challenges are all that one attempt answers, and each of three attempts gets two.
    let answers = [
        asked(1),
        asked(2),
        support::status(503),
        asked(3),
        asked(4),
        support::status(503),
        asked(5),
        asked(6),
        support::status(200),
    ];
    let plan = RequestPlan::get("a").retry(RetryPolicy::default());
    let played = Scenario::new(&hook, plan).run(|index| Ok(answers[index].clone()));
    assert!(played.result.is_ok(), "{:?}", played.result);
    assert_eq!(played.sends.len(), 9);

    let plan = RequestPlan::get("a").retry(RetryPolicy::default());
    let played = Scenario::new(&hook, plan).run(|index| Ok(asked(u32::try_from(index).unwrap())));
    assert_eq!(played.sends.len(), 3, "and not a third one");
}

/// What comes of a send to the API, and how long it took.
#[derive(Clone, Debug)]
enum Reply {
    Status(u16),
    Home,
    Away,
    Lost,
}

#[derive(Clone, Debug)]
struct Event {
    reply: Reply,
    /// The life of the token, where one is asked for; `None`: there is none.
    life: Option<usize>,
    took: u64,
}

fn event() -> impl Strategy<Value = Event> {
    let reply = prop_oneof![
        2 => select(vec![200, 401, 401, 503, 400]).prop_map(Reply::Status),
        2 => Just(Reply::Home),
        1 => Just(Reply::Away),
        1 => Just(Reply::Lost),
    ];
    let life = prop_oneof![12 => (0..LIVES.len()).prop_map(Some), 1 => Just(None)];
    let took = select(vec![0, 0, 1, 15, 31, 100, 4_000, 1 << 40]);
    (reply, life, took).prop_map(|(reply, life, took)| Event { reply, life, took })
}

/// What is known of a token that was handed out.
struct Handed {
    end: Timestamp,
    attempt: u32,
    used: bool,
}

/// Runs calls over one hook by a script, and checks each send.
fn check(calls: &[Vec<Event>]) {
    let hook = hook();
    let mut now = NOW;
    let mut handed: Vec<Handed> = Vec::new();
    for (number, events) in calls.iter().enumerate() {
        let number = u32::try_from(number).expect("few calls") * 1_000;
        let mut events = events.iter();
        let plan = RequestPlan::put("a").data("x").retry(RetryPolicy::default());
        let mut step = Call::new(&hook, plan, 7, now).step(&hook, now);
        // Of the attempt under way: tokens fetched, and 401s of the API.
        let (mut attempt_number, mut fetched, mut challenged) = (0, 0_u32, 0_u32);
        loop {
            step = match step {
                Step::Done(_) => break,
                Step::Wait { call, wait, .. } => {
                    now = now.after(wait);
                    call.step(&hook, now)
                }
                Step::Send { request, attempt, .. } => {
                    if attempt.number() != attempt_number {
                        (attempt_number, fetched, challenged) = (attempt.number(), 0, 0);
                    }
                    let value = request.headers().get("authorization");
                    let value = value.and_then(|value| value.to_str().ok());
                    let usual = Event { reply: Reply::Status(200), life: None, took: 0 };
                    let event = events.next().unwrap_or(&usual);
                    let began = now;
                    now = now.after(Duration::from_secs(event.took));
                    if attempt.cause() == SendCause::Token {
                        assert_eq!(request.uri(), "https://id.example.com/token");
                        let unused =
                            handed.last().filter(|last| last.attempt == number + attempt_number);
                        assert!(
                            unused.is_none_or(|last| last.used),
                            "a token was fetched for nothing"
                        );
                        fetched += 1;
                        assert!(fetched <= 1 + challenged.min(1), "fetched {fetched} times");
                        let answer = match event.life {
                            Some(life) => {
                                let (text, life) = LIVES[life];
                                let end = now.after(Duration::from_secs(life));
                                let attempt = number + attempt_number;
                                handed.push(Handed { end, attempt, used: false });
                                token(handed.len() - 1, text)
                            }
                            None => response(400, &[], r#"{"error": "invalid_scope"}"#),
                        };
                        attempt.finish(&hook, Ok(answer), now)
                    } else {
                        let home = request.uri().host() == Some("api.example.com");
                        assert_eq!(value.is_some(), home, "{} with {value:?}", request.uri());
                        if let Some(value) = value {
                            let index = value.strip_prefix("Bearer t-").expect("a token");
                            let index: usize = index.parse().expect("a number");
                            let own = &mut handed[index];
                            own.used = true;
                            let fresh = began < own.end || own.attempt == number + attempt_number;
                            assert!(fresh, "a token that has ended is used on");
                        }
                        let answer = match event.reply {
                            Reply::Status(status) => {
                                challenged += u32::from(status == 401 && home);
                                Ok(response(status, &[], ""))
                            }
                            Reply::Home => {
                                Ok(response(307, &[("location", "https://api.example.com/b")], ""))
                            }
                            Reply::Away => {
                                Ok(response(307, &[("location", "https://other.example/")], ""))
                            }
                            Reply::Lost => Err(TransportError::new(
                                TransportErrorKind::Interrupted,
                                Sent::Maybe,
                            )),
                        };
                        attempt.finish(&hook, answer, now)
                    }
                }
            };
        }
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_life_of_a_token_makes_a_call_fetch_on_and_on(
        calls in prop::collection::vec(prop::collection::vec(event(), 0..12), 1..4),
    ) {
        check(&calls);
    }
}

#[test]
fn a_token_that_an_answer_repeats_is_not_shown() {
    let token =
        r#"{"access_token": "2YotnFZFEjr1zCsicMWpAA", "refresh_token": "tGzv3JOkF0XG5Qx2TlKWIA"}"#;
    let hook = hook();
    let link = "/next?of=2YotnFZFEjr1zCsicMWpAA";
    assert_eq!(hook.shown(link), link, "nobody knows it yet");
    drop(Scenario::new(&hook, RequestPlan::get("a")).run(|_| Ok(response(200, &[], token))).result);
    assert_eq!(hook.shown(link), "/next?of=***");
    assert_eq!(hook.shown("at tGzv3JOkF0XG5Qx2TlKWIA"), "at ***");
}

#[test]
fn a_token_that_was_replaced_may_live_and_is_not_shown() {
    let hook = hook();
    let fetched = |name: &str| {
        let text = format!(r#"{{"access_token": "{name}", "expires_in": 3600}}"#);
        response(200, &[], &text)
    };
    let plan = || RequestPlan::get("a");
    let begun = finish(Scenario::new(&hook, plan()).step(), &hook, fetched("t0ken-of-1"), NOW);
    let later = NOW.after(Duration::from_secs(3575));
    let step = Scenario::new(&hook, plan()).at(later).step();
    drop(finish(step, &hook, fetched("t0ken-of-2"), later));
    let mut gone = response(404, &[], "");
    gone.extensions_mut().insert(http_hook::response::Reason::new("nothing for t0ken-of-1"));
    let Step::Done(Err(failure)) = finish(begun, &hook, gone, later) else { panic!("it fails") };
    let said = failure.to_string();
    assert!(said.starts_with("404:nothing for ***; "), "{said}");
}
