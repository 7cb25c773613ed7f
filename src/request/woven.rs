//! The headers of a call laid over those below: one map, made once and as large as it becomes.

use http::{HeaderMap, HeaderName};

use super::record::REMOVES;
use super::shared::{SharedText, too_many};
use crate::base::Error;

/// So many headers below can be woven with those of a call.
const FEW: usize = 8;

/// A mark for each of the first names of a map: few names have the same, and most that are asked for have none of them.
pub(crate) type Marks = [u8; FEW];

/// Marks the names of a map.
pub(crate) fn marks(headers: &HeaderMap) -> Marks {
    let mut marks = Marks::default();
    for (mark, name) in marks.iter_mut().zip(headers.keys()) {
        *mark = mark_of(name.as_str().as_bytes());
    }
    marks
}

/// What a call lays its headers over.
#[derive(Clone, Copy)]
pub(crate) struct Below<'a> {
    pub(crate) headers: &'a HeaderMap,
    /// Of its names, and perhaps of more.
    pub(crate) marks: &'a Marks,
}

/// Which headers of a call take the place of those below. The names of these need not be read.
struct Woven {
    /// For each header below, where the name of the record is that takes its place; 0 where none does.
    places: [u32; FEW],
    /// The records that take one, a bit each.
    done: u64,
    count: usize,
}

impl SharedText {
    /// Lays the headers over those `below`, into a map that is empty, with room for `more`. `replaces` is told of each name that
    /// was there before, and perhaps of others.
    ///
    /// # Errors
    ///
    /// Kind [`Limit`](crate::ErrorKind::Limit) if there are too many.
    pub(crate) fn put_over(
        &self,
        below: Below<'_>,
        more: usize,
        headers: &mut HeaderMap,
        mut replaces: impl FnMut(&HeaderName),
    ) -> Result<(), Error> {
        if self.headers == 0 {
            *headers = below.headers.clone();
            return Ok(());
        }
        let Some(woven) = Woven::new(self, below) else {
            *headers = below.headers.clone();
            return self.lay_over(headers, |name| {
                replaces(name);
                true
            });
        };
        let count = below.headers.len().saturating_add(self.headers).saturating_add(more);
        if headers.try_reserve(count.saturating_sub(woven.count)).is_err() {
            return Err(too_many());
        }
        for ((name, value), place) in below.headers.iter().zip(&woven.places) {
            let value = match self.at(*place) {
                None => value.clone(),
                Some(record) => {
                    replaces(name);
                    self.value(&record)?
                }
            };
            if headers.try_insert(name.clone(), value).is_err() {
                return Err(too_many());
            }
        }
        let mut bit = 1_u64;
        for record in self.records() {
            let done = woven.done & bit != 0;
            bit = bit.rotate_left(1);
            if !done && headers.try_insert(self.name(&record)?, self.value(&record)?).is_err() {
                return Err(too_many());
            }
        }
        Ok(())
    }
}

impl Woven {
    /// `None` where it is not as simple as that: many headers, some of several values, or one that is taken out.
    #[inline(never)]
    fn new(text: &SharedText, Below { headers, marks }: Below<'_>) -> Option<Self> {
        const ROOM: usize = 64;
        if text.headers > ROOM || headers.len() > FEW || headers.keys_len() != headers.len() {
            return None;
        }
        let mut woven = Self { places: [0; FEW], done: 0, count: 0 };
        let mut bit = 1_u64;
        for record in text.records() {
            if record.what == REMOVES {
                return None;
            }
            let name = text.text.get(record.name..record.value)?;
            let mark = mark_of(name);
            if marks.iter().fold(0, |any, own| any | u8::from(*own == mark)) != 0 {
                for ((own, place), own_mark) in headers.keys().zip(&mut woven.places).zip(marks) {
                    if *own_mark == mark && own.as_str().as_bytes() == name {
                        *place = u32::try_from(record.name).ok()?;
                        woven.done |= bit;
                        woven.count = woven.count.saturating_add(1);
                        break;
                    }
                }
            }
            bit = bit.rotate_left(1);
        }
        Some(woven)
    }
}

/// Mixes the length of a name, a few bytes as a rule, with its last byte.
#[inline]
fn mark_of(name: &[u8]) -> u8 {
    let [length, ..] = name.len().to_le_bytes();
    length.rotate_left(3) ^ name.last().copied().unwrap_or_default()
}
