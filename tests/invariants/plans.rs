//! What a program or a connection writes down: multipart forms and policies.

use std::time::Duration;

use http_hook::body::Payload;
use http_hook::body::multipart::{Multipart, Part};
use http_hook::{
    Call, Hook, RequestPlan, RetryPolicy, Sent, Step, Timestamp, TransportError, TransportErrorKind,
};

use super::Choices;

const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));

/// Lines in threes: a field, or a file with its name and type, and what is in it.
pub(crate) fn multipart(bytes: &[u8]) {
    let mut form = Multipart::default();
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let mut parts = 0;
    for three in lines.chunks(3) {
        let text = |index: usize| String::from_utf8_lossy(three.get(index).unwrap_or(&&b""[..]));
        let (name, kind, content) = (text(0), text(1), three.get(2).unwrap_or(&&b""[..]).to_vec());
        let added = if kind.is_empty() {
            form.field(name, content)
        } else {
            form.file(
                Part::bytes(name, content).with_filename(kind.clone()).with_content_type(kind),
            )
        };
        parts += usize::from(added.is_ok());
    }
    let Ok(body) = form.write(7) else { return };
    let kind = body.content_type().to_str().expect("visible ASCII");
    let boundary = kind.split_once("boundary=").expect("a boundary").1.trim_matches('"');
    let Payload::Bytes(written) = body.payload() else { panic!("all of it is in memory") };
    assert_eq!(body.len(), u64::try_from(written.len()).ok(), "the length is counted");
    // A boundary stands at the beginning of a line.
    let written = [b"\r\n", &*written].concat();
    let sign = format!("\r\n--{boundary}");
    let found = written.windows(sign.len()).filter(|window| *window == sign.as_bytes()).count();
    assert_eq!(found, parts + 1, "one boundary before each part, and one at the end");
    assert!(written.ends_with(format!("{sign}--\r\n").as_bytes()));
}

/// A policy as JSON.
pub(crate) fn policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(policy) = RetryPolicy::from_json(text) else { return };
    let written = serde_json::to_string(&policy).expect("what was read can be written");
    let again = RetryPolicy::from_json(&written).expect("what was written can be read");
    assert_eq!(serde_json::to_string(&again).ok(), Some(written), "writing is stable");
    let mut from = Choices(bytes);
    let hook = Hook::to("https://api.example.com").expect("a hook");
    let took = Duration::from_millis(from.milliseconds());
    let left = Duration::from_millis(from.milliseconds());
    let deadline = took.saturating_add(left);
    for seed in 0..3 {
        let plan = RequestPlan::get("a").retry(policy.clone()).deadline(deadline);
        let mut step = Call::new(&hook, plan, seed, NOW).step(&hook, NOW);
        let mut now = NOW.after(took);
        for _ in 0..4 {
            let Step::Send { attempt, .. } = step else { break };
            let error = TransportError::new(TransportErrorKind::Connect, Sent::No);
            let Step::Wait { call, wait, .. } = attempt.finish(&hook, Err(error), now) else {
                break;
            };
            assert!(wait < NOW.after(deadline).since(now), "{wait:?} outlives the deadline");
            now = now.after(wait);
            step = call.step(&hook, now);
        }
    }
}
