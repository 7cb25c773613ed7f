//! `gzip` and `deflate`, block by block.

use crc32fast::Hasher;
use miniz_oxide::inflate::TINFLStatus as Status;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_COMPUTE_ADLER32, TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY,
    TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::work::{Came, Out, Work, not_valid};
use crate::base::TransportError;

/// A deflate text and what is around it.
pub(super) struct Inflate {
    around: Around,
    state: Box<DecompressorOxide>,
    /// What is expected next.
    next: Part,
    /// Where what comes of this member begins.
    begun: usize,
    crc: Hasher,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Gzip,
    Zlib,
    Nothing,
}

#[derive(Clone, Copy)]
enum Part {
    Header,
    Blocks,
    Trailer,
}

/// What a gzip text begins with ([RFC 1952 §2.3.1](https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1)).
const MAGIC: &[u8] = b"\x1f\x8b";
const TRAILER: usize = 8;

impl Inflate {
    pub(super) fn gzip() -> Self {
        Self::new(Around::Gzip, Part::Header)
    }

    pub(super) fn zlib() -> Self {
        Self::new(Around::Zlib, Part::Blocks)
    }

    fn new(around: Around, next: Part) -> Self {
        Self { around, state: Box::default(), next, begun: 0, crc: Hasher::new() }
    }

    /// Undoes the next part of `text`, and takes it off.
    pub(super) fn undo<'a>(
        &mut self,
        whole: &'a [u8],
        text: &mut &'a [u8],
        out: &mut Out,
        work: &mut Work,
    ) -> Result<Came, TransportError> {
        match self.next {
            Part::Header => {
                let Some(rest) = behind_header(text)? else { return Ok(Came::Cut) };
                *text = rest;
                self.state.init();
                self.begun = out.len();
                self.crc = Hasher::new();
                self.next = Part::Blocks;
                work.count(1, out.len())?;
                Ok(Came::More)
            }
            Part::Blocks => match self.block(text, out, work) {
                // Some servers mean the text alone.
                Err(Fault::Text(_)) if self.around == Around::Zlib => {
                    *self = Self::new(Around::Nothing, Part::Blocks);
                    *text = whole;
                    out.clear();
                    Ok(Came::More)
                }
                Err(Fault::Text(error) | Fault::Work(error)) => Err(error),
                Ok(came) => Ok(came),
            },
            Part::Trailer => self.trailer(text, out),
        }
    }

    fn block(&mut self, text: &mut &[u8], out: &mut Out, work: &mut Work) -> Result<Came, Fault> {
        let around = match self.around {
            Around::Zlib => TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_COMPUTE_ADLER32,
            Around::Gzip | Around::Nothing => 0,
        };
        let flags =
            around | TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (room, at) = out.room(self.begun, work);
        let (status, read, wrote) = decompress(&mut self.state, text, room, at, flags);
        *text = text.get(read..).unwrap_or_default();
        let wrote = out.wrote(wrote);
        if self.around == Around::Gzip {
            self.crc.update(wrote);
        }
        work.count(usize::from(status != Status::HasMoreOutput), out.len()).map_err(Fault::Work)?;
        match status {
            Status::BlockBoundary | Status::HasMoreOutput => Ok(Came::More),
            Status::Done if self.around == Around::Gzip => {
                self.next = Part::Trailer;
                Ok(Came::More)
            }
            Status::Done => Ok(Came::End),
            Status::NeedsMoreInput | Status::FailedCannotMakeProgress => Ok(Came::Cut),
            _ => Err(Fault::Text(not_valid())),
        }
    }

    /// Checks what was undone; what does not begin like another member is the end.
    fn trailer(&mut self, text: &mut &[u8], out: &Out) -> Result<Came, TransportError> {
        let Some((trailer, rest)) = text.split_at_checked(TRAILER) else { return Ok(Came::Cut) };
        *text = rest;
        let long = u64::try_from(out.len().saturating_sub(self.begun)).unwrap_or_default();
        let mut expected = [0; TRAILER];
        let (crc, len) = expected.split_at_mut(TRAILER / 2);
        crc.copy_from_slice(&std::mem::take(&mut self.crc).finalize().to_le_bytes());
        // The length is counted modulo 2^32.
        len.copy_from_slice(long.to_le_bytes().get(..TRAILER / 2).unwrap_or_default());
        if trailer != expected {
            return Err(not_valid());
        }
        self.next = Part::Header;
        Ok(if rest.starts_with(MAGIC) { Came::More } else { Came::End })
    }
}

/// Whether the text is wrong, or there is too much to do.
enum Fault {
    Text(TransportError),
    Work(TransportError),
}

/// Reads over the header of a gzip member; `None` if it breaks off.
fn behind_header(text: &[u8]) -> Result<Option<&[u8]>, TransportError> {
    const DEFLATE: u8 = 8;
    const CRC: u8 = 1 << 1;
    const EXTRA: u8 = 1 << 2;
    const NAME: u8 = 1 << 3;
    const COMMENT: u8 = 1 << 4;
    let begin = text.get(..text.len().min(MAGIC.len())).unwrap_or_default();
    if !MAGIC.starts_with(begin) || text.get(2).is_some_and(|method| *method != DEFLATE) {
        return Err(not_valid());
    }
    let (Some(flags), Some(mut rest)) = (text.get(3), text.get(10..)) else { return Ok(None) };
    if flags & EXTRA != 0 {
        let Some((len, behind)) = rest.split_first_chunk::<2>() else { return Ok(None) };
        let len = usize::from(u16::from_le_bytes(*len));
        let Some(behind) = behind.get(len..) else { return Ok(None) };
        rest = behind;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let Some(end) = rest.iter().position(|byte| *byte == 0) else { return Ok(None) };
            rest = rest.get(end.saturating_add(1)..).unwrap_or_default();
        }
    }
    if flags & CRC != 0 {
        let header = text.get(..text.len().saturating_sub(rest.len())).unwrap_or_default();
        let Some((crc, behind)) = rest.split_first_chunk::<2>() else { return Ok(None) };
        let [low, high, ..] = crc32fast::hash(header).to_le_bytes();
        if *crc != [low, high] {
            return Err(not_valid());
        }
        rest = behind;
    }
    Ok(Some(rest))
}
