//! User info of URLs, wherever a URL stands.

use std::ops::Range;

use super::members::position;

/// Shows the user info of each URL. To many readers a backslash is a slash, and one behind a scheme is as good as two.
pub(super) fn logins(text: &[u8], mut show: impl FnMut(Range<usize>)) {
    let mut from = 0;
    while let Some(slash) = position(text, from, is_slash) {
        let start = position(text, slash, |byte| !is_slash(byte)).unwrap_or(text.len());
        from = start;
        // `\/` is one slash, escaped.
        let escaped = text[slash..start].windows(2).filter(|two| two == b"\\/").count();
        if start - slash - escaped < 2 && !text[..slash].ends_with(b":") {
            continue;
        }
        let end = position(text, start, ends_authority).unwrap_or(text.len());
        let authority = &text[start..end];
        let Some(at) = authority.iter().rposition(|byte| *byte == b'@') else { continue };
        if authority[..at].iter().any(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()) {
            show(start..start + at);
        }
    }
}

fn is_slash(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

fn ends_authority(byte: u8) -> bool {
    is_slash(byte) || byte <= b' ' || matches!(byte, b'?' | b'#' | b'"' | b'\'' | b'<' | b'>')
}
