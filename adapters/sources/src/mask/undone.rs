//! Texts whose escapes are undone, and where in them each byte stood.

use std::borrow::Cow;
use std::ops::Range;

/// How often escapes are undone.
const MAX_LEVELS: usize = 16;

/// What escapes begin with: of percent encoding, of JSON and programs, of HTML.
pub(super) const LEADS: [u8; 3] = *b"%\\&";

/// A text, with its escapes undone a number of times: those of percent encoding (`%2F`), JSON (`\/`, `\u002f`), programs (`\x2f`,
/// `\057`, `%u002f`) and HTML (`&#47;`, `&amp;`), whichever there are. So it does not matter which characters a writer escaped, and how.
pub(super) struct Undone<'a> {
    bytes: Cow<'a, [u8]>,
    /// Where each byte ended in the text as it was, if not in the same place; all bytes of an escape end with it.
    ends: Option<Vec<u32>>,
}

impl<'a> Undone<'a> {
    /// Shows the text as it is, then with its escapes undone once, twice, and so on while there are any. It is false if some are
    /// left in the end, or the text is too long to tell.
    pub(super) fn each_level(text: &'a [u8], mut show: impl FnMut(&Self)) -> bool {
        let mut level = Self { bytes: Cow::Borrowed(text), ends: None };
        show(&level);
        for _ in 0..MAX_LEVELS {
            let Some(next) = level.undone(&LEADS) else { return true };
            if u32::try_from(text.len()).is_err() {
                return false;
            }
            level = next;
            show(&level);
        }
        level.undone(&LEADS).is_none()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where this part stood in the text as it was, with all of an escape that it has a part of.
    pub(super) fn place(&self, part: Range<usize>) -> Range<usize> {
        let Some(ends) = &self.ends else { return part };
        let of = |place: u32| usize::try_from(place).unwrap_or(usize::MAX);
        let (before, own) = (ends.get(..part.start), ends.get(part).unwrap_or_default());
        let (Some(first), Some(last)) = (own.first(), own.last()) else { return 0..0 };
        let begin = before.unwrap_or_default().iter().rev().find(|end| *end < first);
        of(begin.copied().unwrap_or_default())..of(*last)
    }

    /// Undoes the escapes that begin with one of `leads`, once; `None` if there are none.
    fn undone(&self, leads: &[u8]) -> Option<Self> {
        let escape = |at: usize| {
            let rest = self.bytes.get(at..)?;
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
            let length = match escape(at) {
                None => {
                    bytes.push(*byte);
                    1
                }
                Some((length, Meant::Byte(byte))) => {
                    bytes.push(byte);
                    length
                }
                Some((length, Meant::Char(char))) => {
                    bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                    length
                }
            };
            at += length;
            ends.resize(bytes.len(), end(at - 1));
        }
        Some(Self { bytes: Cow::Owned(bytes), ends: Some(ends) })
    }
}

/// A text without the escapes that begin with `lead`, undone once.
pub(super) fn undone_once(text: &[u8], lead: u8) -> Vec<u8> {
    let level = Undone { bytes: Cow::Borrowed(text), ends: None };
    level.undone(&[lead]).unwrap_or(level).bytes.into_owned()
}

/// What an escape stands for.
#[derive(Clone, Copy)]
enum Meant {
    Byte(u8),
    Char(char),
}

/// The escape that the text begins with, if it does: its length, and what it stands for.
fn escape(text: &[u8]) -> Option<(usize, Meant)> {
    let byte = |length, digits: &[u8], radix| {
        let byte = u8::try_from(number(digits, radix)?).ok()?;
        Some((length, Meant::Byte(byte)))
    };
    match text {
        [b'%', high, low, ..] if *high != b'u' => byte(3, &[*high, *low], 16),
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
        [b'\\', b'x', high, low, ..] => byte(4, &[*high, *low], 16),
        [b'\\', first @ b'0'..=b'3', second, third, ..] => byte(4, &[*first, *second, *third], 8),
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
        [b'&', ..] => {
            let names: [(&[u8], u8); 5] = [
                (b"&amp;", b'&'),
                (b"&lt;", b'<'),
                (b"&gt;", b'>'),
                (b"&quot;", b'"'),
                (b"&apos;", b'\''),
            ];
            let own = names.iter().find(|(name, _)| text.starts_with(name))?;
            Some((own.0.len(), Meant::Byte(own.1)))
        }
        _ => None,
    }
}

/// A character of HTML by its number, which may have some zeros before it and no `;` behind.
fn numbered(text: &[u8]) -> Option<(usize, Meant)> {
    let (from, radix) = if matches!(text.get(2), Some(b'x' | b'X')) { (3, 16) } else { (2, 10) };
    let digits = text.get(from..)?.iter().take(16);
    let end = from + digits.take_while(|byte| char::from(**byte).is_digit(radix)).count();
    let char = char::from_u32(number(text.get(from..end)?, radix)?)?;
    Some((end + usize::from(text.get(end) == Some(&b';')), Meant::Char(char)))
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok()?;
    let digits = text.chars().all(|c| c.is_digit(radix));
    u32::from_str_radix(text, radix).ok().filter(|_| digits)
}
