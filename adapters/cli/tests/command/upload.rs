//! Uploads take as long as they take, and end where they stand still.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{command, parts, temporary};

const LEN: usize = 40 << 20;

/// Takes one request, at most so many bytes each 50 ms, and answers; with none it reads nothing.
fn server(bytes: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut left, mut buffer) = (LEN, vec![0; bytes]);
        while bytes > 0 && left > 0 {
            thread::sleep(Duration::from_millis(50));
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return,
                Ok(count) => left = left.saturating_sub(count),
            }
        }
        if bytes == 0 {
            thread::sleep(Duration::from_secs(30));
        }
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    });
    url
}

#[test]
fn an_upload_that_goes_on_is_not_cut_off() {
    let file = temporary("upload");
    fs::write(&file, vec![b'x'; LEN]).unwrap();
    let at = format!("@{}", file.display());
    let row = |method: &str, body: &str| {
        let url = server(500 << 10);
        let args = ["call", "-", method, &url, body, "--timeout", "1.5s", "--retry", "0"];
        let begun = Instant::now();
        let input = fs::File::open(&file).unwrap();
        let output = command(&args).stdin(Stdio::from(input)).output().unwrap();
        let (code, out, err) = parts(&output);
        assert_eq!((code, out.as_str()), (Some(0), "ok"), "{args:?}: {err}");
        assert!(begun.elapsed() > Duration::from_millis(2500), "it went on beyond the limit");
    };
    // Each waits for most of its time.
    thread::scope(|scope| {
        for (method, body) in [("PUT", at.as_str()), ("POST", &at), ("PUT", "@-"), ("POST", "@-")] {
            scope.spawn(move || row(method, body));
        }
    });
    fs::remove_file(&file).unwrap();
}

#[test]
fn an_upload_that_stands_still_ends() {
    let file = temporary("stuck");
    fs::write(&file, vec![b'x'; LEN]).unwrap();
    let at = format!("@{}", file.display());
    let row = |method: &str, body: &str| {
        let url = server(0);
        let begun = Instant::now();
        let args = ["call", "-", method, &url, body, "--timeout", "1s", "--retry", "0"];
        let input = Stdio::from(fs::File::open(&file).unwrap());
        let (code, _, err) = parts(&command(&args).stdin(input).output().unwrap());
        assert_eq!(code, Some(8), "{method}: {err}");
        assert!(err.contains("--timeout 1s") && err.contains("hint: raise --timeout"), "{err}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{method}");
    };
    thread::scope(|scope| {
        for (method, body) in [("PUT", at.as_str()), ("POST", &at), ("PUT", "@-")] {
            scope.spawn(move || row(method, body));
        }
    });
    fs::remove_file(&file).unwrap();
}
