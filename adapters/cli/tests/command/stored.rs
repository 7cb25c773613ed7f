//! What counts: arguments, then the connection, then environment and files, then the defaults.

use std::fs;

use crate::support::{command, header, parts, run, serve, temporary};

fn connection(authority: &str, extra: &str) -> String {
    format!(r#"{{"conn_type": "http", "host": "http://{authority}", "extra": {extra}}}"#)
}

#[test]
fn defaults_and_settings_do_not_outrank_what_is_stored() {
    const FIVE: &str = r#"{"http_hook": {"retry": {"stop": {"type": "after_attempt", "max_attempts": 4}, "wait": {"type": "fixed", "seconds": 0}}}}"#;
    const ONE: &str =
        r#"{"http_hook": {"retry": {"stop": {"type": "after_attempt", "max_attempts": 1}}}}"#;
    const FOLLOWS: &str = r#"{"allow_redirects": true}"#;
    const FOLLOWS_NONE: &str = r#"{"max_redirects": 0}"#;
    type Environment = &'static [(&'static str, &'static str)];
    type Row<'a> = (&'a str, &'a str, &'a [&'a str], Environment, i32, usize);
    #[rustfmt::skip]
    let rows: [Row<'_>; 12] = [
        // why                                extra         arguments                       environment                   code  sends
        ("the default retries twice",         "{}",         &["status/503"],                &[],                          5, 3),
        ("four attempts are stored",          FIVE,         &["status/503"],                &[],                          5, 4),
        ("one attempt is stored",             ONE,          &["status/503"],                &[],                          5, 1),
        ("the environment counts less",       ONE,          &["status/503"],                &[("HTTP_HOOK_RETRY", "3")],  5, 1),
        ("and more than the default",         "{}",         &["status/503"],                &[("HTTP_HOOK_RETRY", "1")],  5, 2),
        ("an argument counts most",           ONE,          &["status/503", "--retry=1"],   &[("HTTP_HOOK_RETRY", "3")],  5, 2),
        ("redirects are not followed",        "{}",         &["redirect/1"],                &[],                          3, 1),
        ("unless that is stored",             FOLLOWS,      &["redirect/1"],                &[],                          0, 2),
        ("or set",                            "{}",         &["redirect/1"],                &[("HTTP_HOOK_LOCATION", "true")], 0, 2),
        ("an argument counts more",           FOLLOWS,      &["redirect/1", "--no-location"], &[],                        3, 1),
        ("none at most is stored",            FOLLOWS_NONE, &["redirect/1", "-L"],          &[],                          6, 1),
        ("the argument counts more",          FOLLOWS_NONE, &["redirect/1", "-L", "--max-redirs=1"], &[],                 0, 2),
    ];
    for (why, extra, args, environment, code, sends) in rows {
        let server = serve();
        let mut command = command(&[&["call", "sales"], args].concat());
        command.env("AIRFLOW_CONN_SALES", connection(&server.authority, extra));
        let (actual, _, err) = parts(&command.envs(environment.to_vec()).output().unwrap());
        assert_eq!((actual, server.requests().len()), (Some(code), sends), "{why}: {err}");
    }
}

#[test]
fn a_stored_time_limit_counts_and_a_healthy_transfer_has_none() {
    let server = serve();
    let stored = connection(&server.authority, r#"{"timeout": 0.1}"#);
    let call = |path: &str, args: &[&str]| {
        let mut command = command(&[&["call", "sales", path, "--retry=0"], args].concat());
        parts(&command.env("AIRFLOW_CONN_SALES", &stored).output().unwrap())
    };
    assert_eq!(call("slow", &[]).0, Some(8), "the limit that is stored");
    let (code, out, err) = call("drip", &["--timeout", "400ms"]);
    assert_eq!((code, out.lines().count()), (Some(0), 5), "it is for silence alone: {err}");
    let (code, _, err) = call("drip", &["--timeout", "2s", "--deadline", "250ms"]);
    assert_eq!(code, Some(8), "a deadline is for everything: {err}");
    assert!(err.contains("hint: raise --deadline"), "{err}");
}

#[test]
fn settings_tell_where_they_are_from() {
    let home = temporary("home");
    let project = home.join("project/below");
    fs::create_dir_all(home.join("http-hook")).unwrap();
    fs::create_dir_all(&project).unwrap();
    fs::write(
        home.join("http-hook/config.toml"),
        "retry = 7\ndeadline = \"9s\"\ncacert = \"ca\"\n",
    )
    .unwrap();
    fs::write(home.join("project/.http-hook.toml"), "deadline = \"8s\"\nlocation = true\n")
        .unwrap();
    let show = |more: &[(&str, &str)]| {
        let mut command = command(&["config", "show", "--origin"]);
        command.current_dir(&project).env("XDG_CONFIG_HOME", &home).envs(more.to_vec());
        parts(&command.output().unwrap())
    };
    let (code, out, err) = show(&[("HTTP_HOOK_LOCATION", "false")]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    for (key, value, from) in [
        ("retry", "7", "user file"),
        ("deadline", "8s", "project file"),
        ("location", "false", "environment (HTTP_HOOK_LOCATION)"),
        ("cacert", "ca", "user file"),
        ("timeout", "60s", "default"),
    ] {
        let line = out.lines().find(|line| line.starts_with(key)).unwrap();
        let words: Vec<_> = line.splitn(3, ' ').collect();
        assert!(line.contains(value) && line.ends_with(from), "{words:?}");
    }
    for (why, text) in [
        ("a project may not choose whom to trust", "proxy = \"http://evil.test\"\n"),
        ("an unknown setting", "retries = 3\n"),
        ("not TOML", "retry 3\n"),
        ("not a number", "retry = \"many\"\n"),
    ] {
        fs::write(home.join("project/.http-hook.toml"), text).unwrap();
        let (code, _, err) = show(&[]);
        assert_eq!(code, Some(2), "{why}: {err}");
        assert!(err.contains(".http-hook.toml") || err.contains("project file"), "{why}: {err}");
    }
    fs::remove_dir_all(&home).unwrap();
}

#[test]
fn cookies_are_kept_within_a_call_and_in_a_file() {
    let server = serve();
    let url = format!("http://{}/cookie", server.authority);
    let (code, out, err) = run(&["call", "-", &url, "-L"]);
    assert_eq!((code, out.as_str()), (Some(0), "seen\n"), "{err}");
    let file = temporary("jar");
    let path = file.to_str().unwrap();
    assert_eq!(run(&["call", "-", &url, "--cookies", path]).0, Some(3));
    assert_eq!(run(&["call", "-", &url, "--cookies", path]).1, "seen\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let other = server.authority.replace("127.0.0.1", "localhost");
    let before = server.requests().len();
    assert_eq!(
        run(&["call", "-", &format!("http://{other}/cookie"), "--cookies", path]).0,
        Some(3)
    );
    assert!(!server.requests()[before].to_lowercase().contains("cookie:"), "not to another host");
    fs::write(&file, "{}").unwrap();
    assert_eq!(run(&["call", "-", &url, "--cookies", path]).0, Some(2));
    fs::remove_file(&file).unwrap();
}

#[test]
fn a_netrc_has_the_login_that_a_connection_has_not() {
    let server = serve();
    let netrc = temporary("netrc");
    fs::write(&netrc, "machine 127.0.0.1 login svc password of-netrc\n").unwrap();
    let authorization = |user: &str| {
        let url = format!("http://{user}{}/get", server.authority);
        let mut command = command(&["call", "-", &url]);
        let (code, _, err) = parts(&command.env("NETRC", &netrc).output().unwrap());
        assert_eq!(code, Some(0), "{err}");
        let request = server.requests().pop().unwrap();
        header(&request, "authorization").map(str::to_owned)
    };
    assert_eq!(authorization("").as_deref(), Some("Basic c3ZjOm9mLW5ldHJj"));
    assert_eq!(authorization("me:mine@").as_deref(), Some("Basic bWU6bWluZQ=="));
    let told = format!("netrc {}", netrc.display());
    let url = format!("http://{}/get", server.authority);
    let rows: [(&[&str], bool); 5] = [
        (&["call", "-", &url, "-v"], true),
        (&["poll", "-", &url, "--until", "status=200", "-v"], true),
        (&["plan", "-", &url], true),
        (&["call", "-", &url, "-v", "-u", "me:mine"], false),
        (&["plan", "-", &url, "Authorization:mine"], false),
    ];
    for (args, is_told) in rows {
        let output = command(args).env("NETRC", &netrc).output().unwrap();
        let (code, out, err) = parts(&output);
        assert_eq!(code, Some(0), "{args:?}: {err}");
        let seen = if args[0] == "plan" { &out } else { &err };
        assert_eq!(seen.contains(&told), is_told, "{args:?}: {seen}");
        assert!(!err.contains("svc") && !err.contains("of-netrc"), "{err}");
    }
    fs::write(&netrc, "machine 127.0.0.1 login svc nonsense of-netrc\n").unwrap();
    let url = format!("http://{}/get", server.authority);
    let (code, _, err) =
        parts(&command(&["call", "-", &url]).env("NETRC", &netrc).output().unwrap());
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("netrc") && !err.contains("of-netrc"), "{err}");
    fs::remove_file(netrc).unwrap();
}
