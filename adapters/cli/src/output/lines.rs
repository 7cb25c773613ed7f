//! Pages as lines: each value as it is written, digit by digit, without blanks.

use std::str;

use super::json;

/// Gives the items of the array in a place of a text in JSON, as they are written; nothing is an absent or null one. `None`: it is no
/// JSON, or no array.
pub(crate) fn items<'a>(bytes: &'a [u8], pointer: &str) -> Option<Vec<&'a str>> {
    json::is_json(bytes).then_some(())?;
    let text = str::from_utf8(bytes).ok()?.trim();
    match at(text, pointer) {
        None | Some("null") => Some(Vec::new()),
        Some(array) => elements(array),
    }
}

/// Gives the text that stands in a place of a text in JSON.
pub(crate) fn text_at(bytes: &[u8], pointer: &str) -> Option<String> {
    let text = str::from_utf8(bytes).ok().filter(|_| json::is_json(bytes))?;
    serde_json::from_str(at(text.trim(), pointer)?).ok()
}

/// Whether a text in JSON has nothing in a place; what is no JSON has no places.
pub(crate) fn lacks(bytes: &[u8], pointer: &str) -> bool {
    let text = str::from_utf8(bytes).ok().filter(|_| json::is_json(bytes));
    text.is_some_and(|text| at(text.trim(), pointer).is_none())
}

/// Gives the value that a pointer (RFC 6901) names in a sound text in JSON.
fn at<'a>(text: &'a str, pointer: &str) -> Option<&'a str> {
    let mut value = text;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        value = if value.starts_with('[') {
            let plain = token == "0" || !token.starts_with(['0', '+']);
            let index: usize = token.parse().ok().filter(|_| plain)?;
            elements(value)?.get(index)?
        } else {
            members(value)?.into_iter().rev().find(|(name, _)| *name == token)?.1
        };
    }
    Some(value)
}

/// The values of an array, as they are written; `None` if it is none.
pub(crate) fn elements(array: &str) -> Option<Vec<&str>> {
    let mut rest = array.strip_prefix('[')?.trim_start();
    let mut all = Vec::new();
    while !rest.starts_with(']') {
        let (value, after) = rest.split_at(len(rest));
        all.push(value);
        rest = after.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    Some(all)
}

/// The members of an object, their values as they are written; `None` if it is none.
pub(crate) fn members(object: &str) -> Option<Vec<(String, &str)>> {
    let mut rest = object.strip_prefix('{')?.trim_start();
    let mut all = Vec::new();
    while !rest.starts_with('}') {
        let (name, after) = rest.split_at(json::end_of_string(rest));
        let after = after.trim_start().strip_prefix(':')?.trim_start();
        let (value, after) = after.split_at(len(after));
        all.push((serde_json::from_str(name).ok()?, value));
        rest = after.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    Some(all)
}

/// How long the value at the beginning of a sound text is.
fn len(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        let rest = &text[at..];
        match rest.as_bytes().first() {
            None => return text.len(),
            Some(b'"') => at += json::end_of_string(rest),
            Some(b'[' | b'{') => {
                (at, depth) = (at + 1, depth + 1);
                continue;
            }
            Some(b']' | b'}') => (at, depth) = (at + 1, depth.saturating_sub(1)),
            Some(b',' | b':' | b' ' | b'\t' | b'\n' | b'\r') => {
                at += 1;
                continue;
            }
            Some(_) => {
                let ends = |c: char| c.is_ascii_whitespace() || matches!(c, ',' | ']' | '}');
                at += rest.find(ends).unwrap_or(rest.len());
            }
        }
        if depth == 0 {
            return at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::items;

    #[test]
    fn items_stay_as_they_are_written() {
        for (text, pointer, expected) in [
            (
                "[1.10, \"a]\\\"\" ,{\"b\" : [ ]}]",
                "",
                Some(vec!["1.10", "\"a]\\\"\"", "{\"b\" : [ ]}"]),
            ),
            ("{\"a\": {\"b/c\": [1,\n2]}}", "/a/b~1c", Some(vec!["1", "2"])),
            ("{\"a\": [1], \"a\": [2]}", "/a", Some(vec!["2"])),
            (
                "[[1],[2, 123456789012345678901234567890]]",
                "/1",
                Some(vec!["2", "123456789012345678901234567890"]),
            ),
            ("{\"\\u0061\": []}", "/a", Some(vec![])),
            ("{}", "/a", Some(vec![])),
            ("{\"a\": null}", "/a", Some(vec![])),
            ("{\"a\": 1}", "/a", None),
            ("[1", "", None),
        ] {
            assert_eq!(items(text.as_bytes(), pointer), expected, "{text} {pointer}");
        }
    }
}
