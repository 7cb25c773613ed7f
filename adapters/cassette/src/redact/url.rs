//! URLs without what may be secret in them: the one place that writes one.

use http::Uri;
use http::uri::Scheme;

use super::names::LINK_PARTS;
use super::places::HIDDEN;
use super::undone::undone_once;
use super::{Rules, unquoted};

impl Rules {
    /// Writes a URL, or a reference to one, without user info, fragment, and the values of its query and of parameters in
    /// its path, unless they are kept by name, and without the connection's part of the path, if that is told. What is left out
    /// teaches what to look for.
    pub(crate) fn url(&mut self, url: &[u8]) -> Vec<u8> {
        let (url, fragment) = split(url, b'#');
        let (url, query) = split(url, b'?');
        let (before, path) = url.split_at(path_begin(url));
        let mut new = self.authority(before);
        let below = self.below_base(path);
        if below.is_some() {
            new.extend_from_slice(b"/");
            new.extend_from_slice(HIDDEN.as_bytes());
        }
        self.pairs(below.unwrap_or(path), b"/;", b'/', &mut new);
        if let Some(query) = query {
            new.push(b'?');
            self.pairs(query, b"&;", b'&', &mut new);
        }
        if let Some(fragment) = fragment {
            self.learn_pairs(fragment);
            new.push(b'#');
            new.extend_from_slice(if fragment.is_empty() { b"" } else { HIDDEN.as_bytes() });
        }
        new
    }

    /// What of a path follows the connection's, if it begins with that.
    fn below_base<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        let mut rest = path;
        for base in &self.base {
            let slashes = rest.iter().take_while(|byte| **byte == b'/').count();
            let inner = &rest[slashes..];
            let end = inner.iter().position(|byte| *byte == b'/').unwrap_or(inner.len());
            if undone_once(&inner[..end], b'%') != *base {
                return None;
            }
            rest = &inner[end..];
        }
        (!self.base.is_empty()).then_some(rest)
    }

    /// Scheme and authority, without user info.
    fn authority(&mut self, text: &[u8]) -> Vec<u8> {
        let Some(at) = text.iter().rposition(|byte| *byte == b'@') else { return text.to_vec() };
        let (before, host) = text.split_at(at);
        let from = before.iter().position(|byte| matches!(byte, b'/' | b'\\')).unwrap_or(0);
        let slashes = before[from..].iter().take_while(|byte| matches!(byte, b'/' | b'\\'));
        let (scheme, user_info) = before.split_at(from + slashes.count());
        self.learn_login(user_info);
        [scheme, HIDDEN.as_bytes(), host].concat()
    }

    /// Writes the parts between `marks` without the values that are not kept; `mark` is what goes before the first. What
    /// follows a `/` is no pair.
    fn pairs(&mut self, text: &[u8], marks: &[u8], mut mark: u8, new: &mut Vec<u8>) {
        for part in text.split_inclusive(|byte| marks.contains(byte)) {
            let (part, end) = match part.split_last() {
                Some((last, before)) if marks.contains(last) => (before, Some(*last)),
                _ => (part, None),
            };
            if mark == b'/' {
                new.extend_from_slice(part);
            } else {
                self.pair(part, new);
            }
            new.extend(end);
            mark = end.unwrap_or(mark);
        }
    }

    fn pair(&mut self, pair: &[u8], new: &mut Vec<u8>) {
        let (name, value) = split(pair, b'=');
        // Without a name it is all value.
        let (name, value) = value.map_or((None, name), |value| (Some(name), value));
        let plain = name.map(|name| text_of(&undone_once(name, b'%'))).unwrap_or_default();
        if pair.is_empty() || self.keep_query.contains(&plain) {
            new.extend_from_slice(pair);
            return;
        }
        self.learn(&plain, value);
        if let Some(name) = name {
            new.extend_from_slice(name);
            new.push(b'=');
        }
        new.extend_from_slice(HIDDEN.as_bytes());
    }

    /// Learns of a fragment: its pairs, if it has any, else all of it.
    pub(super) fn learn_pairs(&mut self, fragment: &[u8]) {
        self.learn("", fragment);
        for pair in fragment.split(|byte| matches!(byte, b'&' | b';' | b'?')) {
            if let (name, Some(value)) = split(pair, b'=') {
                self.learn(&text_of(name), value);
            }
        }
    }

    /// Writes a header that holds URLs.
    pub(super) fn url_header(&mut self, name: &str, value: &[u8]) -> Vec<u8> {
        match name {
            "link" => self.links(value),
            "refresh" => self.refresh(value),
            _ => self.url(value),
        }
    }

    /// `<URL>; rel="next", <URL>; rel="last"`. What is not in that form is not written.
    fn links(&mut self, value: &[u8]) -> Vec<u8> {
        let mut new = Vec::new();
        for (part, mark) in parts(value, b";,") {
            let inner = part.trim_ascii();
            let blanks = part.len() - part.trim_ascii_start().len();
            new.extend_from_slice(&part[..blanks]);
            if let Some(url) = inner.strip_prefix(b"<") {
                let (url, end) = url.strip_suffix(b">").map_or((url, ""), |url| (url, ">"));
                new.push(b'<');
                new.extend(self.url(url));
                new.extend_from_slice(end.as_bytes());
            } else {
                new.extend(self.link_part(inner));
            }
            new.extend(mark);
        }
        new
    }

    fn link_part(&mut self, part: &[u8]) -> Vec<u8> {
        let (name, value) = split(part, b'=');
        let known = text_of(name.trim_ascii()).to_ascii_lowercase();
        match value {
            Some(value) if ["anchor", "rel", "rev"].contains(&known.as_str()) => {
                let quote = if value.starts_with(b"\"") { &b"\""[..] } else { b"" };
                // Relations are words, or URLs.
                let urls = unquoted(value).split(|byte| *byte == b' ').map(|url| self.url(url));
                let urls: Vec<_> = urls.collect();
                [name, b"=", quote, &urls.join(&b' '), quote].concat()
            }
            _ if part.is_empty() => Vec::new(),
            _ if LINK_PARTS.contains(&known.as_str()) => part.to_vec(),
            _ => {
                self.learn("", value.map_or(part, unquoted));
                HIDDEN.into()
            }
        }
    }

    /// `5; url=URL`, or without `url=`.
    fn refresh(&mut self, value: &[u8]) -> Vec<u8> {
        let is_time =
            |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b' ' | b';' | b',');
        let from = value.iter().position(|byte| !is_time(byte)).unwrap_or(value.len());
        let (time, rest) = value.split_at(from);
        let named = rest.len() >= 4 && rest[..4].eq_ignore_ascii_case(b"url=");
        let (name, url) = rest.split_at(if named { 4 } else { 0 });
        [time, name, &self.url(url)].concat()
    }
}

/// Writes a URL whose secrets were taken out, so that it can be read again: a secret may be a part of its scheme or port.
pub(super) fn readable(was: &str, hidden: String) -> String {
    if hidden.parse::<Uri>().is_ok_and(|uri| uri.scheme() == scheme(was).as_ref()) {
        return hidden;
    }
    let start = scheme(was).map(|scheme| format!("{scheme}://")).unwrap_or_default();
    let rest = hidden.split_once("//").map_or(hidden.as_str(), |(_, rest)| rest);
    let path = rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or("/");
    let new = format!("{start}{HIDDEN}{path}");
    if new.parse::<Uri>().is_ok() { new } else { format!("{start}{HIDDEN}/") }
}

fn scheme(url: &str) -> Option<Scheme> {
    url.parse::<Uri>().ok()?.scheme().cloned()
}

/// Splits at the first such byte, which goes.
pub(super) fn split(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == at) {
        Some(place) => (&text[..place], Some(&text[place + 1..])),
        None => (text, None),
    }
}

pub(super) fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The parts between `marks`, each with the mark behind it. What stands in quotes or in `<>` is in one part.
pub(super) fn parts<'a>(text: &'a [u8], marks: &[u8]) -> Vec<(&'a [u8], Option<u8>)> {
    let (mut parts, mut from, mut at, mut until) = (Vec::new(), 0, 0, None);
    while let Some(byte) = text.get(at) {
        match (until, byte) {
            (Some(b'"'), b'\\') => at += 1,
            (Some(mark), byte) if mark == *byte => until = None,
            (None, b'"') => until = Some(b'"'),
            (None, b'<') => until = Some(b'>'),
            (None, byte) if marks.contains(byte) => {
                parts.push((&text[from..at], Some(*byte)));
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push((&text[from..], None));
    parts
}

/// The path of a URL without query and fragment, without the slashes around it.
pub(super) fn path_of(url: &[u8]) -> &[u8] {
    let mut path = &url[path_begin(url)..];
    while let [b'/', rest @ ..] | [rest @ .., b'/'] = path {
        path = rest;
    }
    path
}

/// Where the path of a URL begins: behind its authority, if there may be one. To many readers a backslash is a slash, and
/// one behind the scheme is as good as two.
fn path_begin(url: &[u8]) -> usize {
    let is_slash = |byte: &u8| matches!(byte, b'/' | b'\\');
    let first = url.iter().position(is_slash).unwrap_or(url.len());
    let slashes = url[first..].iter().take_while(|byte| is_slash(byte)).count();
    let of_scheme = url[..first].ends_with(b":") && slashes > 0;
    if of_scheme || first == 0 && slashes > 1 {
        let host = first + slashes;
        return url[host..].iter().position(is_slash).map_or(url.len(), |at| host + at);
    }
    if url[..first].contains(&b'@') { first } else { 0 }
}
