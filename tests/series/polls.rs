//! Polls: what ends them, how long they wait, where they ask, and that every driver asks the same.

use std::time::Duration;

use bytes::Bytes;
use http_hook::observe::Event;
use http_hook::poll::{Poll, Polling};
use http_hook::retry::{Condition, Wait};
use http_hook::{
    Act, ErrorKind, Failure, HttpHook, RequestPlan, RetryPolicy, StopReason, Timestamp, blocking,
};
use http_hook_mock::{MockTransport, Reply, VirtualClock};
use proptest::prelude::*;

use crate::invariants::series;
use crate::support::NOW;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn api(server: &MockTransport) -> blocking::HttpHook<MockTransport, VirtualClock> {
    blocking::HttpHook::new(series::hook(), server.clone(), server.clock()).with_seed(7)
}

fn job(state: &str) -> Reply {
    Reply::json(200, format!(r#"{{"state": "{state}"}}"#))
}

fn done() -> Polling {
    Polling::until(Condition::json("/state", "done"), HOUR)
        .fail_if(Condition::json("/state", "failed"))
}

/// The end of a poll, and its waits in seconds.
fn poll(
    replies: Vec<Reply>,
    plan: RequestPlan,
    polling: Polling,
) -> (Result<u16, Failure>, Vec<u64>, MockTransport) {
    let server = MockTransport::new(replies);
    let end = api(&server).poll(plan, polling).map(|response| response.status().as_u16());
    let waits = server.clock().sleeps().iter().map(Duration::as_secs).collect();
    (end, waits, server)
}

/// A name, the poll, what is answered, how it ends, and the waits in seconds.
type Row = (&'static str, Polling, Vec<Reply>, Result<u16, (StopReason, &'static str)>, Vec<u64>);

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_poll_ends_as_it_is_told() {
    let get = || RequestPlan::get("jobs/7");
    let rows: Vec<Row> = vec![
        ("at once", done(), vec![job("done")], Ok(200), vec![]),
        ("later", done(), vec![job("new"), job("running"), job("done")], Ok(200), vec![60, 60]),
        (
            "it failed",
            done(),
            vec![job("new"), job("failed")],
            Err((StopReason::Check, "poll: the response says that it failed")),
            vec![60],
        ),
        (
            "a call failed",
            done(),
            vec![job("new"), Reply::status(500)],
            Err((StopReason::Rejected, "500:Internal Server Error")),
            vec![60],
        ),
        (
            "fewer in a row than n",
            done().failures(3).every(Duration::from_secs(5)),
            vec![
                Reply::status(500),
                Reply::refused(),
                job("new"),
                Reply::status(500),
                Reply::status(500),
                job("done"),
            ],
            Ok(200),
            vec![5; 5],
        ),
        (
            "n in a row",
            done().failures(3),
            vec![Reply::status(500), job("new"), Reply::status(500).times(3)],
            Err((StopReason::Rejected, "500:Internal Server Error")),
            vec![60; 4],
        ),
        (
            "the deadline",
            Polling::until(Condition::Never, MINUTE * 2),
            vec![job("new").times(2)],
            Err((
                StopReason::Deadline,
                "poll: what is waited for did not come before the deadline",
            )),
            vec![60],
        ),
        (
            "the server asks for more than is left",
            done(),
            vec![job("new").header("retry-after", "7200")],
            Err((
                StopReason::Deadline,
                "poll: what is waited for did not come before the deadline",
            )),
            vec![],
        ),
        (
            "a hint of the server, when it is longer",
            done().every(Duration::from_secs(10)),
            vec![
                job("new").header("retry-after", "3"),
                job("new").header("retry-after", "30"),
                job("done"),
            ],
            Ok(200),
            vec![10, 30],
        ),
        (
            "a wait of its own",
            done().wait(Wait::Exponential {
                multiplier: Duration::from_secs(1).into(),
                exp_base: 2.0,
                min: Duration::ZERO.into(),
                max: Duration::from_secs(5).into(),
            }),
            vec![job("new").times(4), job("done")],
            Ok(200),
            vec![1, 2, 4, 5],
        ),
        (
            "a sensor: enough",
            Polling::sensor(&["404"], HOUR),
            vec![Reply::status(404).times(2), Reply::status(200)],
            Ok(200),
            vec![60, 60],
        ),
        (
            "a sensor: another status",
            Polling::sensor(&["404"], HOUR),
            vec![Reply::status(404), Reply::status(503)],
            Err((StopReason::Rejected, "503:Service Unavailable")),
            vec![60],
        ),
        (
            "a sensor: a prefix",
            Polling::sensor(&["5"], HOUR),
            vec![Reply::status(503), Reply::status(200)],
            Ok(200),
            vec![60],
        ),
        (
            "not yet, of what is waited for by a condition",
            Polling::until(Condition::json("/state", "done"), HOUR).not_yet(&["404"]),
            vec![Reply::status(404), job("new"), Reply::status(404), job("done")],
            Ok(200),
            vec![60, 60, 60],
        ),
        (
            "a sensor: nothing is allowed",
            Polling::sensor(&[], HOUR),
            vec![Reply::status(404)],
            Err((StopReason::Rejected, "404:Not Found")),
            vec![],
        ),
        (
            "code that panics",
            Polling::until(Condition::custom(|_| panic!("on purpose")), HOUR),
            vec![job("new")],
            Err((StopReason::Check, "poll: code in a condition panicked")),
            vec![],
        ),
        (
            "a condition that cannot hold",
            Polling::until(Condition::json("state", "done"), HOUR),
            vec![],
            Err((
                StopReason::Invalid,
                "body_json: a pointer is empty or begins with `/`, and `~` stands in `~0` or `~1`",
            )),
            vec![],
        ),
    ];
    for (why, polling, replies, expected, waits) in rows {
        let (end, slept, server) = poll(replies, get(), polling);
        let end = end.map_err(|failure| (failure.reason(), failure.cause().to_string()));
        assert_eq!(end, expected.map_err(|(reason, says)| (reason, says.to_owned())), "{why}");
        assert_eq!(slept, waits, "{why}");
        server.assert_done();
    }
}

/// Each call has what is left of the poll's deadline, which nobody has set.
#[test]
fn the_deadline_that_is_told_is_the_poll_s() {
    let not_yet = Polling::sensor(&["404"], Duration::from_secs(100));
    let get = || RequestPlan::get("jobs/7");
    let asks = || Reply::status(503).header("retry-after", "50");
    let rows = [
        (get(), vec![Reply::status(404).times(2)], "2 attempts; the deadline of 100s leaves"),
        (get().retries(2), vec![Reply::status(404), asks()], "and the deadline of 100s leaves 40s"),
        (
            get().retries(2).deadline(MINUTE / 2),
            vec![Reply::status(404), asks()],
            "and the deadline of 30s leaves 30s",
        ),
    ];
    for (plan, replies, says) in rows {
        let (end, ..) = poll(replies, plan, not_yet.clone());
        let told = end.expect_err("too late").to_string();
        assert!(told.contains(says), "{told}");
    }
}

#[test]
fn an_operation_is_followed_to_where_it_says() {
    let accepted = |name: &str, to: &str| Reply::status(202).header(name, to);
    let (end, waits, server) = poll(
        vec![
            accepted("operation-location", "/v1/ops/7?t=1").header("location", "/v1/other"),
            Reply::status(202).header("retry-after", "5"),
            accepted("location", "https://ops.example.net/7"),
            Reply::status(503),
            accepted("location", "8"),
            Reply::redirect(303, "https://api.example.com/v1/jobs/9"),
            Reply::status(200),
        ],
        RequestPlan::post("jobs").data("box").header("x-team", "sales").retries(1).allow_resend(),
        Polling::operation(HOUR),
    );
    assert_eq!(end.expect("it comes"), 200);
    assert_eq!(waits.len(), 5);
    let seen: Vec<_> = server
        .received()
        .iter()
        .map(|one| {
            let own = one.header("authorization").is_some() && one.header("x-api-key").is_some();
            (format!("{} {}", one.method, one.uri), own, one.body.len())
        })
        .collect();
    let row = |target: &str, own, body| (target.to_owned(), own, body);
    assert_eq!(
        seen,
        [
            row("POST https://api.example.com/v1/jobs", true, 3),
            row("GET https://api.example.com/v1/ops/7?t=1", true, 0),
            row("GET https://api.example.com/v1/ops/7?t=1", true, 0),
            row("GET https://ops.example.net/7", false, 0),
            row("GET https://ops.example.net/7", false, 0),
            row("GET https://ops.example.net/8", false, 0),
            row("GET https://api.example.com/v1/jobs/9", true, 0),
        ]
    );

    let (end, ..) =
        poll(vec![Reply::status(202)], RequestPlan::post("jobs"), Polling::operation(HOUR));
    let says = "poll: the response names no Operation-Location and no Location to ask at";
    assert_eq!(end.expect_err("it is not begun twice").cause().to_string(), says);
    for name in ["operation-location", "location"] {
        let two = accepted(name, "/v1/ops/7").header(name, "/v1/ops/8");
        let (end, _, server) = poll(vec![two], RequestPlan::post("jobs"), Polling::operation(HOUR));
        let says = "poll: the response names several places to ask at";
        assert_eq!(end.expect_err("nobody knows which").cause().to_string(), says);
        assert_eq!(server.received().len(), 1);
    }
    let empty = accepted("operation-location", "").header("operation-location", "/v1/ops/7");
    let polling = Polling::operation(HOUR);
    let (end, ..) = poll(vec![empty, Reply::status(200)], RequestPlan::post("jobs"), polling);
    assert_eq!(end.expect("it comes"), 200);
}

#[test]
fn the_three_drivers_ask_the_same() {
    let replies =
        || vec![job("new"), Reply::busy(2), job("running"), Reply::interrupted(), job("done")];
    let plan = || RequestPlan::get("jobs/7").retries(3);
    let seen = |server: &MockTransport| -> Vec<String> {
        let all = server.received().into_iter();
        all.map(|one| format!("{} {:?} {:?}", one.uri, one.headers, one.at)).collect()
    };
    let (end, _, by_blocking) = poll(replies(), plan(), done());
    assert_eq!(end.expect("it comes"), 200);
    let by_async = MockTransport::new(replies());
    let own = HttpHook::new(series::hook(), by_async.clone(), by_async.clock()).with_seed(7);
    pollster::block_on(own.poll(plan(), done())).expect("it comes");
    assert_eq!(seen(&by_async), seen(&by_blocking));

    // A poll that is stored before it begins is the same.
    let stored = MockTransport::new(replies());
    let own = api(&stored);
    let text = own.begin_poll(plan(), done()).store().expect("it can be stored");
    own.run_poll(own.resume_poll(&text).expect("it can be taken up")).expect("it comes");
    assert_eq!(seen(&stored), seen(&by_blocking));
    for text in [text.replace("jobs", "other"), "{}".to_owned()] {
        let error = own.resume_poll(&text).map(|_| ()).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Stored);
    }
}

#[test]
fn a_poll_s_failure_counts_the_requests_of_all_its_calls() {
    let busy = || Reply::busy(2);
    let every = |polling: Polling| polling.every(Duration::from_secs(10));
    let rows = [
        // why, the poll, what is answered, sends, attempts, seconds waited
        (
            "failures, each a retry and a redirect behind the last",
            every(done()).failures(2),
            vec![
                busy(),
                Reply::redirect(302, "b"),
                busy(),
                Reply::status(404),
                busy(),
                Reply::status(404),
            ],
            6,
            5,
            2 + 2 + 10 + 2,
        ),
        (
            "answers that are not yet, up to the deadline",
            every(Polling::until(Condition::json("/state", "done"), Duration::from_secs(20))),
            vec![busy(), job("new"), Reply::redirect(302, "b"), job("new")],
            4,
            3,
            2 + 10,
        ),
        ("the first says that it failed", done(), vec![busy(), job("failed")], 2, 2, 2),
    ];
    for (why, polling, replies, sends, attempts, seconds) in rows {
        let plan = || RequestPlan::get("jobs/7").retries(2);
        let counts =
            |failure: &Failure| (failure.sends(), failure.attempts(), failure.idle_for().as_secs());
        let (end, _, server) = poll(replies.clone(), plan(), polling.clone());
        server.assert_done();
        assert_eq!(counts(&end.expect_err(why)), (sends, attempts, seconds), "{why}");

        let server = MockTransport::new(replies.clone());
        let own = HttpHook::new(series::hook(), server.clone(), server.clock()).with_seed(7);
        let end = pollster::block_on(own.poll(plan(), polling.clone()));
        assert_eq!(counts(&end.expect_err(why)), (sends, attempts, seconds), "{why}, async");
    }
}

#[test]
fn a_poll_that_is_stored_counts_on() {
    let hook = series::hook().for_client(http_hook_mock::everything("test"));
    let policy =
        RetryPolicy { wait: Wait::fixed(Duration::from_secs(2)), ..RetryPolicy::default() };
    let plan = RequestPlan::get("jobs/7").retry(policy);
    let polling = done().every(Duration::from_secs(10)).failures(2);
    let mut now = Timestamp::default();
    let mut poll = Poll::<Bytes>::new(&hook, plan, polling, 7, now);
    let mut statuses = [503, 200, 503, 404, 503, 404].into_iter();
    let mut act = poll.woke(now);
    let failure = loop {
        act = match act {
            Act::Send(..) => {
                let status = statuses.next().expect("no more is asked");
                let answer = http::Response::builder().status(status).body(Bytes::from("{}"));
                poll.sent(Ok(answer.expect("a response")), || now)
            }
            Act::Read(body, _) => poll.read(Ok(body), now),
            Act::Sleep(wait) => {
                let text = poll.store().expect("it can be stored");
                poll = Poll::resume(&hook, &text, now).expect("it can be taken up");
                now = now.after(wait);
                poll.woke(now)
            }
            Act::Done(result) => break result.expect_err("two have failed"),
        };
    };
    let counts = (failure.sends(), failure.attempts(), failure.idle_for().as_secs());
    assert_eq!(counts, (6, 6, 2 + 10 + 2 + 10 + 2));
}

proptest! {
    #[test]
    fn any_poll_comes_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        series::poll(&bytes);
    }
}

/// The machine by hand: it tells how far it has come, waits as long as it says, and takes no answer to what it did not ask.
#[test]
fn a_poll_by_hand_tells_how_far_it_has_come() {
    let at = |seconds: u64| NOW.after(Duration::from_secs(seconds));
    let answer =
        |state: &str| Ok(http::Response::new(Bytes::from(format!("{{\"state\": \"{state}\"}}"))));
    let told = std::sync::atomic::AtomicU32::new(0);
    let count = |_: &Event<'_>| {
        told.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    };
    let hook = series::hook();
    let plan = RequestPlan::get("jobs/7");
    let mut poll = Poll::<Bytes>::new(&hook, plan, done().every(MINUTE), 7, NOW).observer(&count);
    assert_eq!((poll.polls(), poll.due(), poll.run().is_none()), (0, Some(NOW), true));
    let out_of_turn = |act: Act<Bytes>| match act {
        Act::Done(Err(failure)) => failure.reason() == StopReason::Invalid,
        _ => false,
    };
    assert!(out_of_turn(poll.sent(answer("done"), || NOW)), "nothing was asked");
    assert!(out_of_turn(poll.read(Ok(Bytes::new()), NOW)), "nothing was asked");

    let Act::Send(..) = poll.woke(NOW) else { panic!("it asks") };
    assert_eq!((poll.polls(), poll.due(), poll.run().is_some()), (1, None, true));
    let Act::Read(body, _) = poll.sent(answer("busy"), || NOW) else { panic!("it reads") };
    let Act::Sleep(wait) = poll.read(Ok(body), NOW) else { panic!("it waits") };
    assert_eq!((wait, poll.due(), poll.run().is_none()), (MINUTE, Some(at(60)), true));
    let Act::Sleep(left) = poll.woke(at(20)) else { panic!("it is too early") };
    assert_eq!(left, Duration::from_secs(40));
    let Act::Sleep(left) = poll.woke(at(10)) else { panic!("a clock that goes back") };
    assert_eq!(left, Duration::from_secs(40));
    let Act::Send(..) = poll.woke(at(60)) else { panic!("it asks again") };
    let shown = format!("{poll:?}");
    assert!(shown.contains("polls: 2") && !shown.contains("jobs"), "{shown}");
    let Act::Read(body, _) = poll.sent(answer("done"), || at(61)) else { panic!("it reads") };
    let Act::Done(end) = poll.read(Ok(body), at(61)) else { panic!("it ends") };
    assert_eq!(end.expect("it has come").status(), 200);
    assert!(told.load(std::sync::atomic::Ordering::Relaxed) >= 6, "it is told of both");

    assert!(out_of_turn(poll.woke(at(62))) && poll.run().is_none() && poll.due().is_none());
    assert_eq!(poll.store().expect_err("nothing is pending").kind(), ErrorKind::NotStorable);
}

#[test]
fn a_poll_that_ends_says_what_was_asked_for() {
    let soon = done().every(MINUTE);
    let rows = [
        ("the deadline", vec![job("busy").always()], soon.clone()),
        (
            "a state that failed",
            vec![job("failed")],
            soon.fail_if(Condition::json("/state", "failed")),
        ),
    ];
    for (why, replies, polling) in rows {
        let (end, _, _) = poll(replies, RequestPlan::get("jobs/7?token=S"), polling);
        let failure = end.expect_err(why);
        let says = failure.to_string();
        assert!(
            says.contains("; GET https://api.example.com/***/jobs/7?token=***, "),
            "{why}: {says}"
        );
        assert_eq!(failure.method(), Some(&http::Method::GET), "{why}");
    }
}

#[test]
fn a_poll_waits_as_long_as_the_server_asks() {
    type Headers = &'static [(&'static str, &'static str)];

    #[rustfmt::skip]
    let rows: [(u16, Headers, u64); 14] = [
        (429, &[("retry-after", "300")],                                                        300),
        (429, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "300")],                   300),
        (429, &[("ratelimit", "\"default\";r=0;t=300")],                                        300),
        (429, &[("ratelimit-reset", "300")],                                                    300),
        (429, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "300"), ("age", "9")],     5),
        (500, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "300")],                   300),
        (500, &[("ratelimit-reset", "300")],                                                    5),
        (200, &[("retry-after", "300")],                                                        300),
        (200, &[("retry-after", "1")],                                                          5),
        (200, &[("retry-after", "9"), ("ratelimit", "\"a\";r=0;t=300")],                        9),
        (200, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "300")],                   300),
        (200, &[("ratelimit", "limit=9, remaining=0, reset=300")],                              300),
        (200, &[("x-ratelimit-remaining", "3"), ("x-ratelimit-reset", "300")],                   5),
        (200, &[("ratelimit-reset", "300")],                                                    5),
    ];
    for (status, headers, wait) in rows {
        let first = headers
            .iter()
            .fold(Reply::status(status), |reply, (name, value)| reply.header(name, value));
        let polling = done().every(Duration::from_secs(5)).failures(9);
        let (end, waits, _) =
            poll(vec![first.body("{}"), job("done")], RequestPlan::get("jobs/7"), polling);
        assert_eq!((end.ok(), waits), (Some(200), vec![wait]), "{status} {headers:?}");
    }
}

/// A poll and the code that finds a page decide by whole bodies that nothing hides, or not at all; also once they were stored.
#[test]
fn what_a_series_decides_by_is_whole_and_undone() {
    use http_hook::pages::{Pages, Paging};
    use http_hook::poll::Poll;
    use http_hook::{Act, Cause, Hook, TransportErrorKind};

    let hook = Hook::builder(&http_hook::Connection::new().with_host("https://api.test"));
    #[cfg(feature = "decode")]
    let undoing = hook.clone().decode(true).build().expect("a hook");
    #[cfg(not(feature = "decode"))]
    let undoing = hook.clone().build().expect("a hook");
    let usual = hook.build().expect("a hook");
    let now = crate::support::NOW;
    let gzip = |text: &[u8], cut: usize| {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        std::io::Write::write_all(&mut writer, text).expect("memory");
        let mut coded = writer.finish().expect("memory");
        coded.truncate(coded.len() - cut);
        bytes::Bytes::from(coded)
    };
    let text = r#"{"state": "running", "note": "a text that goes on for a while", "left": 7}"#;
    let rows = [
        // what, the hook, the coding, the body, whether it is decided by
        ("plain", &usual, "", text.into(), true),
        ("no coding", &usual, "identity", text.into(), true),
        ("not asked for", &usual, "gzip", gzip(text.as_bytes(), 0), false),
        ("unknown", &undoing, "compress", text.into(), false),
        ("one of two unknown", &undoing, "gzip, compress", gzip(text.as_bytes(), 0), false),
        ("cut", &undoing, "gzip", gzip(text.as_bytes(), 40), false),
        ("whole", &undoing, "gzip", gzip(text.as_bytes(), 0), cfg!(feature = "decode")),
    ];
    for (what, hook, coding, body, decides) in rows {
        let answer = || {
            let mut answer = http::Response::new(body.clone());
            if !coding.is_empty() {
                let coding = coding.parse().expect("a value");
                answer.headers_mut().insert("content-encoding", coding);
            }
            answer
        };
        let why = |failure: &Failure| match failure.cause() {
            Cause::Transport(error) => Some(error.kind()),
            _ => None,
        };
        let contains = |text: &str| Condition::BodyContains { text: text.into() };
        let polls = [
            ("satisfied by what is not there", done().satisfied_by(!contains("left"))),
            (
                "not failed by what is not there",
                done().satisfied_by(contains("never")).fail_if(contains("never")),
            ),
        ];
        for (which, polling) in polls {
            for stored in [false, true] {
                // A call that was stored under way is sent again.
                let plan = RequestPlan::get("jobs/7").retries(2);
                let mut at = now;
                let mut poll = Poll::<bytes::Bytes>::new(hook, plan, polling.clone(), 7, at);
                let mut act = poll.woke(at);
                if stored {
                    let text = poll.store().expect("it can be stored");
                    poll = Poll::resume(hook, &text, at).expect("it can be taken up");
                    act = poll.woke(at);
                }
                let end = loop {
                    act = match act {
                        Act::Send(..) => poll.sent(Ok(answer()), || at),
                        Act::Read(body, _) => poll.read(Ok(body), at),
                        Act::Sleep(_) if poll.due().is_some() => break None,
                        Act::Sleep(wait) => {
                            at = at.after(wait);
                            poll.woke(at)
                        }
                        Act::Done(end) => break Some(end),
                    };
                };
                let what = format!("{what}, {which}, stored {stored}");
                if decides {
                    assert!(end.is_none(), "{what}: {end:?}");
                } else {
                    let failure = end.expect(&what).expect_err(&what);
                    assert_eq!(why(&failure), Some(TransportErrorKind::Body), "{what}");
                }
            }
        }
        let paging = Paging::custom(|_, _| Ok(None));
        let mut pages = Pages::<bytes::Bytes>::new(hook, RequestPlan::get("a"), paging, 7, now);
        let mut act = pages.woke(now);
        let page = loop {
            act = match act {
                Act::Send(..) => pages.sent(Ok(answer()), || now),
                Act::Read(body, _) => pages.read(Ok(body), now),
                Act::Sleep(_) => pages.woke(now),
                Act::Done(page) => break page,
            };
        };
        let expected = if decides { None } else { Some(TransportErrorKind::Body) };
        assert_eq!(page.err().as_ref().and_then(why), expected, "{what}");
    }
}
