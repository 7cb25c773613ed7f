//! `zstd`, block by block and frame by frame.

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::work::{Came, Out, Work, not_valid, too_large};
use crate::base::TransportError;

/// A text of frames ([RFC 8878 §3](https://www.rfc-editor.org/rfc/rfc8878#section-3)).
pub(super) struct Zstd {
    decoder: FrameDecoder,
    is_within: bool,
    frames: usize,
}

const MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// The last three bytes of what a frame to be skipped begins with; the first is 0x50 to 0x5f.
const SKIPPABLE: &[u8] = &[0x2a, 0x4d, 0x18];
/// The window that every decoder has room for, in bytes ([RFC 9659](https://www.rfc-editor.org/rfc/rfc9659)).
const WINDOW: u64 = 8 << 20;

impl Zstd {
    pub(super) fn new() -> Self {
        Self { decoder: FrameDecoder::new(), is_within: false, frames: 0 }
    }

    /// Undoes the next part of `text`, and takes it off.
    pub(super) fn undo(
        &mut self,
        text: &mut &[u8],
        out: &mut Out,
        work: &mut Work,
    ) -> Result<Came, TransportError> {
        if !self.is_within {
            return self.begin(text, out, work);
        }
        let blocks = BlockDecodingStrategy::UptoBlocks(1);
        let over = self.decoder.decode_blocks(&mut *text, blocks).map_err(|_| not_valid())?;
        // What is left of a frame may be longer than what may come out.
        let all = out.len().saturating_add(self.decoder.can_collect());
        work.count(1, all)?;
        self.decoder.collect_to_writer(&mut *out).map_err(|_| not_valid())?;
        self.is_within = !over;
        Ok(if over && !is_frame(text) { Came::End } else { Came::More })
    }

    /// Reads the header of a frame, or skips one.
    fn begin(
        &mut self,
        text: &mut &[u8],
        out: &Out,
        work: &mut Work,
    ) -> Result<Came, TransportError> {
        work.count(1, out.len())?;
        if text.get(1..4) == Some(SKIPPABLE) && is_frame(text) {
            let (_, rest) = text.split_at_checked(4).ok_or_else(not_valid)?;
            let (len, rest) = rest.split_first_chunk::<4>().ok_or_else(not_valid)?;
            let len = usize::try_from(u32::from_le_bytes(*len)).unwrap_or(usize::MAX);
            *text = rest.get(len..).ok_or_else(not_valid)?;
            let over = !is_frame(text);
            return Ok(if over { Came::End } else { Came::More });
        }
        let room = u64::try_from(work.room(out.len())).unwrap_or(u64::MAX);
        if window(text).is_some_and(|window| window > room.max(WINDOW)) {
            return Err(too_large("the body needs a larger window than its limit"));
        }
        let begun = if self.frames == 0 {
            self.decoder.init(&mut *text)
        } else {
            self.decoder.reset(&mut *text)
        };
        begun.map_err(|_| not_valid())?;
        self.frames = self.frames.saturating_add(1);
        self.is_within = true;
        Ok(Came::More)
    }
}

fn is_frame(text: &[u8]) -> bool {
    text.starts_with(MAGIC)
        || text.get(1..4) == Some(SKIPPABLE) && text.first().is_some_and(|first| first >> 4 == 5)
}

/// How much of a frame has to be kept at a time, in bytes, by its header.
fn window(frame: &[u8]) -> Option<u64> {
    const SINGLE: u8 = 1 << 5;
    let descriptor = *frame.get(4)?;
    if descriptor & SINGLE == 0 {
        let byte = *frame.get(5)?;
        let base = 1_u64.checked_shl(u32::from(byte >> 3).saturating_add(10))?;
        return Some(base.saturating_add((base / 8).saturating_mul(u64::from(byte & 7))));
    }
    // The content is the window.
    let dictionary: usize = match descriptor & 3 {
        0 => 0,
        1 => 1,
        2 => 2,
        _ => 4,
    };
    let (len, more): (usize, u64) = match descriptor >> 6 {
        0 => (1, 0),
        1 => (2, 256),
        2 => (4, 0),
        _ => (8, 0),
    };
    let from = dictionary.saturating_add(5);
    let mut size = [0; 8];
    size.get_mut(..len)?.copy_from_slice(frame.get(from..from.saturating_add(len))?);
    Some(u64::from_le_bytes(size).saturating_add(more))
}
