//! The URL as reqwest takes it, which reads a URL as browsers do: refused where that is another one.

use std::sync::{Mutex, PoisonError};

use http::Uri;
use http::uri::{Authority, Scheme};
use http_hook::TransportError;
use http_hook::transport::{check_reading, check_target, refused};
use reqwest::Url;

/// Reads URLs. It keeps the origin it read last: of a whole URL, that takes the longest.
#[derive(Debug, Default)]
pub(crate) struct Urls {
    last: Mutex<Option<Origin>>,
}

#[derive(Debug)]
struct Origin {
    scheme: Scheme,
    authority: Authority,
    url: Url,
}

impl Urls {
    pub(crate) fn read(&self, uri: &Uri) -> Result<Url, TransportError> {
        check_target(uri)?;
        let mut url = self.origin(uri)?;
        url.set_path(uri.path());
        url.set_query(uri.query());
        let port = url.port_or_known_default();
        check_reading(uri, url.host_str(), port, url.path(), url.query())?;
        Ok(url)
    }

    /// Returns the URL of the origin's root.
    fn origin(&self, uri: &Uri) -> Result<Url, TransportError> {
        let invalid = || refused("the URL is not valid");
        let (scheme, authority) = uri.scheme().zip(uri.authority()).ok_or_else(invalid)?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some(own) if own.scheme == *scheme && own.authority == *authority => {
                return Ok(own.url.clone());
            }
            _ => {}
        }
        let url = Url::parse(&format!("{scheme}://{authority}/")).map_err(|_| invalid())?;
        let (scheme, authority) = (scheme.clone(), authority.clone());
        *last = Some(Origin { scheme, authority, url: url.clone() });
        Ok(url)
    }
}
