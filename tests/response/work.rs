//! The work on a coded body is done a little at a time.

use std::cell::Cell;
use std::future::Future;
use std::io::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use http::{HeaderMap, HeaderValue, Response};
use http_hook::options::Capabilities;
use http_hook::retry::Condition;
use http_hook::transport::{Clock, from_fn};
use http_hook::{
    Act, Call, Cause, Connection, Error, ErrorKind, Hook, HttpHook, RequestPlan, ResponseExt,
    RetryPolicy, Run, StopReason, Timestamp, TransportErrorKind as Kind,
};

use crate::support::NOW;

fn headers(coding: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("content-encoding", HeaderValue::from_static(coding));
    headers
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// A hook that decodes, and a response that takes a while to be undone.
fn slow() -> (Hook, Bytes) {
    let connection = Connection::new().with_host("https://api.example.com");
    let hook = Hook::builder(&connection).decode(true).build().expect("a hook");
    (hook, gzip(&vec![7; 20 << 20]).into())
}

/// The most memory that the process has had, in bytes.
#[cfg(target_os = "linux")]
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("what Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak");
    let kib = line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number");
    kib << 10
}

/// Read whole, each of these bodies takes 60 times its size.
#[cfg(target_os = "linux")]
#[test]
fn what_is_asked_of_a_body_takes_no_more_memory_than_the_body() {
    use http_hook::pages::Paging;
    use http_hook::request::Filter;
    use http_hook_mock::blocking::connect;
    use http_hook_mock::{MockTransport, Reply};
    const SIZE: usize = 1 << 20;
    // In a process of its own: what other tests take is not counted.
    let (flag, name) =
        ("HTTP_HOOK_PEAK", "work::what_is_asked_of_a_body_takes_no_more_memory_than_the_body");
    if std::env::var_os(flag).is_none() {
        let own = std::env::current_exe().expect("this program");
        let mut alone = std::process::Command::new(own);
        let status = alone.args(["--exact", name]).env(flag, "1").status();
        assert!(status.expect("it runs").success());
        return;
    }
    let many = r#"{"a":0},"#.repeat(SIZE / 8);
    let bodies = [
        format!(r#"{{"items":[{many}0],"state":"done"}}"#),
        format!(r#"{{"items":[{many}1e400],"state":"done"}}"#),
    ];
    let before = peak();
    for body in bodies {
        let json = |pointer: &str, value: serde_json::Value| Condition::json(pointer, value);
        let passes = json("/state", "done".into())
            & !json("/items", serde_json::json!([]))
            & !json("/items", serde_json::json!([{"a": 0}]))
            & json("/items/7", serde_json::json!({"a": 0}));
        let plan = RequestPlan::get("a").response_check(passes);
        let plan = plan.response_filter(Filter::json("/state"));
        let server = MockTransport::new([Reply::json(200, body.clone())]);
        let api = connect("https://api.example.com", &server).expect("an API");
        assert_eq!(&api.run(plan).expect("it passes").body()[..], b"\"done\"");

        let page = Response::new(Bytes::from(body.clone()));
        let server = MockTransport::new([Reply::json(200, body)]);
        let api = connect("https://api.example.com", &server).expect("an API");
        let paging = Paging::cursor("/next", "c").items("/items").more("/more");
        let typed = page.json::<Vec<u8>>().expect_err("it is no list").to_string();
        assert!(typed.contains("line 1 column"), "{typed}");
        let mut pages = api.pages(RequestPlan::get("a"), paging);
        assert!(pages.next().expect("a page").is_ok() && pages.next().is_none());
    }
    let grown = peak().saturating_sub(before);
    assert!(grown < 20 * SIZE, "{grown} bytes for one of {SIZE}");
}

#[test]
fn others_run_while_a_body_is_undone() {
    struct Count(AtomicU32);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    struct Still;
    #[async_trait::async_trait]
    impl Clock for Still {
        fn now(&self) -> Timestamp {
            NOW
        }
        async fn sleep(&self, _: Duration) {
            panic!("nothing is waited for");
        }
    }
    let (hook, body) = slow();
    let transport = from_fn(Capabilities::none("test"), move |_, _| {
        let body = body.clone();
        async move {
            let mut response = Response::new(http_hook::body::Body::Bytes(body));
            *response.headers_mut() = headers("gzip");
            Ok(response)
        }
    });
    let face = HttpHook::new(hook, transport, Still);
    let count = Arc::new(Count(AtomicU32::new(0)));
    let waker = Waker::from(Arc::clone(&count));
    let mut context = Context::from_waker(&waker);
    let mut call = pin!(face.run(RequestPlan::get("a")));
    let mut polls = 0;
    let response = loop {
        polls += 1;
        if let Poll::Ready(result) = call.as_mut().poll(&mut context) {
            break result.expect("a response");
        }
    };
    assert_eq!(response.body().len(), 20 << 20);
    assert!(polls > 20, "{polls}");
    assert_eq!(count.0.load(Ordering::Relaxed), polls - 1, "it is woken for each");
}

#[test]
fn a_deadline_holds_while_a_body_is_undone() {
    let (hook, body) = slow();
    let plan = || RequestPlan::get("a").deadline(Duration::from_secs(3));
    let undoing = |run: &mut Run<'_, Bytes>| {
        let Act::Send(..) = run.woke(NOW) else { panic!("it sends") };
        let mut response = Response::new(body.clone());
        *response.headers_mut() = headers("gzip");
        let Act::Read(body, _) = run.sent(Ok(response), || NOW) else { panic!("it reads") };
        let Act::Sleep(Duration::ZERO) = run.read(Ok(body), NOW) else { panic!("it goes on") };
    };
    let mut run = Run::new(&hook, Call::new(&hook, plan(), 7, NOW));
    undoing(&mut run);
    assert!(run.wait_reason().is_none() && run.attempt().is_some());
    assert!(run.store().is_ok() && run.store_progress().is_ok());
    let late = NOW.after(Duration::from_secs(3));
    let Act::Done(Err(failure)) = run.woke(late) else { panic!("it is late") };
    assert_eq!(failure.reason(), StopReason::Deadline);
    assert!(matches!(failure.cause(), Cause::Transport(error) if error.is_timeout()));

    let mut run = Run::new(&hook, Call::new(&hook, plan(), 7, NOW));
    undoing(&mut run);
    let error = Error::new(ErrorKind::NotStorable, "the disk is full");
    let Act::Done(Err(failure)) = run.withdraw(error) else { panic!("it ends") };
    assert_eq!(
        (failure.reason(), failure.sends(), failure.attempts()),
        (StopReason::NotStored, 1, 1)
    );

    let steps = Cell::new(0);
    let mut run = Run::new(&hook, Call::new(&hook, plan(), 7, NOW));
    undoing(&mut run);
    let response = loop {
        steps.set(steps.get() + 1);
        match run.woke(NOW) {
            Act::Sleep(_) => {}
            Act::Done(result) => break result.expect("a response"),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((response.body().len(), response.headers().len()), (20 << 20, 0));
    assert!(steps.get() > 20);
}

/// Answers a call with a coded body, and gives its end.
fn ended(plan: RequestPlan, coding: &'static str, body: &[u8]) -> Result<Bytes, Option<Kind>> {
    let connection = Connection::new().with_host("https://api.example.com");
    let hook = Hook::builder(&connection).decode(true).build().expect("a hook");
    let mut run = Run::<Bytes>::new(&hook, Call::new(&hook, plan.retries(0), 7, NOW));
    let mut act = run.woke(NOW);
    loop {
        act = match act {
            Act::Send(..) => {
                let mut response = Response::new(Bytes::copy_from_slice(body));
                *response.headers_mut() = headers(coding);
                run.sent(Ok(response), || NOW)
            }
            Act::Read(body, _) => run.read(Ok(body), NOW),
            Act::Sleep(_) => run.woke(NOW),
            Act::Done(Ok(response)) => return Ok(response.into_body()),
            Act::Done(Err(failure)) => {
                return Err(match failure.into_cause() {
                    Cause::Transport(error) => Some(error.kind()),
                    _ => None,
                });
            }
        };
    }
}

#[test]
fn nobody_decides_by_a_coded_text_that_breaks_off() {
    const TEXT: &[u8] = br#"{"items": [1, 2, 3], "state": "error"}"#;
    let policy = r#"{"when": {"type": "body_contains", "text": "error"}}"#;
    let policy: RetryPolicy = serde_json::from_str(policy).expect("a policy");
    let passes: Condition =
        serde_json::from_str(r#"{"type": "body_contains", "text": "items"}"#).expect("a condition");
    let by_policy = || RequestPlan::get("x").retry(policy.clone());
    let by_check = || RequestPlan::get("x").response_check(passes.clone());
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(TEXT).expect("memory");
    for (coding, whole) in [("gzip", gzip(TEXT)), ("deflate", zlib.finish().expect("memory"))] {
        for end in 1..whole.len() {
            let cut = whole[..end].to_vec();
            for plan in [by_policy(), by_check()] {
                assert_eq!(ended(plan, coding, &cut), Err(Some(Kind::Body)), "{coding}, {end}");
            }
            // Where it is the caller's alone, it comes as far as it goes, as in the original.
            let came = ended(RequestPlan::get("x"), coding, &cut).unwrap_or_default();
            assert!(TEXT.starts_with(&came), "{coding}, {end}");
        }
    }
}
