//! `br`, a little at a time.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::work::{Came, Out, Work, not_valid};
use crate::base::TransportError;

/// A Brotli text.
pub(super) struct Brotli {
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    wrote: usize,
}

/// How many bytes are read at a time.
const BYTES: usize = 256;
/// What so many bytes count as if next to nothing comes of them: they can hold a hundred blocks, and tables for each.
const POOR: usize = 16;
/// What has to come of them, in bytes.
const LITTLE: usize = 64;

impl Brotli {
    pub(super) fn new() -> Self {
        let alloc = StandardAlloc::default;
        let state = BrotliState::new(alloc(), alloc(), alloc());
        Self { state: Box::new(state), wrote: 0 }
    }

    /// Undoes the next part of `text`, and takes it off.
    pub(super) fn undo(
        &mut self,
        text: &mut &[u8],
        out: &mut Out,
        work: &mut Work,
    ) -> Result<Came, TransportError> {
        let (now, later) = text.split_at_checked(BYTES).unwrap_or((text, &[]));
        let (room, at) = out.room(0, work);
        let (mut left, mut read) = (now.len(), 0);
        let (mut free, mut end) = (room.len().saturating_sub(at), at);
        let result = BrotliDecompressStream(
            &mut left,
            &mut read,
            now,
            &mut free,
            &mut end,
            room,
            &mut self.wrote,
            &mut self.state,
        );
        let wrote = end.saturating_sub(at);
        out.wrote(wrote);
        *text = text.get(read..).unwrap_or_default();
        let pieces = if wrote < LITTLE && read > LITTLE { POOR } else { 1 };
        work.count(if free == 0 { 0 } else { pieces }, out.len())?;
        match result {
            BrotliResult::ResultSuccess => Ok(Came::End),
            BrotliResult::NeedsMoreOutput => Ok(Came::More),
            BrotliResult::NeedsMoreInput if !later.is_empty() => Ok(Came::More),
            // One that breaks off is not valid, as is one that is something else.
            BrotliResult::NeedsMoreInput | BrotliResult::ResultFailure => Err(not_valid()),
        }
    }
}
