//! Nothing that a request holds, or a server says, makes a client send by itself, or say that it did not.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use http::header::{EXPECT, HeaderName, HeaderValue};
use http::{Method, Request};
use http_hook::Sent;
use http_hook::body::Body;
use http_hook::options::{Capability, Timeouts};

use super::probe::{Probe, get, request};
use super::row::{Check, Checking};
use crate::server::{Reply, Server, serve};

pub(super) fn checks() -> Vec<Check> {
    vec![
        Check::new("expect-417", 9, "sent once", |probe| {
            Box::pin(async move {
                for method in [Method::POST, Method::PUT] {
                    once(probe, &method, ("expect", "100-continue"), 417).await?;
                    kept(probe, &method).await?;
                }
                Ok(())
            })
        }),
        Check::new("no-header-sends", 9, "each is sent once", headers),
        Check::new("no-answer-sends", 9, "each is sent once", answers),
        Check::new("kept-closed-posts", 9, "five of five arrive, each once", posts),
        Check::new("kept-gone-get", 9, "an error, perhaps sent", |probe| gone(probe, Method::GET)),
        Check::new("kept-gone-delete", 9, "an error, perhaps sent", |probe| {
            gone(probe, Method::DELETE)
        }),
        Check::new("late-executor", 17, "an error, perhaps sent", late)
            .needs(Capability::TotalTimeout),
        Check::new("hosts-as-written", 34, "the host as written, or refused unsent", hosts),
    ]
}

/// Headers that mean something to the client itself, with any of them.
const HEADERS: [(&str, &str); 12] = [
    ("expect", "100-continue"),
    ("expect", "100-Continue, x"),
    ("connection", "upgrade, http2-settings"),
    ("connection", "close"),
    ("upgrade", "h2c"),
    ("te", "trailers"),
    ("trailer", "x-a"),
    ("range", "bytes=0-1"),
    ("content-range", "bytes 0-3/4"),
    ("early-data", "1"),
    ("alt-used", "127.0.0.1:1"),
    ("proxy-connection", "keep-alive"),
];
const STATUSES: [u16; 14] = [300, 307, 308, 401, 407, 408, 413, 417, 421, 425, 426, 429, 500, 503];

fn headers<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        for header in HEADERS {
            for status in [200, 417, 426] {
                once(probe, &Method::POST, header, status).await?;
            }
        }
        Ok(())
    })
}

fn answers<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        for status in STATUSES {
            for method in [Method::GET, Method::DELETE, Method::POST] {
                once(probe, &method, ("x-a", "1"), status).await?;
            }
        }
        Ok(())
    })
}

/// What a server can say to have it sent again, or elsewhere.
const INVITING: &[(&str, &str)] = &[
    ("Retry-After", "0"),
    ("Location", "/r0"),
    ("Refresh", "0"),
    ("WWW-Authenticate", "Basic realm=\"a\""),
    ("Proxy-Authenticate", "Basic realm=\"a\""),
    ("Alt-Svc", "h2=\":1\""),
    ("Upgrade", "h2c"),
];

async fn once(
    probe: &Probe<'_>,
    method: &Method,
    (name, value): (&'static str, &'static str),
    status: u16,
) -> Result<(), String> {
    let body = if *method == Method::POST || *method == Method::PUT { "body" } else { "" };
    let deaf = Reply::deaf().write(format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n"));
    for reply in [Reply::status(status, INVITING, b""), deaf.close()] {
        let route = probe.route([reply, Reply::ok(b"again"), Reply::ok(b"again")]);
        let mut request = request(method.clone(), route.url(), body);
        let name = HeaderName::from_static(name);
        request.headers_mut().insert(&name, HeaderValue::from_static(value));
        let told = probe.send(request).await;
        let seen = route.requests();
        let sure = told.agrees_with(&seen);
        sure.map_err(|why| format!("{method} with {name}: {value} and {status}: {why}"))?;
    }
    Ok(())
}

/// A server that answers as soon as it has the head, without asking for the body, and does not close: its answer is one.
async fn kept(probe: &Probe<'_>, method: &Method) -> Result<(), String> {
    for (status, body) in [(417, ""), (401, ""), (200, "abc")] {
        for expects in ["100-continue", "100-Continue"] {
            let length = body.len();
            // It says that it is the last one there, so that the next request comes by another connection.
            let head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\n");
            let reply = format!("{head}Content-Length: {length}\r\n\r\n{body}");
            let route = probe.route([Reply::deaf().write(reply).hang(), Reply::ok(b"again")]);
            let planned = || {
                let mut request = request(method.clone(), route.url(), "body");
                request.headers_mut().insert(EXPECT, HeaderValue::from_static(expects));
                request
            };
            let mut told = probe.send(planned()).await;
            // It may have met a connection that an earlier check left behind, dead by now.
            if told.answer(status, body.as_bytes()).is_err() && route.requests().is_empty() {
                told = probe.send(planned()).await;
            }
            let answer = told.answer(status, body.as_bytes());
            answer.map_err(|why| {
                format!("{method} and {status} on a connection that stays: {why}")
            })?;
            told.agrees_with(&route.requests())?;
            // Its answer, not the end of its patience.
            if told.took > Duration::from_secs(5) {
                return Err(format!("{method} and {status}: {}", told.summary()));
            }
        }
    }
    Ok(())
}

/// A server that answers and closes without saying so, and has read nothing of what comes then.
fn posts<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        for (method, body) in [(Method::POST, "body"), (Method::POST, ""), (Method::PATCH, "body")]
        {
            for pause in [50, 200] {
                let route = probe.route((0..5).map(|_| Reply::ok(b"ok").close()));
                for number in 1..=5 {
                    let told = probe.send(request(method.clone(), route.url(), body)).await;
                    let answer = told.answer(200, b"ok");
                    answer.map_err(|why| format!("{method} {number} of {body:?}: {why}"))?;
                    thread::sleep(Duration::from_millis(pause));
                }
                let seen = route.requests().len();
                if seen != 5 {
                    return Err(format!("five sends of {method} came {seen} times"));
                }
            }
        }
        Ok(())
    })
}

/// A server that reads a request on a kept connection, and then is gone: who connects anew is refused.
fn gone<'a>(probe: &'a Probe<'a>, method: Method) -> Checking<'a> {
    Box::pin(async move {
        let server = serve();
        let route = server.route([Reply::ok(b"warm"), Reply::silent().hang()]);
        probe.send(get(route.url())).await.answer(200, b"warm")?;
        let stops = stop_when_seen(server, 2);
        let told = probe.send(request(method, route.url(), "")).await;
        let _ = stops.join();
        match told.error() {
            Some(error) if error.sent() == Sent::Maybe => Ok(()),
            _ => Err(format!("was told {}", told.summary())),
        }
    })
}

fn stop_when_seen(server: Server, requests: usize) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for _ in 0..5_000 {
            if server.requests().len() >= requests {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        drop(server);
    })
}

/// The one who waits has no time to look, until long after the limit for all.
fn late<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    const LIMIT: Duration = Duration::from_millis(200);
    const LATE: Duration = Duration::from_secs(2);
    Box::pin(async move {
        let route = probe.route([Reply::silent().hang()]);
        let mut limits = Timeouts::default();
        limits.connect = Some(LIMIT);
        limits.total = Some(LIMIT);
        let post: Request<Body> = request(Method::POST, route.url(), "body");
        let mut sending = pin!(probe.send_within(post, limits));
        let mut is_late = false;
        let told = poll_fn(|context| {
            let polled = sending.as_mut().poll(context);
            if polled.is_pending() && !is_late {
                let seen = !route.requests().is_empty();
                thread::sleep(if seen { LATE } else { Duration::from_millis(1) });
                is_late = seen;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            polled
        })
        .await;
        told.agrees_with(&route.requests())?;
        told.error().map(|_| ()).ok_or_else(|| format!("was told {}", told.summary()))
    })
}

/// Spellings of this machine that some clients take for another one.
const HOSTS: [&str; 8] = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "2130706433",
    "localhost.",
    "LOCALHOST",
];

fn hosts<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        for host in HOSTS {
            let written = format!("{host}:{}", probe.server.addr().port());
            let route = probe.route([Reply::ok(b"ok")]);
            let told = probe.send(get(&format!("http://{written}{}", route.path()))).await;
            match (told.error(), route.requests().as_slice()) {
                (Some(error), []) if error.sent() == Sent::No => {}
                (None, [seen]) if is_same(seen.text("host"), &written) => {}
                (_, seen) => {
                    return Err(format!("{host}: was told {}, came as {seen:?}", told.summary()));
                }
            }
        }
        Ok(())
    })
}

fn is_same(host: Option<String>, written: &str) -> bool {
    host.is_some_and(|host| host.eq_ignore_ascii_case(written))
}
