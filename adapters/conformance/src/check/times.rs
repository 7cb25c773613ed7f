//! Limits of time: each holds within a tenth, and says what it waited for.

use std::thread;
use std::time::{Duration, Instant};

use http_hook::options::{Capability, Timeouts};
use http_hook::transport::TimeoutPhase;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};

use super::probe::{Probe, Told, drop_unless, get, request};
use super::row::{Check, Checking};
use crate::server::{Handshake, Hanging, Reply, serve_tls};

const LIMIT: Duration = Duration::from_millis(400);
/// A tenth, and what a loaded machine takes to notice.
const SLACK: Duration = Duration::from_millis(240);

pub(super) fn checks() -> Vec<Check> {
    vec![
        Check::new("timeout-connect", 4, "connect timeout, not sent", connect)
            .needs(Capability::ConnectTimeout),
        Check {
            fault: Some(18),
            ..limited("timeout-head", TimeoutPhase::Head, || Reply::silent().hang())
        },
        limited("timeout-head-drip", TimeoutPhase::Head, || {
            Reply::silent().drip("HTTP/1.1 200 OK\r\n", LIMIT / 4).hang()
        }),
        limited("timeout-head-interim", TimeoutPhase::Head, || {
            let early =
                |reply: Reply, _| reply.wait(LIMIT / 4).write("HTTP/1.1 103 Early Hints\r\n\r\n");
            (0..8).fold(Reply::silent(), early).hang()
        }),
        limited("timeout-idle", TimeoutPhase::Body, || Reply::ok(b"hello").without_last(3).hang()),
        limited("timeout-idle-trailers", TimeoutPhase::Body, trailers),
        limited("timeout-total-trailers", TimeoutPhase::Total, trailers),
        limited("timeout-total-in-head", TimeoutPhase::Total, || Reply::silent().hang()),
        limited("timeout-total-in-body", TimeoutPhase::Total, || {
            Reply::ok(b"hello").without_last(3).hang()
        }),
        limited("timeout-total-drip", TimeoutPhase::Total, || {
            Reply::ok(&[b'x'; 100]).without_last(100).drip([b'x'; 100], LIMIT / 8)
        }),
        Check::new("no-timeout-in-time", 17, "a slow answer within its limits is whole", in_time)
            .needs(Capability::IdleTimeout),
        Check::new("head-after-idle-limit", 17, "no limit of pauses before the head", slow_head)
            .needs(Capability::IdleTimeout),
        Check::new("next-after-timeout", 18, "the next request gets its own answer", next)
            .needs(Capability::HeadTimeout),
        Check::new("next-after-drop", 40, "the next request gets its own answer", next_after_drop)
            .drops_future(),
        Check::new("drop-in-each-state", 40, "the next request gets its own answer", drop_in_each)
            .drops_future(),
        Check::new("drop-closes", 40, "the server sees the connection closed", drop_closes)
            .drops_future(),
    ]
}

/// Trailers that come one after the other, and are no pieces of the body.
fn trailers() -> Reply {
    let more = |reply: Reply, _| reply.wait(LIMIT / 4).write("X-A: 1\r\n");
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n";
    (0..12).fold(Reply::raw(head), more).hang()
}

fn limited(name: &'static str, phase: TimeoutPhase, reply: fn() -> Reply) -> Check {
    let (needs, timeouts) = match phase {
        TimeoutPhase::Head => {
            (Capability::HeadTimeout, timeouts(|limits| limits.head = Some(LIMIT)))
        }
        TimeoutPhase::Body => {
            (Capability::IdleTimeout, timeouts(|limits| limits.idle = Some(LIMIT)))
        }
        _ => (Capability::TotalTimeout, timeouts(|limits| limits.total = Some(LIMIT))),
    };
    Check::new(name, 17, "a timeout of this phase, after its limit", move |probe| {
        Box::pin(async move {
            let route = probe.route([reply()]);
            let told = probe.send_within(get(route.url()), timeouts).await;
            expect_timeout(&told, phase)?;
            told.agrees_with(&route.requests())
        })
    })
    .needs(needs)
}

fn timeouts(set: impl FnOnce(&mut Timeouts)) -> Timeouts {
    let mut timeouts = Timeouts::default();
    set(&mut timeouts);
    timeouts
}

fn expect_timeout(told: &Told, phase: TimeoutPhase) -> Result<(), String> {
    let in_time = (LIMIT.mul_f32(0.9)..=LIMIT.mul_f32(1.1) + SLACK).contains(&told.took);
    match told.error() {
        Some(error) if error.kind() == Kind::Timeout(phase) && in_time => Ok(()),
        _ => Err(format!("was told {}", told.summary())),
    }
}

fn connect<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let hanging = Hanging::new().map_err(|error| error.to_string())?;
        let url = format!("http://{}/", hanging.addr());
        for head in [None, Some(LIMIT)] {
            let limits = timeouts(|limits| (limits.connect, limits.head) = (Some(LIMIT), head));
            let told = probe.send_within(get(&url), limits).await;
            expect_timeout(&told, TimeoutPhase::Connect)?;
            if told.head.as_ref().map_or_else(TransportError::sent, |_| Sent::Yes) != Sent::No {
                return Err(format!("was told {}", told.summary()));
            }
        }
        Ok(())
    })
}

fn in_time<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let drip = Reply::ok(b"hello").without_last(5).drip("hello", LIMIT / 3);
        let route = probe.route([drip]);
        let limits = timeouts(|limits| {
            limits.connect = Some(LIMIT);
            limits.head = Some(LIMIT);
            limits.idle = Some(LIMIT);
        });
        let told = probe.send_within(get(route.url()), limits).await;
        told.answer(200, b"hello").map(|_| ())
    })
}

fn slow_head<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let route = probe.route([Reply::silent().wait(LIMIT).write(LATE)]);
        let limits = timeouts(|limits| limits.idle = Some(LIMIT / 2));
        probe.send_within(get(route.url()), limits).await.answer(200, b"late").map(|_| ())
    })
}

fn next<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let late = Reply::silent().wait(LIMIT / 2).write(LATE);
        let route = probe.route([Reply::ok(b"warm"), late, Reply::ok(b"own")]);
        probe.send(get(route.url())).await.answer(200, b"warm")?;
        let limits = timeouts(|limits| limits.head = Some(LIMIT / 4));
        let _ = probe.send_within(get(route.url()), limits).await;
        probe.send(get(route.url())).await.answer(200, b"own").map(|_| ())
    })
}

const LATE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate";

fn next_after_drop<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let late = Reply::silent().wait(LIMIT / 2).write(LATE);
        let own = || Reply::ok(b"own");
        let route = probe.route([Reply::ok(b"warm"), late, own(), own()]);
        probe.send(get(route.url())).await.answer(200, b"warm")?;
        drop_when_seen(probe, route.url(), || route.requests().len() == 2).await?;
        probe.send(get(route.url())).await.answer(200, b"own")?;
        // By now the late answer has come.
        thread::sleep(LIMIT);
        probe.send(get(route.url())).await.answer(200, b"own").map(|_| ())
    })
}

/// While it connects, does the handshake, sends, waits for the head, reads the body.
fn drop_in_each<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let hanging = Hanging::new().map_err(|error| error.to_string())?;
        let handshake = serve_tls(Handshake::Hang);
        let scripts = [
            Reply::deaf().hang(),
            Reply::silent().hang(),
            Reply::silent().drip("HTTP/1.1 200 OK\r\n", LIMIT).hang(),
            Reply::ok(b"hello").without_last(3).hang(),
        ];
        let routes: Vec<_> = scripts.map(|reply| probe.route([reply])).into();
        let urls = routes.iter().map(|route| route.url().to_owned());
        let fixed = [format!("http://{}/", hanging.addr()), handshake.route([]).url().to_owned()];
        for url in fixed.into_iter().chain(urls) {
            let end = Instant::now() + LIMIT / 4;
            let post = request(http::Method::POST, &url, vec![b'x'; 8 << 20]);
            // One without TLS says so at once.
            let told = drop_unless(probe.send(post), || Instant::now() >= end).await;
            if let Some(told) = told.filter(|told| !told.error().is_some_and(is_unsent)) {
                return Err(format!("{url}: was told {} too soon", told.summary()));
            }
            let own = probe.route([Reply::ok(b"own")]);
            probe.send(get(own.url())).await.answer(200, b"own")?;
        }
        match routes.iter().find(|route| route.requests().len() > 1) {
            None => Ok(()),
            Some(route) => Err(format!("came as {:?}", route.requests())),
        }
    })
}

fn is_unsent(error: &TransportError) -> bool {
    error.sent() == Sent::No
}

fn drop_closes<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let route = probe.route([Reply::silent().hang()]);
        drop_when_seen(probe, route.url(), || route.requests().len() == 1).await?;
        let start = Instant::now();
        while start.elapsed() < 4 * LIMIT {
            if route.requests().iter().all(|seen| seen.gone) {
                return Ok(());
            }
            thread::sleep(LIMIT / 20);
        }
        Err("the connection stayed open".to_owned())
    })
}

/// Starts a POST and drops its future once the server has it.
async fn drop_when_seen(
    probe: &Probe<'_>,
    url: &str,
    seen: impl Fn() -> bool,
) -> Result<(), String> {
    let start = Instant::now();
    let sending = probe.send(request(http::Method::POST, url, "body"));
    let late = || start.elapsed() > 4 * LIMIT;
    match drop_unless(sending, || seen() || late()).await {
        Some(told) => Err(format!("was told {} too soon", told.summary())),
        None if late() && !seen() => Err("it never came".to_owned()),
        None => Ok(()),
    }
}
