//! Logins and tokens in command lines of curl: `curl -u login:password`.

use std::ops::Range;

use super::members::position;

/// Options whose value is a login and a password.
const LOGINS: [&[u8]; 2] = [b"--user", b"--proxy-user"];

/// Options whose value is secret.
const SECRETS: [&[u8]; 3] = [b"--oauth2-bearer", b"--pass", b"--proxy-pass"];

/// Shows the logins, and apart from them what is secret as a whole. Where nothing speaks of curl, `-u` means something else. The text
/// is gone through once.
pub(super) fn commands(
    text: &[u8],
    login: &mut dyn FnMut(Range<usize>),
    show: &mut dyn FnMut(Range<usize>),
) {
    if !text.windows(4).any(|four| four.eq_ignore_ascii_case(b"curl")) {
        return;
    }
    let mut from = 0;
    while let Some(dash) = position(text, from, |byte| byte == b'-') {
        from = dash + 1;
        let begins = text[..dash].last().is_none_or(|before| {
            before.is_ascii_whitespace() || matches!(before, b'"' | b'\'' | b'`' | b'>')
        });
        if !begins {
            continue;
        }
        let ends = |byte: u8| !byte.is_ascii_alphanumeric() && byte != b'-';
        let end = position(text, dash, ends).unwrap_or(text.len());
        let option = &text[dash..end];
        from = end.max(from);
        let value = if option.starts_with(b"--") {
            if SECRETS.contains(&option) {
                let value = value(text, end);
                from = value.end.max(from);
                show(value);
                continue;
            }
            LOGINS.contains(&option).then(|| value(text, end))
        } else if matches!(option, [.., b'u' | b'U']) {
            Some(value(text, end))
        } else {
            // `-ulogin:password`
            matches!(option, [b'-', b'u' | b'U', ..]).then(|| value(text, dash + 2))
        };
        let Some(value) = value else { continue };
        from = value.end.max(from);
        if text[value.clone()].contains(&b':') {
            login(value);
        }
    }
}

/// What follows an option, without quotes.
fn value(text: &[u8], from: usize) -> Range<usize> {
    let is_between = |byte: u8| matches!(byte, b' ' | b'\t' | b'=');
    let start = position(text, from, |byte| !is_between(byte)).unwrap_or(text.len());
    if let Some(quote @ (b'"' | b'\'')) = text.get(start) {
        let end = position(text, start + 1, |byte| byte == *quote || byte == b'\n');
        return start + 1..end.unwrap_or(text.len());
    }
    let ends = |byte: u8| byte.is_ascii_whitespace() || b"\"'`<\\".contains(&byte);
    start..position(text, start, ends).unwrap_or(text.len())
}
