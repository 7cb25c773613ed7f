//! What ureq is told of a send, and everything that it would do by itself switched off.

use std::net::IpAddr;
use std::time::Duration;

use http::{Extensions, Request, Uri};
use http_hook::TransportError;
use http_hook::options::{ClientOptions, Proxy, SendOptions, Timeouts, Verify};
use http_hook::transport::{check_target, refused};
use ureq::Agent;
use ureq::config::{Config, ConfigBuilder};
use ureq::typestate::AgentScope;
use ureq::{ProxyProtocol, SendBody};

use super::tls;

/// The shortest limit there is: zero is one that has passed.
const SHORTEST: Duration = Duration::from_millis(1);
/// How much longer than one of its reads or writes a step may take.
const LATER: Duration = Duration::from_secs(1);

/// Says why ureq may not have a request for `uri`.
pub(crate) fn check(uri: &Uri, options: &SendOptions) -> Result<(), TransportError> {
    check_target(uri)?;
    tls::check(uri)?;
    if uri.scheme_str() == Some("http") && options.client.proxy.is_some() {
        return Err(refused("ureq has no proxy for http targets"));
    }
    Ok(())
}

/// Whether the host of `uri` is an address, so that there is no name to look up.
fn is_by_address(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.parse::<IpAddr>().is_ok()
}

/// Switches off all that ureq would do by itself: in an agent, or in a request. ureq has no public trait for both.
macro_rules! switched_off {
    ($config:expr) => {
        $config
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .accept("")
            .accept_encoding("")
            .proxy(None)
            .timeout_per_call(None)
            .timeout_recv_body(None)
            // ureq counts a body that came at once to the head, if an interim answer was before it. The buffer is a limit, too.
            .max_response_header_size(usize::MAX)
    };
}

/// Tells an agent or a request its limits of time.
macro_rules! limited {
    ($config:expr, $limits:expr) => {{
        let Limits { resolve, connect, step, whole, answer, idle, total } = $limits;
        $config
            .timeout_global(total)
            .timeout_resolve(resolve)
            .timeout_connect(connect)
            .timeout_send_request(whole)
            .timeout_send_body(whole)
            .timeout_recv_response(answer)
            .timeout_per_read(idle)
            .timeout_per_write(step)
    }};
}

/// Limits of time, as ureq counts them.
struct Limits {
    resolve: Option<Duration>,
    connect: Option<Duration>,
    /// For one write.
    step: Option<Duration>,
    /// For all writes of a step.
    whole: Option<Duration>,
    answer: Option<Duration>,
    idle: Option<Duration>,
    total: Option<Duration>,
}

impl Limits {
    fn new(limits: Timeouts, by_address: bool) -> Self {
        let [connect, head, idle, total] = [limits.connect, limits.head, limits.idle, limits.total]
            .map(|limit| limit.map(|limit| limit.max(SHORTEST)));
        // A limit of one read or write stays the same, so that ureq need not tell the socket each time what is left.
        let whole = head.map(|head| head.saturating_add(LATER));
        let answer = if idle.is_some() && idle == head { whole } else { head };
        // ureq resolves before it looks for a kept connection, and with a limit on a thread made for it each time.
        let resolve = connect.filter(|_| !by_address);
        Self { resolve, connect, step: head, whole, answer, idle, total }
    }
}

/// Makes settings that do nothing by themselves and have the usual limits for addresses.
pub(crate) fn set_up(config: ConfigBuilder<AgentScope>) -> Config {
    limited!(switched_off!(config), Limits::new(Timeouts::usual(), true)).build()
}

/// Whether an agent that is [set up](set_up) need be told nothing besides.
pub(crate) fn are_usual(options: &SendOptions, uri: &Uri) -> bool {
    let ClientOptions { verify, cert, proxy, .. } = &*options.client;
    options.timeouts == Timeouts::usual()
        && (is_plain(uri) || *verify == Verify::System && cert.is_none())
        && proxy.is_none()
        && is_by_address(uri)
}

/// Whether there is no TLS on the way to `uri`: then no settings of it count, and no file of theirs is read.
fn is_plain(uri: &Uri) -> bool {
    uri.scheme_str() == Some("http")
}

/// What every other request is told, however it is to be sent.
pub(crate) fn template(agent: &Agent) -> Extensions {
    switched_off!(agent.configure_request(Request::new(()))).build().into_parts().0.extensions
}

/// Tells a request what is particular to it.
pub(crate) fn configure<'a>(
    agent: &Agent,
    request: Request<SendBody<'a>>,
    options: &SendOptions,
) -> Result<Request<SendBody<'a>>, TransportError> {
    let limits = Limits::new(options.timeouts, is_by_address(request.uri()));
    #[cfg(any(feature = "native-tls", feature = "rustls"))]
    let is_plain = is_plain(request.uri());
    let mut request = limited!(agent.configure_request(request), limits);
    if let Some(proxy) = &options.client.proxy {
        request = request.proxy(Some(to_ureq(proxy)?));
    }
    #[cfg(any(feature = "native-tls", feature = "rustls"))]
    if !is_plain {
        if let Some(tls) = tls::laid_over(agent.config().tls_config(), &options.client)? {
            request = request.tls_config(tls);
        }
    }
    Ok(request.build())
}

fn to_ureq(proxy: &Proxy) -> Result<ureq::Proxy, TransportError> {
    let wrong = || refused("the proxy's URL is not valid");
    let uri: Uri = proxy.uri.parse().map_err(|_| wrong())?;
    let protocol = match uri.scheme_str() {
        Some("http") => ProxyProtocol::Http,
        Some("https") => ProxyProtocol::Https,
        _ => return Err(wrong()),
    };
    let mut builder = ureq::Proxy::builder(protocol).host(uri.host().ok_or_else(wrong)?);
    if let Some(port) = uri.port_u16() {
        builder = builder.port(port);
    }
    if let Some((user, password)) = &proxy.credential {
        builder = builder.username(user).password(password.expose());
    }
    builder.build().map_err(|_| wrong())
}
