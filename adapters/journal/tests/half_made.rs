//! What a process left that was killed while it made a journal is removed by the next, and nothing else is.

mod support;

use std::fs::{self, File};
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, SystemTime};

use http_hook_journal::{Durability, Journal, JournalError};

use support::{create, open, run};

const OLD: Duration = Duration::from_secs(3_600);

fn aged(path: &Path, age: Duration) {
    let file = File::create(path).unwrap();
    file.set_modified(SystemTime::now() - age).unwrap();
}

#[test]
fn what_a_killed_process_had_begun_is_removed() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    let left = ["run.journal.00ff00ff00ff00ff.new", "run.journal.00ff00ff00ff00ff.new-journal"];
    let others = [
        // It may be being made.
        "run.journal.1111111111111111.new",
        "run.journal.new",
        "run.journal.00ff.new",
        "run.journal.00ff00ff00ff00ff.newer",
        "run.journal.00ff00ff00fF00ff.new",
        "run.journal.00ff00ff00ff00ff.new-sends",
        "other.journal.00ff00ff00ff00ff.new",
        "xrun.journal.00ff00ff00ff00ff.new",
    ];
    let begin = || {
        for name in left.into_iter().chain(others) {
            let is_young = name.contains("1111");
            aged(&at(name), if is_young { Duration::ZERO } else { OLD });
        }
    };
    let look = |why: &str| {
        for name in left {
            assert!(!at(name).exists(), "{why}: {name}");
        }
        for name in others {
            assert!(at(name).exists(), "{why}: {name}");
        }
    };
    begin();
    fs::create_dir(at("run.journal.2222222222222222.new")).unwrap();
    create(place.path(), Durability::Process).close().unwrap();
    look("made");
    begin();
    drop(open(place.path()).unwrap());
    look("opened");
    assert!(at("run.journal.2222222222222222.new").is_dir());
}

/// It was killed when the journal was there, and its first name too.
#[cfg(unix)]
#[test]
fn a_second_name_of_the_journal_is_removed_at_once() {
    let place = tempfile::tempdir().unwrap();
    create(place.path(), Durability::Process).close().unwrap();
    let second = place.path().join("run.journal.00ff00ff00ff00ff.new");
    fs::hard_link(place.path().join("run.journal"), &second).unwrap();
    drop(open(place.path()).unwrap());
    assert!(!second.exists());
    open(place.path()).unwrap();
}

/// Many at once: one makes it, and the others say that there is one.
#[test]
fn who_makes_one_at_the_same_time_is_not_disturbed() {
    for _ in 0..20 {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("run.journal");
        aged(&place.path().join("run.journal.00ff00ff00ff00ff.new"), OLD);
        let all = Barrier::new(8);
        let made = thread::scope(|scope| {
            let one = || {
                all.wait();
                Journal::create(&path, run(), Durability::Process)
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
            let made = threads.into_iter().map(|thread| thread.join().unwrap());
            made.map(|made| made.map(drop)).collect::<Vec<_>>()
        });
        assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1, "{made:?}");
        let told = |error| matches!(error, JournalError::Exists(_) | JournalError::InUse(_));
        assert!(made.into_iter().filter_map(Result::err).all(told));
        let names: Vec<_> =
            fs::read_dir(place.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
        assert!(!names.iter().any(|name| name.to_string_lossy().ends_with(".new")), "{names:?}");
    }
}
