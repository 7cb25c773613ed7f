//! What is told helps: no hint names what was done already, an error names its option, and an id looks like one.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use crate::support::{command, parts, reply, run, serve_by, temporary};

/// A server that says something else where a handshake ought to be.
fn speaks_no_tls() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(b"220 this is no TLS\r\n");
        }
    });
    authority
}

#[test]
fn no_hint_names_an_option_that_is_given() {
    let server = serve_by(|request, _| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        match path.strip_prefix("/").and_then(|path| path.split_once('/')) {
            Some(("digest", _)) => reply(
                "401 Unauthorized",
                &["WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\""],
                b"",
            ),
            Some((status, _)) => reply(&format!("{status} X"), &["Location: /200/"], b""),
            None => Vec::new(),
        }
    });
    let plain = |path: &str| format!("http://{}{path}", server.authority);
    let tls = format!("https://{}/", speaks_no_tls());
    let digest = plain("/digest/");
    let (found, many, same) = (plain("/302/"), plain("/300/"), plain("/304/"));
    #[rustfmt::skip]
    let rows: [(&str, &[&str], &str); 6] = [
        // the call             what helps                         how a hint names it
        (&tls,    &["-v"],                           "-v tells"),
        (&tls,    &["--verbose"],                    "-v tells"),
        (&digest, &["-u", "a:b", "--digest"],        "Digest: --digest"),
        (&found,  &["-L"],                           "-L follows"),
        (&many,   &["-L"],                           "-L follows"),
        (&same,   &["-L"],                           "-L follows"),
    ];
    for (url, given, hint) in rows {
        let without = ["call", "-", url, "--retry=0"];
        let (_, _, err) = run(&without);
        let asked = hint != "-L follows" || url == found;
        assert_eq!(err.contains(hint), asked, "{url} without {given:?}: {err}");
        let (_, _, err) = run(&[&without[..], given].concat());
        assert!(!err.contains(hint), "{url} with {given:?}: {err}");
    }
}

/// A port at which nobody answers a handshake takes the time for making a connection, and no other.
#[test]
fn a_hint_names_the_limit_that_was_too_short() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    for (url, option, other) in [
        (format!("https://{at}/"), "--connect-timeout", "--timeout"),
        (format!("http://{at}/"), "--timeout", "--connect-timeout"),
    ] {
        for more in [&["--retry=0"][..], &["--retry=1", "-X", "POST"], &["--retry=1"]] {
            let args = [&["call", "-", &url, option, "0.3", other, "20"], more].concat();
            let (code, _, err) = run(&args);
            assert_eq!(code, Some(8), "{args:?}: {err}");
            assert!(err.contains(&format!("hint: raise {option}")), "{args:?}: {err}");
        }
    }
}

#[test]
fn a_method_that_is_none_names_where_it_is_from() {
    for method in ["GE T", "", "GET\n", "ä", "a:b"] {
        for option in ["-X", "--request"] {
            let (code, _, err) = run(&["call", "-", "http://127.0.0.1:1/", option, method]);
            assert_eq!(code, Some(2), "{method:?}: {err}");
            assert!(err.starts_with("error: -X: "), "{method:?}: {err}");
        }
    }
    let (code, _, err) = run(&["call", "-", "", "http://127.0.0.1:1/"]);
    assert_eq!(code, Some(2), "{err}");
    assert!(!err.contains("method"), "a word of nothing is no method: {err}");
}

/// In sentences, not in tables.
#[cfg(unix)]
#[test]
fn an_id_stands_between_backticks() {
    const ID: &str = "the-id";
    let server = serve_by(|_, _| reply("404 Not Found", &[], b""));
    let folder = temporary("ids");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let url = format!("http://{}", server.authority);
    let (own, other) = (file("own.toml", ""), file("other.json", "{}"));
    let stored = format!("{{\"{ID}\": {{\"conn_type\": \"http\", \"host\": \"{url}\"}}}}");
    let (has, broken) = (
        file("has.json", &stored),
        file(
            "broken.json",
            &stored.replace("http:", "gopher:").replace("\"http\"", "\"http\", \"port\": 99999999"),
        ),
    );
    let unusable = file("unusable.json", &stored.replace("http://", "ftp://"));
    let chain = format!("file:{has}, file:{own}");
    let rows: [&[&str]; 15] = [
        &["call", ID, "v1", "--conn-file", &has],
        &["call", ID, "--conn-file", &has],
        &["call", ID, "v1"],
        &["call", ID, "v1", "--conn-file", &other],
        &["call", "other", "v1", "--conn-file", &has],
        &["call", ID, "v1", "--conn-file", &broken],
        &["call", ID, "v1", "--conn-file", &unusable],
        &["conn", "add", ID, "--url", &url, "--conn-file", &own],
        &["conn", "add", ID, "--url", &url, "--conn-file", &own],
        &["conn", "edit", ID, "--url", &url, "--conn-file", &own],
        &["conn", "import", &has, ID, "--conn-file", &own],
        &["conn", "import", &has, "none", "--conn-file", &own],
        &["conn", "import", &other, ID, "--conn-file", &own],
        &["conn", "rm", ID, "--sources", &chain],
        &["conn", "rm", ID, "--conn-file", &own],
    ];
    for args in rows {
        let (_, out, err) = parts(&command(args).output().unwrap());
        let told = format!("{out}{err}");
        let mut quoted = false;
        for piece in told.split('`') {
            assert!(quoted || !piece.contains(ID), "{args:?}: {told}");
            quoted = !quoted;
        }
        assert!(told.contains(ID), "{args:?} names it: {told}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_setting_that_is_wrong_names_what_it_may_be() {
    for (variable, told) in [
        ("HTTP_HOOK_FORMAT", "none of auto, raw, pretty, json"),
        ("HTTP_HOOK_COLOR", "none of auto, always, never"),
    ] {
        let output = command(&["config", "show"]).env(variable, "bogus").output().unwrap();
        let (code, _, err) = parts(&output);
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains(told) && !err.contains("bogus"), "{err}");
    }
}

/// Who gave a URL knows of no connection.
#[test]
fn a_url_that_is_wrong_is_told_of_as_a_url() {
    for (url, says) in [
        ("http://h:99999/c4n4ry", "the URL: the port is not a number from 1 to 65535"),
        ("http://u:c4n4ry@h:port/", "the URL: the port is not a number from 1 to 65535"),
        ("ftp://h/", "the URL: "),
        ("http:///v1", "the URL: "),
    ] {
        for command in ["call", "plan", "pages", "fetch"] {
            let (code, out, err) = run(&[command, "-", url, "-o", "never"]);
            assert_eq!((code, out.as_str()), (Some(2), ""), "{command} {url}: {err}");
            let told = err.lines().next().unwrap();
            assert!(told.contains(says) || command == "plan", "{command} {url}: {err}");
            assert!(
                !err.contains("connection") && !err.contains("c4n4ry"),
                "{command} {url}: {err}"
            );
        }
    }
}

#[test]
fn a_file_of_variables_is_told_of_where_ids_are_looked_for() {
    let file = temporary("variables.env");
    fs::write(&file, "AIRFLOW_CONN_SALES='http://me:c4n4ry@h'\n").unwrap();
    let sources = format!("file:{}", file.display());
    let (code, _, err) = run(&["call", "sales", "v1", "--sources", &sources]);
    assert_eq!(code, Some(10), "{err}");
    assert!(err.contains("a file of variables is dotenv:PATH in a list of sources"), "{err}");
    assert!(!err.contains("c4n4ry"), "{err}");
    let sources = format!("dotenv:{}", file.display());
    assert_eq!(run(&["plan", "sales", "v1", "--sources", &sources]).0, Some(0));
    fs::remove_file(file).unwrap();
}

/// Who sets a setting is not led to connections, and who leaves a scheme out is asked for no endpoint.
#[test]
fn a_hint_is_about_what_was_typed() {
    for word in ["set", "new", "ls", "get"] {
        let (code, _, err) = run(&["config", word, "retry"]);
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains("config show --origin"), "{word}: {err}");
        assert!(!err.contains("conn ") && !err.contains("call"), "{word}: {err}");
    }
    for words in [["policy", "ls"], ["policy", "frob"], ["conn", "frob"]] {
        let (_, _, err) = run(&words);
        assert!(!err.contains("hint:"), "{words:?}: {err}");
    }
    assert!(run(&["conn", "ls"]).2.contains("http-hook conn list"));
    assert!(run(&["frob"]).2.contains("http-hook call - URL"));
    for url in ["127.0.0.1:9/v1", "api.test/v1", "localhost:9"] {
        let (code, _, err) = run(&["call", url]);
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains("a whole URL stands behind `-`"), "{url}: {err}");
    }
}
