//! What an observer is told: the sends of a call are counted however it is run.

use std::sync::{Arc, Mutex};

use http_hook::blocking::HttpHook as Blocking;
use http_hook::observe::{Event, Observer};
use http_hook::{Hook, HttpHook, RequestPlan, RetryPolicy};
use http_hook_mock::{MockTransport, Reply};

#[derive(Clone, Default)]
struct Counts(Arc<Mutex<Vec<u32>>>);

impl Observer for Counts {
    fn event(&self, event: &Event<'_>) {
        let count = match event {
            Event::Send { send, .. } => *send,
            Event::Accepted { sends, .. } => *sends,
            Event::GaveUp { failure } => failure.sends(),
            _ => return,
        };
        self.0.lock().expect("a lock").push(count);
    }
}

type Replies<'a> = &'a dyn Fn() -> Vec<Reply>;

#[test]
fn sends_are_counted_however_a_call_is_run() {
    let later = || Reply::status(503).header("retry-after", "1");
    let moved = || Reply::status(307).header("location", "/moved");
    let rows: [(&str, Replies<'_>, &[u32]); 3] = [
        ("once", &|| vec![Reply::status(200)], &[1, 1]),
        ("all that led there", &|| vec![later(), moved(), Reply::status(200)], &[1, 2, 3, 3]),
        ("given up", &|| vec![later(), Reply::status(404)], &[1, 2, 2]),
    ];
    for (why, replies, expected) in rows {
        for (asynchronous, stream) in [(false, false), (false, true), (true, false), (true, true)] {
            let server = MockTransport::new(replies());
            let (counts, clock) = (Counts::default(), server.clock());
            let hook = Hook::to("https://api.example.com").expect("a hook");
            let plan = RequestPlan::get("a").retry(RetryPolicy::default());
            if asynchronous {
                let face = HttpHook::new(hook, server, clock).with_observer(counts.clone());
                if stream {
                    drop(pollster::block_on(face.stream(plan)));
                } else {
                    drop(pollster::block_on(face.run(plan)));
                }
            } else {
                let face = Blocking::new(hook, server, clock).with_observer(counts.clone());
                if stream {
                    drop(face.stream(plan));
                } else {
                    drop(face.run(plan));
                }
            }
            let counts = counts.0.lock().expect("a lock");
            assert_eq!(*counts, expected, "{why}, async: {asynchronous}, stream: {stream}");
        }
    }
}

#[cfg(feature = "tracing")]
#[test]
fn durations_fall_into_their_buckets() {
    use http_hook::observe::Durations;
    use http_hook::{Sent, TransportErrorKind as Kind};
    use std::time::Duration;

    let ms = Duration::from_millis;
    #[rustfmt::skip]
    let rows = [
        // why                        took           status     bucket
        ("at once",                   ms(0),         Some(200), 0),
        ("the end belongs to it",     ms(5),         Some(200), 0),
        ("just beyond",               ms(6),         Some(200), 1),
        ("the last but one",          ms(10_000),    Some(404), 13),
        ("beyond all",                ms(10_001),    Some(404), 14),
        ("no answer",                 ms(80),        None,      5),
    ];
    for (why, took, status, bucket) in rows {
        let reply = status.map_or_else(|| Reply::error(Kind::Dns, Sent::No), Reply::status);
        let server = MockTransport::new([reply.takes(took)]);
        let (durations, clock) = (Durations::new(), server.clock());
        let hook = Hook::to("https://[::1]").expect("a hook");
        let face = Blocking::new(hook, server, clock).with_observer(durations.clone());
        drop(face.run(RequestPlan::get("a")));
        let series = durations.snapshot().pop().expect("one series");
        let mut counts = [0; Durations::BUCKETS.len() + 1];
        counts[bucket] = 1;
        assert_eq!((series.counts, series.count, series.sum), (counts, 1, took), "{why}");
        assert_eq!(
            (&*series.method, &*series.server_address, series.server_port),
            ("GET", "::1", 443)
        );
        let error = match status {
            None => Some("dns"),
            Some(404) => Some("404"),
            Some(_) => None,
        };
        assert_eq!((series.status_code, series.error_type.as_deref()), (status, error), "{why}");
    }
}
