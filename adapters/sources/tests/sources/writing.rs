//! What is written: nothing is lost without a word, comments stay, and many are written as one.

use std::fs;

use http_hook::{Connection, Secret};
use http_hook_sources::blocking::{Source as _, Sources};
use http_hook_sources::{ConnectionFile, Form, SourceErrorKind as Kind};

use crate::Folder;

fn http() -> Connection {
    Connection::new().with_conn_type("http").with_host("api.test")
}

#[test]
fn what_a_form_cannot_hold_is_refused_and_the_file_stays() {
    let odd = http().with_extra("not json");
    for form in [Form::Json, Form::Yaml] {
        let error = form.write([("sales", &odd)]).unwrap_err();
        assert_eq!((error.kind(), error.id()), (Kind::Unsupported, Some("sales")), "{form}");
        assert!(error.says().contains("extra is no JSON object"), "{error}");
    }
    let folder = Folder::new();
    for (name, text) in
        [("c.json", "{}\n"), ("c.yaml", "A: http://a\n"), ("own.yaml", "http_hook: 1\n")]
    {
        let path = folder.write(name, text);
        let set = ConnectionFile::new(&path).set("sales", &odd);
        if name == "own.yaml" {
            set.unwrap();
            let found = ConnectionFile::new(&path).find("sales").unwrap().unwrap();
            assert_eq!(found.connection().extra().map(Secret::expose), Some("not json"));
        } else {
            assert_eq!(set.unwrap_err().id(), Some("sales"), "{name}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text, "{name}");
        }
    }
    let error = Form::Env.write([("sales", &http().with_description("who sells"))]).unwrap_err();
    assert!(error.says().contains("its description has no place in a URI"), "{error}");
    assert!(Form::Env.write([("sales", &http().with_description(""))]).is_ok());
}

#[test]
fn a_variable_holds_what_a_uri_cannot() {
    #[rustfmt::skip]
    let rows = [
        http().with_description("who's \"selling\"\n\\ ${HOME} `x`"),
        http().with_extra(r#"{"__extra__": "x"}"#),
        http().with_extra("it's not json"),
        Connection::new().with_conn_type("HTTP").with_host("h"),
        Connection::new().with_host("https://api.test").with_password("it's open"),
        http(),
    ];
    for written in rows {
        let text = Form::DotEnv.write([("sales", &written)]).unwrap();
        assert_eq!(text.expose().lines().count(), 1);
        let read = Form::DotEnv.read(text.expose()).unwrap();
        let read = read[0].connection();
        assert_eq!(read.description(), written.description());
        assert_eq!(read.conn_type(), written.conn_type());
        assert_eq!(read.host(), written.host());
        assert_eq!(read.password(), written.password());
        assert_eq!(read.extra(), written.extra());
        // No shell sees an end of its quotes in it.
        let inner =
            text.expose().trim_end().split_once("='").unwrap().1.strip_suffix('\'').unwrap();
        assert!(!inner.contains('\''));
    }
}

/// What is done with the connection `sales` of a file.
type Change = fn(&ConnectionFile, &Connection);

#[test]
fn comments_stay_in_what_is_changed_and_above_what_goes() {
    let new = || http().with_host("new.test").with_port(81);
    let set: Change = |file, new| file.set("sales", new).unwrap();
    let remove: Change = |file, _| assert!(file.remove("sales").unwrap());
    #[rustfmt::skip]
    let rows = [
        ("c.yaml", set,
            "sales: # who sells\n  # its type\n  conn_type: http # as ever\n  host: old.test   # for now\n\n  # the old login\n  login: x # gone\n  # that is all\n# of B\nB: http://b # c\n",
            "sales: # who sells\n  # its type\n  conn_type: http # as ever\n  host: new.test   # for now\n\n  # the old login\n  port: 81\n  # that is all\n# of B\nB: http://b # c\n"),
        ("c.yaml", set, "sales: http://old.test # who sells\nB: http://b\n",
            "sales: # who sells\n  conn_type: http\n  host: new.test\n  port: 81\nB: http://b\n"),
        ("c.yaml", set, "sales: {host: \"a # b\"} # who sells",
            "sales: # who sells\n  conn_type: http\n  host: new.test\n  port: 81\n"),
        ("c.yaml", set, "sales: [{host: 'a '' # b', login: \"é # \\\" # x\"}]\t # who # sells",
            "sales:\t # who # sells\n  conn_type: http\n  host: new.test\n  port: 81\n"),
        ("c.yaml", set, "sales: {host} # who", "sales: # who\n  conn_type: http\n  host: new.test\n  port: 81\n"),
        ("c.yaml", set, "sales: &x !!str \"http://a# b\"  # who", "sales:  # who\n  conn_type: http\n  host: new.test\n  port: 81\n"),
        ("c.yaml", set, "\"é # é\": http://a # é\nsales: http://old.test/é#é  # é\n",
            "\"é # é\": http://a # é\nsales:  # é\n  conn_type: http\n  host: new.test\n  port: 81\n"),
        ("c.toml", set, "sales = {host = \"old.test\"} # who sells\nB = {host = \"b\"}\n",
            "sales = { type = \"http\", host = \"new.test\", port = 81 } # who sells\nB = {host = \"b\"}\n"),
        ("c.toml", remove, "# Kept by ops. Do not copy elsewhere.\n\n# who sells\n[sales]\nhost = \"h\" # h\n\n# of B\n[B]\nhost = \"b\"\n",
            "# Kept by ops. Do not copy elsewhere.\n\n# who sells\n\n# of B\n[B]\nhost = \"b\"\n"),
        ("c.toml", remove, "# top\n[sales]\nhost = \"h\"\n[sales.options]\ntimeout = 3\n# end\n", "# top\n# end\n"),
        ("c.toml", remove, "# top\n[sales.options]\ntimeout = 3\n[B]\nhost = \"b\"\n", "# top\n[B]\nhost = \"b\"\n"),
        ("c.toml", remove, "# top\nsales = {host = \"h\"} # s\n# of A\nA = {host = \"a\"}\n\n[B]\nhost = \"b\"\n",
            "# top\n# of A\nA = {host = \"a\"}\n\n[B]\nhost = \"b\"\n"),
        ("c.toml", remove, "# top\nsales = {host = \"h\"}\n[B]\nhost = \"b\"\n", "# top\n[B]\nhost = \"b\"\n"),
    ];
    for (name, change, before, after) in rows {
        let folder = Folder::new();
        let path = folder.write(name, before);
        change(&ConnectionFile::new(&path), &new());
        assert_eq!(fs::read_to_string(&path).unwrap(), after, "{before}");
    }
    // Where they cannot, nothing is changed.
    let folder = Folder::new();
    for text in
        ["sales: { # who sells\n  host: a }\n", "sales: &x # who\n  # sells\n  host: h\nB: *x\n"]
    {
        let path = folder.write("c.yaml", text);
        let error = ConnectionFile::new(&path).set("sales", &new()).unwrap_err();
        assert_eq!((error.kind(), error.id()), (Kind::Unsupported, Some("sales")));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn many_are_stored_as_one_or_not_at_all() {
    let half = "a: http://a\nb: &x {host: h}\nc: *x\n";
    let rows = [
        ("c.yaml", half),
        ("c.json", "{\"b\": 1}"),
        ("c.toml", "b = 1\n"),
        ("c.env", "b=http://b\n"),
    ];
    for (name, before) in rows {
        let folder = Folder::new();
        let path = folder.write(name, before);
        let sources = Sources::new().with(ConnectionFile::new(&path));
        let (good, odd) = (http(), http().with_extra("{"));
        let wrong: &[(&str, &Connection)] = match name {
            "c.yaml" => &[("new1", &good), ("b", &good)],
            "c.json" => &[("new1", &good), ("new2", &odd)],
            "c.env" => &[("new1", &good), ("new=2", &good)],
            _ => &[("new1", &good), ("http_hook", &good)],
        };
        assert!(sources.put(wrong).is_err(), "{name}");
        assert!(sources.put(&[("new1", &good), ("new1", &good)]).is_err(), "{name}");
        assert_eq!(fs::read_to_string(&path).unwrap(), before, "{name}");
        sources.put(&[("new2", &good), ("new1", &good)]).unwrap();
        for id in ["new1", "new2"] {
            assert_eq!(sources.get(id).unwrap().connection().host(), Some("api.test"), "{name}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_link_stays_one_wherever_it_leads() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("real")).unwrap();
    fs::create_dir(at("dots")).unwrap();
    symlink("../real/c.toml", at("dots/second")).unwrap();
    symlink(at("dots/second"), at("first.toml")).unwrap();
    let file = ConnectionFile::new(at("first.toml")).optional();
    for host in ["new", "old"] {
        file.set("a", &Connection::new().with_host(host)).unwrap();
        for link in ["first.toml", "dots/second"] {
            assert!(fs::symlink_metadata(at(link)).unwrap().is_symlink(), "{link}");
        }
        let names = |name| fs::read_dir(at(name)).unwrap().count();
        assert_eq!((names("real"), names("dots")), (1, 1));
        assert!(fs::read_to_string(at("real/c.toml")).unwrap().contains(host));
    }
    symlink("loop.toml", at("loop.toml")).unwrap();
    let error = ConnectionFile::new(at("loop.toml")).set("a", &Connection::new()).unwrap_err();
    assert_eq!(error.kind(), Kind::Io);
}
