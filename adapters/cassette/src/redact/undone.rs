//! Text whose escapes are undone, and where in it each byte stood.

use std::borrow::Cow;
use std::ops::Range;

use htmlize::{Context, ENTITIES, ENTITY_MAX_LENGTH, ENTITY_MIN_LENGTH, unescape_bytes_in};

/// How often escapes are undone.
const MAX_LEVELS: usize = 16;

/// A text, with its escapes undone a number of times: of percent encoding (`%2F`), JSON (`\/`, `\u002f`), programs (`\x2f`, `\057`, `%u002f`) and HTML (`&#47;`,
/// `&sol;`), whichever there are. So it does not matter which characters a writer escaped, and how.
pub(crate) struct Undone<'a> {
    bytes: Cow<'a, [u8]>,
    /// Where each byte ended in the text as it was, if not in the same place; all bytes of an escape end with it.
    ends: Option<Vec<u32>>,
}

impl<'a> Undone<'a> {
    /// Shows the text as it is, then with its escapes undone once, twice, and so on while there are any. It is false if some are
    /// left in the end.
    pub(crate) fn each_level(text: &'a [u8], mut show: impl FnMut(&Self)) -> bool {
        let mut level = Self { bytes: Cow::Borrowed(text), ends: None };
        show(&level);
        for _ in 0..MAX_LEVELS {
            let Some(next) = level.undone(&LEADS) else { return true };
            level = next;
            show(&level);
        }
        level.undone(&LEADS).is_none()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where this part stood in the text as it was, with all of an escape that it has a part of.
    pub(crate) fn place(&self, part: Range<usize>) -> Range<usize> {
        let Some(ends) = &self.ends else { return part };
        let of = |place: u32| usize::try_from(place).unwrap_or(usize::MAX);
        let (before, of_part) = (ends.get(..part.start), ends.get(part).unwrap_or_default());
        let (Some(first), Some(last)) = (of_part.first(), of_part.last()) else { return 0..0 };
        let begin = before.unwrap_or_default().iter().rev().find(|end| *end < first);
        of(begin.copied().unwrap_or_default())..of(*last)
    }

    /// Undoes the escapes that begin with one of `leads`, once; `None` if there are none.
    fn undone(&self, leads: &[u8]) -> Option<Self> {
        let escape = |at: usize| {
            let rest = &self.bytes[at..];
            rest.first().filter(|lead| leads.contains(lead)).and_then(|_| escape(rest))
        };
        let first = (0..self.bytes.len()).find(|at| escape(*at).is_some())?;
        let mut bytes = self.bytes[..first].to_vec();
        let end = |at: usize| match &self.ends {
            Some(ends) => ends.get(at).copied().unwrap_or_default(),
            None => u32::try_from(at + 1).unwrap_or(u32::MAX),
        };
        let mut ends: Vec<u32> = (0..first).map(end).collect();
        let mut at = first;
        while let Some(byte) = self.bytes.get(at) {
            match escape(at) {
                None => {
                    bytes.push(*byte);
                    at += 1;
                }
                Some((length, Meant::Byte(byte))) => {
                    bytes.push(byte);
                    at += length;
                }
                Some((length, Meant::Char(char))) => {
                    bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                    at += length;
                }
                Some((length, Meant::Text(text))) => {
                    bytes.extend_from_slice(&text);
                    at += length;
                }
            }
            ends.resize(bytes.len(), end(at - 1));
        }
        Some(Self { bytes: Cow::Owned(bytes), ends: Some(ends) })
    }
}

/// What escapes begin with: of percent encoding, of JSON, of HTML; and the zeros that UTF-16 and UTF-32 have between letters.
pub(crate) const LEADS: [u8; 4] = *b"%\\&\0";

/// A text without the escapes that begin with `lead`, undone once.
pub(crate) fn undone_once(text: &[u8], lead: u8) -> Vec<u8> {
    let level = Undone { bytes: Cow::Borrowed(text), ends: None };
    level.undone(&[lead]).unwrap_or(level).bytes.into_owned()
}

/// What an escape stands for.
enum Meant {
    Byte(u8),
    Char(char),
    Text(Cow<'static, [u8]>),
}

/// The escape that the text begins with, if it does: its length, and what it stands for.
fn escape(text: &[u8]) -> Option<(usize, Meant)> {
    match text {
        [0, ..] => Some((1, Meant::Text(Cow::Borrowed(b"")))),
        [b'%', high, low, ..] if *high != b'u' => {
            let byte = u8::try_from(number(&[*high, *low], 16)?).ok()?;
            Some((3, Meant::Byte(byte)))
        }
        [b'\\', b'u' | b'x', b'{', rest @ ..] => {
            let length = rest.iter().take(9).position(|byte| *byte == b'}')?;
            let char = char::from_u32(number(&rest[..length], 16)?)?;
            Some((length + 4, Meant::Char(char)))
        }
        [b'\\', b'U', rest @ ..] => {
            let char = char::from_u32(number(rest.get(..8)?, 16)?)?;
            Some((10, Meant::Char(char)))
        }
        [b'\\' | b'%', b'u', rest @ ..] => {
            let unit = |text: &[u8]| u16::try_from(number(text.get(..4)?, 16)?).ok();
            let first = unit(rest)?;
            // A character beyond the first 65,536 is a pair.
            let second = rest.get(4..).and_then(|rest| unit(rest.strip_prefix(&text[..2])?));
            let mut chars = char::decode_utf16([Some(first), second].into_iter().flatten());
            let char = chars.next()?.ok()?;
            Some((6 * char.len_utf16(), Meant::Char(char)))
        }
        [b'\\', b'x', high, low, ..] => {
            let byte = u8::try_from(number(&[*high, *low], 16)?).ok()?;
            Some((4, Meant::Byte(byte)))
        }
        [b'\\', first @ b'0'..=b'3', second, third, ..] => {
            let byte = u8::try_from(number(&[*first, *second, *third], 8)?).ok()?;
            Some((4, Meant::Byte(byte)))
        }
        [b'\\', one, ..] => {
            let byte = match one {
                b'"' | b'\'' | b'\\' | b'/' => *one,
                b'b' => 8,
                b'f' => 12,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                _ => return None,
            };
            Some((2, Meant::Byte(byte)))
        }
        [b'&', b'#', ..] => numbered(text),
        [b'&', ..] => named(text),
        _ => None,
    }
}

/// A character of HTML by its name. Some names need no `;`, and of two the longer one counts.
fn named(text: &[u8]) -> Option<(usize, Meant)> {
    let letters = text[1..].iter().take(ENTITY_MAX_LENGTH - 1);
    let name = 1 + letters.take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let whole = name + usize::from(text.get(name) == Some(&b';'));
    (ENTITY_MIN_LENGTH..=whole).rev().find_map(|length| {
        let meant = ENTITIES.get(&text[..length])?;
        Some((length, Meant::Text(Cow::Borrowed(meant))))
    })
}

/// A character of HTML by its number, which may have any number of zeros before it and no `;` behind.
fn numbered(text: &[u8]) -> Option<(usize, Meant)> {
    let (from, radix) = if matches!(text.get(2), Some(b'x' | b'X')) { (3, 16) } else { (2, 10) };
    let digits = text[from..].iter().take_while(|byte| char::from(**byte).is_digit(radix));
    let end = from + digits.count();
    let whole = end + usize::from(text.get(end) == Some(&b';'));
    (end > from).then(|| {
        let meant = unescape_bytes_in(&text[..whole], Context::General).into_owned();
        (whole, Meant::Text(Cow::Owned(meant)))
    })
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok()?;
    let digits = text.chars().all(|c| c.is_digit(radix));
    u32::from_str_radix(text, radix).ok().filter(|_| digits)
}
