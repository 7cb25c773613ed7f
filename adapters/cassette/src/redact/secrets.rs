//! Secrets that are known: what was taken out, and is looked for in all that is left.

use std::collections::BTreeMap;

/// The shortest text under a name that sounds secret that is looked for elsewhere, in bytes: anything shorter stands in many
/// places by chance.
const SHORTEST: usize = 4;

/// The same for a text under any other name.
const SHORTEST_OF_OTHERS: usize = 8;

/// The shortest number, in digits.
const SHORTEST_NUMBER: usize = 6;

/// How much of a secret is kept, in bytes: by its beginning it is found.
const LONGEST_KEPT: usize = 16 << 10;

/// The beginnings of secrets, each with the length of the longest one that begins so.
#[derive(Clone, Default)]
pub(crate) struct Secrets(BTreeMap<Vec<u8>, usize>);

impl Secrets {
    /// Notes a secret, however short it is.
    pub(crate) fn hide(&mut self, secret: &[u8]) {
        let mut end = secret.len().min(LONGEST_KEPT);
        // No character is cut.
        while end < secret.len() && end > 0 && secret[end] & 0xc0 == 0x80 && end + 4 > LONGEST_KEPT
        {
            end -= 1;
        }
        if let Some(beginning) = secret.get(..end).filter(|beginning| !beginning.is_empty()) {
            self.note(beginning.to_vec(), secret.len());
        }
    }

    /// Notes a secret, unless it is one that stands in many places by chance.
    pub(crate) fn learn(&mut self, sounds_secret: bool, value: &[u8]) {
        let shortest = if sounds_secret { SHORTEST } else { SHORTEST_OF_OTHERS };
        let is_number = value.iter().all(u8::is_ascii_digit);
        let says_nothing = matches!(value, b"true" | b"false" | b"null") || is_media_type(value);
        let by_chance = is_number && (value.len() < SHORTEST_NUMBER || !sounds_secret);
        if value.len() >= shortest && !says_nothing && !by_chance {
            self.hide(value);
        }
    }

    /// Takes over what another one knows.
    pub(crate) fn join(&mut self, other: Self) {
        for (beginning, length) in other.0 {
            self.note(beginning, length);
        }
    }

    /// Returns beginnings and lengths.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&[u8], usize)> {
        self.0.iter().map(|(beginning, length)| (beginning.as_slice(), *length))
    }

    fn note(&mut self, beginning: Vec<u8>, length: usize) {
        let known = self.0.entry(beginning).or_default();
        *known = length.max(*known);
    }
}

/// Whether it is the name of a media type, which some headers of any name hold.
fn is_media_type(value: &[u8]) -> bool {
    const TYPES: [&[u8]; 6] = [b"application", b"audio", b"image", b"multipart", b"text", b"video"];
    let (kind, rest) = super::url::split(value, b'/');
    rest.is_some() && TYPES.contains(&kind)
}
