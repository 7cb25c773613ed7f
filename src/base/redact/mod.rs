//! What people, logs and stores may see of a request: the one redactor.
//!
//! What came from a stored connection is hidden because it is of the connection, whatever it is called. What the call
//! itself says is shown, unless its name sounds like that of a secret. What came from a server (a redirect) or leads to a
//! token endpoint is shown as its origin alone.
//!
//! | part | shown |
//! | --- | --- |
//! | scheme, host, port | as they are |
//! | user info | never |
//! | base path of the connection | `/***`, unless the program [says](crate::hook::HookBuilder::show_base) that it is no secret |
//! | query of the connection, and what a scheme appends | `***` |
//! | endpoint and query of the call | as they are; `***` for what [may be secret](pieces): the value of a name that [sounds so](sounds_secret), user info of a URL |
//! | redirect targets, token endpoints | `/***` |

mod names;
mod pieces;

use std::borrow::Cow;
use std::fmt;

use http::uri::Scheme;
use http::{Request, Uri};

use pieces::tells;

use crate::base::url::requote::{clean, requote};

pub use names::sounds_secret;
pub(crate) use pieces::{Piece, path as path_pieces, query as query_pieces, somewhere, unescaped};

/// What stands in the place of something hidden.
pub(crate) const HIDDEN: &str = "***";

/// Headers whose value may be shown and written down if the call itself gives them.
const OPEN_HEADERS: [&str; 20] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "date",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "pragma",
    "prefer",
    "range",
    "user-agent",
];

/// Whether a header that the call gives may be shown and written down. Its value may hold a URL, or a pair, with a colon too.
pub(crate) fn is_open(name: &str, value: &str) -> bool {
    OPEN_HEADERS.contains(&name) && !tells(value, true)
}

/// Which part of a request's target is whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// None of it is the call's.
    Hidden,
    /// So many bytes of the path, and the whole query if it says so, are the connection's; what follows the target of the call
    /// is a scheme's.
    Call {
        /// The bytes of the path that are the connection's; `None`: all of it.
        base: Option<usize>,
        /// Whether the query is the connection's, too.
        query: bool,
        /// The bytes of path and query before a scheme added to it.
        len: usize,
    },
}

/// The URL of a request as it may be shown: `Display` hides what is the connection's, and what sounds secret.
///
/// # Examples
///
/// ```
/// use http_hook::observe::{Event, Observer};
///
/// let print = |event: &Event<'_>| {
///     if let Event::Send { method, url, .. } = event {
///         println!("{method} {url}"); // GET https://api.example.com/***/orders?page=2&token=***
///     }
/// };
/// # let _: &dyn Observer = &print;
/// ```
#[derive(Clone, Copy)]
pub struct ShownUrl<'a> {
    uri: &'a Uri,
    whose: Whose,
}

impl<'a> ShownUrl<'a> {
    pub(crate) const fn new(uri: &'a Uri, whose: Whose) -> Self {
        Self { uri, whose }
    }

    /// Returns the scheme, `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &'a str {
        self.uri.scheme_str().unwrap_or_default()
    }

    /// Returns the host, an IPv6 address without its brackets.
    #[must_use]
    pub fn host(&self) -> &'a str {
        let host = self.uri.host().unwrap_or_default();
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// Returns the port, that of the scheme if the URL has none.
    #[must_use]
    pub fn port(&self) -> u16 {
        let usual = if self.uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
        self.uri.port_u16().unwrap_or(usual)
    }

    /// Returns the text, with another mark than `***` in the place of what is hidden.
    #[must_use]
    pub fn with_mark(&self, mark: &str) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text, mark);
        text
    }

    /// Returns the path alone.
    pub(crate) fn path_with_mark(&self, mark: &str) -> String {
        let mut text = String::new();
        let _ = self.write_path(&mut text, mark);
        text
    }

    /// Returns the query alone, if there is one that is not hidden with the path.
    pub(crate) fn query_with_mark(&self, mark: &str) -> Option<String> {
        let mut text = String::new();
        let _ = self.write_query(&mut text, mark);
        text.strip_prefix('?').map(str::to_owned)
    }

    fn write(&self, out: &mut dyn fmt::Write, mark: &str) -> fmt::Result {
        if let (Some(scheme), Some(authority)) = (self.uri.scheme(), self.uri.authority()) {
            let authority = authority.as_str();
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            write!(out, "{scheme}://{host}")?;
        }
        self.write_path(out, mark)?;
        self.write_query(out, mark)
    }

    fn write_path(&self, out: &mut dyn fmt::Write, mark: &str) -> fmt::Result {
        let path = self.uri.path();
        match self.whose {
            Whose::Hidden if path == "/" && self.uri.query().is_none() => out.write_str("/"),
            Whose::Call { base: Some(base), .. } => {
                if base > 0 {
                    write!(out, "/{mark}")?;
                }
                let own = path.get(base..).unwrap_or_default();
                write_pieces(out, mark, |show| path_pieces(own, show))
            }
            Whose::Hidden | Whose::Call { base: None, .. } => write!(out, "/{mark}"),
        }
    }

    fn write_query(&self, out: &mut dyn fmt::Write, mark: &str) -> fmt::Result {
        let Some(query) = self.uri.query() else { return Ok(()) };
        let len = match self.whose {
            Whose::Hidden => return Ok(()),
            Whose::Call { query: true, .. } => return write!(out, "?{mark}"),
            Whose::Call { len, .. } => len,
        };
        let own = len.saturating_sub(self.uri.path().len()).saturating_sub(1);
        let (own, added) = query.split_at_checked(own.min(query.len())).unwrap_or((query, ""));
        out.write_char('?')?;
        write_pieces(out, mark, |show| query_pieces(own, show))?;
        match (added.is_empty(), own.is_empty()) {
            (true, _) => Ok(()),
            (false, true) => out.write_str(mark),
            (false, false) => write!(out, "&{mark}"),
        }
    }
}

/// A path of the call alone, as it may be shown: as it is sent, so that it says no more than the URL does.
pub(crate) fn shown_path(path: &str) -> String {
    let (mut text, sent) = (String::new(), sent_path(path));
    // Writing to a String cannot fail.
    let _ = write_pieces(&mut text, HIDDEN, |show| path_pieces(&sent, show));
    text
}

/// What of a path that was given is sent of it: without dots, and escaped.
pub(crate) fn sent_path(path: &str) -> Cow<'_, str> {
    match clean(path.as_bytes()) {
        Some(_) => Cow::Borrowed(path),
        None => Cow::Owned(requote(path, "")),
    }
}

/// The same of a query.
pub(crate) fn sent_query(query: &str) -> String {
    let target = requote(&format!("/?{query}"), "");
    target.strip_prefix("/?").unwrap_or_default().to_owned()
}

fn write_pieces<'a>(
    out: &mut dyn fmt::Write,
    mark: &str,
    of: impl FnOnce(&mut dyn FnMut(Piece<'a>)),
) -> fmt::Result {
    let mut result = Ok(());
    of(&mut |piece| {
        let text = if let Piece::Open(text) = piece { text } else { mark };
        result = result.and_then(|()| out.write_str(text));
    });
    result
}

impl fmt::Display for ShownUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, HIDDEN)
    }
}

impl fmt::Debug for ShownUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, HIDDEN)
    }
}

/// A request without its path, its query, the values of its headers and its body, for whoever does not know what of
/// it is the connection's.
pub(crate) struct ShownRequest<'a, B>(pub(crate) &'a Request<B>);

impl<B: fmt::Debug> fmt::Debug for ShownRequest<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.headers().keys().collect();
        let url = ShownUrl::new(self.0.uri(), Whose::Hidden);
        write!(f, "{} {url} {names:?} {:?}", self.0.method(), self.0.body())
    }
}

/// Finds the known name that is nearest to one that is not known, for a hint: in any case, and so near that it may be a slip of the pen. The
/// unknown one may be anything, a secret too, and is better not repeated.
///
/// # Examples
///
/// ```
/// use http_hook::connection::nearest;
///
/// assert_eq!(nearest("Slaes", ["orders", "sales"]), Some("sales"));
/// assert_eq!(nearest("hunter2hunter2", ["orders", "sales"]), None);
/// ```
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = unknown.to_lowercase();
    let known = known.into_iter();
    let near = known.map(|name| (distance(&lower, &name.to_lowercase()), name)).min()?;
    (near.0 <= near.1.chars().count().div_ceil(3)).then_some(near.1)
}

/// How many letters have to be put in, taken out, or changed; long texts are far from everything.
fn distance(a: &str, b: &str) -> usize {
    if a.len() > 64 || b.len() > 64 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i.saturating_add(1);
        for (to, above) in b.iter().zip(row.iter_mut().skip(1)) {
            let changed = diagonal.saturating_add(usize::from(from != *to));
            let best = changed.min(above.saturating_add(1)).min(left.saturating_add(1));
            diagonal = *above;
            *above = best;
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i.saturating_add(1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_shows_what_is_the_call_s() {
        let call = |base, query, len| Whose::Call { base, query, len };
        let rows = [
            // URL                                    whose                         shown
            (
                "https://h.test/v1/orders?page=2",
                call(Some(3), false, 17),
                "https://h.test/***/orders?page=2",
            ),
            ("https://h.test/orders", call(Some(0), false, 7), "https://h.test/orders"),
            (
                "https://h.test/a?token=t&%74oken=t&x=1",
                call(Some(0), false, 30),
                "https://h.test/a?token=***&%74oken=***&x=1",
            ),
            ("https://h.test/a?x=1&k=S", call(Some(0), false, 6), "https://h.test/a?x=1&***"),
            ("https://h.test/a?k=S", call(Some(0), false, 2), "https://h.test/a?***"),
            ("https://h.test/a?k=S", call(None, true, 6), "https://h.test/***?***"),
            ("https://h.test:8443/a?k=S", Whose::Hidden, "https://h.test:8443/***"),
            ("https://h.test/", Whose::Hidden, "https://h.test/"),
        ];
        for (url, whose, shown) in rows {
            let uri: Uri = url.parse().expect("a URL");
            assert_eq!(ShownUrl::new(&uri, whose).to_string(), shown, "{url} {whose:?}");
        }
    }

    #[test]
    fn the_nearest_known_name_is_offered() {
        let known = ["host", "login", "password", "schema"];
        assert_eq!(nearest("hots", known), Some("host"));
        assert_eq!(nearest("Pasword", known), Some("password"));
        assert_eq!(nearest("hunter2hunter2", known), None);
        assert_eq!(nearest(&"x".repeat(100), known), None);
    }

    #[test]
    fn long_texts_are_far_from_everything() {
        for (a, b, expected) in [
            (63, 63, 0),
            (64, 64, 0),
            (64, 1, 63),
            (65, 65, usize::MAX),
            (65, 1, usize::MAX),
            (1, 65, usize::MAX),
        ] {
            assert_eq!(distance(&"x".repeat(a), &"x".repeat(b)), expected, "{a} {b}");
        }
    }
}
