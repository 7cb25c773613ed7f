//! What machines over calls keep apart: the seeds of their calls, leave to send again, and what is the connection's.

use std::future::Future as _;
use std::time::Duration;

use bytes::Bytes;

use http_hook::hook::Defaults;
use http_hook::pages::{Pages, Paging};
use http_hook::poll::{Poll, Polling};
use http_hook::retry::Condition;
use http_hook::{
    Act, Connection, ErrorKind, Hook, HttpHook, RequestPlan, RetryPolicy, Sent, TransportError,
    TransportErrorKind,
};
use http_hook_mock::{MockTransport, Reply};
use proptest::prelude::*;

use crate::fanout::Never;
use crate::support::{NOW, response};

const HOUR: Duration = Duration::from_secs(3600);

fn pay() -> RequestPlan {
    RequestPlan::post("pay").data("1")
}

/// What a program does with one hook.
#[derive(Clone, Copy, Debug)]
enum Work {
    Call,
    FanOut(u64),
    Pages(u64),
    Poll(u64),
}

impl Work {
    fn replies(self) -> Vec<Reply> {
        let is_last = |at: u64, count: u64| at.saturating_add(1) == count;
        match self {
            Self::Call => vec![Reply::status(200)],
            Self::FanOut(count) => (0..count).map(|_| Reply::status(200)).collect(),
            Self::Pages(count) => (0..count)
                .map(|at| {
                    let reply = Reply::status(200);
                    if is_last(at, count) {
                        return reply;
                    }
                    reply.header("link", &format!("</pay?page={at}>; rel=next"))
                })
                .collect(),
            Self::Poll(count) => {
                (0..count).map(|at| Reply::json(200, is_last(at, count).to_string())).collect()
            }
        }
    }

    async fn run<T, C>(self, api: &HttpHook<T, C>)
    where
        T: http_hook::transport::Transport + 'static,
        C: http_hook::transport::Clock + 'static,
    {
        let plan = pay().idempotency_key();
        match self {
            Self::Call => drop(api.run(plan).await.expect("an answer")),
            Self::FanOut(count) => {
                let mut calls = api.fan_out((0..count).map(move |_| pay().idempotency_key()), 3);
                while let Some((_, result)) = calls.next().await {
                    result.expect("an answer");
                }
            }
            Self::Pages(_) => {
                let mut pages = api.pages(plan, Paging::link());
                while let Some(page) = pages.next().await {
                    page.expect("a page");
                }
            }
            Self::Poll(_) => {
                let until = Polling::until(Condition::json("", true), HOUR);
                drop(api.poll(plan, until).await.expect("an end"));
            }
        }
    }
}

fn works() -> impl Strategy<Value = Vec<Work>> {
    let count = 1_u64..5;
    let work = prop_oneof![
        Just(Work::Call),
        count.clone().prop_map(Work::FanOut),
        count.clone().prop_map(Work::Pages),
        count.prop_map(Work::Poll),
    ];
    prop::collection::vec(work, 2..8)
}

proptest! {
    #[test]
    fn no_two_actions_of_a_hook_have_one_key(works in works(), seed: u64) {
        let server = MockTransport::new(works.iter().flat_map(|work| work.replies()));
        let hook = Hook::to("https://api.example.com").expect("a hook");
        let api = HttpHook::new(hook, server.clone(), server.clock()).with_seed(seed);
        pollster::block_on(async {
            for work in &works {
                work.run(&api).await;
            }
        });
        let all = server.received();
        let mut keys: Vec<_> = all.iter().map(|one| one.header("idempotency-key")).collect();
        prop_assert!(keys.iter().all(Option::is_some));
        keys.sort_unstable();
        keys.dedup();
        prop_assert_eq!(keys.len(), all.len(), "{:?}", works);
    }
}

/// Counts what is sent until the end, where every answer after the first ones is lost on its way.
fn lost<B>(mut act: Act<B>, mut next: impl FnMut(Option<TransportError>) -> Act<B>) -> usize {
    let mut sent = 0;
    loop {
        act = match act {
            Act::Send(..) => {
                sent += 1;
                next(Some(TransportError::new(TransportErrorKind::Interrupted, Sent::Maybe)))
            }
            Act::Sleep(_) => next(None),
            _ => return sent,
        };
    }
}

#[test]
fn leave_to_send_again_is_what_was_in_force_for_further_pages_and_polls_too() {
    let connection = Connection::new().with_host("https://api.example.com");
    let hook = |defaults| {
        let hook = Hook::builder(&connection).defaults(defaults).policy(RetryPolicy::default());
        hook.build().expect("a hook")
    };
    let (usual, lenient) = (hook(Defaults::default()), hook(Defaults::airflow()));
    let linked = || response(200, &[("link", "</pay?page=2>; rel=next")], "");
    for (begins, resumes, times) in [(&usual, &lenient, 1), (&lenient, &usual, 1)] {
        let allowed = std::ptr::eq(begins, &raw const lenient);
        let mut pages = Pages::<Bytes>::new(begins, pay(), Paging::link(), 7, NOW);
        let text = pages.store().expect("the first page is stored");
        let mut pages_again = Pages::<Bytes>::resume(resumes, &text, NOW).expect("taken up");
        for pages in [&mut pages, &mut pages_again] {
            let Act::Send(..) = pages.woke(NOW) else { panic!("a page") };
            let Act::Read(body, _) = pages.sent(Ok(linked()), || NOW) else { panic!("read") };
            let Act::Done(Ok(_)) = pages.read(Ok(body), NOW) else { panic!("a page") };
        }
        let text = pages.store().expect("the second page is stored");
        let later = Pages::<Bytes>::resume(resumes, &text, NOW).expect("taken up");
        for mut pages in [pages_again, later] {
            let mut now = NOW;
            let act = pages.woke(now);
            let sent = lost(act, |error| {
                now = now.after(HOUR);
                match error {
                    Some(error) => pages.sent(Err(error), || now),
                    None => pages.woke(now),
                }
            });
            assert_eq!(sent == times, !allowed, "{sent} sends of a page");
        }

        let polling = || Polling::until(Condition::json("", true), HOUR).failures(3);
        let mut poll = Poll::<Bytes>::new(begins, pay(), polling(), 7, NOW);
        let text = poll.store().expect("it is stored");
        let mut poll_again = Poll::<Bytes>::resume(resumes, &text, NOW).expect("taken up");
        for poll in [&mut poll, &mut poll_again] {
            let Act::Send(..) = poll.woke(NOW) else { panic!("a poll") };
            let Act::Read(body, _) = poll.sent(Ok(response(200, &[], "false")), || NOW) else {
                panic!("read")
            };
            let Act::Sleep(_) = poll.read(Ok(body), NOW) else { panic!("not yet") };
        }
        let text = poll.store().expect("it is stored between two polls");
        let later = Poll::<Bytes>::resume(resumes, &text, NOW).expect("taken up");
        for mut poll in [poll_again, later] {
            let mut now = NOW.after(Duration::from_secs(60));
            let act = poll.woke(now);
            let sent = lost(act, |error| {
                now = now.after(Duration::from_secs(30));
                match error {
                    Some(error) => poll.sent(Err(error), || now),
                    None => poll.woke(now),
                }
            });
            assert_eq!(sent == times, !allowed, "{sent} sends of a poll");
        }
    }
}

/// The second page as it is asked for, from a store and without one; `Err` if it cannot be stored.
fn second(hook: &Hook, link: &str) -> Result<(String, Vec<String>), ErrorKind> {
    let mut pages = Pages::<Bytes>::new(hook, RequestPlan::get("items"), Paging::link(), 7, NOW);
    let Act::Send(..) = pages.woke(NOW) else { panic!("a page") };
    let linked = response(200, &[("link", &format!("<{link}>; rel=next"))], "");
    let Act::Read(body, _) = pages.sent(Ok(linked), || NOW) else { panic!("read") };
    let Act::Done(Ok(_)) = pages.read(Ok(body), NOW) else { panic!("a page") };
    let text = pages.store().map_err(|error| error.kind())?;
    let again = Pages::<Bytes>::resume(hook, &text, NOW).expect("taken up");
    let asked = [pages, again].map(|mut pages| match pages.woke(NOW) {
        Act::Send(request, _) => request.uri().to_string(),
        other => panic!("{other:?}"),
    });
    assert_eq!(asked[0], asked[1], "{text}");
    Ok((asked[0].clone(), vec![text]))
}

#[test]
fn a_stored_link_tells_nothing_of_the_connection() {
    let whole = "https://api.example.com";
    let basic = r#"{"http_hook": {"auth": {"scheme": "basic"}}}"#;
    let in_query =
        r#"{"http_hook": {"auth": {"scheme": "api_key", "in": "query", "name": "appid"}}}"#;
    let custom = r#"{"x-api-key": "S3CRET-key"}"#;
    let stored = |at: &str| Ok(format!("{whole}{at}"));
    let refused = Err(ErrorKind::NotStorable);
    let rows: Vec<(&str, &str, &str, Result<String, ErrorKind>)> = vec![
        // base path, extra, link, what is asked for next
        (
            "/services/T0/S3CRET",
            "",
            "/services/T0/S3CRET/items?page=2",
            stored("/services/T0/S3CRET/items?page=2"),
        ),
        ("/services/T0/S3CRET/", "", "?page=2", stored("/services/T0/S3CRET/items?page=2")),
        (
            "/services/T0/S3CRET",
            "",
            "/services/T0/S3CRET?page=2",
            stored("/services/T0/S3CRET?page=2"),
        ),
        ("/services/T0/S3CRET", "", "/services/T0/S3CRETS?page=2", refused.clone()),
        ("/services/T0/S3CRET", "", "/next?u=%2FS3CRET%2Fa", refused.clone()),
        ("/services/T0/S3CRET", "", "https://cdn.example.net/S3CRET/a", refused.clone()),
        ("/v1", "", "/v2/items?page=2", stored("/v2/items?page=2")),
        ("", "", "/v2/items?page=2", stored("/v2/items?page=2")),
        ("?u=S3CRET", "", "/items?u=S3CRET&page=2", refused.clone()),
        ("", in_query, "/items?appid=S3CRET-pw&page=2", stored("/items?page=2&appid=S3CRET-pw")),
        ("", in_query, "/items?page=3&appid=S3CRET%2Dpw", stored("/items?page=3&appid=S3CRET-pw")),
        ("", in_query, "/items?old=S3CRET-pw", refused.clone()),
        ("", basic, "/items?as=S3CRET%252Dpw", refused.clone()),
        ("", custom, "/items?for=S3CRET-key", refused.clone()),
        ("", custom, "https://cdn.example.net/a?for=S3CRET-key", refused),
    ];
    for (path, extra, link, expected) in rows {
        let connection = Connection::new()
            .with_host(format!("{whole}{path}"))
            .with_login("svc")
            .with_password("S3CRET-pw")
            .with_extra(if extra.is_empty() { "{}" } else { extra });
        let hook = Hook::new(&connection).expect("a hook");
        let got = second(&hook, link);
        if let Ok((_, texts)) = &got {
            assert!(!texts.concat().contains("S3CRET"), "{texts:?}");
        }
        assert_eq!(got.map(|(asked, _)| asked), expected, "{path} {extra} {link}");
    }
}

#[test]
fn a_stored_link_below_the_base_stays_there() {
    let hook = Hook::to("https://api.example.com/services/T0/S3CRET").expect("a hook");
    let (_, texts) = second(&hook, "/services/T0/S3CRET/items?page=2").expect("stored");
    let moved = Hook::to("https://api.example.com/services/T0/0THER").expect("a hook");
    let error = Pages::<Bytes>::resume(&moved, &texts[0], NOW).expect_err("another base");
    assert_eq!(error.kind(), ErrorKind::Stored);
}

/// A clock that stands still.
struct Still(u64);

#[async_trait::async_trait]
impl http_hook::transport::Clock for Still {
    fn now(&self) -> http_hook::Timestamp {
        NOW
    }

    async fn sleep(&self, _: Duration) {}

    fn seed(&self) -> u64 {
        self.0
    }
}

#[test]
fn pages_whose_reading_was_given_up_are_not_told_as_all() {
    let hook = Hook::to("https://api.example.com").expect("a hook");
    let api = HttpHook::new(hook, Never, Still(7));
    let mut pages = api.pages(RequestPlan::get("items"), Paging::link());
    {
        let mut next = std::pin::pin!(pages.next());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(next.as_mut().poll(&mut context).is_pending());
    }
    let told = pollster::block_on(pages.next()).expect("something is told");
    assert!(told.is_err(), "a part is no whole");
    assert!(pollster::block_on(pages.next()).is_none(), "it is told once");
}

#[test]
fn hooks_that_begin_at_one_time_make_keys_of_the_seeds_of_their_clocks() {
    let keys = [7, 8].map(|seed| {
        let server = MockTransport::new([Reply::status(200)]);
        let hook = Hook::to("https://api.example.com").expect("a hook");
        let api = HttpHook::new(hook, server.clone(), std::sync::Arc::new(Still(seed)));
        pollster::block_on(api.run(pay().idempotency_key())).expect("an answer");
        server.received()[0].header("idempotency-key").map(str::to_owned)
    });
    assert_ne!(keys[0], keys[1]);
}
