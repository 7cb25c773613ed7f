//! Values in XML and HTML: `<token>S</token>`, `<input name="token" value="S">`, `<key>token</key><string>S</string>`.

use std::ops::Range;

use super::members::position;

/// Attributes that hold a name.
const NAMES: [&[u8]; 7] = [b"id", b"itemprop", b"key", b"n", b"name", b"property", b"type"];

/// Attributes that hold what is named.
const VALUES: [&[u8]; 4] = [b"content", b"data", b"v", b"value"];

/// Elements that hold the name of what the next one holds.
const NAMING: [&[u8]; 10] = [
    b"dt",
    b"field",
    b"header",
    b"key",
    b"name",
    b"param",
    b"parameter",
    b"td",
    b"th",
    b"variable",
];

/// Elements that hold what the one before names.
const NAMED: [&[u8]; 12] = [
    b"array", b"content", b"data", b"date", b"dd", b"dict", b"td", b"integer", b"real", b"string",
    b"val", b"value",
];

/// Elements of HTML whose names mean something else.
const OF_HTML: [&[u8]; 2] = [b"p", b"code"];

/// A secret element that is open.
struct Secret<'a> {
    element: &'a [u8],
    start: usize,
    /// How many elements of the same name are open.
    depth: usize,
}

/// Shows what stands in elements and attributes of secret names. The text is gone through once.
pub(super) fn elements(
    text: &[u8],
    is_secret: &dyn Fn(&str) -> bool,
    show: &mut dyn FnMut(Range<usize>),
) {
    let mut secret: Option<Secret<'_>> = None;
    // Whether the text before this tag names a secret, and where the element that began last did.
    let (mut named, mut last) = (false, None::<(&[u8], usize)>);
    let mut from = 0;
    while let Some(open) = position(text, from, |byte| byte == b'<') {
        from = open + 1;
        if text[open..].starts_with(b"<![CDATA[") {
            continue;
        }
        let is_end = text.get(from) == Some(&b'/');
        let start = from + usize::from(is_end);
        let end = position(text, start, |byte| !is_of_name(byte)).unwrap_or(text.len());
        let element = local(&text[start..end]);
        if element.is_empty() {
            continue;
        }
        let tag = Tag::read(text, end);
        from = tag.end;
        if is_end {
            let content =
                last.take().filter(|(name, _)| *name == element).map(|(_, start)| start..open);
            match &mut secret {
                Some(own) if own.element == element && own.depth > 0 => own.depth -= 1,
                Some(own) if own.element == element => {
                    show(own.start..open);
                    secret = None;
                }
                None if NAMING.contains(&element.to_ascii_lowercase().as_slice()) => {
                    let name = content.map(|content| text_of(text[content].trim_ascii()));
                    named = name.is_some_and(|name| is_secret(&name));
                }
                _ => {}
            }
            continue;
        }
        last = (!tag.is_closed).then_some((element, tag.end));
        let lower = element.to_ascii_lowercase();
        if tag.is_secret(text, is_secret) {
            for (_, value) in
                tag.attributes.iter().filter(|(name, _)| is_one_of(&VALUES, text, name))
            {
                show(value.clone());
            }
            let next = |from| position(text, from, |byte| byte == b'<').unwrap_or(text.len());
            let mut content = tag.end..next(tag.end);
            if text[content.end..].starts_with(b"<![CDATA[") {
                content.end = next(content.end + 1);
            }
            if !tag.is_closed && text[content.end..].starts_with(b"</") {
                show(content);
            }
        }
        if let Some(own) = &mut secret {
            own.depth += usize::from(own.element == element && !tag.is_closed);
            continue;
        }
        let by_one_before = std::mem::take(&mut named) && NAMED.contains(&lower.as_slice());
        let by_element = || {
            !OF_HTML.contains(&element)
                && is_secret(&text_of(element))
                && !names_another(text, &lower, tag.end)
        };
        if !tag.is_closed && (by_one_before || by_element()) {
            secret = Some(Secret { element, start: tag.end, depth: 0 });
        }
    }
    // What breaks off may have said all.
    if let Some(own) = secret {
        show(own.start..text.len());
    }
}

/// The texts between tags.
pub(super) fn texts(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'<').map(|piece| {
        let data = piece.strip_prefix(b"![CDATA[").and_then(|data| data.strip_suffix(b"]]>"));
        let end = piece.iter().position(|byte| *byte == b'>').map_or(0, |end| end + 1);
        data.unwrap_or(&piece[end..]).trim_ascii()
    })
}

/// Whether it is the `<key>` of a list of keys and what they hold.
fn names_another(text: &[u8], element: &[u8], content: usize) -> bool {
    /// The longest text that is a name, in bytes.
    const LONGEST: usize = 256;
    let rest = text.get(content..).unwrap_or_default();
    let rest = &rest[..rest.len().min(LONGEST)];
    let end = rest.iter().position(|byte| *byte == b'<').unwrap_or(rest.len());
    let behind = rest[end..].iter().position(|byte| *byte == b'>').map(|at| end + at + 1);
    let next = rest.get(behind.unwrap_or(rest.len())..).unwrap_or_default().trim_ascii_start();
    let Some(next) = next.strip_prefix(b"<") else { return false };
    let end = next.iter().position(|byte| !is_of_name(*byte)).unwrap_or(next.len());
    NAMING.contains(&element)
        && NAMED.contains(&local(&next[..end]).to_ascii_lowercase().as_slice())
}

/// What stands in a tag behind its name.
struct Tag {
    attributes: Vec<(Range<usize>, Range<usize>)>,
    /// Whether it is an element without content.
    is_closed: bool,
    end: usize,
}

impl Tag {
    fn read(text: &[u8], mut at: usize) -> Self {
        let mut attributes = Vec::new();
        let mut is_closed = false;
        while let Some(byte) = text.get(at) {
            match byte {
                b'>' => return Self { attributes, is_closed, end: at + 1 },
                // A tag that breaks off.
                b'<' => break,
                byte if is_of_name(*byte) => {
                    let end = position(text, at, |byte| !is_of_name(byte)).unwrap_or(text.len());
                    let name = at..end;
                    let blank = |byte: u8| !byte.is_ascii_whitespace();
                    at = position(text, end, blank).unwrap_or(text.len());
                    is_closed = false;
                    if text.get(at) == Some(&b'=') {
                        at = position(text, at + 1, blank).unwrap_or(text.len());
                        let value = value(text, at);
                        at = value.end
                            + usize::from(matches!(text.get(value.end), Some(b'"' | b'\'')));
                        attributes.push((name, value));
                    }
                }
                byte => {
                    is_closed = *byte == b'/';
                    at += 1;
                }
            }
        }
        Self { attributes, is_closed, end: at.min(text.len()) }
    }

    /// Whether an attribute holds a name that is secret.
    fn is_secret(&self, text: &[u8], is_secret: &dyn Fn(&str) -> bool) -> bool {
        let mut names = self.attributes.iter().filter(|(name, _)| is_one_of(&NAMES, text, name));
        names.any(|(_, value)| is_secret(&text_of(&text[value.clone()])))
    }
}

/// The value of an attribute, without its quotes.
fn value(text: &[u8], at: usize) -> Range<usize> {
    if let Some(mark @ (b'"' | b'\'')) = text.get(at).copied() {
        return at + 1..position(text, at + 1, |byte| byte == mark).unwrap_or(text.len());
    }
    let ends = |byte: u8| byte.is_ascii_whitespace() || byte == b'>';
    at..position(text, at, ends).unwrap_or(text.len())
}

fn is_one_of(names: &[&[u8]], text: &[u8], name: &Range<usize>) -> bool {
    names.contains(&local(&text[name.clone()]).to_ascii_lowercase().as_slice())
}

/// A name without its namespace.
fn local(name: &[u8]) -> &[u8] {
    name.iter().rposition(|byte| *byte == b':').map_or(name, |at| &name[at + 1..])
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b':' | b'_' | b'-' | b'.')
}
