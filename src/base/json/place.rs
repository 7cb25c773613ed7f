//! Places in JSON ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)), and what stands there as it is written: a number that was
//! read may have lost digits.

use std::collections::BTreeMap;

/// Whether a text names a place: it is empty or begins with `/`, and `~` stands in `~0` or `~1` alone.
pub(crate) fn is_pointer(text: &str) -> bool {
    let mut pieces = text.split('~');
    let first = pieces.next().unwrap_or_default();
    (text.is_empty() || first.starts_with('/')) && pieces.all(|piece| piece.starts_with(['0', '1']))
}

/// Returns what stands in this place, as it is written. `text` was found to be JSON; of two members of one name the last counts, as
/// where it is read. A mark before the text counts as little as there.
pub(crate) fn written<'a>(text: &'a str, pointer: &str) -> Option<&'a str> {
    written_all(text, std::iter::once(pointer)).remove(pointer)
}

/// The same of several places, which are looked for together: an object or a list is gone through once for all that is in it.
pub(crate) fn written_all<'a, 'p>(
    text: &'a str,
    pointers: impl Iterator<Item = &'p str>,
) -> BTreeMap<&'p str, &'a str> {
    let mut found = BTreeMap::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let whole = value_of(text.trim_start_matches(BLANKS)).0;
    // Each with what is left of its pointer, from the next `/` on.
    let asked: Vec<_> = pointers.map(|pointer| (token(pointer).1, pointer)).collect();
    let mut open = vec![(whole, asked)];
    while let Some((value, asked)) = open.pop() {
        let mut below: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for (left, pointer) in asked {
            if let Some(left) = left.strip_prefix('/') {
                let (name, left) = token(left);
                let name = name.replace("~1", "/").replace("~0", "~");
                below.entry(name).or_default().push((left, pointer));
            } else {
                found.insert(pointer, value);
            }
        }
        for (name, value) in parts(value, &below) {
            open.extend(below.remove(&name).map(|asked| (value, asked)));
        }
    }
    found
}

/// Parts a pointer before its next `/`.
fn token(pointer: &str) -> (&str, &str) {
    pointer.split_at(pointer.find('/').unwrap_or(pointer.len()))
}

/// Returns those parts of an object or a list that are asked for.
fn parts<'a, T>(value: &'a str, asked: &BTreeMap<String, T>) -> BTreeMap<String, &'a str> {
    match value.as_bytes().first() {
        Some(_) if asked.is_empty() => BTreeMap::new(),
        Some(b'{') => members(value).filter(|(name, _)| asked.contains_key(name)).collect(),
        Some(b'[') => {
            let index = |name: &String| Some((index(name)?, name.clone()));
            let mut named: BTreeMap<usize, String> = asked.keys().filter_map(index).collect();
            let last = named.last_key_value().map_or(0, |(last, _)| last.saturating_add(1));
            let items = items(value).take(last).enumerate();
            items.filter_map(|(at, item)| Some((named.remove(&at)?, item))).collect()
        }
        _ => BTreeMap::new(),
    }
}

/// Returns JSON without the blanks between its parts.
pub(crate) fn compact(text: &str) -> String {
    let (mut compact, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(first) = rest.chars().next() {
        let len = if first == '"' { text_len(rest) } else { first.len_utf8() };
        let (part, after) = rest.split_at_checked(len).unwrap_or((rest, ""));
        if !BLANKS.contains(&first) {
            compact.push_str(part);
        }
        rest = after;
    }
    compact
}

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// Returns what stands in an object, each with its name, as it is written.
pub(super) fn members(object: &str) -> impl Iterator<Item = (String, &str)> {
    let mut rest = object.get(1..).unwrap_or_default();
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', ',']);
        if !rest.starts_with('"') {
            return None;
        }
        let (name, after) = rest.split_at_checked(text_len(rest))?;
        let (value, behind) = value_of(after.trim_start_matches([' ', '\t', '\n', '\r', ':']));
        rest = behind;
        Some((serde_json::from_str(name).ok()?, value))
    })
}

/// Reads the place in a list, as where it is read: no sign, and no zero before it.
fn index(text: &str) -> Option<usize> {
    if text.starts_with('+') || (text.starts_with('0') && text.len() > 1) {
        return None;
    }
    text.parse().ok()
}

/// Returns what stands in a list, item by item, as it is written.
pub(crate) fn items(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list.strip_prefix('[').unwrap_or_default();
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', ',']);
        if rest.is_empty() || rest.starts_with(']') {
            return None;
        }
        let (value, behind) = value_of(rest);
        rest = behind;
        Some(value)
    })
}

/// Parts the value at the beginning from what is behind it.
fn value_of(text: &str) -> (&str, &str) {
    let len = match text.as_bytes().first() {
        Some(b'"') => text_len(text),
        Some(b'{' | b'[') => nested_len(text),
        _ => text.find([',', '}', ']', ' ', '\t', '\n', '\r']).unwrap_or(text.len()),
    };
    text.split_at_checked(len).unwrap_or((text, ""))
}

/// The length of the text in quotes at the beginning, with them.
fn text_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at.saturating_add(1),
            _ => {}
        }
    }
    text.len()
}

/// The length of the object or list at the beginning.
fn nested_len(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0_usize);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(to) = rest.find(['"', '{', '[', '}', ']']) else { break };
        at = at.saturating_add(to);
        match text.as_bytes().get(at) {
            Some(b'"') => {
                at = at.saturating_add(text.get(at..).map_or(1, text_len));
                continue;
            }
            Some(b'{' | b'[') => depth = depth.saturating_add(1),
            _ => depth = depth.saturating_sub(1),
        }
        at = at.saturating_add(1);
        if depth == 0 {
            return at;
        }
    }
    text.len()
}
