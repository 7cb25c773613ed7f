//! A file of connections that others can read.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use crate::support::{command, parts, reply, serve_by, temporary};

#[test]
fn who_lets_others_read_a_password_is_warned() {
    let server = serve_by(|_, _| reply("405 Not Allowed", &["Allow: GET"], b""));
    let url = format!("http://{}", server.authority);
    let folder = temporary("exposed");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("..2026_01_31")).unwrap();
    let put = |name: &str, text: &str, mode: u32| -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    };
    let password = format!("[a]\nurl = \"{url}\"\nlogin = \"svc\"\npassword = \"marker\"\n");
    let token =
        format!("[a]\nurl = \"{url}\"\n[a.auth]\nscheme = \"bearer\"\ntoken = \"marker\"\n");
    let open = format!("[a]\nurl = \"{url}\"\nlogin = \"svc\"\n[a.headers]\nX-Team = \"sales\"\n");
    let dotenv = format!("AIRFLOW_CONN_A='http://svc:marker@{}'\n", server.authority);
    put("..2026_01_31/conns.toml", &password, 0o644);
    symlink("..2026_01_31", folder.join("..data")).unwrap();
    symlink("..data/conns.toml", folder.join("mounted.toml")).unwrap();
    let rows = [
        // why                                file                                        warned
        ("readable by all", put("all.toml", &password, 0o644), true),
        ("readable by the group", put("group.toml", &password, 0o640), true),
        ("writable by all", put("written.toml", &password, 0o666), true),
        ("a token", put("token.toml", &token, 0o644), true),
        ("variables in a file", put("a.env", &dotenv, 0o644), true),
        ("for the owner alone", put("own.toml", &password, 0o600), false),
        ("read-only", put("read.toml", &password, 0o400), false),
        ("no secret in it", put("open.toml", &open, 0o644), false),
        ("mounted by Kubernetes", folder.join("mounted.toml"), false),
    ];
    for (why, path, is_warned) in rows {
        let path = path.to_str().unwrap();
        // HEAD, then GET: two calls, one warning.
        for args in [&["conn", "test", "a"][..], &["call", "a", "x"]] {
            let args = [args, &["--conn-file", path]].concat();
            let (code, _, err) = parts(&command(&args).output().unwrap());
            assert_eq!(code, Some(4), "{why}: {err}");
            let warning = format!(
                "warning: other users can read {path}, and there is a secret in it: chmod 600 {path}\n"
            );
            assert_eq!(err.matches(&warning).count(), usize::from(is_warned), "{why}: {err}");
            assert_eq!(err.contains("chmod"), is_warned, "{why}: {err}");
            assert!(!err.contains("marker"), "{why}: {err}");
            for quiet in ["-q", "--format=json"] {
                let (_, _, err) = parts(&command(&args).arg(quiet).output().unwrap());
                assert!(!err.contains("chmod"), "{why}: {quiet}: {err}");
            }
        }
    }
    fs::remove_dir_all(&folder).unwrap();
}
