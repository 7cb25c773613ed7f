//! Which proxy a request goes through, and which authorities are trusted, by options and environment.
//!
//! | target of the proxy, first hit wins | reaches |
//! | --- | --- |
//! | `https://api.test` | one host over one scheme |
//! | `https` | one scheme |
//! | `all://api.test` | one host |
//! | `all` | everything |
//!
//! The variables `http_proxy`, `https_proxy` and `all_proxy` fill the targets that the options leave open. `no_proxy`
//! keeps hosts from proxies of the environment, never from those of the options, as recorded:
//!
//! | entry, parted by commas | matches |
//! | --- | --- |
//! | `*`, alone | every host |
//! | `example.com`, `.example.com` | the host and all below it, by whole labels |
//! | `example.com:8080` | the same at this port only |
//! | `10.0.0.0/8`, `10.1.2.3` | hosts that are written as an IPv4 address |

use core::net::Ipv4Addr;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::base::Origin;
use crate::base::{Error, ErrorKind};
use crate::options::{Proxies, Proxy};

/// The most entries of `no_proxy` that are looked at.
const MAX_ENTRIES: usize = 10_000;

/// The variables that decide about proxies and authorities, passed in as data: the core reads no environment.
///
/// # Examples
///
/// ```
/// use http_hook::options::Environment;
/// use http_hook::{Connection, Hook};
///
/// // In a program: Environment::new(std::env::vars()).
/// let environment = Environment::new([("https_proxy", "http://proxy.test:3128"), ("no_proxy", "inner.test")]);
/// let hook = Hook::builder(&Connection::new().with_host("https://api.test")).environment(environment).build()?;
/// # let _ = hook;
/// # Ok::<(), http_hook::hook::HookError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

/// Tells the names only: a proxy's URL may hold a password.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl Environment {
    /// Takes from all variables of a process those that matter here, and forgets the others.
    pub fn new<N: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        let matters = |name: &str| {
            name.to_ascii_lowercase().ends_with("_proxy")
                || matches!(name, "REQUESTS_CA_BUNDLE" | "CURL_CA_BUNDLE" | "REQUEST_METHOD")
        };
        Self { variables: variables.filter(|(name, _)| matters(name)).collect() }
    }

    /// Returns the file of authorities that stands in where certificates are verified against the system's:
    /// `REQUESTS_CA_BUNDLE`, else `CURL_CA_BUNDLE`.
    #[must_use]
    pub fn ca_bundle(&self) -> Option<&str> {
        self.filled("REQUESTS_CA_BUNDLE").or_else(|| self.filled("CURL_CA_BUNDLE"))
    }

    /// Returns the proxy for `http`, `https` or `all`. The name in lower case wins, even if it is empty.
    ///
    /// A program that serves CGI has the headers of requests in its environment: there `HTTP_PROXY` is a stranger's.
    fn proxy(&self, target: &str) -> Option<&str> {
        let lower = format!("{target}_proxy");
        if let Some(value) = self.variables.get(&lower) {
            return Some(value.as_str()).filter(|value| !value.is_empty());
        }
        if target == "http" && self.variables.contains_key("REQUEST_METHOD") {
            return None;
        }
        self.filled(&lower.to_ascii_uppercase())
    }

    fn no_proxy(&self) -> Option<&str> {
        self.filled("no_proxy").or_else(|| self.filled("NO_PROXY"))
    }

    fn filled(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Chooses the proxy for a request to `origin`; `environment` is `None` where it is not trusted.
///
/// A redirect to another origin asks again.
///
/// # Errors
///
/// [`ErrorKind::Option`] if the variable of the proxy that was chosen holds no URL of a proxy; its value is not
/// quoted. [`ErrorKind::Limit`] if `no_proxy` has more than 10,000 entries.
pub(crate) fn choose(
    proxies: &Proxies,
    environment: Option<&Environment>,
    origin: &Origin,
) -> Result<Option<Proxy>, Error> {
    let host = bare(origin);
    let scheme = origin.scheme().as_str();
    let no_proxy = proxies.no_proxy.as_deref().or_else(|| environment?.no_proxy());
    let environment = match no_proxy {
        Some(list) if bypasses(list, host, origin.port())? => None,
        _ => environment,
    };
    let targets: [Cow<'_, str>; 4] = [
        format!("{scheme}://{host}").into(),
        scheme.into(),
        format!("all://{host}").into(),
        "all".into(),
    ];
    for target in targets {
        // Of two entries for one target the later one counts, as in any object.
        let own = proxies.by_target.iter().rev().find(|(name, _)| *name == target);
        if let Some((_, proxy)) = own {
            return Ok(Some(proxy.clone()));
        }
        if let Some(url) = environment.and_then(|environment| environment.proxy(&target)) {
            let proxy = Proxy::parse(url).map_err(|_| {
                Error::new(ErrorKind::Option, format!("{target}_proxy: not the URL of a proxy"))
            })?;
            return Ok(Some(proxy));
        }
    }
    Ok(None)
}

/// Whether `no_proxy` keeps a host from a proxy.
fn bypasses(no_proxy: &str, host: &str, port: u16) -> Result<bool, Error> {
    if no_proxy.trim() == "*" {
        return Ok(true);
    }
    if no_proxy.split(',').nth(MAX_ENTRIES).is_some() {
        return Err(Error::new(ErrorKind::Limit, "no_proxy: more than 10,000 entries"));
    }
    let address = host.parse::<Ipv4Addr>().ok();
    let mut entries = no_proxy.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    Ok(entries.any(|entry| match address {
        Some(address) => is_in(address, entry),
        None => is_below(host, port, &entry.to_ascii_lowercase()),
    }))
}

fn is_in(address: Ipv4Addr, entry: &str) -> bool {
    let Some((network, bits)) = entry.split_once('/') else {
        return entry.parse() == Ok(address);
    };
    let (Ok(network), Ok(bits @ 1..=32)) = (network.parse::<Ipv4Addr>(), bits.parse::<u32>())
    else {
        return false;
    };
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0);
    address.to_bits() & mask == network.to_bits() & mask
}

fn is_below(host: &str, port: u16, entry: &str) -> bool {
    let entry = entry.trim_start_matches('.');
    let own_port = format!(":{port}");
    let ends = |entry: &str| match host.strip_suffix(entry) {
        Some(rest) => rest.is_empty() || rest.ends_with('.'),
        None => false,
    };
    ends(entry) || entry.strip_suffix(&own_port).is_some_and(|name| !name.is_empty() && ends(name))
}

/// The host without the brackets of an IPv6 address.
fn bare(origin: &Origin) -> &str {
    let host = origin.host();
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}
