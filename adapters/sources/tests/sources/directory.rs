//! Directories of secrets.

use std::fs;

use http_hook::Secret;
use http_hook_sources::SecretsDir;
use http_hook_sources::blocking::{Source, Sources};

use crate::Folder;

#[test]
fn files_are_connections_and_folders_have_a_file_a_field() {
    let folder = Folder::new();
    folder.write("uri", "http://svc:p%40ss@uri.test/https\n");
    folder.write("json", "{\"host\": \"json.test\", \"port\": 80}\r\n");
    folder.write("AIRFLOW_CONN_VARIABLE", "http://variable.test");
    folder.write("empty", "\n");
    folder.write("fields/host", "fields.test\n");
    folder.write("fields/username", "svc\n");
    folder.write("fields/password", " blanks stay \n");
    folder.write("fields/port", "8443\n");
    folder.write("fields/type", "http");
    folder.write("fields/unknown", "x");
    folder.write("bound/uri", "http://bound.test/https");
    folder.write("broken/port", "canary");
    folder.write("both/login", "a");
    folder.write("both/username", "b");
    folder.write(".hidden", "http://hidden.test");
    let sources = Sources::new().with(SecretsDir::new(folder.path()));
    let host = |id: &str| sources.get(id).map(|found| found.connection().host().map(str::to_owned));
    for id in ["uri", "json", "variable", "fields", "bound"] {
        assert_eq!(host(id).unwrap(), Some(format!("{id}.test")));
    }
    let fields = sources.get("fields").unwrap();
    let fields = fields.connection();
    assert_eq!(fields.password().map(Secret::expose), Some(" blanks stay "));
    assert_eq!(
        (fields.login(), fields.port(), fields.conn_type()),
        (Some("svc"), Some(8443), Some("http"))
    );
    for (id, says) in [
        ("broken", "connection.port"),
        ("both", "both of its names"),
        ("empty", "is not defined"),
        (".hidden", "is not defined"),
    ] {
        let error = host(id).unwrap_err().to_string();
        assert!(error.contains(says) && !error.contains("canary"), "{error}");
    }
    let ids: Vec<String> =
        SecretsDir::new(folder.path()).ids().unwrap().into_iter().map(|one| one.id).collect();
    assert_eq!(ids, ["both", "bound", "broken", "fields", "json", "uri", "variable"]);
}

#[test]
fn an_id_does_not_lead_out_of_the_directory() {
    let folder = Folder::new();
    folder.write("outside", "http://outside.test");
    folder.write("in/side", "http://inside.test");
    let secrets = SecretsDir::new(folder.path().join("in"));
    for id in
        ["../outside", "..", ".", "/etc/passwd", "side/../../outside", "a/b", &"x".repeat(250)]
    {
        assert_eq!(secrets.find(id).unwrap(), None, "{id}");
    }
    let absent = folder.path().join("absent");
    assert!(SecretsDir::new(&absent).find("a").is_err());
    assert_eq!(SecretsDir::new(&absent).optional().find("a").unwrap(), None);
    assert!(SecretsDir::new(folder.path().join("outside")).find("a").is_err());
}

/// Kubernetes mounts links into `..data`, itself a link that is put in place of the last one.
#[cfg(unix)]
#[test]
fn fields_are_of_one_version_while_the_next_is_put_in_place() {
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering};
    let folder = Folder::new();
    let mount = |version: usize| {
        for field in ["host", "login", "password"] {
            folder.write(&format!("c/..{version}/{field}"), &format!("v{version}"));
        }
        let new = folder.path().join("c/..data_tmp");
        symlink(format!("..{version}"), &new).unwrap();
        fs::rename(&new, folder.path().join("c/..data")).unwrap();
    };
    mount(0);
    for field in ["host", "login", "password"] {
        symlink(format!("..data/{field}"), folder.path().join("c").join(field)).unwrap();
    }
    let done = AtomicBool::new(false);
    let secrets = SecretsDir::new(folder.path());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for version in 1..200 {
                mount(version);
                std::thread::sleep(std::time::Duration::from_millis(1));
                fs::remove_dir_all(folder.path().join(format!("c/..{}", version - 1))).unwrap();
            }
            done.store(true, Ordering::Release);
        });
        let mut seen = 0;
        while !done.load(Ordering::Acquire) || seen == 0 {
            let found = secrets.find("c").unwrap().expect("it is always there").into_connection();
            let all = [found.host(), found.login(), found.password().map(Secret::expose)];
            assert!(all.iter().all(|one| *one == all[0]), "{all:?}");
            seen += 1;
        }
    });
}

/// The last version is taken away while its file is being opened: that is no absence.
#[cfg(unix)]
#[test]
fn what_is_mounted_is_there_while_the_next_is_put_in_place() {
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering};

    use http_hook_sources::{ConnectionFile, Env};
    let folder = Folder::new();
    let mount = |version: usize| {
        folder.write(&format!("..{version}/a"), "http://h.test");
        folder.write(&format!("..{version}/a.yaml"), "a: http://h.test");
        folder.write(&format!("..{version}/a.env"), "AIRFLOW_CONN_A=http://h.test");
        symlink(format!("..{version}"), folder.path().join("..data_tmp")).unwrap();
        fs::rename(folder.path().join("..data_tmp"), folder.path().join("..data")).unwrap();
    };
    mount(0);
    for name in ["a", "a.yaml", "a.env"] {
        symlink(format!("..data/{name}"), folder.path().join(name)).unwrap();
    }
    let done = AtomicBool::new(false);
    let sources: [Box<dyn Source>; 3] = [
        Box::new(SecretsDir::new(folder.path())),
        Box::new(ConnectionFile::new(folder.path().join("a.yaml")).optional()),
        Box::new(Env::file(folder.path().join("a.env")).optional()),
    ];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut version = 0;
            while !done.load(Ordering::Acquire) {
                version += 1;
                mount(version);
                fs::remove_dir_all(folder.path().join(format!("..{}", version - 1))).unwrap();
            }
        });
        let mut lost = Vec::new();
        for _ in 0..10_000 {
            for source in &sources {
                let found = source.find("a");
                if !matches!(found, Ok(Some(_))) {
                    lost.push((source.name(), found));
                }
            }
        }
        done.store(true, Ordering::Release);
        assert!(lost.is_empty(), "{lost:?}");
    });
}
