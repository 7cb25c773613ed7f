//! What the README shows of commands that need a server is run against one.

use std::fs;

use sha2::{Digest as _, Sha256};

use crate::support::{command, parts, reply, serve_by, temporary};

#[test]
fn examples_that_need_a_server_do_what_they_say() {
    let readme = include_str!("../../README.md");
    let verbs = ["http-hook pages ", "http-hook poll ", "http-hook fetch "];
    let lines = readme.lines().filter(|line| verbs.iter().any(|verb| line.starts_with(verb)));
    let server =
        serve_by(|request, _| match request.split([' ', '?']).nth(1).unwrap_or_default() {
            "/v1/orders" if request.contains("page=2") => reply("200 OK", &[], b"{\"orders\": []}"),
            "/v1/orders" => reply(
                "200 OK",
                &["Link: <v1/orders?page=2>; rel=last"],
                b"{\"orders\": [1, 2], \"next\": null, \"meta\": {\"next\": \"\"}, \"total\": 2}",
            ),
            "/v1/jobs/7" => reply("200 OK", &[], b"{\"state\": \"done\"}"),
            "/v1/exports" => {
                reply("202 Accepted", &["Location: /v1/exports/1", "Retry-After: 0"], b"")
            }
            _ => reply("200 OK", &["ETag: \"1\""], b"all of it"),
        });
    let folder = temporary("readme");
    fs::create_dir_all(&folder).unwrap();
    let digest = Sha256::digest(b"all of it").map(|byte| format!("{byte:02x}")).join("");
    fs::write(folder.join("SHA256SUMS"), format!("{digest}  disk.img\n")).unwrap();
    let mut count = 0;
    for line in lines {
        let words = line.split('#').next().unwrap_or_default().split_whitespace().skip(1);
        let words: Vec<_> = words.collect();
        let stored = format!("http://{}", server.authority);
        let output = command(&words)
            .current_dir(&folder)
            .env("AIRFLOW_CONN_SALES", &stored)
            .env("AIRFLOW_CONN_MIRROR", &stored)
            .output()
            .unwrap();
        let (code, out, err) = parts(&output);
        assert_eq!(code, Some(0), "{line}: {err}");
        let expected = match words[0] {
            "pages" => "1\n2\n",
            "fetch" => "",
            _ if line.contains("jobs") => "{\"state\": \"done\"}",
            _ => "all of it",
        };
        assert_eq!(out, expected, "{line}");
        count += 1;
    }
    assert!(count >= 10, "{count}");
    assert_eq!(fs::read(folder.join("disk.img")).unwrap(), b"all of it");
    assert_eq!(fs::read(folder.join("export.csv")).unwrap(), b"all of it");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_policy_is_tabulated_where_the_environment_names_authorities() {
    for args in [&["policy", "table", "c"][..], &["policy", "table", "c", "--format", "json"]] {
        let mut command = crate::support::command(args);
        command.env("AIRFLOW_CONN_C", "http://api.example.com/https");
        command.env("REQUESTS_CA_BUNDLE", "/own-ca.pem");
        let (code, out, err) = crate::support::parts(&command.output().unwrap());
        assert_eq!(code, Some(0), "{err}");
        assert!(out.contains("reset"), "{out}");
        assert!(!out.contains("exit 2") && !out.contains("nothing could be sent"), "{out}");
    }
}
