//! Method and URL as telemetry may have them.

use std::collections::BTreeSet;

use http::uri::Scheme;
use http::{Method, Uri};

/// What stands for a value that was taken out.
const REDACTED: &str = "REDACTED";

/// The methods that are told by name unless others are given.
const KNOWN: [&str; 10] =
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"];

/// What is told of requests.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) known: BTreeSet<String>,
    pub(super) keep_query: BTreeSet<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { known: KNOWN.map(str::to_owned).into(), keep_query: BTreeSet::new() }
    }
}

impl Rules {
    /// Gives the method, or nothing if it is not among the known ones: each name would be a series of its own.
    pub(super) fn method<'a>(&self, method: &'a Method) -> Option<&'a str> {
        Some(method.as_str()).filter(|method| self.known.contains(*method))
    }

    /// Gives the URL without user info and without the values of the query, but for those to be kept.
    pub(super) fn url(&self, uri: &Uri) -> String {
        let mut url = String::new();
        if let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) {
            url.push_str(scheme.as_str());
            url.push_str("://");
            let authority = authority.as_str();
            match authority.rsplit_once('@') {
                None => url.push_str(authority),
                Some((info, host)) => {
                    url.push_str(REDACTED);
                    if info.contains(':') {
                        url.push(':');
                        url.push_str(REDACTED);
                    }
                    url.push('@');
                    url.push_str(host);
                }
            }
        }
        url.push_str(uri.path());
        for (index, pair) in uri.query().into_iter().flat_map(|query| query.split('&')).enumerate()
        {
            url.push(if index == 0 { '?' } else { '&' });
            match pair.split_once('=') {
                Some((name, _)) if self.keep_query.contains(name) => url.push_str(pair),
                Some((name, _)) => {
                    url.push_str(name);
                    url.push('=');
                    url.push_str(REDACTED);
                }
                None if pair.is_empty() => {}
                None => url.push_str(REDACTED),
            }
        }
        url
    }
}

/// Gives the host without the brackets of an IPv6 address.
pub(super) fn address(uri: &Uri) -> &str {
    let host = uri.host().unwrap_or_default();
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Gives the port, that of the scheme if the URL has none.
pub(super) fn port(uri: &Uri) -> u16 {
    let usual = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    uri.port_u16().unwrap_or(usual)
}
