//! Four times as much takes about four times as long, whatever there is much of. What is compared is time of the processor that
//! this thread had, so that what else the machine does counts for nothing.

use std::fs;
use std::time::{Duration, Instant};

use http_hook::Connection;
use http_hook_sources::blocking::{Source as _, Sources};
use http_hook_sources::{ConnectionFile, Env, Form, Masker};

use super::Folder;

/// What this thread has had of the processor, in nanoseconds; elsewhere than on Linux, what has passed.
fn spent(since: Instant) -> u64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let own = told.and_then(|told| told.split(' ').next()?.parse().ok());
    let passed = || u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
    own.unwrap_or_else(passed)
}

/// How much more the work on four times as much takes.
fn growth(few: usize, work: impl Fn(usize) -> Box<dyn Fn()>) -> f64 {
    let [few, many] = [few, 4 * few].map(|count| {
        let work = work(count);
        let (since, mut times) = (Instant::now(), 0_u32);
        let before = spent(since);
        // The system counts in steps of some milliseconds.
        loop {
            work();
            times += 1;
            let spent = spent(since) - before;
            if spent > 80_000_000 {
                return Duration::from_nanos(spent).as_secs_f64() / f64::from(times);
            }
        }
    });
    many / few
}

fn members(count: usize) -> Connection {
    let members: Vec<String> = (0..count).map(|at| format!("\"{at:x}\":\"v\"")).collect();
    let extra = format!("{{{}}}", members.join(", "));
    Connection::new().with_conn_type("http").with_host("h").with_extra(extra)
}

type Work = fn(usize) -> Box<dyn Fn()>;

#[test]
fn no_number_of_members_or_connections_takes_its_square() {
    let write_members = |form: Form| {
        move |count| -> Box<dyn Fn()> {
            let connection = members(count);
            Box::new(move || drop(form.write([("a", &connection)]).expect("a text")))
        }
    };
    let write_many = |form: Form| {
        move |count| -> Box<dyn Fn()> {
            let ids: Vec<String> = (0..count).map(|at| format!("id{at}")).collect();
            let connection = Connection::new().with_conn_type("http").with_host("h");
            Box::new(move || {
                let all = ids.iter().map(|id| (id.as_str(), &connection));
                drop(form.write(all).expect("a text"));
            })
        }
    };
    let import_into = |name: &'static str| {
        move |count| -> Box<dyn Fn()> {
            let connection = Connection::new().with_conn_type("http").with_host("h");
            let old = (0..count).map(|at| (format!("old{at}"), connection.clone()));
            let new = (count / 2..count).map(|at| (format!("old{at}"), connection.clone()));
            let more = (0..count).map(|at| (format!("new{at}"), connection.clone()));
            let (old, new): (Vec<_>, Vec<_>) = (old.collect(), new.chain(more).collect());
            let folder = Folder::new();
            let sources = Sources::new().with(ConnectionFile::new(folder.path().join(name)));
            let put = move |all: &[(String, Connection)]| {
                let all: Vec<_> = all.iter().map(|(id, one)| (id.as_str(), one)).collect();
                sources.put(&all).expect("a file");
            };
            Box::new(move || {
                let _ = fs::remove_file(folder.path().join(name));
                put(&old);
                put(&new);
            })
        }
    };
    let forms = [Form::Json, Form::Yaml, Form::Env, Form::DotEnv, Form::Toml, Form::OwnYaml];
    let mut grown = Vec::new();
    for form in [Form::Env, Form::OwnYaml] {
        grown.push((format!("members in form {form}"), growth(4_000, write_members(form))));
    }
    for form in forms {
        grown.push((format!("connections in form {form}"), growth(500, write_many(form))));
    }
    for name in ["c.json", "c.yaml", "c.toml", "c.env"] {
        grown.push((format!("an import into {name}"), growth(250, import_into(name))));
    }
    #[rustfmt::skip]
    let rows: [(&str, usize, Work); 4] = [
        ("marks of comments in a member that is changed", 500, |count| {
            let folder = Folder::new();
            let old = format!("a: \"http://h/?{}\" # who\n", "# ".repeat(count));
            let connection = Connection::new().with_conn_type("http").with_host("h");
            Box::new(move || {
                let path = folder.write("c.yaml", &old);
                ConnectionFile::new(&path).set("a", &connection).expect("a file");
                let new = "a: # who\n  conn_type: http\n  host: h\n";
                assert_eq!(fs::read_to_string(&path).expect("a text"), new);
            })
        }),
        ("secrets in one another, and a text of them", 60, |count| {
            let tokens = (0..count).map(|at| format!("\"token{at}\": \"{}\"", "a".repeat(at + 5)));
            let extra = format!("{{{}}}", tokens.collect::<Vec<_>>().join(", "));
            let masker = Masker::new().connection(&Connection::new().with_extra(extra));
            let text = "a".repeat(count << 10);
            Box::new(move || assert_eq!(masker.text(&text), "***"))
        }),
        ("variables that are listed", 1_000, |count| {
            let env = Env::of((0..count).map(|at| (format!("AIRFLOW_CONN_A{at}"), "http://h")));
            Box::new(move || assert!(!env.ids().expect("ids").is_empty()))
        }),
        ("members that are taken out of a section", 1_000, |count| {
            let folder = Folder::new();
            let file = ConnectionFile::new(folder.path().join("c.toml"));
            let (old, new) = (members(count), members(1));
            Box::new(move || {
                assert!(folder.path().exists());
                file.set("a", &old).expect("a file");
                file.set("a", &new).expect("a file");
            })
        }),
    ];
    grown.extend(rows.into_iter().map(|(what, few, work)| (what.to_owned(), growth(few, work))));
    grown.retain(|(_, times)| *times > 9.0);
    assert!(grown.is_empty(), "{grown:?}");
}
