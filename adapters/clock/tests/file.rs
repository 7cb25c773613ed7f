//! Files as bodies: opened anew for each send, whole, and told apart from what is none.

use std::io;
use std::path::PathBuf;
use std::{env, fs, process};

use http_hook::body::Upload;
use http_hook::{Sent, TransportErrorKind};
use http_hook_clock::file;

/// A file that goes with the test.
struct File(PathBuf);

impl File {
    fn of(name: &str, content: &[u8]) -> Self {
        let path = env::temp_dir().join(format!("http-hook-{}-{name}", process::id()));
        fs::write(&path, content).expect("a file");
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn content() -> Vec<u8> {
    (0..200_000_u32).flat_map(u32::to_le_bytes).collect()
}

fn about<B>(upload: io::Result<Upload<B>>) -> Result<Option<u64>, io::ErrorKind> {
    upload.map(|upload| upload.len()).map_err(|error| error.kind())
}

#[test]
fn a_file_is_opened_at_its_beginning_each_time() {
    let own = File::of("again", &content());
    let mut upload = file(&own.0).expect("a file");
    assert_eq!(upload.len(), Some(800_000));
    for _ in 0..2 {
        assert_eq!(
            upload.open().expect("it is there").collect(1 << 20).expect("it is read"),
            content()
        );
    }
    drop(own);
    let error = upload.open().expect_err("it is gone");
    assert_eq!((error.kind(), error.sent()), (TransportErrorKind::RequestBody, Sent::No));
    assert!(!format!("{error} {error:?}").contains("http-hook-"), "no path: {error:?}");
}

#[test]
fn what_is_no_file_is_told_at_once() {
    assert_eq!(about(file("/no/such/file")), Err(io::ErrorKind::NotFound));
    assert_eq!(about(file(env::temp_dir())), Err(io::ErrorKind::IsADirectory));
    assert_eq!(about(file("/dev/null")), Ok(None), "a device has no length");
}

#[cfg(feature = "files")]
mod by_async {
    use http_hook_clock::{BytesStream as _, async_file};

    use super::*;

    #[test]
    fn it_is_the_same() {
        let own = File::of("async", &content());
        let mut upload = async_file(&own.0).expect("a file");
        assert_eq!(upload.len(), Some(800_000));
        for _ in 0..2 {
            let body = upload.open().expect("it is there");
            assert_eq!(body.len(), Some(800_000));
            assert_eq!(pollster::block_on(body.collect(1 << 20)).expect("it is read"), content());
        }
        let mut stream = upload.open().expect("it is there").bytes_stream();
        let mut all = Vec::new();
        pollster::block_on(async {
            use std::{future::poll_fn, pin::Pin};
            while let Some(piece) =
                poll_fn(|context| futures_core::Stream::poll_next(Pin::new(&mut stream), context))
                    .await
            {
                all.extend(piece.expect("a piece"));
            }
        });
        assert_eq!(all, content());
        assert_eq!(about(async_file(env::temp_dir())), Err(io::ErrorKind::IsADirectory));
        assert_eq!(about(async_file("/dev/null")), Ok(None));
    }
}
