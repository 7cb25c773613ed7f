//! `http-hook conn`: hosts are shown without what is secret in them, and what may be a URL is not repeated.

use std::fs;

use crate::conn::Home;

fn told(home: &Home, words: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = home.run(words, environment);
    let told =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    (output.status.code(), told.concat())
}

#[test]
fn no_part_of_a_host_is_shown_but_scheme_name_and_port() {
    #[rustfmt::skip]
    let rows = [
        // host                                     in the list             in the section
        ("https://api.test/a@c4n4ry/b",             "https://api.test",     "https://api.test/***"),
        ("https://h/p?token=a@c4n4ry.test",         "https://h",            "https://h/***"),
        ("https://svc:c4n4ry@h.test:8443/v1",       "https://h.test:8443",  "https://***@h.test:8443/***"),
        ("svc:c4n4ry://x@h",                        "***",                  "***"),
        ("c4n4ry-token@https://h",                  "***",                  "***"),
        ("svc:c4n4ry@h.test/x",                     "h.test",               "***@h.test/***"),
        ("https://svc:c4n4ry",                      "https://***",          "https://***"),
        ("https://svc:c4n4ry/x@h",                  "https://***",          "https://***/***"),
        ("https://svc:pa#c4n4ry@h",                 "https://***",          "https://***/***"),
        ("https://h c4n4ry",                        "https://***",          "https://***"),
        ("http://[::1]:80/c4n4ry",                  "http://[::1]:80",      "http://[::1]:80/***"),
        ("http://[::1]c4n4ry",                      "http://***",           "http://***"),
    ];
    let home = Home::new("hosts");
    let members: Vec<String> = rows
        .iter()
        .enumerate()
        .map(|(at, (host, ..))| format!(r#""h{at}": {{"conn_type": "http", "host": "{host}"}}"#))
        .collect();
    home.write("hosts.json", &format!("{{{}}}", members.join(", ")));
    let (_, list) = told(&home, &["conn", "list", "--conn-file", "hosts.json"], &[]);
    assert!(!list.contains("c4n4ry"), "{list}");
    for (at, (host, listed, shown)) in rows.iter().enumerate() {
        let id = format!("h{at}");
        let line = list.lines().find(|line| line.split_whitespace().next() == Some(&id)).unwrap();
        assert_eq!(line.split_whitespace().nth(2), Some(*listed), "{host}");
        let (_, section) = told(&home, &["conn", "show", &id, "--conn-file", "hosts.json"], &[]);
        assert!(section.contains(&format!(" = \"{shown}\"")), "{host}: {section}");
        assert!(!section.contains("c4n4ry"), "{host}: {section}");
    }
}

/// Words, an environment, and what is said.
type Row<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

#[test]
fn what_may_be_a_url_is_repeated_by_no_error_and_is_no_new_id() {
    let home = Home::new("urls");
    fs::create_dir_all(home.0.join(".config/http-hook")).unwrap();
    home.write(".config/http-hook/connections.toml", "broken\n");
    home.write("a.json", "{}");
    let (id, url) = ("svc:c4n4ry@api.test", "http://svc:c4n4ry@api.test");
    let absent = [("HTTP_HOOK_SOURCES", "file:absent.json")];
    #[rustfmt::skip]
    let rows: [Row<'_>; 11] = [
        (&["call", id, "/x"],                           &[],        "not TOML"),
        (&["call", "api.test/c4n4ry", "/x"],            &[],        "not TOML"),
        (&["conn", "test", id, "/x"],                   &[],        "not TOML"),
        (&["conn", "show", id],                         &absent,    "there is no such file"),
        (&["conn", "origin", id],                       &absent,    "there is no such file"),
        (&["conn", "edit", id, "--login", "x"],         &absent,    "there is no such file"),
        (&["conn", "rm", id],                           &absent,    "there is no such file"),
        (&["conn", "import", "a.json", url, "--conn-file", "b.json"], &[], "an id that was asked for is not in"),
        (&["conn", "add", id, "--url", "https://h", "--conn-file", "b.json"], &[], "ids are shown"),
        (&["conn", "add", url, "--url", "https://h", "--conn-file", "b.json"], &[], "ids are shown"),
        (&["conn", "export", "c.json", id],             &absent,    "there is no such file"),
    ];
    for (words, environment, says) in rows {
        let (code, told) = told(&home, words, environment);
        assert!(code != Some(0) && told.contains(says), "{words:?}: {told}");
        assert!(!told.contains("c4n4ry"), "{words:?}: {told}");
    }
    assert!(!home.0.join("b.json").exists());
    let (code, _) = told(
        &home,
        &["conn", "add", "team/sales", "--url", "https://h", "--conn-file", "b.json"],
        &[],
    );
    assert_eq!(code, Some(0), "no URL");
}
