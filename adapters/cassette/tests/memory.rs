//! What a recording takes of memory is in proportion to what was recorded.

#![cfg(target_os = "linux")]

use std::fs;

use http::Request;
use http_hook::blocking;
use http_hook::options::{ClientOptions, SendOptions, Timeouts};
use http_hook_cassette::Recorder;
use http_hook_mock::{MockTransport, Reply};

/// Reads a count of KiB of this process, in bytes.
fn told(name: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("a process");
    let line = status.lines().find(|line| line.starts_with(name)).expect("a count");
    let count = line.split_whitespace().nth(1).and_then(|count| count.parse::<usize>().ok());
    count.expect("a number") << 10
}

#[test]
fn memory_is_in_proportion_to_what_was_recorded() {
    let letters = |count: usize| -> String {
        (0..count).map(|at| char::from(b"abcdefghijklmnop+ %&"[at * at / 7 % 20])).collect()
    };
    let name = "token".repeat(4_000);
    let leaves: Vec<String> = (0..12_000).map(|at| format!("\"leaf{at}\"")).collect();
    let values: Vec<String> = (0..12_000).map(|at| format!(" value=v{at}")).collect();
    let tokens: Vec<String> =
        (0..40_000).map(|at| format!("{{\"token\":\"t{at}-{at}\"}}")).collect();
    #[rustfmt::skip]
    let rows = [
        // what                                     body
        ("one long token",                          format!("{{\"token\":\"{}\"}}", letters(1 << 20))),
        ("many tokens",                             tokens.join(",")),
        ("a long name of many texts",               format!("{{\"{name}\":[{}]}}", leaves.join(","))),
        ("a long name of many attributes",          format!("<a name=\"{name}\"{}>", values.concat())),
        ("a long name of many lines",               format!("{name}:\n{}", " - line of it\n".repeat(8_000))),
        ("a secret that begins at each letter",     format!("token=aaaa {}", "a".repeat(1 << 20))),
    ];
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    for (what, body) in rows {
        let length = body.len();
        let recorder = Recorder::new(MockTransport::new([Reply::status(200).body(body)]));
        let request = Request::get("http://h/").body(blocking::Body::default()).expect("a request");
        blocking::Transport::send(&recorder, request, &options).expect("an answer");
        // The peak is counted anew.
        fs::write("/proc/self/clear_refs", "5").expect("the right to");
        let before = told("VmRSS");
        let cassette = recorder.cassette();
        let taken = told("VmHWM").saturating_sub(before);
        assert!(taken < 32 * length + (24 << 20), "{what}: {} MiB for {length} bytes", taken >> 20);
        drop(cassette);
    }
}
