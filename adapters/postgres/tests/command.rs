//! The command over a real PostgreSQL: `bash adapters/postgres/run test --test command`.

#![cfg(feature = "command")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use http_hook_postgres::Engine;
use http_hook_reqwest::{Call, Connection, Hook, RequestPlan, Timestamp};
use http_hook_storm::Server;
use serde_json::Value;

mod support;

use support::{database, fresh, move_rows};

fn command(database: &str, server: &Server, words: &[&str]) -> Output {
    spawned(database, server, words).wait_with_output().expect("it runs")
}

fn spawned(database: &str, server: &Server, words: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_http-hook-postgres"));
    command.env("AIRFLOW_CONN_HTTP_HOOK_POSTGRES", database);
    command.env("AIRFLOW_CONN_STORM", format!("http://svc:secret@{}", server.address()));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.args(words).spawn().expect("it runs")
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).expect("a file");
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_a_file_is_made_once_and_told_in_its_order() {
    let database = database("of_a_file").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    let text = r#"{"endpoint": "fast/one", "json": {"of": 1}}
{"id": "two", "method": "get", "endpoint": "fast/two", "query": {"page": 2}}

{"endpoint": "fast/four", "body": "4", "headers": {"x-team": "sales"}, "idempotency_key": "k-4"}
{"endpoint": "busy/five", "method": "PUT", "body": "5"}
{"endpoint": "fast/six", "query": {"a": [1, 1.50], "b": "x"}, "headers": {"accept": null}, "form": {"k": 1.50}}
{"endpoint": "fast/seven", "query": "a=1%202"}
"#;
    let calls = file("calls.jsonl", text);
    let words = ["run", calls.to_str().expect("a path"), "storm"];
    let first = command(&database, &server, &words);
    let told: Vec<_> = lines(&first)
        .iter()
        .map(|line| (line["id"].as_str().map(str::to_owned), line["result"].to_string()))
        .collect();
    let expected = [
        ("line-1", "ok"),
        ("two", "ok"),
        ("line-4", "ok"),
        ("line-5", "failed"),
        ("line-6", "ok"),
        ("line-7", "ok"),
    ]
    .map(|(id, result)| (Some(id.to_owned()), format!("{result:?}")));
    assert_eq!(told, expected, "{}", String::from_utf8_lossy(&first.stderr));
    assert_eq!(first.status.code(), Some(13), "one has failed");
    let again = command(&database, &server, &words);
    assert_eq!(again.stdout, first.stdout, "nothing is sent again");
    let seen: BTreeMap<_, _> =
        ["one", "two?page=2", "four", "five", "six?a=1&a=1.50&b=x", "seven?a=1%202"]
            .map(|id| (id.to_owned(), 1))
            .into();
    assert_eq!(server.counts(), seen);

    // Other calls under the same ids are refused, and none of them is put in.
    let other =
        file("other.jsonl", "{\"endpoint\": \"fast/six\"}\n{\"endpoint\": \"fast/seven\"}\n");
    let refused = command(&database, &server, &["run", other.to_str().expect("a path"), "storm"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("run/line-1"), "{refused:?}");
    for (text, says) in [
        ("{\"endpoint\": \"a\"\n", "line 1: not a call"),
        (
            "{\"endpoint\": \"a\", \"id\": \"x\"}\n{\"endpoint\": \"b\", \"id\": \"x\"}\n",
            "line 2: the id x",
        ),
        (
            "{\"endpoint\": \"a\", \"json\": 1, \"body\": \"\"}\n",
            "line 1: there is more than one body",
        ),
        ("{\"endpoint\": \"a\", \"headers\": {\"authorization\": \"S3cret\"}}\n", "run2/line-1"),
    ] {
        let bad = file("bad.jsonl", text);
        let words = ["run", bad.to_str().expect("a path"), "storm", "--name", "run2"];
        let refused = command(&database, &server, &words);
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(told.contains(says) && !told.contains("S3cret"), "{told}");
        assert_eq!((refused.status.code(), refused.stdout.len()), (Some(2), 0), "{told}");
    }
    assert_eq!(server.counts(), seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_put_in_as_it_is_written_and_what_cannot_be_is_told() {
    let database = database("as_written").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    let run = |words: &[&str]| {
        let output = command(&database, &server, words);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), lines(&output), told)
    };
    assert_eq!(run(&["migrate"]).0, Some(0));
    let engine = Engine::new(&database, 2).expect("a URL");
    let json = r#"{"name": "box", "count": 1.50}"#;
    let put =
        ["submit", "a", "storm", "POST", "fast/a", "--json", json, "--header", "X-Team: sales"];
    let (code, new, told) = run(&put);
    assert_eq!((code, &new[0]["new"]), (Some(0), &Value::Bool(true)), "{told}");
    let client = engine.pool().get().await.expect("PostgreSQL");
    let plan = "SELECT plan -> 'body' ->> 'text' FROM http_hook.calls WHERE id = 'a'";
    let body: String = client.query_one(plan, &[]).await.expect("a row").get(0);
    assert_eq!(body, json, "it is sent as it is written");

    let post = ["storm", "POST", "fast/b"];
    let submit =
        |id: &'static str, more: &[&'static str]| [&["submit", id][..], &post, more].concat();
    let rows: [(Vec<&str>, i32, &str); 9] = [
        (submit("b", &["--json", "{bad"]), 2, "--json"),
        (
            submit("b", &["--header", "X-Api-Key: S3cret"]),
            2,
            "call b: not storable: header x-api-key",
        ),
        (submit("b", &["--header", "none"]), 2, "call b: "),
        (vec!["work", "--lease", "0"], 2, "--lease"),
        (vec!["work", "--concurrency", "0"], 2, "--concurrency"),
        (vec!["outcome", "a"], 1, "call a: it has no outcome: new"),
        (vec!["outcome", "none"], 1, "call none: there is none"),
        (vec!["cancel", "none"], 1, "call none: there is none"),
        (vec!["--on", "storm", "status"], 2, "the connection is not one of PostgreSQL"),
    ];
    for (words, expected, says) in rows {
        let (code, _, told) = run(&words);
        assert_eq!(code, Some(expected), "{words:?}: {told}");
        assert!(told.contains(says) && !told.contains("S3cret"), "{words:?}: {told}");
    }
    assert_eq!(run(&["cancel", "a"]).0, Some(0));
    let (code, _, told) = run(&["cancel", "a"]);
    assert_eq!(code, Some(1));
    assert!(told.contains("call a: it cannot be taken back: cancelled"), "{told}");

    let gone = "postgres://app:S3cret@127.0.0.1:9/app";
    for words in [&submit("b", &[])[..], &["status", "b"]] {
        let output = command(gone, &server, words);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains("call b: PostgreSQL: ") && told.contains("refused"), "{told}");
        assert!(!told.contains("S3cret"), "{told}");
    }

    // As `http-hook run` reads them: a mark of the encoding is none of the text, and an id may be a number.
    let text =
        "\u{feff}{\"endpoint\": \"fast/one\"}\r\n{\"endpoint\": \"fast/two\", \"id\": 7}\r\n";
    let calls = file("marked.jsonl", text);
    let (code, told, errors) = run(&["run", calls.to_str().expect("a path"), "storm"]);
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!(told.iter().map(|line| &line["id"]).collect::<Vec<_>>(), ["line-1", "7"]);
    assert_eq!(server.counts().len(), 2, "{:?}", server.counts());
}

/// Who runs services ends them by SIGTERM.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_told_to_end_lets_what_is_under_way_end() {
    let database = database("told_to_end").await;
    let server = Server::start(Duration::from_secs(2)).expect("a port");
    assert!(command(&database, &server, &["migrate"]).status.success());
    for signal in ["TERM", "INT"] {
        let put = ["submit", signal, "storm", "POST", &format!("slow/{signal}"), "--data", "order"];
        assert!(command(&database, &server, &put).status.success());
        let mut working = spawned(&database, &server, &["work"]);
        let begun = std::time::Instant::now();
        while !server.counts().contains_key(signal) && begun.elapsed() < Duration::from_secs(20) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let id = working.id().to_string();
        assert!(
            Command::new("kill").args(["-s", signal, &id]).status().expect("it runs").success()
        );
        let ended = working.wait().expect("an end");
        assert_eq!(ended.code(), Some(0), "{signal}: {ended}");
        let told = command(&database, &server, &["outcome", signal]);
        assert_eq!(lines(&told)[0]["response"]["status"], 200, "{signal}: {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_over_a_database_that_restarts() {
    let database = database("restarts").await;
    let server = Server::start(Duration::from_secs(2)).expect("a port");
    let text = "{\"endpoint\": \"slow/one\", \"body\": \"1\"}\n{\"endpoint\": \"slow/two\"}\n";
    let calls = file("restarts.jsonl", text);
    let running = spawned(&database, &server, &["run", calls.to_str().expect("a path"), "storm"]);
    let begun = std::time::Instant::now();
    while server.counts().len() < 2 && begun.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let engine = Engine::new(&database, 2).expect("a URL");
    let client = engine.pool().get().await.expect("PostgreSQL");
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = 'restarts' AND pid <> pg_backend_pid()";
    // What a restart does to all at once; a look comes every 0.2 s.
    for _ in 0..20 {
        client.batch_execute(end).await.expect("they end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let ended = running.wait_with_output().expect("an end");
    let told: Vec<_> = lines(&ended).iter().map(|line| line["result"].to_string()).collect();
    assert_eq!(told, ["\"ok\"", "\"ok\""], "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(ended.status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_lost_of_the_tables_is_made_again() {
    let database = database("made_again").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    let engine = Engine::new(&database, 2).expect("a URL");
    for lost in ["http_hook", "http_hook_queue"] {
        assert!(command(&database, &server, &["migrate"]).status.success());
        let client = engine.pool().get().await.expect("PostgreSQL");
        client.batch_execute(&format!("DROP SCHEMA {lost} CASCADE")).await.expect("it goes");
        let migrated = command(&database, &server, &["migrate"]);
        assert!(migrated.status.success(), "{migrated:?}");
        let put = ["submit", lost, "storm", "GET", "fast/a"];
        let put = command(&database, &server, &put);
        assert!(put.status.success(), "{lost}: {put:?}");
    }
}

/// A run that was begun with a journal goes on over PostgreSQL: what has a row is not put in once more, and its line is still the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_moved_from_a_journal_goes_on() {
    let (_, database) = fresh("moved").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    let connection = format!("http://svc:secret@{}", server.address());
    let connection = Connection::parse(&connection).and_then(|one| one.with_id("storm"));
    let hook = Hook::new(&connection.expect("a connection")).expect("a hook");
    // Its policy is that of the run that began it, which is none of ours.
    let plan = RequestPlan::post("fast/three").data("3").retries(9);
    let waits = Call::new(&hook, plan, 7, Timestamp::default()).store(&hook).expect("it is stored");
    let lines = ["one", "two", "three", "four"]
        .map(|name| format!("{{\"endpoint\": \"fast/{name}\", \"body\": \"{name}\"}}"));
    let plan = |number: usize| {
        let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        let hash = lines[number - 1].bytes().fold(0x811c_9dc5, mix);
        format!(r#"{{"line":{number},"digest":"{hash:08x}"}}"#)
    };
    let done = r#"{"response":{"status":201,"reason":"Created","headers":[],"text":""}}"#;
    let rows = [
        ["line-1", "storm", &plan(1), "done", "1", "", "", done, "1", "1"],
        ["line-2", "storm", &plan(2), "sending", "1", "", "", "", "1", "1"],
        ["line-3", "storm", &plan(3), "waiting", "0", &waits, "1", "", "1", "1"],
    ];
    move_rows(&database, "july", &rows);
    let calls = file("moved.jsonl", &(lines.join(" \r\n") + "\n"));
    let words = ["run", calls.to_str().expect("a path"), "storm", "--name", "july"];
    let begun = std::time::Instant::now();
    let ended = command(&database, &server, &words);
    assert!(
        begun.elapsed() < Duration::from_secs(45),
        "what was moved has no jobs, and somebody waits"
    );
    let told: Vec<_> = lines_of(&ended, "result");
    let expected = ["ok", "may_have_acted", "ok", "ok"];
    assert_eq!(told, expected, "{}", String::from_utf8_lossy(&ended.stderr));
    let sent: BTreeMap<_, _> = ["three", "four"].map(|id| (id.to_owned(), 1)).into();
    assert_eq!(server.counts(), sent);
    assert_eq!(command(&database, &server, &words).stdout, ended.stdout);

    fs::write(&calls, lines.join("\n").replace("two", "2")).expect("a file");
    let refused = command(&database, &server, &words);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("line 2, call \"july/line-2\", is not what it was"), "{told}");
    assert_eq!(server.counts(), sent);
}

fn lines_of(output: &Output, name: &str) -> Vec<String> {
    lines(output).iter().map(|line| line[name].as_str().unwrap_or_default().to_owned()).collect()
}

/// What a stored connection says of its way holds: none is gone in the clear that is to be safe.
#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_is_to_be_safe_is_safe() {
    let has_tls = cfg!(feature = "tls");
    let (_, database) = fresh(if has_tls { "safe_tls" } else { "safe" }).await;
    let authority = std::env::var("POSTGRES_CERTIFICATE").expect("a certificate");
    let run = |mode: &str, roots: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_http-hook-postgres"));
        command.env("AIRFLOW_CONN_HTTP_HOOK_POSTGRES", format!("{database}?sslmode={mode}"));
        command.env("PGSSLROOTCERT", roots);
        let output = command.args(["status"]).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let rows = [
        // mode          roots             works       what it says if not
        ("disable", "", true, ""),
        ("prefer", &*authority, true, ""),
        ("prefer", "", !has_tls, "certificate"),
        ("require", &*authority, has_tls, "TLS"),
        ("verify-full", &*authority, has_tls, "TLS"),
        ("require", "", false, if has_tls { "certificate" } else { "TLS" }),
        ("safest", "", false, "sslmode"),
    ];
    for (mode, roots, works, says) in rows {
        let (code, told) = run(mode, roots);
        assert_eq!(code == Some(0), works, "{mode}: {told}");
        assert!(works || told.contains(says), "{mode}: {told}");
    }
}
