//! Bodies as files: whole within the limit, or the file as it was and nothing beside it.

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::PathBuf;

use http_hook::blocking::Body;
use http_hook::{Sent, TransportError, TransportErrorKind};
use http_hook_clock::save;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("http-hook-save-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("a folder").flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn broken() -> TransportError {
    TransportError::new(TransportErrorKind::Body, Sent::Yes)
}

/// Gives so many bytes, then ends or breaks.
struct Source(usize, bool);

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.0);
        buffer[..count].fill(b'n');
        self.0 -= count;
        if count == 0 && self.1 { Err(io::Error::other(broken())) } else { Ok(count) }
    }
}

/// Each body over each limit, by `save` and what is there already: all of it, or what was there.
fn all_or_nothing(name: &str, save: impl Fn(usize, bool, bool, &PathBuf, u64) -> io::Result<u64>) {
    for size in [0, 1, 99_999, 100_000, 100_001, 300_000] {
        for (breaks, says_its_length) in [(false, false), (false, true), (true, false)] {
            for before in [None, Some("as it was")] {
                let own = Folder::new(name);
                let path = own.0.join("export.csv");
                if let Some(before) = before {
                    fs::write(&path, before).expect("a file");
                }
                let case = format!("{size} {breaks} {says_its_length} {before:?}");
                let saved = save(size, breaks, says_its_length, &path, 100_000);
                let now = fs::read(&path).ok();
                match saved {
                    Ok(count) => {
                        assert!(!breaks && size <= 100_000, "{case}");
                        assert_eq!((count, now), (size as u64, Some(vec![b'n'; size])), "{case}");
                    }
                    Err(error) => {
                        if size > 100_000 {
                            assert_eq!(error.kind(), ErrorKind::FileTooLarge, "{case}");
                        } else {
                            let kind = TransportError::from_body_io(error).kind();
                            assert!(breaks && kind == TransportErrorKind::Body, "{case}: {kind:?}");
                        }
                        assert_eq!(now, before.map(|text| text.as_bytes().to_vec()), "{case}");
                    }
                }
                let beside = own.names().iter().filter(|name| *name != "export.csv").count();
                assert_eq!(beside, 0, "{case}: {:?}", own.names());
            }
        }
    }
}

#[test]
fn it_is_all_or_nothing() {
    all_or_nothing("blocking", |size, breaks, says, path, limit| {
        save(Body::reader(says.then_some(size as u64), Source(size, breaks)), path, limit)
    });
}

#[cfg(unix)]
#[test]
fn a_link_and_permissions_but_set_id_bits_stay_and_what_is_no_file_is_refused() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let own = Folder::new("kinds");
    let (file, link) = (own.0.join("file"), own.0.join("link"));
    fs::write(&file, "old").expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o6700)).expect("its owner's");
    symlink("file", &link).expect("a link");
    assert_eq!(save(Body::from("new"), &link, 3).expect("it is saved"), 3);
    assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "new");
    let mode = fs::metadata(&file).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o7777, 0o700);

    let refused = |path: PathBuf| save(Body::from("new"), path, 3).expect_err("no file").kind();
    assert_eq!(refused("/dev/null".into()), ErrorKind::InvalidInput);
    assert_eq!(refused(own.0.clone()), ErrorKind::InvalidInput);
    assert_eq!(refused(own.0.join("no/such")), ErrorKind::NotFound);
    assert_eq!(refused(PathBuf::new()), ErrorKind::InvalidInput);
}

#[cfg(feature = "files")]
mod by_async {
    use http_hook::body::Body;
    use http_hook_clock::async_save;

    use super::*;

    struct Pieces(Source, Option<u64>);

    impl http_body::Body for Pieces {
        type Data = bytes::Bytes;
        type Error = TransportError;

        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, TransportError>>>
        {
            let mut piece = vec![0; 10_000];
            std::task::Poll::Ready(match self.0.read(&mut piece) {
                Ok(0) => None,
                Ok(count) => Some(Ok(http_body::Frame::data(piece[..count].to_vec().into()))),
                Err(_) => Some(Err(broken())),
            })
        }

        fn size_hint(&self) -> http_body::SizeHint {
            self.1.map_or_else(Default::default, http_body::SizeHint::with_exact)
        }
    }

    #[test]
    fn it_is_the_same() {
        all_or_nothing("async", |size, breaks, says, path, limit| {
            let len = says.then_some(size as u64);
            let body = Body::stream(Pieces(Source(size, breaks), len));
            pollster::block_on(async_save(body, path, limit))
        });
    }

    #[test]
    fn one_that_is_dropped_leaves_nothing() {
        struct Never;
        impl http_body::Body for Never {
            type Data = bytes::Bytes;
            type Error = TransportError;

            fn poll_frame(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, TransportError>>>
            {
                std::task::Poll::Pending
            }
        }
        let own = Folder::new("dropped");
        let mut saving = Box::pin(async_save(Body::stream(Never), own.0.join("file"), 9));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        while own.names().is_empty() {
            assert!(saving.as_mut().poll(&mut context).is_pending());
            std::thread::yield_now();
        }
        assert!(saving.as_mut().poll(&mut context).is_pending());
        drop(saving);
        // A thread that was still making it removes it.
        let mut left = 1_000;
        while !own.names().is_empty() && left > 0 {
            left -= 1;
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert_eq!(own.names(), [""; 0]);
    }
}
