//! What base64 and hexadecimal digits in a text say, wherever among them it begins.

/// Whether something holds of what a run of digits says.
pub(super) fn says(text: &str, holds: &dyn Fn(&str) -> bool) -> bool {
    // Four digits of base64 are three bytes, two of hexadecimal are one: a text may begin at any of them.
    of_digits(text, base64, 6, 4, holds) || of_digits(text, hexadecimal, 4, 2, holds)
}

fn of_digits(
    text: &str,
    digit: fn(u8) -> Option<u8>,
    bits: u32,
    group: usize,
    holds: &dyn Fn(&str) -> bool,
) -> bool {
    let says = |run: &[u8]| {
        let said = read(run, digit, bits);
        let is_text = std::str::from_utf8(&said).is_ok();
        let in_latin_1 = |said: &[u8]| said.iter().copied().map(char::from).collect::<String>();
        // Half of UTF-16 is zeros, whichever comes first.
        let half = || said.iter().copied().filter(|byte| *byte != 0).collect::<Vec<u8>>();
        // In UTF-8, or in Latin-1, as logins and passwords go out.
        holds(&String::from_utf8_lossy(&said))
            || !is_text && holds(&in_latin_1(&said))
            || said.contains(&0) && holds(&in_latin_1(&half()))
    };
    runs(text, digit).any(|run| (0..group).any(|from| run.get(from..).is_some_and(says)))
}

/// Tells login and password, if a text is both in base64 ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)).
pub(super) fn says_pair(text: &str, tell: impl FnOnce(&str, &str)) {
    if text.len() < 6 || text.bytes().any(|byte| base64(byte).is_none()) {
        return;
    }
    let said = read(text.as_bytes(), base64, 6);
    let said = String::from_utf8(said)
        .unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect());
    if let Some((login, password)) =
        said.split_once(':').filter(|_| !said.contains(char::is_control))
    {
        tell(login, password);
    }
}

/// The longest texts of digits alone that say four bytes or more.
fn runs(text: &str, digit: fn(u8) -> Option<u8>) -> impl Iterator<Item = &[u8]> {
    text.as_bytes().split(move |byte| digit(*byte).is_none()).filter(|run| run.len() >= 6)
}

fn read(run: &[u8], digit: fn(u8) -> Option<u8>, bits: u32) -> Vec<u8> {
    let (mut said, mut held, mut count) = (Vec::with_capacity(run.len()), 0_u16, 0_u32);
    for value in run.iter().filter_map(|byte| digit(*byte)) {
        held = held << bits | u16::from(value);
        count = count.saturating_add(bits);
        if let Some(left) = count.checked_sub(8) {
            said.push((held >> left).to_be_bytes()[1]);
            count = left;
        }
    }
    said
}

/// A digit of either alphabet of [RFC 4648](https://www.rfc-editor.org/rfc/rfc4648).
fn base64(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => byte.checked_sub(b'A'),
        b'a'..=b'z' => byte.checked_sub(b'a' - 26),
        b'0'..=b'9' => byte.checked_add(52 - b'0'),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn hexadecimal(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
