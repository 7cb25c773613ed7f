//! The URL as reqwest takes it, which reads a URL as browsers do: refused where that is another one.

use std::sync::{Mutex, PoisonError};

use http::Uri;
use http::uri::{Authority, Scheme};
use http_hook::TransportError;
use http_hook::transport::check_target;
use percent_encoding::percent_decode_str;
use reqwest::Url;

use crate::error::refused;

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
        if !same(url.path(), uri.path())
            || !same(url.query().unwrap_or(""), uri.query().unwrap_or(""))
        {
            return Err(refused("reqwest would read the path as another one"));
        }
        Ok(url)
    }

    /// Gives the URL of the origin's root.
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
        let host = url.host_str().zip(uri.host());
        let same_host = host.is_some_and(|(own, meant)| own.eq_ignore_ascii_case(meant));
        let usual = if *scheme == Scheme::HTTPS { 443 } else { 80 };
        if !same_host || url.port_or_known_default() != Some(uri.port_u16().unwrap_or(usual)) {
            return Err(refused("reqwest would read the host as another one"));
        }
        let (scheme, authority) = (scheme.clone(), authority.clone());
        *last = Some(Origin { scheme, authority, url: url.clone() });
        Ok(url)
    }
}

/// Whether two texts differ in nothing but what is escaped.
fn same(one: &str, other: &str) -> bool {
    one == other || percent_decode_str(one).eq(percent_decode_str(other))
}
