//! Options that only a client can carry out: TLS, and proxies.

use std::net::TcpStream;
use std::time::Duration;

use http_hook::options::{
    Capability, ClientOptions, KeepAlive, Proxy, SendOptions, Timeouts, Verify,
};
use http_hook::transport::TimeoutPhase;
use http_hook::{Secret, Sent, TransportErrorKind as Kind};

use super::probe::{Probe, Told, get};
use super::row::{Check, Checking};
use crate::server::{Reply, Route, Seen, refusing, serve};

pub(super) fn checks() -> Vec<Check> {
    vec![
        Check::new("tls-garbage", 7, "a TLS error, not sent", tls_garbage),
        Check::new("tls-garbage-verify-off", 7, "a TLS error, not sent", tls_unverified)
            .needs(Capability::VerifyOff),
        Check::new("verify-file-missing", 6, "a TLS error, not sent", verify_missing)
            .needs(Capability::VerifyFile),
        Check::new("proxy-http", None, "an absolute target, credentials for the proxy", proxy_http)
            .needs(Capability::ProxyHttp)
            .needs(Capability::ProxyAuth),
        Check::new("proxy-refused", 35, "a proxy error, not sent", proxy_refused)
            .needs(Capability::ProxyHttp),
        Check::new("proxy-connect-refused", 35, "a proxy error, not sent", proxy_tunnel)
            .needs(Capability::ProxyHttps),
        tunnel("proxy-407", || Reply::status(407, &[("Proxy-Authenticate", "Basic")], b"")),
        Check::new("proxy-407-again", 35, "the credentials are given once", proxy_again)
            .needs(Capability::ProxyHttps)
            .needs(Capability::ProxyAuth),
        tunnel("proxy-closed", || Reply::silent().close()),
        tunnel("proxy-reset", || Reply::silent().reset()),
        tunnel("proxy-garbage", || Reply::raw("SSH-2.0-OpenSSH_9.2\r\n\r\n").close()),
        Check::new("proxy-slow", 35, "a proxy error or connect timeout, not sent", proxy_slow)
            .needs(Capability::ProxyHttps)
            .needs(Capability::ConnectTimeout),
        Check::new("keep-alive", None, "the connection is probed, if asked for", keep_alive)
            .needs(Capability::KeepAlive),
        Check::new("proxy-not-ambient", None, "no proxy that was not asked for", proxy_none),
    ]
}

fn expect(told: &Told, kind: Kind) -> Result<(), String> {
    match told.error() {
        Some(error) if (error.kind(), error.sent()) == (kind, Sent::No) => Ok(()),
        _ => Err(format!("was told {}", told.summary())),
    }
}

async fn send_under(probe: &Probe<'_>, url: &str, set: impl FnOnce(&mut ClientOptions)) -> Told {
    let mut options = ClientOptions::default();
    set(&mut options);
    probe.send_under(get(url), &SendOptions::new(Timeouts::default(), options)).await
}

fn proxy(uri: String, credential: Option<(String, Secret)>) -> Proxy {
    Proxy { uri, credential }
}

/// The server answers a handshake in plain text.
fn tls_garbage<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let url = format!("https://{}/", probe.server.addr());
        expect(&probe.send(get(&url)).await, Kind::Tls)
    })
}

fn tls_unverified<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let url = format!("https://{}/", probe.server.addr());
        let told = send_under(probe, &url, |options| options.verify = Verify::Off).await;
        expect(&told, Kind::Tls)
    })
}

fn verify_missing<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let url = format!("https://{}/", probe.server.addr());
        let file = "/nonexistent/authorities.pem".to_owned();
        let told = send_under(probe, &url, |options| options.verify = Verify::File(file)).await;
        expect(&told, Kind::Tls)
    })
}

fn proxy_http<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let route = probe.route([Reply::ok(b"ok"), Reply::ok(b"ok")]);
        let url = format!("http://target.invalid{}/a", route.path());
        let uri = format!("http://{}", probe.server.addr());
        let credential = ("user".to_owned(), Secret::new("secret"));
        let told =
            send_under(probe, &url, |options| options.proxy = Some(proxy(uri, Some(credential))))
                .await;
        told.answer(200, b"ok")?;
        let direct = probe.send(get(route.url())).await;
        direct.answer(200, b"ok")?;
        let [proxied, direct] = &route.requests()[..] else {
            return Err(format!("came as {:?}", route.requests()));
        };
        let authorization = proxied.text("proxy-authorization");
        if proxied.target() != url || authorization.as_deref() != Some("Basic dXNlcjpzZWNyZXQ=") {
            return Err(format!("came as {proxied:?} with {authorization:?}"));
        }
        match direct.text("proxy-authorization") {
            None => Ok(()),
            Some(_) => Err("the credentials went on to the target".to_owned()),
        }
    })
}

fn proxy_refused<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let uri = format!("http://{}", refusing());
        let told = send_under(probe, "http://target.invalid/", |options| {
            options.proxy = Some(proxy(uri, None));
        });
        expect(&told.await, Kind::Proxy)
    })
}

fn proxy_tunnel<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let uri = format!("http://{}", probe.server.addr());
        let told = send_under(probe, "https://target.invalid/", |options| {
            options.proxy = Some(proxy(uri, None));
        });
        expect(&told.await, Kind::Proxy)
    })
}

/// What a proxy does when it is asked for a tunnel.
fn tunnel(name: &'static str, reply: fn() -> Reply) -> Check {
    Check::new(name, 35, "a proxy error, not sent, asked for once", move |probe| {
        Box::pin(async move {
            let (told, route) = through_proxy(probe, reply(), None, Timeouts::default()).await;
            expect(&told, Kind::Proxy)?;
            match route.requests().len() {
                1 => Ok(()),
                times => Err(format!("asked the proxy {times} times")),
            }
        })
    })
    .needs(Capability::ProxyHttps)
}

/// The same credentials would be refused again.
fn proxy_again<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let reply = Reply::status(407, &[("Proxy-Authenticate", "Basic realm=\"p\"")], b"");
        let credential = Some(("user".to_owned(), Secret::new("wrong")));
        let (told, route) = through_proxy(probe, reply, credential, Timeouts::default()).await;
        expect(&told, Kind::Proxy)?;
        let seen = route.requests();
        match seen.iter().filter(|seen| seen.text("proxy-authorization").is_some()).count() {
            1 => Ok(()),
            times => Err(format!("gave them {times} times in {seen:?}")),
        }
    })
}

fn proxy_slow<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        const LIMIT: Duration = Duration::from_millis(300);
        // One limit for all is the usual one: what passed first says whether a POST may go out again.
        for head in [None, Some(LIMIT)] {
            let mut limits = Timeouts::default();
            (limits.connect, limits.head) = (Some(LIMIT), head);
            let (told, _) = through_proxy(probe, Reply::silent().hang(), None, limits).await;
            if told.took > 5 * LIMIT {
                return Err(format!("was told {}", told.summary()));
            }
            let connect = || expect(&told, Kind::Timeout(TimeoutPhase::Connect));
            expect(&told, Kind::Proxy).or_else(|_| connect())?;
        }
        Ok(())
    })
}

async fn through_proxy(
    probe: &Probe<'_>,
    reply: Reply,
    credential: Option<(String, Secret)>,
    limits: Timeouts,
) -> (Told, Route) {
    let route = probe.route([reply]);
    let mut options = ClientOptions::default();
    options.proxy = Some(proxy(format!("http://{}", probe.server.addr()), credential));
    // The server finds the script by the target's name.
    let url = format!("https://{}.invalid/", route.path().trim_start_matches('/'));
    (probe.send_under(get(&url), &SendOptions::new(limits, options)).await, route)
}

fn proxy_none<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let route = probe.route([Reply::ok(b"ok")]);
        probe.send(get(route.url())).await.answer(200, b"ok")?;
        let target = route.requests().first().map(Seen::target);
        if target.as_deref() == Some(route.path()) {
            return Ok(());
        }
        Err(format!("came as {target:?}"))
    })
}

/// Where the kernel lists its timers (Linux), a connection that is probed has one of its own kind; elsewhere the option is only
/// seen to do no harm.
fn keep_alive<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        for asked in [false, true] {
            let server = serve();
            // Somebody else's connection, which stays in the kernel's list: as if the server's port had been used before.
            drop(TcpStream::connect(server.addr()));
            let route = server.route([Reply::ok(b"ok")]);
            let told = send_under(probe, route.url(), |options| {
                let time = Duration::from_secs(5);
                let keep_alive = KeepAlive { idle: time, interval: time, count: 3 };
                options.keep_alive = asked.then_some(keep_alive);
            });
            told.await.answer(200, b"ok")?;
            let Some(client) = route.requests().first().and_then(|seen| seen.peer) else {
                return Err("the client's end of the connection is not known".to_owned());
            };
            let Ok(table) = std::fs::read_to_string("/proc/net/tcp") else { continue };
            let timer = timer_of(&table, client.port(), server.addr().port());
            if timer.is_none_or(|timer| (timer == "02") != asked) {
                return Err(format!("asked for: {asked}, timer {timer:?}"));
            }
        }
        Ok(())
    })
}

/// Gives the timer of one connection by its two ports, as `/proc/net/tcp` names it: `02` is keep-alive's.
///
/// Both ports, since the server's may have been another server's a moment ago, whose connections are still listed.
fn timer_of(table: &str, client: u16, server: u16) -> Option<&str> {
    let (client, server) = (format!(":{client:04X}"), format!(":{server:04X}"));
    table.lines().find_map(|line| {
        let mut cells = line.split_whitespace().skip(1);
        let (own, peer) = (cells.next()?, cells.next()?);
        let timer = cells.nth(2)?.split(':').next();
        timer.filter(|_| own.ends_with(&client) && peer.ends_with(&server))
    })
}
