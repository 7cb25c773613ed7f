//! Content codings undone, with a limit on what comes out ([RFC 9110 §8.4]).
//!
//! | coding | rule |
//! | --- | --- |
//! | `gzip`, `x-gzip` | several members in a row; what follows the last is ignored |
//! | `deflate` | zlib, or raw where a server means that |
//! | `br`, `zstd` | as defined |
//! | `identity`, and what is no coding, as `none` and `utf-8` | nothing to undo |
//! | any other | the body is left as it is, as recorded; an error where somebody decides by it |
//!
//! At most five codings may lie over each other. What may come out of each, and how much may be done for it, is
//! bounded: a small body that unfolds into a large one, or that is nothing but empty blocks, is an error.
//!
//! [RFC 9110 §8.4]: https://www.rfc-editor.org/rfc/rfc9110#section-8.4

mod brotli;
mod inflate;
#[cfg(test)]
mod tests;
mod work;
mod zstd;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, Response};

use self::brotli::Brotli;
use self::inflate::Inflate;
use self::work::{Came, Out, Work, too_large};
use self::zstd::Zstd;
use super::is_no_coding;
use crate::base::TransportError;
#[cfg(doc)]
use crate::base::TransportErrorKind;

/// The most codings over each other.
const MAX_CHAIN: usize = 5;

/// A body without its codings.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// The bytes.
    bytes: Bytes,
    /// Whether anything was undone: then `Content-Encoding` and `Content-Length` speak of another body.
    changed: bool,
    /// Whether the coded text reached its end. The original takes a text that breaks off for whole.
    complete: bool,
}

impl Decoded {
    /// Refuses a text that breaks off, for somebody who decides by it.
    ///
    /// # Errors
    ///
    /// [`TransportErrorKind::Body`].
    pub(crate) fn whole(self) -> Result<Self, TransportError> {
        if self.complete { Ok(self) } else { Err(work::not_valid()) }
    }
}

#[derive(Clone, Copy)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// Undoes the codings that `Content-Encoding` names, the last one first. No layer may have more than `limit` bytes. `None` if there
/// are none, or one that is not known; else `Content-Encoding` and `Content-Length` speak of another body than what comes out.
///
/// # Errors
///
/// [`TransportErrorKind::Limit`] past the limit or five codings, beyond 32 MiB for a body that unfolds to more than 1,100 times its
/// length, and for one that consists of more members, frames or blocks than 10,000 and one for each 16 bytes of what they hold;
/// [`TransportErrorKind::Body`] if the body is not what the header says. The server has seen the request either way.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use http::HeaderMap;
/// use http_hook::response::decode::decode;
///
/// let zlib = Bytes::from_static(b"x\x9c\xab\xca,(HMQ(I\xad(\x01\x00\x1a\xf1\x04r");
/// let mut headers = HeaderMap::new();
/// headers.insert("content-encoding", "deflate".parse()?);
/// assert_eq!(decode(&headers, zlib.clone(), 100)?.expect("a coding"), "zipped text");
/// assert!(decode(&headers, zlib, 10).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decode(
    headers: &HeaderMap,
    body: Bytes,
    limit: usize,
) -> Result<Option<Bytes>, TransportError> {
    let mut decoding = Decoding::new(headers, body, limit)?;
    loop {
        if let Some(decoded) = decoding.step()? {
            return Ok(decoded.changed.then_some(decoded.bytes));
        }
    }
}

/// The undoing of the codings of one body, step by step.
pub(crate) struct Decoding {
    /// The last one is undone next.
    codings: Vec<Coding>,
    under_way: Option<Layer>,
    /// What the layer under way is undone from, and how much of that is left.
    coded: Bytes,
    left: usize,
    out: Out,
    work: Work,
    changed: bool,
    /// Whether the coded text reached its end so far.
    complete: bool,
}

/// One coding being undone.
enum Layer {
    Inflate(Inflate),
    Brotli(Brotli),
    Zstd(Box<Zstd>),
}

impl Decoding {
    /// Begins. Nothing is done yet.
    ///
    /// # Errors
    ///
    /// As [`decode`], for more than five codings.
    pub(crate) fn new(
        headers: &HeaderMap,
        body: Bytes,
        limit: usize,
    ) -> Result<Self, TransportError> {
        let codings = if body.is_empty() { Vec::new() } else { codings(headers)? };
        Ok(Self {
            under_way: None,
            changed: !codings.is_empty(),
            codings,
            left: 0,
            out: Out::default(),
            work: Work::new(body.len(), limit),
            coded: body,
            complete: true,
        })
    }

    /// Whether there is anything to undo: not where a coding is unknown.
    pub(crate) const fn undoes(&self) -> bool {
        self.changed
    }

    /// Does as much as is done at a time, about a millisecond's worth. `None`: there is more to do.
    ///
    /// # Errors
    ///
    /// As [`decode`].
    pub(crate) fn step(&mut self) -> Result<Option<Decoded>, TransportError> {
        loop {
            let Some(layer) = &mut self.under_way else {
                let Some(coding) = self.codings.pop() else {
                    let bytes = std::mem::take(&mut self.coded);
                    let (changed, complete) = (self.changed, self.complete);
                    return Ok(Some(Decoded { bytes, changed, complete }));
                };
                self.under_way = Some(Layer::new(coding));
                self.left = self.coded.len();
                continue;
            };
            let from = self.coded.len().saturating_sub(self.left);
            let mut text = self.coded.get(from..).unwrap_or_default();
            let came = layer.undo(&self.coded, &mut text, &mut self.out, &mut self.work)?;
            self.left = text.len();
            if !matches!(came, Came::More) {
                self.complete &= matches!(came, Came::End);
                self.work.layer_done(self.out.len());
                self.coded = self.out.take().into();
                self.under_way = None;
            }
            if self.work.is_enough(self.out.len()) {
                return Ok(None);
            }
        }
    }

    /// What came out so far of the innermost layer that was begun, for one that went wrong.
    fn begin(mut self) -> Option<Bytes> {
        let innermost = self.codings.is_empty() && self.under_way.is_some();
        (innermost && self.out.len() > 0).then(|| self.out.take().into())
    }
}

impl Layer {
    fn new(coding: Coding) -> Self {
        match coding {
            Coding::Gzip => Self::Inflate(Inflate::gzip()),
            Coding::Deflate => Self::Inflate(Inflate::zlib()),
            Coding::Brotli => Self::Brotli(Brotli::new()),
            Coding::Zstd => Self::Zstd(Box::new(Zstd::new())),
        }
    }

    /// Undoes the next part of `text`, and takes it off.
    fn undo<'a>(
        &mut self,
        whole: &'a [u8],
        text: &mut &'a [u8],
        out: &mut Out,
        work: &mut Work,
    ) -> Result<Came, TransportError> {
        match self {
            Self::Inflate(inflate) => inflate.undo(whole, text, out, work),
            Self::Brotli(brotli) => brotli.undo(text, out, work),
            Self::Zstd(zstd) => zstd.undo(text, out, work),
        }
    }
}

/// Begins to undo the codings of a whole response; see [`undone`].
///
/// # Errors
///
/// As [`decode`].
pub(crate) fn of_response(
    response: &Response<Bytes>,
    limit: u64,
) -> Result<Decoding, TransportError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Decoding::new(response.headers(), response.body().clone(), limit)
}

/// Puts what came out in the place of the body, and takes out what speaks of the coded one.
pub(crate) fn undone(response: Response<Bytes>, decoded: Decoded) -> Response<Bytes> {
    let (mut parts, _) = response.into_parts();
    if decoded.changed {
        parts.headers.remove(CONTENT_ENCODING);
        parts.headers.remove(CONTENT_LENGTH);
    }
    Response::from_parts(parts, decoded.bytes)
}

/// Undoes the codings of a response of which only the beginning was read, as far as that goes.
pub(crate) fn begin_of(response: Response<Bytes>, limit: u64) -> Response<Bytes> {
    let Ok(mut decoding) = of_response(&response, limit) else { return response };
    let bytes = loop {
        match decoding.step() {
            Ok(None) => {}
            Ok(Some(decoded)) => return undone(response, decoded),
            Err(_) => break decoding.begin(),
        }
    };
    let Some(mut bytes) = bytes else { return response };
    bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    undone(response, Decoded { bytes, changed: true, complete: false })
}

/// Reads the names of the codings; none if one of them is unknown.
fn codings(headers: &HeaderMap) -> Result<Vec<Coding>, TransportError> {
    let mut codings = Vec::new();
    // What is no text is a coding that nobody knows.
    let lines = headers.get_all(CONTENT_ENCODING).iter().map(|line| line.to_str().unwrap_or("?"));
    for name in lines.flat_map(|line| line.split(',')).map(|name| name.trim().to_ascii_lowercase())
    {
        let coding = match name.as_str() {
            name if is_no_coding(name) => continue,
            "gzip" | "x-gzip" => Coding::Gzip,
            "deflate" => Coding::Deflate,
            "br" => Coding::Brotli,
            "zstd" => Coding::Zstd,
            _ => return Ok(Vec::new()),
        };
        if codings.len() >= MAX_CHAIN {
            return Err(too_large("more than five content codings"));
        }
        codings.push(coding);
    }
    Ok(codings)
}
