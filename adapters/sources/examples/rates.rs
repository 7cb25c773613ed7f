//! How fast connections are found: `cargo run --release -p http-hook-sources --example rates`.
//!
//! It fails if one of the figures that the README names is missed.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use http_hook_sources::blocking::{Source, Sources};
use http_hook_sources::{ConnectionFile, Env, Masker};

const ROUNDS: u32 = 5;

/// The best of some rounds.
fn best(mut run: impl FnMut()) -> Duration {
    let one = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..ROUNDS).map(|_| one(&mut run)).min().unwrap_or_default()
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut missed = Vec::new();
    let mut told = |what: &str, figure: String, holds: bool| {
        println!("{what}: {figure}");
        if !holds {
            missed.push(what.to_owned());
        }
    };

    let json = many(|all, id| {
        let sep = if all.is_empty() { "{" } else { ",\n" };
        let _ = write!(
            all,
            "{sep}\"c{id}\": {{\"conn_type\": \"http\", \"host\": \"h{id}.test\", \"login\": \"u\", \"password\": \"p{id}\", \"extra\": {{\"X-Team\": \"t{id}\"}}}}"
        );
    }) + "}";
    let yaml = many(|all, id| {
        let _ = writeln!(
            all,
            "c{id}:\n  conn_type: http\n  host: h{id}.test\n  login: u\n  password: p{id}\n  extra_dejson:\n    X-Team: t{id}"
        );
    });
    let toml = many(|all, id| {
        let _ = writeln!(
            all,
            "[c{id}]\nhost = \"h{id}.test\"\nlogin = \"u\"\npassword = \"p{id}\"\n[c{id}.headers]\nX-Team = \"t{id}\""
        );
    });
    let lines = many(|all, id| {
        let _ = writeln!(all, "c{id}=http://u:p{id}@h{id}.test/https?X-Team=t{id}");
    });
    for (name, text) in [("c.json", json), ("c.yaml", yaml), ("c.toml", toml), ("c.env", lines)] {
        let path = folder.path().join(name);
        fs::write(&path, text)?;
        let time = best(|| {
            let all = ConnectionFile::new(&path).all().expect("connections");
            assert_eq!(black_box(all).len(), 10_000);
        });
        told(
            &format!("10,000 connections of {name}, at most 200 ms"),
            format!("{time:.1?}"),
            time < Duration::from_millis(200),
        );
    }

    let env =
        Env::of((0..100).map(|id| (format!("AIRFLOW_CONN_C{id}"), "http://u:p@h/https?X-Team=t")));
    let sources = Sources::new().with(env).with(ConnectionFile::new(folder.path().join("c.json")));
    let kept = sources.clone().kept_for(Duration::from_secs(3_600));
    let ids: Vec<String> = (0..200).map(|id| format!("c{id}")).collect();
    let rate = |sources: &Sources, times: u32| {
        let time = best(|| {
            for _ in 0..times {
                for id in &ids {
                    assert!(black_box(sources.find(id)).is_ok_and(|found| found.is_some()));
                }
            }
        });
        f64::from(times) * 200.0 / time.as_secs_f64()
    };
    let cached = rate(&kept, 500);
    told(
        "look-ups a second that are kept, at least 100,000",
        format!("{cached:.0}"),
        cached > 100_000.0,
    );
    let first = Env::of([("AIRFLOW_CONN_C0", "http://u:p@h/https?X-Team=t")]);
    let time =
        best(|| (0..10_000).for_each(|_| assert!(black_box(Source::find(&first, "c0")).is_ok())));
    told(
        "look-ups a second of the environment",
        format!("{:.0}", 10_000.0 / time.as_secs_f64()),
        true,
    );

    let masker =
        (0..1_000).fold(Masker::new(), |masker, id| masker.secret(&format!("secret-number-{id}")));
    let text = "a line of a log without anything in it that has to be hidden\n".repeat(16_384);
    assert_eq!(masker.text(&text), text);
    let time = best(|| drop(black_box(masker.text(&text))));
    let bytes = f64::from(u32::try_from(text.len())?);
    let rate = bytes / 1e6 / time.as_secs_f64();
    told("MB a second that are masked, of 1,000 secrets", format!("{rate:.0}"), true);

    if missed.is_empty() { Ok(()) } else { Err(format!("missed: {missed:?}").into()) }
}

fn many(push: impl Fn(&mut String, usize)) -> String {
    let mut all = String::new();
    for id in 0..10_000 {
        push(&mut all, id);
    }
    all
}
