//! What ureq takes for chunks, held to the grammar ([RFC 9112 §7.1](https://www.rfc-editor.org/rfc/rfc9112#section-7.1)): ureq reads
//! a size as Rust reads a number, with a sign or blanks, and any line for a trailer.

/// How far the chunks came, and whether they are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chunks {
    begun: bool,
    at: At,
    /// What is left of the chunk.
    size: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Size,
    Digits,
    /// Behind a size: only an extension may follow.
    Blanks,
    Extension,
    SizeEnd,
    Data,
    DataEnd,
    DataLineFeed,
    /// At the begin of a trailer, or of the last line.
    Trailer,
    Name,
    Value,
    LastLineFeed,
    Over,
    Broken,
}

impl Chunks {
    /// Whether what came with the head was taken.
    pub(crate) const fn have_begun(self) -> bool {
        self.begun
    }

    /// Whether what came are no chunks.
    pub(crate) fn are_broken(self) -> bool {
        self.at == At::Broken
    }

    /// Takes what came, in the order in which it did.
    pub(crate) fn take(&mut self, mut bytes: &[u8]) {
        self.begun = true;
        while let Some((first, rest)) = bytes.split_first() {
            match self.at {
                At::Data => {
                    let len = usize::try_from(self.size).unwrap_or(usize::MAX).min(bytes.len());
                    self.size -= len as u64;
                    bytes = &bytes[len..];
                    if self.size == 0 {
                        self.at = At::DataEnd;
                    }
                }
                At::Over | At::Broken => return,
                at => {
                    self.at = self.after(at, *first);
                    bytes = rest;
                }
            }
        }
    }

    fn after(&mut self, at: At, byte: u8) -> At {
        match (at, byte) {
            (At::Size | At::Digits, digit) if digit.is_ascii_hexdigit() => {
                let digit = char::from(digit).to_digit(16).map_or(0, u64::from);
                match self.size.checked_mul(16) {
                    Some(size) => {
                        self.size = size | digit;
                        At::Digits
                    }
                    None => At::Broken,
                }
            }
            (At::Digits | At::Blanks, b' ' | b'\t') => At::Blanks,
            (At::Digits, b'\r') => At::SizeEnd,
            (At::SizeEnd | At::Extension, b'\n') if self.size == 0 => At::Trailer,
            (At::SizeEnd | At::Extension, b'\n') => At::Data,
            (At::Digits | At::Blanks, b';') | (At::Extension, _) => At::Extension,
            (At::DataEnd, b'\r') => At::DataLineFeed,
            (At::DataLineFeed, b'\n') => At::Size,
            (At::Trailer, b'\r') => At::LastLineFeed,
            (At::LastLineFeed, b'\n') => At::Over,
            (At::Trailer | At::Name, byte) if is_of_token(byte) => At::Name,
            (At::Value, b'\n') => At::Trailer,
            (At::Name, b':') | (At::Value, _) => At::Value,
            _ => At::Broken,
        }
    }
}

fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::{At, Chunks};

    #[test]
    fn chunks_are_those_of_the_grammar() {
        #[rustfmt::skip]
        let rows = [
            ("5\r\nhello\r\n0\r\n\r\n",                              At::Over),
            ("00000000000000000005\r\nhello\r\n0\r\n\r\n",           At::Over),
            ("5;a=b\r\nhello\r\n0;c=\"d\"\r\nX-A: 1\r\nb:\r\n\r\n",  At::Over),
            ("5 \t;a\r\nhello\r\n0\r\n\r\n",                         At::Over),
            ("A\r\n0123456789\r\n0\r\n\r\n",                         At::Over),
            ("5\r\nhello\r\n",                                       At::Size),
            ("5\r\nhel",                                             At::Data),
            ("+5\r\nhello\r\n0\r\n\r\n",                             At::Broken),
            ("-1\r\nhello\r\n0\r\n\r\n",                             At::Broken),
            ("5 \r\nhello\r\n0\r\n\r\n",                             At::Broken),
            (" 5\r\nhello\r\n0\r\n\r\n",                             At::Broken),
            ("0x5\r\nhello\r\n0\r\n\r\n",                            At::Broken),
            ("\r\nhello\r\n0\r\n\r\n",                               At::Broken),
            (";a\r\nhello\r\n0\r\n\r\n",                             At::Broken),
            ("10000000000000005\r\nhello\r\n0\r\n\r\n",              At::Broken),
            ("5\r\nhello0\r\n\r\n",                                  At::Broken),
            ("5\r\nhello\r\n0\r\nnonsense\r\n\r\n",                  At::Broken),
            ("5\r\nhello\r\n0\r\nX A: 1\r\n\r\n",                    At::Broken),
            ("5\r\nhello\r\n0\r\n: 1\r\n\r\n",                       At::Broken),
        ];
        for (text, at) in rows {
            for piece in [1, 2, 7, 100] {
                let mut chunks = Chunks::default();
                text.as_bytes().chunks(piece).for_each(|piece| chunks.take(piece));
                assert_eq!(chunks.at, at, "{text:?} by {piece}");
            }
        }
    }
}
