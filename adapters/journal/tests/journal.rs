//! What a journal keeps, and what it refuses.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use http_hook_journal::{Durability, Entry, Journal, JournalError, Keeper, Name, Run, State};
use rusqlite::Connection;
use tempfile::TempDir;

fn run() -> Run {
    Run { connection: Some("sales".to_owned()), calls: "POST v1".to_owned(), seed: 7 }
}

fn name(line: u64) -> Name {
    Name { id: format!("c{line}"), line, digest: 5 }
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("run.journal")
    }

    fn create(&self) -> Journal {
        Journal::create(&self.file(), run(), Durability::Process).unwrap()
    }

    fn open(&self) -> Result<Journal, JournalError> {
        Journal::open(&self.file(), run(), Durability::Process)
    }

    /// Changes the file as nobody should.
    fn change(&self, sql: &str) {
        let file = Connection::open(self.file()).unwrap();
        file.execute_batch(sql).unwrap();
    }
}

/// Three calls: one ended, one that waits, one under way.
fn three(keeper: &Keeper) {
    let mut ended = Entry::new(name(1));
    keeper.sending(&mut ended, Some("call 1".to_owned())).unwrap();
    assert_eq!(ended.epoch(), 1);
    keeper.done(ended, r#"{"ended":1}"#.to_owned(), 3).unwrap();
    let mut waits = Entry::new(name(2));
    keeper.waiting(&mut waits, "call 2".to_owned(), 99).unwrap();
    let mut under_way = Entry::new(name(3));
    keeper.waiting(&mut under_way, "call 3".to_owned(), 50).unwrap();
    keeper.sending(&mut under_way, Some("attempt 3".to_owned())).unwrap();
}

#[test]
fn what_was_kept_is_read_again() {
    let place = Place::new();
    let told = Arc::<Mutex<Vec<String>>>::default();
    let list = Arc::clone(&told);
    let keeper = place.create().begin(move |told| {
        list.lock().unwrap().push(format!("{} {} {}", told.entry.name.id, told.outcome, told.mark));
    });
    three(&keeper);
    keeper.close().unwrap();
    assert_eq!(*told.lock().unwrap(), [r#"c1 {"ended":1} 3"#]);

    let other = Run { seed: 8, ..run() };
    let journal = Journal::open(&place.file(), other, Durability::Machine).unwrap();
    assert_eq!(journal.run().seed, 7, "the run's own");
    let left: Vec<_> = journal.unfinished().unwrap().into_iter().map(Result::unwrap).collect();
    let left: Vec<_> = left
        .iter()
        .map(|one| {
            (one.entry.name.line, one.state, one.call.as_deref(), one.due, one.entry.epoch())
        })
        .collect();
    let expected = [
        (2, State::Waiting, Some("call 2"), Some(99), 0),
        (3, State::Sending, Some("attempt 3"), None, 1),
    ];
    assert_eq!(left, expected);
    let mut ended = Vec::new();
    let each = |one: Result<(Entry, &str), _>| {
        let (entry, outcome) = one.unwrap();
        ended.push((entry.name, outcome.to_owned()));
        true
    };
    journal.ended(each).unwrap();
    assert_eq!(ended, [(name(1), r#"{"ended":1}"#.to_owned())]);
    let keeper = journal.begin(|_| ());
    assert_eq!(keeper.known(vec![name(1), name(3), name(4)]).unwrap(), [true, true, false]);
    let moved = Name { line: 9, ..name(1) };
    assert!(matches!(
        keeper.known(vec![moved]).unwrap_err(),
        JournalError::Twice { first: 1, second: 9, .. }
    ));
    let changed = Name { digest: 6, ..name(1) };
    assert!(matches!(
        keeper.known(vec![changed]).unwrap_err(),
        JournalError::Changed { line: 1, .. }
    ));
}

#[test]
fn one_id_names_one_call() {
    let place = Place::new();
    let keeper = place.create().begin(|_| ());
    keeper.sending(&mut Entry::new(name(1)), Some("1".to_owned())).unwrap();
    let again = Name { line: 2, ..name(1) };
    let error = keeper.sending(&mut Entry::new(again.clone()), Some("2".to_owned())).unwrap_err();
    assert_eq!(error.to_string(), "the id \"c1\" names two calls, of lines 1 and 2");
    keeper.sending(&mut Entry::new(name(3)), Some("3".to_owned())).unwrap();
    // A call of which nothing was kept before it ended.
    keeper.done(Entry::new(again), "{}".to_owned(), 0).unwrap();
    assert!(matches!(keeper.close(), Err(JournalError::Twice { .. })));
}

#[test]
fn an_attempt_that_can_be_made_anew_is_not_kept_itself() {
    let place = Place::new();
    let keeper = place.create().begin(|_| ());
    keeper.sending(&mut Entry::new(name(1)), None).unwrap();
    keeper.close().unwrap();
    let left = place.open().unwrap().unfinished().unwrap();
    let [Ok(left)] = left.as_slice() else { panic!("{left:?}") };
    assert_eq!((left.state, left.call.as_deref(), left.entry.epoch()), (State::Sending, None, 1));
    assert!(left.entry.created() > 0);
}

#[test]
fn what_is_there_and_is_no_journal_is_told_as_that() {
    for content in ["", "orders", "SQLite format 3\0"] {
        let place = Place::new();
        fs::write(place.file(), content).unwrap();
        let error = Journal::create(&place.file(), run(), Durability::Process).unwrap_err();
        assert!(matches!(error, JournalError::Form { .. }), "{content:?}: {error}");
        assert_eq!(fs::read_to_string(place.file()).unwrap(), content);
    }
}

#[test]
fn one_run_at_a_time() {
    let place = Place::new();
    let journal = place.create();
    assert!(matches!(place.open(), Err(JournalError::InUse(_))));
    let keeper = journal.begin(|_| ());
    assert!(matches!(place.open(), Err(JournalError::InUse(_))));
    assert!(matches!(
        Journal::create(&place.file(), run(), Durability::Process),
        Err(JournalError::Exists(_))
    ));
    keeper.close().unwrap();
    place.open().unwrap();
}

#[test]
fn what_is_no_journal_of_this_run_is_refused() {
    let place = Place::new();
    assert!(matches!(place.open(), Err(JournalError::Absent(_))));
    fs::write(place.file(), "{\"id\": 1}\n".repeat(200)).unwrap();
    let error = place.open().unwrap_err();
    assert!(error.to_string().ends_with("run.journal: this is no journal"), "{error}");
    fs::remove_file(place.file()).unwrap();
    place.change("CREATE TABLE calls(id)");
    let error = place.open().unwrap_err();
    assert!(error.to_string().ends_with("run.journal: this is no journal"), "{error}");
    fs::remove_file(place.file()).unwrap();

    drop(place.create());
    for (other, says) in [
        (Run { connection: None, ..run() }, "the connection differs"),
        (Run { calls: "PUT v1".to_owned(), ..run() }, "what makes calls of the lines differs"),
    ] {
        let error = Journal::open(&place.file(), other, Durability::Process).unwrap_err();
        assert!(error.to_string().ends_with(says), "{error}");
    }
    for (form, says) in [(3, "it is newer"), (1, "it is older")] {
        place.change(&format!("PRAGMA user_version = {form}"));
        let error = place.open().unwrap_err();
        assert!(matches!(error, JournalError::Form { .. }) && error.to_string().ends_with(says));
    }
}

/// After the last epoch, which is that of the table of an engine, comes the first: only whether it is the same counts.
#[test]
fn a_row_at_the_last_epoch_goes_on() {
    let place = Place::new();
    let keeper = place.create().begin(|_| ());
    three(&keeper);
    keeper.close().unwrap();
    place.change("UPDATE calls SET epoch = 2147483647 WHERE id = 'c2'");
    let journal = place.open().unwrap();
    let mut entry = journal.unfinished().unwrap().remove(0).unwrap().entry;
    let keeper = journal.begin(|_| ());
    keeper.sending(&mut entry, Some("{}".to_owned())).unwrap();
    keeper.close().unwrap();
    let unfinished = place.open().unwrap().unfinished().unwrap();
    assert_eq!(unfinished[0].as_ref().unwrap().entry.epoch(), 1);
}

#[test]
fn a_row_that_cannot_be_is_named_and_the_others_are_read() {
    let rows = [
        // why               what somebody did                          what is said
        ("no state", "state = 'maybe'", "its state is none"),
        ("no run leaves it", "state = 'new'", "its state is none that a run leaves"),
        ("no call", "call = NULL", "the stored call is missing"),
        ("no text", "call = x'00ff'", "the stored call is missing"),
        ("no plan", "plan = '{}'", "where its plan stands cannot be read"),
        ("no epoch", "epoch = -1", "its epoch is none"),
        ("an epoch of no engine", "epoch = 2147483648", "its epoch is none"),
        ("no number", "epoch = 'one'", "its epoch is none"),
    ];
    for (why, change, says) in rows {
        let place = Place::new();
        let keeper = place.create().begin(|_| ());
        three(&keeper);
        keeper.close().unwrap();
        place.change(&format!("UPDATE calls SET {change} WHERE id = 'c2'"));
        let read = place.open().unwrap().unfinished().unwrap();
        assert_eq!(read.len(), 2, "{why}");
        let error = read[0].as_ref().unwrap_err().to_string();
        assert!(error.contains("call \"c2\"") && error.ends_with(says), "{why}: {error}");
        assert!(read[1].is_ok(), "{why}");
    }
    let place = Place::new();
    let keeper = place.create().begin(|_| ());
    three(&keeper);
    keeper.close().unwrap();
    place.change("UPDATE calls SET outcome = NULL WHERE id = 'c1'");
    let mut said = Vec::new();
    let each = |one: Result<(Entry, &str), JournalError>| {
        said.extend(one.err().map(|error| error.to_string()));
        true
    };
    place.open().unwrap().ended(each).unwrap();
    assert!(said[0].ends_with("call \"c1\": its outcome is missing"), "{said:?}");
}

#[test]
fn nothing_is_kept_in_a_file_that_cannot_be_written() {
    let place = Place::new();
    let absent = place.0.path().join("no/such/folder");
    let error = Journal::create(&absent, run(), Durability::Process).unwrap_err();
    assert!(matches!(error, JournalError::Storage { .. }), "{error}");

    // A full disk, as SQLite sees it: the file may not grow.
    let keeper = {
        let journal = place.create();
        journal.limit_pages(12);
        journal.begin(|_| ())
    };
    let mut kept = 0;
    let error = loop {
        let mut entry = Entry::new(name(kept + 1));
        match keeper.sending(&mut entry, Some("x".repeat(1_000))) {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 1_000, "the file is full before");
    };
    assert!(error.to_string().contains("full"), "{error}");
    let later = keeper.sending(&mut Entry::new(name(2_000)), Some("x".to_owned()));
    assert!(later.is_err(), "nothing after that, either");
    assert!(keeper.done(Entry::new(name(2_001)), "{}".to_owned(), 0).is_err());
    assert!(keeper.close().is_err());
    assert_eq!(place.open().unwrap().unfinished().unwrap().len() as u64, kept, "nothing is lost");
}

#[test]
fn many_threads_share_their_commits() {
    let place = Place::new();
    let told = Arc::<Mutex<u64>>::default();
    let count = Arc::clone(&told);
    let keeper = place.create().begin(move |_| *count.lock().unwrap() += 1);
    std::thread::scope(|scope| {
        for worker in 0..16 {
            let keeper = &keeper;
            scope.spawn(move || {
                for call in 0..50 {
                    let mut entry = Entry::new(name(worker * 50 + call));
                    keeper.sending(&mut entry, Some("call".to_owned())).unwrap();
                    keeper.done(entry, "{}".to_owned(), 0).unwrap();
                }
            });
        }
    });
    keeper.close().unwrap();
    assert_eq!(*told.lock().unwrap(), 800);
    assert!(place.open().unwrap().unfinished().unwrap().is_empty());
}

#[test]
fn code_that_panics_where_it_is_told_holds_nobody_up() {
    for seed in 0..8_u64 {
        let place = Place::new();
        let told = Arc::<Mutex<u64>>::default();
        let count = Arc::clone(&told);
        let keeper = place.create().begin(move |ended| {
            *count.lock().unwrap() += 1;
            // While it takes its time, others gather behind it.
            if ended.entry.name.line % 40 == seed {
                std::thread::sleep(Duration::from_millis(20));
            }
            assert!(ended.entry.name.line % 40 != seed + 1, "this is what is tested");
        });
        let (ended, all_ended) = std::sync::mpsc::channel();
        let keeper = Arc::new(keeper);
        for worker in 0..8 {
            let (keeper, ended) = (Arc::clone(&keeper), ended.clone());
            std::thread::spawn(move || {
                for call in 0..20 {
                    let mut entry = Entry::new(name(worker * 20 + call));
                    keeper.sending(&mut entry, Some("call".to_owned())).unwrap();
                    keeper.done(entry, "{}".to_owned(), 0).unwrap();
                }
                let _ = ended.send(());
            });
        }
        for _ in 0..8 {
            all_ended.recv_timeout(Duration::from_secs(20)).expect("a thread is parked for ever");
        }
        let error = keeper.close().expect_err("somebody was not told");
        assert!(
            error.to_string().ends_with("the code that is told of outcomes panicked"),
            "{error}"
        );
        assert_eq!(*told.lock().unwrap(), 160, "all others are told");
        assert!(place.open().unwrap().unfinished().unwrap().is_empty(), "all is kept");
    }
}

#[test]
fn code_that_is_told_and_keeps_something_gets_an_error() {
    let place = Place::new();
    let own = Arc::<Mutex<Option<Weak<Keeper>>>>::default();
    let got = Arc::<Mutex<Vec<String>>>::default();
    let (inside, errors) = (Arc::clone(&own), Arc::clone(&got));
    let keeper = Arc::new(place.create().begin(move |_| {
        let Some(keeper) = inside.lock().unwrap().as_ref().and_then(Weak::upgrade) else { return };
        let mut all = Vec::new();
        all.extend(keeper.sending(&mut Entry::new(name(7)), None).err());
        all.extend(keeper.known(vec![name(7)]).err());
        all.extend(
            keeper.done(Entry::new(name(8)), "{}".to_owned(), 0).err().map(|(error, _)| error),
        );
        all.extend(keeper.close().err());
        errors.lock().unwrap().extend(all.iter().map(ToString::to_string));
    }));
    *own.lock().unwrap() = Some(Arc::downgrade(&keeper));
    let (ended, all_ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut entry = Entry::new(name(1));
        keeper.sending(&mut entry, None).unwrap();
        keeper.done(entry, "{}".to_owned(), 0).unwrap();
        // Whoever is answered here was behind it.
        keeper.sending(&mut Entry::new(name(2)), Some("{}".to_owned())).unwrap();
        let _ = ended.send(());
    });
    all_ended.recv_timeout(Duration::from_secs(20)).expect("a thread waits for itself");
    assert_eq!(got.lock().unwrap().len(), 4, "{got:?}");
}

/// A process that ends without a word: what was kept is there, what was not is not.
#[test]
fn what_was_kept_survives_the_process() {
    const CHILD: &str = "JOURNAL_CHILD";
    if let Some(path) = std::env::var_os(CHILD) {
        let journal = Journal::create(path.as_ref(), run(), Durability::Process).unwrap();
        three(&journal.begin(|_| ()));
        let keeper_is_never_closed = std::process::Command::new("kill")
            .args(["-9", &std::process::id().to_string()])
            .status();
        unreachable!("{keeper_is_never_closed:?}");
    }
    let place = Place::new();
    let program = std::env::current_exe().unwrap();
    let status = std::process::Command::new(program)
        .args(["--exact", "what_was_kept_survives_the_process"])
        .env(CHILD, place.file())
        .output()
        .unwrap()
        .status;
    assert!(!status.success());
    let left = place.open().unwrap().unfinished().unwrap();
    let left: Vec<_> = left.into_iter().map(|one| one.unwrap().call.unwrap()).collect();
    assert_eq!(left, ["call 2", "attempt 3"]);
}
