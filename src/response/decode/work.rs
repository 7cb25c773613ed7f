//! How much is done for one body: bounded as its bytes are, and in small steps.
//!
//! | what | its bound |
//! | --- | --- |
//! | bytes of each layer | the limit of the body |
//! | the same against what was received | 1,100 times as much, once there are 32 MiB: more than deflate can |
//! | pieces: members, frames, blocks | 10,000, and one more for every 16 bytes that come out |
//!
//! A piece costs about as much as some hundred bytes of output, even if nothing comes of it.

use crate::base::{Sent, TransportError, TransportErrorKind};

/// What may come out whatever went in, in bytes.
const FREE_BYTES: usize = 32 << 20;
/// How many times as long as the body each layer may be beyond that.
const RATIO: usize = 1_100;
/// How many pieces any body may have.
const FREE_PIECES: usize = 10_000;
/// How many bytes have to come out for each further one.
const BYTES_A_PIECE: usize = 16;
/// What is done at a time, in bytes that come out.
const STEP_BYTES: usize = 512 << 10;
/// The same in pieces.
const STEP_PIECES: usize = 1_000;

/// The work on one body.
pub(super) struct Work {
    /// The most bytes that a layer may have.
    limit: usize,
    /// The same by what was received.
    by_ratio: usize,
    pieces: usize,
    /// Of the layers that are done.
    bytes: usize,
    /// Where the step under way began.
    step: (usize, usize),
}

impl Work {
    pub(super) fn new(received: usize, limit: usize) -> Self {
        let by_ratio = received.saturating_mul(RATIO).max(FREE_BYTES);
        Self { limit, by_ratio, pieces: 0, bytes: 0, step: (0, 0) }
    }

    /// How many more bytes may come out of the layer under way, of which there are `len`: one more shows that there are more.
    pub(super) fn room(&self, len: usize) -> usize {
        self.limit.min(self.by_ratio).saturating_add(1).saturating_sub(len)
    }

    /// Counts `pieces` that were undone, `len` being what the layer under way has come to.
    ///
    /// # Errors
    ///
    /// Kind [`Limit`](TransportErrorKind::Limit).
    pub(super) fn count(&mut self, pieces: usize, len: usize) -> Result<(), TransportError> {
        self.pieces = self.pieces.saturating_add(pieces);
        if len > self.limit {
            let limit = self.limit;
            let what = format!(
                "has more than {limit} bytes (`max_response_bytes` sets the limit of a call)"
            );
            return Err(too_large(&format!("decoded, its body {what}")));
        }
        if len > self.by_ratio {
            return Err(too_large("decoded, its body is more than 1100 times as large as it came"));
        }
        let paid = self.bytes.saturating_add(len) / BYTES_A_PIECE;
        if self.pieces > paid.saturating_add(FREE_PIECES) {
            return Err(too_large("its body has too many members or blocks for what they hold"));
        }
        Ok(())
    }

    /// Whether enough was done for once, `len` being what the layer under way has come to.
    pub(super) fn is_enough(&mut self, len: usize) -> bool {
        let done = (self.bytes.saturating_add(len), self.pieces);
        let enough = done.0.saturating_sub(self.step.0) >= STEP_BYTES
            || done.1.saturating_sub(self.step.1) >= STEP_PIECES;
        if enough {
            self.step = done;
        }
        enough
    }

    /// Goes on to the next layer.
    pub(super) fn layer_done(&mut self, len: usize) {
        self.bytes = self.bytes.saturating_add(len);
    }
}

pub(super) fn too_large(what: &str) -> TransportError {
    let kind = TransportErrorKind::Limit;
    TransportError::new(kind, Sent::Yes).with_message(format!("{}: {what}", kind.says()))
}

pub(super) fn not_valid() -> TransportError {
    let source = "the body is not coded as its Content-Encoding says";
    TransportError::new(TransportErrorKind::Body, Sent::Yes).with_source(source)
}

/// What has come out of a layer, with room behind it.
#[derive(Default)]
pub(super) struct Out {
    bytes: Vec<u8>,
    len: usize,
}

impl Out {
    /// How much room is made at a time, in bytes: as much as there is already, within these.
    const ROOM: (usize, usize) = (8 << 10, 256 << 10);

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Makes room for at least one more byte, as far as `work` allows, and gives everything from `from` on, and where in it the
    /// room begins.
    pub(super) fn room(&mut self, from: usize, work: &Work) -> (&mut [u8], usize) {
        if self.len == self.bytes.len() {
            let more = work.room(self.len).min(self.len.clamp(Self::ROOM.0, Self::ROOM.1));
            self.bytes.resize(self.len.saturating_add(more), 0);
        }
        (self.bytes.get_mut(from..).unwrap_or_default(), self.len.saturating_sub(from))
    }

    /// Keeps what was written to the beginning of the room, and gives it.
    pub(super) fn wrote(&mut self, count: usize) -> &[u8] {
        let from = self.len;
        self.len = from.saturating_add(count).min(self.bytes.len());
        self.bytes.get(from..self.len).unwrap_or_default()
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    pub(super) fn take(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.truncate(self.len);
        self.len = 0;
        bytes
    }
}

/// Takes what a decoder writes.
impl std::io::Write for Out {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.bytes.truncate(self.len);
        self.bytes.extend_from_slice(piece);
        self.len = self.bytes.len();
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What came of undoing a part.
pub(super) enum Came {
    /// There is more.
    More,
    /// That was the end.
    End,
    /// The text breaks off.
    Cut,
}
