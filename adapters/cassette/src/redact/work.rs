//! How much is done for one text.

use std::cell::Cell;

/// How many bytes may be gone through for each byte of a text, again and again, before all of it is hidden. A picture in base64 in
/// JSON in JSON takes about 100.
const FOR_EACH_BYTE: usize = 256;

/// What may be done for any text.
const FOR_ANY: usize = 64 << 10;

/// What is left to be done for one text. When nothing is, the rest of it may be anything: then all of it is hidden.
pub(crate) struct Work {
    left: Cell<usize>,
}

impl Work {
    pub(crate) fn on(text: &[u8]) -> Self {
        let left = text.len().saturating_mul(FOR_EACH_BYTE).saturating_add(FOR_ANY);
        Self { left: Cell::new(left) }
    }

    /// Counts bytes that are gone through; false if that is too much.
    pub(crate) fn does(&self, bytes: usize) -> bool {
        self.left.set(self.left.get().saturating_sub(bytes));
        !self.is_over()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.left.get() == 0
    }
}
