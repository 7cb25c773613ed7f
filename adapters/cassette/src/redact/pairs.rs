//! Pairs of name and value: `name=value`, `name: value`, `'name' => 'value'`.

use std::ops::Range;

use super::members::{Kind, position, says_nothing};
use super::places::HIDDEN;
use super::undone::undone_once;
use super::url::text_of;
use super::values::{Values, is_blank, is_of_name};
use super::work::Work;

/// The shortest name in what is no text, in bytes: there a shorter one is a name by chance.
const SHORTEST_NAME: usize = 3;

/// A text in which pairs are looked for.
pub(super) struct Pairs<'a> {
    pub(super) text: &'a [u8],
    pub(super) kind: Kind,
    pub(super) is_secret: &'a dyn Fn(&str) -> bool,
    pub(super) work: &'a Work,
}

/// A name that was met, and what stood around it.
struct Name {
    range: Range<usize>,
    /// In quotes as in JSON, whose members are looked for elsewhere.
    is_member: bool,
    /// Something stands between it and what comes.
    is_apart: bool,
}

impl Pairs<'_> {
    /// Shows each value under a secret name, without its quotes, in their order.
    pub(super) fn each(&self, mut show: impl FnMut(Range<usize>)) {
        let look = Values::new(self.text, self.work);
        let is_text = |byte: &u8| *byte >= b' ' || byte.is_ascii_whitespace();
        let shortest = if self.text.iter().all(is_text) { 1 } else { SHORTEST_NAME };
        let (mut at, mut met) = (0, None::<Name>);
        while let Some(byte) = self.text.get(at).filter(|_| !self.work.is_over()) {
            match byte {
                byte if is_of_name(*byte) => {
                    let end = position(self.text, at, |byte| !is_of_name(byte));
                    let end = end.unwrap_or(self.text.len());
                    met = Some(Name { range: at..end, is_member: false, is_apart: false });
                    at = end;
                }
                b'=' | b':' => {
                    let name = met.take().filter(|name| name.range.len() >= shortest);
                    at = match name.and_then(|name| self.pair(&look, &name, at)) {
                        Some(value) => {
                            let end = value.end;
                            show(value);
                            end
                        }
                        None => at + 1,
                    };
                }
                b'/' if met.is_some() && self.text.get(at + 1) == Some(&b'*') => {
                    at = look.behind_comment(at);
                }
                b' ' | b'\t' | b'\'' | b'"' => {
                    if let Some(name) = &mut met {
                        name.is_member |= *byte == b'"';
                        name.is_apart = true;
                    }
                    at += 1;
                }
                _ => {
                    met = None;
                    at += 1;
                }
            }
        }
    }

    /// The value behind the mark, if there is one and the name is secret.
    fn pair(&self, look: &Values<'_>, name: &Name, mark: usize) -> Option<Range<usize>> {
        // Its own escapes make no words of a name.
        let text = text_of(&undone_once(&self.text[name.range.clone()], b'%'));
        let is_colon = self.text.get(mark) == Some(&b':');
        if is_colon && !self.may_have_colon(name) || !(self.is_secret)(&text) {
            return None;
        }
        let is_form = self.kind == Kind::Form;
        let value = if is_form {
            let end = position(self.text, mark + 1, |byte| byte == b'&');
            mark + 1..end.unwrap_or(self.text.len())
        } else {
            let behind = self.text.get(mark + 1..).unwrap_or_default();
            let start = match (is_colon, name.is_apart, behind) {
                // A comparison.
                (false, true, [b'=', ..]) => return None,
                (false, _, [b'>', ..]) | (true, _, [b'=', ..]) => mark + 2,
                _ => mark + 1,
            };
            // A line's end is none of a pair.
            let first = position(self.text, start, |byte| !is_blank(byte))?;
            let first =
                if self.text[first..].starts_with(b"/*") { look.skip_blanks(first) } else { first };
            look.value(first)?
        };
        let value = self.unquoted(value);
        let content = &self.text[value.clone()];
        // Outside of a form, what has no letter or digit is the padding of base64, or what follows it.
        let is_text = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
        // What was written of a URL has the mark already.
        let is_hidden = self.kind == Kind::Url && content.starts_with(HIDDEN.as_bytes());
        let nothing =
            is_hidden || says_nothing(content) || !is_form && !content.iter().any(is_text);
        (!nothing).then_some(value)
    }

    /// Whether it is no host, no path, no single letter, and no member of JSON.
    fn may_have_colon(&self, name: &Name) -> bool {
        let before = name.range.start.checked_sub(1).and_then(|at| self.text.get(at));
        self.kind != Kind::Form
            && (self.kind == Kind::Text || before.is_some())
            && !name.is_member
            && name.range.len() > 1
            && !matches!(before, Some(b'/' | b'\\' | b'@'))
    }

    fn unquoted(&self, value: Range<usize>) -> Range<usize> {
        let Range { start, end } = value;
        match &self.text[start..end] {
            [b'"', b'"', b'"', .., b'"', b'"', b'"']
            | [b'\'', b'\'', b'\'', .., b'\'', b'\'', b'\'']
                if self.kind != Kind::Form && end - start > 6 =>
            {
                start + 3..end - 3
            }
            [b'"', b'"', b'"', ..] | [b'\'', b'\'', b'\'', ..]
                if self.kind != Kind::Form && end - start > 6 =>
            {
                start + 3..end
            }
            [b'"', .., b'"'] | [b'\'', .., b'\''] if self.kind != Kind::Form => start + 1..end - 1,
            [b'"' | b'\'', ..] if self.kind != Kind::Form => start + 1..end,
            _ => start..end,
        }
    }
}
