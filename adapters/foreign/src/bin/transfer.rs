//! Moves bytes through a hook over isahc and tells how much memory that took, in KiB.
//!
//! `transfer down|up|bomb async|blocking URL BYTES`

use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_hook::body::{Body, Replay};
use http_hook::hook::HookBuilder;
use http_hook::{Cause, Hook, Options, RequestPlan, TransportError, TransportErrorKind, blocking};
use http_hook_foreign::builder;
use http_hook_isahc::{blocking as isahc_blocking, from_hook};
use serde_json::json;

const PIECE: usize = 64 << 10;
/// The limit on the body of the bomb.
const LIMIT: u64 = 4 << 20;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [what, face, url, bytes] = words.as_slice() else { panic!("see the comment of the file") };
    let bytes: u64 = bytes.parse().expect("a number of bytes");
    let hook = || builder(url, &json!({}));
    let run = match (what.as_str(), face.as_str()) {
        ("down", "async") => down,
        ("down", "blocking") => down_blocking,
        ("up", "async") => up,
        ("up", "blocking") => up_blocking,
        ("bomb", "async") => bomb,
        ("bomb", "blocking") => bomb_blocking,
        _ => panic!("{what} {face} is nothing this can do"),
    };
    // The highest mark is set back to what is used now.
    std::fs::write("/proc/self/clear_refs", "5").expect("Linux");
    let before = memory("VmRSS:");
    assert_eq!(run(hook(), bytes), bytes, "all of it arrives");
    println!("{}", memory("VmHWM:") - before);
}

/// Reads a line of the process's state, in KiB.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

fn built(hook: HookBuilder) -> Hook {
    hook.build().expect("a hook")
}

fn down(hook: HookBuilder, _: u64) -> u64 {
    let hook = from_hook(built(hook)).expect("isahc starts");
    pollster::block_on(async {
        let answer = hook.stream(RequestPlan::get("")).await.expect("an answer");
        let mut body = std::pin::pin!(answer.into_body());
        let mut count = 0;
        while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
            count += frame.expect("a piece").into_data().map_or(0, |data| data.len() as u64);
        }
        count
    })
}

fn down_blocking(hook: HookBuilder, _: u64) -> u64 {
    let hook = isahc_blocking::from_hook(built(hook)).expect("isahc starts");
    match hook.stream(RequestPlan::get("")).expect("an answer").into_body() {
        blocking::Body::Reader { mut reader, .. } => {
            io::copy(&mut reader, &mut io::sink()).expect("all pieces")
        }
        body => panic!("{body:?} is no stream"),
    }
}

fn up(hook: HookBuilder, bytes: u64) -> u64 {
    let hook = from_hook(built(hook)).expect("isahc starts");
    let plan = RequestPlan::post("").external(Some(bytes), Replay::Again);
    let mut source = || Ok(Body::stream(Zeros(bytes)));
    let answer = pollster::block_on(hook.run_with_body(plan, &mut source)).expect("an answer");
    number(answer.body())
}

fn up_blocking(hook: HookBuilder, bytes: u64) -> u64 {
    let hook = isahc_blocking::from_hook(built(hook)).expect("isahc starts");
    let plan = RequestPlan::post("").external(Some(bytes), Replay::Again);
    let mut source = || Ok(blocking::Body::reader(Some(bytes), io::repeat(0).take(bytes)));
    number(hook.run_with_body(plan, &mut source).expect("an answer").body())
}

fn bomb(hook: HookBuilder, bytes: u64) -> u64 {
    let hook = from_hook(built(limited(hook))).expect("isahc starts");
    stopped(pollster::block_on(hook.run(RequestPlan::get(""))), bytes)
}

fn bomb_blocking(hook: HookBuilder, bytes: u64) -> u64 {
    let hook = isahc_blocking::from_hook(built(limited(hook))).expect("isahc starts");
    stopped(hook.run(RequestPlan::get("")), bytes)
}

fn limited(hook: HookBuilder) -> HookBuilder {
    let mut options = Options::default();
    options.max_response_bytes = Some(LIMIT);
    hook.decode(true).options(options)
}

fn stopped(answer: Result<http::Response<Bytes>, http_hook::Failure>, bytes: u64) -> u64 {
    match answer.expect_err("it stops at the limit").into_cause() {
        Cause::Transport(error) if error.kind() == TransportErrorKind::Limit => bytes,
        cause => panic!("it ends otherwise: {cause:?}"),
    }
}

fn number(text: &[u8]) -> u64 {
    std::str::from_utf8(text).expect("a text").parse().expect("a number")
}

/// So many bytes, made as they are asked for.
struct Zeros(u64);

impl http_body::Body for Zeros {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let count = usize::try_from(self.0).unwrap_or(PIECE).min(PIECE);
        self.0 -= count as u64;
        Poll::Ready((count > 0).then(|| Ok(Frame::data(vec![0; count].into()))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}
