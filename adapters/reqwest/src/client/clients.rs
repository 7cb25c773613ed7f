//! A client for each set of the options that reqwest can only set for a whole client.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http_hook::options::{ClientCert, ClientOptions, Proxy, SendOptions, Verify};
use http_hook::transport::refused;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use reqwest::{Certificate, Client, ClientBuilder, Identity, redirect, retry};

/// How many clients are kept. One more, and the one that was not used for the longest time goes, with its connections.
pub const MAX_CLIENTS: usize = 16;

/// The shortest limit there is: zero would be none.
const SHORTEST: Duration = Duration::from_millis(1);

pub(crate) struct Clients {
    make: Box<dyn Fn() -> ClientBuilder + Send + Sync>,
    /// The one used last comes first.
    kept: Mutex<Vec<Kept>>,
}

struct Kept {
    options: ClientOptions,
    connect: Option<Duration>,
    client: Client,
}

impl Clients {
    pub(crate) fn new(make: impl Fn() -> ClientBuilder + Send + Sync + 'static) -> Self {
        Self { make: Box::new(make), kept: Mutex::new(Vec::new()) }
    }

    /// Returns the client for these options, made if there is none.
    pub(crate) fn with(&self, options: &SendOptions) -> Result<Client, TransportError> {
        let limits = options.timeouts;
        let connect = limits.connect.map(|limit| limit.max(SHORTEST));
        // What is left of a deadline is another time with each send: then it limits connecting, and any client will do.
        let by_deadline = limits.total.is_some() && limits.connect >= limits.total;
        let fits = |kept: &Kept| {
            (by_deadline || kept.connect == connect) && kept.options == *options.client
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = kept.iter().position(fits) {
            kept[..=index].rotate_right(1);
        } else {
            let connect = connect.filter(|_| !by_deadline);
            let builder = configure((self.make)(), &options.client, connect)?;
            // The text may name what is in the files.
            let client = builder.build().map_err(|_| unusable("reqwest refused the options"))?;
            kept.insert(0, Kept { options: (*options.client).clone(), connect, client });
            kept.truncate(MAX_CLIENTS);
        }
        kept.first().map(|kept| kept.client.clone()).ok_or_else(|| refused("there is no client"))
    }
}

fn configure(
    builder: ClientBuilder,
    options: &ClientOptions,
    connect: Option<Duration>,
) -> Result<ClientBuilder, TransportError> {
    let ClientOptions { verify, cert, proxy, keep_alive, .. } = options;
    let mut builder = builder
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .no_proxy()
        .tcp_keepalive(keep_alive.map(|keep_alive| keep_alive.idle))
        .tcp_keepalive_interval(keep_alive.map(|keep_alive| keep_alive.interval))
        .tcp_keepalive_retries(keep_alive.map(|keep_alive| keep_alive.count));
    if let Some(connect) = connect {
        builder = builder.connect_timeout(connect);
    }
    if let Some(proxy) = proxy {
        builder = builder.proxy(to_reqwest(proxy)?);
    }
    match verify {
        Verify::System => {}
        Verify::Off => builder = builder.tls_danger_accept_invalid_certs(true),
        Verify::File(path) => {
            let wrong = |_| unusable("verify: the file is not PEM");
            let authorities =
                Certificate::from_pem_bundle(&read(path, "verify")?).map_err(wrong)?;
            if authorities.is_empty() {
                return Err(unusable("verify: there is no certificate in the file"));
            }
            builder = builder.tls_certs_only(authorities);
        }
    }
    if let Some(cert) = cert {
        builder = builder.identity(identity(cert)?);
    }
    Ok(builder)
}

fn to_reqwest(proxy: &Proxy) -> Result<reqwest::Proxy, TransportError> {
    let wrong = || refused("the proxy's URL is not valid");
    if !(proxy.uri.starts_with("http://") || proxy.uri.starts_with("https://")) {
        return Err(wrong());
    }
    let own = reqwest::Proxy::all(&proxy.uri).map_err(|_| wrong())?;
    Ok(match &proxy.credential {
        Some((user, password)) => own.basic_auth(user, password.expose()),
        None => own,
    })
}

fn identity(cert: &ClientCert) -> Result<Identity, TransportError> {
    let chain = read(&cert.cert, "cert")?;
    let key = cert.key.as_ref().map(|path| read(path, "the key of cert")).transpose()?;
    let key = key_in(key.as_ref().unwrap_or(&chain));
    let key = key.ok_or_else(|| unusable("the key of cert: there is no PKCS#8 key in the file"))?;
    let wrong = |_| unusable("cert: certificate and key are not of use");
    Identity::from_pkcs8_pem(&chain, key).map_err(wrong)
}

/// Finds the key in a PEM file, which may hold certificates, too.
fn key_in(pem: &[u8]) -> Option<&[u8]> {
    const BEGIN: &[u8] = b"-----BEGIN PRIVATE KEY-----";
    let start = pem.windows(BEGIN.len()).position(|window| window == BEGIN)?;
    pem.get(start..)
}

// A file is read while a future runs, but only when a client is made.
fn read(path: &str, what: &str) -> Result<Vec<u8>, TransportError> {
    fs::read(path).map_err(|error| unusable(&format!("{what}: {error}")))
}

fn unusable(why: &str) -> TransportError {
    TransportError::new(Kind::Tls, Sent::No).with_source(why)
}
