//! Downloads that go on: the right file or an error, never a mixture.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

#[cfg(unix)]
use crate::support::limited;
use crate::support::{Server, command, header, parts, reply, run, serve_by, temporary};

const LEN: usize = 300_000;

/// A state of the file.
fn file(state: usize, len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from((at * 31 + at / 251 + state * 97) % 251).unwrap()).collect()
}

/// What the server does with a request.
#[derive(Clone, Copy, Debug)]
enum Does {
    /// As the standard says, and breaks off after so many bytes of the body.
    Cut(usize),
    /// As the standard says.
    Sound,
    /// The whole, with 200, whatever is asked for.
    Whole,
    /// A part that is not the one that was asked for.
    Off,
    /// A part whose total is another one.
    Shrunken,
    /// 416.
    Unsatisfied,
    /// 503.
    Busy,
}

/// A server of a file whose state is by the number of the request; `tag` makes its `ETag`.
fn serve(
    does: impl Fn(usize) -> (usize, Does) + Send + Sync + 'static,
    tag: impl Fn(usize) -> String + Send + Sync + 'static,
) -> Server {
    serve_by(move |request, number| {
        let (state, does) = does(number);
        let (all, tag) = (file(state, LEN), tag(state));
        let etag = format!("ETag: {tag}");
        let asked = header(request, "range").and_then(|range| {
            let begin = range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok()?;
            (header(request, "if-range") == Some(tag.as_str())).then_some(begin)
        });
        let begin = match does {
            Does::Whole => 0,
            _ => asked.unwrap_or(0),
        };
        let range = format!("Content-Range: bytes {begin}-{}/{LEN}", LEN - 1);
        match (does, asked) {
            (Does::Busy, _) => reply("503 Busy", &["Retry-After: 0"], b"busy"),
            (Does::Unsatisfied, Some(_)) => {
                reply("416 No", &[&format!("Content-Range: bytes */{LEN}")], b"")
            }
            (Does::Off, Some(begin)) => {
                let range = format!("Content-Range: bytes {}-{}/{LEN}", begin + 1, LEN - 1);
                reply("206 Part", &[&etag, &range], &all[begin + 1..])
            }
            (Does::Shrunken, Some(begin)) => {
                let end = LEN - 100;
                let range = format!("Content-Range: bytes {begin}-{}/{end}", end - 1);
                reply("206 Part", &[&etag, &range], &all[begin..end])
            }
            (does, asked) => {
                let length = format!("Content-Length: {}", LEN - begin);
                let body = match does {
                    Does::Cut(after) => &all[begin..LEN.min(begin + after)],
                    _ => &all[begin..],
                };
                match asked {
                    Some(_) if !matches!(does, Does::Whole) => {
                        reply("206 Part", &[&etag, &range, &length], body)
                    }
                    _ => reply("200 OK", &[&etag, &length], body),
                }
            }
        }
    })
}

fn strong(state: usize) -> String {
    format!("\"v{state}\"")
}

/// A place for a file, with nothing beside it.
fn place(name: &str) -> PathBuf {
    let place = temporary(name);
    for beside in [with(&place, ".part"), with(&place, ".part.json")] {
        let _ = fs::remove_file(beside);
    }
    place
}

fn with(place: &Path, end: &str) -> PathBuf {
    PathBuf::from(format!("{}{end}", place.display()))
}

fn fetch(server: &Server, place: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let url = format!("http://{}/file", server.authority);
    run(&[&["fetch", "-", &url, "-o", place.to_str().unwrap()], more].concat())
}

fn nothing_beside(place: &Path) -> bool {
    !with(place, ".part").exists() && !with(place, ".part.json").exists()
}

/// Numbers that look like chance, and are the same each time.
fn chance(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    }
}

#[test]
fn a_file_comes_whole_although_it_is_cut_fifty_times() {
    let mut draw = chance(7);
    let mut cuts: Vec<usize> = (0..50).map(|_| draw(LEN)).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let ends = cuts.clone();
    // Each answer ends where the next cut is, wherever it began.
    let server = serve_by(move |request, _| {
        let all = file(0, LEN);
        let begin = header(request, "range").map_or(0, |range| {
            range.trim_start_matches("bytes=").trim_end_matches('-').parse::<usize>().unwrap()
        });
        let end = ends.iter().copied().find(|cut| *cut > begin).unwrap_or(LEN);
        let length = format!("Content-Length: {}", LEN - begin);
        let range = format!("Content-Range: bytes {begin}-{}/{LEN}", LEN - 1);
        if begin == 0 {
            return reply("200 OK", &["ETag: \"a\"", &length], &all[..end]);
        }
        assert_eq!(header(request, "if-range"), Some("\"a\""));
        assert_eq!(header(request, "accept-encoding"), Some("identity"));
        reply("206 Part", &["ETag: \"a\"", &length, &range], &all[begin..end])
    });
    let place = place("fifty");
    let policy = temporary("at-once.json");
    fs::write(
        &policy,
        r#"{"stop": {"type": "after_attempt", "max_attempts": 3}, "wait": {"type": "none"}}"#,
    )
    .unwrap();
    let (code, out, err) = fetch(&server, &place, &["--policy", policy.to_str().unwrap()]);
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "", ""));
    assert!(fs::read(&place).unwrap() == file(0, LEN), "the right file");
    assert_eq!(server.requests().len(), cuts.iter().filter(|cut| **cut > 0).count() + 1);
    assert!(nothing_beside(&place));
    fs::remove_file(&place).unwrap();
    fs::remove_file(&policy).unwrap();
}

#[test]
fn fifty_runs_that_break_off_make_one_file() {
    let mut draw = chance(11);
    let cuts: Vec<usize> = (0..50).map(|_| draw(LEN / 25)).collect();
    let server = serve(
        move |number| (0, cuts.get(number).map_or(Does::Sound, |cut| Does::Cut(*cut))),
        strong,
    );
    let place = place("runs");
    let mut runs = 0;
    loop {
        runs += 1;
        let (code, _, err) = fetch(&server, &place, &["--retry", "0"]);
        match code {
            Some(0) => break,
            Some(7) => assert!(!place.exists(), "it is there only when it is whole: {err}"),
            other => panic!("{other:?}: {err}"),
        }
        assert!(runs <= 51);
        #[cfg(unix)]
        if with(&place, ".part").exists() {
            use std::os::unix::fs::PermissionsExt as _;
            for end in [".part", ".part.json"] {
                let mode = fs::metadata(with(&place, end)).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600, "{end}");
            }
        }
    }
    assert!(fs::read(&place).unwrap() == file(0, LEN), "the right file");
    assert!(runs > 20 && nothing_beside(&place), "{runs}");
    fs::remove_file(&place).unwrap();
}

#[test]
fn whatever_the_server_does_it_is_the_file_or_an_error() {
    type Tag = fn(usize) -> String;
    type Row<'a> = (&'a str, Tag, &'a [(usize, Does)], Result<usize, i32>);
    let weak: Tag = |state| format!("W/\"v{state}\"");
    // What it does with the first request, which state the file is in then, and so on.
    #[rustfmt::skip]
    let rows: [Row<'_>; 14] = [
        ("cut, and on", strong, &[(0, Does::Cut(1000)), (0, Does::Sound)], Ok(0)),
        ("cut before anything", strong, &[(0, Does::Cut(0)), (0, Does::Sound)], Ok(0)),
        ("cut before the last byte", strong, &[(0, Does::Cut(LEN - 1)), (0, Does::Sound)], Ok(0)),
        ("another file", strong, &[(0, Does::Cut(1000)), (1, Does::Sound)], Ok(1)),
        (
            "another file each time",
            strong,
            &[(0, Does::Cut(1000)), (1, Does::Cut(2000)), (2, Does::Sound)],
            Ok(2),
        ),
        (
            "and back again",
            strong,
            &[(0, Does::Cut(1000)), (1, Does::Cut(2000)), (0, Does::Sound)],
            Ok(0),
        ),
        ("the whole for a part", strong, &[(0, Does::Cut(1000)), (0, Does::Whole)], Ok(0)),
        ("of another file", strong, &[(0, Does::Cut(1000)), (1, Does::Whole)], Ok(1)),
        ("a wrong Content-Range", strong, &[(0, Does::Cut(1000)), (0, Does::Off)], Err(7)),
        ("a shrunken file", strong, &[(0, Does::Cut(1000)), (0, Does::Shrunken)], Err(7)),
        ("416", strong, &[(0, Does::Cut(1000)), (0, Does::Unsatisfied), (0, Does::Sound)], Ok(0)),
        ("busy between", strong, &[(0, Does::Cut(1000)), (0, Does::Busy), (0, Does::Sound)], Ok(0)),
        ("a weak tag", weak, &[(0, Does::Cut(1000)), (0, Does::Sound)], Ok(0)),
        ("a weak tag of another file", weak, &[(0, Does::Cut(1000)), (1, Does::Sound)], Ok(1)),
    ];
    for (why, tag, turns, expected) in rows {
        // In one run, and in one run for each request.
        for more in [&["--seed", "1"][..], &["--retry", "0"]] {
            let own = turns.to_vec();
            let server =
                serve(move |number| own.get(number).copied().unwrap_or(own[own.len() - 1]), tag);
            let place = place("any");
            let mut code = None;
            let mut err = String::new();
            for _ in 0..5 {
                (code, _, err) = fetch(&server, &place, more);
                if code == Some(0)
                    || expected.is_err() && code == expected.err() && server.requests().len() >= 2
                {
                    break;
                }
            }
            assert_eq!(code, Some(expected.err().unwrap_or(0)), "{why}: {err}");
            if let Ok(state) = expected {
                assert!(fs::read(&place).unwrap() == file(state, LEN), "{why}: a mixture");
                assert!(nothing_beside(&place), "{why}");
            } else {
                assert!(!place.exists(), "{why}");
                assert!(err.contains("--restart begins anew"), "{why}: {err}");
                assert_eq!(turns.len(), 2);
                // Nothing of it is in the way of a new beginning.
                let server = serve(|_| (0, Does::Sound), strong);
                assert_eq!(fetch(&server, &place, &["--restart"]).0, Some(0), "{why}");
                assert!(fs::read(&place).unwrap() == file(0, LEN), "{why}");
            }
            fs::remove_file(&place).unwrap();
        }
    }
}

#[test]
fn a_part_of_one_url_is_none_of_another() {
    let server = serve_by(|request, _| {
        let state = usize::from(request.starts_with("GET /b"));
        let all = file(state, LEN);
        if header(request, "range").is_some() {
            let range = format!("Content-Range: bytes 1000-{}/{LEN}", LEN - 1);
            return reply("206 Part", &["ETag: \"1\"", &range], &all[1000..]);
        }
        let length = format!("Content-Length: {LEN}");
        let body = if state == 0 { &all[..1000] } else { &all[..] };
        reply("200 OK", &["ETag: \"1\"", &length], body)
    });
    let place = place("urls");
    let url = |path: &str| format!("http://{}/{path}", server.authority);
    let out = place.to_str().unwrap();
    assert_eq!(run(&["fetch", "-", &url("a"), "-o", out, "--retry", "0"]).0, Some(7));
    assert!(with(&place, ".part").exists());
    assert_eq!(run(&["fetch", "-", &url("b"), "-o", out, "--retry", "0"]).0, Some(0));
    assert!(fs::read(&place).unwrap() == file(1, LEN), "of one URL alone");
    fs::remove_file(&place).unwrap();
}

#[cfg(unix)]
#[test]
fn a_kill_loses_a_second_at_most() {
    use std::io::Write as _;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let begins = std::sync::Arc::new(Mutex::new(Vec::new()));
    let log = std::sync::Arc::clone(&begins);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let log = std::sync::Arc::clone(&log);
            thread::spawn(move || {
                let mut stream = stream.unwrap();
                let mut bytes = [0; 4096];
                let count = std::io::Read::read(&mut stream, &mut bytes).unwrap();
                let request = String::from_utf8_lossy(&bytes[..count]).into_owned();
                let begin = header(&request, "range").map_or(0, |range| {
                    range
                        .trim_start_matches("bytes=")
                        .trim_end_matches('-')
                        .parse::<usize>()
                        .unwrap()
                });
                log.lock().unwrap().push(begin);
                let all = file(0, LEN);
                let length = format!("Content-Length: {}", LEN - begin);
                let range = format!("Content-Range: bytes {begin}-{}/{LEN}", LEN - 1);
                let head = if begin == 0 {
                    reply("200 OK", &["ETag: \"a\"", &length], b"")
                } else {
                    reply("206 Part", &["ETag: \"a\"", &length, &range], b"")
                };
                let _ = stream.write_all(&head);
                for piece in all[begin..].chunks(2_000) {
                    if stream.write_all(piece).is_err() {
                        return;
                    }
                    thread::sleep(Duration::from_millis(20));
                }
            });
        }
    });
    let place = place("killed");
    let url = format!("http://{authority}/file");
    let args = ["fetch", "-", &url, "-o", place.to_str().unwrap()];
    let mut child = command(&args).spawn().unwrap();
    thread::sleep(Duration::from_millis(2_300));
    // No signal that it could hear.
    child.kill().unwrap();
    child.wait().unwrap();
    let (code, _, err) = run(&args);
    assert_eq!(code, Some(0), "{err}");
    assert!(fs::read(&place).unwrap() == file(0, LEN), "the right file");
    let begins = begins.lock().unwrap().clone();
    assert!(begins[1] > 50_000, "{begins:?}");
    assert!(nothing_beside(&place));
    fs::remove_file(&place).unwrap();
}

#[test]
fn two_do_not_fetch_one_file_at_once() {
    let server = serve_by(|_, _| {
        thread::sleep(Duration::from_millis(700));
        reply("200 OK", &["ETag: \"a\""], b"all of it")
    });
    let place = place("twice");
    let url = format!("http://{}/file", server.authority);
    let args = ["fetch", "-", &url, "-o", place.to_str().unwrap()];
    let mut first = command(&args).spawn().unwrap();
    while server.requests().is_empty() {
        thread::sleep(Duration::from_millis(10));
    }
    let (code, _, err) = run(&args);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("another process fetches it"), "{err}");
    assert!(first.wait().unwrap().success());
    assert_eq!(server.requests().len(), 1);
    assert_eq!(fs::read(&place).unwrap(), b"all of it");
    fs::remove_file(&place).unwrap();
}

#[test]
fn a_digest_says_whether_it_is_the_file() {
    let server = serve(|_| (0, Does::Sound), strong);
    let place = place("digest.bin");
    let sum = "d16a2a4b6ea4c96ddcf7a0ebb5a2f3dc1e67c7f8da2dd6d3cd1bce6ca6c8f1d2";
    let (code, _, err) = fetch(&server, &place, &["--sha256", sum]);
    assert_eq!(code, Some(9), "{err}");
    assert!(!place.exists() && nothing_beside(&place), "what is wrong is not kept");
    let found =
        err.split("its sha256 is ").nth(1).unwrap().lines().next().unwrap().trim().to_owned();
    let sums = temporary("SHA256SUMS");
    let name = place.file_name().unwrap().to_str().unwrap();
    fs::write(&sums, format!("{sum}  other.bin\n{found} *./{name}\n")).unwrap();
    let at = format!("@{}", sums.display());
    for args in
        [["--sha256", &found], ["--sha256", &at], ["--checksum", &format!("sha-256:{found}")]]
    {
        let (code, _, err) = fetch(&server, &place, &args);
        assert_eq!(code, Some(0), "{args:?}: {err}");
        fs::remove_file(&place).unwrap();
    }
    fs::write(&sums, format!("{sum}  other.bin\n")).unwrap();
    for args in [
        ["--sha256", &at],
        ["--sha256", "abc"],
        ["--checksum", "crc32:00"],
        ["--checksum", "md5:00"],
    ] {
        assert_eq!(fetch(&server, &place, &args).0, Some(2), "{args:?}");
    }
    fs::remove_file(&sums).unwrap();
}

#[test]
fn what_is_no_file_is_not_kept() {
    let rows: [(&str, &[&str], &str, i32); 4] = [
        ("404 Not Found", &[], "404 Not Found", 4),
        ("204 No Content", &["Content-Length: 0"], "the status is 204", 7),
        ("206 Part", &["Content-Range: bytes 0-1/9"], "the whole was asked for", 7),
        ("200 OK", &["Content-Encoding: gzip"], "the coding gzip", 7),
    ];
    for (status, headers, says, expected) in rows {
        let server = serve_by(move |_, _| {
            reply(status, headers, if headers.is_empty() { b"no" } else { b"" })
        });
        let place = place("none");
        fs::write(&place, "before").unwrap();
        let (code, out, err) = fetch(&server, &place, &[]);
        assert_eq!(code, Some(expected), "{status}: {err}");
        assert!(err.contains(says), "{status}: {err}");
        assert_eq!(out, if expected == 4 { "no" } else { "" });
        assert_eq!(fs::read_to_string(&place).unwrap(), "before");
        assert!(nothing_beside(&place), "{status}");
        fs::remove_file(&place).unwrap();
    }
}

#[test]
fn a_redirect_to_another_origin_is_followed_and_goes_on_there() {
    let mirror =
        serve(|number| (0, if number == 0 { Does::Cut(5_000) } else { Does::Sound }), strong);
    let location = format!("Location: http://{}/file", mirror.authority);
    let server = serve_by(move |_, _| reply("302 Found", &[&location], b""));
    let place = place("mirror");
    let (code, _, err) = fetch(&server, &place, &[]);
    assert_eq!(code, Some(0), "{err}");
    assert!(fs::read(&place).unwrap() == file(0, LEN));
    let requests = mirror.requests();
    assert_eq!(header(&requests[1], "range"), Some("bytes=5000-"));
    assert_eq!(header(&requests[1], "if-range"), Some("\"v0\""));
    fs::remove_file(&place).unwrap();
}

#[test]
fn what_has_no_meaning_is_not_sent() {
    for args in [
        &["http://127.0.0.1:9/x"][..],
        &["http://127.0.0.1:9/x", "-o", "-"],
        &["http://127.0.0.1:9/x", "-O", "--save-state", "x"],
        &["http://127.0.0.1:9/x", "-O", "--compressed"],
        &["http://127.0.0.1:9/x", "-O", "Range:bytes=1-"],
        &["http://127.0.0.1:9/x", "-O", "-H", "If-Range: x"],
        &["POST", "http://127.0.0.1:9/x", "-O"],
        &["http://127.0.0.1:9/x", "-O", "a=b"],
        &["http://127.0.0.1:9/x", "-o", "/dev/null"],
        &["http://127.0.0.1:9/x", "-O", "-i"],
        &["http://127.0.0.1:9/x", "-O", "-I"],
    ] {
        let (code, _, err) = run(&[&["fetch", "-"], args].concat());
        assert_eq!(code, Some(2), "{args:?}: {err}");
    }
}

#[test]
fn the_result_is_told_to_programs() {
    let server = serve(|_| (0, Does::Sound), strong);
    let place = place("told");
    let (code, out, _) = fetch(&server, &place, &["--format", "json"]);
    assert_eq!(code, Some(0));
    assert!(out.contains(&format!("\"bytes\":{LEN}")) && out.contains("\"output\":"), "{out}");
    fs::remove_file(&place).unwrap();
    let server = serve(|_| (0, Does::Cut(10)), strong);
    let (code, _, err) = fetch(&server, &place, &["--format", "json", "--retry", "0"]);
    assert_eq!(code, Some(7));
    assert!(err.contains(r#""code":"body""#) || err.contains(r#""code":"interrupted""#), "{err}");
    for end in [".part", ".part.json"] {
        fs::remove_file(with(&place, end)).unwrap();
    }
    let url = format!("http://{}/file", server.authority);
    let output = command(&[
        "fetch",
        "-",
        &url,
        "-o",
        place.to_str().unwrap(),
        "--retry",
        "0",
        "--deadline",
        "20s",
    ])
    .output();
    assert_eq!(parts(&output.unwrap()).0, Some(7));
    for end in [".part", ".part.json"] {
        fs::remove_file(with(&place, end)).unwrap();
    }
}

#[test]
fn a_validator_holds_for_one_url() {
    // In one run, and in one run for each request.
    for more in [&["--seed", "1"][..], &["--retry", "0"]] {
        let asked = AtomicUsize::new(0);
        let server = serve_by(move |request, _| {
            if request.starts_with("GET /latest") {
                let version = 1 + asked.fetch_add(1, Ordering::Relaxed).min(1);
                return reply("302 Found", &[&format!("Location: /v{version}")], b"");
            }
            let first = request.starts_with("GET /v1");
            let all = file(usize::from(!first), LEN);
            if header(request, "range").is_some() {
                let range = format!("Content-Range: bytes 1000-{}/{LEN}", LEN - 1);
                return reply("206 Part", &["ETag: \"1\"", &range], &all[1000..]);
            }
            let length = format!("Content-Length: {LEN}");
            reply("200 OK", &["ETag: \"1\"", &length], &all[..if first { 1000 } else { LEN }])
        });
        let place = place("latest");
        let url = format!("http://{}/latest", server.authority);
        let args = [&["fetch", "-", &url, "-o", place.to_str().unwrap()], more].concat();
        let (mut code, _, mut err) = run(&args);
        if code == Some(7) {
            let record = fs::read_to_string(with(&place, ".part.json")).unwrap();
            assert!(!record.contains("/v1"), "a URL may hold a secret: {record}");
            (code, _, err) = run(&args);
        }
        assert_eq!(code, Some(0), "{more:?}: {err}");
        assert!(fs::read(&place).unwrap() == file(1, LEN), "{more:?}: a mixture");
        fs::remove_file(&place).unwrap();
    }
}

#[test]
fn a_part_of_one_request_is_none_of_another() {
    type Row<'a> = (&'a [&'a str], &'a str, &'a [&'a str], &'a str, bool);
    let rows: [Row<'_>; 7] = [
        (&[], "ann:1", &[], "ann:1", true),
        (&["-u", "ann:1"], "", &["-u", "ann:1"], "", true),
        (&[], "", &["-H", "X-As: marker"], "", false),
        (&["-u", "ann:1"], "", &["-u", "bob:marker"], "", false),
        (&["-u", "ann:1", "--digest"], "", &["-u", "bob:marker", "--digest"], "", false),
        (&[], "ann:1", &[], "bob:marker", false),
        (&[], "", &[], "bob:marker", false),
    ];
    for (first, login, second, other, goes_on) in rows {
        let server =
            serve(|number| (0, if number == 0 { Does::Cut(1000) } else { Does::Sound }), strong);
        let place = place("who");
        let fetch = |more: &[&str], login: &str| {
            let at = if login.is_empty() { "" } else { "@" };
            let stored = format!("http://{login}{at}{}", server.authority);
            let args = ["fetch", "files", "file", "-o", place.to_str().unwrap(), "--retry", "0"];
            let mut command = command(&[&args, more].concat());
            parts(&command.env("AIRFLOW_CONN_FILES", &stored).output().unwrap())
        };
        let (code, _, err) = fetch(first, login);
        assert_eq!(code, Some(7), "{first:?}: {err}");
        let record = fs::read_to_string(with(&place, ".part.json")).unwrap();
        assert!(!record.contains("ann"), "{record}");
        let (code, _, err) = fetch(second, other);
        assert_eq!(code, Some(0), "{second:?}: {err}");
        let ranged = header(&server.requests()[1], "range").is_some();
        assert_eq!(ranged, goes_on, "{first:?} {login}, then {second:?} {other}");
        assert!(fs::read(&place).unwrap() == file(0, LEN));
        fs::remove_file(&place).unwrap();
    }
}

#[test]
fn the_same_file_is_as_long_as_it_was() {
    type Reply = fn() -> Vec<u8>;
    let rows: [(&str, Reply); 4] = [
        ("nothing is behind it", || {
            reply("416 No", &["ETag: \"a\"", "Content-Range: bytes */1000"], b"")
        }),
        ("less than is there", || {
            reply("416 No", &["ETag: \"a\"", "Content-Range: bytes */900"], b"")
        }),
        ("the whole, and shorter", || reply("200 OK", &["ETag: \"a\""], &file(0, 2000))),
        ("the whole without a length", || {
            let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nETag: \"a\"\r\n\r\n";
            [&head[..], &file(0, 2000)].concat()
        }),
    ];
    for (why, second) in rows {
        let server = serve_by(move |_, number| {
            let length = format!("Content-Length: {LEN}");
            match number {
                0 => reply("200 OK", &["ETag: \"a\"", &length], &file(0, 1000)),
                _ => second(),
            }
        });
        let place = place("shorter");
        assert_eq!(fetch(&server, &place, &["--retry", "0"]).0, Some(7));
        let (code, _, err) = fetch(&server, &place, &["--retry", "0"]);
        assert_eq!(code, Some(7), "{why}: {err}");
        assert!(err.contains("--restart begins anew"), "{why}: {err}");
        assert!(!place.exists(), "{why}");
        for end in [".part", ".part.json"] {
            fs::remove_file(with(&place, end)).unwrap();
        }
    }
}

#[cfg(unix)]
type Make<'a> = &'a dyn Fn();

#[cfg(unix)]
#[test]
fn a_part_of_somebody_else_stays_as_it_is() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let server = serve(|_| (0, Does::Sound), strong);
    let place = place("foreign");
    let (part, record) = (with(&place, ".part"), with(&place, ".part.json"));
    let other = temporary("foreign-other");
    let rows: [(&str, Make<'_>); 5] = [
        ("a file", &|| fs::write(&part, "theirs").unwrap()),
        ("a link to one", &|| symlink(&other, &part).unwrap()),
        ("a link to none", &|| symlink(with(&other, "-none"), &part).unwrap()),
        ("another name of one", &|| fs::hard_link(&other, &part).unwrap()),
        ("a record", &|| fs::write(&record, "theirs").unwrap()),
    ];
    for (why, make) in rows {
        for more in [&[][..], &["--restart"]] {
            fs::write(&other, "theirs").unwrap();
            make();
            let (code, _, err) = fetch(&server, &place, more);
            assert_eq!(code, Some(1), "{why}: {err}");
            assert!(!place.exists(), "{why}");
            assert_eq!(fs::read_to_string(&other).unwrap(), "theirs", "{why}");
            assert!(!with(&other, "-none").exists(), "{why}");
            for path in [&part, &record] {
                if let Ok(text) = fs::read_to_string(path) {
                    assert!(text == "theirs" || text.is_empty(), "{why}: {text}");
                }
                let _ = fs::remove_file(path);
            }
        }
    }
    assert!(server.requests().is_empty());
    fs::remove_file(&other).unwrap();
    // Its own one is for nobody else, whatever became of it meanwhile.
    let server = serve(|number| (0, Does::Cut(1000 + number)), strong);
    assert_eq!(fetch(&server, &place, &["--retry", "0"]).0, Some(7));
    fs::set_permissions(&part, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(fetch(&server, &place, &["--retry", "0"]).0, Some(7));
    assert_eq!(fs::metadata(&part).unwrap().permissions().mode() & 0o777, 0o600);
    fs::remove_file(&part).unwrap();
    fs::remove_file(&record).unwrap();
}

#[cfg(unix)]
#[test]
fn what_comes_is_run_as_nobody_else() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = serve(|_| (0, Does::Sound), strong);
    let place = place("set-id");
    fs::write(&place, "before").unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o6755)).unwrap();
    assert_eq!(fetch(&server, &place, &[]).0, Some(0));
    assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o7777, 0o755);
    fs::remove_file(&place).unwrap();
}

#[cfg(unix)]
#[test]
fn a_full_disk_loses_nothing_that_is_there() {
    let server = serve(|_| (0, Does::Sound), strong);
    let place = place("full");
    let url = format!("http://{}/file", server.authority);
    let output = limited(128, &["fetch", "-", &url, "-o", place.to_str().unwrap()]).output();
    let (code, _, err) = parts(&output.unwrap());
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("cannot write"), "{err}");
    let (code, _, err) = fetch(&server, &place, &[]);
    assert_eq!(code, Some(0), "{err}");
    assert!(header(&server.requests()[1], "range").is_some(), "it goes on");
    assert!(fs::read(&place).unwrap() == file(0, LEN));
    fs::remove_file(&place).unwrap();
}
