//! A reply as the code that makes it, so that what a property or a fuzzer found becomes a test.

use std::fmt::{self, Formatter};

use bytes::Bytes;
use http_hook::TransportErrorKind;

use crate::Reply;
use crate::reply::{ALWAYS, Answer, Outcome};

/// Pieces longer than this are written in short if they are one byte over and over.
const LONG: usize = 64;

pub(crate) fn write(reply: &Reply, f: &mut Formatter<'_>) -> fmt::Result {
    match &reply.outcome {
        Outcome::Answer(answer) => self::answer(answer, f)?,
        Outcome::Error(TransportErrorKind::Timeout(phase), sent) => {
            write!(f, "Reply::error(TransportErrorKind::Timeout(TimeoutPhase::{phase:?}), ")?;
            write!(f, "Sent::{sent:?})")?;
        }
        Outcome::Error(kind, sent) => {
            write!(f, "Reply::error(TransportErrorKind::{kind:?}, Sent::{sent:?})")?;
        }
        Outcome::Hang => f.write_str("Reply::hang()")?,
    }
    if !reply.after.is_zero() {
        let (seconds, nanos) = (reply.after.as_secs(), reply.after.subsec_nanos());
        match nanos % 1_000_000 {
            0 if nanos == 0 => write!(f, ".takes(Duration::from_secs({seconds}))")?,
            0 => write!(f, ".takes(Duration::from_millis({}))", reply.after.as_millis())?,
            _ => write!(f, ".takes(Duration::new({seconds}, {nanos}))")?,
        }
    }
    if let Some((method, path)) = &reply.expected {
        write!(f, ".on({method:?}, {path:?})")?;
    }
    if reply.condition.is_some() {
        f.write_str(".when(…)")?;
    }
    match reply.left {
        1 => Ok(()),
        ALWAYS => f.write_str(".always()"),
        left => write!(f, ".times({left})"),
    }
}

fn answer(answer: &Answer, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, "Reply::status({})", answer.status.as_u16())?;
    if let Some(reason) = &answer.reason {
        write!(f, ".reason({:?})", reason.as_str())?;
    }
    for (name, value) in &answer.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        write!(f, ".header({:?}, {value:?})", name.as_str())?;
    }
    match &*answer.pieces {
        [] => {}
        [one] => {
            f.write_str(".body(")?;
            piece(one, f)?;
            f.write_str(")")?;
        }
        pieces => {
            f.write_str(".pieces([")?;
            for (at, one) in pieces.iter().enumerate() {
                f.write_str(if at == 0 { "Bytes::from(" } else { ", Bytes::from(" })?;
                piece(one, f)?;
                f.write_str(")")?;
            }
            f.write_str("])")?;
        }
    }
    if answer.breaks_off { f.write_str(".breaks_off()") } else { Ok(()) }
}

fn piece(piece: &Bytes, f: &mut Formatter<'_>) -> fmt::Result {
    match (piece.first(), std::str::from_utf8(piece)) {
        (Some(first), _) if piece.len() > LONG && piece.iter().all(|byte| byte == first) => {
            write!(f, "vec![{first:#04x}; {}]", piece.len())
        }
        (_, Ok(text)) => write!(f, "{text:?}"),
        _ => write!(f, "&b\"{}\"[..]", piece.escape_ascii()),
    }
}
