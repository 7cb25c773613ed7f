//! Many threads over one transport: each keeps the connection that it has.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use http_hook_ureq::blocking::HttpHook;
use http_hook_ureq::{Hook, RequestPlan, SystemClock, UreqTransport};

const THREADS: usize = 24;

fn serve(stream: &TcpStream) {
    let mut lines = BufReader::new(stream).lines();
    while lines.by_ref().map_while(Result::ok).any(|line| line.is_empty()) {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        if (&mut &*stream).write_all(answer).is_err() {
            return;
        }
    }
}

#[test]
fn a_thread_keeps_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let accepted = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&accepted);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::Relaxed);
            thread::spawn(move || serve(&stream));
        }
    });
    let hook = Hook::to(&url).expect("a URL");
    let api = HttpHook::new(hook, UreqTransport::for_threads(THREADS), SystemClock::new());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(api.run(RequestPlan::get("a")).expect("an answer").body(), "ok");
                }
            });
        }
    });
    let connections = accepted.load(Ordering::Relaxed);
    assert!(connections <= THREADS, "{connections} connections of {THREADS} threads");
}
