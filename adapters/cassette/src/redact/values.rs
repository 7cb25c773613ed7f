//! Where a value ends that stands behind a name, and what may stand before it.

use std::cell::Cell;
use std::ops::Range;

use super::members::{position, quote};
use super::work::Work;

/// A text in which values are looked for. The end of a comment is looked for again and again, from further on each time, and kept;
/// all else is counted.
pub(super) struct Values<'a> {
    text: &'a [u8],
    work: &'a Work,
    /// From where on there is no nearer end of a comment, and that end.
    end_of_comment: Cell<(usize, usize)>,
    end_of_line: Cell<(usize, usize)>,
}

impl<'a> Values<'a> {
    pub(super) fn new(text: &'a [u8], work: &'a Work) -> Self {
        let none = (usize::MAX, 0);
        Self { text, work, end_of_comment: Cell::new(none), end_of_line: Cell::new(none) }
    }

    /// The first byte from here on that is neither a blank, nor a line's end, nor in a comment.
    pub(super) fn skip_blanks(&self, from: usize) -> usize {
        let mut at = from;
        while self.work.does(1) {
            match self.text.get(at..).unwrap_or_default() {
                [byte, ..] if byte.is_ascii_whitespace() => at += 1,
                [b'/', b'*' | b'/', ..] | [b'#', b' ' | b'\t' | b'#' | b'!', ..] => {
                    at = self.behind_comment(at);
                }
                _ => return at.min(self.text.len()),
            }
        }
        self.text.len()
    }

    /// The first byte behind the comment that begins here.
    pub(super) fn behind_comment(&self, at: usize) -> usize {
        let is_block = self.text.get(at + 1) == Some(&b'*');
        let kept = if is_block { &self.end_of_comment } else { &self.end_of_line };
        let (from, end) = kept.get();
        // The end itself has two bytes.
        if !(from..end.saturating_sub(1)).contains(&(at + 2)) {
            let rest = self.text.get(at + 2..).unwrap_or_default();
            let end = if is_block {
                rest.windows(2).position(|two| two == b"*/").map(|end| end + 2)
            } else {
                rest.iter().position(|byte| *byte == b'\n').map(|end| end + 1)
            };
            let end = end.map_or(self.text.len(), |end| at + 2 + end);
            self.work.does(end.saturating_sub(at));
            kept.set((at + 2, end));
        }
        kept.get().1
    }

    /// The value that begins here, with its quotes or brackets: all of it, or what there is of it.
    pub(super) fn value(&self, start: usize) -> Option<Range<usize>> {
        let end = match *self.text.get(start)? {
            mark @ (b'"' | b'\'') if self.text[start..].starts_with(&[mark; 3]) => {
                let inner = self.text.get(start + 3..).unwrap_or_default();
                let end = inner.windows(3).position(|three| *three == [mark; 3]);
                end.map(|end| start + 3 + end + 3)
            }
            mark @ (b'"' | b'\'') => quote(self.text, start + 1, mark).map(|close| close + 1),
            b'{' | b'[' => self.end_of_nest(start),
            _ => Some(self.end_of_bare(start)),
        };
        let end = end.unwrap_or(self.text.len());
        self.work.does(end.saturating_sub(start)).then_some(start..end)
    }

    fn end_of_nest(&self, start: usize) -> Option<usize> {
        let (mut depth, mut at) = (0_usize, start);
        loop {
            match self.text.get(at)? {
                b'"' => at = quote(self.text, at + 1, b'"')?,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            at += 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }

    /// The end of a value without quotes. A blank or a comma may be of it, unless the next pair or nothing follows on its line.
    pub(super) fn end_of_bare(&self, start: usize) -> usize {
        let mut at = start;
        while let Some(byte) = self.text.get(at) {
            if ends_bare(*byte) {
                return at;
            }
            if !may_end_bare(*byte) {
                at += 1;
                continue;
            }
            let next = position(self.text, at, |byte| !may_end_bare(byte));
            let next = next.unwrap_or(self.text.len());
            let name = position(self.text, next, |byte| !is_of_name(byte));
            let name = name.unwrap_or(self.text.len());
            let mark = position(self.text, name, |byte| !is_blank(byte));
            let pairs = mark.and_then(|mark| self.text.get(mark));
            let another = name > next && matches!(pairs, Some(b'=' | b':'));
            if another || self.text.get(next).is_none_or(|byte| ends_bare(*byte)) {
                return at;
            }
            at = next;
        }
        self.text.len()
    }
}

fn ends_bare(byte: u8) -> bool {
    byte < b' ' && byte != b'\t' || matches!(byte, b'&' | b'"' | b'\'' | b'<' | b'>' | b'\\')
}

fn may_end_bare(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b',' | b';' | b'}' | b']' | b')')
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

pub(super) fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'%' | b'[' | b']')
}
