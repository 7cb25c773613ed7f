//! What ureq is told of a send, and everything that it would do by itself switched off.

use std::time::Duration;

use http::{Request, Uri};
use http_hook::TransportError;
use http_hook::options::{ClientOptions, Proxy, SendOptions, Timeouts, Verify};
use http_hook::transport::{check_target, refused};
use ureq::config::{Config, ConfigBuilder};
use ureq::typestate::AgentScope;
use ureq::{Agent, ProxyProtocol, SendBody};

/// The shortest limit there is: zero is one that has passed.
const SHORTEST: Duration = Duration::from_millis(1);
/// How much longer than one of its reads or writes a step may take.
const LATER: Duration = Duration::from_secs(1);

/// Says why ureq may not have a request for `uri`.
pub(crate) fn check(uri: &Uri, options: &SendOptions) -> Result<(), TransportError> {
    check_target(uri)?;
    match is_plain(uri) {
        true if options.client.proxy.is_some() => {
            Err(refused("ureq has no proxy for http targets"))
        }
        false if !super::HAS_TLS => {
            Err(refused("https needs the feature native-tls or rustls of http-hook-ureq"))
        }
        _ => Ok(()),
    }
}

/// Whether the host of a [checked](check) `uri` is an address, so that there is no name to look up: in brackets, or one whose last label
/// is a number.
fn is_by_address(uri: &Uri) -> bool {
    let authority = uri.authority().map_or(&[][..], |own| own.as_str().as_bytes());
    let host = authority.split(|byte| *byte == b':').next().unwrap_or_default();
    let last = host.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    authority.starts_with(b"[") || !last.is_empty() && last.iter().all(u8::is_ascii_digit)
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

/// Tells an agent or a request its limits of time, as ureq counts them.
macro_rules! limited {
    ($config:expr, $limits:expr, $by_address:expr) => {{
        let limits: Timeouts = $limits;
        let [connect, head, idle, total] = [limits.connect, limits.head, limits.idle, limits.total]
            .map(|limit| limit.map(|limit| limit.max(SHORTEST)));
        // A limit of one read or write stays the same, so that ureq need not tell the socket each time what is left.
        let whole = head.map(|head| head.saturating_add(LATER));
        $config
            .timeout_global(total)
            // ureq resolves before it looks for a kept connection, and with a limit on a thread made for it each time.
            .timeout_resolve(connect.filter(|_| !$by_address))
            .timeout_connect(connect)
            .timeout_send_request(whole)
            // An upload that goes on is not cut off: each write of it has the limit.
            .timeout_send_body(None)
            .timeout_recv_response(if idle.is_some() && idle == head { whole } else { head })
            .timeout_per_read(idle)
            .timeout_per_write(head)
    }};
}

/// Makes settings that do nothing by themselves and have the usual limits for addresses.
pub(crate) fn set_up(config: ConfigBuilder<AgentScope>) -> Config {
    limited!(switched_off!(config), Timeouts::usual(), true).build()
}

/// Whether an agent that is [set up](set_up) need be told nothing besides.
fn are_usual(options: &SendOptions, uri: &Uri) -> bool {
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

/// Tells a request what is particular to it, and all else if the agent is not [set up](set_up).
pub(crate) fn configure<'a>(
    agent: &Agent,
    is_set_up: bool,
    request: Request<SendBody<'a>>,
    options: &SendOptions,
) -> Result<Request<SendBody<'a>>, TransportError> {
    if is_set_up && are_usual(options, request.uri()) {
        return Ok(request);
    }
    let by_address = is_by_address(request.uri());
    #[cfg(any(feature = "native-tls", feature = "rustls"))]
    let tls = super::tls::laid_over(agent, is_plain(request.uri()), &options.client)?;
    let mut request = agent.configure_request(request);
    if !is_set_up {
        request = switched_off!(request);
    }
    request = limited!(request, options.timeouts, by_address);
    if let Some(proxy) = &options.client.proxy {
        request = request.proxy(Some(to_ureq(proxy)?));
    }
    #[cfg(any(feature = "native-tls", feature = "rustls"))]
    let request = request.tls_config(tls);
    Ok(request.build())
}

fn to_ureq(proxy: &Proxy) -> Result<ureq::Proxy, TransportError> {
    let wrong = || refused("the proxy's URL is not valid");
    let own = ureq::Proxy::new(&proxy.uri).map_err(|_| wrong())?;
    if !matches!(own.protocol(), ProxyProtocol::Http | ProxyProtocol::Https) {
        return Err(wrong());
    }
    let mut builder = ureq::Proxy::builder(own.protocol()).host(own.host()).port(own.port());
    if let Some((user, password)) = &proxy.credential {
        builder = builder.username(user).password(password.expose());
    }
    builder.build().map_err(|_| wrong())
}
