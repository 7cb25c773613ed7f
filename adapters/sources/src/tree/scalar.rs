//! What a scalar of YAML 1.1 is that nothing marks, as PyYAML has it.

use super::Tree;

/// What a scalar without quotes is. `None`: a number that is too large to be read.
pub(super) fn plain(text: &str) -> Option<Tree> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Tree::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Tree::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Tree::Bool(false)
        }
        _ => match number(text) {
            Number::None => Tree::Text(text.to_owned()),
            Number::TooLarge => return None,
            Number::Is(number) => Tree::Number(number),
        },
    })
}

/// Whether a number, as JSON has it, is none with a fraction.
pub(super) fn is_whole(number: &str) -> bool {
    number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

/// The number of a text that is said to be one with a fraction: digits are decimal then.
pub(super) fn floated(text: &str, tree: Tree) -> Option<Tree> {
    match &tree {
        Tree::Number(number) if is_whole(number) => {}
        _ => return Some(tree),
    }
    let (sign, digits) = signed(text);
    let digits = digits.replace('_', "");
    let of_decimal = |byte: u8| byte.is_ascii_digit() || byte == b':';
    if !digits.bytes().all(of_decimal) {
        return None;
    }
    Some(Tree::Number(format!("{sign}{}", sixties(&digits)?)))
}

enum Number {
    None,
    TooLarge,
    Is(String),
}

fn signed(text: &str) -> (&str, &str) {
    match text.as_bytes().first() {
        Some(b'-') => ("-", &text[1..]),
        Some(b'+') => ("", &text[1..]),
        _ => ("", text),
    }
}

fn number(text: &str) -> Number {
    let (sign, digits) = signed(text);
    match digits {
        ".inf" | ".Inf" | ".INF" => return Number::Is(format!("{sign}Infinity")),
        ".nan" | ".NaN" | ".NAN" if digits == text => return Number::Is("NaN".to_owned()),
        _ => {}
    }
    // What begins with a dot has no sign.
    let begins = |byte: &u8| byte.is_ascii_digit() || *byte == b'.' && digits == text;
    if !digits.as_bytes().first().is_some_and(begins) {
        return Number::None;
    }
    match whole(digits) {
        // Python has no whole number less than zero and not less.
        Number::Is(number) if number == "0" => Number::Is(number),
        Number::Is(number) => Number::Is(format!("{sign}{number}")),
        Number::TooLarge => Number::TooLarge,
        Number::None => match float(digits) {
            Some(number) => Number::Is(format!("{sign}{number}")),
            None => Number::None,
        },
    }
}

fn whole(digits: &str) -> Number {
    let only = |text: &str, is: fn(u8) -> bool| {
        let plain = text.replace('_', "");
        (!plain.is_empty() && text.bytes().all(|byte| byte == b'_' || is(byte))).then_some(plain)
    };
    let radix = |text: Option<String>, radix| match text {
        None => Number::None,
        Some(text) => match u128::from_str_radix(&text, radix) {
            Ok(number) => Number::Is(number.to_string()),
            Err(_) => Number::TooLarge,
        },
    };
    if let Some(text) = digits.strip_prefix("0b") {
        return radix(only(text, |byte| matches!(byte, b'0' | b'1')), 2);
    }
    if let Some(text) = digits.strip_prefix("0x") {
        return radix(only(text, |byte| byte.is_ascii_hexdigit()), 16);
    }
    if digits.starts_with('0') {
        return radix(only(digits, |byte| (b'0'..=b'7').contains(&byte)), 8);
    }
    let mut parts = digits.split(':');
    let Some(first) = parts.next().and_then(|first| only(first, |byte| byte.is_ascii_digit()))
    else {
        return Number::None;
    };
    if digits.starts_with('_') {
        return Number::None;
    }
    if !digits.contains(':') {
        return Number::Is(first);
    }
    // Sixties, as in hours and minutes.
    if !parts.clone().all(is_sixtieth) {
        return Number::None;
    }
    let mut sum: Option<u128> = first.parse().ok();
    for part in parts {
        let part: Option<u128> = part.parse().ok();
        sum = sum.and_then(|sum| sum.checked_mul(60)?.checked_add(part?));
    }
    sum.map_or(Number::TooLarge, |sum| Number::Is(sum.to_string()))
}

fn is_sixtieth(part: &str) -> bool {
    matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'])
}

/// A dot is a must, and an exponent has a sign.
fn float(digits: &str) -> Option<String> {
    let (whole, rest) = digits.split_once('.')?;
    let is_digits = |text: &str| text.bytes().all(|byte| byte == b'_' || byte.is_ascii_digit());
    let plain = digits.replace('_', "");
    if whole.contains(':') {
        let mut parts = whole.split(':');
        let first = parts.next().filter(|first| is_digits(first))?;
        let is_number = first.starts_with(|c: char| c.is_ascii_digit());
        return (is_number && parts.all(is_sixtieth) && is_digits(rest))
            .then(|| sixties(&plain))
            .flatten();
    }
    let (fraction, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let has_exponent = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    let begins = if whole.is_empty() { fraction } else { whole };
    if !is_digits(whole) || !is_digits(fraction) || !has_exponent {
        return None;
    }
    if !begins.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    sixties(&plain)
}

/// The sum of what stands between colons, from the last on, each sixty times as much as the one behind it.
fn sixties(digits: &str) -> Option<String> {
    let (mut sum, mut base) = (0.0_f64, 1.0_f64);
    for part in digits.rsplit(':') {
        let value: f64 = part.parse().ok()?;
        sum += value * base;
        base *= 60.0;
    }
    // Python reads what is too large as infinite.
    Some(if sum.is_finite() { format!("{sum:?}") } else { "Infinity".to_owned() })
}
