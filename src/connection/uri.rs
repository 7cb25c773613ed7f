//! Reads the URI form, `type://login:password@host:port/schema?extra`.
//!
//! The rules are those of Airflow's `Connection.from_uri` over Python's `urlsplit`. What differs: TAB, CR and
//! LF, which Python drops wherever they stand, are an error (D1), and so is an `@` behind the host of a URI without login: there was a
//! bare `/`, `?` or `#` in one, and what stands before it would be taken for the host.

use core::net::Ipv6Addr;
use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::record::{Connection, check_length, invalid, normal_type};
use crate::base::Error;
use crate::base::Secret;
use crate::base::json::push_text;

/// The name in a query whose value is the whole extra.
pub(super) const EXTRA: &str = "__extra__";

impl Connection {
    /// Reads the URI form.
    ///
    /// | part | becomes |
    /// | --- | --- |
    /// | `type` | `conn_type`, lower case, `-` written `_`; never the scheme of the URL |
    /// | `login`, `password` | decoded once; the last `@` and the first `:` part them |
    /// | `host` | decoded and in lower case; `https%3A%2F%2Fhost%2Fpath` is a base URL, as is `http://https://host` |
    /// | `port` | 0 to 65535 |
    /// | `/schema` | `schema`: the scheme of the URL, `http` or `https` |
    /// | `?name=value&…` | `extra`: headers and options; `?__extra__=` holds it as one JSON text |
    /// | `#…` | nothing |
    ///
    /// # Errors
    ///
    /// Kind [`Connection`](crate::ErrorKind::Connection) if the text is not such a URI, kind
    /// [`Limit`](crate::ErrorKind::Limit) if it is longer than [`MAX_TEXT`](Self::MAX_TEXT).
    /// The error names the part and never repeats any of the text.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::Connection;
    ///
    /// let connection = Connection::from_uri("http://svc:p%40ss@api.example.org/https?timeout=5")?;
    /// assert_eq!(connection.schema(), Some("https"));
    /// assert_eq!(connection.login(), Some("svc"));
    /// assert_eq!(connection.extra().map(|extra| extra.expose()), Some(r#"{"timeout": "5"}"#));
    /// # Ok::<(), http_hook::Error>(())
    /// ```
    pub fn from_uri(text: &str) -> Result<Self, Error> {
        check_length(text)?;
        let text = text.trim_start_matches(|c: char| c <= ' ');
        if text.contains(['\t', '\r', '\n']) {
            return Err(invalid("connection: a TAB, CR or LF in a URI has to be percent-encoded"));
        }
        let schemes = text.matches("://").count();
        if schemes > 2 {
            return Err(invalid("connection: `://` stands more than twice in the URI"));
        }
        let conn_type = Parts::split(text)?.scheme;
        let with_protocol = schemes == 2;
        let rest = text.replace(&format!("{conn_type}://"), if with_protocol { "" } else { "//" });
        let before = rest.split("://").next().unwrap_or_default();
        if with_protocol && before.contains(['@', ':']) {
            return Err(invalid(
                "connection: login and port stand after the second `://` of a URI (in a login, password or query write it as `%3A%2F%2F`)",
            ));
        }
        let parts = Parts::split(&rest)?;
        let authority = Authority::split(parts.authority);
        if authority.login.is_none() && parts.has_stray_at {
            return Err(invalid(format!(
                "connection: an `@` stands behind the host, which the first `/`, `?` or `#` ends: {IN_A_LOGIN}"
            )));
        }
        let host = authority.host();
        let host = if with_protocol && !parts.scheme.is_empty() && !host.is_empty() {
            format!("{}://{host}", parts.scheme)
        } else {
            host
        };
        let mut path = parts.path.chars();
        path.next();
        let (extra, extra_is_query) = read_query(parts.query);
        Ok(Self {
            conn_type: Some(normal_type(&conn_type)),
            host: Some(host),
            schema: Some(decode(path.as_str())),
            login: authority.login.map(decode),
            password: authority.password.map(|password| Secret::new(decode(password))),
            port: authority.port()?,
            extra: extra.map(Secret::new),
            extra_is_query,
            ..Self::default()
        })
    }
}

/// A text as Python's `urlsplit` takes it apart, less the fragment.
struct Parts<'a> {
    scheme: String,
    authority: &'a str,
    path: &'a str,
    query: &'a str,
    /// Whether there is an `@` where nobody means one: in the path, the fragment, or the name of a parameter.
    has_stray_at: bool,
}

/// How a login and a password are written.
const IN_A_LOGIN: &str = "in a login or password write `/` as `%2F`, `?` as `%3F`, `#` as `%23`, `@` as `%40`, `:` as `%3A`";

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Result<Self, Error> {
        let legal = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest))
                if scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                    && scheme.chars().all(legal) =>
            {
                (scheme.to_ascii_lowercase(), rest)
            }
            _ => (String::new(), text),
        };
        let has_authority = rest.starts_with("//");
        let (authority, rest) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at_checked(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
            None => None,
        }
        .unwrap_or(("", rest));
        check_brackets(authority)?;
        if authority.contains(SPLITS_WHEN_NORMALISED) {
            return Err(invalid("connection.host: a character that would become `/ ? # @` or `:`"));
        }
        let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let in_name = |pair: &str| pair.split('=').next().is_some_and(|name| name.contains('@'));
        let strays = path.contains('@') || fragment.contains('@') || query.split('&').any(in_name);
        let has_stray_at = has_authority && strays;
        Ok(Self { scheme, authority, path, query, has_stray_at })
    }
}

/// What becomes `/`, `?`, `#`, `@` or `:` (and maybe more) by Unicode's compatibility composition, as a browser
/// applies it to a host.
const SPLITS_WHEN_NORMALISED: [char; 19] = [
    '\u{2047}', '\u{2048}', '\u{2049}', '\u{2100}', '\u{2101}', '\u{2105}', '\u{2106}', '\u{2a74}',
    '\u{fe13}', '\u{fe16}', '\u{fe55}', '\u{fe56}', '\u{fe5f}', '\u{fe6b}', '\u{ff03}', '\u{ff0f}',
    '\u{ff1a}', '\u{ff1f}', '\u{ff20}',
];

/// Refuses brackets that do not hold an IPv6 address and nothing else before the port.
fn check_brackets(authority: &str) -> Result<(), Error> {
    if !authority.contains(['[', ']']) {
        return Ok(());
    }
    let host = authority.rsplit('@').next().unwrap_or_default();
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let is_legal = bracketed.is_some_and(|(address, port)| {
        let (address, zone) = address.split_once('%').unwrap_or((address, "zone"));
        address.parse::<Ipv6Addr>().is_ok()
            && !zone.is_empty()
            && (port.is_empty() || port.starts_with(':'))
    });
    if is_legal {
        return Ok(());
    }
    Err(invalid(
        "connection.host: brackets hold an IPv6 address and nothing else; elsewhere write `[` as `%5B`, `]` as `%5D`",
    ))
}

struct Authority<'a> {
    login: Option<&'a str>,
    password: Option<&'a str>,
    /// Host and port.
    place: &'a str,
}

impl<'a> Authority<'a> {
    fn split(authority: &'a str) -> Self {
        let Some((user, place)) = authority.rsplit_once('@') else {
            return Self { login: None, password: None, place: authority };
        };
        match user.split_once(':') {
            Some((login, password)) => Self { login: Some(login), password: Some(password), place },
            None => Self { login: Some(user), password: None, place },
        }
    }

    fn host(&self) -> String {
        let bracketed = self.place.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
        let before_port = self.place.split(':').next().unwrap_or_default();
        let name = bracketed.map_or(before_port, |(address, _)| address);
        // What follows the first escape keeps its case: it was written for the zone of an IPv6 address.
        let (lower, kept) =
            name.split_at_checked(name.find('%').unwrap_or(name.len())).unwrap_or((name, ""));
        let host = decode(&(lower.to_lowercase() + kept));
        if host.contains('/') { decode(before_port) } else { host }
    }

    fn port(&self) -> Result<Option<i64>, Error> {
        let after_brackets = self.place.split_once(']').map_or(self.place, |(_, rest)| rest);
        let port = after_brackets.split_once(':').map_or("", |(_, port)| port);
        if port.is_empty() {
            return Ok(None);
        }
        let digits = port.bytes().all(|b| b.is_ascii_digit());
        // Any number of leading zeros is fine; a sign, which `parse` would take, is not.
        let value = if digits { port.parse::<u16>().ok() } else { None };
        match value {
            Some(port) => Ok(Some(port.into())),
            None => Err(invalid(format!(
                "connection.port: not a number from 0 to 65535 ({IN_A_LOGIN})"
            ))),
        }
    }
}

/// Makes the extra of a query; tells too whether it is a query's names and values.
fn read_query(query: &str) -> (Option<String>, bool) {
    if query.is_empty() {
        return (None, false);
    }
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut index_of: BTreeMap<String, usize> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")));
        if let Some(earlier) = index_of.get(&name).and_then(|index| pairs.get_mut(*index)) {
            earlier.1 = value;
        } else {
            index_of.insert(name.clone(), pairs.len());
            pairs.push((name, value));
        }
    }
    if let Some((_, extra)) = pairs.iter().find(|(name, _)| name == EXTRA) {
        return (Some(extra.clone()), false);
    }
    let mut extra = String::from("{");
    for (index, (name, value)) in pairs.iter().enumerate() {
        extra.push_str(if index == 0 { "" } else { ", " });
        push_text(&mut extra, name);
        extra.push_str(": ");
        push_text(&mut extra, value);
    }
    extra.push('}');
    (Some(extra), true)
}

/// Undoes percent-encoding once; what is not UTF-8 becomes U+FFFD.
fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
