//! TLS through a proxy's tunnel.

use http_hook::options::{Capability, Proxy};
use http_hook::{Secret, Sent, TransportErrorKind as Kind};

use super::super::probe::{Probe, Told};
use super::super::row::Check;
use super::world::World;
use super::{Step, send};
use crate::server::{Reply, Route, Server};

pub(super) fn checks() -> Vec<Check> {
    use Capability::{ProxyAuth, ProxyHttps, VerifyFile};
    vec![
        Check::new("proxy-https", None, "the answer, credentials for the proxy only", |probe| {
            Box::pin(answered(probe))
        })
        .needs(ProxyHttps)
        .needs(ProxyAuth)
        .needs(VerifyFile),
        Check::new("proxy-https-wrong-host", 6, "a TLS error, not sent", |probe| {
            Box::pin(wrong_host(probe))
        })
        .needs(ProxyHttps)
        .needs(VerifyFile),
    ]
}

/// A proxy that makes one tunnel, and sends by it to a server that shows a certificate for the tunnel's target or another.
struct Tunnel {
    proxy: Route,
    target: Route,
    _server: Server,
    told: Told,
}

async fn through(
    probe: &Probe<'_>,
    shown: Option<&str>,
    credential: Option<(String, Secret)>,
) -> Result<Tunnel, String> {
    // The proxy finds its script by the target's name: it is the first one.
    const HOST: &str = "r1.test";
    let world = World::new()?;
    let server = world.serve_as(shown.unwrap_or(HOST))?;
    let open = Reply::raw("HTTP/1.1 200 Connected\r\n\r\n").tunnel(server.addr());
    let proxy = probe.route([open]);
    let target = server.route([Reply::ok(b"ok")]);
    let uri = format!("http://{}", probe.server.addr());
    let mut options = world.trusting()?;
    options.proxy = Some(Proxy { uri, credential });
    let told = send(probe, &format!("https://{HOST}{}", target.path()), &options).await;
    Ok(Tunnel { proxy, target, _server: server, told })
}

async fn answered(probe: &Probe<'_>) -> Step {
    let credential = ("user".to_owned(), Secret::new("secret"));
    let tunnel = through(probe, None, Some(credential)).await?;
    tunnel.told.answer(200, b"ok")?;
    match (tunnel.proxy.requests().as_slice(), tunnel.target.requests().as_slice()) {
        ([asked], [seen]) => {
            let authorization = asked.text("proxy-authorization");
            if asked.method() != "CONNECT"
                || authorization.as_deref() != Some("Basic dXNlcjpzZWNyZXQ=")
            {
                return Err(format!("the proxy saw {asked:?} with {authorization:?}"));
            }
            match seen.text("proxy-authorization") {
                None => Ok(()),
                Some(_) => Err("the credentials went on to the target".to_owned()),
            }
        }
        (asked, seen) => Err(format!("the proxy saw {asked:?}, the target {seen:?}")),
    }
}

async fn wrong_host(probe: &Probe<'_>) -> Step {
    let tunnel = through(probe, Some("other.test"), None).await?;
    match tunnel.told.error() {
        Some(error) if (error.kind(), error.sent()) == (Kind::Tls, Sent::No) => {
            tunnel.told.agrees_with(&tunnel.target.requests())
        }
        _ => Err(format!("was told {}", tunnel.told.summary())),
    }
}
