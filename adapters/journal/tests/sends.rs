//! What is noted beside the file, of first requests: a run that is killed at any moment says which were under way.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use http_hook_journal::{Durability, Entry, State};
use proptest::prelude::*;
use rusqlite::Connection;

use support::{create, ended, killed, left, name, open, sends};

#[test]
fn a_request_that_was_noted_is_known_after_the_process() {
    let place = tempfile::tempdir().unwrap();
    let keeper = create(place.path(), Durability::Process);
    let mut entry = Entry::new(name(1, false));
    keeper.sending(&mut entry, None).unwrap();
    assert!((entry.epoch(), entry.created() > 0) == (1, true));
    let copy = killed(place.path());
    assert!(sends(copy.path()).exists());
    let journal = open(copy.path()).unwrap();
    let found = journal.unfinished().unwrap();
    let [Ok(one)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((one.state, one.call.as_deref(), one.entry.epoch()), (State::Sending, None, 1));
    assert_eq!((&one.entry.name, one.entry.created()), (&name(1, false), entry.created()));
    assert!(!sends(copy.path()).exists(), "it is in the table now");

    // The same, had the run been ended.
    keeper.close().unwrap();
    assert!(!sends(place.path()).exists(), "one file is left");
    assert_eq!(left(&open(place.path()).unwrap()), BTreeMap::from([(1, State::Sending)]));
}

/// Whoever copies the rows of a run that was killed does not copy too few.
#[test]
fn rows_that_do_not_say_what_was_under_way_are_not_read_as_settled() {
    let place = tempfile::tempdir().unwrap();
    let keeper = create(place.path(), Durability::Process);
    let copied = |folder: &Path| {
        let file = Connection::open(folder.join("run.journal")).unwrap();
        file.query_row("SELECT count(*) FROM settled_calls", [], |row| row.get::<_, u32>(0))
    };
    let nothing_yet = killed(place.path());
    keeper.sending(&mut Entry::new(name(1, false)), None).unwrap();
    let under_way = killed(place.path());
    for (killed, count) in [(nothing_yet, 0), (under_way, 1)] {
        let error = copied(killed.path()).unwrap_err();
        assert!(error.to_string().contains("this run was killed"), "{error}");
        drop(open(killed.path()).unwrap());
        assert_eq!(copied(killed.path()), Ok(count));
    }
}

#[test]
fn what_stands_in_the_way_is_left_alone() {
    let place = tempfile::tempdir().unwrap();
    fs::write(sends(place.path()), "mine").unwrap();
    let keeper = create(place.path(), Durability::Process);
    keeper.sending(&mut Entry::new(name(1, false)), None).unwrap();
    let copy = killed(place.path());
    assert_eq!(left(&open(copy.path()).unwrap()), BTreeMap::from([(1, State::Sending)]));
    keeper.close().unwrap();
    assert_eq!(fs::read_to_string(sends(place.path())).unwrap(), "mine");

    // What was made when the process was killed.
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("run.journal-sends"), "").unwrap();
    let keeper = create(other.path(), Durability::Process);
    keeper.sending(&mut Entry::new(name(2, false)), None).unwrap();
    assert_eq!(left(&open(killed(other.path()).path()).unwrap()).len(), 1);
    drop(keeper);
    assert!(!sends(other.path()).exists());
}

#[test]
fn more_than_fit_are_rows() {
    let place = tempfile::tempdir().unwrap();
    let keeper = create(place.path(), Durability::Process);
    let mut all = Vec::new();
    for line in 1..=8_300 {
        let mut entry = Entry::new(name(line, false));
        keeper.sending(&mut entry, None).unwrap();
        all.push(entry);
    }
    let journal = open(killed(place.path()).path()).unwrap();
    assert_eq!(left(&journal).len(), 8_300);
    for entry in all {
        keeper.done(entry, "{}".to_owned(), 0).unwrap();
    }
    keeper.close().unwrap();
    assert_eq!(ended(&open(place.path()).unwrap()).len(), 8_300);
}

/// Closing and noting at once: what was noted is kept, what was refused is not under way.
#[test]
fn what_is_noted_while_the_journal_is_closed_is_kept_or_refused() {
    for _ in 0..20 {
        let place = tempfile::tempdir().unwrap();
        let keeper = Arc::new(create(place.path(), Durability::Process));
        let noted = Arc::<Mutex<Vec<u64>>>::default();
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let (keeper, noted) = (Arc::clone(&keeper), Arc::clone(&noted));
                std::thread::spawn(move || {
                    for line in (thread * 10_000..).take(5_000) {
                        if keeper.sending(&mut Entry::new(name(line, false)), None).is_err() {
                            return;
                        }
                        noted.lock().unwrap().push(line);
                    }
                })
            })
            .collect();
        while noted.lock().unwrap().len() < 50 {
            std::thread::yield_now();
        }
        keeper.close().unwrap();
        for thread in threads {
            thread.join().unwrap();
        }
        let left = left(&open(place.path()).unwrap());
        let noted = noted.lock().unwrap();
        assert!(noted.iter().all(|line| left.contains_key(line)), "one is lost");
    }
}

#[derive(Clone, Debug)]
enum Deed {
    /// A call begins: noted as to be made anew, or with its attempt; under an id that is too long for a note.
    Begin {
        with_attempt: bool,
        long: bool,
    },
    Wait(prop::sample::Index),
    Again(prop::sample::Index),
    End(prop::sample::Index),
    /// Whoever drives it gives it up.
    Drop(prop::sample::Index),
    Kill,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        6 => (prop::bool::weighted(0.2), prop::bool::weighted(0.1))
            .prop_map(|(with_attempt, long)| Deed::Begin { with_attempt, long }),
        1 => any::<prop::sample::Index>().prop_map(Deed::Wait),
        1 => any::<prop::sample::Index>().prop_map(Deed::Again),
        4 => any::<prop::sample::Index>().prop_map(Deed::End),
        1 => any::<prop::sample::Index>().prop_map(Deed::Drop),
        1 => Just(Deed::Kill),
    ];
    prop::collection::vec(deed, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Killed after any deed and gone on with, a run knows each call as it was kept: nothing is lost, and nothing is made up.
    #[test]
    fn a_run_that_is_killed_knows_what_was_under_way(deeds in deeds()) {
        let mut place = tempfile::tempdir().unwrap();
        let mut keeper = create(place.path(), Durability::Process);
        let mut own = BTreeMap::<u64, (Entry, State)>::new();
        let mut dropped = BTreeMap::new();
        let (mut next, mut done) = (1, Vec::new());
        let pick = |own: &BTreeMap<u64, (Entry, State)>, which: prop::sample::Index| {
            (!own.is_empty()).then(|| *own.keys().nth(which.index(own.len())).unwrap())
        };
        for deed in deeds {
            match deed {
                Deed::Begin { with_attempt, long } => {
                    let mut entry = Entry::new(name(next, long));
                    let call = with_attempt.then(|| "attempt".to_owned());
                    keeper.sending(&mut entry, call).unwrap();
                    own.insert(next, (entry, State::Sending));
                    next += 1;
                }
                Deed::Wait(which) => if let Some(line) = pick(&own, which) {
                    let (entry, state) = own.get_mut(&line).unwrap();
                    keeper.waiting(entry, "call".to_owned(), 9).unwrap();
                    *state = State::Waiting;
                },
                Deed::Again(which) => if let Some(line) = pick(&own, which) {
                    let (entry, state) = own.get_mut(&line).unwrap();
                    let before = entry.epoch();
                    keeper.sending(entry, Some("attempt".to_owned())).unwrap();
                    prop_assert_eq!(entry.epoch(), before + 1);
                    *state = State::Sending;
                },
                Deed::End(which) => if let Some(line) = pick(&own, which) {
                    let (entry, _) = own.remove(&line).unwrap();
                    keeper.done(entry, "{}".to_owned(), 0).unwrap();
                    done.push(line);
                },
                Deed::Drop(which) => if let Some(line) = pick(&own, which) {
                    dropped.insert(line, own.remove(&line).unwrap().1);
                },
                Deed::Kill => {
                    let copy = killed(place.path());
                    let journal = open(copy.path()).unwrap();
                    let (left, ended) = (left(&journal), ended(&journal));
                    let mut under_way: BTreeMap<u64, State> = own.iter().map(|(line, one)| (*line, one.1)).collect();
                    under_way.extend(&dropped);
                    for (line, state) in &under_way {
                        prop_assert_eq!(left.get(line), Some(state), "line {}", line);
                    }
                    // How a call ended is written a little later; until then it is under way.
                    for line in left.keys().filter(|line| !under_way.contains_key(line)) {
                        prop_assert!(done.contains(line), "line {} is made up", line);
                    }
                    prop_assert_eq!(left.len() + ended.len(), usize::try_from(next - 1).unwrap());
                    let found = journal.unfinished().unwrap().into_iter().map(Result::unwrap);
                    own = found.map(|one| (one.entry.name.line, (one.entry, one.state))).collect();
                    (done, dropped) = (ended, BTreeMap::new());
                    keeper = journal.begin(|_| ());
                    place = copy;
                }
            }
        }
        drop(keeper);
    }
}
