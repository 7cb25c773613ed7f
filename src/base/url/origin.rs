//! The origin of a URL, and the one reader of absolute URLs.
//!
//! ```text
//! https://user:pass@API.example.com:8443/v1?x=1#f
//! scheme  user info  ────authority──────rest─────
//! ```
//!
//! The reader refuses what readers of URLs disagree about: backslashes, control characters, blanks, escapes and
//! characters that are not ASCII in the authority, and numbers that are an address to some and a name to others.

use std::fmt;
use std::hash::{Hash, Hasher};

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Uri};

use super::host;
use crate::base::{Error, ErrorKind};

/// A scheme that is ever contacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Scheme {
    /// In clear text.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// Reads a scheme, in any letter case.
    #[must_use]
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("http") {
            Some(Self::Http)
        } else if name.eq_ignore_ascii_case("https") {
            Some(Self::Https)
        } else {
            None
        }
    }

    /// Returns the scheme in lower case.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Returns the port that is meant where none is written.
    #[must_use]
    pub(crate) const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Scheme, host and port: what a credential is bound to ([RFC 6454 §4]).
///
/// Two origins are equal if all three are. The host has one normal form: lower case, no dot at the end, an IPv6 address as
/// [RFC 5952] writes it. A default port that was written out makes no difference.
///
/// [RFC 5952]: https://www.rfc-editor.org/rfc/rfc5952
/// [RFC 6454 §4]: https://www.rfc-editor.org/rfc/rfc6454#section-4
///
/// # Examples
///
/// ```
/// use http_hook::Origin;
///
/// let origin: Origin = "HTTPS://API.example.com:443/v1".parse()?;
/// assert_eq!(origin.to_string(), "https://api.example.com");
/// assert_eq!(origin, "https://api.example.com".parse()?);
/// assert_ne!(origin, "http://api.example.com".parse()?);
/// # Ok::<(), http_hook::Error>(())
/// ```
#[derive(Clone)]
pub struct Origin {
    scheme: Scheme,
    port: u16,
    authority: Authority,
    host_header: Authority,
}

impl Origin {
    /// Puts an origin together.
    ///
    /// # Errors
    ///
    /// Kind [`BaseUrl`](ErrorKind::BaseUrl) if `host` is not a name in ASCII, an IPv4 address, or an IPv6 address in
    /// brackets, or if `port` is 0. A number that resolvers read as an address (`127.1`, `0x7f.1`) is an error that gives the
    /// address. The message does not name the place.
    pub(crate) fn new(scheme: Scheme, host: &str, port: Option<u16>) -> Result<Self, Error> {
        let host = host::normal(host)?;
        if port == Some(0) {
            return Err(bad("there is no port 0"));
        }
        let own_port = port.unwrap_or(scheme.default_port());
        let authority = match port {
            Some(port) => to_authority(format!("{host}:{port}"))?,
            None => to_authority(host.clone())?,
        };
        let is_default = own_port == scheme.default_port();
        let host_header =
            if is_default && port.is_some() { to_authority(host)? } else { authority.clone() };
        Ok(Self { scheme, port: own_port, authority, host_header })
    }

    /// Returns the scheme.
    #[must_use]
    pub(crate) const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the host in its normal form: lower case, no dot at the end, an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// Returns the port, the scheme's own if none was written.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns host and port as they stand in a URL: a port that was written is kept, even the default one.
    #[must_use]
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Returns the value of `Host`: without the default port.
    #[must_use]
    pub const fn host_header(&self) -> &Authority {
        &self.host_header
    }

    /// The beginning of a URL at this origin, up to the path.
    pub(crate) fn to_url_start(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// Returns the scheme: `http` or `https`.
    #[must_use]
    pub fn http_scheme(&self) -> http::uri::Scheme {
        match self.scheme {
            Scheme::Http => http::uri::Scheme::HTTP,
            Scheme::Https => http::uri::Scheme::HTTPS,
        }
    }
}

impl Origin {
    /// Makes the URL of a target at this origin.
    ///
    /// # Errors
    ///
    /// Kind [`Url`](ErrorKind::Url) if the parts make no URL.
    pub fn join(&self, target: PathAndQuery) -> Result<Uri, Error> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.http_scheme());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(target);
        Uri::from_parts(parts)
            .map_err(|_| Error::new(ErrorKind::Url, "endpoint: it does not make a URL"))
    }
}

impl std::str::FromStr for Origin {
    type Err = Error;

    /// Reads the origin of an absolute URL; user info, path, query and fragment are passed over.
    fn from_str(url: &str) -> Result<Self, Error> {
        split_url(url).map(|split| split.origin)
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        // Most are one and the same text; finding the host in the authority takes a while.
        let (own, others) = (self.authority.as_str(), other.authority.as_str());
        self.scheme == other.scheme
            && self.port == other.port
            && (std::ptr::eq(own, others) || own == others || self.host() == other.host())
    }
}

impl Eq for Origin {}

impl Hash for Origin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.scheme, self.port, self.host()).hash(state);
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host())?;
        if self.port == self.scheme.default_port() { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

/// The parts of an absolute URL.
pub(crate) struct SplitUrl<'a> {
    pub(crate) origin: Origin,
    /// What stands before the last `@` of the authority. It may be secret.
    pub(crate) user_info: Option<&'a str>,
    /// Host and port, as written.
    pub(crate) host_port: &'a str,
    /// Path, query and fragment, as written. It may be empty.
    pub(crate) rest: &'a str,
}

/// Reads an absolute URL with an authority.
pub(crate) fn split_url(url: &str) -> Result<SplitUrl<'_>, Error> {
    let Some((scheme, after)) = url.split_once(':') else {
        return Err(bad("there is no scheme"));
    };
    if !is_scheme(scheme) {
        return Err(bad("there is no scheme"));
    }
    let Some(scheme) = Scheme::from_name(scheme) else {
        return Err(Error::new(ErrorKind::UnsupportedScheme, "only http and https are supported"));
    };
    let Some(after) = after.strip_prefix("//") else {
        return Err(bad("there is no host"));
    };
    if after.chars().any(|c| c.is_ascii_control()) {
        return Err(bad("there is a control character"));
    }
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (authority, rest) = after.split_at_checked(end).unwrap_or((after, ""));
    let (user_info, host_port) = match authority.rsplit_once('@') {
        Some((user_info, host_port)) => (Some(user_info), host_port),
        None => (None, authority),
    };
    if authority.contains('\\') {
        return Err(bad("there is a backslash before the path"));
    }
    let (host, port) = split_port(host_port)?;
    let origin = Origin::new(scheme, host, port)?;
    Ok(SplitUrl { origin, user_info, host_port, rest })
}

/// Tells whether `text` has the form of a scheme ([RFC 3986 §3.1](https://www.rfc-editor.org/rfc/rfc3986#section-3.1)).
pub(crate) fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Parts host and port; a port that is not written, or empty, is `None`.
pub(crate) fn split_port(host_port: &str) -> Result<(&str, Option<u16>), Error> {
    let (host, port) = match host_port.rsplit_once(':') {
        // The last colon of `[::1]` parts nothing.
        Some((_, port)) if port.ends_with(']') => (host_port, ""),
        Some(parts) => parts,
        None => (host_port, ""),
    };
    if port.is_empty() {
        return Ok((host, None));
    }
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(port) if digits => Ok((host, Some(port))),
        _ => Err(bad("the port is not a number from 1 to 65535")),
    }
}

fn to_authority(text: String) -> Result<Authority, Error> {
    Authority::from_maybe_shared(Bytes::from(text)).map_err(|_| bad("not a host and port"))
}

fn bad(message: &'static str) -> Error {
    Error::new(ErrorKind::BaseUrl, message)
}
