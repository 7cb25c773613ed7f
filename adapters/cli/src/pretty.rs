//! JSON for people: other blanks, the same values, digit by digit.

use std::str;

use serde::de::IgnoredAny;

/// Indents JSON by two blanks a level; nothing if `bytes` are not JSON.
///
/// Numbers, escapes and the order of fields stay as they came: reading them into values would change some.
pub(crate) fn indent(bytes: &[u8]) -> Option<String> {
    serde_json::from_slice::<IgnoredAny>(bytes).ok()?;
    let mut out = String::with_capacity(bytes.len().saturating_mul(2));
    let mut chars = str::from_utf8(bytes).ok()?.chars().peekable();
    let mut depth = 0_usize;
    while let Some(next) = chars.next() {
        match next {
            '"' => {
                out.push('"');
                while let Some(inner) = chars.next() {
                    out.push(inner);
                    match inner {
                        '"' => break,
                        '\\' => out.extend(chars.next()),
                        _ => {}
                    }
                }
            }
            '{' | '[' => {
                out.push(next);
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(end) = chars.next_if(|c| matches!(c, '}' | ']')) {
                    out.push(end);
                } else {
                    depth = depth.saturating_add(1);
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(next);
            }
            ',' => {
                out.push(',');
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            blank if blank.is_ascii_whitespace() => {}
            other => out.push(other),
        }
    }
    Some(out)
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}
