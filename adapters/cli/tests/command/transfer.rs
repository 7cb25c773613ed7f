//! Bodies: as they come, of any size, whole or not at all.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{command, parts, run, serve, temporary};

#[test]
fn a_body_is_printed_as_it_comes() {
    let server = serve();
    let url = format!("http://{}/drip", server.authority);
    let mut child = command(&["call", "-", &url]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    let came = Instant::now();
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert_eq!((first.as_str(), rest.lines().count()), ("line 0\n", 4));
    assert!(came.elapsed() > Duration::from_millis(200), "the rest came later");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_body_has_no_limit_of_size() {
    let server = serve();
    let url = format!("http://{}/big/70", server.authority);
    let file = temporary("big");
    let (code, out, err) = run(&["call", "-", &url, "-o", file.to_str().unwrap()]);
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "", ""));
    assert_eq!(fs::metadata(&file).unwrap().len(), 70 << 20);
    fs::remove_file(&file).unwrap();
}

#[test]
fn a_body_that_is_cut_leaves_no_file() {
    let server = serve();
    let url = format!("http://{}/cut", server.authority);
    let file = temporary("cut");
    fs::write(&file, "before").unwrap();
    let (code, _, err) = run(&["call", "-", &url, "-o", file.to_str().unwrap()]);
    assert_eq!(code, Some(7), "{err}");
    assert!(err.contains("the body broke off after 10 B: "), "{err}");
    assert!(err.contains("`http-hook fetch` goes on"), "{err}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "before", "what was there stays");
    let beside = format!("{}.", file.file_name().unwrap().to_str().unwrap());
    let names = fs::read_dir(file.parent().unwrap()).unwrap();
    let left = names.filter(|name| {
        name.as_ref().unwrap().file_name().to_str().unwrap_or_default().starts_with(&beside)
    });
    assert_eq!(left.count(), 0);
    fs::remove_file(&file).unwrap();
    let (code, _, err) = run(&["call", "-", &url, "--format", "json"]);
    assert_eq!(code, Some(7));
    assert!(err.contains(r#""code":"body""#), "{err}");
}

#[test]
fn a_closed_pipe_is_quiet() {
    let server = serve();
    let url = format!("http://{}/big/60", server.authority);
    let mut child = command(&["call", "-", &url])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut begin = [0; 10];
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut begin).unwrap();
    drop(out);
    let (code, _, err) = parts(&child.wait_with_output().unwrap());
    assert_eq!((code, err.as_str()), (Some(0), ""));
}

#[test]
fn bodies_go_up_from_files_and_pipes() {
    let server = serve();
    let url = format!("http://{}/count", server.authority);
    let file = temporary("up.csv");
    fs::write(&file, "a,b\n1,2\n").unwrap();
    let at = format!("@{}", file.display());
    let part = format!("f@{}", file.display());
    let rows: [(&str, &[&str], &str); 4] = [
        // why                       arguments               Content-Type
        ("a file by its name", &["PUT", &url, &at], "text/csv"),
        ("a file as curl has it", &["POST", &url, "-d", &at], "text/csv"),
        ("JSON is known", &["POST", &url, "-d", r#"{"a": 1}"#], "application/json"),
        ("any other text is a form", &["POST", &url, "-d", "aa=1&b=2"], "x-www-form-urlencoded"),
    ];
    for (why, args, kind) in rows {
        let (code, out, err) = run(&[&["call", "-"], args].concat());
        assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "8\n", ""), "{why}");
        let request = server.requests().pop().unwrap().to_lowercase();
        assert!(request.contains(kind), "{why}: {request}");
    }
    let (code, _, err) = run(&["call", "-", &url, "--form", "kind=report", &part]);
    let request = server.requests().pop().unwrap();
    assert_eq!((code, err.as_str()), (Some(0), ""));
    for piece in
        ["multipart/form-data", "name=\"kind\"\r\n\r\nreport", "filename=\"http-hook-", "1,2\n"]
    {
        assert!(request.contains(piece), "{piece}: {request}");
    }
    fs::remove_file(&file).unwrap();

    let mut child = command(&["call", "-", "POST", &url, "@-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"from a pipe").unwrap();
    let (code, out, _) = parts(&child.wait_with_output().unwrap());
    assert_eq!((code, out.as_str()), (Some(0), "11\n"));
}

#[test]
fn codings_are_undone_unless_raw() {
    let server = serve();
    let url = format!("http://{}/coded", server.authority);
    let (code, out, _) = run(&["call", "-", &url]);
    assert_eq!((code, out.as_str()), (Some(0), r#"{"zip": 1, "store": {"cot": 2}}"#));
    let (_, out, _) = run(&["call", "-", &url, "--format", "pretty"]);
    assert_eq!(out.lines().nth(1), Some("  \"zip\": 1,"));
    let output = command(&["call", "-", &url, "--format", "raw"]).output().unwrap();
    assert_eq!(output.stdout[..2], [0x1f, 0x8b]);
    // A coding that is no text is one that nobody knows.
    let odd = format!("http://{}/oddly-coded", server.authority);
    for format in ["raw", "auto"] {
        let output = command(&["call", "-", &odd, "--format", format]).output().unwrap();
        assert_eq!(output.stdout.get(..2), Some(&[0x1f, 0x8b][..]), "{format}");
    }
    run(&["call", "-", &url, "--compressed"]);
    let asked = server.requests().iter().filter(|request| request.contains("gzip")).count();
    assert_eq!(asked, 1, "only where it was wanted");
}

#[test]
fn a_file_may_be_called_as_the_endpoint() {
    let server = serve();
    let url = format!("http://{}/v1/orders.csv?page=1", server.authority);
    let folder = temporary("folder");
    fs::create_dir_all(&folder).unwrap();
    let output = command(&["call", "-", &url, "-O"]).current_dir(&folder).output().unwrap();
    assert_eq!(parts(&output).0, Some(0));
    assert!(folder.join("orders.csv").is_file());
    fs::remove_dir_all(&folder).unwrap();
}
