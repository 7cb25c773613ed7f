//! Many calls of a file: what is sent, what is printed, and what is left when a run ends before its time.

#![allow(
    clippy::doc_markdown,
    clippy::format_collect,
    clippy::items_after_statements,
    clippy::too_many_lines,
    clippy::type_complexity,
    reason = "tables are long, and what a test alone needs stands in it"
)]

#[path = "command/support.rs"]
mod support;

#[cfg(feature = "journal")]
#[path = "../../journal/storm/storm.rs"]
#[allow(dead_code, reason = "it has more than this test asks for")]
mod storm;

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use support::serve;

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("run-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_http-hook"));
    command.env_clear().env("HOME", "/nowhere").env("HTTP_HOOK_SOURCES", "env");
    command.arg("run").args(args).stdin(Stdio::null());
    command
}

/// Runs with a connection `api` to this server, and gives the exit code, the results by line, and what was told.
fn run(authority: &str, args: &[&str]) -> (Option<i32>, Vec<Value>, String) {
    let mut command = command(args);
    command.env("AIRFLOW_CONN_API", format!("http://{authority}"));
    told(&command.output().unwrap())
}

fn told(output: &Output) -> (Option<i32>, Vec<Value>, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut results: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    results.sort_by_key(|result| result["line"].as_u64());
    (output.status.code(), results, text(&output.stderr))
}

fn file(folder: &std::path::Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn lines_become_requests() {
    let folder = folder("lines");
    let rows: [(&str, &str, &str, &[&str], &str, &str, &str); 22] = [
        // why                    file     its text                                      words         line of the request   header   body
        ("a call", "a.jsonl", r#"{"endpoint": "v1"}"#, &[], "GET /v1", "", ""),
        (
            "JSON",
            "a.jsonl",
            r#"{"endpoint":"v1","json":{"a":[1, 1e400]}}"#,
            &[],
            "POST /v1",
            "application/json",
            r#"{"a":[1, 1e400]}"#,
        ),
        (
            "method",
            "a.jsonl",
            r#"{"endpoint":"v1","method":"PUT","body":"x"}"#,
            &[],
            "PUT /v1",
            "",
            "x",
        ),
        (
            "a method in small letters",
            "a.jsonl",
            r#"{"endpoint":"v1","method":"put","body":"x"}"#,
            &[],
            "PUT /v1",
            "",
            "x",
        ),
        (
            "method of all",
            "a.jsonl",
            r#"{"endpoint":"v1"}"#,
            &["-X", "DELETE"],
            "DELETE /v1",
            "",
            "",
        ),
        (
            "query",
            "a.jsonl",
            r#"{"endpoint":"v1","query":{"a":"1 2","b":[1,2]}}"#,
            &[],
            "GET /v1?a=1+2&b=1&b=2",
            "",
            "",
        ),
        (
            "query as it is",
            "a.jsonl",
            r#"{"endpoint":"v1","query":"a=1%202"}"#,
            &[],
            "GET /v1?a=1%202",
            "",
            "",
        ),
        (
            "header",
            "a.jsonl",
            r#"{"endpoint":"v1","headers":{"X-A":"b"}}"#,
            &[],
            "GET /v1",
            "x-a: b",
            "",
        ),
        (
            "form",
            "a.jsonl",
            r#"{"endpoint":"v1","form":{"a":"1 2","b":3}}"#,
            &[],
            "POST /v1",
            "form-urlencoded",
            "a=1+2&b=3",
        ),
        (
            "key",
            "a.jsonl",
            r#"{"endpoint":"v1","method":"POST","idempotency_key":"k7"}"#,
            &[],
            "POST /v1",
            "idempotency-key: k7",
            "",
        ),
        (
            "blank lines and a mark",
            "a.jsonl",
            "\u{feff}\n  \r\n{\"endpoint\":\"v1\"}\r\n\n",
            &[],
            "GET /v1",
            "",
            "",
        ),
        ("no line end", "a.ndjson", r#"{"endpoint":"v1"}"#, &[], "GET /v1", "", ""),
        (
            "CSV",
            "a.csv",
            "endpoint,method,json\nv1,PUT,\"{\"\"a\"\":1}\"\n",
            &[],
            "PUT /v1",
            "application/json",
            r#"{"a":1}"#,
        ),
        ("CSV by option", "a.txt", "endpoint\nv1\n", &["--input", "csv"], "GET /v1", "", ""),
        (
            "template",
            "a.jsonl",
            r#"{"a":"x/y z","n":7}"#,
            &["v1/{a}", "p=={n}"],
            "GET /v1/x%2Fy%20z?p=7",
            "",
            "",
        ),
        (
            "fields",
            "a.jsonl",
            r#"{"a":"q\"é","n":[1e400]}"#,
            &["v1", "a={a}!", "n:={n}"],
            "POST /v1",
            "application/json",
            r#"{"a": "q\"\u00e9!", "n": [1e400]}"#,
        ),
        (
            "JSON with fields",
            "a.jsonl",
            r#"{"a":"q\"é","n":[1]}"#,
            &["v1", "--json", r#"{"a": "-{a}-", "n": {n}, "{{a}}": 1}"#],
            "POST /v1",
            "application/json",
            r#"{"a": "-q\"\u00e9-", "n": [1], "{a}": 1}"#,
        ),
        (
            "form with fields",
            "a.jsonl",
            r#"{"a":"1 2"}"#,
            &["v1", "--form", "b={a}"],
            "POST /v1",
            "form-urlencoded",
            "b=1+2",
        ),
        (
            "text with fields",
            "a.csv",
            "a,b\n1 2,x\n",
            &["PUT", "v1/{b}", "-d", "t={a}"],
            "PUT /v1/x",
            "form-urlencoded",
            "t=1 2",
        ),
        (
            "number of a row",
            "a.csv",
            "a\n12\n",
            &["v1", "n:={a}"],
            "POST /v1",
            "application/json",
            r#"{"n": 12}"#,
        ),
        (
            "header with a field",
            "a.jsonl",
            r#"{"a":true}"#,
            &["v1", "X-A:{a}"],
            "GET /v1",
            "x-a: true",
            "",
        ),
        (
            "header of all",
            "a.jsonl",
            r#"{"a":true}"#,
            &["v1", "-H", "X-A: b"],
            "GET /v1",
            "x-a: b",
            "",
        ),
    ];
    for (why, name, text, words, line, header, body) in rows {
        let server = serve();
        let file = file(&folder, name, text);
        let (code, results, err) = run(&server.authority, &[&["-q", &file, "api"], words].concat());
        assert_eq!((code, err.as_str()), (Some(0), ""), "{why}");
        let [result] = results.as_slice() else { panic!("{why}: {results:?}") };
        assert_eq!((&result["result"], &result["status"]), (&"ok".into(), &200.into()), "{why}");
        let request = result["outcome"]["response"]["text"].as_str().unwrap();
        let (head, sent) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("{line} HTTP/1.1\r\n")), "{why}: {head}");
        assert!(head.to_lowercase().contains(header), "{why}: {head}");
        assert_eq!(sent, body, "{why}");
    }
}

#[test]
fn each_line_has_its_result() {
    let folder = folder("results");
    let server = serve();
    let text = r#"{"endpoint":"status/404","id":"gone"}
{"endpoint":"status/503","method":"POST"}
secret
{"endpoint":"v1","id":{"secret":1}}
{"endpoint":"v1","surplus":"secret"}
{"method":"GET"}
{"endpoint":"v1","json":1,"body":"secret"}
{"endpoint":"reset","method":"POST"}
{"endpoint":"busy-once"}
{"endpoint":"v1","headers":{"a b":"secret"}}
{"endpoint":"v1","method":"G T"}
"#;
    let calls = file(&folder, "calls.jsonl", text);
    let out = folder.join("out");
    let (code, results, err) =
        run(&server.authority, &[&calls, "api", "-o", out.to_str().unwrap(), "--retry", "1"]);
    assert_eq!((code, results.len()), (Some(13), 0), "{err}");
    let said = "run: 1 ok, 2 failed, 1 may have acted, 7 invalid, 0 left; ";
    assert!(err.starts_with(said), "{err}");
    let written = fs::read_to_string(&out).unwrap();
    assert!(!written.contains("secret"), "{written}");
    let mut results: Vec<Value> =
        written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    results.sort_by_key(|result| result["line"].as_u64());
    let expected = [
        ("gone", "failed"),
        ("line-2", "failed"),
        ("line-3", "invalid"),
        ("line-4", "invalid"),
        ("line-5", "invalid"),
        ("line-6", "invalid"),
        ("line-7", "invalid"),
        ("line-8", "may_have_acted"),
        ("line-9", "ok"),
        ("line-10", "invalid"),
        ("line-11", "invalid"),
    ];
    let actual: Vec<_> = results
        .iter()
        .map(|result| (result["id"].as_str().unwrap(), result["result"].as_str().unwrap()))
        .collect();
    assert_eq!(actual, expected);
    assert_eq!(results[7]["outcome"]["failure"]["reason"], "not_idempotent");
    assert_eq!(
        results[4]["error"],
        "unknown field `surplus`, expected one of `id`, `method`, `endpoint`, `query`, `headers`, `json`, `body`, `form`, `idempotency_key`"
    );
}

#[test]
fn a_field_stays_in_its_segment_or_is_invalid() {
    let folder = folder("segments");
    // template          field       the target, unless the line is invalid
    let rows: &[(&str, &str, Option<&str>)] = &[
        ("v1/orders/{id}", "7", Some("/v1/orders/7")),
        ("v1/orders/{id}", "", None),
        ("v1/orders/{id}", ".", None),
        ("v1/orders/{id}", "..", None),
        ("v1/orders/{id}", "...", Some("/v1/orders/...")),
        ("v1/orders/{id}", "../../admin", Some("/v1/orders/..%2F..%2Fadmin")),
        ("v1/orders/{id}", "%2e%2e", Some("/v1/orders/%252e%252e")),
        ("v1/{id}/lines", "", None),
        ("v1/{id}/lines", "..", None),
        ("{id}", "", None),
        ("{id}", "..", None),
        ("{id}/v1", "", None),
        ("v1/.{id}", "", None),
        ("v1/.{id}", ".", None),
        ("v1/%2e{id}", ".", None),
        ("v1/{id}{id}", ".", None),
        ("v1/{id}{id}", "", None),
        ("v1/{id};v=1", "..", None),
        ("v1/{id};v=1", "", None),
        ("v1/x{id}", "", Some("/v1/x")),
        ("v1/{id}.json", "", Some("/v1/.json")),
        ("v1/{id}?a=1", "..", None),
        ("v1/{id}#a", "..", None),
        ("v1?a={id}", "", Some("/v1?a=")),
        ("v1?a=/{id}", "..", Some("/v1?a=/..")),
        ("v1/../{{id}}", "..", Some("/%7Bid%7D")),
    ];
    for (index, (template, field, target)) in rows.iter().enumerate() {
        let json = format!("{}\n", serde_json::json!({ "id": field }));
        let csv = format!("name,id\nx,\"{field}\"\n");
        for (name, text) in [("a.jsonl", json), ("a.csv", csv)] {
            let server = serve();
            let calls = file(&folder, &format!("{index}{name}"), &text);
            let args = [calls.as_str(), "api", "DELETE", template, "--id", "id"];
            let (_, results, err) = run(&server.authority, &args);
            let sent = server.requests();
            let sent = sent.first().and_then(|request| request.split(' ').nth(1));
            assert_eq!(sent, *target, "{template} {field} {name}: {err}");
            let expected = if target.is_some() { "ok" } else { "invalid" };
            assert_eq!(results[0]["result"], expected, "{template} {field} {name}");
            if target.is_none() {
                let says = "the field id makes a part of the path that is empty, . or ..";
                assert_eq!(results[0]["error"], says, "{template} {field}");
            }
        }
    }
}

#[test]
fn calls_come_from_standard_input_and_a_missing_one_is_told() {
    let server = serve();
    let mut child = command(&["-", "api", "v1/{n}", "-j", "3", "--id", "n", "-q"])
        .env("AIRFLOW_CONN_API", format!("http://{}", server.authority))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for number in 0..40 {
        writeln!(input, "{{\"n\": {number}}}").unwrap();
    }
    drop(input);
    let (code, results, err) = told(&child.wait_with_output().unwrap());
    assert_eq!((code, results.len(), err.as_str()), (Some(0), 40, ""));
    assert!(results.iter().all(|result| result["id"].is_string()));
    assert_eq!(server.requests().len(), 40);

    let (code, _, err) = run(&server.authority, &["absent.jsonl", "api"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.starts_with("error: cannot read absent.jsonl: "), "{err}");
}

#[test]
#[cfg(unix)]
fn what_was_not_asked_to_be_coded_is_decoded() {
    let folder = folder("coded");
    let server = serve();
    let calls = file(&folder, "calls.jsonl", "{\"endpoint\":\"coded\"}\n");
    for more in [&["-q"][..], &["-q", "--compressed"]] {
        let (code, results, err) = run(&server.authority, &[&[&calls, "api"], more].concat());
        assert_eq!(code, Some(0), "{err}");
        let response = &results[0]["outcome"]["response"];
        let text = response["text"].as_str().unwrap();
        assert!(serde_json::from_str::<Value>(text).unwrap().is_object(), "{text}");
    }
    let asked: Vec<_> = server
        .requests()
        .iter()
        .map(|request| support::header(request, "accept-encoding").map(str::to_owned))
        .collect();
    assert_eq!(asked[0].as_deref(), Some("identity"));
    assert!(asked[1].as_deref().unwrap().contains("gzip"));
}

#[test]
fn a_line_that_is_none_does_not_end_the_run() {
    let folder = folder("none");
    let server = serve();
    let told = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        let (code, results, err) = run(&server.authority, &[path.to_str().unwrap(), "api"]);
        assert_eq!(code, Some(13), "{name}: {err}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        results
            .iter()
            .map(|result| (result["line"].as_u64().unwrap(), text(&result["error"])))
            .collect::<Vec<_>>()
    };
    let own = |rows: &[(u64, &str)]| {
        rows.iter().map(|(line, error)| (*line, (*error).to_owned())).collect::<Vec<_>>()
    };
    let rows = b"endpoint,body\r\n\r\nv1,x\r\nv2\r\nv3,\"a\n\"\"b\"\nv4,\xff\nv5,\"y\"z\nv6,a\rb\nv7,\"y\n\n";
    let expected = [
        (3, ""),
        (4, "columns: 1, and 2 in the first line"),
        (5, ""),
        (7, "it is not UTF-8"),
        (8, ""),
        (9, "a carriage return stands outside quotes"),
        (10, "a quote is not closed"),
    ];
    assert_eq!(told("rows.csv", rows), own(&expected));
    assert_eq!(server.requests().len(), 3);
    assert!(server.requests().iter().any(|request| request.ends_with("\r\n\r\na\n\"b")));

    let long = "x".repeat(17 << 20);
    let too_long = "the line is longer than 16777216 bytes";
    let text = format!("\n{{\"endpoint\":\"v1\"}}\n{long}\n{{\"endpoint\":\"v2\"}}");
    let expected = [(2, ""), (3, too_long), (4, "")];
    assert_eq!(told("long.jsonl", text.as_bytes()), own(&expected));
    let text = format!("endpoint,body\nv1,{long}\nv1,\"{long}\n\"\nv2,x\nv3,{long}");
    let expected = [(2, too_long), (3, too_long), (5, ""), (6, too_long)];
    assert_eq!(told("long.csv", text.as_bytes()), own(&expected));
}

#[test]
fn an_id_names_one_line() {
    let folder = folder("ids");
    let server = serve();
    let text = r#"{"endpoint":"v1","id":"a"}
{"endpoint":"no","id":"a","method":"POST"}
{"endpoint":"no","id":"line-1"}
{"endpoint":"v4","id":"4","method":"POST"}
{"endpoint":"v5","id":"line-5"}
{"endpoint":"v6"}
{"endpoint":"no","id":"4"}
{"endpoint":"no","id":4}
"#;
    let calls = file(&folder, "calls.jsonl", text);
    let journal = folder.join("j").to_str().unwrap().to_owned();
    let like = "an id like this one is that of another line, which says none";
    let expected = [
        ("a", ""),
        ("a", "the id is taken by line 1"),
        ("line-1", like),
        ("4", ""),
        ("line-5", ""),
        ("line-6", ""),
        ("4", "the id is taken by line 4"),
        ("4", "the id is taken by line 4"),
    ];
    let mut ways: Vec<Vec<&str>> = vec![vec![]];
    if cfg!(feature = "journal") {
        ways.extend([vec!["--journal", &journal], vec!["--journal", &journal, "--resume"]]);
    }
    for (index, way) in ways.iter().enumerate() {
        let (code, results, err) = run(&server.authority, &[&[&calls, "api"], &way[..]].concat());
        assert_eq!(code, Some(13), "{way:?}: {err}");
        let told: Vec<_> = results
            .iter()
            .map(|one| (one["id"].as_str().unwrap(), one["error"].as_str().unwrap_or_default()))
            .collect();
        assert_eq!(told, expected, "{way:?}");
        assert_eq!(server.requests().len(), 4 * (index + 1).min(2), "{way:?}");
        assert!(err.contains("run: 4 ok, 0 failed, 0 may have acted, 4 invalid, 0 left"), "{err}");
    }
    assert!(server.requests().iter().all(|request| !request.contains("/no")));
}

/// By its name, and by links; what is to be made, too.
#[test]
#[cfg(unix)]
fn no_file_is_written_over_another() {
    use std::os::unix::fs::symlink;

    let folder = folder("over");
    let server = serve();
    let text = "{\"endpoint\":\"v1\",\"a\":1}\n";
    let calls = file(&folder, "calls.jsonl", text);
    let template = file(&folder, "t.json", "{}");
    let policy = file(&folder, "policy.json", "{}");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    symlink(&calls, path("link")).unwrap();
    fs::hard_link(&calls, path("hard")).unwrap();
    symlink(path("j"), path("to-j")).unwrap();
    symlink(".", path("here")).unwrap();
    let from = format!("@{template}");
    let (link, hard, j, to_j) = (path("link"), path("hard"), path("j"), path("to-j"));
    let (wal, here, shm) = (path("j-wal"), path("here/j"), path("here/j-shm"));
    let calls_wal = path("w-wal");
    let (sends, calls_sends) = (path("j-sends"), path("v-sends"));
    fs::copy(&calls, &calls_wal).unwrap();
    fs::copy(&calls, &calls_sends).unwrap();
    let (w, v) = (path("w"), path("v"));
    let rows: &[&[&str]] = &[
        &[&calls, "api", "-o", &calls],
        &[&calls, "api", "-o", &link],
        &[&link, "api", "-o", &hard],
        &[&calls, "api", "v1", "--json", &from, "-o", &template],
        &[&calls, "api", "--policy", &policy, "-o", &policy],
    ];
    let with_journal: &[&[&str]] = &[
        &[&calls, "api", "--journal", &j, "-o", &j],
        &[&calls, "api", "--journal", &j, "-o", &to_j],
        &[&calls, "api", "--journal", &j, "-o", &wal],
        &[&calls, "api", "--journal", &j, "-o", &here],
        &[&calls, "api", "--journal", &j, "-o", &shm],
        &[&calls, "api", "--journal", &j, "-o", &sends],
        &[&calls_wal, "api", "--journal", &w],
        &[&calls_sends, "api", "--journal", &v],
        &[&calls, "api", "--journal", &calls, "--resume"],
        &[&calls, "api", "--journal", &to_j, "-o", &wal],
        &[&calls, "api", "--journal", &link, "--resume"],
    ];
    let more = if cfg!(feature = "journal") { with_journal } else { &[] };
    for args in rows.iter().chain(more) {
        let (code, _, err) = run(&server.authority, args);
        assert_eq!(code, Some(2), "{args:?}: {err}");
        assert!(err.contains("they are one file"), "{args:?}: {err}");
        assert_eq!(fs::read_to_string(&calls).unwrap(), text, "{args:?}");
        assert_eq!(fs::read_to_string(&template).unwrap(), "{}", "{args:?}");
        assert!(!folder.join("j").exists(), "{args:?}");
    }
    let mut command = command(&[&calls, "api"]);
    command.env("AIRFLOW_CONN_API", format!("http://{}", server.authority));
    let appended = fs::OpenOptions::new().append(true).open(&calls).unwrap();
    let ended = command.stdout(appended).output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert_eq!(server.requests().len(), 0);
    assert_eq!(run(&server.authority, &[&calls, "api", "-o", "/dev/null", "v1"]).0, Some(0));
}

#[test]
fn whoever_reads_no_more_ends_the_run() {
    let folder = folder("pipe");
    let server = serve();
    let calls = file(&folder, "calls.jsonl", &"{\"endpoint\":\"orders\"}\n".repeat(5_000));
    let mut child = command(&[&calls, "api", "-q"])
        .env("AIRFLOW_CONN_API", format!("http://{}", server.authority))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    child.wait().unwrap();
    assert!(server.requests().len() < 5_000);
}

#[test]
#[cfg(unix)]
fn an_interrupt_lets_what_is_under_way_end() {
    use std::thread;
    use std::time::Duration;

    let folder = folder("interrupt");
    let server = serve();
    let text = "{\"endpoint\":\"drip\",\"method\":\"POST\"}\n".repeat(100);
    let calls = file(&folder, "calls.jsonl", &text);
    let child = command(&[&calls, "api", "-j", "2"])
        .env("AIRFLOW_CONN_API", format!("http://{}", server.authority))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while server.requests().len() < 2 {
        thread::sleep(Duration::from_millis(10));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let (code, results, err) = told(&child.wait_with_output().unwrap());
    assert_eq!(code, Some(130), "{err}");
    let count = server.requests().len();
    assert!(count < 100 && results.len() == count, "{} of {count}", results.len());
    assert!(results.iter().all(|result| result["result"] == "ok"), "{results:?}");
    assert!(err.contains(&format!(" {} left", 100 - count)), "{err}");
}

#[cfg(feature = "journal")]
mod journal {
    use std::path::Path;

    use super::*;

    fn kept<'a>(calls: &'a str, journal: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        [&[calls, "api", "--journal", journal], more].concat()
    }

    #[test]
    fn a_run_goes_on_where_it_was() {
        let folder = folder("journal");
        let server = serve();
        let text = "{\"endpoint\":\"status/404\",\"method\":\"POST\"}\n{\"endpoint\":\"v1\",\"id\":\"a\"}\n";
        let calls = file(&folder, "calls.jsonl", text);
        let journal = folder.join("journal");
        let journal = journal.to_str().unwrap();
        let (code, first, err) = run(&server.authority, &kept(&calls, journal, &["--resume"]));
        assert_eq!((code, first.len()), (Some(1), 0), "{err}");
        assert!(err.contains("there is no such journal"), "{err}");
        let (code, first, err) = run(&server.authority, &kept(&calls, journal, &["-q"]));
        assert_eq!((code, first.len()), (Some(13), 2), "{err}");
        assert_eq!(server.requests().len(), 2);

        let (code, none, err) = run(&server.authority, &kept(&calls, journal, &[]));
        assert_eq!((code, none.len()), (Some(2), 0));
        assert!(err.contains("belongs to a run that was begun"), "{err}");

        // There is more in the file: only that is sent, and all is told.
        let calls = file(&folder, "calls.jsonl", &format!("{text}{}", r#"{"endpoint":"v2"}"#));
        let (code, results, err) = run(&server.authority, &kept(&calls, journal, &["--resume"]));
        assert_eq!((code, results.len()), (Some(13), 3), "{err}");
        assert_eq!(results[..2], first[..]);
        assert_eq!(server.requests().len(), 3);
        assert!(err.contains("2 had ended before, 0 were taken up"), "{err}");

        let rows: [(&str, &str, &[&str], &str); 2] = [
            // why                 the file                         more        what is said
            (
                "another line",
                &text.replace("v1", "v9"),
                &[],
                "line 2, call \"a\", is not what it was",
            ),
            ("another method", text, &["-X", "PUT"], "what makes calls of the lines differs"),
        ];
        for (why, text, more, says) in rows {
            let calls = file(&folder, "other.jsonl", text);
            let args = kept(&calls, journal, &[&["--resume"], more].concat());
            let (code, _, err) = run(&server.authority, &args);
            assert_eq!(code, Some(2), "{why}: {err}");
            assert!(!err.contains("go on"), "{why}: {err}");
            assert!(err.contains(says), "{why}: {err}");
        }
        assert_eq!(server.requests().len(), 3, "nothing is sent");
    }

    /// Whatever of it was read again when it ends, a line that has ended is not left, and one that is taken up is left once.
    #[test]
    fn what_is_left_is_what_has_no_result() {
        let folder = folder("remains");
        let server = serve();
        let line = |path: &str| format!("{{\"endpoint\":\"{path}\",\"method\":\"POST\"}}\n");
        let (once, all) = (line("v1"), line("v1").repeat(6));
        let journal = folder.join("journal");
        let journal = journal.to_str().unwrap();
        let calls = file(&folder, "calls.jsonl", &all);
        let (code, _, err) = run(&server.authority, &kept(&calls, journal, &[]));
        assert_eq!(code, Some(0), "{err}");
        let changed = format!("{once}{once}{}{}", line("v2"), once.repeat(3));
        for (why, more, left) in [("all have ended", "", 0), ("two are new", &*once.repeat(2), 2)] {
            let calls = file(&folder, "calls.jsonl", &format!("{changed}{more}"));
            let (code, _, err) =
                run(&server.authority, &kept(&calls, journal, &["--resume", "-j", "1"]));
            assert_eq!(code, Some(2), "{why}: {err}");
            assert!(err.contains(&format!(" {left} left;")), "{why}: {err}");
        }
        assert_eq!(server.requests().len(), 6, "nothing is sent");

        // What waits when it is stopped is left, and is not left twice when it is taken up.
        let calls =
            file(&folder, "waits.jsonl", &(line("after/30").replace("POST", "GET") + &once));
        let waits = folder.join("waits");
        let waits = waits.to_str().unwrap();
        for more in [&["-j", "1"][..], &["-j", "1", "--resume"]] {
            let child = command(&kept(&calls, waits, more))
                .env("AIRFLOW_CONN_API", format!("http://{}", server.authority))
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            std::thread::sleep(std::time::Duration::from_secs(1));
            let id = child.id().to_string();
            assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
            let (_, _, err) = told(&child.wait_with_output().unwrap());
            assert!(err.contains("run: 1 ok") && err.contains(" 1 left;"), "{more:?}: {err}");
        }
    }

    #[test]
    fn nothing_is_sent_where_nothing_can_be_kept() {
        let folder = folder("unkept");
        let server = serve();
        let calls = file(&folder, "calls.jsonl", r#"{"endpoint":"v1?token=7","method":"POST"}"#);
        let absent = folder.join("no/such/folder");
        let (code, _, err) = run(&server.authority, &kept(&calls, absent.to_str().unwrap(), &[]));
        assert_eq!(code, Some(1), "{err}");
        // By the name that was given, and not by one beside it.
        assert!(err.starts_with(&format!("error: {}: ", absent.display())), "{err}");

        // Another run has it.
        use http_hook_journal::{Durability, Journal, Run};
        let journal = folder.join("journal");
        let other = Run { connection: None, calls: String::new(), seed: 0 };
        let owner = Journal::create(&journal, other, Durability::Process).unwrap();
        let args = kept(&calls, journal.to_str().unwrap(), &["--resume"]);
        let (code, _, err) = run(&server.authority, &args);
        assert_eq!(code, Some(1), "{err}");
        assert!(err.contains("another run has this journal"), "{err}");
        drop(owner);
        assert_eq!(server.requests().len(), 0);

        // What a call has that is secret is in no row: sent it is all the same, and once.
        let journal = folder.join("secret");
        let (code, results, err) =
            run(&server.authority, &kept(&calls, journal.to_str().unwrap(), &["-q"]));
        assert_eq!((code, results.len(), server.requests().len()), (Some(0), 1, 1), "{err}");
    }

    /// What makes calls of lines is the same, or the run is not gone on with.
    #[test]
    fn another_run_is_refused() {
        let folder = folder("other");
        let (server, other) = (serve(), serve());
        let template = file(&folder, "t.json", r#"{"a": {a}}"#);
        let again = file(&folder, "again.json", r#"{"a": {a}}"#);
        let (from, from_again) = (format!("@{template}"), format!("@{again}"));
        let policy = file(&folder, "policy.json", "{}");
        let calls = file(&folder, "calls.csv", "a,b\n1,2\n");
        let swapped = file(&folder, "swapped.csv", "b,a\n1,2\n");
        let journal = folder.join("j").to_str().unwrap().to_owned();
        let resumed = |conn: String, calls: &str, template: &str, more: &[&str]| {
            let kept = ["-q", calls, "api", "v1/{b}", "--json", template, "--journal", &journal];
            // A word that begins so is a variable, and no argument.
            let (set, more): (Vec<&str>, Vec<&str>) =
                more.iter().partition(|word| !word.starts_with('-') && word.contains('='));
            let mut command = command(&[&kept[..], &more].concat());
            command.env("AIRFLOW_CONN_API", conn);
            command.envs(set.iter().filter_map(|word| word.split_once('=')));
            told(&command.output().unwrap())
        };
        let own = || format!("http://{}", server.authority);
        assert_eq!(resumed(own(), &calls, &from, &[]).0, Some(0));
        let out = folder.join("out").to_str().unwrap().to_owned();
        let same: [&[&str]; 8] = [
            &["HTTP_HOOK_RETRY=5"],
            &["HTTP_HOOK_TIMEOUT=9s"],
            &["-j", "3"],
            &["--rate", "900"],
            &["--deadline", "1m"],
            &["--retry", "5"],
            &["--max-body", "7"],
            &["-o", &out],
        ];
        for more in same {
            let more = [&["--resume"], more].concat();
            let (code, _, err) = resumed(own(), &calls, &from_again, &more);
            assert_eq!(code, Some(0), "{more:?}: {err}");
        }
        let based = format!(r#"{{"conn_type":"http","host":"http://{}/base"}}"#, server.authority);
        let at_other = format!("http://{}", other.authority);
        let dressed = |extra: &str| format!("http://{}/?{extra}", server.authority);
        let rows: [(&str, String, &str, &[&str]); 20] = [
            ("header of the connection", dressed("X-Team=sales"), &calls, &[]),
            ("secret header of the connection", dressed("X-Api-Key=a"), &calls, &[]),
            ("option of the connection", dressed("allow_redirects=true"), &calls, &[]),
            ("variable", own(), &calls, &["HTTP_HOOK_LOCATION=true"]),
            ("number in a variable", own(), &calls, &["HTTP_HOOK_MAX_REDIRS=3"]),
            ("proxy of the environment", own(), &calls, &["http_proxy=http://127.0.0.1:1"]),
            ("authorities of the environment", own(), &calls, &["CURL_CA_BUNDLE=/a.pem"]),
            ("origin", at_other, &calls, &[]),
            ("base", based, &calls, &[]),
            ("columns", own(), &swapped, &[]),
            ("header", own(), &calls, &["-H", "X-A: b"]),
            ("resend", own(), &calls, &["--retry-unsafe"]),
            ("key", own(), &calls, &["--idempotency-key"]),
            ("policy", own(), &calls, &["--policy", &policy]),
            ("HEAD", own(), &calls, &["-I"]),
            ("method", own(), &calls, &["-X", "PUT"]),
            ("form", own(), &calls, &["--input", "jsonl"]),
            ("id", own(), &calls, &["--id", "a"]),
            ("redirects", own(), &calls, &["-L"]),
            ("credentials", own(), &calls, &["-u", "a:b"]),
        ];
        for (why, conn, calls, more) in rows {
            let more = [&["--resume"], more].concat();
            let (code, _, err) = resumed(conn, calls, &from, &more);
            assert_eq!(code, Some(2), "{why}: {err}");
            assert!(err.contains("what makes calls of the lines differs"), "{why}: {err}");
        }
        fs::write(&template, r#"{"b": {a}}"#).unwrap();
        let (code, _, err) = resumed(own(), &calls, &from, &["--resume"]);
        assert_eq!(code, Some(2), "content of the template: {err}");
        assert_eq!((server.requests().len(), other.requests().len()), (1, 0));
    }

    #[test]
    #[cfg(unix)]
    fn a_second_interrupt_ends_with_the_report() {
        use std::io::{BufRead as _, BufReader, Read as _};
        use std::thread;
        use std::time::{Duration, Instant};

        let folder = folder("twice");
        let server = serve();
        let text = "{\"endpoint\":\"slow\",\"method\":\"POST\"}\n".repeat(9);
        let calls = file(&folder, "calls.jsonl", &text);
        let journal = folder.join("j").to_str().unwrap().to_owned();
        let mut child = command(&kept(&calls, &journal, &["-j", "2"]))
            .env("AIRFLOW_CONN_API", format!("http://{}", server.authority))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while server.requests().len() < 2 {
            thread::sleep(Duration::from_millis(10));
        }
        let began = Instant::now();
        let id = child.id().to_string();
        let interrupt = || Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(interrupt().success());
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        err.read_line(&mut said).unwrap();
        assert_eq!(
            said,
            "interrupted: nothing more is begun, 2 under way may end; a second signal ends at once\n"
        );
        assert!(interrupt().success());
        let mut rest = String::new();
        err.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
        assert!(rest.starts_with("run: 0 ok") && rest.contains(" 9 left"), "{rest}");
        assert!(rest.contains(&format!("--journal {journal} --resume")), "{rest}");
        assert!(began.elapsed() < Duration::from_secs(10));
    }

    /// What a run was doing when it was killed is in its journal, and nothing is sent to find that out.
    #[test]
    fn a_run_that_was_killed_is_settled() {
        use std::thread;
        use std::time::Duration;

        let folder = folder("settled");
        let server = serve();
        let text = (1..=9)
            .fold("{\"endpoint\":\"v1\",\"method\":\"POST\"}\n".to_owned(), |text, _| {
                text + "{\"endpoint\":\"slow\",\"method\":\"POST\"}\n"
            });
        let calls = file(&folder, "calls.jsonl", &text);
        let journal = folder.join("journal");
        let journal = journal.to_str().unwrap();
        let mut child = command(&kept(&calls, journal, &["-j", "2", "-q"]))
            .env("AIRFLOW_CONN_API", format!("http://{}", server.authority))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while server.requests().len() < 3 {
            thread::sleep(Duration::from_millis(10));
        }
        // The first one's outcome is written within 10 ms.
        thread::sleep(Duration::from_millis(300));
        child.kill().unwrap();
        child.wait().unwrap();
        let rows = |table: &str| {
            let file = rusqlite::Connection::open(journal).unwrap();
            let count = format!("SELECT count(*) FROM {table}");
            file.query_row(&count, [], |row| row.get::<_, u32>(0))
                .map_err(|error| error.to_string())
        };
        assert!(rows("settled_calls").unwrap_err().contains("--resume --jobs 0"));

        let args = kept(&calls, journal, &["--jobs", "0"]);
        let (code, _, err) = run(&server.authority, &args);
        assert_eq!(code, Some(2), "{err}");
        let args = kept(&calls, journal, &["--resume", "--jobs", "0"]);
        let (code, results, err) = run(&server.authority, &args);
        assert_eq!(code, Some(13), "{err}");
        let told: Vec<_> = results.iter().map(|one| one["result"].as_str().unwrap()).collect();
        assert_eq!(told, ["ok", "may_have_acted", "may_have_acted"]);
        assert!(err.contains("1 ok, 0 failed, 2 may have acted, 7 left"), "{err}");
        assert_eq!(rows("settled_calls"), Ok(3));
        assert_eq!(server.requests().len(), 3, "nothing was sent");
    }

    /// What the command line says of every call is said again, and so is taken up with each.
    #[test]
    fn a_call_that_was_led_on_goes_on_as_it_was_said() {
        use std::thread;
        use std::time::Duration;

        let folder = folder("led");
        let calls = file(&folder, "calls.jsonl", "{\"endpoint\":\"v1\",\"method\":\"POST\"}\n");
        for (number, said) in [&["-L"][..], &["-L", "--max-redirs", "40"]].iter().enumerate() {
            let server = support::serve_by(|_, number| {
                if number == 0 {
                    return support::reply("307 Temporary Redirect", &["Location: /v2"], b"");
                }
                thread::sleep(Duration::from_secs(60));
                Vec::new()
            });
            let journal = folder.join(format!("journal-{number}"));
            let args = kept(&calls, journal.to_str().unwrap(), said);
            let mut child = command(&args)
                .env("AIRFLOW_CONN_API", format!("http://{}", server.authority))
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            while server.requests().len() < 2 {
                thread::sleep(Duration::from_millis(10));
            }
            child.kill().unwrap();
            child.wait().unwrap();
            let args = [&args[..], &["--resume"]].concat();
            let (code, results, err) = run(&server.authority, &args);
            assert_eq!(code, Some(13), "{err}");
            let told: Vec<_> = results.iter().map(|one| one["result"].as_str().unwrap()).collect();
            assert_eq!(told, ["may_have_acted"], "{err}");
            assert_eq!(server.requests().len(), 2, "nothing was sent");
        }
    }

    /// An id names a call, and a line is one: it does not become another call by another id, in the file or in the journal.
    #[test]
    fn what_was_made_is_not_made_again_under_another_id() {
        let server = serve();
        let first = r#"{"endpoint":"v1","method":"POST"}"#;
        let second = r#"{"endpoint":"v1","method":"POST","id":"b"}"#;
        let text = format!("{first}\n{second}\n{first}\n");
        let an_id = format!("{}\n", text.replacen("\"}\n", "\",\"id\":\"a\"}\n", 1));
        let another = text.replace("\"b\"", "\"c\"");
        let none = text.replace(",\"id\":\"b\"", "");
        let row = "UPDATE calls SET id = x'ff' WHERE id = 'line-1'";
        let of_another = "UPDATE calls SET id = 'line-9' WHERE id = 'line-1'";
        let plan = "UPDATE calls SET plan = '{}' WHERE id = 'b'";
        let rows = [
            // why                              file      row         code       what it says
            ("a line gets an id", &an_id, "", Some(2), "line 1, call \"a\", is not what it was"),
            (
                "a line gets another",
                &another,
                "",
                Some(2),
                "line 2, call \"c\", is not what it was",
            ),
            ("a line loses its id", &none, "", Some(2), "line 2, call \"line-2\", is not"),
            ("a row's id is changed", &text, row, Some(2), "line 1, call \"line-1\", is not"),
            (
                "it is that of another",
                &text,
                of_another,
                Some(2),
                "line 1, call \"line-1\", is not",
            ),
            (
                "a row has no plan",
                &text,
                plan,
                Some(13),
                "call \"b\": where its plan stands cannot be read",
            ),
        ];
        for (why, changed, statement, code, says) in rows {
            let folder = folder("another-id");
            let calls = file(&folder, "calls.jsonl", &text);
            let journal = folder.join("journal");
            let path = journal.to_str().unwrap();
            let (begun, _, err) = run(&server.authority, &kept(&calls, path, &[]));
            assert_eq!(begun, Some(0), "{why}: {err}");
            let sent = server.requests().len();
            file(&folder, "calls.jsonl", changed);
            rusqlite::Connection::open(&journal).unwrap().execute_batch(statement).unwrap();
            let (ended, _, err) = run(&server.authority, &kept(&calls, path, &["--resume"]));
            assert!(ended == code && err.contains(says), "{why}: {ended:?} {err}");
            assert_eq!(server.requests().len(), sent, "{why}");
        }
    }

    /// A process that was killed between an entry and what was to be sent, one that waited, and rows that somebody has changed.
    #[test]
    fn what_was_under_way_is_told_and_not_sent() {
        use http_hook::response::Outcome;
        use http_hook_journal::{Durability, Entry, Journal, Name, Run};

        let folder = folder("crash");
        let server = serve();
        let post = r#"{"endpoint":"v1","method":"POST","id":"#;
        let text: String = (1..=6).map(|number| format!("{post}\"c{number}\"}}\n")).collect();
        let calls = file(&folder, "calls.jsonl", &text);
        let journal = folder.join("journal");
        let path = journal.to_str().unwrap();
        // Begins the journal with one call, and then adds what a crash leaves behind.
        let one = file(&folder, "one.jsonl", text.lines().next().unwrap());
        assert_eq!(run(&server.authority, &kept(&one, path, &["-q"])).0, Some(0));
        leave_behind(&journal, &server.authority, &text);

        let (code, results, err) = run(&server.authority, &kept(&calls, path, &["--resume"]));
        assert_eq!(code, Some(13), "{err}");
        let told: Vec<_> = results
            .iter()
            .map(|result| (result["id"].as_str().unwrap(), result["result"].as_str().unwrap()))
            .collect();
        let may = "may_have_acted";
        assert_eq!(told, [("c1", "ok"), ("c2", may), ("c3", "ok"), ("c5", may)]);
        assert_eq!(server.requests().len(), 2, "the first, and the one that waited");
        assert!(err.contains("call \"c4\": ") && err.contains("it may have been sent"), "{err}");
        let two =
            "call \"c6\": it is under way, but what is stored of it waits; it may have been sent";
        assert!(err.contains(two), "{err}");
        assert!(err.contains("2 may have acted, 2 unreadable, 0 left"), "{err}");
        let outcome: Outcome = serde_json::from_value(results[1]["outcome"].clone()).unwrap();
        assert_eq!(outcome.stop_reason().unwrap().name(), "not_idempotent");
        let outcome: Outcome = serde_json::from_value(results[3]["outcome"].clone()).unwrap();
        assert_eq!(outcome.stop_reason().unwrap().name(), "not_idempotent");
        assert_eq!((outcome.sent(), outcome.status()), (http_hook::Sent::Maybe, None));

        fn leave_behind(journal: &Path, authority: &str, text: &str) {
            use http_hook::{Call, Connection, Hook, RequestPlan, Step, Timestamp};
            let connection = Connection::parse(&format!("http://{authority}")).unwrap();
            let hook = Hook::new(&connection.with_id("api").unwrap()).unwrap();
            let now = Timestamp::default();
            let call = || Call::new(&hook, RequestPlan::post("v1"), 7, now);
            let Step::Send { attempt, .. } = call().step(&hook, now) else { panic!("it is sent") };
            let sent = attempt.store(&hook).unwrap();
            let unsent = call().store(&hook).unwrap();
            let busy = RequestPlan::get("v1").retries(2);
            let Step::Send { attempt, .. } = Call::new(&hook, busy, 7, now).step(&hook, now) else {
                panic!("it is sent")
            };
            let answer = http::Response::builder().status(503).body(bytes::Bytes::new());
            let Step::Wait { call, .. } = attempt.finish(&hook, Ok(answer.unwrap()), now) else {
                panic!("it waits")
            };
            let waits = call.store(&hook).unwrap();
            let file = rusqlite_value(journal);
            let run = Run { connection: Some("api".to_owned()), calls: file, seed: 0 };
            let keeper = Journal::open(journal, run, Durability::Process).unwrap().begin(|_| ());
            let changed = sent.replace("v1", "v2");
            let left = [
                (2, Some(sent)),
                (3, Some(waits)),
                (4, Some(changed)),
                (5, None),
                (6, Some(unsent)),
            ];
            for (line, stored) in left {
                let digest = text.lines().nth(line - 1).unwrap().bytes();
                let digest = digest.fold(0x811c_9dc5, |hash: u32, byte| {
                    (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
                });
                let name = Name { id: format!("c{line}"), line: line as u64, digest };
                let mut entry = Entry::new(name);
                match line {
                    3 => keeper.waiting(&mut entry, stored.unwrap(), 0).unwrap(),
                    _ => keeper.sending(&mut entry, stored).unwrap(),
                }
            }
            keeper.close().unwrap();
        }

        /// What the command has written of how calls are made of lines.
        fn rusqlite_value(journal: &Path) -> String {
            let file = rusqlite::Connection::open(journal).unwrap();
            file.query_row("SELECT value FROM run WHERE key = 'calls'", [], |row| row.get(0))
                .unwrap()
        }
    }

    const ADDRESS: &str = "STORM_ADDRESS";
    const LOG: &str = "STORM_LOG";

    /// The whole of it, with a million calls, is `adapters/journal/storm/run`.
    #[test]
    fn nothing_is_done_twice_in_a_storm() {
        use std::env;

        if let (Ok(address), Some(log)) = (env::var(ADDRESS), env::var_os(LOG)) {
            storm::serve(address.parse().unwrap(), Some(log.as_ref())).unwrap();
            return;
        }
        let folder = folder("storm");
        let storm = storm::Storm {
            command: env!("CARGO_BIN_EXE_http-hook").as_ref(),
            folder: &folder,
            server: &|address, log| {
                let name = "journal::nothing_is_done_twice_in_a_storm";
                let mut command = Command::new(env::current_exe()?);
                command.args(["--exact", name, "--nocapture"]);
                command.env(ADDRESS, address.to_string()).env(LOG, log);
                command.stdout(Stdio::piped()).spawn()
            },
            calls: 10_000,
            jobs: 32,
            kills: 5,
            server_kills: 2,
            journal: true,
            seed: 7,
        };
        let figures = storm.run().unwrap();
        assert!(figures.holds(&storm), "{figures:#?}");
    }
}

#[test]
fn what_ended_badly_is_told() {
    let server = serve();
    let folder = folder("told");
    let text = "{\"endpoint\":\"status/404\"}\n{\"endpoint\":\"status/200\"}\n{\"endpoint\":\"status/503\"}\n{\"endpoint\":\"status/404\"}\n";
    let calls = file(&folder, "calls.jsonl", text);
    let (code, _, err) =
        run(&server.authority, &[&calls, "api", "--retry", "0", "-v", "--jobs", "1"]);
    assert_eq!(code, Some(13), "{err}");
    assert!(err.contains("; not ok: 2 with 404, 1 with 503\n"), "{err}");
    assert!(err.contains("line 1 (line-1): failed, 404\nline 2 (line-2): ok, 200\n"), "{err}");
}

/// What no line can have is told before anything is sent.
#[test]
fn a_template_is_held_to_the_columns() {
    let server = serve();
    let folder = folder("columns");
    let rows = file(&folder, "rows.csv", "order,amount\n1,2\n2,3\n");
    for words in [&["GET", "v1/{ordr}"][..], &["POST", "v1/{order}", "a:={amont}"]] {
        let (code, results, err) =
            run(&server.authority, &[&[rows.as_str(), "api"], words].concat());
        assert_eq!((code, results.len()), (Some(2), 0), "{err}");
        assert!(err.contains("hint: the columns are order, amount"), "{err}");
    }
    assert!(server.requests().is_empty());
    let (code, results, err) =
        run(&server.authority, &[&rows, "api", "POST", "v1/{order}", "a:={amount}"]);
    assert_eq!((code, results.len()), (Some(0), 2), "{err}");
}
