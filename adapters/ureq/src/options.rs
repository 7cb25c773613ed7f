//! What ureq is told of a send, and everything that it would do by itself switched off.

use std::fs;
use std::time::Duration;

use http::{Request, Uri};
use http_hook::{
    ClientCert, ClientOptions, Proxy, SendOptions, Sent, TransportError,
    TransportErrorKind as Kind, Verify,
};
use ureq::config::{Config, ConfigBuilder};
use ureq::tls::{Certificate, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};
use ureq::typestate::HttpCrateScope;
use ureq::{ProxyProtocol, SendBody};

use crate::error::refused;

/// The shortest limit there is: zero is one that has passed.
const SHORTEST: Duration = Duration::from_millis(1);

/// Says why ureq may not have a request for `uri`.
pub(crate) fn check(uri: &Uri, options: &SendOptions) -> Result<(), TransportError> {
    match (uri.scheme_str(), uri.authority()) {
        (Some("http" | "https"), Some(authority)) if authority.as_str().contains('@') => {
            Err(refused("the URL holds user info"))
        }
        (Some("http"), Some(_)) if options.client.proxy.is_some() => {
            Err(refused("ureq has no proxy for http targets"))
        }
        (Some("http" | "https"), Some(_)) => Ok(()),
        (Some("http" | "https"), None) => Err(refused("the URL has no host")),
        _ => Err(refused("the URL is neither http nor https")),
    }
}

/// Makes the request that ureq gets.
pub(crate) fn configure<'a>(
    request: ConfigBuilder<HttpCrateScope<SendBody<'a>>>,
    agent: &Config,
    options: &SendOptions,
) -> Result<Request<SendBody<'a>>, TransportError> {
    let ClientOptions { verify, cert, proxy, .. } = &*options.client;
    let limits = options.timeouts;
    let [connect, head, idle, total] = [limits.connect, limits.head, limits.idle, limits.total]
        .map(|limit| limit.map(|limit| limit.max(SHORTEST)));
    let proxy = proxy.as_ref().map(to_ureq).transpose()?;
    let mut request = request
        .http_status_as_error(false)
        .max_redirects(0)
        .allow_non_standard_methods(true)
        .accept("")
        .accept_encoding("")
        .proxy(proxy)
        .timeout_global(total)
        .timeout_per_call(None)
        .timeout_resolve(connect)
        .timeout_connect(connect)
        .timeout_send_request(head)
        .timeout_send_body(head)
        .timeout_recv_response(head)
        .timeout_recv_body(None)
        .timeout_per_read(idle)
        .timeout_per_write(None)
        // ureq counts a body that came at once to the head, if an interim answer was before it. The buffer is a
        // limit, too.
        .max_response_header_size(agent.input_buffer_size());
    if *verify != Verify::System || cert.is_some() {
        request = request.tls_config(tls(agent.tls_config(), verify, cert.as_ref())?);
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

fn tls(
    base: &TlsConfig,
    verify: &Verify,
    cert: Option<&ClientCert>,
) -> Result<TlsConfig, TransportError> {
    let mut tls = TlsConfig::builder()
        .provider(base.provider())
        .root_certs(base.root_certs().clone())
        .client_cert(base.client_cert().cloned());
    match verify {
        Verify::System => {}
        Verify::File(path) => {
            let (authorities, _) = read(path, "verify")?;
            tls = tls.root_certs(RootCerts::new_with_certs(&authorities));
        }
        Verify::Off => tls = tls.disable_verification(true),
    }
    if let Some(ClientCert { cert, key }) = cert {
        let (chain, inside) = read(cert, "cert")?;
        let key = match key {
            Some(path) => read(path, "the key of cert")?.1,
            None => inside,
        };
        let key = key.ok_or_else(|| unusable("cert: there is no key"))?;
        tls = tls.client_cert(Some(ureq::tls::ClientCert::new_with_certs(&chain, key)));
    }
    Ok(tls.build())
}

/// Reads the certificates and the first key of a PEM file.
fn read(
    path: &str,
    what: &str,
) -> Result<(Vec<Certificate<'static>>, Option<PrivateKey<'static>>), TransportError> {
    let pem = fs::read(path).map_err(|error| unusable(&format!("{what}: {error}")))?;
    let (mut certificates, mut key) = (Vec::new(), None);
    for item in parse_pem(&pem) {
        match item.map_err(|_| unusable(&format!("{what}: the file is not PEM")))? {
            PemItem::Certificate(certificate) => certificates.push(certificate),
            PemItem::PrivateKey(own) => key = key.or(Some(own)),
            _ => {}
        }
    }
    if certificates.is_empty() && key.is_none() {
        return Err(unusable(&format!("{what}: nothing of use is in the file")));
    }
    Ok((certificates, key))
}

fn unusable(why: &str) -> TransportError {
    TransportError::new(Kind::Tls, Sent::No).with_source(why)
}
