//! TLS with certificates of the suite's own: who is let in, who is not, and what breaks on the way.

mod shared;
mod tunnel;
mod world;

use std::time::Duration;

use http_hook::options::{Capability, ClientOptions, SendOptions, Timeouts, Verify};
use http_hook::transport::TimeoutPhase;
use http_hook::{Sent, TransportErrorKind as Kind};

use super::probe::{Probe, Told, get};
use super::row::{Check, Expect};
use crate::server::{Handshake, Reply, Route, Server, serve_tls};
use world::{Shown, World};

type Step = Result<(), String>;

const REFUSED: &str = "a TLS error that says why, not sent, tried once";
/// What an error that says why has in its text.
const REASONS: [&str; 3] = ["certificate", "protocol", "ssl"];
/// What a client may say of the certificate that it did not get to show: TLS 1.3 tells only after the handshake.
const NOT_LET_IN: &[Kind] = &[Kind::Tls, Kind::Interrupted];
/// What a client may call a connection that TLS did not end.
const CUT: &[Kind] = &[Kind::Body, Kind::Interrupted, Kind::Tls];

pub(super) fn checks() -> Vec<Check> {
    use Capability::{ClientCert, ClientKey, ConnectTimeout, VerifyFile, VerifyOff};
    let by_file = |name, shown| {
        Check::new(name, None, "the answer", move |probe| Box::pin(answered(probe, shown, true)))
            .needs(VerifyFile)
    };
    let off = |name, shown| {
        Check::new(name, 6, "the answer", move |probe| Box::pin(answered(probe, shown, false)))
            .needs(VerifyOff)
    };
    let refused = |name, shown| {
        Check::new(name, 6, REFUSED, move |probe| Box::pin(refused(probe, shown))).needs(VerifyFile)
    };
    let broken = |name, handshake: Handshake| {
        Check::new(name, 7, "a TLS error, not sent", move |probe| {
            Box::pin(broken(probe, handshake.clone()))
        })
    };
    let client = |name, key_apart| {
        Check::new(name, None, "the server sees the certificate", move |probe| {
            Box::pin(client(probe, key_apart))
        })
        .needs(VerifyFile)
        .needs(if key_apart { ClientKey } else { ClientCert })
    };
    let ended = |name, fault: u8, reply: fn() -> Reply, expect: Expect| {
        Check::new(name, fault, expect.says(), move |probe| Box::pin(ended(probe, reply(), expect)))
            .needs(VerifyFile)
    };
    let mut checks = vec![
        by_file("tls-verify-file", Shown::Good),
        Check::new("tls-verify-file-address", None, "the answer", |probe| Box::pin(address(probe)))
            .needs(VerifyFile),
        Check::new("tls-unknown-authority", 6, REFUSED, |probe| Box::pin(unknown(probe))),
        refused("tls-other-authority", Shown::OtherAuthority),
        refused("tls-self-signed", Shown::SelfSigned),
        refused("tls-wrong-host", Shown::WrongHost),
        refused("tls-expired", Shown::Expired),
        refused("tls-not-yet-valid", Shown::NotYetValid),
        refused("tls-old-version", Shown::OldVersion),
        off("tls-verify-off", Shown::SelfSigned),
        off("tls-verify-off-wrong-host", Shown::WrongHost),
        off("tls-verify-off-expired", Shown::Expired),
        broken("tls-closed", Handshake::Close),
        broken("tls-reset", Handshake::Reset),
        Check::new("tls-hangs", 7, "connect timeout, not sent", |probe| Box::pin(hangs(probe)))
            .needs(ConnectTimeout),
        client("client-cert", false),
        client("client-key", true),
        Check::new("client-cert-missing", 6, "an error, nothing arrives", |probe| {
            Box::pin(not_let_in(probe))
        })
        .needs(VerifyFile),
        Check::new("client-cert-unreadable", 6, "a TLS error, not sent", |probe| {
            Box::pin(unreadable(probe))
        })
        .needs(ClientCert)
        .needs(ClientKey)
        .needs(VerifyFile),
        ended("tls-close-delimited", 16, || open().close(), Expect::Answer(200, b"ok")),
        ended("tls-cut", 12, || open().cut(), Expect::Error(CUT)),
        ended("tls-body-cut", 12, || Reply::ok(b"hello").without_last(3).cut(), Expect::Error(CUT)),
    ];
    checks.extend(shared::checks());
    checks.extend(tunnel::checks());
    checks
}

/// A body that ends with the connection.
fn open() -> Reply {
    Reply::raw("HTTP/1.1 200 OK\r\n\r\nok")
}

fn send_options(options: &ClientOptions) -> SendOptions {
    SendOptions::new(Timeouts::default(), options.clone())
}

async fn send(probe: &Probe<'_>, url: &str, options: &ClientOptions) -> Told {
    probe.send_under(get(url), &send_options(options)).await
}

/// The server is not what it says it is, or cannot be.
fn is_refused(told: &Told, route: &Route) -> Step {
    match told.error() {
        Some(error) if (error.kind(), error.sent()) == (Kind::Tls, Sent::No) => {
            told.agrees_with(&route.requests())
        }
        _ => Err(format!("was told {}", told.summary())),
    }
}

async fn answered(probe: &Probe<'_>, shown: Shown, by_file: bool) -> Step {
    let world = World::new()?;
    let server = world.serve(shown)?;
    let route = server.route([Reply::ok(b"ok")]);
    let mut options = world.trusting()?;
    if !by_file {
        options.verify = Verify::Off;
    }
    let told = send(probe, route.url(), &options).await;
    told.answer(200, b"ok")?;
    told.agrees_with(&route.requests())
}

async fn address(probe: &Probe<'_>) -> Step {
    let world = World::new()?;
    let server = world.serve(Shown::Good)?;
    let route = server.route([Reply::ok(b"ok")]);
    let url = route.url().replace("localhost", "127.0.0.1");
    send(probe, &url, &world.trusting()?).await.answer(200, b"ok").map(|_| ())
}

async fn unknown(probe: &Probe<'_>) -> Step {
    let world = World::new()?;
    let server = world.serve(Shown::Good)?;
    let route = server.route([Reply::ok(b"ok")]);
    let told = send(probe, route.url(), &ClientOptions::default()).await;
    is_refused(&told, &route)
}

async fn refused(probe: &Probe<'_>, shown: Shown) -> Step {
    let world = World::new()?;
    let server = world.serve(shown)?;
    let route = server.route([Reply::ok(b"ok")]);
    let told = send(probe, route.url(), &world.trusting()?).await;
    is_refused(&told, &route)?;
    let text = told.summary().to_lowercase();
    if !REASONS.iter().any(|reason| text.contains(reason)) || text.contains(route.path()) {
        return Err(format!("does not say why: {text}"));
    }
    tried_once(&server)
}

/// A handshake that fails is not tried again, in another way perhaps: that would be for the policy to say.
fn tried_once(server: &Server) -> Step {
    match server.connections() {
        1 => Ok(()),
        times => Err(format!("connected {times} times")),
    }
}

async fn broken(probe: &Probe<'_>, handshake: Handshake) -> Step {
    let server = serve_tls(handshake);
    let route = server.route([]);
    let told = send(probe, route.url(), &ClientOptions::default()).await;
    is_refused(&told, &route)
}

async fn hangs(probe: &Probe<'_>) -> Step {
    const LIMIT: Duration = Duration::from_millis(300);
    let server = serve_tls(Handshake::Hang);
    let route = server.route([]);
    let mut limits = Timeouts::default();
    limits.connect = Some(LIMIT);
    let told = probe.send_within(get(route.url()), limits).await;
    match told.error() {
        Some(error)
            if (error.kind(), error.sent()) == (Kind::Timeout(TimeoutPhase::Connect), Sent::No)
                && told.took >= LIMIT.mul_f32(0.9) =>
        {
            Ok(())
        }
        _ => Err(format!("was told {}", told.summary())),
    }
}

async fn client(probe: &Probe<'_>, key_apart: bool) -> Step {
    let world = World::new()?;
    let server = world.serve(Shown::Asking)?;
    let route = server.route([Reply::ok(b"ok")]);
    let options = world.client("the client", key_apart)?;
    send(probe, route.url(), &options).await.answer(200, b"ok")?;
    match route.requests().as_slice() {
        [seen] if seen.client.as_deref() == Some("the client") => Ok(()),
        seen => Err(format!("came as {seen:?}")),
    }
}

async fn not_let_in(probe: &Probe<'_>) -> Step {
    let world = World::new()?;
    let server = world.serve(Shown::Asking)?;
    let route = server.route([Reply::ok(b"ok")]);
    let told = send(probe, route.url(), &world.trusting()?).await;
    Expect::Error(NOT_LET_IN).holds(&told)?;
    told.agrees_with(&route.requests())
}

async fn unreadable(probe: &Probe<'_>) -> Step {
    let world = World::new()?;
    let server = world.serve(Shown::Asking)?;
    let junk = world.file("junk", b"nothing of use")?;
    for (cert, key) in [("/nonexistent/client.pem", None), (junk.as_str(), Some(junk.clone()))] {
        let route = server.route([Reply::ok(b"ok")]);
        let mut options = world.trusting()?;
        options.cert = Some(http_hook::options::ClientCert { cert: cert.to_owned(), key });
        is_refused(&send(probe, route.url(), &options).await, &route)?;
    }
    Ok(())
}

async fn ended(probe: &Probe<'_>, reply: Reply, expect: Expect) -> Step {
    let world = World::new()?;
    let server = world.serve(Shown::Good)?;
    let route = server.route([reply]);
    let told = send(probe, route.url(), &world.trusting()?).await;
    expect.holds(&told)?;
    told.agrees_with(&route.requests())
}
