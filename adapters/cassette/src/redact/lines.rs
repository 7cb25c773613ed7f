//! Values that follow the line of their name: blocks and lists of YAML, parts of a form, keys in PEM.

use std::ops::Range;

use super::values::is_blank;

/// How the line begins that names a part of a form, in small letters.
const PART: &[u8] = b"content-disposition:";

/// Where the lines are that belong to a name.
enum Block {
    /// Indented by more than so many blanks, or in a list that is indented by as many.
    Indented(usize),
    /// Behind the next empty line, up to one that begins with `--`.
    PartHead,
    Part,
    /// Up to the line of its end.
    Pem,
}

/// Shows what the lines say that follow a secret name. The text is gone through once.
pub(super) fn lines(
    text: &[u8],
    is_secret: &dyn Fn(&str) -> bool,
    show: &mut dyn FnMut(Range<usize>),
) {
    let mut block: Option<Block> = None;
    let mut from = 0;
    for whole in text.split_inclusive(|byte| *byte == b'\n') {
        let start = from;
        from += whole.len();
        let line = whole.trim_ascii_end();
        let inner = line.trim_ascii_start();
        let place = start + line.len() - inner.len()..start + line.len();
        if let Some(begin) = pem(inner) {
            block = Some(Block::Pem);
            let behind = place.start + begin..place.end;
            match inner[begin..].windows(4).position(|four| four == b"----") {
                Some(end) => {
                    show(behind.start..behind.start + end);
                    block = None;
                }
                None if !behind.is_empty() => show(behind),
                None => {}
            }
            continue;
        }
        let indent = line.len() - inner.len();
        match &block {
            Some(Block::Pem) => match inner.windows(4).position(|four| four == b"----") {
                Some(end) => {
                    show(place.start..place.start + end);
                    block = None;
                }
                None => show(place),
            },
            Some(Block::PartHead) if inner.is_empty() => block = Some(Block::Part),
            Some(Block::PartHead) => {}
            Some(Block::Part) if !line.starts_with(b"--") => show(start..start + line.len()),
            Some(Block::Indented(_)) if inner.is_empty() => {}
            Some(Block::Indented(outer))
                if indent > *outer || indent == *outer && is_item(inner) =>
            {
                let mark = inner.iter().take_while(|byte| **byte == b'-' || is_blank(**byte));
                let mark = if is_item(inner) { mark.count() } else { 0 };
                show(place.start + mark..place.end);
            }
            _ => {
                block = begins(line, indent, is_secret);
            }
        }
    }
}

/// The block that belongs to this line, if it ends with a secret name.
fn begins(line: &[u8], indent: usize, is_secret: &dyn Fn(&str) -> bool) -> Option<Block> {
    let inner = &line[indent..];
    let is_secret = |name: &[u8]| is_secret(&String::from_utf8_lossy(name));
    if inner.len() > PART.len() && inner[..PART.len()].eq_ignore_ascii_case(PART) {
        let lower = inner.to_ascii_lowercase();
        let at = lower.windows(5).enumerate().find_map(|(at, five)| {
            let is_name = five == b"name=" || five == b"name*";
            (is_name && matches!(lower[at - 1], b' ' | b';' | b'\t')).then_some(at + 5)
        })?;
        let value = inner[at..].trim_ascii_start();
        let end = match value {
            [b'"', rest @ ..] => rest.iter().position(|byte| *byte == b'"').map(|end| end + 1),
            value => value.iter().position(|byte| *byte == b';'),
        };
        return is_secret(&value[..end.unwrap_or(value.len())]).then_some(Block::PartHead);
    }
    // A list's mark is a part of the indent.
    let mut indent = indent;
    let mut inner = inner;
    while is_item(inner) {
        let rest = inner[1..].trim_ascii_start();
        indent += inner.len() - rest.len();
        inner = rest;
    }
    let colon = inner.iter().position(|byte| *byte == b':')?;
    let (name, value) = (&inner[..colon], inner[colon + 1..].trim_ascii());
    // Members of JSON are looked for elsewhere.
    let is_name = |byte: &u8| {
        byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"_-. '[]%\"".contains(byte)
    };
    let is_block = match value.first() {
        None | Some(b'|' | b'>' | b'#') => true,
        Some(b'!' | b'&') => {
            let rest =
                value.iter().position(|byte| is_blank(*byte)).map_or(&b""[..], |at| &value[at..]);
            matches!(rest.trim_ascii().first(), None | Some(b'|' | b'>'))
        }
        Some(_) => false,
    };
    if !is_block || value.is_empty() && name.starts_with(b"\"") || !name.iter().all(is_name) {
        return None;
    }
    is_secret(name).then_some(Block::Indented(indent))
}

fn is_item(line: &[u8]) -> bool {
    matches!(line, [b'-'] | [b'-', b' ' | b'\t', ..])
}

/// Where the content of a private key begins, if this line is the first of one.
fn pem(line: &[u8]) -> Option<usize> {
    const LONGEST: usize = 128;
    const KEY: &[u8] = b"PRIVATE KEY";
    let begin = line.windows(6).position(|six| six == b"BEGIN ")?;
    let rest = &line[begin..line.len().min(begin + LONGEST)];
    let key = rest.windows(KEY.len()).position(|key_word| key_word == KEY)? + KEY.len();
    let dashes = rest[key..].windows(4).position(|four| four == b"----")? + key;
    let end = rest[dashes..].iter().take_while(|byte| **byte == b'-').count();
    Some(begin + dashes + end)
}
