//! Replays what the fuzzer found, on stable, in every run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::invariants;

#[test]
fn the_corpus_keeps_the_invariants() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, check) in invariants::SUBJECTS {
        let mut files = 0;
        for entry in fs::read_dir(corpus.join(name)).expect("each subject has its folder") {
            let path = entry.expect("a file").path();
            println!("{}", path.display());
            check(&fs::read(&path).expect("a readable file"));
            files += 1;
        }
        assert!(files > 0, "{name} has no corpus");
        reaches(name, &invariants::counts::taken());
    }
}

/// What the scripts of a corpus come by on the average, at least.
fn reaches(name: &str, counts: &invariants::counts::Counts) {
    let least: &[(&str, f64)] = match name {
        "machine" => &[
            ("sends", 3.0),
            ("tokens", 0.3),
            ("cookies", 0.3),
            ("gates", 0.3),
            ("bodies", 0.3),
            ("redirects", 0.1),
            ("challenges", 0.05),
        ],
        "resume" => {
            &[("sends", 3.0), ("tokens", 0.3), ("cookies", 0.2), ("gates", 0.3), ("stored", 1.0)]
        }
        "redirect" => &[("sends", 3.0), ("tokens", 0.3), ("cookies", 0.3), ("redirects", 1.0)],
        "multipart" => &[("sends", 3.0), ("bodies", 2.0), ("redirects", 0.3)],
        _ => &[],
    };
    for (what, least) in least {
        let found = counts.averages().into_iter().find(|(own, _)| own == what).expect("a count").1;
        assert!(found >= *least, "{name}: {found:.2} {what} a script, which is too few");
    }
}

/// A stored call with each field, in turn, at each edge.
#[test]
fn no_field_of_a_stored_call_is_trusted() {
    let edges = [
        "null",
        "true",
        "0",
        "1",
        "-1",
        "1001",
        "4294967295",
        "18446744073709551615",
        "1e300",
        "\"\"",
        "\"x\"",
        "\"\\u0000\"",
        "[]",
        "{}",
        "[[\"x\", null]]",
        "[[\"host\", \"h\"]]",
        "{\"secs\":0,\"nanos\":4294967295}",
        "{\"secs\":18446744073709551615,\"nanos\":0}",
        "{\"text\":\"\"}",
        "\"interrupted\"",
        "\"//other.example/\"",
    ];
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/state");
    let entries = fs::read_dir(corpus).expect("stored calls");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    let mut tried: BTreeMap<(&str, String), u32> = BTreeMap::new();
    for path in paths {
        let bytes = fs::read(path).expect("a readable file");
        let Ok(form) = serde_json::from_slice::<Value>(&bytes) else { continue };
        for part in ["plan", "progress"] {
            for name in form[part].as_object().into_iter().flat_map(serde_json::Map::keys) {
                // Many calls have the same fields: each is tried in some of them.
                let tried = tried.entry((part, name.clone())).or_default();
                *tried += 1;
                if *tried > 16 {
                    continue;
                }
                for edge in edges {
                    let mut changed = form.clone();
                    changed[part][name] = serde_json::from_str(edge).expect("JSON");
                    invariants::state::state(changed.to_string().as_bytes());
                }
            }
        }
    }
    assert!(tried.len() > 20, "{tried:?}: the corpus holds hardly any stored call of this form");
}

/// What a store once got in by: it is refused, or sent as a fresh call would be.
#[test]
fn a_stored_plan_is_checked_as_a_fresh_one() {
    use invariants::state::{Content, Planned, compare};

    let header = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()), true);
    let headers = |header: (String, Option<String>, bool), count| vec![header; count];
    let rows = [
        Planned { headers: headers(header("x-a", "b"), 20_000), ..Planned::default() },
        Planned { headers: headers(header("x-a", "b"), 257), ..Planned::default() },
        Planned { headers: headers(header("x-a", "b"), 256), ..Planned::default() },
        Planned { headers: headers(header("x-a", &"b".repeat(70_000)), 1), ..Planned::default() },
        Planned {
            headers: headers(header("transfer-encoding", "chunked"), 1),
            ..Planned::default()
        },
        Planned { headers: headers(header("x-a", "b\r\nc: d"), 1), ..Planned::default() },
        Planned { headers: headers(header("x-\u{fc}", "b"), 1), ..Planned::default() },
        Planned { endpoint: "/\u{fc}".to_owned(), ..Planned::default() },
        Planned { endpoint: "/../../x".to_owned(), ..Planned::default() },
        Planned { endpoint: "//other.example/x\r\n".to_owned(), ..Planned::default() },
        Planned { endpoint: "x".repeat(70_000), ..Planned::default() },
        Planned { params: "a=\u{fc} \n&%zz".to_owned(), ..Planned::default() },
        Planned { method: "A B".to_owned(), ..Planned::default() },
        Planned { method: "X-own".to_owned(), ..Planned::default() },
        Planned { body: Content::Json("{".to_owned()), ..Planned::default() },
        Planned {
            method: "PUT".to_owned(),
            body: Content::External(Some(u64::MAX)),
            ..Planned::default()
        },
    ];
    for row in rows {
        compare(&row);
    }
    let hook = invariants::state::hook();
    let mut limit = http_hook::Options::default();
    limit.head_timeout =
        http_hook::options::Setting::Set(std::time::Duration::from_secs(1_000_000_001));
    let mut trust = http_hook::Options::default();
    trust.trust_env = Some(false);
    for options in [limit, trust] {
        let planned = Planned { options: Some(options), ..Planned::default() };
        compare(&planned);
        let error = http_hook::Call::resume(&hook, &planned.stored(&hook), crate::support::NOW);
        assert_eq!(error.expect_err("refused").kind(), http_hook::ErrorKind::Stored);
    }
}

/// Targets that are no subjects here: the page of the mock shows the first, and its tests replay it; the others are of crates that the
/// core does not know.
const ELSEWHERE: [&str; 5] = ["client", "conn_file", "env_lookup", "fernet", "mask"];

#[test]
fn every_subject_is_a_fuzz_target() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/Cargo.toml");
    let manifest = fs::read_to_string(manifest).expect("the manifest of the fuzz targets");
    let targets = manifest.matches("[[bin]]").count();
    assert_eq!(targets, invariants::SUBJECTS.len() + ELSEWHERE.len());
    for name in invariants::SUBJECTS.iter().map(|(name, _)| *name).chain(ELSEWHERE) {
        assert!(manifest.contains(&format!("\"fuzz_targets/{name}.rs\"")), "{name}");
    }
}
