//! A client for each set of the options that reqwest can only set for a whole client.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http_hook::TransportError;
use http_hook::options::{ClientOptions, Proxy, SendOptions};
use http_hook::transport::refused;
use reqwest::{Client, ClientBuilder, redirect, retry};

use super::tls;

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
        // What is left of a deadline is another time with each send: then it limits connecting, and any client will do that does not
        // give up sooner.
        let by_deadline = limits.total.is_some() && limits.connect >= limits.total;
        let will_do = |own: Option<Duration>| match own {
            own if !by_deadline => own == connect,
            own => own.is_none_or(|own| limits.total.is_some_and(|total| own >= total)),
        };
        let fits = |kept: &Kept| will_do(kept.connect) && kept.options == *options.client;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = kept.iter().position(fits) {
            kept[..=index].rotate_right(1);
        } else {
            let connect = connect.filter(|_| !by_deadline);
            let make = || configure((self.make)(), &options.client, connect);
            let client = tls::build(make, &options.client)?;
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
    let ClientOptions { proxy, keep_alive, .. } = options;
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
