//! What a server said, without what it repeats of the connection.

use std::borrow::Cow;

use super::Hook;
use super::known::Known;
use crate::base::redact::{HIDDEN, unescaped};
use crate::response::{Cause, Reason};

impl Hook {
    /// Returns what a server said, the value of a header, say, as logs may have it: without what it repeats of the connection.
    ///
    /// `***` stands for the path of the base where that of a URL begins with it, unless the program
    /// [says](crate::hook::HookBuilder::show_base) that it is no secret, and for each part that holds the credential of the scheme, a token that
    /// was fetched (the one before it, too), the value of a header that may be secret or a part of it, a cookie of the hook's jar, the password of a
    /// proxy, a value of the query of the base or of the token endpoint, or a part of their paths that is more than a word: escaped as often as may be,
    /// in base64 or hexadecimal, in UTF-8 or in Latin-1, and there in UTF-16, too. What is escaped and encoded in itself without end is hidden. So does a login or the name of a client, where it is more than a word and
    /// stands as one. A text of 8 bytes and more that has a digit is found in capitals and in small letters. Texts of less than 4 bytes are not looked for, nor is what the call itself says, nor the proofs of a
    /// [scheme of the program's own](crate::auth::Authenticate).
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::Hook;
    ///
    /// let hook = Hook::to("https://hooks.example.com/services/T0/k3yOfMine")?;
    /// let link = "<https://hooks.example.com/services/T0/k3yOfMine/items?page=2>; rel=\"next\"";
    /// assert_eq!(hook.shown(link), "<https://hooks.example.com/***/items?page=2>; rel=\"next\"");
    /// assert_eq!(hook.shown("/hook?of=k3yOf%4Dine&page=2"), "/hook?of=***&page=2");
    /// assert_eq!(hook.shown("</items?page=2>"), "</items?page=2>");
    /// # Ok::<(), http_hook::hook::HookError>(())
    /// ```
    #[must_use]
    pub fn shown<'a>(&self, said: &'a str) -> Cow<'a, str> {
        let (base, known) = (self.base_parts(), self.known());
        let mut shown = String::with_capacity(said.len());
        let mut rest = said;
        // Whether a URL, or its path, may begin here, and whether this is behind its scheme.
        let (mut begins, mut of_scheme) = (true, false);
        while let Some(next) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("//").filter(|_| begins || of_scheme) {
                shown.push_str("//");
                rest = take_part(after, &known, &mut shown);
                (begins, of_scheme) = (true, false);
            } else if let Some(after) = below(&base, rest).filter(|_| begins) {
                shown.push('/');
                shown.push_str(HIDDEN);
                (rest, begins) = (after, false);
            } else if is_mark(next) {
                shown.push(next);
                rest = rest.get(next.len_utf8()..).unwrap_or_default();
                (begins, of_scheme) = (!matches!(next, '/' | '\\'), false);
            } else {
                rest = take_part(rest, &known, &mut shown);
                of_scheme = begins && shown.ends_with(':');
                begins = false;
            }
        }
        match shown == said {
            // What marks stand in is in no part.
            _ if known.told_by(&shown) => Cow::Borrowed(HIDDEN),
            true => Cow::Borrowed(said),
            false => Cow::Owned(shown),
        }
    }

    /// Hides what the reason phrase of a failure's response repeats.
    #[cold]
    pub(crate) fn with_reason_shown(&self, mut cause: Cause) -> Cause {
        let response = match &mut cause {
            Cause::Response(response) => response,
            Cause::Refused { response, .. } => &mut **response,
            Cause::Request(_) | Cause::Transport(_) => return cause,
        };
        let said = response.extensions().get::<Reason>().cloned();
        if let Some(said) = said {
            response.extensions_mut().insert(Reason::new(&self.shown(said.as_str())));
        }
        cause
    }

    /// The parts of the base's path, if that is not shown, without escapes.
    fn base_parts(&self) -> Vec<Cow<'_, str>> {
        let rest = if self.shows_base() { "" } else { self.base().rest() };
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        path.split('/').filter(|part| !part.is_empty()).map(unescaped).collect()
    }
}

/// Writes a text up to the next mark, and returns the rest.
fn take_part<'a>(text: &'a str, known: &Known<'_>, shown: &mut String) -> &'a str {
    let end = text.find(is_mark).unwrap_or(text.len());
    let (part, rest) = text.split_at(end);
    shown.push_str(if known.told_by(part) { HIDDEN } else { part });
    rest
}

/// What follows the path of the base, where a path begins with it.
fn below<'a>(base: &[Cow<'_, str>], path: &'a str) -> Option<&'a str> {
    let ends = |c: char| c == '/' || is_mark(c) && !matches!(c, '=' | ';' | '&' | '(' | ')');
    let mut rest = path;
    for part in base {
        let inner = rest.strip_prefix('/')?.trim_start_matches('/');
        let (own, after) = inner.split_at(inner.find(ends).unwrap_or(inner.len()));
        if unescaped(own) != *part {
            return None;
        }
        rest = after;
    }
    (!base.is_empty()).then_some(rest)
}

/// What parts of URLs, and of a text with URLs in it, stand between.
fn is_mark(c: char) -> bool {
    "/\\?&#=;,<>()\"'".contains(c) || c.is_whitespace()
}
