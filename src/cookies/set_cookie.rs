//! The value of `Set-Cookie`, read as [RFC 6265bis §5.6] wants it.
//!
//! [RFC 6265bis §5.6]: https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-5.6

use std::time::Duration;

use crate::base::Timestamp;
use crate::cookies::date;

/// The longest life of a cookie: 400 days.
const MAX_AGE: Duration = Duration::from_secs(400 * 24 * 60 * 60);
/// The most bytes of name and value together.
pub(super) const MAX_PAIR: usize = 4096;
/// The most bytes of an attribute; a longer one is ignored.
const MAX_ATTRIBUTE: usize = 1024;

/// What a server wants kept.
pub(super) struct SetCookie<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    /// `None`: until the jar is dropped.
    pub(super) expires: Option<Timestamp>,
    /// How long it is to be kept, where that is said in seconds.
    pub(super) age: Option<Duration>,
    /// As written, without its first dot.
    pub(super) domain: Option<&'a str>,
    /// `None`: the folder of the URL that set it.
    pub(super) path: Option<&'a str>,
    pub(super) secure: bool,
}

impl<'a> SetCookie<'a> {
    /// Reads a value; `None` if it has to be ignored as a whole.
    ///
    /// Beyond the standard, a value that is not ASCII is ignored: not every client could send it back.
    pub(super) fn read(text: &'a str, now: Timestamp) -> Option<Self> {
        let is_sound = |byte: u8| byte == b'\t' || (byte.is_ascii() && !byte.is_ascii_control());
        if !text.bytes().all(is_sound) {
            return None;
        }
        let mut parts = text.split(';');
        let (name, value) = pair(parts.next()?);
        // Without a `=` the text is a value that has no name.
        let (name, value) = value.map_or(("", name), |value| (name, value));
        let size = name.len().saturating_add(value.len());
        if size == 0 || size > MAX_PAIR {
            return None;
        }
        let mut read =
            Self { name, value, expires: None, age: None, domain: None, path: None, secure: false };
        let mut max_age = None;
        for (name, value) in parts.map(pair) {
            let value = value.unwrap_or_default();
            if value.len() > MAX_ATTRIBUTE {
                continue;
            }
            match name.to_ascii_lowercase().as_str() {
                "expires" => {
                    let latest = now.after(MAX_AGE);
                    read.expires = date::read(value).map(|date| date.min(latest)).or(read.expires);
                }
                "max-age" => max_age = age(value).or(max_age),
                "domain" => {
                    let domain = value.strip_prefix('.').unwrap_or(value);
                    read.domain = Some(domain).filter(|domain| !domain.is_empty());
                }
                "path" => read.path = Some(value).filter(|path| path.starts_with('/')),
                "secure" => read.secure = true,
                // HttpOnly is for scripts in a page, SameSite for requests from another page: there is no page here.
                _ => {}
            }
        }
        if let Some(age) = max_age {
            let over = Timestamp::default();
            read.expires = Some(if age.is_zero() { over } else { now.after(age) });
            read.age = Some(age);
        }
        Some(read)
    }

    /// Whether the name promises what the attributes do not keep: `__Secure-` and `__Host-`, in any letter case.
    pub(super) fn breaks_its_prefix(&self) -> bool {
        let begins = |text: &str, prefix: &str| {
            text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        if self.name.is_empty() {
            return begins(self.value, "__Secure-") || begins(self.value, "__Host-");
        }
        let host = self.secure && self.domain.is_none() && self.path == Some("/");
        (begins(self.name, "__Secure-") && !self.secure) || (begins(self.name, "__Host-") && !host)
    }
}

fn pair(text: &str) -> (&str, Option<&str>) {
    match text.split_once('=') {
        Some((name, value)) => (trim(name), Some(trim(value))),
        None => (trim(text), None),
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Reads `Max-Age` in seconds, cut at 400 days; none and fewer is no time at all.
fn age(text: &str) -> Option<Duration> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if digits.len() < text.len() {
        return Some(Duration::ZERO);
    }
    // Too many digits to count are too many seconds to wait for.
    Some(digits.parse().map_or(MAX_AGE, Duration::from_secs).min(MAX_AGE))
}
