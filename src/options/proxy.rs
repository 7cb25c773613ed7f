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
//! | `10.1.2.3`, `::1`, `[::1]` | hosts that are this address, however it is written; IPv4 as IPv6 (`::ffff:10.1.2.3`) is the same |
//! | `10.0.0.0/8`, `fd00::/8` | hosts that are an address of this network |
//! | `example.com:8080`, `10.1.2.3:80`, `[::1]:80` | the same at this port only |
//!
//! A dot at the end of a name makes no difference. A number that only some read as an address, as `127.1` or `10`, is an error where
//! the host is an address.

use core::net::IpAddr;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use crate::base::url::host;
use crate::base::{Error, ErrorKind, Origin};
use crate::options::{Proxies, Proxy};

/// The most entries of `no_proxy` that are looked at.
const MAX_ENTRIES: usize = 10_000;

/// The variables that decide about proxies and authorities, passed in as data: the core reads no environment.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Environment {
    variables: BTreeMap<String, OsString>,
}

/// What is wrong with a proxy or with authorities, by who says it: `no_proxy` stands in options, too.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// An option.
    Option(Error),
    /// A variable of the environment.
    Variable(Error),
}

impl From<Wrong> for Error {
    fn from(wrong: Wrong) -> Self {
        let (Wrong::Option(error) | Wrong::Variable(error)) = wrong;
        error
    }
}

/// Tells the names only: a proxy's URL may hold a password.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl Environment {
    /// Takes from all variables of a process those that matter here, and forgets the others.
    pub(crate) fn new<N: Into<OsString>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut environment = Self::default();
        variables.into_iter().for_each(|(name, value)| environment.take(name.into(), value.into()));
        environment
    }

    fn take(&mut self, name: OsString, value: OsString) {
        if let Some(name) = name.into_string().ok().filter(|name| matters(name)) {
            self.variables.insert(name, value);
        }
    }

    /// Returns the file of authorities that stands in where certificates are verified against the system's:
    /// `REQUESTS_CA_BUNDLE`, else `CURL_CA_BUNDLE`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Option`] if the one that counts is not UTF-8.
    pub(crate) fn ca_bundle(&self) -> Result<Option<&str>, Wrong> {
        self.first(["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
    }

    /// Returns the proxy for `http`, `https` or `all`, with the name of its variable. The name in lower case wins, even if it is empty.
    ///
    /// A program that serves CGI has the headers of requests in its environment: there `HTTP_PROXY` is a stranger's.
    fn proxy(&self, target: &str) -> Option<(String, &OsString)> {
        let lower = format!("{target}_proxy");
        let is_lower = self.variables.contains_key(&lower);
        if !is_lower && target == "http" && self.variables.contains_key("REQUEST_METHOD") {
            return None;
        }
        let name = if is_lower { lower } else { lower.to_ascii_uppercase() };
        let url = self.filled(&name)?;
        Some((name, url))
    }

    /// Whether `no_proxy` keeps a host from proxies of the environment.
    fn bypasses(&self, origin: &Origin) -> Result<bool, Wrong> {
        let list = self.first(["no_proxy", "NO_PROXY"])?;
        list.map_or(Ok(false), |list| bypasses(list, origin)).map_err(Wrong::Variable)
    }

    fn first(&self, names: [&str; 2]) -> Result<Option<&str>, Wrong> {
        let first = names.into_iter().find_map(|name| Some((name, self.filled(name)?)));
        first.map(|(name, value)| text(name, value)).transpose()
    }

    fn filled(&self, name: &str) -> Option<&OsString> {
        self.variables.get(name).filter(|value| !value.is_empty())
    }
}

fn text<'a>(name: &str, value: &'a OsString) -> Result<&'a str, Wrong> {
    value.to_str().ok_or_else(|| variable(name, "not UTF-8"))
}

fn variable(name: &str, why: &str) -> Wrong {
    Wrong::Variable(Error::new(ErrorKind::Option, format!("{name}: {why}")))
}

/// Whether a variable decides about proxies and authorities.
fn matters(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with("_proxy")
        || matches!(name, "REQUESTS_CA_BUNDLE" | "CURL_CA_BUNDLE" | "REQUEST_METHOD")
}

/// Chooses the proxy for a request to `origin`; `environment` is `None` where it is not trusted.
///
/// A redirect to another origin asks again.
///
/// # Errors
///
/// [`ErrorKind::Option`] if the variable of the proxy that was chosen holds no URL of a proxy, or a variable that counts is not UTF-8;
/// its value is not quoted. [`ErrorKind::Limit`] if `no_proxy` has more than 10,000 entries.
pub(crate) fn choose(
    proxies: &Proxies,
    environment: Option<&Environment>,
    origin: &Origin,
) -> Result<Option<Proxy>, Wrong> {
    let host = bare(origin);
    let scheme = origin.scheme().as_str();
    let no_proxy = proxies.no_proxy.as_deref();
    let mut environment = match no_proxy {
        Some(list) if bypasses(list, origin).map_err(Wrong::Option)? => None,
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
        let own = proxies.by_target.iter().rev().find(|(name, _)| is_target(name, &target, origin));
        if let Some((_, proxy)) = own {
            return Ok(Some(proxy.clone()));
        }
        let found = environment.and_then(|all| Some((all, all.proxy(&target)?)));
        if let Some((all, (name, url))) = found {
            // The list of the environment decides nothing before there is a proxy that it may keep a host from.
            if no_proxy.is_none() && all.bypasses(origin)? {
                environment = None;
                continue;
            }
            let proxy = Proxy::parse(text(&name, url)?).map_err(|error| {
                let message = error.message();
                let why = message.strip_prefix("proxy: ").unwrap_or(message);
                variable(&name, &format!("not the URL of a proxy: {why}"))
            })?;
            return Ok(Some(proxy));
        }
    }
    Ok(None)
}

/// Whether the target of a proxy, as somebody wrote it, is this one.
fn is_target(written: &str, target: &str, origin: &Origin) -> bool {
    let same_host = |(scheme, written): (&str, &str)| {
        let begins = target.split_once("://").is_some_and(|(own, _)| own == scheme);
        begins && host::means(written, origin.host())
    };
    written == target || written.split_once("://").is_some_and(same_host)
}

/// Whether `no_proxy` keeps a host from a proxy.
fn bypasses(no_proxy: &str, origin: &Origin) -> Result<bool, Error> {
    if no_proxy.trim() == "*" {
        return Ok(true);
    }
    if no_proxy.split(',').nth(MAX_ENTRIES).is_some() {
        return Err(Error::new(ErrorKind::Limit, "no_proxy: more than 10,000 entries"));
    }
    let port = format!(":{}", origin.port());
    let Some(address) = host::address(origin.host()) else {
        return Ok(entries(no_proxy).any(|entry| is_below(origin.host(), &port, entry)));
    };
    for entry in entries(no_proxy) {
        check_entry(entry)?;
        let at_port = entry.strip_suffix(&port).is_some_and(|entry| is_in(address, entry));
        if at_port || is_in(address, entry) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn entries(no_proxy: &str) -> impl Iterator<Item = &str> {
    no_proxy.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

/// Checks that every address in a list is one that all readers take for the same.
///
/// # Errors
///
/// Kind [`Option`](ErrorKind::Option), telling the address that a number stands for.
pub(super) fn check_no_proxy(no_proxy: &str) -> Result<(), Error> {
    entries(no_proxy).take(MAX_ENTRIES).try_for_each(check_entry)
}

fn check_entry(entry: &str) -> Result<(), Error> {
    let refused =
        |why: &str| Error::new(ErrorKind::Option, format!("no_proxy: an entry that is {why}"));
    if let Some((network, _)) = entry.split_once('/') {
        let checked = host::check_numbers(network);
        return checked.map_err(|_| refused("a network whose address is not four numbers"));
    }
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let name = match entry.split_once(':') {
        Some((name, port)) if is_number(port) => name,
        _ => entry,
    };
    host::check_numbers(name).map_err(|error| refused(error.message()))
}

/// Checks that the target of a proxy names no number that only some read as an address.
///
/// # Errors
///
/// Kind [`BaseUrl`](ErrorKind::BaseUrl), telling the address.
pub(super) fn check_target(target: &str) -> Result<(), Error> {
    target.split_once("://").map_or(Ok(()), |(_, host)| host::check_numbers(host))
}

/// Whether an address is this one, or of this network.
fn is_in(address: IpAddr, entry: &str) -> bool {
    let Some((network, bits)) = entry.split_once('/') else {
        return host::address(entry) == Some(address);
    };
    let bare = network.strip_prefix('[').and_then(|network| network.strip_suffix(']'));
    let network = match bare {
        Some(network) => network.parse().ok().map(IpAddr::V6),
        None => network.parse().ok(),
    };
    let (Some(network), Ok(bits)) = (network, bits.parse::<u32>()) else {
        return false;
    };
    // Of IPv4 there is no more than the last 32 bits in a network of IPv6.
    if address.is_ipv4() && network.is_ipv6() && bits < 96 {
        return false;
    }
    let unused = match network {
        IpAddr::V4(_) => 32_u32.checked_sub(bits),
        IpAddr::V6(_) => 128_u32.checked_sub(bits),
    };
    // Of no bits there is one network alone, that of everything.
    let Some(unused) = unused.filter(|_| bits > 0 || network.is_unspecified()) else {
        return false;
    };
    let masked = |address| all_bits(address).checked_shr(unused).unwrap_or(0);
    masked(address) == masked(network)
}

/// The bits of an address as one of IPv6.
fn all_bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// Whether a name is this one, or lies below it.
fn is_below(host: &str, port: &str, entry: &str) -> bool {
    let ends = |entry: &str| {
        let entry = entry.strip_suffix('.').unwrap_or(entry);
        let rest = host.strip_suffix(&entry.to_ascii_lowercase());
        !entry.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let entry = entry.trim_start_matches('.');
    ends(entry) || entry.strip_suffix(port).is_some_and(ends)
}

/// The host without the brackets of an IPv6 address.
fn bare(origin: &Origin) -> &str {
    let host = origin.host();
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}
