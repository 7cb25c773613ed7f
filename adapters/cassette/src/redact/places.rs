//! Places in a text, and what is written there instead.

use std::ops::Range;

/// What stands for something that was taken out.
pub(crate) const HIDDEN: &str = "***";

/// Places in a text that are taken out, in their order and apart from each other.
#[derive(Default)]
pub(crate) struct Places(Vec<Place>);

struct Place {
    range: Range<usize>,
    /// What is written around the mark: the quotes that the place had, or nothing.
    quote: Vec<u8>,
}

impl Places {
    /// These parts, in any order.
    pub(crate) fn of(mut parts: Vec<Range<usize>>) -> Self {
        parts.sort_by_key(|part| part.start);
        let mut places = Self::default();
        for part in parts {
            places.add(part, b"");
        }
        places
    }

    /// All of a text.
    pub(crate) fn all(text: &[u8]) -> Self {
        let mut all = Self::default();
        if !text.is_empty() {
            all.add(0..text.len(), b"");
        }
        all
    }

    /// Adds a place that does not end before any other does.
    pub(crate) fn add(&mut self, range: Range<usize>, quote: &[u8]) {
        self.push(Place { range, quote: quote.to_vec() });
    }

    /// Adds all places of another list.
    pub(crate) fn join(&mut self, mut other: Self) {
        if other.0.is_empty() {
            return;
        }
        let mut all = std::mem::take(&mut self.0);
        all.append(&mut other.0);
        all.sort_by_key(|place| place.range.start);
        for place in all {
            self.push(place);
        }
    }

    fn push(&mut self, mut new: Place) {
        while let Some(last) = self.0.pop() {
            if !last.meets(&new) {
                self.0.push(last);
                break;
            }
            new = last.joined_with(new);
        }
        self.0.push(new);
    }

    /// Writes the text without what stands in these places; `None` if there are none.
    pub(crate) fn hide(&self, text: &[u8]) -> Option<Vec<u8>> {
        if self.0.is_empty() {
            return None;
        }
        let mut new = Vec::new();
        let mut from = 0;
        for Place { range, quote } in &self.0 {
            new.extend_from_slice(text.get(from..range.start).unwrap_or_default());
            new.extend_from_slice(quote);
            new.extend_from_slice(HIDDEN.as_bytes());
            new.extend_from_slice(quote);
            from = range.end;
        }
        new.extend_from_slice(text.get(from..).unwrap_or_default());
        Some(new)
    }
}

impl Place {
    /// Whether it overlaps with a place that ends behind it, or touches it and nothing is written between.
    fn meets(&self, next: &Self) -> bool {
        let bare = self.quote.is_empty() && next.quote.is_empty();
        self.range.end > next.range.start || bare && self.range.end == next.range.start
    }

    /// One place for two. The quotes are those of the one that holds the other.
    fn joined_with(self, other: Self) -> Self {
        let range = self.range.start.min(other.range.start)..self.range.end.max(other.range.end);
        let quote = match (self.range == range, other.range == range) {
            (true, _) => self.quote,
            (_, true) => other.quote,
            _ => Vec::new(),
        };
        Self { range, quote }
    }
}
