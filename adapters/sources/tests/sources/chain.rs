//! Chains: order, errors, what is kept.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use http_hook::Connection;
use http_hook_sources::blocking::{Source, Sources};
use http_hook_sources::{ConnectionFile, Env, Found, SecretsDir, SourceError, SourceErrorKind};

use crate::Folder;

/// Fails, or finds what is there, and counts.
struct Counted(Arc<AtomicUsize>, bool);

impl Source for Counted {
    fn name(&self) -> String {
        "counted".to_owned()
    }

    fn find(&self, id: &str) -> Result<Option<Found>, SourceError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        if self.1 {
            return Err(SourceError::new(SourceErrorKind::Unavailable, "counted", "sealed"));
        }
        let found = (id == "a").then(|| Connection::new().with_host("h"));
        Ok(found.map(|connection| Found::new(connection, "counted")))
    }
}

#[test]
fn a_source_that_fails_is_an_error_unless_the_chain_goes_on() {
    let chain = || {
        Sources::new()
            .with(Counted(Arc::default(), true))
            .with(Env::of([("AIRFLOW_CONN_A", "http://h")]))
    };
    let error = chain().find("a").unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Unavailable);
    assert_eq!(error.to_string(), "counted: connection `a`: sealed");
    assert!(chain().find("b").is_err(), "what the first would have said is not known");

    let found = chain().going_on().get("a").unwrap();
    assert_eq!((found.place(), found.connection().id()), ("env AIRFLOW_CONN_A", Some("a")));
    assert_eq!(chain().going_on().get("b").unwrap_err().kind(), SourceErrorKind::NotDefined);

    let origin = chain().origin("a").unwrap();
    assert_eq!(origin.place(), Some("env AIRFLOW_CONN_A"));
    assert_eq!(origin.failures().count(), 1);
}

#[test]
fn what_is_found_and_what_is_not_is_kept_for_a_time_and_errors_are_not() {
    let count = Arc::new(AtomicUsize::new(0));
    let asked = || count.load(Ordering::Relaxed);
    let sources = Sources::new().with(Counted(Arc::clone(&count), false));
    let kept = sources.clone().kept_for(Duration::from_secs(600));
    for _ in 0..3 {
        assert!(kept.find("a").unwrap().is_some());
        assert!(kept.clone().find("b").unwrap().is_none());
    }
    assert_eq!(asked(), 2);
    kept.forget();
    assert!(kept.get("a").is_ok());
    assert_eq!(asked(), 3);

    let short = sources.kept_for(Duration::from_millis(5));
    assert!(short.get("a").is_ok());
    thread::sleep(Duration::from_millis(10));
    assert!(short.get("a").is_ok());
    assert_eq!(asked(), 5);

    let failing =
        Sources::new().with(Counted(Arc::clone(&count), true)).kept_for(Duration::from_secs(600));
    assert!(failing.find("a").is_err() && failing.find("a").is_err());
    assert_eq!(asked(), 7);
}

#[test]
fn nothing_is_kept_of_a_look_up_in_which_a_source_failed() {
    struct FailsOnce(AtomicUsize);
    impl Source for FailsOnce {
        fn name(&self) -> String {
            "once".to_owned()
        }
        fn find(&self, _id: &str) -> Result<Option<Found>, SourceError> {
            if self.0.fetch_add(1, Ordering::Relaxed) == 0 {
                return Err(SourceError::new(SourceErrorKind::Denied, "once", "sealed"));
            }
            Ok(Some(Found::new(Connection::new().with_host("own"), "once")))
        }
    }
    for (id, behind) in [("absent", None), ("behind", Some("behind"))] {
        let env = Env::of([("AIRFLOW_CONN_BEHIND", "http://behind")]);
        let sources = Sources::new().with(FailsOnce(AtomicUsize::new(0))).with(env);
        let sources = sources.going_on().kept_for(Duration::from_secs(600));
        let host = || {
            let found = sources.find(id).unwrap();
            found.and_then(|found| found.connection().host().map(str::to_owned))
        };
        assert_eq!(host().as_deref(), behind);
        assert_eq!(host().as_deref(), Some("own"), "{id}: the source is well again");
    }
}

#[test]
fn what_is_kept_is_forgotten_with_a_look_up_under_way_and_kept_without_end_and_among_many() {
    struct Forgets(Arc<AtomicUsize>, Arc<OnceLock<Sources>>);
    impl Source for Forgets {
        fn name(&self) -> String {
            "forgets".to_owned()
        }
        fn find(&self, _id: &str) -> Result<Option<Found>, SourceError> {
            let at = self.0.fetch_add(1, Ordering::Relaxed);
            // Somebody changed the connection while it was looked up.
            self.1.get().filter(|_| at == 0).into_iter().for_each(Sources::forget);
            Ok(Some(Found::new(Connection::new().with_host(at.to_string()), "forgets")))
        }
    }
    let (count, own) = (Arc::new(AtomicUsize::new(0)), Arc::new(OnceLock::new()));
    let sources = Sources::new().with(Forgets(Arc::clone(&count), Arc::clone(&own)));
    let sources = sources.kept_for(Duration::MAX);
    assert!(own.set(sources.clone()).is_ok());
    let hosts = [(); 3].map(|()| sources.get("a").unwrap().connection().host().map(str::to_owned));
    let hosts = hosts.each_ref().map(Option::as_deref);
    assert_eq!(hosts, [Some("0"), Some("1"), Some("1")], "the old one was not kept");

    let count = Arc::new(AtomicUsize::new(0));
    let sources = Sources::new().with(Counted(Arc::clone(&count), false));
    let sources = sources.kept_for(Duration::from_secs(600));
    for at in 0..100_000 {
        assert!(sources.find(&format!("absent{at}")).unwrap().is_none());
    }
    let (before, since) = (count.load(Ordering::Relaxed), Instant::now());
    for _ in 0..2_000 {
        assert!(sources.find("a").unwrap().is_some());
    }
    assert_eq!(count.load(Ordering::Relaxed), before + 1, "it is kept behind all of these");
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
}

#[test]
fn the_list_tells_what_a_look_up_finds_of_what_is_empty_or_under_two_names() {
    let folder = Folder::new();
    let json = folder.write(
        "c.json",
        r#"{"sales": "http://s", "blank": "http://b", "none": [], "Lower": "http://l"}"#,
    );
    let dotenv = folder.write(
        ".env",
        "AIRFLOW_CONN_EMPTIED=http://e\nAIRFLOW_CONN_EMPTIED=\nAIRFLOW_CONN_lower=http://never\nAIRFLOW_CONN_TWICE=http://1\nAIRFLOW_CONN_TWICE=http://2",
    );
    std::fs::create_dir_all(folder.path().join("secrets/sales")).unwrap();
    folder.write("secrets/blank", " \n");
    folder.write("secrets/x", "http://x");
    folder.write("secrets/AIRFLOW_CONN_X", "http://not-used");
    folder.write("secrets/AIRFLOW_CONN_Y", "http://y");
    folder.write("secrets/AIRFLOW_CONN_z", "http://z");
    folder.write("secrets/AIRFLOW_CONN__A___B", "http://of-a-team");
    folder.write("secrets/broken", "http://h:canary");
    let secrets = || SecretsDir::new(folder.path().join("secrets"));
    let sources =
        Sources::new().with(secrets()).with(Env::file(&dotenv)).with(ConnectionFile::new(&json));
    let list = sources.list().unwrap();
    let ids: Vec<_> = list.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "AIRFLOW_CONN__A___B",
            "AIRFLOW_CONN_z",
            "Lower",
            "blank",
            "broken",
            "sales",
            "twice",
            "x",
            "y"
        ]
    );
    for one in &list {
        match sources.find(&one.id) {
            Ok(found) => assert_eq!(found.unwrap().place(), one.place),
            Err(error) => assert_eq!(error.place(), one.place),
        }
        let origin = sources.origin(&one.id).unwrap();
        let shadowed: Vec<_> = origin.shadowed().collect();
        assert_eq!(shadowed, one.shadowed, "{}", one.id);
    }
    assert!(secrets().find("_a___b").unwrap().is_none(), "it is a team's");
}

#[test]
fn the_list_tells_of_each_id_its_place_and_what_that_shadows() {
    let folder = Folder::new();
    let json = folder.write("c.json", "{\"Sales\": \"http://s\",\n \"orders\": \"http://o\"}");
    let secrets = folder.path().join("secrets");
    folder.write("secrets/orders", "http://o");
    let sources = Sources::new()
        .with(Env::of([("AIRFLOW_CONN_SALES", "http://e"), ("AIRFLOW_CONN_X", "http://x")]))
        .with(ConnectionFile::new(&json))
        .with(SecretsDir::new(&secrets));
    let list = sources.list().unwrap();
    let told: Vec<_> =
        list.iter().map(|one| (one.id.as_str(), one.place.as_str(), one.shadowed.len())).collect();
    let json = format!("file {}, line 2", json.display());
    assert_eq!(
        told,
        [
            ("Sales", "env AIRFLOW_CONN_SALES", 1),
            ("orders", json.as_str(), 1),
            ("x", "env AIRFLOW_CONN_X", 0)
        ]
    );
    for one in list {
        assert_eq!(
            sources.get(&one.id).unwrap().place(),
            one.place,
            "the list tells what a look-up finds"
        );
    }
}

#[test]
fn what_is_no_id_is_looked_up_nowhere() {
    let sources = Sources::new().with(Env::of([("AIRFLOW_CONN_", "http://h")]));
    for id in ["", "two\nlines", &"x".repeat(251)] {
        assert_eq!(sources.find(id).unwrap_err().kind(), SourceErrorKind::Id);
    }
}

#[test]
fn a_list_of_sources_is_a_chain() {
    let folder = Folder::new();
    folder.write("secrets/sales", "http://of-secrets");
    let dotenv = folder.write(".env", "AIRFLOW_CONN_ORDERS=http://of-dotenv");
    let list = format!(
        "dir:{}, dotenv:{}\nfile:{}? go-on",
        folder.path().join("secrets").display(),
        dotenv.display(),
        folder.path().join("absent.yaml").display()
    );
    let sources = Sources::parse(&list).unwrap();
    assert_eq!(sources.get("sales").unwrap().connection().host(), Some("of-secrets"));
    assert_eq!(sources.get("orders").unwrap().connection().host(), Some("of-dotenv"));
    for wrong in ["nonsense", "file:", "env, http://u:p@h", "dir"] {
        let error = Sources::parse(wrong).unwrap_err().to_string();
        assert!(!error.contains("u:p"), "{error}");
    }
}

#[test]
fn what_is_stored_goes_to_the_first_source_that_takes_it() {
    let folder = Folder::new();
    let path = |name: &str| folder.path().join(name);
    let file = |name: &str| ConnectionFile::new(path(name)).optional();
    let sources = Sources::new()
        .with(Env::of([("AIRFLOW_CONN_A", "http://env")]))
        .with(file("one.toml"))
        .with(file("two.json"))
        .kept_for(Duration::from_secs(600));
    let (a, b) = (Connection::new().with_host("a"), Connection::new().with_host("b"));
    assert!(sources.find("b").unwrap().is_none());
    sources.put(&[("a", &a), ("b", &b)]).unwrap();
    assert!(path("one.toml").exists() && !path("two.json").exists());
    assert_eq!(
        sources.get("b").unwrap().connection().host(),
        Some("b"),
        "what is kept is forgotten"
    );
    assert_eq!(sources.get("a").unwrap().place(), "env AIRFLOW_CONN_A", "one before it shadows it");
    assert!(sources.remove("a").unwrap() && !sources.remove("a").unwrap());
    assert_eq!(sources.rotate().unwrap(), None);

    let odd = Connection::new().with_host("odd").with_extra("{");
    let before = std::fs::read_to_string(path("one.toml")).unwrap();
    for wrong in ["", "a\n", "http_hook"] {
        assert!(sources.put(&[("c", &a), (wrong, &odd)]).is_err(), "{wrong:?}");
    }
    assert_eq!(std::fs::read_to_string(path("one.toml")).unwrap(), before, "all of them or none");

    let each: Vec<_> = sources.each().map(|one| (one.is_store(), one.names())).collect();
    let of = |name: &str| (true, format!("file {}", path(name).display()));
    assert_eq!(each, [(false, "env".to_owned()), of("one.toml"), of("two.json")]);
    let none = Sources::new().with(Env::process()).put(&[("a", &a)]).unwrap_err();
    assert_eq!(
        (none.kind(), none.to_string()),
        (SourceErrorKind::Unsupported, "env: nothing can be stored there".to_owned())
    );
}
