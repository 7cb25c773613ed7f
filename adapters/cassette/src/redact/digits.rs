//! What bytes say in base64 and hexadecimal.

use std::ops::Range;

/// A way to write bytes as digits.
#[derive(Clone, Copy)]
pub(super) struct Digits {
    /// What a digit says, in bits.
    pub(super) bits: usize,
    /// How many digits of a run's first group may be missing.
    pub(super) before: usize,
    value: fn(u8) -> Option<u8>,
    /// What may stand between two digits; a line's end may, and what indents the next one.
    between: &'static [u8],
}

pub(super) const BASE64: Digits = Digits { bits: 6, before: 3, value: digit, between: b"" };
pub(super) const HEX: Digits = Digits { bits: 4, before: 1, value: hex_digit, between: b" :-" };

/// What may be digits: some in a row, what may stand between them aside.
pub(super) struct Run {
    /// As many zeros as may be missing, then the digits.
    pub(super) digits: Vec<u8>,
    zeros: usize,
    /// Where digits begin that stand side by side: how many are before them, and their place.
    begins: Vec<(usize, usize)>,
    /// How many bytes of padding follow.
    pub(super) padding: usize,
}

impl Run {
    fn new(zeros: usize) -> Self {
        Self { digits: vec![0; zeros], zeros, begins: Vec::new(), padding: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.digits.len() - self.zeros
    }

    fn push(&mut self, digit: u8, place: usize) {
        let count = self.len();
        if self.begins.last().is_none_or(|(from, begin)| begin + (count - from) != place) {
            self.begins.push((count, place));
        }
        self.digits.push(digit);
    }

    /// Where digits stand in the text.
    pub(super) fn span(&self, part: Range<usize>) -> Range<usize> {
        let place = |digit: usize| {
            let at = self.begins.partition_point(|(from, _)| *from <= digit);
            let begin = at.checked_sub(1).and_then(|at| self.begins.get(at));
            begin.map_or(0, |(from, begin)| begin + (digit - from))
        };
        place(part.start)..place(part.end.saturating_sub(1)) + 1
    }

    /// Whether it is the very run that stands at this place of a text: no escape was undone in it or beside it.
    pub(super) fn stood_in(&self, text: &[u8], place: &Range<usize>, of: Digits) -> bool {
        let is_apart = |byte: Option<&u8>| {
            byte.is_none_or(|byte| {
                (of.value)(*byte).is_none()
                    && !of.between.contains(byte)
                    && !byte.is_ascii_whitespace()
            })
        };
        place.len() == self.span(0..self.len()).len()
            && is_apart(place.start.checked_sub(1).and_then(|before| text.get(before)))
            && is_apart(text.get(place.end))
    }
}

pub(super) fn runs(text: &[u8], of: Digits) -> impl Iterator<Item = Run> {
    let mut bytes = text.iter().enumerate();
    std::iter::from_fn(move || {
        let mut run = Run::new(of.before);
        let mut is_indent = false;
        for (at, byte) in bytes.by_ref() {
            let digit = (of.value)(*byte);
            is_indent = matches!(byte, b'\r' | b'\n') || is_indent && matches!(byte, b' ' | b'\t');
            match digit {
                Some(digit) => run.push(digit, at),
                None if is_indent || of.between.contains(byte) || run.len() == 0 => {}
                None => {
                    let padding = text[at..].iter().take(2).take_while(|byte| **byte == b'=');
                    run.padding = padding.count();
                    return Some(run);
                }
            }
        }
        (run.len() > 0).then_some(run)
    })
}

pub(super) fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// What digits of so many bits say; what is left of a last byte that is not whole goes.
pub(super) fn decoded(digits: &[u8], bits: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(digits.len() * bits / 8);
    let (mut held, mut count) = (0_u32, 0);
    for digit in digits {
        held = held << bits | u32::from(*digit);
        count += bits;
        if count >= 8 {
            count -= 8;
            bytes.extend((held >> count).to_be_bytes().last());
            held &= (1 << count) - 1;
        }
    }
    bytes
}
