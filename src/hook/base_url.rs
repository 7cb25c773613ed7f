//! The base URL of a connection, and how an endpoint and parameters become the target of a request.
//!
//! An endpoint adds a path and a query, and cannot leave the origin. What is sent is what Python's `requests` sends:
//!
//! | step | rule |
//! | --- | --- |
//! | join | one `/` between base and endpoint if neither has one and the endpoint is not empty; both are kept if both have one (`h/` + `/a` is `h//a`); a whole URL is appended as a path |
//! | cut | the fragment goes, from the first `#` on |
//! | dots | `.` and `..` segments are taken out of the whole path, so that `../x` leaves that of the base; escaped ones (`%2e`) are only unescaped |
//! | path | what is not a letter, digit or one of ``-._~!$&'()*+,;=:@/`` is escaped as UTF-8: controls, blanks, `[`, `]`, `\` |
//! | query | the same, with `?` kept |
//! | escapes | hex digits in upper case; unreserved characters unescaped; one invalid escape makes every `%` of its part literal (`%20%zz` is `%2520%25zz`) |
//! | parameters | appended with `?`, or `&` after a query; text is escaped like a query, a blank as `%20` |
//! | empty | an empty path is `/`; a `?` with nothing behind it goes |
//! | limit | a target of more than 65,000 bytes is an error |
//!
//! The base is read by these:
//!
//! | host | rule |
//! | --- | --- |
//! | with `://` | is the base as it stands, `schema` is not looked at; user info becomes a credential (D18); a query is kept and lengthened, a fragment swallows the endpoint, as recorded |
//! | without | is put behind `schema`, or `http`, or `https` if it is empty and that is the connection's type (D5); `@ # ? \` are errors (D1); `::1` gets its brackets |
//! | any | no control characters; ASCII names only, no empty or long label; letter case makes no difference; empty is an error (D19) |
//! | `port` | goes behind the host name (D4); 0 is none; a different port in the host is an error |

use core::net::Ipv6Addr;
use std::fmt;

use bytes::Bytes;
use http::uri::PathAndQuery;
use percent_encoding::percent_decode_str;

use crate::base::Secret;
use crate::base::redact::Whose;
use crate::base::url::joint::Joint;
use crate::base::url::origin::{is_scheme, split_url};
use crate::base::url::requote::{self, Clean};
use crate::base::{Error, ErrorKind};
use crate::base::{Origin, Scheme};
use crate::request::shared::SharedText;
use crate::request::text::CallText;

/// The longest target, in bytes. With the longest origin it stays below what [`Uri`] can hold.
const MAX_TARGET: usize = 65_000;

/// The fields of a connection that make its base URL.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub(crate) struct BaseParts<'a> {
    /// The connection's type; `https` stands for an empty `schema` (D5).
    pub conn_type: Option<&'a str>,
    /// The scheme of the URL. A URI without one leaves it empty, other forms leave it absent: that is `http`.
    pub schema: Option<&'a str>,
    /// A host, perhaps with a port and a path, or a whole URL.
    pub host: Option<&'a str>,
    /// The port; 0 is none.
    pub port: Option<i64>,
    /// Stands for an empty host.
    pub default_host: &'a str,
}

/// Where all requests of a connection go: an origin, and a path that endpoints are appended to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    origin: Origin,
    text: String,
    /// The end of `text`, from the path on.
    rest: String,
    /// Whether `rest` is a path that needs no change.
    rest_is_clean: bool,
    user_info: Option<(String, Secret)>,
}

impl BaseUrl {
    /// Puts the base URL together from the fields of a connection.
    ///
    /// # Errors
    ///
    /// Every problem there is, each naming its field: kind [`UnsupportedScheme`](ErrorKind::UnsupportedScheme) for a scheme
    /// other than `http` and `https`, else [`BaseUrl`](ErrorKind::BaseUrl).
    pub(crate) fn new(parts: &BaseParts<'_>) -> Result<Self, Vec<Error>> {
        let mut errors = Vec::new();
        let port = match parts.port {
            None | Some(0) => None,
            Some(port) => {
                let checked = u16::try_from(port).ok();
                if checked.is_none() {
                    errors.push(bad("connection.port: not from 1 to 65535"));
                }
                checked
            }
        };
        let host = parts.host.filter(|host| !host.is_empty()).unwrap_or(parts.default_host);
        let (place, url) = if host.contains("://") {
            ("connection.host", host.to_owned())
        } else {
            if let Err(error) = check_bare(host) {
                errors.push(error);
            }
            let is_https = parts.conn_type.is_some_and(|name| name.eq_ignore_ascii_case("https"));
            let schema = match parts.schema {
                Some("") if is_https => "https",
                None | Some("") => "http",
                Some(schema) => schema,
            };
            if host.parse::<Ipv6Addr>().is_ok() {
                ("connection.schema", format!("{schema}://[{host}]"))
            } else {
                ("connection.schema", format!("{schema}://{host}"))
            }
        };
        let url = url.as_str();
        match check_scheme(place, url) {
            Err(error) => errors.push(error),
            Ok(()) if errors.is_empty() => {
                return Self::read(url, port).map_err(|error| vec![error]);
            }
            Ok(()) => {}
        }
        Err(errors)
    }

    fn read(url: &str, port: Option<u16>) -> Result<Self, Error> {
        let at_host = |error: Error| Error::new(error.kind(), format!("connection.host: {error}"));
        let url = without_blanks(url);
        let split = split_url(url).map_err(at_host)?;
        let scheme = url.split(':').next().unwrap_or_default();
        let (host, own_port) =
            crate::base::url::origin::split_port(split.host_port).map_err(at_host)?;
        let (origin, authority) = match (own_port, port) {
            (Some(own), Some(port)) if own != port => {
                return Err(bad("connection.port: the host has another port already"));
            }
            (None, Some(port)) => {
                let origin =
                    Origin::new(split.origin.scheme(), host, Some(port)).map_err(at_host)?;
                (origin, format!("{host}:{port}"))
            }
            _ => (split.origin, split.host_port.to_owned()),
        };
        let rest = split.rest.to_owned();
        let text = format!("{scheme}://{authority}{rest}");
        if text.len() > MAX_TARGET {
            return Err(too_long());
        }
        let rest_is_clean = requote::clean(rest.as_bytes()) == Some(Clean::Path);
        let user_info = split.user_info.and_then(credential);
        Ok(Self { origin, text, rest, rest_is_clean, user_info })
    }

    /// Returns the origin: no endpoint can change it.
    #[must_use]
    pub(crate) const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns the base path, as written; it may be empty.
    #[must_use]
    pub(crate) fn path(&self) -> &str {
        self.rest.split(['?', '#']).next().unwrap_or_default()
    }

    /// What follows the origin, as written: path, query and fragment.
    pub(crate) fn rest(&self) -> &str {
        &self.rest
    }

    /// Whether the base has a query of its own.
    pub(crate) fn has_query(&self) -> bool {
        self.rest.contains('?')
    }

    /// Returns login and password that were written in the host, unescaped.
    #[must_use]
    pub(crate) fn user_info(&self) -> Option<(&str, &Secret)> {
        self.user_info.as_ref().map(|(login, password)| (login.as_str(), password))
    }

    /// Returns the base URL as written, without user info. It may have a query.
    #[must_use]
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Tells which part of a target, made of this base and an endpoint, is the connection's.
    pub(crate) fn whose(&self, target: &PathAndQuery) -> Whose {
        let len = target.as_str().len();
        if self.rest.contains(['?', '#']) {
            return Whose::Call { base: None, query: true, len };
        }
        let base = self.path_in_targets();
        let own = target.path().strip_prefix(&base);
        let base = own.filter(|own| own.is_empty() || own.starts_with('/')).map(|_| base.len());
        Whose::Call { base, query: false, len }
    }

    /// The path of the base as it stands in targets, without the `/` at its end.
    fn path_in_targets(&self) -> String {
        let path = requote::requote(self.path(), "");
        path.trim_end_matches('/').to_owned()
    }

    /// Returns what stands behind the path of the base in a target; `None` if it is elsewhere, or the base has no path.
    pub(crate) fn below<'a>(&self, target: &'a PathAndQuery) -> Option<&'a str> {
        let base = self.path_in_targets();
        let own = target.as_str().strip_prefix(&base).filter(|_| !base.is_empty())?;
        (own.is_empty() || own.starts_with(['/', '?'])).then_some(own)
    }

    /// Puts the path of the base before what is [below](Self::below) it.
    pub(crate) fn path_before(&self, own: &str) -> String {
        format!("{}{own}", self.path_in_targets())
    }

    /// Appends an endpoint, unescaped: Airflow's `url_from_endpoint`.
    #[must_use]
    pub(crate) fn url_from_endpoint(&self, endpoint: &str) -> String {
        format!("{}{}{endpoint}", self.text, self.slash(endpoint.as_bytes()))
    }

    /// Makes the target of a call, and ends its planning.
    ///
    /// # Errors
    ///
    /// Kind [`Limit`](ErrorKind::Limit) if the target is longer than 65,000 bytes.
    pub(crate) fn target(&self, text: CallText) -> Result<(SharedText, PathAndQuery), Error> {
        if text.endpoint().len() > MAX_TARGET {
            return Err(too_long());
        }
        let joint = self.joint(text.endpoint()).filter(|_| text.params_are_clean());
        if let Some(joint) = joint {
            let (text, target) = text.share_with_target(&joint);
            return Ok((text, checked(target)?));
        }
        let text = text.share();
        let target = self.requoted(text.endpoint(), &text.params())?;
        Ok((text, target))
    }

    /// Makes the target of what needs a change.
    #[cold]
    pub(super) fn requoted(&self, endpoint: &str, params: &str) -> Result<PathAndQuery, Error> {
        if params.len() > MAX_TARGET {
            return Err(too_long());
        }
        let joined = format!("{}{}{endpoint}", self.rest, self.slash(endpoint.as_bytes()));
        checked(requote::requote(&joined, params).into())
    }

    /// Tells what stands around an endpoint that needs no change, so that its target can be written without one.
    fn joint(&self, endpoint: &[u8]) -> Option<Joint<'_>> {
        if !self.rest_is_clean {
            return None;
        }
        let (len, sign) = match requote::clean(endpoint)? {
            Clean::WithQuery(at) if at.saturating_add(1) != endpoint.len() => (endpoint.len(), "&"),
            Clean::WithQuery(at) => (at, "?"),
            Clean::Path => (endpoint.len(), "?"),
        };
        let slash = self.slash(endpoint);
        let rooted = !self.rest.is_empty() || !slash.is_empty() || endpoint.starts_with(b"/");
        let slash = if rooted { slash } else { "/" };
        Some(Joint { before: [&self.rest, slash], endpoint: len, sign })
    }

    fn slash(&self, endpoint: &[u8]) -> &'static str {
        let parted = endpoint.is_empty() || endpoint.starts_with(b"/") || self.text.ends_with('/');
        if parted { "" } else { "/" }
    }
}

/// Checks a target that was put together.
///
/// # Errors
///
/// Kind [`Limit`](ErrorKind::Limit) if it is longer than 65,000 bytes.
fn checked(target: Bytes) -> Result<PathAndQuery, Error> {
    if target.len() > MAX_TARGET {
        return Err(too_long());
    }
    if !target.starts_with(b"/") {
        return Err(moved());
    }
    PathAndQuery::from_maybe_shared(target).map_err(|_| no_url())
}

/// Shows neither user info nor a query.
impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({}{})", self.origin, self.path())
    }
}

fn check_bare(host: &str) -> Result<(), Error> {
    if host.is_empty() {
        return Err(bad("connection.host: there is none"));
    }
    let name = host.split('/').next().unwrap_or_default();
    let rest = host.get(name.len()..).unwrap_or_default();
    if Scheme::from_name(name.strip_suffix(':').unwrap_or(name)).is_some()
        && (name.ends_with(':') || rest.starts_with("//"))
    {
        return Err(bad("connection.host: a scheme is followed by ://"));
    }
    if host.contains(['@', '#', '?', '\\']) {
        return Err(bad(
            "connection.host: a host without a scheme cannot hold any of @ # ? \\; write https://…",
        ));
    }
    Ok(())
}

/// Tells a missing scheme in the words of the original, less the URL, which may be secret.
fn check_scheme(place: &str, url: &str) -> Result<(), Error> {
    let scheme = without_blanks(url).split(':').next().unwrap_or_default();
    if !is_scheme(scheme) {
        return Err(Error::new(
            ErrorKind::BaseUrl,
            format!("Invalid base URL: Missing scheme ({place}: begin it with http or https)"),
        ));
    }
    if Scheme::from_name(scheme).is_none() {
        return Err(Error::new(
            ErrorKind::UnsupportedScheme,
            format!("{place}: only http and https are supported"),
        ));
    }
    Ok(())
}

/// Blanks before a URL make no difference, as recorded.
fn without_blanks(url: &str) -> &str {
    url.trim_start_matches(|char| char <= ' ')
}

/// Unescapes user info. As recorded, a login alone is none.
fn credential(user_info: &str) -> Option<(String, Secret)> {
    let (login, password) = user_info.split_once(':')?;
    if login.is_empty() && password.is_empty() {
        return None;
    }
    let decode = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    Some((decode(login), Secret::new(decode(password))))
}

fn bad(message: &'static str) -> Error {
    Error::new(ErrorKind::BaseUrl, message)
}

#[cold]
fn moved() -> Error {
    Error::new(ErrorKind::Url, "endpoint: it would change the origin")
}

#[cold]
fn no_url() -> Error {
    Error::new(ErrorKind::Url, "endpoint: it does not make a URL")
}

#[cold]
fn too_long() -> Error {
    Error::new(ErrorKind::Limit, "endpoint: a URL of more than 65,000 bytes")
}
