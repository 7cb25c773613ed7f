//! An adaptive fan-out: every driver decides alike, it stores what it has reached, and whoever watches is told as ever.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::future::poll_fn;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_hook::body::Body;
use http_hook::fanout::Fanout;
use http_hook::observe::Event;
use http_hook::options::{Capabilities, SendOptions};
use http_hook::transport::Transport;
use http_hook::{
    Act, Hook, HttpHook, RequestPlan, Sent, Timestamp, TransportError, TransportErrorKind,
};
use http_hook_mock::VirtualClock;

use crate::invariants::series;
use crate::support::{NOW, response};

const WORK: Duration = Duration::from_millis(100);

fn plans(count: u64) -> impl Iterator<Item = RequestPlan> {
    (0..count).map(|id| RequestPlan::get(format!("orders/{id}")))
}

/// A server that works on seven requests at once, in the order in which they come, and refuses one of 199.
struct Server {
    clock: VirtualClock,
    workers: [Timestamp; 7],
    /// Those under way, by their ends.
    open: BTreeMap<(Timestamp, u64), Option<Waker>>,
    count: u64,
    /// When each came, and how many were under way then.
    trace: Vec<(Timestamp, usize)>,
}

impl Server {
    fn new() -> Self {
        let clock = VirtualClock::at(NOW);
        Self { clock, workers: [NOW; 7], open: BTreeMap::new(), count: 0, trace: Vec::new() }
    }

    fn now(&self) -> Timestamp {
        http_hook::blocking::Clock::now(&self.clock)
    }

    /// Takes a request; returns when it ends, and its number.
    fn takes(&mut self) -> (Timestamp, u64) {
        let now = self.now();
        let worker = self.workers.iter_mut().min().expect("a worker");
        *worker = now.max(*worker).after(WORK);
        let key = (*worker, self.count);
        self.count += 1;
        self.open.insert(key, None);
        self.trace.push((now, self.open.len()));
        key
    }

    fn status(number: u64) -> u16 {
        if number % 199 == 198 { 503 } else { 200 }
    }
}

/// What came of all calls at such a server, by hand.
fn by_hand(hook: &Hook, count: u64) -> (Vec<(Timestamp, usize)>, usize) {
    let mut server = Server::new();
    let mut calls = Fanout::<_, Bytes>::new(hook, plans(count), 100, 7).adaptive();
    let mut slots = BTreeMap::new();
    while !calls.is_over() {
        let now = server.now();
        match calls.next(now) {
            Some((slot, Act::Send(..))) => {
                slots.insert(server.takes(), slot);
            }
            Some((slot, Act::Read(body, _))) => calls.read(slot, Ok(body), now),
            Some((slot, Act::Sleep(_))) => panic!("{slot} sleeps"),
            Some((_, Act::Done(_))) => {}
            None => {
                let ((end, number), slot) = slots.pop_first().expect("something is asked for");
                server.open.remove(&(end, number));
                server.clock.set(end);
                calls.sent(slot, Ok(response(Server::status(number), &[], "")), || end);
            }
        }
    }
    (server.trace, calls.allowed())
}

/// The same server, for a driver.
#[derive(Clone)]
struct Shared(Arc<Mutex<Server>>);

#[async_trait::async_trait]
impl Transport for Shared {
    fn capabilities(&self) -> Capabilities {
        http_hook_mock::everything("server")
    }

    async fn send(
        &self,
        _: Request<Body>,
        _: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        let key = self.0.lock().expect("no panic").takes();
        poll_fn(|context| {
            let mut server = self.0.lock().expect("no panic");
            if server.now() < key.0 {
                server.open.insert(key, Some(context.waker().clone()));
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        Ok(response(Server::status(key.1), &[], "").map(Into::into))
    }
}

#[test]
fn the_async_driver_decides_as_one_by_hand() {
    let count = 4_000;
    let hook = series::hook().for_client(http_hook_mock::everything("server"));
    let (expected, allowed) = by_hand(&hook, count);
    let server = Shared(Arc::new(Mutex::new(Server::new())));
    let clock = server.0.lock().expect("no panic").clock.clone();
    let api = HttpHook::new(hook, server.clone(), clock).with_seed(7);
    let mut results = api.fan_out(plans(count), 100).adaptive();
    let mut ended = 0;
    loop {
        let mut next = pin!(results.next());
        let result = loop {
            match next.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(result) => break result,
                Poll::Pending => {
                    // One at a time, as by hand.
                    let mut server = server.0.lock().expect("no panic");
                    let (key, waker) = server.open.pop_first().expect("one is under way");
                    server.clock.set(key.0);
                    drop(server);
                    waker.expect("it waits").wake();
                }
            }
        };
        if result.is_none() {
            break;
        }
        ended += 1;
    }
    assert_eq!(ended, count);
    assert_eq!(results.calls().allowed(), allowed);
    let found = &server.0.lock().expect("no panic").trace;
    assert!(*found == expected, "the sends and how many were under way are the same");
    let most = expected.iter().skip(2_000).map(|(_, under_way)| *under_way).max();
    assert!((7..=9).contains(&most.expect("a send")), "{most:?} at once");
}

#[test]
fn a_fixed_limit_is_what_is_allowed() {
    let hook = series::hook();
    let calls = Fanout::<_, Bytes>::new(&hook, plans(9), 4, 7);
    assert_eq!(calls.allowed(), 4);
    assert_eq!(calls.adaptive().allowed(), 1);
}

/// How many may be under way after each of some answers, each a tenth of a second after its send.
fn allowed(
    calls: Fanout<'_, impl Iterator<Item = RequestPlan>, Bytes>,
    answers: usize,
    answer: impl Fn(usize) -> Result<Response<Bytes>, TransportError>,
) -> Vec<usize> {
    let (mut calls, mut now, mut sent) = (calls, NOW, VecDeque::new());
    let mut found = Vec::new();
    while found.len() < answers {
        match calls.next(now) {
            Some((slot, Act::Send(..))) => sent.push_back((slot, now.after(WORK))),
            Some((slot, Act::Read(body, _))) => calls.read(slot, Ok(body), now),
            Some((slot, Act::Sleep(wait))) => {
                now = now.after(wait);
                calls.woke(slot, now);
            }
            Some((_, Act::Done(_))) => {}
            None => {
                let (slot, end) = sent.pop_front().expect("something is asked for");
                now = now.max(end);
                calls.sent(slot, answer(found.len()), || now);
                found.push(calls.allowed());
            }
        }
    }
    found
}

type Came = fn() -> Result<Response<Bytes>, TransportError>;

#[test]
fn what_is_too_much_lowers_it_and_what_is_not_does_not() {
    let hook = series::hook();
    let timeout = || {
        let phase = http_hook::transport::TimeoutPhase::Head;
        Err(TransportError::new(TransportErrorKind::Timeout(phase), Sent::Maybe))
    };
    let rows: [(&str, bool, Came); 8] = [
        ("too many requests", true, || Ok(response(429, &[], ""))),
        ("and when to come back", true, || Ok(response(429, &[("retry-after", "9")], ""))),
        ("unavailable", true, || Ok(response(503, &[], ""))),
        ("a gateway that gave up", true, || Ok(response(504, &[], ""))),
        ("a time limit", true, timeout),
        ("a fault of the server", false, || Ok(response(500, &[], ""))),
        ("not found", false, || Ok(response(404, &[], ""))),
        ("refused", false, || Err(TransportError::new(TransportErrorKind::Connect, Sent::No))),
    ];
    for (why, lowers, came) in rows {
        let calls = Fanout::<_, Bytes>::new(&hook, plans(9_999), 50, 7).adaptive();
        let found = allowed(calls, 901, |number| match number {
            900 => came(),
            _ => Ok(response(200, &[], "")),
        });
        assert_eq!(found[899], 50, "{why}");
        assert_eq!(found[900] < 50, lowers, "{why}");
    }
}

#[test]
fn whoever_watches_is_told_as_ever_and_may_panic() {
    let hook = series::hook();
    let good = |_: usize| Ok(response(200, &[], ""));
    let plain = allowed(Fanout::new(&hook, plans(999), 20, 7).adaptive(), 500, good);
    let told = AtomicUsize::new(0);
    let watches = |_: &Event<'_>| {
        told.fetch_add(1, Ordering::Relaxed);
    };
    let calls = Fanout::new(&hook, plans(999), 20, 7).observer(&watches).adaptive();
    assert_eq!(allowed(calls, 500, good), plain);
    assert!(told.load(Ordering::Relaxed) >= 1_000, "{told:?}");
    let panics = |_: &Event<'_>| panic!("on purpose");
    let calls = Fanout::new(&hook, plans(999), 20, 7).adaptive().observer(&panics);
    assert_eq!(allowed(calls, 500, good), plain);
}

/// Three calls under way of a fan-out that has reached seven or so, or has no need to find anything out.
fn stored(hook: &Hook, is_adaptive: bool) -> String {
    let calls = Fanout::<_, Bytes>::new(hook, plans(3), 12, 7).in_order();
    let mut calls = if is_adaptive { calls.adaptive() } else { calls };
    while calls.next(NOW).is_some() {}
    calls.store().expect("it can be stored")
}

#[test]
fn the_stored_forms_are_pinned() {
    let hook = series::hook();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/stored");
    for (name, is_adaptive) in [("fanout", false), ("fanout-adaptive", true)] {
        let path = folder.join(format!("v2-{name}.json"));
        let text = stored(&hook, is_adaptive);
        if std::env::var_os("HTTP_HOOK_WRITE_GOLDEN").is_some() {
            fs::write(&path, format!("{text}\n")).expect("a golden file");
        }
        let kept = fs::read_to_string(&path).expect("a golden file");
        assert_eq!(text, kept.trim_end(), "{name}: written as ever");
        let calls = Fanout::<_, Bytes>::resume(&hook, kept.trim_end(), plans(0), NOW);
        let calls = calls.expect("read as ever");
        assert_eq!(calls.allowed(), if is_adaptive { 1 } else { 12 }, "{name}");
        assert_eq!(calls.store().expect("again"), kept.trim_end(), "{name}: nothing is lost");
    }
}

#[test]
fn what_was_reached_is_stored_and_gone_on_from() {
    let hook = series::hook();
    let again = |count| plans(count).map(|plan| plan.retries(1));
    let mut calls = Fanout::<_, Bytes>::new(&hook, again(9_999), 50, 7).adaptive();
    let (mut now, mut sent) = (NOW, VecDeque::new());
    for _ in 0..4_000 {
        match calls.next(now) {
            Some((slot, Act::Send(..))) => sent.push_back((slot, now.after(WORK))),
            Some((slot, Act::Read(body, _))) => calls.read(slot, Ok(body), now),
            Some((_, _)) => {}
            None => {
                let (slot, end) = sent.pop_front().expect("something is asked for");
                now = now.max(end);
                calls.sent(slot, Ok(response(200, &[], "")), || now);
            }
        }
    }
    while calls.next(now).is_some() {}
    assert_eq!((calls.allowed(), calls.outstanding()), (50, 50));
    let text = calls.store().expect("it can be stored");
    assert!(text.contains(r#""adaptive":50"#), "{text}");
    let resume = || Fanout::<_, Bytes>::resume(&hook, &text, again(999), now).expect("taken up");
    assert_eq!(resume().store().expect("again"), text, "what was reached is not lost");
    // It may have had a queue: a little less at first, also of those that had begun.
    let mut calls = resume();
    assert_eq!((calls.allowed(), calls.outstanding()), (37, 50));
    let mut begun = 0;
    while let Some((_, act)) = calls.next(now) {
        assert!(matches!(act, Act::Sleep(_)), "{act:?}");
        begun += 1;
    }
    assert_eq!(begun, 37);
    let ended = allowed(resume(), 240, |_| Ok(response(200, &[], "")));
    assert_eq!(ended.last(), Some(&50), "{ended:?}");
}
