//! All pages of an answer, as lines.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::{Server, command, header, parts, reply, run, serve_by, temporary};

/// A server of three pages, each in the way that its path says; the second one fails as often as is told.
fn shop(fails: usize, status: &'static str) -> Server {
    let left = std::sync::Mutex::new(fails);
    serve_by(move |request, _| {
        let target = request.split(' ').nth(1).unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let value = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let mut own = pairs.filter(|(own, _)| *own == name);
            own.next().map(|(_, value)| value.parse::<usize>().unwrap())
        };
        let page = match path {
            "/page" => value("p").unwrap(),
            "/offset" => value("offset").unwrap().div_ceil(2) + 1,
            _ => value("c").unwrap_or(1),
        };
        if page == 2 {
            let mut left = left.lock().unwrap();
            if *left > 0 {
                *left -= 1;
                return reply(status, &["Retry-After: 0"], b"{\"message\": \"not now\"}");
            }
        }
        let json = "Content-Type: application/json";
        let ids = match page {
            1 => "1.10, {\"id\" : 2}",
            2 => "3, 4",
            3 => "5",
            _ => "",
        };
        let next = page + 1;
        let more = page < 3;
        match path {
            "/link" if more => {
                let link = format!("Link: <link?c={next}>; rel=\"next\"");
                reply("200 OK", &[json, &link], format!("[{ids}]").as_bytes())
            }
            "/link" | "/page" | "/offset" => {
                reply("200 OK", &[json], format!("[{ids}]").as_bytes())
            }
            "/cursor" | "/url" => {
                let next = match (more, path) {
                    (false, _) => "null".to_owned(),
                    (true, "/url") => format!("\"/url?c={next}\""),
                    (true, _) => format!("{next}"),
                };
                let body = format!("{{\"a\": {{\"items\": [{ids}], \"next\": {next}}}}}");
                reply("200 OK", &[json], body.as_bytes())
            }
            "/head" if more => {
                let cursor = format!("X-Next: {next}");
                reply("200 OK", &[json, &cursor], format!("[{ids}]").as_bytes())
            }
            "/head" => reply("200 OK", &[json], format!("[{ids}]").as_bytes()),
            "/csv" if more => {
                let link = format!("Link: </csv?c={next}>; rel=next");
                reply(
                    "200 OK",
                    &["Content-Type: text/csv", &link],
                    format!("a,{page}\n").as_bytes(),
                )
            }
            "/csv" => {
                reply("200 OK", &["Content-Type: text/csv"], format!("a,{page}\n").as_bytes())
            }
            _ => reply("404 Not Found", &[], b""),
        }
    })
}

const LINES: &str = "1.10\n{\"id\":2}\n3\n4\n5\n";

#[test]
fn every_way_to_the_next_page_gives_all_items() {
    let server = shop(0, "");
    let rows: [(&str, &[&str]); 6] = [
        ("link", &["--items", ""]),
        ("url", &["--next", "url", "--at", "/a/next", "--items", "/a/items"]),
        ("cursor", &["--next", "cursor", "--at", "/a/next", "--param", "c", "--items", "/a/items"]),
        ("head", &["--next", "cursor", "--at-header", "x-next", "--param", "c", "--items", ""]),
        ("page", &["--next", "page", "--param", "p", "--items", ""]),
        ("offset", &["--next", "offset", "--limit", "2", "--items", ""]),
    ];
    for (path, args) in rows {
        let url = format!("http://{}/{path}", server.authority);
        let (code, out, err) = run(&[&["pages", "-", &url], args].concat());
        assert_eq!((code, out.as_str(), err.as_str()), (Some(0), LINES, ""), "{path}");
    }
}

#[test]
fn pages_are_lines_if_they_are_json_and_stay_what_they_are_if_not() {
    let server = shop(0, "");
    let url = |path: &str| format!("http://{}/{path}", server.authority);
    let (code, out, err) = run(&["pages", "-", &url("link")]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(out, "[1.10,{\"id\":2}]\n[3,4]\n[5]\n");
    let (_, out, _) = run(&["pages", "-", &url("link"), "--format", "raw"]);
    assert_eq!(out, "[1.10, {\"id\" : 2}][3, 4][5]");
    let (_, out, _) = run(&["pages", "-", &url("csv")]);
    assert_eq!(out, "a,1\na,2\na,3\n");
    let (_, out, _) = run(&["pages", "-", &url("link"), "--items", "", "--format", "json"]);
    let bodies: Vec<_> = out.lines().map(|line| line.split_once("\"body\":").unwrap().1).collect();
    assert_eq!(bodies, ["[1.10,{\"id\":2}]}}", "[3,4]}}", "[5]}}"]);
    let file = temporary("pages.jsonl");
    let path = file.to_str().unwrap();
    let (code, out, _) =
        run(&["pages", "-", &url("link"), "--items", "", "-o", path, "--format", "json"]);
    assert_eq!(code, Some(0));
    assert!(out.contains(r#""pages":3,"items":5"#), "{out}");
    assert_eq!(fs::read_to_string(&file).unwrap(), LINES);
    fs::remove_file(&file).unwrap();
}

#[test]
fn each_page_is_retried_and_a_failure_leaves_what_was_printed() {
    let server = shop(1, "503 Busy");
    let url = format!("http://{}/link", server.authority);
    let (code, out, err) = run(&["pages", "-", &url, "--items", ""]);
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), LINES, ""));
    let server = shop(9, "404 Not Found");
    let url = format!("http://{}/link", server.authority);
    let (code, out, err) = run(&["pages", "-", &url, "--items", ""]);
    assert_eq!((code, out.as_str()), (Some(4), "1.10\n{\"id\":2}\n"), "{err}");
    assert!(err.contains("so far: 1 page, 2 items"), "{err}");
    assert!(err.contains("body: {\"message\": \"not now\"}"), "{err}");
    let (code, _, err) = run(&["pages", "-", &url, "--items", "", "--format", "json"]);
    assert_eq!(code, Some(4));
    assert!(err.starts_with("{\"schema\":1,\"error\":{\"code\":\"status\""), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
}

#[test]
fn limits_are_failures_of_their_own() {
    let server = shop(0, "");
    let url = format!("http://{}/link", server.authority);
    for limit in [["--max-pages", "2"], ["--max-items", "3"], ["--max-bytes", "20"]] {
        let (code, out, err) = run(&[&["pages", "-", &url, "--items", ""], &limit[..]].concat());
        assert_eq!((code, out.as_str()), (Some(9), "1.10\n{\"id\":2}\n3\n4\n"), "{limit:?}: {err}");
        assert!(err.contains("pages: more than --max-"), "{err}");
        let (code, _, err) =
            run(&[&["pages", "-", &url, "--items", "", "--format", "json"], &limit[..]].concat());
        assert_eq!(code, Some(9));
        assert!(err.contains(r#""code":"pages_stopped""#), "{err}");
    }
}

#[test]
fn another_origin_gets_nothing_of_the_connection() {
    let other = serve_by(|_, _| reply("200 OK", &[], b"[3]"));
    let link = format!("Link: <http://{}/x>; rel=next", other.authority);
    let server = serve_by(move |_, _| reply("200 OK", &[&link], b"[1]"));
    let stored = format!("http://reader:marker@{}", server.authority);
    let output = command(&["pages", "sales", "v1", "--items", "", "-v", "-H", "X-Own: marker"])
        .env("AIRFLOW_CONN_SALES", &stored)
        .output()
        .unwrap();
    let (code, out, err) = parts(&output);
    assert_eq!((code, out.as_str()), (Some(0), "1\n3\n"), "{err}");
    assert!(err.contains("the next page is at another origin"), "{err}");
    assert!(header(&server.requests()[0], "authorization").is_some());
    let request = &other.requests()[0];
    assert!(header(request, "authorization").is_none() && !request.contains("marker"), "{request}");
}

#[test]
fn a_circle_ends() {
    let server = serve_by(|_, _| reply("200 OK", &["Link: </again>; rel=next"], b"[1]"));
    let url = format!("http://{}/again", server.authority);
    let (code, out, err) = run(&["pages", "-", &url, "--items", ""]);
    assert_eq!((code, out.as_str()), (Some(9), "1\n"), "{err}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_closed_pipe_ends_them_quietly() {
    let server = serve_by(|request, _| {
        let number: u32 = request
            .split("c=")
            .nth(1)
            .and_then(|rest| rest.split(' ').next())
            .map_or(0, |n| n.parse().unwrap());
        let link = format!("Link: </p?c={}>; rel=next", number + 1);
        reply("200 OK", &[&link], format!("[{}]", "1,".repeat(20_000) + "1").as_bytes())
    });
    let url = format!("http://{}/p", server.authority);
    let mut child = command(&["pages", "-", &url, "--items", ""])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    std::io::Read::read_exact(&mut out, &mut [0; 10]).unwrap();
    drop(out);
    let (code, _, err) = parts(&child.wait_with_output().unwrap());
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(server.requests().len() < 9, "it reads no further");
}

#[test]
fn the_deadline_is_for_all_of_them() {
    let server = serve_by(|request, number| {
        thread::sleep(Duration::from_millis(200));
        let link = format!("Link: </p?c={number}>; rel=next");
        reply("200 OK", &[&link], format!("[{}]", request.len()).as_bytes())
    });
    let url = format!("http://{}/p", server.authority);
    let (code, _, err) = run(&["pages", "-", &url, "--items", "", "--deadline", "900ms"]);
    assert_eq!(code, Some(8), "{err}");
    assert!((2..9).contains(&server.requests().len()), "{}", server.requests().len());
}

#[cfg(unix)]
#[test]
fn pages_go_on_in_another_process() {
    let server = shop(4, "503 Busy");
    let stored = format!("http://reader:marker@{}", server.authority);
    let (state, file) = (temporary("pages.state"), temporary("kept.jsonl"));
    let (path, out) = (state.to_str().unwrap(), file.to_str().unwrap());
    let args =
        ["pages", "sales", "link", "--items", "", "--retry", "1", "--save-state", path, "-o", out];
    let output = command(&args).env("AIRFLOW_CONN_SALES", &stored).output().unwrap();
    let (code, _, err) = parts(&output);
    assert_eq!(code, Some(5), "{err}");
    assert!(err.contains(&format!("go on: http-hook resume {path}")), "{err}");
    assert!(!file.exists(), "it is not whole");
    assert!(!fs::read_to_string(&state).unwrap().contains("marker"));
    let resume = || {
        let output = command(&["resume", path]).env("AIRFLOW_CONN_SALES", &stored).output();
        parts(&output.unwrap())
    };
    assert_eq!(resume().0, Some(5), "two more fail");
    let (code, _, err) = resume();
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(fs::read_to_string(&file).unwrap(), LINES, "each item once");
    assert_eq!(server.requests().iter().filter(|request| !request.contains("c=")).count(), 1);
    assert!(!state.exists() && !temporary("kept.jsonl.part").exists());
    fs::remove_file(&file).unwrap();
}

#[cfg(unix)]
#[test]
fn pages_survive_a_kill_between_them() {
    let server = serve_by(|request, _| {
        let page: u32 = request
            .split("c=")
            .nth(1)
            .and_then(|rest| rest.split(' ').next())
            .map_or(0, |n| n.parse().unwrap());
        thread::sleep(Duration::from_millis(70));
        let link = format!("Link: </p?c={}>; rel=next", page + 1);
        let headers: &[&str] = if page < 30 { &[&link] } else { &[] };
        reply("200 OK", headers, format!("[{page}]").as_bytes())
    });
    let (state, file) = (temporary("killed.state"), temporary("killed.jsonl"));
    let (path, out) = (state.to_str().unwrap(), file.to_str().unwrap());
    let url = format!("http://{}/p", server.authority);
    let mut args = vec!["pages", "-", &url, "--items", "", "--save-state", path, "-o", out];
    for _ in 0..3 {
        let mut child = command(&args).stderr(Stdio::null()).spawn().unwrap();
        for _ in 0..500 {
            if state.exists() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        thread::sleep(Duration::from_millis(300));
        let _ = Command::new("kill").args(["-KILL", &child.id().to_string()]).status();
        child.wait().unwrap();
        args = vec!["resume", path];
        assert!(state.exists(), "there is something to go on with");
    }
    let (code, _, err) = run(&args);
    assert_eq!(code, Some(0), "{err}");
    let lines: Vec<u32> =
        fs::read_to_string(&file).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(lines, (0..=30).collect::<Vec<_>>(), "each page once");
    fs::remove_file(&file).unwrap();
    let _ = fs::remove_file(state.with_extension("state.lock"));
}

/// What a stored call may not hold, what leads on may not hold either: told by the same words, and nothing is left of it.
#[test]
fn what_leads_on_and_sounds_secret_is_not_kept() {
    let server = serve_by(|_, number| {
        let link = format!("Link: </p?after={number}&access_token=marker{number}>; rel=next");
        let headers: &[&str] = if number < 2 { &[&link] } else { &[] };
        reply("200 OK", headers, b"{\"items\": [1], \"next\": \"marker\"}")
    });
    let url = format!("http://{}/p", server.authority);
    let (state, file) = (temporary("secret.state"), temporary("secret.jsonl"));
    let (path, out) = (state.to_str().unwrap(), file.to_str().unwrap());
    let rows: [(&str, &[&str], &[&str], usize); 3] = [
        ("call", &[], &["access_token==marker"], 0),
        ("pages", &["--next", "cursor", "--at", "/next", "--param", "access_token"], &[], 0),
        ("pages", &[], &[], 1),
    ];
    for (what, more, items, requests) in rows {
        let before = server.requests().len();
        let args = [&[what, "-", &url, "--save-state", path, "-o", out], more, items].concat();
        let (code, said, err) = run(&args);
        assert_eq!(code, Some(2), "{args:?}: {err}");
        assert!(err.contains("the parameter access_token is not kept"), "{args:?}: {err}");
        assert_eq!(server.requests().len() - before, requests, "{args:?}");
        assert!(!said.contains("marker") && !err.contains("marker"), "{said} {err}");
        assert!(!state.exists() && !file.exists(), "{args:?}");
        assert!(!temporary("secret.jsonl.part").exists(), "{args:?}");
        let _ = fs::remove_file(state.with_extension("state.lock"));
    }
}

#[test]
fn a_place_that_is_not_there_is_told() {
    let server = shop(0, "");
    let url = |path: &str| format!("http://{}/{path}", server.authority);
    let cursor = ["--next", "cursor", "--at", "/a/next", "--param", "c"];
    let rows: [(&[&str], Option<&str>); 4] = [
        (&["--items", "/a/itmes"], Some("page 1 has nothing at /a/itmes, which --items names")),
        (&["--items", "/a/items", "--more", "/mroe"], Some("/mroe, which --more names")),
        (&["--items", "/a/items", "--total", "/a/total"], Some("/a/total, which --total names")),
        (&["--items", "/a/items"], None),
    ];
    for (args, told) in rows {
        let own = url("cursor");
        let (code, _, err) = run(&[&["pages", "-", &own], &cursor[..], args].concat());
        assert_eq!(code, Some(0), "{args:?}: {err}");
        match told {
            Some(told) => assert!(err.contains(told) && err.lines().count() == 1, "{err}"),
            None => assert_eq!(err, ""),
        }
        let (_, _, err) = run(&[&["pages", "-", &own, "-q"], &cursor[..], args].concat());
        assert_eq!(err, "");
    }
}

#[test]
fn pages_are_recorded_and_played_to_their_end() {
    let server = serve_by(|request, number| {
        let target = request.split([' ', '?']).nth(1).unwrap();
        let n = number % 4;
        let link = format!("Link: <{target}?after=link-cursor-{n}>; rel=next");
        let cursor = format!("X-Next: head-cursor-{n}");
        let headers: &[&str] = match (n < 3, &target[..3]) {
            (false, _) => &[],
            (true, "/li") => &[&link],
            (true, _) => &[&cursor],
        };
        let next = if n < 3 { format!("\"body-cursor-{n}\"") } else { "null".to_owned() };
        let url =
            if n < 3 { format!("\"{target}?after=url-cursor-{n}\"") } else { "null".to_owned() };
        let body = format!("{{\"i\": [{n}], \"page_token\": {next}, \"next\": {url}}}");
        reply("200 OK", headers, body.as_bytes())
    });
    let body = ["--next", "cursor", "--at", "/page_token", "--param", "page_token"];
    let head = ["--next", "cursor", "--at-header", "X-Next"];
    let url = ["--next", "url", "--at", "/next"];
    for (path, how) in [("link", &[][..]), ("body", &body), ("head", &head), ("url", &url)] {
        let url = format!("http://{}/{path}", server.authority);
        let tape = temporary(&format!("{path}.tape"));
        let taped = |what: &str| {
            let pages = ["--", "pages", "-", &url, "--items", "/i"];
            run(&[&[what, tape.to_str().unwrap()], &pages[..], how].concat())
        };
        for what in ["record", "replay"] {
            let (code, out, err) = taped(what);
            assert_eq!((code, out.as_str()), (Some(0), "0\n1\n2\n3\n"), "{path} {what}: {err}");
        }
        let before = server.requests().len();
        assert_eq!((taped("replay").0, server.requests().len()), (Some(0), before));
        fs::remove_file(tape).unwrap();
    }
}

#[test]
fn what_does_not_fit_together_is_not_sent() {
    for args in [
        &["--next", "url"][..],
        &["--next", "cursor"],
        &["--next", "offset"],
        &["--at", "/next"],
        &["--next", "url", "--at", "next"],
        &["--items", "items"],
        &["--limit", "5"],
        &["--total", "/total"],
        &["--max-items", "5"],
        &["-i"],
        &["--print", "h"],
    ] {
        let (code, _, err) = run(&[&["pages", "-", "http://127.0.0.1:9/"], args].concat());
        assert_eq!(code, Some(2), "{args:?}: {err}");
    }
}

#[cfg(feature = "jq")]
#[test]
fn items_go_through_jq() {
    let server = shop(0, "");
    let url = format!("http://{}/link", server.authority);
    let (code, out, err) = run(&["pages", "-", &url, "--items", "", "--jq", "numbers"]);
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "1.10\n3\n4\n5\n", ""));
    let (_, out, _) = run(&["pages", "-", &url, "--jq", "length, .[0]"]);
    assert_eq!(out, "2\n1.10\n2\n3\n1\n5\n");
}

#[test]
fn what_comes_compressed_is_looked_into() {
    let server = serve_by(|_, _| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(br#"{"items": [1, 2], "state": "done"}"#).unwrap();
        reply("200 OK", &["Content-Encoding: gzip"], &gzip.finish().unwrap())
    });
    let url = format!("http://{}/", server.authority);
    let (code, out, err) = run(&["pages", "-", &url, "--items", "/items"]);
    assert_eq!((code, out.as_str()), (Some(0), "1\n2\n"), "{err}");
    let (code, out, err) = run(&["poll", "-", &url, "--until", "/state=done", "--deadline", "20s"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("\"done\""), "{out}");
}
