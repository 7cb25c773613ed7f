//! Places in JSON ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)), and what stands there as it is written: a number that was
//! read may have lost digits.

/// Whether a text names a place: it is empty or begins with `/`, and `~` stands in `~0` or `~1` alone.
pub(crate) fn is_pointer(text: &str) -> bool {
    let mut pieces = text.split('~');
    let first = pieces.next().unwrap_or_default();
    (text.is_empty() || first.starts_with('/')) && pieces.all(|piece| piece.starts_with(['0', '1']))
}

/// Returns what stands in this place, as it is written. `text` was found to be JSON; of two members of one name the last counts, as
/// where it is read. A mark before the text counts as little as there.
pub(crate) fn written<'a>(text: &'a str, pointer: &str) -> Option<&'a str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut value = value_of(text.trim_start_matches(BLANKS)).0;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        value = match value.as_bytes().first()? {
            b'{' => member(value, &token)?,
            b'[' => item(value, &token)?,
            _ => return None,
        };
    }
    Some(value)
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

fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let (mut found, mut rest) = (None, object.get(1..)?);
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', ',']);
        if !rest.starts_with('"') {
            return found;
        }
        let (own, after) = rest.split_at_checked(text_len(rest))?;
        let after = after.trim_start_matches([' ', '\t', '\n', '\r', ':']);
        let (value, behind) = value_of(after);
        if serde_json::from_str::<String>(own).is_ok_and(|own| own == name) {
            found = Some(value);
        }
        rest = behind;
    }
}

fn item<'a>(list: &'a str, index: &str) -> Option<&'a str> {
    // As where it is read: no sign, and no zero before it.
    if index.starts_with('+') || (index.starts_with('0') && index.len() > 1) {
        return None;
    }
    items(list).nth(index.parse().ok()?)
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
