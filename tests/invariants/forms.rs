//! Multipart forms through calls that are sent more than once: each body is whole, and says what was put in.

use std::io::{Cursor, Read as _};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_hook::blocking::Body;
use http_hook::body::multipart::{Multipart, MultipartBody, Part};
use http_hook::body::{Payload, Replay};
use http_hook::retry::{Condition, Stop, Wait};
use http_hook::{
    Call, Hook, RequestPlan, RetryPolicy, SendCause, Sent, Step, Timestamp, TransportError,
    TransportErrorKind,
};

use super::counts::{self, note};
use super::{Choices, everything};

const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));
const SEED: u64 = 7;
const MAX_ATTEMPTS: u32 = 5;

/// A part as it was put in.
#[derive(Clone, Debug)]
struct Put {
    kind: Kind,
    name: String,
    filename: Option<String>,
    content_type: Option<String>,
    header: Option<(String, String)>,
    content: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Field,
    File,
    /// From a source of the caller's, whose length is known or not.
    Source(bool),
    /// From one that gives more or less than it said.
    Liar(bool),
}

/// Bytes are parts, and what a server answers.
pub(crate) fn multipart(bytes: &[u8]) {
    let mut from = Choices(bytes);
    let answers: Vec<u8> = (0..from.byte() % 8).map(|_| from.byte()).collect();
    let puts: Vec<Put> = (0..from.byte() % 6).map(|_| put(&mut from)).collect();
    sends(&puts, &answers);
    counts::script();
}

fn put(from: &mut Choices<'_>) -> Put {
    let kinds = [
        Kind::Field,
        Kind::File,
        Kind::Source(true),
        Kind::Source(false),
        Kind::Field,
        Kind::File,
        Kind::Liar(true),
        Kind::Liar(false),
    ];
    let kind = from.one_of(&kinds);
    let names = ["a", "ü\u{1f600}", "x\"y", "a\r\nb", "", "%22", "b", "c", "\t", "\u{0}"];
    let name = from.one_of(&names).to_owned() + &text(from);
    let filename = from.flag().then(|| {
        from.one_of(&["a.txt", "ü.bin", "\"\r\n--", "b", "c", "d", "e", "\u{7f}"]).to_owned()
    });
    let types = ["text/plain", "image/png; a=b", "", "a/b", "c/d", "e/f", "a\nb", "ü"];
    let content_type = from.flag().then(|| from.one_of(&types).to_owned());
    let headers = [
        ("X-Part", "1"),
        ("X-Part", "2"),
        ("X-Part", ""),
        ("content-length", "5"),
        ("Content-Disposition", "x"),
        ("x y", "1"),
        ("X-Bad", "a\r\nb"),
    ];
    let header = (from.byte() % 4 == 3).then(|| from.one_of(&headers));
    let header = header.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut content = match from.byte() % 8 {
        // What the boundary of a form with this seed looks like, maybe in a line of its own.
        0 => boundary_of(&Multipart::default()).into_bytes(),
        1 => format!("\r\n--{}--\r\n", boundary_of(&Multipart::default())).into_bytes(),
        2 => b"\r\n--".to_vec(),
        3 => vec![b'x'; 3_000],
        _ => Vec::new(),
    };
    content.extend(text(from).into_bytes());
    Put { kind, name, filename, content_type, header, content }
}

/// Up to 15 bytes of what is left.
fn text(from: &mut Choices<'_>) -> String {
    let count = usize::from(from.byte() % 16).min(from.0.len());
    let (text, rest) = from.0.split_at(count);
    from.0 = rest;
    String::from_utf8_lossy(text).into_owned()
}

fn boundary_of(form: &Multipart) -> String {
    boundary(&form.write(SEED).expect("a body")).to_owned()
}

fn boundary(body: &MultipartBody) -> &str {
    let kind = body.content_type().to_str().expect("visible ASCII");
    kind.strip_prefix("multipart/form-data; boundary=").expect("a boundary")
}

fn form(puts: &[Put]) -> Multipart {
    let mut form = Multipart::default();
    for put in puts {
        let added = if put.kind == Kind::Field {
            form.field(put.name.clone(), put.content.clone())
        } else {
            let len = u64::try_from(put.content.len()).ok();
            let mut part = match put.kind {
                Kind::Source(true) => Part::source(put.name.clone(), len, Replay::Again),
                Kind::Source(false) => Part::source(put.name.clone(), None, Replay::Again),
                Kind::Liar(more) => {
                    let len = len.map(|len| if more { len + 1 } else { len.saturating_sub(1) });
                    Part::source(put.name.clone(), len, Replay::Again)
                }
                Kind::Field | Kind::File => Part::bytes(put.name.clone(), put.content.clone()),
            };
            if let Some(filename) = &put.filename {
                part = part.with_filename(filename.clone());
            }
            if let Some(kind) = &put.content_type {
                part = part.with_content_type(kind.clone());
            }
            if let Some((name, value)) = &put.header {
                part = part.with_header(name.clone(), value.clone());
            }
            form.file(part)
        };
        added.expect("few parts");
    }
    form
}

impl Put {
    fn is_source(&self) -> bool {
        matches!(self.kind, Kind::Source(_) | Kind::Liar(_))
    }

    /// Whether the source gives another number of bytes than it said.
    fn lies(&self) -> bool {
        match self.kind {
            Kind::Liar(more) => more || !self.content.is_empty(),
            _ => false,
        }
    }

    /// The lines over the content, as a plain reading of RFC 7578 has them, where they can be written.
    fn head(&self) -> Option<String> {
        let quoted = |text: &str| {
            let text = text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
            text.bytes().all(|byte| !byte.is_ascii_control()).then_some(text)
        };
        let is_value = |text: &str| text.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
        let mut head = format!("Content-Disposition: form-data; name=\"{}\"", quoted(&self.name)?);
        if self.kind != Kind::Field {
            if let Some(filename) = &self.filename {
                head.extend(["; filename=\"", &quoted(filename)?, "\""]);
            }
            if let Some(kind) = &self.content_type {
                head.extend(["\r\nContent-Type: ", is_value(kind).then_some(kind)?]);
            }
            if let Some((name, value)) = &self.header {
                let own = name == "X-Part" && is_value(value);
                head.extend(["\r\n", name, ": ", own.then_some(value)?]);
            }
        }
        Some(head)
    }
}

/// Sends the form until the answers end the call, and looks at every body.
fn sends(puts: &[Put], answers: &[u8]) {
    let form = form(puts);
    let heads: Option<Vec<String>> = puts.iter().map(Put::head).collect();
    let written = form.write(SEED);
    assert_eq!(written.is_ok(), heads.is_some(), "{puts:?}");
    let (Ok(written), Some(heads)) = (written, heads) else { return };
    // Fields come before files.
    let (mut order, files): (Vec<_>, Vec<_>) =
        puts.iter().zip(heads).partition(|(put, _)| put.kind == Kind::Field);
    order.extend(files);

    let external = puts.iter().any(Put::is_source);
    let policy = RetryPolicy {
        when: Condition::CheckFailed | Condition::Error,
        wait: Wait::fixed(Duration::ZERO),
        stop: Stop::after_attempt(MAX_ATTEMPTS),
        ..RetryPolicy::default()
    };
    let plan = RequestPlan::post("uploads").allow_resend().retry(policy);
    let plan = if external { plan.multipart_body(&written) } else { plan.multipart(form) };
    let contents: Vec<Bytes> =
        puts.iter().filter(|put| put.is_source()).map(|put| put.content.clone().into()).collect();
    let source = || {
        let parts = contents.iter().map(|content| Body::reader(None, Cursor::new(content.clone())));
        written.join_blocking(parts)
    };
    let lies = puts.iter().any(Put::lies);
    let mut answers = answers.iter();
    let mut first: Option<Bytes> = None;
    thread_local! {
        static HOOK: Hook = Hook::to("https://api.example.com/v1").expect("a hook").for_client(everything());
    }
    let hook = HOOK.with(Hook::clone);
    let mut step = Call::new(&hook, plan, SEED, NOW).step(&hook, NOW);
    loop {
        step = match step {
            Step::Send { request, attempt, .. } => {
                note(|counts| {
                    counts.sends += 1;
                    counts.redirects += u64::from(attempt.cause() == SendCause::Redirect);
                });
                let answer = match body(&request, source) {
                    None => given(answers.next()),
                    Some(Err(error)) => {
                        assert!(lies, "{error:?}: {puts:?}");
                        Err(error)
                    }
                    Some(Ok(body)) => {
                        assert!(!lies, "a source that breaks its word: {puts:?}");
                        note(|counts| counts.bodies += 1);
                        let first = first.get_or_insert_with(|| body.clone());
                        assert_eq!(*first, body, "each send has the same body");
                        let own = request.headers().get("content-type").expect("a type");
                        let own = own.to_str().expect("visible ASCII");
                        let boundary = own.split_once("boundary=").expect("a boundary").1;
                        read(&body, boundary, &order);
                        given(answers.next())
                    }
                };
                attempt.finish(&hook, answer, NOW)
            }
            Step::Wait { call, wait, .. } => {
                assert!(wait.is_zero() || wait <= Duration::from_secs(2));
                let due = call.due();
                call.step(&hook, due)
            }
            Step::Done(_) => return,
        };
    }
}

/// The body of a request, if it has one.
fn body(
    request: &Request<Payload>,
    source: impl FnOnce() -> Result<Body, TransportError>,
) -> Option<Result<Bytes, TransportError>> {
    match request.body() {
        Payload::Bytes(bytes) if bytes.is_empty() => None,
        Payload::Bytes(bytes) => Some(Ok(bytes.clone())),
        Payload::External { len, .. } => {
            // As the drivers do it.
            let mut read = Vec::new();
            let (mut reader, watch) = source().expect("sources that can be opened").exact();
            let body = match reader.read_to_end(&mut read) {
                Ok(_) => Ok(Bytes::from(read)),
                Err(_) => Err(watch.failure().expect("why")),
            };
            if let (Some(len), Ok(body)) = (len, &body) {
                assert_eq!(*len, u64::try_from(body.len()).unwrap_or_default(), "counted");
            }
            Some(body)
        }
        _ => panic!("a payload that is neither"),
    }
}

/// Reads a body as slowly and plainly as can be.
fn read(body: &[u8], boundary: &str, order: &[(&Put, String)]) {
    let mut rest = body;
    for (put, head) in order {
        let begin = format!("--{boundary}\r\n{head}\r\n\r\n");
        rest = rest.strip_prefix(begin.as_bytes()).expect("boundary and head");
        rest = rest.strip_prefix(put.content.as_slice()).expect("the content");
        rest = rest.strip_prefix(b"\r\n").expect("an end of line");
        if !put.is_source() {
            let is_in = |window: &[u8]| window == boundary.as_bytes();
            assert!(!put.content.windows(boundary.len()).any(is_in), "the boundary is in a part");
        }
    }
    assert_eq!(rest, format!("--{boundary}--\r\n").as_bytes());
}

fn given(answer: Option<&u8>) -> Result<Response<Bytes>, TransportError> {
    let answered = |status: u16| Response::builder().status(status);
    let led = |status, to: &str| {
        Ok(answered(status).header("location", to).body(Bytes::new()).expect("an answer"))
    };
    match answer.copied().unwrap_or_default() % 9 {
        0..=2 => {
            Ok(answered(503).header("retry-after", "1").body(Bytes::new()).expect("an answer"))
        }
        4 => led(307, "https://other.example/uploads"),
        5 => led(308, "/v1/elsewhere"),
        7 => Err(TransportError::new(TransportErrorKind::Interrupted, Sent::Maybe)),
        6 => led(303, "/v1/done"),
        _ => Ok(answered(200).body(Bytes::new()).expect("an answer")),
    }
}
