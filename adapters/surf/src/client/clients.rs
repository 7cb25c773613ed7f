//! The clients under a transport, set up so that they do no more than they are told.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::uri::Authority;
use surf::Client;

use super::SurfTransport;

/// Who has answered, or so it may be: a bit of 65,536 for each, so that two seldom share one.
#[derive(Clone, Debug)]
pub(crate) struct Answered(Arc<[AtomicU64; 1024]>);

impl Default for Answered {
    fn default() -> Self {
        Self(Arc::new(std::array::from_fn(|_| AtomicU64::new(0))))
    }
}

impl Answered {
    pub(crate) fn has(&self, who: Option<&Authority>) -> bool {
        let (word, bit) = self.place(who);
        word.load(Ordering::SeqCst) & bit != 0
    }

    pub(crate) fn add(&self, who: Option<&Authority>) {
        let (word, bit) = self.place(who);
        word.fetch_or(bit, Ordering::SeqCst);
    }

    fn place(&self, who: Option<&Authority>) -> (&AtomicU64, u64) {
        let mut hasher = DefaultHasher::new();
        who.hash(&mut hasher);
        let [low, high, bit, ..] = hasher.finish().to_ne_bytes();
        let word = u16::from_ne_bytes([low, high]) % 1024;
        (&self.0[usize::from(word)], 1 << (bit % 64))
    }
}

impl SurfTransport {
    /// Makes a transport of your client, which has to be one that keeps no connections, and says so in its
    /// [`Config`](surf::Config).
    ///
    /// Over kept connections libcurl sends an empty POST again when one has died, and async-h1 gives out the answer to
    /// a request that was given up as the answer to the next. What else surf's own clients do by themselves stays so: with
    /// libcurl a HEAD ends with the limit of time only, gzip is undone, and proxies are taken from the environment;
    /// [`curl`](Self::curl) has that mended. A limit of time, middleware and the like of your client are outside the hook's care.
    ///
    /// # Errors
    ///
    /// [`KeepsConnections`] if its `Config` says so, which is the default.
    pub fn new(client: Client) -> Result<Self, KeepsConnections> {
        if client.config().http_config.http_keep_alive {
            return Err(KeepsConnections);
        }
        Ok(Self { fresh: client, kept: None, answered: Answered::default(), is_h1: false })
    }

    /// Makes a transport over libcurl, with what surf's client for it does by itself mended. It keeps connections, but not
    /// for requests that libcurl would send twice.
    ///
    /// # Errors
    ///
    /// isahc's error if it cannot start.
    #[cfg(feature = "curl-client")]
    pub fn curl() -> Result<Self, isahc::Error> {
        let fresh = libcurl::wrap(libcurl::builder().connection_cache_size(0))?;
        let kept = Some(libcurl::wrap(libcurl::builder())?);
        Ok(Self { fresh, kept, answered: Answered::default(), is_h1: false })
    }

    /// Makes a transport over async-h1. It connects anew for each request.
    #[cfg(feature = "h1-client")]
    #[must_use]
    pub fn h1() -> Self {
        let config = http_client::Config::new().set_http_keep_alive(false).set_timeout(None);
        let Ok(client) = http_client::h1::H1Client::try_from(config);
        let fresh = Client::with_http_client(client);
        Self { fresh, kept: None, answered: Answered::default(), is_h1: true }
    }
}

/// A client keeps connections, with which surf's clients are not to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client keeps connections")]
pub struct KeepsConnections;

#[cfg(feature = "curl-client")]
mod libcurl {
    use http_client::isahc::IsahcClient;
    use isahc::config::{Configurable, VersionNegotiation};
    use isahc::http::{Method, Request};
    use isahc::interceptor::{Context, Interceptor, InterceptorFuture};
    use isahc::{Body, Error, HttpClient, HttpClientBuilder};
    use surf::Client;

    use crate::client::silence::{hush, silently};

    pub(super) fn builder() -> HttpClientBuilder {
        let builder = HttpClient::builder().interceptor(WithoutBody);
        // HTTP/2 would share a connection that is in use.
        let builder = builder.version_negotiation(VersionNegotiation::http11());
        builder.automatic_decompression(false).proxy(None)
    }

    /// Builds a client whose traces reach nobody.
    pub(super) fn wrap(builder: HttpClientBuilder) -> Result<Client, Error> {
        let client = silently(|| builder.build())?;
        hush(&client);
        Ok(Client::with_http_client(IsahcClient::from_client(client)))
    }

    /// surf gives every request a body, if an empty one. For libcurl a HEAD that has one is an upload: it would wait
    /// for the body of the answer.
    struct WithoutBody;

    impl Interceptor for WithoutBody {
        type Err = Error;

        fn intercept<'a>(
            &'a self,
            mut request: Request<Body>,
            context: Context<'a>,
        ) -> InterceptorFuture<'a, Error> {
            let means_content =
                matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
            if request.body().len() == Some(0) && !means_content {
                *request.body_mut() = Body::empty();
            }
            Box::pin(async move { context.send(request).await })
        }
    }
}
