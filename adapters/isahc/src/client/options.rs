//! What isahc is told of a request: options, and everything that it would do by itself switched off.

use std::time::Duration;

use http::header::{CONTENT_TYPE, EXPECT, HeaderValue};
use http::{Method, Request, Uri};
use http_hook::TransportError;
use http_hook::body::{Body, SourceWatch};
use http_hook::options::{ClientOptions, SendOptions, Timeouts, Verify};
use http_hook::transport::{check_target, leave_framing, refused};
use isahc::AsyncBody;
use isahc::auth::{Authentication, Credentials};
use isahc::config::{Configurable, RedirectPolicy};
use isahc::tls::{Identity, PrivateKey, TlsConfig, TrustStore};

use super::body;

/// The longest limit that libcurl can count. For connecting it is "no limit", since zero is a default there.
const LONGEST: Duration = Duration::from_millis(0x7fff_ffff);
/// The usual limit for connecting: a client has it too, and only another one is told with a request.
const CONNECT: Option<Duration> = Timeouts::usual().connect;
/// How much later than the adapter libcurl gives up, so that an exchange whose future was dropped ends.
const LATER: Duration = Duration::from_secs(1);

/// Switches off what isahc would do by itself: in a client, or in a request where the client is not ours.
pub(crate) fn set_up<C: Configurable>(to: C) -> C {
    to.redirect_policy(RedirectPolicy::None)
        .automatic_decompression(false)
        .connect_timeout(CONNECT.unwrap_or(LONGEST))
        .timeout(Duration::ZERO) // none, and no timer
        .low_speed_timeout(0, Duration::ZERO)
        .proxy(None)
}

/// Makes isahc's request for a client that is [set up](set_up) or not, or says why it may not have this one.
pub(crate) fn to_isahc(
    request: Request<Body>,
    options: &SendOptions,
    is_set_up: bool,
) -> Result<(Request<AsyncBody>, SourceWatch), TransportError> {
    let (mut parts, body) = request.into_parts();
    check_target(&parts.uri)?;
    if parts.headers.values().any(|value| value.to_str().is_err()) {
        return Err(refused("a header value holds a byte that is not visible ASCII"));
    }
    // libcurl would send by itself once more, and on and on, when the server will not (417).
    parts.headers.remove(EXPECT);
    let has_body = !body.is_empty();
    leave_framing(&mut parts.headers, &parts.method, !has_body);
    if has_body && parts.method == Method::POST && !parts.headers.contains_key(CONTENT_TYPE) {
        // libcurl would claim that it is a form.
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(""));
    }
    let mut builder = Request::builder().method(parts.method).uri(parts.uri);
    if let Some(headers) = builder.headers_mut() {
        *headers = parts.headers;
    }
    if !is_set_up {
        builder = set_up(builder);
    }
    if has_body {
        builder = builder.expect_continue(false);
    }
    let (body, source) = body::to_isahc(body);
    let request = configure(builder, options)?.body(body);
    request.map(|own| (own, source)).map_err(|_| refused("the request is not valid"))
}

fn configure(
    mut builder: http::request::Builder,
    options: &SendOptions,
) -> Result<http::request::Builder, TransportError> {
    let ClientOptions { verify, cert, proxy, keep_alive, .. } = &*options.client;
    if options.timeouts.connect != CONNECT {
        let connect = options.timeouts.connect.unwrap_or(LONGEST);
        builder = builder.connect_timeout(connect.clamp(Duration::from_millis(1), LONGEST));
    }
    if let Some(total) = options.timeouts.total {
        builder = builder.timeout(total.saturating_add(LATER).min(LONGEST));
    }
    // Without a list of exceptions, libcurl asks the environment for one.
    if let Some(proxy) = proxy {
        let uri: Uri = proxy.uri.parse().map_err(|_| refused("the proxy's URL is not valid"))?;
        builder = builder.proxy(Some(uri)).proxy_blacklist(Vec::<String>::new());
        if let Some((user, password)) = &proxy.credential {
            let own = Credentials::new(user.as_str(), password.expose());
            builder = builder.proxy_authentication(Authentication::basic()).proxy_credentials(own);
        }
    }
    if let Some(keep_alive) = keep_alive {
        builder = builder.tcp_keepalive(keep_alive.interval);
    }
    if *verify == Verify::System && cert.is_none() {
        return Ok(builder);
    }
    let mut tls = TlsConfig::builder();
    tls = match verify {
        Verify::System => tls,
        Verify::File(path) => tls.trust_store(TrustStore::from_file(path)),
        Verify::Off => tls.danger_accept_invalid_certs(true).danger_accept_invalid_hosts(true),
    };
    if let Some(cert) = cert {
        let key = cert.key.as_ref().unwrap_or(&cert.cert);
        let key = PrivateKey::from_pem_file(key, None);
        tls = tls.identity(Identity::from_pem_file(&cert.cert, Some(key)));
    }
    Ok(builder.tls_config(tls.build()))
}
