//! The body of an answer: bytes change only for people, or when indented JSON is asked for.

use std::io::{self, IsTerminal as _, Read};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response};
use http_hook::blocking::Body;
use http_hook::transport::TimeoutPhase;
use http_hook::{TransportError, TransportErrorKind as Kind};

use super::sink::{Making, Target, to_stdout};
use super::{charset, decode, json};
use crate::args::Format;
use crate::exit::Problem;
use crate::jq::Jq;
use crate::live::Bars;
use crate::screen;

/// How much is read at once, in bytes.
const PIECE: usize = 64 << 10;
/// The longest body that is indented and coloured, in bytes; a longer one streams by as it is.
const INDENTED: usize = 8 << 20;
/// The longest body that becomes part of a line of JSON, in bytes.
const IN_JSON: usize = 64 << 20;

/// What became of a body.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) bytes: u64,
    /// The whole of it, where it goes into a line of JSON.
    pub(crate) kept: Vec<u8>,
}

/// Writes the body of an answer where it is wanted, as it comes.
pub(crate) fn write(
    response: Response<Body>,
    format: Format,
    target: &Target,
    jq: Option<&Jq>,
    bars: &Bars,
) -> Result<Written, Problem> {
    let (head, body) = response.into_parts();
    if let Some(jq) = jq {
        return write_made(&head.headers, Box::new(body), format, target, jq, bars);
    }
    let len = body.len().filter(|_| format == Format::Raw || !decode::is_coded(&head.headers));
    write_reader(&head.headers, Box::new(body), len, format, target, bars)
}

/// Writes what an expression makes of a body.
fn write_made(
    headers: &HeaderMap,
    body: Box<dyn Read>,
    format: Format,
    target: &Target,
    jq: &Jq,
    bars: &Bars,
) -> Result<Written, Problem> {
    let (mut body, _) = decode::undone(headers, body);
    let (all, whole) = up_to(&mut *body, IN_JSON)?;
    if !whole {
        let longest = screen::bytes(IN_JSON as u64);
        return Err(Problem::local(format!("--jq: the body is longer than {longest}")));
    }
    let made = jq.lines(&all)?;
    let bytes = made.len() as u64;
    match (target, format) {
        (Target::File(path), _) => {
            let mut file = Making::new(path, bars)?;
            file.write(&made)?;
            file.done()?;
        }
        (Target::Stdout, Format::Json) => return Ok(Written { bytes, kept: made }),
        (Target::Stdout, _) => {
            print(&screen::plain(&String::from_utf8_lossy(&made)))?;
        }
    }
    Ok(Written { bytes, kept: Vec::new() })
}

/// Writes the body of an answer that failed, of which the beginning is known, to stdout: a file is for what was asked for, and
/// keeps what it has.
pub(crate) fn write_failed(
    headers: &HeaderMap,
    body: &Bytes,
    format: Format,
    bars: &Bars,
) -> Result<(), Problem> {
    let body: Box<dyn Read> = Box::new(io::Cursor::new(body.clone()));
    write_reader(headers, body, None, format, &Target::Stdout, bars).map(|_| ())
}

fn write_reader(
    headers: &HeaderMap,
    body: Box<dyn Read>,
    len: Option<u64>,
    format: Format,
    target: &Target,
    bars: &Bars,
) -> Result<Written, Problem> {
    let (mut body, unknown) =
        if format == Format::Raw { (body, None) } else { decode::undone(headers, body) };
    if let Some(coding) = unknown {
        screen::note(&format!("the body stays in a coding that is not known: {coding}"));
    }
    let mut written = Written::default();
    match (target, format) {
        (Target::File(path), Format::Auto | Format::Raw | Format::Json) => {
            let mut file = Making::new(path, bars)?;
            let mut meter = bars.meter("down", len);
            each(&mut *body, |piece| {
                file.write(piece)?;
                meter.add(piece.len());
                Ok(true)
            })?;
            written.bytes = meter.count();
            drop(meter);
            file.done()?;
        }
        (Target::File(path), Format::Pretty) => {
            let (all, _) = up_to(&mut *body, IN_JSON)?;
            let text = json::indent(&all).map(|text| text + "\n");
            let mut file = Making::new(path, bars)?;
            file.write(text.as_ref().map_or(&all, |text| text.as_bytes()))?;
            each(&mut *body, |piece| file.write(piece).map(|()| true))?;
            file.done()?;
        }
        (Target::Stdout, Format::Json) => {
            let (all, whole) = up_to(&mut *body, IN_JSON)?;
            if !whole {
                let longest = screen::bytes(IN_JSON as u64);
                let message = format!("the body is longer than a line of JSON may be, {longest}");
                return Err(Problem::local(message).with_hint("-o FILE writes it to a file"));
            }
            let is_text = charset::is_western(headers) && std::str::from_utf8(&all).is_err();
            written.kept = if is_text { charset::western(&all).into_bytes() } else { all };
        }
        (Target::Stdout, Format::Pretty) => for_people(headers, &mut *body, true)?,
        (Target::Stdout, Format::Auto) if io::stdout().is_terminal() => {
            for_people(headers, &mut *body, false)?;
        }
        (Target::Stdout, _) => each(&mut *body, to_stdout)?,
    }
    Ok(written)
}

/// Prints a body for people: JSON indented, in colours on a terminal; text without what a terminal would obey; no bytes.
fn for_people(headers: &HeaderMap, body: &mut dyn Read, always: bool) -> Result<(), Problem> {
    let terminal = io::stdout().is_terminal();
    let (begin, whole) =
        if is_json(headers) || is_short(headers) { up_to(body, INDENTED)? } else { first(body)? };
    if whole {
        let text =
            if terminal { json::painted(&begin, screen::plain) } else { json::indent(&begin) };
        if let Some(text) = text {
            return print(&(text + "\n")).map(|_| ());
        }
    }
    if terminal && is_binary(&begin) {
        screen::note(
            "the body is not text and not shown; -o FILE saves it, --format raw with a pipe hands it on",
        );
        return Ok(());
    }
    if always && !terminal {
        to_stdout(&begin)?;
        return each(body, to_stdout);
    }
    let mut text = Text { is_western: charset::is_western(headers), ..Text::default() };
    let mut more = print(&text.piece(&begin))?;
    if more && !whole {
        each(body, |piece| {
            more = print(&text.piece(piece))?;
            Ok(more)
        })?;
    }
    if more && text.needs_end() {
        print("\n")?;
    }
    Ok(())
}

/// Text that comes in pieces, which may end within a character.
#[derive(Default)]
struct Text {
    /// Whether what is no UTF-8 is of the other character set.
    is_western: bool,
    left: Vec<u8>,
    last: Option<char>,
}

impl Text {
    fn piece(&mut self, bytes: &[u8]) -> String {
        self.left.extend_from_slice(bytes);
        if self.is_western && std::str::from_utf8(&self.left).is_err() {
            let text = screen::plain(&charset::western(&std::mem::take(&mut self.left)));
            self.last = text.chars().next_back().or(self.last);
            return text;
        }
        let whole = match std::str::from_utf8(&self.left) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.left.len(),
        };
        let rest = self.left.split_off(whole);
        let text = screen::plain(&String::from_utf8_lossy(&self.left));
        self.left = rest;
        self.last = text.chars().next_back().or(self.last);
        text
    }

    fn needs_end(&self) -> bool {
        self.last.is_some_and(|last| last != '\n')
    }
}

fn print(text: &str) -> Result<bool, Problem> {
    let is_coloured = text.contains('\u{1b}');
    if is_coloured && anstream::stdout().current_choice() == anstream::ColorChoice::Never {
        let text = anstream::adapter::strip_str(text).to_string();
        return to_stdout(text.as_bytes());
    }
    to_stdout(text.as_bytes())
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let kind = String::from_utf8_lossy(kind);
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind == "text/json" || kind.ends_with("+json")
}

/// Whether a body that does not say what it is has a length that is soon there.
fn is_short(headers: &HeaderMap) -> bool {
    let len = headers.get(CONTENT_LENGTH).and_then(|len| len.to_str().ok()?.parse::<usize>().ok());
    !headers.contains_key(CONTENT_TYPE) && len.is_some_and(|len| len <= INDENTED)
}

/// Whether a terminal had better not see it.
fn is_binary(begin: &[u8]) -> bool {
    let begin = &begin[..begin.len().min(8192)];
    let broken = match std::str::from_utf8(begin) {
        Ok(_) => false,
        Err(error) => error.error_len().is_some() && begin.iter().any(|byte| *byte < 9),
    };
    broken || begin.contains(&0)
}

/// Hands a body on, piece by piece, as long as somebody wants it.
fn each(
    body: &mut dyn Read,
    mut take: impl FnMut(&[u8]) -> Result<bool, Problem>,
) -> Result<(), Problem> {
    let mut buffer = vec![0; PIECE];
    let mut count = 0_u64;
    loop {
        let read = read(body, &mut buffer, count)?;
        count = count.saturating_add(read as u64);
        if read == 0 || !take(&buffer[..read])? {
            return Ok(());
        }
    }
}

/// Reads at most so much, and tells whether that is all.
fn up_to(body: &mut dyn Read, limit: usize) -> Result<(Vec<u8>, bool), Problem> {
    let (mut all, mut buffer) = (Vec::new(), vec![0; PIECE]);
    while all.len() <= limit {
        match read(body, &mut buffer, all.len() as u64)? {
            0 => return Ok((all, true)),
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
    Ok((all, false))
}

/// Reads the first piece, and tells whether that is all: so if there is none.
fn first(body: &mut dyn Read) -> Result<(Vec<u8>, bool), Problem> {
    let mut buffer = vec![0; PIECE];
    let count = read(body, &mut buffer, 0)?;
    buffer.truncate(count);
    Ok((buffer, count == 0))
}

fn read(body: &mut dyn Read, buffer: &mut [u8], so_far: u64) -> Result<usize, Problem> {
    loop {
        match body.read(buffer) {
            Ok(count) => return Ok(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(broken(error, so_far)),
        }
    }
}

/// What broke off a body, and after how much of it.
fn broken(error: io::Error, so_far: u64) -> Problem {
    let error = TransportError::from_body_io(error);
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
    let after = screen::bytes(so_far);
    let message = format!("the body broke off after {after}: {error}{}", cause.unwrap_or_default());
    let problem = Problem::broken(error.kind(), message);
    match error.kind() {
        Kind::Timeout(TimeoutPhase::Total) => problem.with_hint("raise --deadline"),
        Kind::Timeout(_) => problem.with_hint("raise --timeout for a longer silence"),
        Kind::Body | Kind::Interrupted => problem.with_hint(
            "what has begun is not sent again; `http-hook fetch` goes on where a download broke off",
        ),
        _ => problem,
    }
}
