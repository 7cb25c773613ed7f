//! A small cookie jar ([RFC 6265bis]) that takes the time as an argument.
//!
//! ```text
//! Set-Cookie ──set──▶ Jar ──header──▶ Cookie
//! ```
//!
//! Why not the crate `cookie_store`: it reads the wall clock, which the core must not, and needs a compiler newer than
//! ours. What is left out is what only a browser needs: `SameSite` and `HttpOnly`.
//!
//! A cookie goes back to the origin that set it and to no other, unless the jar is [for domains](Jar::for_domains): the standard knows
//! no ports and lets a cookie of `http` go to `https`, but here it is a credential like any other.
//!
//! [RFC 6265bis]: https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis

mod date;
pub(crate) mod kept;
mod set_cookie;

use std::fmt;
use std::time::Duration;

use http::HeaderValue;

use crate::base::url::host;
use crate::base::{Bound, Error, ErrorKind, Origin, Scheme, Secret, Timestamp, caught, headers};
use set_cookie::{MAX_PAIR, SetCookie};

/// The most cookies of one host, as the standard wants it at least. The one that was set first goes first.
const MAX_PER_HOST: usize = 50;
/// The most cookies in a jar.
const MAX_IN_ALL: usize = 3000;
/// The longest `Cookie` that is sent, in bytes.
const MAX_HEADER: usize = 16 * 1024;

/// The cookies of a call, or of several. It lives in memory only.
///
/// A cookie goes back to the origin that set it: scheme, host and port.
///
/// # Examples
///
/// ```
/// use http_hook::cookies::Jar;
/// use http_hook::Timestamp;
///
/// let (origin, now) = ("https://api.test".parse()?, Timestamp::default());
/// let mut jar = Jar::default();
/// assert!(jar.set(&origin, "/login", b"session=1; Path=/; Secure", now));
/// assert_eq!(jar.header(&origin, "/v1", now), Some("session=1".parse().unwrap()));
/// assert_eq!(jar.header(&"http://api.test".parse()?, "/v1", now), None);
/// # Ok::<(), http_hook::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Jar {
    /// Whether they go to domains, and not to origins.
    by_domain: bool,
    is_public_suffix: Option<fn(&str) -> bool>,
    /// Those of the caller's own: names and values.
    own: Vec<Bound<(String, Secret)>>,
    /// In the order in which they were first set.
    cookies: Vec<Cookie>,
}

/// Tells how many there are.
impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jar({} cookies)", self.len())
    }
}

#[derive(Clone)]
struct Cookie {
    origin: Origin,
    name: String,
    value: Secret,
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    expires: Option<Timestamp>,
    /// How long it was to be kept when it came, where the server said so in seconds.
    age: Option<Duration>,
}

impl Jar {
    /// Makes an empty jar whose cookies go back to the hosts that the standard says, at any port, and to `https` if `http` set
    /// them. A host whose last label is a number counts as an address: no cookie of it goes to another host.
    #[must_use]
    pub const fn for_domains() -> Self {
        Self { by_domain: true, is_public_suffix: None, own: Vec::new(), cookies: Vec::new() }
    }

    /// Asks `is_public_suffix` whether no cookie may be set for a domain, such as `co.uk`.
    ///
    /// Without it only domains of a single label are refused. It matters [for domains](Self::for_domains) alone. Where it panics the
    /// cookie is refused.
    #[must_use]
    pub const fn with_public_suffixes(mut self, is_public_suffix: fn(&str) -> bool) -> Self {
        self.is_public_suffix = Some(is_public_suffix);
        self
    }

    /// Refuses cookies for the domains of the public suffix list, such as `co.uk`, as it was when the crate `psl` was
    /// built. A domain that the list does not know is none.
    #[cfg(feature = "public-suffixes")]
    #[must_use]
    pub fn with_public_suffix_list(self) -> Self {
        self.with_public_suffixes(|domain| {
            psl::suffix(domain.as_bytes())
                .is_some_and(|suffix| suffix.is_known() && suffix.as_bytes() == domain.as_bytes())
        })
    }

    /// Tells how many cookies there are, expired ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.own.len().saturating_add(self.cookies.len())
    }

    /// The values, of the caller's own those for `home`.
    pub(crate) fn values(&self, home: &Origin) -> Vec<Secret> {
        let own = self.own.iter().filter_map(|own| own.at(home)).map(|(_, value)| value);
        own.chain(self.cookies.iter().map(|cookie| &cookie.value)).cloned().collect()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts a cookie of the caller's own in: for all paths of this origin and for no other origin, even in a jar
    /// [for domains](Self::for_domains), until the jar is dropped or the origin sets one of this name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Header`] if name or value cannot stand in `Cookie`, [`ErrorKind::Limit`] past 4,096 bytes. The
    /// message names neither.
    pub fn insert(&mut self, origin: &Origin, name: &str, value: &Secret) -> Result<(), Error> {
        let text = value.expose();
        let fits = |byte: u8| matches!(byte, b' '..=b'~') && byte != b';';
        let sound =
            name.bytes().chain(text.bytes()).all(fits) && !name.contains('=') && !name.is_empty();
        // A blank before it would be one before all.
        let sound = sound && !name.starts_with(' ');
        if !sound {
            return Err(Error::new(
                ErrorKind::Header,
                "cookies: a name or value that no header may hold",
            ));
        }
        if name.len().saturating_add(text.len()) > MAX_PAIR {
            return Err(Error::new(ErrorKind::Limit, "cookies: one of more than 4,096 bytes"));
        }
        let same =
            |own: &Bound<(String, Secret)>| own.at(origin).is_some_and(|(own, _)| own == name);
        let cookie = Bound::new(origin.clone(), (name.to_owned(), value.clone()));
        match self.own.iter_mut().find(|own| same(own)) {
            Some(own) => *own = cookie,
            None => self.own.push(cookie),
        }
        Ok(())
    }

    /// Takes a `Set-Cookie` of an answer to a request for `path` (without query) at `origin`.
    ///
    /// `false` means that the rules want it ignored; that is no error.
    pub fn set(&mut self, origin: &Origin, path: &str, set_cookie: &[u8], now: Timestamp) -> bool {
        let Ok(text) = std::str::from_utf8(set_cookie) else { return false };
        let Some(set) = SetCookie::read(text, now) else { return false };
        let host = origin.host();
        let is_secure = origin.scheme() == Scheme::Https;
        if set.breaks_its_prefix() || (set.secure && !is_secure) {
            return false;
        }
        let Ok(domain) = set.domain.map(host::normal).transpose() else { return false };
        let domain = match domain.as_deref() {
            Some(domain)
                if domain != host && (self.is_suffix(domain) || !is_within(host, domain)) =>
            {
                return false;
            }
            Some(domain) if domain == host && self.is_suffix(domain) => None,
            other => other,
        };
        let cookie = Cookie {
            origin: origin.clone(),
            name: set.name.to_owned(),
            value: Secret::new(set.value),
            domain: domain.unwrap_or(host).to_owned(),
            host_only: domain.is_none(),
            path: set.path.unwrap_or_else(|| folder(path)).to_owned(),
            secure: set.secure,
            expires: set.expires,
            age: set.age,
        };
        if !is_secure && self.cookies.iter().any(|own| own.is_shielded_from(&cookie)) {
            return false;
        }
        self.cookies.retain(|own| !own.is_over(now));
        if cookie.host_only && cookie.path == "/" {
            self.own.retain(|own| own.at(origin).is_none_or(|(name, _)| *name != cookie.name));
        }
        if cookie.is_over(now) {
            self.cookies.retain(|own| !own.is_same(&cookie));
        } else {
            self.put(cookie);
        }
        true
    }

    /// Makes the `Cookie` of a request for `path` (without query) to `origin`, marked as sensitive.
    ///
    /// Longer paths come first, then the caller's own, then what was set first. What would make it longer than 16 KiB is
    /// left out, of the caller's own last, and a request gets no more than it has room for: a server cannot end later calls by its
    /// cookies.
    #[must_use]
    pub fn header(&self, origin: &Origin, path: &str, now: Timestamp) -> Option<HeaderValue> {
        self.header_within(MAX_HEADER, origin, path, now)
    }

    /// The same where so many bytes are left, up to which those of a server go.
    pub(crate) fn header_within(
        &self,
        room: usize,
        origin: &Origin,
        path: &str,
        now: Timestamp,
    ) -> Option<HeaderValue> {
        let own = self.own.iter().filter_map(|own| own.at(origin));
        let own = own.map(|(name, value)| ("/", name, value, MAX_HEADER));
        let goes =
            |cookie: &&Cookie| cookie.goes_to(self.by_domain, origin, path) && !cookie.is_over(now);
        let set = self.cookies.iter().filter(goes);
        let room = room.min(MAX_HEADER);
        let set = set.map(|cookie| (cookie.path.as_str(), &cookie.name, &cookie.value, room));
        let mut set: Vec<_> = set.collect();
        set.sort_by_key(|(path, ..)| std::cmp::Reverse(path.len()));
        // Those of the caller's own take their room first.
        let mut all: Vec<_> = own.chain(set).collect();
        let mut size = 0_usize;
        all.retain(|(_, name, value, room)| {
            let marks = if size > 0 { "; ".len() } else { 0 };
            let marks = if name.is_empty() { marks } else { marks.saturating_add("=".len()) };
            let own = marks.saturating_add(name.len()).saturating_add(value.expose().len());
            let longer = size.saturating_add(own);
            let fits = longer <= *room;
            size = if fits { longer } else { size };
            fits
        });
        all.sort_by_key(|(path, ..)| std::cmp::Reverse(path.len()));
        let mut text = String::new();
        for (_, name, value, _) in all {
            if !text.is_empty() {
                text.push_str("; ");
            }
            if !name.is_empty() {
                text.push_str(name);
                text.push('=');
            }
            text.push_str(value.expose());
        }
        // A value that no header may hold was refused when it came.
        let mut value = headers::value(text.as_bytes()).ok().filter(|value| !value.is_empty())?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Adds a cookie, or puts it in the place of the one it replaces; past a limit the oldest goes.
    fn put(&mut self, cookie: Cookie) {
        if let Some(own) = self.cookies.iter_mut().find(|own| own.is_same(&cookie)) {
            *own = cookie;
            return;
        }
        let same_host = |own: &Cookie| own.domain == cookie.domain;
        if self.cookies.iter().filter(|own| same_host(own)).count() >= MAX_PER_HOST {
            if let Some(oldest) = self.cookies.iter().position(same_host) {
                self.cookies.remove(oldest);
            }
        }
        if self.cookies.len() >= MAX_IN_ALL {
            self.cookies.remove(0);
        }
        self.cookies.push(cookie);
    }

    fn is_suffix(&self, domain: &str) -> bool {
        // What nobody can tell may be one.
        let is_public = |is_suffix: fn(&str) -> bool| caught(|| is_suffix(domain)).unwrap_or(true);
        !domain.contains('.') || self.is_public_suffix.is_some_and(is_public)
    }
}

impl Cookie {
    fn is_same(&self, other: &Self) -> bool {
        let key = |cookie: &Self| (cookie.host_only, cookie.origin.port());
        key(self) == key(other)
            && self.origin.scheme() == other.origin.scheme()
            && self.name == other.name
            && self.domain == other.domain
            && self.path == other.path
    }

    /// Whether its time is over, or it would be kept for longer than it ever was to be: then it came by a clock that went wrong.
    fn is_over(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now || !expires.is_within(self.age, now))
    }

    /// Whether this one was set over TLS, and `other`, from a connection without, would stand in its way.
    fn is_shielded_from(&self, other: &Self) -> bool {
        self.secure
            && self.name == other.name
            && (is_within(&self.domain, &other.domain) || is_within(&other.domain, &self.domain))
            && is_under(&other.path, &self.path)
    }

    fn goes_to(&self, by_domain: bool, origin: &Origin, path: &str) -> bool {
        let host = origin.host();
        let there = match by_domain {
            false => self.origin == *origin,
            true if self.host_only => host == self.domain,
            true => is_within(host, &self.domain),
        };
        there && is_under(path, &self.path) && (!self.secure || origin.scheme() == Scheme::Https)
    }
}

/// Whether a host is a domain or lies below it, both in their normal form; an address is only itself.
fn is_within(host: &str, domain: &str) -> bool {
    let lies_below = || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    host == domain || !host::is_address(host) && lies_below()
}

/// Whether a path is another or lies below it.
fn is_under(path: &str, above: &str) -> bool {
    match path.strip_prefix(above) {
        Some(rest) => rest.is_empty() || above.ends_with('/') || rest.starts_with('/'),
        None => false,
    }
}

/// The folder of a path, without the slash at its end.
fn folder(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((folder, _)) if folder.starts_with('/') => folder,
        _ => "/",
    }
}
