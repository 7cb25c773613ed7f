//! What is seldom typed, and what is seldom there.

use std::fs;

use crate::support::{command, parts, reply, run, serve_by, temporary};

#[cfg(unix)]
#[test]
fn an_argument_that_is_no_text_is_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let odd = OsStr::from_bytes(b"a\xff");
    for before in
        [&[][..], &["call"], &["call", "-"], &["plan"], &["call", "-", "-H"], &["call", "--proxy"]]
    {
        for after in [&[][..], &["--format", "json"]] {
            let output = command(before).arg(odd).args(after).output().unwrap();
            let (code, out, err) = parts(&output);
            assert_eq!(code, Some(2), "{before:?} {after:?}: {err}");
            assert_eq!(out, "");
            assert!(
                err.starts_with(if after.is_empty() { "error: " } else { "{\"schema\":1" }),
                "{err}"
            );
        }
    }
}

/// A result does not become readable for others because it takes the place of a file that is not.
#[cfg(unix)]
#[test]
fn a_file_that_is_replaced_is_read_by_those_who_could_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = serve_by(|_, _| reply("200 OK", &["Content-Type: application/json"], b"[1]"));
    let url = format!("http://{}/x", server.authority);
    let place = temporary("private.out");
    let path = place.to_str().unwrap();
    let rows: [&[&str]; 4] = [
        &["call", "-", &url, "-o", path],
        &["call", "-", &url, "-o", path, "--format", "pretty"],
        &["pages", "-", &url, "--items", "", "-o", path],
        &["fetch", "-", &url, "-o", path],
    ];
    for args in rows {
        for mode in [0o600, 0o640, 0o644] {
            fs::write(&place, "old").unwrap();
            fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
            let (code, _, err) = run(args);
            assert_eq!(code, Some(0), "{args:?}: {err}");
            assert_ne!(fs::read_to_string(&place).unwrap(), "old", "{args:?}");
            let now = fs::metadata(&place).unwrap().permissions().mode() & 0o777;
            assert_eq!(now, mode, "{args:?}: {now:o} in the place of {mode:o}");
        }
    }
    fs::remove_file(&place).unwrap();
}

/// Errors are lines of JSON where results are, whatever was typed before.
#[test]
fn errors_of_a_recording_are_json_where_that_is_wanted() {
    let absent = temporary("absent.json");
    let path = absent.to_str().unwrap();
    for taped in ["record", "replay"] {
        for (words, code) in [
            (&["call", "-", "no-url"][..], 2),
            (&["call", "no-such", "v1"], 10),
            (
                &["pages", "-", "http://127.0.0.1:1/", "--next", "link"],
                if taped == "replay" { 1 } else { 7 },
            ),
            (&["fetch", "-", "http://127.0.0.1:1/a"], 2),
            (&["plan", "-", "http://127.0.0.1:1/a"], 2),
        ] {
            let _ = fs::remove_file(&absent);
            let args = [&[taped, path], words, &["--format", "json", "--retry=0"]].concat();
            let (actual, out, err) = run(&args);
            assert_eq!(actual, Some(code), "{args:?}: {err}");
            assert_eq!(out, "", "{args:?}");
            assert!(err.starts_with("{\"schema\":1,\"error\":{"), "{args:?}: {err}");
            assert_eq!(err.lines().count(), 1, "{args:?}: {err}");
        }
    }
    let _ = fs::remove_file(absent);
}

/// A link to a file stays one, and so does what leads to stdout.
#[cfg(unix)]
#[test]
fn a_link_stays_and_what_it_leads_to_is_written() {
    use std::os::unix::fs::symlink;
    let server = serve_by(|_, _| {
        reply("200 OK", &["Content-Type: application/json", "Set-Cookie: a=b"], b"[1]")
    });
    let url = format!("http://{}/x", server.authority);
    let folder = temporary("links");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("far")).unwrap();
    let (link, real) = (folder.join("link.json"), folder.join("far/real.json"));
    let state = folder.join("state");
    let (path, kept) = (link.to_str().unwrap(), state.to_str().unwrap());
    let rows: [&[&str]; 7] = [
        &["call", "-", &url, "-o", path],
        &["call", "-", &url, "-o", path, "--format", "pretty"],
        &["pages", "-", &url, "--items", "", "-o", path],
        &["pages", "-", &url, "--items", "", "-o", path, "--save-state", kept],
        &["fetch", "-", &url, "-o", path],
        &["call", "-", &url, "--cookies", path],
        &["record", path, "--", "call", "-", &url],
    ];
    symlink("far/real.json", &link).unwrap();
    for args in rows {
        for before in [Some("{\"schema\":1,\"cookies\":[]}"), None] {
            match before {
                Some(text) => fs::write(&real, text).unwrap(),
                None => fs::remove_file(&real).unwrap(),
            }
            let (code, _, err) = run(args);
            assert_eq!(code, Some(0), "{args:?}: {err}");
            assert!(link.is_symlink(), "{args:?} with {before:?}");
            let now = fs::read_to_string(&real).ok();
            assert!(now.is_some() && now.as_deref() != before, "{args:?} with {before:?}: {now:?}");
            let left =
                [&folder, &folder.join("far")].map(|folder| fs::read_dir(folder).unwrap().count());
            assert_eq!(left, [2, 1], "{args:?} with {before:?}");
        }
    }
    let (out, stdout) = (folder.join("out"), folder.join("stdout"));
    symlink("/proc/self/fd/1", &stdout).unwrap();
    fs::write(&out, "before ").unwrap();
    let file = fs::OpenOptions::new().append(true).open(&out).unwrap();
    let args = ["call", "-", &url, "-o", stdout.to_str().unwrap()];
    assert!(command(&args).stdout(file).status().unwrap().success());
    assert!(stdout.is_symlink());
    assert_eq!(fs::read_to_string(&out).unwrap(), "before [1]");
    fs::remove_dir_all(&folder).unwrap();
}

/// What was answered is told before what could not be kept of it: it may not come a second time.
#[test]
fn an_answer_is_told_though_its_cookies_cannot_be_kept() {
    let server = serve_by(|request, _| {
        let status = if request.contains("/404") { "404 Not Found" } else { "200 OK" };
        reply(status, &["Content-Type: application/json", "Set-Cookie: a=b"], b"[1]")
    });
    let (found, absent) =
        (format!("http://{}/x", server.authority), format!("http://{}/404", server.authority));
    let nowhere = temporary("no-folder").join("cookies.json");
    let kept = ["--cookies", nowhere.to_str().unwrap()];
    let rows: [(&[&str], i32, &str); 5] = [
        (&["call", "-", "POST", &found, "a=1"], 1, "[1]"),
        (&["call", "-", "POST", &absent, "a=1"], 4, "[1]"),
        (&["call", "-", &found, "--format", "json"], 1, "\"body\":[1]"),
        (&["pages", "-", &found, "--items", ""], 1, "1\n"),
        (&["poll", "-", &found, "--until", "status=200"], 1, "[1]"),
    ];
    for (args, expected, told) in rows {
        let (code, out, err) = run(&[args, &kept].concat());
        assert_eq!(code, Some(expected), "{args:?}: {out}{err}");
        assert!(out.contains(told), "{args:?}: {out}{err}");
        assert!(err.contains("cannot write"), "{args:?}: {err}");
        assert!(expected == 1 || err.contains("404 Not Found"), "{args:?}: {err}");
    }
}
