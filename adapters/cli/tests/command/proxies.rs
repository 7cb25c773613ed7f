//! Calls through a proxy, over each client: what the proxy sees, and what the server does not.

use std::fs;

use http_hook_conformance::server::{Handshake, Identity, Reply, serve, serve_tls};

use crate::support::{command, parts, temporary};

const CREDENTIALS: &str = "Basic bWU6YzRuNHJ5";

/// Where the proxy is named, and whether it asks who is there.
type Row = (&'static str, fn(&str) -> (Vec<String>, Vec<(String, String)>), bool);

const ROWS: [Row; 6] = [
    ("an argument", |proxy| (vec!["--proxy".to_owned(), format!("http://{proxy}")], vec![]), false),
    (
        "an argument with credentials",
        |proxy| (vec!["--proxy".to_owned(), format!("http://me:c4n4ry@{proxy}")], vec![]),
        true,
    ),
    (
        "a setting with credentials",
        |proxy| (vec![], vec![("HTTP_HOOK_PROXY".to_owned(), format!("http://me:c4n4ry@{proxy}"))]),
        true,
    ),
    (
        "the environment with credentials",
        |proxy| (vec![], vec![("all_proxy".to_owned(), format!("http://me:c4n4ry@{proxy}"))]),
        true,
    ),
    (
        "an argument before the environment",
        |proxy| (vec!["--proxy".to_owned(), format!("http://{proxy}")], others()),
        false,
    ),
    (
        "a setting before the environment",
        |proxy| {
            let own = ("HTTP_HOOK_PROXY".to_owned(), format!("http://{proxy}"));
            (vec![], [vec![own], others()].concat())
        },
        false,
    ),
];

/// Proxies of the environment at which nobody is.
fn others() -> Vec<(String, String)> {
    let names = ["http_proxy", "https_proxy", "all_proxy"];
    names.map(|name| (name.to_owned(), "http://127.0.0.1:1".to_owned())).to_vec()
}

#[test]
fn https_goes_through_a_tunnel_and_only_the_proxy_sees_its_credentials() {
    let authority = Identity::authority("an authority").unwrap();
    let path = temporary("proxied.pem");
    fs::write(&path, authority.certificate_pem().unwrap()).unwrap();
    for (why, named, proves) in ROWS {
        let proxy = serve();
        let identity = authority.sign("a server", &["r1.test"]).unwrap();
        let server = serve_tls(Handshake::Tls(identity.acceptor().unwrap().build()));
        let target = server.route([Reply::ok(b"hello")]);
        let open = Reply::raw("HTTP/1.1 200 Connected\r\n\r\n").tunnel(server.addr());
        let tunnel = proxy.route([open]);
        let url = format!("https://r1.test{}", target.path());
        let (args, environment) = named(&proxy.addr().to_string());
        let output = command(&["call", "-", &url, "--retry=0", "-vv", "-u", "own:pw"])
            .args(["--cacert", path.to_str().unwrap()])
            .args(args)
            .envs(environment)
            .output()
            .unwrap();
        let (code, out, err) = parts(&output);
        assert_eq!((code, out.as_str()), (Some(0), "hello"), "{why}: {err}");
        assert!(!err.contains("c4n4ry") && !err.contains("bWU6YzRuNHJ5"), "{why}: {err}");
        let [asked] = tunnel.requests().try_into().unwrap();
        let [seen] = target.requests().try_into().unwrap();
        assert_eq!(asked.method(), "CONNECT", "{why}");
        let expected = proves.then(|| CREDENTIALS.to_owned());
        assert_eq!(asked.text("proxy-authorization"), expected, "{why}");
        assert_eq!(asked.text("authorization"), None, "{why}: the server's are for the server");
        assert_eq!(seen.text("proxy-authorization"), None, "{why}");
        assert_eq!(seen.text("authorization").as_deref(), Some("Basic b3duOnB3"), "{why}");
    }
    fs::remove_file(path).unwrap();
}

/// Over libcurl a request by http goes to the proxy as a whole; ureq has no proxy for it: then nothing is sent, to nobody.
#[test]
fn http_goes_through_a_proxy_or_nowhere() {
    for (why, named, proves) in ROWS {
        let proxy = serve();
        let route = proxy.route([Reply::ok(b"hello")]);
        let url = format!("http://api.test{}", route.path());
        let (args, environment) = named(&proxy.addr().to_string());
        let output = command(&["call", "-", &url, "--retry=0", "-vv"])
            .args(args)
            .envs(environment)
            .output()
            .unwrap();
        let (code, out, err) = parts(&output);
        assert!(!err.contains("c4n4ry") && !err.contains("bWU6YzRuNHJ5"), "{why}: {err}");
        if cfg!(feature = "native-tls") {
            assert_eq!((code, out.as_str()), (Some(0), "hello"), "{why}: {err}");
            let [seen] = route.requests().try_into().unwrap();
            let expected = proves.then(|| CREDENTIALS.to_owned());
            assert_eq!(seen.text("proxy-authorization"), expected, "{why}");
        } else {
            assert_eq!((code, out.as_str()), (Some(2), ""), "{why}: {err}");
            assert!(err.contains("cannot honour the option proxies (http)"), "{why}: {err}");
            assert_eq!(route.requests().len(), 0, "{why}");
        }
    }
}

/// A proxy that refuses, one that is not there, and one whose tunnel leads to somebody else.
#[test]
fn a_proxy_that_makes_no_tunnel_is_told_of() {
    let proxy = serve();
    let url = "https://r1.test/v1";
    let asks = Reply::status(407, &[("Proxy-Authenticate", "Basic realm=\"x\"")], b"");
    let route = proxy.route([asks]);
    let gone = http_hook_conformance::server::refusing().to_string();
    for (why, address) in [("it refuses", proxy.addr().to_string()), ("it is not there", gone)] {
        let named = format!("http://me:c4n4ry@{address}");
        let output =
            command(&["call", "-", url, "--retry=0", "-vv", "--proxy", &named]).output().unwrap();
        let (code, out, err) = parts(&output);
        assert_eq!((code, out.as_str()), (Some(7), ""), "{why}: {err}");
        assert!(err.contains("proxy"), "{why}: {err}");
        assert!(!err.contains("c4n4ry") && !err.contains("bWU6YzRuNHJ5"), "{why}: {err}");
    }
    assert_eq!(route.requests().len(), 1);
}

/// A variable that decides nothing, since the command line says it, need not be valid.
#[test]
fn what_the_command_line_decides_is_asked_of_nobody_else() {
    let server = crate::support::serve();
    let api = format!("http://{}/http", server.authority);
    let rows: [(&str, &str, &[&str], bool); 13] = [
        ("http_proxy", "http://:bad", &[], false),
        ("http_proxy", "http://:bad", &["--proxy", "none"], true),
        ("all_proxy", "gopher://p.test", &["--proxy", "none"], true),
        ("HTTP_HOOK_PROXY", "gopher://p.test", &[], false),
        ("HTTP_HOOK_PROXY", "gopher://p.test", &["--proxy", "none"], true),
        ("HTTP_HOOK_RETRY", "often", &[], false),
        ("HTTP_HOOK_RETRY", "often", &["--retry", "0"], true),
        ("HTTP_HOOK_TIMEOUT", "soon", &["--timeout", "9s"], true),
        ("HTTP_HOOK_CONNECT_TIMEOUT", "soon", &["--connect-timeout", "9s"], true),
        ("HTTP_HOOK_DEADLINE", "soon", &["--deadline", "9s"], true),
        ("HTTP_HOOK_LOCATION", "maybe", &["-L"], true),
        ("HTTP_HOOK_LOCATION", "maybe", &["--no-location"], true),
        ("HTTP_HOOK_MAX_REDIRS", "few", &["--max-redirs", "3"], true),
    ];
    let calls = temporary("decided.jsonl");
    fs::write(&calls, "{\"endpoint\": \"v1\"}\n").unwrap();
    for (variable, value, args, decided) in rows {
        for what in [&["call", "api", "v1"][..], &["run", calls.to_str().unwrap(), "api"]] {
            let mut command = command(&[what, args].concat());
            command.env("AIRFLOW_CONN_API", &api).env(variable, value);
            let (code, _, err) = parts(&command.output().unwrap());
            assert_eq!(code != Some(2), decided, "{what:?} {variable} {args:?}: {err}");
        }
    }
    fs::remove_file(&calls).unwrap();
    // A connection that leaves some targets to the environment.
    let half = format!(
        r#"{{"conn_type": "http", "host": "{api}", "extra": {{"proxies": {{"https": "http://p.test"}}}}}}"#
    );
    for (args, code) in [(&[][..], 2), (&["--proxy", "none"], 0)] {
        let mut command = command(&[&["call", "api", "v1"], args].concat());
        command.env("AIRFLOW_CONN_API", &half).env("http_proxy", "http://:bad");
        assert_eq!(parts(&command.output().unwrap()).0, Some(code), "{args:?}");
    }
    // With a proxy of the command line, too: it is that which is asked.
    let proxy = serve();
    let route = proxy.route([Reply::ok(b"hello")]);
    let url = format!("http://api.test{}", route.path());
    let own = format!("http://{}", proxy.addr());
    let mut command = command(&["call", "-", &url, "--retry=0", "--proxy", &own]);
    command.env("http_proxy", "http://:bad");
    let (code, out, err) = parts(&command.output().unwrap());
    if cfg!(feature = "native-tls") {
        assert_eq!((code, out.as_str()), (Some(0), "hello"), "{err}");
    }
}

/// Arguments, variables, and who names the proxy.
type Planned = (&'static [&'static str], &'static [(&'static str, &'static str)], &'static str);

/// Who names a proxy is told with it, in words.
#[test]
fn a_plan_tells_the_proxy_and_who_names_it() {
    let rows: [Planned; 5] = [
        (&["--proxy", "http://me:c4n4ry@p.test:8"], &[], "call"),
        (&[], &[("HTTP_HOOK_PROXY", "http://me:c4n4ry@p.test:8")], "environment (HTTP_HOOK_PROXY)"),
        (&[], &[("http_proxy", "http://me:c4n4ry@p.test:8")], "environment"),
        (&[], &[("http_proxy", "http://p.test:8"), ("no_proxy", "a.test")], ""),
        (&["--proxy", "none"], &[("http_proxy", "http://p.test:8")], "call"),
    ];
    for (args, variables, by) in rows {
        let mut command = command(&[&["plan", "-", "http://a.test/"], args].concat());
        let (code, out, err) = parts(&command.envs(variables.to_vec()).output().unwrap());
        assert_eq!(code, Some(0), "{err}");
        assert!(!out.contains("c4n4ry") && !out.contains("Proxy("), "{out}");
        let found: Vec<_> = out.lines().skip_while(|line| !line.starts_with("  proxy")).collect();
        let Some(line) = found.first() else {
            assert_eq!(by, "", "{args:?} {variables:?}: {out}");
            continue;
        };
        let value = if args.contains(&"none") { " none " } else { "http://p.test:8" };
        let by = format!(" {by}");
        assert!(line.contains(value), "{args:?} {variables:?}: {out}");
        assert!(line.ends_with(&by) || found[1].ends_with(&by), "{args:?} {variables:?}: {out}");
    }
}
