//! What shells and `man` get, and secrets that are no arguments.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use crate::support::{command, parts, run, serve, temporary};

#[test]
fn each_shell_gets_a_script_that_asks_the_command() {
    for (shell, piece) in [
        ("bash", "complete -o"),
        ("zsh", "#compdef http-hook"),
        ("fish", "complete --keep-order --exclusive --command http-hook"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let (code, out, err) = run(&["completions", shell]);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{shell}");
        assert!(out.contains(piece) && out.contains("HTTP_HOOK_COMPLETE"), "{shell}: {out}");
    }
}

#[test]
fn commands_options_and_ids_are_completed() {
    let file = temporary("completed.toml");
    let sources = format!("env, file:absent.toml, file:{}?", file.display());
    let complete = |words: &[&str]| {
        let mut command = command(&[&["--", "http-hook"], words].concat());
        command
            .env("HTTP_HOOK_COMPLETE", "bash")
            .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
            .env("_CLAP_IFS", "\n")
            .env("HTTP_HOOK_SOURCES", &sources)
            .env("AIRFLOW_CONN_SALES", "http://reader:marker@api.test")
            .env("AIRFLOW_CONN_SHOP", "http://shop.test");
        parts(&command.output().unwrap()).1
    };
    assert_eq!(complete(&["call", "s"]), "sales\nshop");
    assert_eq!(complete(&["plan", "sa"]), "sales");
    assert_eq!(complete(&["policy", "show", "sh"]), "shop");
    assert_eq!(complete(&["conn", "rm", "s"]), "sales\nshop");
    fs::write(&file, "[stock]\nurl = \"https://stock.test\"\npassword = \"marker\"\n").unwrap();
    assert_eq!(complete(&["call", "s"]), "sales\nshop\nstock", "of every source");
    fs::remove_file(&file).unwrap();
    assert_eq!(complete(&["poli"]), "policy");
    assert_eq!(complete(&["pages", "s"]), "sales\nshop");
    assert_eq!(complete(&["fetch", "sales", "v1", "--sha"]), "--sha256");
    assert_eq!(complete(&["call", "sales", "v1", "--save"]), "--save-state");
}

#[test]
fn there_are_manual_pages() {
    let (code, page, _) = run(&["man"]);
    assert_eq!(code, Some(0));
    assert!(page.contains(".TH http-hook 1") && page.contains("Exit codes:"), "{page}");
    let (code, page, _) = run(&["man", "call"]);
    assert_eq!(code, Some(0));
    assert!(page.contains(".TH http-hook-call 1") && page.contains("\\-\\-save\\-state"), "{page}");
    for (name, option) in
        [("pages", "\\-\\-items"), ("poll", "\\-\\-until"), ("fetch", "\\-\\-sha256")]
    {
        let (code, page, _) = run(&["man", name]);
        assert_eq!(code, Some(0));
        assert!(page.contains(option), "{page}");
        let version = concat!("\"http-hook ", env!("CARGO_PKG_VERSION"), "\"");
        assert!(
            page.lines().any(|line| line.starts_with(".TH") && line.contains(version)),
            "{page}"
        );
    }
    let (code, page, _) = run(&["man", "conn", "add"]);
    assert_eq!(code, Some(0));
    assert!(page.contains(".TH http-hook-conn-add 1") && page.contains("Stores a connection"));
    assert_eq!(run(&["man", "nothing"]).0, Some(2));
    assert_eq!(run(&["man", "conn", "nothing"]).0, Some(2));
}

#[test]
fn secrets_come_from_files_variables_and_commands() {
    let server = serve();
    let url = format!("http://{}/", server.authority);
    let file = temporary("secret");
    fs::write(&file, "open sesame\n").unwrap();
    let at = format!("@{}", file.display());
    let basic = "authorization: Basic cmVhZGVyOm9wZW4gc2VzYW1l";
    for source in [at.as_str(), "env:HOOK_TEST_SECRET", "cmd:printf 'open sesame\\n'"] {
        let mut command = command(&["call", "-", &url, "-u", "reader", "--password", source]);
        command.env("HOOK_TEST_SECRET", "open sesame").env("PATH", "/usr/bin:/bin");
        let (code, out, err) = parts(&command.output().unwrap());
        assert_eq!((code, err.as_str()), (Some(0), ""), "{source}");
        assert!(out.contains(basic), "{source}: {out}");
    }
    let (_, out, _) = run(&["call", "-", &url, "--bearer", &at]);
    assert!(out.contains("authorization: Bearer open sesame"), "{out}");
    for (source, code) in [("env:HOOK_NO_SUCH", 10), ("cmd:false", 10), ("marker", 2), ("ask", 10)]
    {
        let mut command = command(&["call", "-", &url, "--bearer", source]);
        let (actual, _, err) = parts(&command.env("PATH", "/usr/bin:/bin").output().unwrap());
        assert_eq!(actual, Some(code), "{source}: {err}");
        assert!(!err.contains("marker"), "{err}");
    }
    fs::remove_file(&file).unwrap();
}

/// Why, arguments, and environment.
type Row<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, &'a str)]);

#[test]
#[cfg_attr(not(feature = "native-tls"), ignore = "over ureq only calls by https have proxies")]
fn a_proxy_comes_from_arguments_and_the_environment() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://me:pw@{}", proxy.local_addr().unwrap());
    thread::spawn(move || {
        for stream in proxy.incoming() {
            let mut stream = stream.unwrap();
            let mut piece = [0; 4096];
            let count = stream.read(&mut piece).unwrap();
            let line = String::from_utf8_lossy(&piece[..count]).lines().next().unwrap().to_owned();
            let length = line.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{line}"
            );
        }
    });
    let by_proxy = "GET http://api.test/v1 HTTP/1.1";
    let rows: [Row<'_>; 3] = [
        ("an argument", &["--proxy", &address], &[]),
        ("a setting", &[], &[("HTTP_HOOK_PROXY", &address)]),
        ("the environment of all", &[], &[("http_proxy", &address)]),
    ];
    for (why, args, environment) in rows {
        let mut command =
            command(&[&["call", "-", "http://api.test/v1", "--retry=0"], args].concat());
        let output = command.envs(environment.to_vec()).output().unwrap();
        let (code, out, err) = parts(&output);
        assert_eq!((code, out.as_str()), (Some(0), by_proxy), "{why}: {err}");
    }
    let server = serve();
    let url = format!("http://{}/orders", server.authority);
    for (why, variable) in [("an exception", "no_proxy"), ("none", "NOTHING")] {
        let more: &[&str] = if variable == "NOTHING" { &["--proxy", "none"] } else { &[] };
        let mut command = command(&[&["call", "-", &url], more].concat());
        command.env("http_proxy", "http://127.0.0.1:1").env(variable, "127.0.0.1");
        assert_eq!(parts(&command.output().unwrap()).0, Some(0), "{why}");
    }
}
