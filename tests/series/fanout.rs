//! Many calls at once: never more than allowed, each once, in any order, from a store as without one.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_hook::fanout::Fanout;
use http_hook::response::Outcome;
use http_hook::{
    Act, Cause, Failure, HttpHook, RequestPlan, Sent, StopReason, Timestamp, TransportError,
    TransportErrorKind,
};
use http_hook_mock::{MockTransport, Reply};
use proptest::prelude::*;

use crate::invariants::series;
use crate::support::{NOW, response};

fn plans(count: u64) -> impl Iterator<Item = RequestPlan> {
    (0..count).map(|id| RequestPlan::get(format!("orders/{id}")).retries(2))
}

type Ended = BTreeMap<u64, String>;

fn told(result: &Result<Response<Bytes>, Failure>) -> String {
    match result {
        Ok(response) => format!("{:?}", response.body()),
        Err(failure) => format!("{:?} {}", failure.reason(), failure.cause()),
    }
}

/// What is asked for and not answered: a request, or the end of a sleep.
enum Open {
    Sent(u64, Box<Request<Bytes>>),
    Asleep(u64, Timestamp),
}

/// Answers by the number in the path, and fails each first attempt of every third.
fn answer(
    request: &Request<Bytes>,
    attempts: &mut BTreeMap<String, u32>,
) -> Result<Response<Bytes>, TransportError> {
    let path = request.uri().path().to_owned();
    let id: u64 = path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("a number");
    let attempt = attempts.entry(path).or_default();
    *attempt += 1;
    match (id % 5, *attempt) {
        (3, 1) => Ok(response(503, &[], "")),
        (4, _) => Err(TransportError::new(TransportErrorKind::Connect, Sent::No)),
        _ => Ok(response(200, &[], &id.to_string())),
    }
}

/// How often at most all is stored in one run: each time an attempt that is under way is lost.
const STORES: u32 = 8;

/// Runs all in an order that `choices` decides, from a store wherever they say so.
fn by_hand(count: u64, limit: usize, in_order: bool, stored: bool, choices: &[u8]) -> Ended {
    let hook = series::hook();
    let now = Cell::new(NOW);
    let mut choices = choices.iter().copied().cycle();
    let mut attempts = BTreeMap::new();
    let begin = |from: u64| {
        let plans = plans(count).map(|plan| plan.retries(STORES + 2));
        plans.skip(usize::try_from(from).expect("small"))
    };
    let mut calls = Fanout::<_, Bytes>::new(&hook, begin(0), limit, 7);
    if in_order {
        calls = calls.in_order();
    }
    let (mut open, mut ended, mut last) = (Vec::new(), Ended::new(), None);
    let mut left = if stored { STORES } else { 0 };
    while !calls.is_over() {
        if left > 0 && choices.next().is_some_and(|choice| choice % 4 == 0) {
            left -= 1;
            let text = calls.store().expect("it can be stored");
            let rest = begin(calls.begun());
            calls = Fanout::resume(&hook, &text, rest, now.get()).expect("taken up");
            open.clear();
        }
        match calls.next(now.get()) {
            Some((slot, Act::Send(request, _))) => open.push(Open::Sent(slot, Box::new(request))),
            Some((slot, Act::Read(body, _))) => calls.read(slot, Ok(body), now.get()),
            Some((slot, Act::Sleep(wait))) => open.push(Open::Asleep(slot, now.get().after(wait))),
            Some((slot, Act::Done(result))) => {
                assert!(ended.insert(slot, told(&result)).is_none(), "{slot} ended twice");
                assert!(!in_order || last.is_none_or(|last| last < slot), "{slot} after {last:?}");
                last = Some(slot);
            }
            None => {
                assert!(!open.is_empty(), "nothing is asked for, and it is not over");
                let at = usize::from(choices.next().unwrap_or_default()) % open.len();
                match open.swap_remove(at) {
                    Open::Sent(slot, request) => {
                        let answer = answer(&request, &mut attempts);
                        calls.sent(slot, answer, || now.get());
                    }
                    Open::Asleep(slot, due) => {
                        now.set(now.get().max(due));
                        calls.woke(slot, now.get());
                    }
                }
            }
        }
        assert!(calls.outstanding() <= limit.max(1), "{} at once", calls.outstanding());
        assert!(open.len() <= limit.max(1));
    }
    ended
}

fn expected(count: u64) -> Ended {
    let of = |id: u64| match id % 5 {
        4 => "Attempts no connection could be made".to_owned(),
        _ => format!("b\"{id}\""),
    };
    (0..count).map(|id| (id, of(id))).collect()
}

/// A client whose answers never come.
pub(crate) struct Never;

#[async_trait::async_trait]
impl http_hook::transport::Transport for Never {
    fn capabilities(&self) -> http_hook::options::Capabilities {
        http_hook_mock::everything("never")
    }

    async fn send(
        &self,
        _: Request<http_hook::body::Body>,
        _: &http_hook::options::SendOptions,
    ) -> Result<Response<http_hook::body::Body>, TransportError> {
        std::future::pending().await
    }
}

#[test]
fn what_a_hook_has_under_way_is_stored_or_refused() {
    let hook = series::hook().for_client(http_hook_mock::everything("never"));
    let api = HttpHook::new(hook, Never, http_hook_mock::VirtualClock::new());
    let mut calls = api.fan_out(plans(3), 2);
    assert!(calls.calls().store().is_ok(), "nothing was begun");
    {
        let mut next = Box::pin(calls.next());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(std::future::Future::poll(next.as_mut(), &mut context).is_pending());
    }
    assert_eq!((calls.calls().begun(), calls.calls().outstanding()), (2, 2));
    let error = calls.calls().store().expect_err("two are under way");
    assert_eq!(error.kind(), http_hook::ErrorKind::NotStorable);
}

proptest! {
    #[test]
    fn each_call_ends_once_whatever_the_order(
        count in 0_u64..40, limit in 0_usize..9, in_order: bool, stored: bool,
        choices in prop::collection::vec(any::<u8>(), 1..64),
    ) {
        let ended = by_hand(count, limit, in_order, stored, &choices);
        let reasons = |ended: Ended| -> Vec<_> {
            let short = |text: String| text.split(' ').next().unwrap_or_default().to_owned();
            ended.into_iter().map(|(slot, text)| (slot, short(text))).collect()
        };
        assert_eq!(reasons(ended), reasons(expected(count)));
    }
}

#[test]
fn two_calls_that_are_stored_and_answered_in_turn_end_once() {
    let ended = by_hand(2, 0, false, true, &[28, 89, 0]);
    assert_eq!(ended.len(), expected(2).len());
}

#[test]
fn the_async_driver_keeps_to_the_limit_and_gives_all() {
    for in_order in [false, true] {
        let slow = |id: u64| {
            let path = format!("/v1/orders/{id}");
            let reply = Reply::json(200, id.to_string()).on("GET", &path);
            if id == 0 { reply.takes(Duration::from_secs(60)) } else { reply }
        };
        let server = MockTransport::matching((0..30).map(slow));
        let api = HttpHook::new(series::hook(), server.clone(), server.clock()).with_seed(7);
        let mut results = api.fan_out(plans(30), 4);
        if in_order {
            results = results.in_order();
        }
        let mut seen = Vec::new();
        pollster::block_on(async {
            while let Some((slot, result)) = results.next().await {
                assert_eq!(
                    result.expect("a response").body().as_ref(),
                    slot.to_string().as_bytes()
                );
                assert!(results.calls().outstanding() <= 4);
                seen.push(slot);
            }
        });
        assert_eq!(results.calls().begun(), 30);
        let in_turn: Vec<u64> = (0..30).collect();
        assert!(!in_order || seen == in_turn, "{seen:?}");
        seen.sort_unstable();
        assert_eq!(seen, in_turn);
        server.assert_done();
    }
}

/// Stored calls whose slots `change` has changed.
fn taken_up(
    text: &str,
    change: impl FnOnce(&mut serde_json::Value),
) -> Result<(), http_hook::ErrorKind> {
    let mut form: serde_json::Value = serde_json::from_str(text).expect("JSON");
    change(&mut form);
    form["digest"] = "".into();
    form["digest"] = crate::invariants::state::digest(&form.to_string()).into();
    let calls = Fanout::<_, Bytes>::resume(&series::hook(), &form.to_string(), plans(0), NOW);
    calls.map(drop).map_err(|error| error.kind())
}

type Change = fn(&mut serde_json::Value);

#[test]
fn slots_that_cannot_be_are_refused() {
    let hook = series::hook();
    let mut calls = Fanout::<_, Bytes>::new(&hook, plans(9), 4, 7).in_order();
    while calls.next(NOW).is_some() {}
    calls.sent(1, Err(TransportError::new(TransportErrorKind::Body, Sent::Yes)), || NOW);
    let text = calls.store().expect("it can be stored");
    assert_eq!(taken_up(&text, |_| {}), Ok(()));
    let rows: [(&str, Change); 5] = [
        ("a turn that is over", |form| form["turn"] = 1.into()),
        ("a turn that never comes", |form| form["turn"] = 9.into()),
        ("a slot that has not begun", |form| form["next"] = 3.into()),
        ("a slot that is lost", |form| form["next"] = 5.into()),
        ("more than allowed", |form| form["limit"] = 2.into()),
    ];
    for (why, change) in rows {
        assert_eq!(taken_up(&text, change), Err(http_hook::ErrorKind::Stored), "{why}");
    }
}

#[test]
fn whoever_takes_no_results_gets_nothing_sent() {
    let server = MockTransport::matching([Reply::status(200).always()]);
    let api = HttpHook::new(series::hook(), server.clone(), server.clock());
    let mut results = api.fan_out(plans(1000), 3);
    assert!(server.received().is_empty(), "nothing before the first result is asked for");
    pollster::block_on(results.next()).expect("a result").1.expect("it passes");
    assert!(server.received().len() <= 4, "{}", server.received().len());
}

#[test]
fn cancelling_says_which_may_have_acted() {
    let hook = series::hook();
    let mut calls = Fanout::<_, Bytes>::new(&hook, plans(9), 4, 7);
    let mut sent = Vec::new();
    while let Some((slot, act)) = calls.next(NOW) {
        let Act::Send(..) = act else { panic!("{act:?}") };
        sent.push(slot);
    }
    calls.sent(0, Ok(response(200, &[], "done")), || NOW);
    let Some((0, Act::Read(body, _))) = calls.next(NOW) else { panic!("its body is read") };
    calls.read(0, Ok(body), NOW);
    calls.sent(1, Ok(response(503, &[], "")), || NOW);
    calls.sent(2, Err(TransportError::new(TransportErrorKind::Connect, Sent::No)), || NOW);
    let ended = calls.cancel();
    assert_eq!(ended.iter().map(|(slot, _)| *slot).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert!(ended[0].1.is_ok(), "a result that was not taken");
    for (slot, result) in &ended[1..] {
        let failure = result.as_ref().expect_err("cancelled");
        assert_eq!(failure.reason(), StopReason::Cancelled, "{slot}");
        assert_eq!(failure.sends(), 1, "{slot}");
        let Cause::Transport(error) = failure.cause() else { panic!("{failure:?}") };
        let under_way = *slot != 2;
        assert_eq!(error.sent() == Sent::Maybe, under_way, "{slot}");
    }
}

#[test]
fn an_outcome_is_the_end_of_a_call_as_data() {
    let rows: Vec<(&str, Result<Response<Bytes>, Failure>)> = vec![
        ("passed", Ok(response(201, &[("etag", "a"), ("etag", "b")], "done"))),
        ("bytes", Ok(Response::new(Bytes::from_static(&[0xff, 0, 1])))),
        ("nothing", Ok(response(204, &[], ""))),
    ];
    let server = MockTransport::new([
        Reply::status(404).body("not there").header("retry-after", "9"),
        Reply::interrupted(),
        Reply::redirect(302, "ftp://x/"),
    ]);
    let api = http_hook::blocking::HttpHook::new(series::hook(), server.clone(), server.clock());
    let mut rows = rows;
    rows.push(("a status", api.run(RequestPlan::get("a"))));
    rows.push(("no response", api.run(RequestPlan::get("a"))));
    rows.push(("refused", api.run(RequestPlan::get("a"))));
    rows.push(("unsendable", api.run(RequestPlan::get("a").header("a b", "c"))));
    for (why, result) in &rows {
        let outcome = Outcome::of(result, 1024);
        let text = serde_json::to_string(&outcome).expect("JSON");
        let again: Outcome = serde_json::from_str(&text).expect("the same");
        assert_eq!(again, outcome, "{why}");
        assert_eq!(outcome.passed(), result.is_ok(), "{why}");
        let back = again.result().expect("an end");
        match (result, &back) {
            (Ok(response), Ok(back)) => {
                assert_eq!(
                    (back.status(), back.headers()),
                    (response.status(), response.headers())
                );
                assert_eq!(back.body(), response.body(), "{why}");
            }
            (Err(failure), Err(back)) => {
                assert_eq!(back.reason(), failure.reason(), "{why}");
                assert_eq!(back.cause().to_string(), failure.cause().to_string(), "{why}");
                assert_eq!((back.sends(), back.body()), (failure.sends(), failure.body()), "{why}");
                assert_eq!(outcome.message(), Some(failure.to_string().as_str()), "{why}");
            }
            (result, back) => panic!("{why}: {result:?} is {back:?}"),
        }
    }
    let cut = Outcome::of(&rows[0].1, 2);
    assert!(cut.is_cut());
    assert_eq!(cut.response().expect("a response").expect("one").body().as_ref(), b"do");
    assert!(!format!("{:?}", Outcome::of(&rows[3].1, 99)).contains("not there"));
}

/// What the wakers of this test have in common: the waker of the client, and what is done with it where the outer one is woken or
/// dropped.
struct Inline {
    client: Mutex<Option<Waker>>,
    polls: Mutex<Option<Polls>>,
    is_done: AtomicBool,
}

type Polls = Box<dyn FnOnce() + Send>;

impl Inline {
    fn new() -> Arc<Self> {
        let (client, polls) = (Mutex::default(), Mutex::default());
        Arc::new(Self { client, polls, is_done: AtomicBool::new(false) })
    }

    fn wake_client(&self) {
        let waker = self.client.lock().expect("no panic").take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Polls where it is woken, as an executor without a queue does.
struct AtOnce(Arc<Inline>);

impl Wake for AtOnce {
    fn wake(self: Arc<Self>) {
        let polls = self.0.polls.lock().expect("no panic").take();
        if let Some(polls) = polls {
            polls();
        }
    }
}

/// Wakes the client where it is dropped, as the last of a task does whose other half hears of it.
struct Dropped(Arc<Inline>);

impl Wake for Dropped {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.wake_client();
    }
}

/// A client that answers the second time it is asked.
struct Second(Arc<Inline>);

#[async_trait::async_trait]
impl http_hook::transport::Transport for Second {
    fn capabilities(&self) -> http_hook::options::Capabilities {
        http_hook_mock::everything("second")
    }

    async fn send(
        &self,
        _: Request<http_hook::body::Body>,
        _: &http_hook::options::SendOptions,
    ) -> Result<Response<http_hook::body::Body>, TransportError> {
        let mut is_first = true;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut is_first, false) {
                *self.0.client.lock().expect("no panic") = Some(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        Ok(Response::new(Bytes::new().into()))
    }
}

/// Wakers are other people's code: one that polls where it is woken, or wakes where it is dropped, finds nothing locked.
#[test]
fn no_waker_is_woken_or_dropped_under_a_lock() {
    let (tell, told) = std::sync::mpsc::channel();
    // What hangs would hang for ever, so it does so elsewhere.
    std::thread::spawn(move || {
        let inline = Inline::new();
        let hook = series::hook().for_client(http_hook_mock::everything("second"));
        let clock = http_hook_mock::VirtualClock::new();
        let api: &'static _ =
            Box::leak(Box::new(HttpHook::new(hook, Second(Arc::clone(&inline)), clock)));
        let mut calls = api.fan_out(plans(1), 1);
        let mut task = Box::pin(async move { calls.next().await });
        let outer = Waker::from(Arc::new(Dropped(Arc::clone(&inline))));
        assert!(task.as_mut().poll(&mut Context::from_waker(&outer)).is_pending());
        drop(outer);
        let outer = Waker::from(Arc::new(AtOnce(Arc::clone(&inline))));
        // The first outer waker is dropped here, and wakes: the client has answered.
        let polled = task.as_mut().poll(&mut Context::from_waker(&outer));
        tell.send(polled.is_ready()).expect("somebody listens");

        let inline = Inline::new();
        let hook = series::hook().for_client(http_hook_mock::everything("second"));
        let clock = http_hook_mock::VirtualClock::new();
        let api: &'static _ =
            Box::leak(Box::new(HttpHook::new(hook, Second(Arc::clone(&inline)), clock)));
        let mut calls = api.fan_out(plans(1), 1);
        let mut task = Box::pin(async move { calls.next().await });
        let outer = Waker::from(Arc::new(AtOnce(Arc::clone(&inline))));
        assert!(task.as_mut().poll(&mut Context::from_waker(&outer)).is_pending());
        let own = Arc::clone(&inline);
        *inline.polls.lock().expect("no panic") = Some(Box::new(move || {
            let outer = Waker::from(Arc::new(AtOnce(Arc::clone(&own))));
            let polled = task.as_mut().poll(&mut Context::from_waker(&outer));
            own.is_done.store(polled.is_ready(), Ordering::SeqCst);
        }));
        inline.wake_client();
        tell.send(inline.is_done.load(Ordering::SeqCst)).expect("somebody listens");
    });
    for what in ["dropped", "woken"] {
        let done = told.recv_timeout(Duration::from_secs(60));
        assert_eq!(done, Ok(true), "{what}: it hangs, or was not asked again");
    }
}

/// Gives `count` plans and panics then, and where it ends.
struct Breaks {
    count: u64,
    given: u64,
}

impl Iterator for Breaks {
    type Item = RequestPlan;

    fn next(&mut self) -> Option<RequestPlan> {
        assert!(self.given < self.count, "the source");
        self.given += 1;
        Some(RequestPlan::get(format!("orders/{}", self.given - 1)))
    }
}

impl Drop for Breaks {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

/// What becomes a plan, and panics where it does.
struct Becomes(u64);

impl From<Becomes> for RequestPlan {
    fn from(from: Becomes) -> Self {
        assert_ne!(from.0, 2, "no plan");
        Self::get(format!("orders/{}", from.0))
    }
}

/// A source that panics ends the fan-out with an error in the place of the plan that did not come; what is under way goes on.
#[test]
fn a_source_of_plans_that_panics_ends_the_fan_out() {
    const SAYS: &str = "Invalid fan-out: code in the source of the plans panicked";
    let hook = series::hook();
    for in_order in [false, true] {
        for (count, limit) in [(0, 1), (0, 8), (1, 1), (5, 1), (5, 3), (5, 8)] {
            let plans = Breaks { count, given: 0 };
            let calls = Fanout::<_, Bytes>::new(&hook, plans, limit, 7);
            let mut calls = if in_order { calls.in_order() } else { calls };
            let (mut sent, mut ended) = (Vec::new(), Ended::new());
            while !calls.is_over() {
                match calls.next(NOW) {
                    Some((slot, Act::Send(request, _))) => sent.push((slot, request)),
                    Some((slot, Act::Read(body, _))) => calls.read(slot, Ok(body), NOW),
                    Some((slot, Act::Sleep(_))) => calls.woke(slot, NOW),
                    Some((slot, Act::Done(result))) => {
                        ended.insert(slot, told(&result));
                    }
                    None => {
                        let (slot, _) = sent.pop().expect("something is asked for");
                        calls.sent(slot, Ok(response(200, &[], "")), || NOW);
                    }
                }
            }
            assert_eq!(calls.begun(), count + 1);
            assert_eq!(ended.len() as u64, count + 1, "{count} {limit}");
            assert_eq!(ended.get(&count).map(String::as_str), Some(SAYS));
            assert_eq!(ended.values().filter(|told| *told == SAYS).count(), 1);
        }
    }
    // Stored, and taken up with another one that panics.
    let mut calls = Fanout::<_, Bytes>::new(&hook, Breaks { count: 2, given: 0 }, 2, 7);
    assert!(matches!(calls.next(NOW), Some((0, Act::Send(..)))));
    let text = calls.store().expect("a store");
    let again = Breaks { count: 0, given: 0 };
    let calls = Fanout::<_, Bytes>::resume(&hook, &text, again, NOW).expect("calls");
    let ended: Vec<_> = calls.cancel().iter().map(|(slot, _)| *slot).collect();
    assert_eq!(ended, [0], "what did not come has not begun");

    // Through a hook, where a plan is made of something else.
    let server = MockTransport::new((0..2).map(|_| Reply::status(200)));
    let face = HttpHook::new(hook, server.clone(), server.clock());
    let mut results = face.fan_out((0..9).map(Becomes), 2).in_order();
    let mut ended = Vec::new();
    while let Some((slot, result)) = pollster::block_on(results.next()) {
        ended.push((slot, told(&result)));
    }
    assert_eq!(ended.len(), 3, "{ended:?}");
    assert_eq!(ended[2], (2, SAYS.to_owned()));
    assert_eq!(server.received().len(), 2);
}

/// What is waited for is not looked at again until it is woken: twice the calls at once take twice the looks.
#[test]
fn a_fan_out_polls_what_was_woken_alone() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::task::{Context, Poll, Waker};
    struct Outer;
    impl std::task::Wake for Outer {
        fn wake(self: Arc<Self>) {}
    }
    let looks = |count: usize| {
        let (polls, wakers) =
            (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::<Waker>::new())));
        let (counted, kept) = (Arc::clone(&polls), Arc::clone(&wakers));
        let caps = http_hook::options::Capabilities::none("slow");
        let server = http_hook::transport::from_fn(caps, move |_, _| {
            let (counted, kept, mut first) = (Arc::clone(&counted), Arc::clone(&kept), true);
            async move {
                std::future::poll_fn(move |context| {
                    counted.fetch_add(1, Ordering::Relaxed);
                    if std::mem::take(&mut first) {
                        kept.lock().expect("wakers").push(context.waker().clone());
                        return Poll::Pending;
                    }
                    Poll::Ready(())
                })
                .await;
                Ok(http::Response::new(http_hook::body::Body::default()))
            }
        });
        let hook = http_hook::Hook::to("https://api.example.com").expect("a hook");
        let api = http_hook::HttpHook::new(hook, server, http_hook_mock::VirtualClock::new());
        let plans = (0..count).map(|id| http_hook::RequestPlan::get(format!("o/{id}")));
        let mut calls = api.fan_out(plans, count);
        let outer = Arc::new(Outer);
        let waker = Waker::from(Arc::clone(&outer));
        let mut context = Context::from_waker(&waker);
        assert!(std::pin::pin!(calls.next()).poll(&mut context).is_pending());
        assert_eq!(Arc::strong_count(&outer), 3, "it is kept once, not with each call");
        for _ in 0..count {
            let waker = wakers.lock().expect("wakers").pop().expect("one that waits");
            waker.wake();
            assert!(std::pin::pin!(calls.next()).poll(&mut context).is_ready());
        }
        polls.load(Ordering::Relaxed)
    };
    assert_eq!((looks(100), looks(200)), (200, 400));
}
