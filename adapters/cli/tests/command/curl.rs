//! The command of `--curl` does what the call does, and says what it leaves out.

use std::fs;
use std::process::{Command, Stdio};

use crate::support::{Server, command, header, parts, reply, run, serve_by, temporary};

/// Prints the command of a call, and runs it by a shell; `None` where there is no curl.
fn by_curl(args: &[&str], variables: &[(&str, &str)]) -> Option<String> {
    let (code, text, err) = run(&[args, &["--curl"]].concat());
    assert_eq!(code, Some(0), "{args:?}: {err}");
    Command::new("curl").arg("--version").stdout(Stdio::null()).status().ok()?;
    let script = format!("{text}\n");
    let done = Command::new("sh")
        .args(["-c", &script])
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    assert!(done.status.success(), "{text}");
    Some(text)
}

/// The requests since the last ones, without the order of their headers.
fn taken(server: &Server, from: usize) -> Vec<(String, Option<String>, String)> {
    let requests = server.requests();
    let request = |request: &String| {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let first = head.lines().next().unwrap().to_owned();
        let kind = header(request, "content-type").map(str::to_owned);
        (first, kind, body.to_owned())
    };
    requests.iter().skip(from).map(request).collect()
}

#[test]
fn it_sends_the_same() {
    let server = serve_by(|_, _| reply("200 OK", &[], b"ok"));
    let url = format!("http://{}/v1", server.authority);
    let file = temporary("curl.json");
    fs::write(&file, "{\"a\": 1}").unwrap();
    let at = format!("@{}", file.display());
    let rows: [&[&str]; 8] = [
        &["POST", &url, "name=box", "count:=3", "it's=a 'b' \\ \"c\" $d `e`", "password=hunter2"],
        &["POST", &url, "deep:={\"token\": \"t\", \"list\": [1.10, {\"x\": \"y\"}]}"],
        &["POST", &url, "--form", "a=b c&d", "q r=1", "token=t k"],
        &["PUT", &url, &at],
        &["POST", &url, "--json", "{\"a\":   1}"],
        &["POST", &url, "-d", "a=1&b=two words"],
        &["GET", &url, "a==1", "X-Own:x"],
        &["DELETE", &url, "--compressed", "--timeout", "5s"],
    ];
    let variables = [
        ("HTTP_HOOK_BODY_PASSWORD", "\"hunter2\""),
        ("HTTP_HOOK_BODY_TOKEN", "\"t\""),
        ("HTTP_HOOK_X_OWN", "x"),
    ];
    for args in rows {
        let args = [&["call", "-"], args].concat();
        let before = server.requests().len();
        assert_eq!(run(&args).0, Some(0), "{args:?}");
        let own = taken(&server, before);
        let form = [("HTTP_HOOK_BODY_TOKEN", "t k")];
        let given = if args.contains(&"--form") { &form[..] } else { &variables[..] };
        let Some(text) = by_curl(&args, given) else { return };
        assert!(!text.contains("hunter2") && !text.contains("not carried over"), "{text}");
        let theirs = taken(&server, before + own.len());
        if args.contains(&"--form") {
            // A blank of a form is written in two ways.
            let plain = |body: &str| body.replace('+', "%20");
            assert_eq!(plain(&own[0].2), plain(&theirs[0].2), "{text}");
        } else {
            assert_eq!(own, theirs, "{text}");
        }
    }
    fs::remove_file(&file).unwrap();
}

#[test]
fn a_form_with_files_is_one() {
    let server = serve_by(|_, _| reply("200 OK", &[], b"ok"));
    let url = format!("http://{}/v1", server.authority);
    let file = temporary("curl.csv");
    fs::write(&file, "a,b\n").unwrap();
    let part = format!("f=@{}", file.display());
    let args = ["call", "-", "POST", &url, "-F", "name=box", "-F", &part];
    let Some(text) = by_curl(&args, &[]) else { return };
    assert!(!text.contains("boundary") && !text.contains("@body"), "{text}");
    let (_, kind, body) = taken(&server, 0).remove(0);
    assert!(kind.unwrap().starts_with("multipart/form-data; boundary="));
    let (name, csv) = ("name=\"name\"\r\n\r\nbox\r\n", "Content-Type: text/csv\r\n\r\na,b\n\r\n");
    assert!(body.contains(name) && body.contains(csv), "{body}");
    fs::remove_file(&file).unwrap();
}

/// curl repeats whatever it is told to, and takes headers and bodies wherever it is led.
#[test]
fn it_repeats_nothing_that_the_call_would_not() {
    let busy = || serve_by(|_, _| reply("503 Busy", &[], b"busy"));
    for (args, sends) in [
        (&["POST", "a=1", "--retry", "1"][..], 1),
        (&["POST", "a=1", "--retry", "1", "--retry-unsafe"], 2),
        (&["GET", "--retry", "1"], 2),
    ] {
        let (ours, theirs) = (busy(), busy());
        let typed = |server: &Server| {
            let url = format!("http://{}/", server.authority);
            let words = ["call", "-", args[0], &url].map(str::to_owned);
            words.into_iter().chain(args[1..].iter().map(|word| (*word).to_owned())).collect()
        };
        let (own, other): (Vec<String>, Vec<String>) = (typed(&ours), typed(&theirs));
        let _ = run(&own.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(ours.requests().len(), sends, "{args:?}");
        let other: Vec<&str> = other.iter().map(String::as_str).collect();
        let Some(text) = by_curl(&other, &[]) else { return };
        assert_eq!(theirs.requests().len(), sends, "{text}");
        assert_eq!(text.contains("# not carried over: --retry 1"), sends == 1, "{text}");
    }
}

#[test]
fn what_it_leaves_out_is_told() {
    let url = "http://127.0.0.1:1/v1";
    let policy = temporary("curl.policy");
    fs::write(&policy, "{}").unwrap();
    let policy_path = policy.to_str().unwrap();
    #[rustfmt::skip]
    let rows: [(&[&str], &str); 11] = [
        (&["-u", "joe:pw", "--digest"],           "--digest --user \"$HTTP_HOOK_USER\""),
        (&["--compressed"],                       " --compressed "),
        (&["--timeout", "5s"],                    "--speed-limit 1 --speed-time 5"),
        (&["--deadline", "1.5s"],                 "--max-time 1.5"),
        (&["-o", "an x"],                         "--output 'an x'"),
        (&["-O"],                                 "--output 'v1'"),
        (&["-i"],                                 " --include "),
        (&["--cookies", "jar"],                   "# not carried over: --cookies"),
        (&["--policy", policy_path],              "# not carried over: --policy\n"),
        (&["--check", "status=200"],              "# not carried over: --check\n"),
        (&["-L", "--max-redirs", "2"],            "--location --max-redirs 2"),
    ];
    for (args, expected) in rows {
        let args = [&["call", "-", "GET", url], args, &["--curl"]].concat();
        let (code, out, err) = run(&args);
        assert_eq!(code, Some(0), "{args:?}: {err}");
        let one = out.replace(" \\\n  ", " ");
        assert!(one.contains(expected) && !one.contains("joe"), "{args:?}: {out}");
        assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
    }
    fs::remove_file(&policy).unwrap();
    let posted = run(&["call", "-", "POST", url, "a=1", "-L", "--curl"]).1;
    assert!(posted.contains("# not carried over: --location: "), "{posted}");
    let stored = r#"{"conn_type":"http","host":"127.0.0.1","extra":{"X-Key":"k","verify":false,"timeout":20}}"#;
    let output = command(&["call", "sales", "v1", "-L", "--curl"])
        .env("AIRFLOW_CONN_SALES", stored)
        .output()
        .unwrap();
    let out = parts(&output).1;
    assert!(out.contains("curl would take the header x-key to any host"), "{out}");
    assert!(out.contains("# not carried over: verify Off, by connection.extra\n"), "{out}");
    assert!(out.contains("# not carried over: timeout (head) 20s, by connection.extra\n"), "{out}");
}
