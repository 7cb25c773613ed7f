//! How far an upload is, told by what the client has taken.

use std::io::Read as _;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_hook::body::{Body, Replay, Upload};
use http_hook::options::{Capabilities, Capability};
use http_hook::transport::from_fn;
use http_hook::{Hook, HttpHook, TransportErrorKind, blocking};
use http_hook_mock::VirtualClock;

/// What is told, and who tells it.
fn told() -> (Arc<Mutex<Vec<u64>>>, impl Fn(u64) + Send + Sync + 'static) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tells = Arc::clone(&told);
    (told, move |bytes| tells.lock().expect("no panic").push(bytes))
}

/// A server that fails once after two bytes, over a client that reads bodies as they come.
fn api() -> HttpHook<impl http_hook::transport::Transport, VirtualClock> {
    let tries = Mutex::new(0);
    let can = Capabilities::of("server", &[Capability::StreamRequest]);
    let transport = from_fn(can, move |request: http::Request<Body>, _| {
        let first = {
            let mut tries = tries.lock().expect("no panic");
            *tries += 1;
            *tries == 1
        };
        async move {
            let mut body = request.into_body();
            let mut all = Vec::new();
            while let Some(piece) = body.chunk().await? {
                all.extend_from_slice(&piece);
                if first {
                    let kind = TransportErrorKind::Interrupted;
                    return Err(http_hook::TransportError::new(kind, http_hook::Sent::Maybe));
                }
            }
            Ok(http::Response::new(Bytes::from(all).into()))
        }
    });
    HttpHook::new(
        Hook::to("https://api.example.com").expect("a hook"),
        transport,
        VirtualClock::default(),
    )
}

/// `a,b\n` and `1,2\n`, in two pieces of two bytes each.
fn pieces() -> Body {
    let mut pieces = ["ab", "cd"].into_iter();
    Body::stream(http_hook::body::from_fn(Some(4), move |_, buffer| {
        let piece = pieces.next().unwrap_or_default();
        buffer[..piece.len()].copy_from_slice(piece.as_bytes());
        std::task::Poll::Ready(Ok(piece.len()))
    }))
}

#[test]
fn each_send_begins_at_nothing_and_tells_what_was_taken() {
    let (told, tells) = told();
    let upload = Upload::new(Some(4), Replay::Again, || Ok(pieces())).on_progress(tells);
    assert_eq!(upload.len(), Some(4));
    let response = pollster::block_on(api().put("v1/orders").upload(upload).retries(1).send());
    assert_eq!(response.expect("it passes").body(), "abcd");
    assert_eq!(*told.lock().expect("no panic"), [2, 2, 4]);
}

#[test]
fn what_fails_has_told_how_far_it_came() {
    let (told, tells) = told();
    let upload = Upload::new(Some(4), Replay::Again, || Ok(pieces())).on_progress(tells);
    pollster::block_on(api().put("v1/orders").upload(upload).send()).expect_err("it broke off");
    assert_eq!(*told.lock().expect("no panic"), [2]);
}

#[test]
fn a_part_of_a_form_tells_of_itself_alone() {
    let (told, tells) = told();
    let upload = Upload::new(Some(4), Replay::Again, || Ok(pieces())).on_progress(tells);
    let call = api();
    let call = call.post("v1/orders").field("of", "July").part("list", upload).allow_resend();
    pollster::block_on(call.retries(1).send()).expect("it passes");
    assert_eq!(told.lock().expect("no panic").last(), Some(&4));
}

#[test]
fn a_body_in_memory_tells_of_its_one_piece() {
    let (told, tells) = told();
    let open = || Ok(blocking::Body::from("abcd"));
    let mut upload = Upload::new(Some(4), Replay::Again, open).on_progress(tells);
    let mut body = upload.open().expect("it opens");
    assert_eq!(body.len(), Some(4));
    body.read_to_end(&mut Vec::new()).expect("it is read");
    assert_eq!(*told.lock().expect("no panic"), [4]);
}

#[test]
fn a_panic_of_who_is_told_is_an_error_of_the_source() {
    let upload = Upload::new(Some(4), Replay::Again, || Ok(pieces()));
    let mut upload = upload.on_progress(|_| panic!("on purpose"));
    let exact = http_hook::body::Exact::new(upload.open().expect("it opens"));
    let watch = exact.watch();
    pollster::block_on(Body::stream(exact).collect(10)).expect_err("it fails");
    assert_eq!(watch.failure().map(|error| error.kind()), Some(TransportErrorKind::RequestBody));
}
