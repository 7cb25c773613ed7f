//! `http-hook conn`: what it prints and what it writes have no secret and no reader too many.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::{command, parts, serve};

const MARKER: &str = "m4rk&r";
const FORMS: [&str; 6] = ["m4rk&r", "m4rk%26r", "m4rk\\u0026r", "bTRyayZy", "OmTRyayZy", "m4rk"];

/// A folder of its own, as home and at hand.
pub(crate) struct Home(pub(crate) PathBuf);

impl Home {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("http-hook-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
        fs::set_permissions(self.0.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub(crate) fn run(&self, args: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = command(args);
        command.current_dir(&self.0).env("HOME", &self.0).envs(environment.iter().copied());
        command.output().unwrap()
    }

    fn own(&self) -> PathBuf {
        self.0.join(".config/http-hook/connections.toml")
    }

    /// Every file below.
    fn files(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.0.clone()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Files with the marker wherever something secret may stand.
fn plant(home: &Home, authority: &str) {
    let extra = r#""X-Key": "m4rk&r", "timeout": "m4rk&r", "proxies": {"https": "http://u:m4rk%26r@p"}, "n": {"a": ["m4rk&r"]}, "http_hook": {"auth": {"scheme": "m4rk&r", "token": "m4rk&r"}, "retry": {"type": "m4rk&r"}, "x": "m4rk&r"}"#;
    let json = format!(
        r#"{{
  "all": {{"conn_type": "http", "host": "{authority}/m4rk&r?k=m4rk&r", "login": "m4rk&r", "extra": {{{extra}}}}},
  "info": {{"conn_type": "http", "host": "http://me:m4rk&r@{authority}", "password": "m4rk&r"}},
  "text": {{"conn_type": "http", "host": "{authority}", "login": "me", "password": "m4rk&r", "extra": "{{\"X-Key\": \"m4rk&r\"}}"}},
  "uri": "http://me:m4rk%26r@{authority}/?x-key=m4rk%26r",
  "port": "http://me:m4rk%26r@{authority}:m4rk%26r",
  "field": {{"m4rk&r": 1}},
  "list": ["m4rk&r"],
  "number": 4
}}"#
    );
    home.write("a.json", &json);
    home.write(
        "a.env",
        &format!(
            "uri=http://me:m4rk%26r@{authority}/?x-key=m4rk%26r\nport=http://m4rk%26r:m4rk%26r\n"
        ),
    );
    home.write("b.env", &format!("AIRFLOW_CONN_URI='http://me:m4rk%26r@{authority}'\n"));
    home.write("a.toml", &format!("[all]\nurl = \"http://{authority}\"\nlogin = \"me\"\npassword = \"m4rk&r\"\n[all.headers]\nX-Key = \"m4rk&r\"\n[broken]\nport = \"m4rk&r\"\n"));
    home.write("b.toml", "[all]\nurl = \"m4rk&r\n");
    home.write("a.yaml", "all:\n  host: [m4rk&r\n");
    home.write("secret", MARKER);
    home.write("whole", &format!("http://me:m4rk%26r@{authority}"));
    home.write("bad", "http://me:m4rk%26r@h:m4rk%26r");
    home.write("extra", r#"{"X-Key": "m4rk&r"}"#);
}

#[test]
fn no_output_has_a_secret_and_no_file_another_reader() {
    let server = serve();
    let home = Home::new("canary");
    plant(&home, &server.authority);
    let variable = format!("http://me:m4rk%26r@{}/?x-key=m4rk%26r", server.authority);
    let bad = "http://me:m4rk%26r@h:m4rk%26r";
    let environment = [("AIRFLOW_CONN_VARIABLE", variable.as_str()), ("AIRFLOW_CONN_BAD", bad)];
    let url = format!("http://{}", server.authority);
    let files = ["a.json", "a.env", "a.toml", "b.toml", "a.yaml"];
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut line = |words: &[&str]| lines.push(words.iter().map(ToString::to_string).collect());
    for id in ["variable", "bad", "absent"] {
        line(&["show", id]);
        line(&["show", id, "--show-secrets"]);
        line(&["test", id, "orders", "-vv"]);
        line(&["test", id, "status/500", "--format", "json", "--retry=0"]);
        line(&["origin", id]);
        line(&["export", "never.json", id, "absent"]);
    }
    for file in files {
        line(&["list", "--conn-file", file]);
        line(&["list", "--conn-file", file, "--format", "json"]);
        line(&["origin", "--conn-file", file]);
        for form in ["json", "yaml", "toml", "own-yaml", "env", "dotenv"] {
            line(&["convert", file, &format!("{file}.{form}.out"), "--form", form]);
            line(&["convert", file, "never.out", "--from-form", form, "--form", "json"]);
        }
        line(&["import", file]);
        for id in ["all", "info", "text", "uri", "port", "field", "list", "number", "broken"] {
            line(&["show", id, "--conn-file", file]);
            line(&["origin", id, "--conn-file", file]);
            line(&["test", id, "orders", "-v", "--retry=0", "--conn-file", file]);
            line(&["import", file, id, "--replace"]);
            line(&["export", &format!("{file}.{id}.json"), id, "--conn-file", file]);
            line(&["edit", id, "--header", "X-More:1", "--conn-file", file]);
            line(&["edit", id, "--description", "x", "--conn-file", file]);
        }
    }
    line(&["convert", "b.env", "b.json"]);
    line(&[
        "add",
        "own",
        "--url",
        &url,
        "--login",
        "me",
        "--password",
        "@secret",
        "--header",
        "X-Key:1",
    ]);
    line(&["add", "token", "--url", &url, "--bearer", "@secret"]);
    line(&["add", "more", "--url", &url, "--extra", "@extra"]);
    line(&["add", "whole", "--whole", "@whole"]);
    line(&["add", "none", "--whole", "@bad"]);
    line(&["add", "none", "--whole", "@secret"]);
    line(&["add", "none", "--url", &url, "--extra", "@secret"]);
    line(&["add", "none", "--url", "http://me:m4rk%26r@h"]);
    line(&["add", "none", "--url", &url, "--login", "a", "--password", MARKER]);
    line(&["edit", "own", "--bearer", "@secret"]);
    line(&["show", "token"]);
    line(&["show", "more"]);
    line(&["edit", "whole", "--login", "you"]);
    for file in ["a.json", "a.toml"] {
        line(&["rm", "broken", "--conn-file", file]);
        line(&["rm", "all", "--conn-file", file]);
    }
    line(&["list"]);
    let mut passed = 0;
    for words in &lines {
        let args: Vec<&str> =
            ["conn"].into_iter().chain(words.iter().map(String::as_str)).collect();
        let (code, out, err) = parts(&home.run(&args, &environment));
        assert!(code.is_some_and(|code| code < 12), "{args:?}: {code:?} {err}");
        assert!(!err.contains("panicked"), "{args:?}: {err}");
        passed += usize::from(code == Some(0));
        for form in FORMS {
            assert!(!out.contains(form), "{args:?}: {out}");
            assert!(!err.contains(form), "{args:?}: {err}");
        }
    }
    assert!(passed > 60, "most of it does what it should: {passed} of {}", lines.len());
    let own = fs::read_to_string(home.own()).unwrap();
    assert!(own.contains("password = \"m4rk&r\""), "the secret was stored: {own}");
    assert!(server.requests().concat().contains("x-key: m4rk&r"), "and sent");
    assert_eq!(mode(home.own().parent().unwrap()), 0o700);
    for file in home.files() {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn a_file_that_others_can_read_is_for_its_owner_alone_once_it_is_changed() {
    let home = Home::new("modes");
    home.write("a.toml", "# mine\n[a]\nurl = \"https://a.test\"\n");
    fs::set_permissions(home.0.join("a.toml"), fs::Permissions::from_mode(0o644)).unwrap();
    let args = ["conn", "edit", "a", "--description", "x", "--conn-file", "a.toml"];
    let (code, out, err) = parts(&home.run(&args, &[]));
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert_eq!(mode(&home.0.join("a.toml")), 0o600);
    assert!(fs::read_to_string(home.0.join("a.toml")).unwrap().starts_with("# mine\n[a]\n"));
}

#[test]
fn a_test_asks_by_head_then_by_get_and_exits_as_a_call() {
    let server = serve();
    let variable = format!("http://{}", server.authority);
    let refused = "http://127.0.0.1:1".to_owned();
    #[rustfmt::skip]
    let rows: [(&str, &str, &str, i32, &[&str]); 6] = [
        // why                       connection  endpoint       code  methods
        ("the base URL",             &variable,  "",            0,    &["HEAD"]),
        ("HEAD is not allowed",      &variable,  "no-head/405", 0,    &["HEAD", "GET"]),
        ("HEAD is not implemented",  &variable,  "no-head/501", 0,    &["HEAD", "GET"]),
        ("neither is allowed",       &variable,  "status/405",  4,    &["HEAD", "GET"]),
        ("it is not found",          &variable,  "status/404",  4,    &["HEAD"]),
        ("there is no server",       &refused,   "",            7,    &[]),
    ];
    for (why, connection, endpoint, code, methods) in rows {
        let before = server.requests().len();
        let mut command = command(&["conn", "test", "sales", endpoint, "--retry=0"]);
        let output = command.env("AIRFLOW_CONN_SALES", connection).output().unwrap();
        let (actual, out, err) = parts(&output);
        assert_eq!(actual, Some(code), "{why}: {err}");
        let requests = server.requests();
        let sent: Vec<_> =
            requests[before..].iter().filter_map(|request| request.split(' ').next()).collect();
        assert_eq!(sent, methods, "{why}");
        assert_eq!(err.matches("error").count(), usize::from(code != 0), "{why}: {err}");
        assert!(code != 0 || out.starts_with("HTTP/1.1 200 OK"), "{why}: {out}");
        assert!(!out.contains("GET /"), "{why}: no body is printed: {out}");
    }
}

/// Why, arguments, environment, and what is found.
type Row<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

#[test]
fn sources_come_from_arguments_environment_and_the_users_file_but_no_project() {
    let home = Home::new("chain");
    home.write("a.toml", "[sales]\nurl = \"https://argument.test\"\n");
    home.write("b.toml", "[sales]\nurl = \"https://environment.test\"\n");
    home.write("c.toml", "[sales]\nurl = \"https://user.test\"\n");
    fs::create_dir_all(home.0.join(".config/http-hook")).unwrap();
    home.write(".config/http-hook/config.toml", "sources = \"file:c.toml\"\n");
    let variable = ("HTTP_HOOK_SOURCES", "file:b.toml");
    #[rustfmt::skip]
    let rows: [Row<'_>; 4] = [
        ("the user's file",  &[],                           &[],         "user"),
        ("the environment",  &[],                           &[variable], "environment"),
        ("an argument",      &["--sources", "file:a.toml"], &[variable], "argument"),
        ("a file by name",   &["--conn-file", "a.toml"],    &[variable], "argument"),
    ];
    for (why, args, environment, wanted) in rows {
        for line in [
            &["plan", "sales", "v1"][..],
            &["policy", "table", "sales"],
            &["conn", "show", "sales"],
        ] {
            let args = [line, args].concat();
            let (code, out, err) = parts(&home.run(&args, environment));
            assert_eq!(code, Some(0), "{why}: {args:?}: {err}");
            assert!(line[0] == "policy" || out.contains(wanted), "{why}: {args:?}: {out}");
        }
    }
    let (_, out, _) = parts(&home.run(&["config", "show", "--origin"], &[variable]));
    assert!(out.contains("file:b.toml environment (HTTP_HOOK_SOURCES)"), "{out}");
    home.write(".http-hook.toml", "sources = \"file:a.toml\"\n");
    let (code, _, err) = parts(&home.run(&["plan", "sales", "v1"], &[]));
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains(".http-hook.toml: sources: a project's file may not set it"), "{err}");
}

#[test]
fn a_call_is_resumed_and_replayed_by_the_same_sources() {
    let home = Home::new("again");
    home.write("a.toml", "[sales]\nurl = \"https://api.example.com\"\n");
    let tape = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cmd/orders.json");
    let call = ["call", "sales", "v1/orders", "limit==2", "--print", "m"];
    for args in [
        [&["replay", tape, "--conn-file", "a.toml", "--"], &call[..]].concat(),
        [&["replay", tape, "--"], &call[..], &["--conn-file", "a.toml"]].concat(),
    ] {
        let (code, out, err) = parts(&home.run(&args, &[]));
        assert_eq!(code, Some(0), "{args:?}: {err}");
        assert!(out.contains("attempts: 3"), "{args:?}: {out}");
    }
}

/// What is read as a connection and is none: a secret that is mounted beside them, a webhook, a token, lines of a shell.
#[test]
fn what_is_no_connection_is_not_told() {
    let home = Home::new("none");
    for (value, told) in [
        ("https://hooks.test/services/T0/m4rkr", "type = \"https\""),
        ("m4rkr", "schema = \"***\""),
        ("m4rkr:abc", "***"),
        ("sk-m4rkr/abc?x", "***"),
    ] {
        for words in [["conn", "show", "x"].as_slice(), &["conn", "list"]] {
            let out = home.run(words, &[("AIRFLOW_CONN_X", value)]);
            let text = [out.stdout, out.stderr].concat();
            let text = String::from_utf8_lossy(&text).to_lowercase();
            assert!(!text.contains("m4rkr") && !text.contains("4rkr"), "{value}: {text}");
            assert!(words.len() == 2 || text.contains(told), "{value}: {text}");
        }
    }
    home.write("a.env", "export AIRFLOW_CONN_FOO='http://me:m4rk%26r@h.test/https'\nFOO=bar\n");
    let (code, text, _) = parts(&home.run(&["conn", "show", "foo", "--conn-file", "a.env"], &[]));
    assert!(code == Some(0) && text.contains("login = \"me\""), "{code:?} {text}");
    assert!(!text.contains("m4rk"), "{text}");
    let args = ["conn", "add", "bar", "--url", "https://h.test", "--conn-file", "a.env"];
    let (code, _, text) = parts(&home.run(&args, &[]));
    assert!(code == Some(2) && text.contains("holds variables"), "{code:?} {text}");
}

/// A link that waits at the name beside a file leads nowhere.
#[test]
fn a_download_follows_no_link_beside_it() {
    let home = Home::new("link");
    home.write("victim", "as ever");
    let server = serve();
    let line = format!(
        "ln -s victim out.$$.part; ln -s victim out.bin.$$.part; exec {} call - http://{}/orders -o out.bin",
        env!("CARGO_BIN_EXE_http-hook"),
        server.authority
    );
    let out = std::process::Command::new("sh").args(["-c", &line]).current_dir(&home.0).output();
    assert_eq!(out.unwrap().status.code(), Some(1));
    assert_eq!(fs::read_to_string(home.0.join("victim")).unwrap(), "as ever");
}

#[test]
fn no_pipe_is_waited_for() {
    let home = Home::new("pipe");
    let made = std::process::Command::new("mkfifo").arg(home.0.join("a.env")).status().unwrap();
    assert!(made.success());
    let args = ["conn", "show", "foo", "--conn-file", "a.env"];
    let mut command = command(&args);
    command.current_dir(&home.0).env("HOME", &home.0);
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    let ends = (0..100).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        child.try_wait().unwrap()
    });
    let _ = child.kill();
    assert!(ends.is_some_and(|status| !status.success()), "{ends:?}");
}

#[cfg(feature = "backend")]
#[test]
fn the_backend_of_an_installation_is_a_source() {
    use crate::support::{reply, serve_by};
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

    let server = serve();
    let answer = format!(r#"{{"data": {{"data": {{"host": "http://{}"}}}}}}"#, server.authority);
    let vault = serve_by(move |request, _| {
        let is_list = request.lines().next().is_some_and(|line| line.contains("list=true"));
        let answer = if is_list { r#"{"data": {"keys": ["sales"]}}"# } else { &answer };
        reply("200 OK", &[], answer.as_bytes())
    });
    let airflow = Home::new("backend");
    let kwargs = format!(r#"{{"url": "http://{}", "token": "canary"}}"#, vault.authority);
    let class = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
    airflow.write(
        "airflow.cfg",
        &format!("[secrets]\nbackend = {class}\nbackend_kwargs = {kwargs}\n"),
    );
    let home = airflow.0.to_str().unwrap();
    let anew = [("AIRFLOW_HOME", home), ("AIRFLOW__SECRETS__BACKEND_KWARG__MOUNT_POINT", "mine")];
    #[rustfmt::skip]
    let rows: [Row<'_>; 3] = [
        ("env, backend", &[("AIRFLOW_HOME", home)], "/v1/secret/data/connections/sales"),
        ("backend", &anew, "/v1/mine/data/connections/sales"),
        (
            "backend",
            &[("AIRFLOW__SECRETS__BACKEND", class), ("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs)],
            "/v1/secret/data/connections/sales",
        ),
    ];
    for (sources, environment, path) in rows {
        let args = ["call", "sales", "get", "--sources", sources];
        let (code, _, err) = parts(&airflow.run(&args, environment));
        assert_eq!(code, Some(0), "{sources}: {err}");
        let asked = vault.requests().pop().unwrap();
        assert!(asked.starts_with(&format!("GET {path} ")), "{sources}: {asked}");
        assert!(asked.contains("canary") && !err.contains("canary"), "{sources}: {err}");

        let args = ["conn", "edit", "sales", "--header", "X-Team:7", "--sources", sources];
        let (code, out, err) = parts(&airflow.run(&args, environment));
        assert_eq!(code, Some(0), "{sources}: {err}");
        assert_eq!(out, format!("`sales` is in vault http://{}\n", vault.authority));
        let put = vault.requests().into_iter().rfind(|one| one.starts_with("POST ")).unwrap();
        assert!(put.starts_with(&format!("POST {path} ")) && put.contains("X-Team"), "{put}");
        let args = ["conn", "rm", "sales", "--sources", sources];
        let (code, _, err) = parts(&airflow.run(&args, environment));
        assert!(code == Some(2) && err.contains("nothing is taken out there"), "{err}");
    }
    let (code, _, err) =
        parts(&airflow.run(&["call", "sales", "get", "--sources", "backend"], &[]));
    assert!(code == Some(2) && err.contains("AIRFLOW__SECRETS__BACKEND"), "{code:?} {err}");
}

#[cfg(feature = "metastore")]
#[test]
fn the_metastore_of_an_installation_is_a_source() {
    let server = serve();
    let airflow = Home::new("airflow");
    let home = &airflow.0;
    let database = rusqlite::Connection::open(home.join("airflow.db")).unwrap();
    let table = "CREATE TABLE connection (id INTEGER PRIMARY KEY, conn_id TEXT, conn_type TEXT, description TEXT, host TEXT, schema TEXT, login TEXT, password TEXT, port INTEGER, is_encrypted BOOLEAN, is_extra_encrypted BOOLEAN, extra TEXT)";
    let row = format!(
        "INSERT INTO connection (conn_id, conn_type, host, is_encrypted, is_extra_encrypted) VALUES('sales', 'http', 'http://{}', 0, 0)",
        server.authority
    );
    database.execute_batch(&format!("{table}; {row}")).unwrap();
    drop(database);
    let path = home.join("airflow.db");
    let by_url = format!("sqlite:///{}", path.display());
    let named = format!("metastore:{}", path.display());
    let rows: [(&str, &[(&str, &str)]); 3] = [
        ("env, metastore", &[("AIRFLOW_HOME", home.to_str().unwrap())]),
        ("metastore", &[("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", &by_url), ("HOME", "/")]),
        (&named, &[("HOME", "/")]),
    ];
    airflow.write("secret", MARKER);
    airflow.write("more.json", r#"{"one": "http://h", "two": "http://u:m4rk%26r@h"}"#);
    let url = format!("http://{}", server.authority);
    for (sources, environment) in rows {
        let run = |words: &str, expected: i32| {
            let mut args: Vec<&str> = words.split(' ').collect();
            args.extend(["--sources", sources]);
            let (code, out, err) = parts(&airflow.run(&args, environment));
            assert_eq!(code, Some(expected), "{words}, {sources}: {err}");
            assert!(!FORMS.iter().any(|form| out.contains(form) || err.contains(form)), "{words}");
            out + &err
        };
        let place = format!("metastore {}", path.display());
        run("call sales get", 0);
        let add = format!("conn add own --url {url} --login me --password @secret");
        assert_eq!(run(&add, 0), format!("`own` is in {place}\n"));
        assert!(run(&add, 2).contains(&format!("`own` is in {place} already")));
        run("conn test own get", 0);
        run("conn edit own --header X-Team:sales", 0);
        assert!(run("conn show own", 0).contains("X-Team"));
        assert!(run("conn origin own", 0).contains(&format!("{place} conn_id own  used")));
        run("conn import more.json", 0);
        assert!(run("conn import more.json", 2).contains("nothing was imported"));
        assert!(run("conn rotate", 2).contains("no keys are set"));
        for id in ["own", "one", "two"] {
            assert_eq!(
                run(&format!("conn rm {id}"), 0),
                format!("`{id}` is no longer in {place}\n")
            );
        }
        assert!(run("conn rm own", 10).contains("not defined"));
        assert!(!airflow.own().exists(), "nothing went to the user's own file");
    }
}
