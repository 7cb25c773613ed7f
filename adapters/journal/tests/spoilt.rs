//! What is beside a journal is gone, cut off, of another, or no file: nothing is taken for what it is not.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use http_hook_journal::{Durability, Entry, Journal, State};
use rusqlite::Connection;

use support::{create, ended, killed, left, name, open, run, sends};

/// What is told of, and what was done to the notes.
type Spoilt<'a> = (&'a str, &'a dyn Fn(&Path));

#[test]
fn a_journal_without_its_notes_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let keeper = create(place.path(), Durability::Process);
    keeper.sending(&mut Entry::new(name(1, false)), None).unwrap();
    let other = tempfile::tempdir().unwrap();
    let of_another = create(other.path(), Durability::Process);
    let of_another = (of_another, killed(other.path()));
    let cases: [Spoilt<'_>; 5] = [
        ("not beside the journal", &|notes| fs::remove_file(notes).unwrap()),
        ("of another run", &|notes| {
            fs::copy(sends(of_another.1.path()), notes).unwrap();
        }),
        ("of another run", &|notes| fs::write(notes, "x".repeat(256)).unwrap()),
        ("cut off", &|notes| fs::write(notes, "hhjsends").unwrap()),
        // Moved without what was written last, as well.
        ("not beside the journal", &|notes| {
            fs::remove_file(notes).unwrap();
            fs::remove_file(notes.with_file_name("run.journal-wal")).unwrap();
        }),
    ];
    for (says, spoil) in cases {
        let copy = killed(place.path());
        spoil(&sends(copy.path()));
        let error = open(copy.path()).unwrap_err();
        assert!(error.to_string().contains(says), "{says}: {error}");
        let again = open(copy.path()).unwrap_err();
        assert_eq!(again.to_string(), error.to_string(), "and again");
    }
}

/// Wherever it is cut off: where nothing was noted, and where more was noted than there was room for at first.
#[test]
fn notes_that_are_cut_off_are_never_taken_for_all() {
    for count in [1, 255, 256, 300] {
        let place = tempfile::tempdir().unwrap();
        let keeper = create(place.path(), Durability::Process);
        for line in 1..=count {
            keeper.sending(&mut Entry::new(name(line, false)), None).unwrap();
        }
        let whole = fs::metadata(sends(place.path())).unwrap().len();
        for len in [0, 1, 16, 255, 256, 300, 512, 4_096, 65_535, whole - 256, whole - 1] {
            let copy = killed(place.path());
            fs::OpenOptions::new()
                .write(true)
                .open(sends(copy.path()))
                .and_then(|file| file.set_len(len))
                .unwrap();
            let error = open(copy.path()).expect_err(&format!("{count} noted, cut at {len}"));
            assert!(error.to_string().contains("cut off"), "{error}");
        }
        assert_eq!(left(&open(killed(place.path()).path()).unwrap()).len() as u64, count);
    }
}

/// By itself the file would be opened, with no trace of what was sent since the file was written last.
#[test]
fn a_journal_without_what_was_written_last_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let keeper = create(place.path(), Durability::Process);
    let wal = |folder: &Path| folder.join("run.journal-wal");
    let nothing_yet = killed(place.path());
    fs::remove_file(wal(nothing_yet.path())).unwrap();
    assert!(left(&open(nothing_yet.path()).unwrap()).is_empty(), "nothing was written");
    let mut entry = Entry::new(name(1, false));
    for attempt in [None, Some("first"), Some("second")] {
        keeper.sending(&mut entry, attempt.map(str::to_owned)).unwrap();
        let whole = killed(place.path());
        let copy = killed(whole.path());
        if attempt.is_none() {
            continue;
        }
        fs::remove_file(wal(copy.path())).unwrap();
        for _ in 0..2 {
            let error = open(copy.path()).unwrap_err();
            assert!(error.to_string().contains("what was written last is missing"), "{error}");
        }
        // Read by SQLite, it is in the file.
        let read = Connection::open(whole.path().join("run.journal")).unwrap();
        read.query_row("SELECT count(*) FROM calls", [], |_| Ok(())).unwrap();
        read.close().unwrap();
        assert!(!wal(whole.path()).exists());
        assert_eq!(left(&open(whole.path()).unwrap()), BTreeMap::from([(1, State::Sending)]));
    }
}

/// What is left of the one would be read into the other.
#[test]
fn a_new_journal_takes_nothing_of_one_that_is_gone() {
    let place = tempfile::tempdir().unwrap();
    let keeper = create(place.path(), Durability::Process);
    keeper.sending(&mut Entry::new(name(1, false)), Some("attempt".to_owned())).unwrap();
    keeper.sending(&mut Entry::new(name(2, false)), None).unwrap();
    for gone in [
        &["run.journal"][..],
        &["run.journal", "run.journal-sends"],
        &["run.journal", "run.journal-wal"],
    ] {
        let copy = killed(place.path());
        let away = tempfile::tempdir().unwrap();
        for file in gone {
            fs::rename(copy.path().join(file), away.path().join(file)).unwrap();
        }
        let path = copy.path().join("run.journal");
        let error = Journal::create(&path, run(), Durability::Process).unwrap_err();
        assert!(error.to_string().contains("put them together again"), "{error}");
        assert!(!path.exists());
        for file in gone {
            fs::rename(away.path().join(file), copy.path().join(file)).unwrap();
        }
        assert_eq!(left(&open(copy.path()).unwrap()).len(), 2, "nothing was changed");
    }
}

#[test]
fn a_run_that_ends_needs_no_notes() {
    let place = tempfile::tempdir().unwrap();
    let keeper = create(place.path(), Durability::Process);
    let entries: Vec<_> = (1..=3)
        .map(|line| {
            let mut entry = Entry::new(name(line, false));
            keeper.sending(&mut entry, None).unwrap();
            entry
        })
        .collect();
    // Somebody tidies up.
    fs::remove_file(sends(place.path())).unwrap();
    for entry in entries.into_iter().skip(1) {
        keeper.done(entry, "{}".to_owned(), 0).unwrap();
    }
    keeper.close().unwrap();
    let journal = open(place.path()).unwrap();
    assert_eq!((left(&journal).len(), ended(&journal)), (1, vec![2, 3]));
}

/// Neither a pipe, which nobody writes to, nor a device, which has no end.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_waited_for() {
    let zero = |path: &Path| std::os::unix::fs::symlink("/dev/zero", path).unwrap();
    let pipe = |path: &Path| {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    for stands in [&zero as &dyn Fn(&Path), &pipe] {
        let place = tempfile::tempdir().unwrap();
        let copy = {
            let keeper = create(place.path(), Durability::Process);
            keeper.sending(&mut Entry::new(name(1, false)), None).unwrap();
            killed(place.path())
        };
        fs::remove_file(sends(copy.path())).unwrap();
        fs::remove_file(place.path().join("run.journal")).unwrap();
        stands(&sends(copy.path()));
        stands(&sends(place.path()));
        let (done, is_done) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let refused = open(copy.path()).unwrap_err().to_string();
            let keeper = create(place.path(), Durability::Process);
            keeper.sending(&mut Entry::new(name(2, false)), None).unwrap();
            done.send((refused, keeper.close().is_ok())).unwrap();
        });
        let (refused, is_closed) =
            is_done.recv_timeout(std::time::Duration::from_secs(20)).expect("it waits");
        assert!(refused.contains("it is no file") && is_closed, "{refused}");
    }
}
