//! A loopback server that does what the path says, and the command to call it with.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A server on loopback, and every request that came.
pub(crate) struct Server {
    pub(crate) authority: String,
    requests: Arc<Mutex<Vec<String>>>,
}

/// Starts a server.
///
/// | path | what comes back |
/// | --- | --- |
/// | `/status/404` | that status, with the request as its body |
/// | `/no-head/405` | that status to HEAD, 200 to any other method |
/// | `/reason` | 404 with a reason phrase and a body that would steer a terminal |
/// | `/after/30` | 503 with this Retry-After |
/// | `/redirect/2` | 302 to `/redirect/1`, then `/redirect/0`, then 200 |
/// | `/ftp` | 302 to another scheme |
/// | `/reset` | nothing |
/// | `/slow` | nothing, for a long time |
/// | `/token/400/invalid_grant` | that status, with that error and the request as its description |
/// | `/token/200/JWT` | a token of that type |
/// | `/drip` | 200, five lines, one each 100 ms |
/// | `/big/20` | 200, so many MiB of zeros |
/// | `/cut` | 200, and the connection ends in the body |
/// | `/busy-once` | 503 with Retry-After 1 to the first request, then 200 |
/// | `/cookie` | 302 to itself with a cookie, or 200 if it came back |
/// | `/count` | 200, with the length of the body that came |
/// | `/coded` | 200, JSON in gzip that nobody asked for |
/// | `/binary` | 200, bytes that are no text |
/// | `/orders` | 200, JSON |
/// | any other | 200, with the request as its body |
pub(crate) fn serve() -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&requests);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let log = Arc::clone(&log);
            thread::spawn(move || answer(stream.unwrap(), &log));
        }
    });
    Server { authority, requests }
}

/// Starts a server that answers by code: a request and its number, from 0, make the bytes that come back.
pub(crate) fn serve_by(answer: impl Fn(&str, usize) -> Vec<u8> + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let (log, answer) = (Arc::clone(&requests), Arc::new(answer));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
            thread::spawn(move || {
                let mut stream = stream.unwrap();
                let request = read(&mut stream);
                let number = {
                    let mut log = log.lock().unwrap();
                    log.push(request.clone());
                    log.len() - 1
                };
                // The command may have gone meanwhile.
                let _ = stream.write_all(&answer(&request, number));
            });
        }
    });
    Server { authority, requests }
}

/// An answer with these headers and this body.
pub(crate) fn reply(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    if !head.contains("Content-Length") {
        let length = body.len();
        head = format!("{head}Content-Length: {length}\r\n");
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// The value of a header of a request.
pub(crate) fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let head = request.split("\r\n\r\n").next().unwrap_or_default();
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

impl Server {
    /// Gives every request so far, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, log: &Mutex<Vec<String>>) {
    let request = read(&mut stream);
    log.lock().unwrap().push(request.clone());
    let target = request.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let mut head_of = |text: &str| {
        let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{text}\r\n\r\n");
        stream.write_all(head.as_bytes())
    };
    match path.split('/').nth(1).unwrap_or_default() {
        "drip" => {
            let _ = head_of("Content-Type: text/plain");
            for line in 0..5 {
                let _ = stream.write_all(format!("line {line}\n").as_bytes());
                thread::sleep(Duration::from_millis(100));
            }
            return;
        }
        "big" => {
            let count: usize = path.rsplit('/').next().unwrap().parse().unwrap();
            let _ = head_of(&format!("Content-Length: {}", count << 20));
            let piece = vec![b'0'; 1 << 20];
            for _ in 0..count {
                if stream.write_all(&piece).is_err() {
                    return;
                }
                thread::sleep(Duration::from_millis(if count > 50 { 20 } else { 0 }));
            }
            return;
        }
        "cut" => {
            let _ = head_of("Content-Length: 100");
            let _ = stream.write_all(b"ten bytes.");
            return;
        }
        name @ ("coded" | "oddly-coded") => {
            let odd = if name == "coded" { "" } else { "\r\nContent-Encoding: ü" };
            let coded = "H4sIAAAAAAACA6tWqsosULJSMNRRUCouyS9KBbKrlZLzS4C0UW0tAGjKxFUfAAAA";
            let coded = base64(coded);
            let _ = head_of(&format!(
                "Content-Type: application/json\r\nContent-Encoding: gzip{odd}\r\nContent-Length: {}",
                coded.len()
            ));
            let _ = stream.write_all(&coded);
            return;
        }
        "binary" => {
            let _ = head_of("Content-Length: 256");
            let _ = stream.write_all(&(0..=255).collect::<Vec<u8>>());
            return;
        }
        _ => {}
    }
    let last = path.rsplit('/').next().unwrap();
    let (head, body) = match path.split('/').nth(1).unwrap_or_default() {
        "status" => (format!("{last} Some Reason"), request.as_str()),
        "no-head" if request.starts_with("HEAD ") => (format!("{last} No"), ""),
        "reason" => ("404 Go\u{9b}31mne".to_owned(), "\u{1b}[31mred\u{7}\n"),
        "after" => (format!("503 Busy\r\nRetry-After: {last}"), "busy"),
        "redirect" => match last.parse::<u32>().unwrap() {
            0 => ("200 OK".to_owned(), request.as_str()),
            left => (format!("302 Found\r\nLocation: /redirect/{}", left - 1), ""),
        },
        "ftp" => ("302 Found\r\nLocation: ftp://127.0.0.1/".to_owned(), ""),
        "busy-once" if log.lock().unwrap().len() == 1 => {
            ("503 Busy\r\nRetry-After: 1".to_owned(), "busy\n")
        }
        "cookie" if request.to_lowercase().contains("cookie: seen=1") => {
            ("200 OK".to_owned(), "seen\n")
        }
        "cookie" => {
            let set = "302 Found\r\nLocation: /cookie\r\nSet-Cookie: seen=1; Max-Age=600; Path=/";
            (set.to_owned(), "")
        }
        "orders" => (
            "200 OK\r\nContent-Type: application/json".to_owned(),
            r#"[{"id": 1042, "total": 19.90}]"#,
        ),
        "count" => {
            let body = request.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            ("200 OK".to_owned(), &*format!("{}\n", body.len()).leak())
        }
        "reset" => return,
        "token" => {
            let mut words = path.rsplit('/');
            let (word, status) = (words.next().unwrap(), words.next().unwrap());
            let said = if word.contains('_') { "error" } else { "token_type" };
            let request = request.replace(['"', '\r', '\n'], " ");
            let token = format!(
                r#"{{"{said}": "{word}", "error_description": "{request}", "access_token": "fetched-t0ken"}}"#
            );
            (format!("{status} Some Reason"), &*token.leak())
        }
        "slow" => return thread::sleep(Duration::from_secs(20)),
        _ => ("200 OK".to_owned(), request.as_str()),
    };
    let length = body.len();
    let answer =
        format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    // The command may have gone meanwhile.
    let _ = stream.write_all(answer.as_bytes());
}

fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
            });
            if body.len() >= length.map_or(0, Result::unwrap) {
                return text.into_owned();
            }
        }
        match stream.read(&mut piece) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&piece[..count]),
            _ => return String::from_utf8_lossy(&bytes).into_owned(),
        }
    }
}

/// Undoes Base64.
fn base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.decode(text).unwrap()
}

/// A name in the folder for temporary files that no other test has.
pub(crate) fn temporary(name: &str) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("http-hook-{}-{name}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

/// The command with these arguments, in an environment of its own.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_http-hook"));
    command.args(args).env_clear().stdin(Stdio::null());
    command
}

/// What a run gave: exit code, stdout, stderr.
pub(crate) fn parts(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Runs the command.
pub(crate) fn run(args: &[&str]) -> (Option<i32>, String, String) {
    parts(&command(args).output().unwrap())
}

/// The same, where no file can be longer than so many blocks.
#[cfg(unix)]
pub(crate) fn limited(blocks: u32, args: &[&str]) -> Command {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_http-hook")]).args(args);
    command.env_clear().stdin(Stdio::null());
    command
}
