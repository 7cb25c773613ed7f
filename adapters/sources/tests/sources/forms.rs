//! Writing: every form is read as what was written, and a change leaves all else as it was.

use std::fs;

use http_hook::{Connection, Secret};
use http_hook_sources::blocking::Source;
use http_hook_sources::{ConnectionFile, Form};
use proptest::prelude::*;

use crate::Folder;

const ALL: [Form; 6] = [Form::Json, Form::Yaml, Form::Env, Form::DotEnv, Form::Toml, Form::OwnYaml];

/// Texts with what any of the forms could trip over.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9 ._-]{0,12}",
        "[\\PC]{0,8}",
        prop::sample::select(vec![
            "yes",
            "null",
            "5",
            "1e5",
            "010",
            "true",
            "~",
            "{}",
            "",
            "'",
            "\"",
            "a: b",
            "# c",
            "\\",
            "\n",
            "\r\n",
            "\u{85}\u{2028}",
            "\u{1f600}",
            "$HOME",
            "%41",
            "a=b&c",
            "<<",
            "- x",
            "1:30",
            "\t"
        ])
        .prop_map(str::to_owned),
    ]
}

fn leaf() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-1.0e6..1.0e6f64).prop_map(Into::into),
        text().prop_map(Into::into),
    ]
}

fn extra() -> impl Strategy<Value = Option<String>> {
    let name = prop_oneof![
        text(),
        prop::sample::select(vec!["timeout", "verify", "X-Team", "http_hook", "headers", "auth"])
            .prop_map(str::to_owned),
    ];
    let value = leaf().prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(text(), inner, 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    });
    let object = prop::collection::btree_map(name, value, 0..5).prop_map(|members| {
        Some(serde_json::Value::Object(members.into_iter().collect()).to_string())
    });
    prop_oneof![1 => Just(None), 4 => object]
}

prop_compose! {
    fn connection()(
        texts in prop::collection::vec(prop::option::of(text()), 6),
        port in prop::option::of(any::<u16>()),
        extra in extra(),
    ) -> Connection {
        let mut made = Connection::new();
        let [kind, description, host, schema, login, password] = texts.try_into().expect("six");
        if let Some(text) = kind { made = made.with_conn_type(text); }
        if let Some(text) = description { made = made.with_description(text); }
        if let Some(text) = host { made = made.with_host(text); }
        if let Some(text) = schema { made = made.with_schema(text); }
        if let Some(text) = login { made = made.with_login(text); }
        if let Some(text) = password { made = made.with_password(text); }
        if let Some(port) = port { made = made.with_port(port); }
        if let Some(extra) = extra { made = made.with_extra(extra); }
        made
    }
}

/// Fields but the extra, and the extra as JSON where a form keeps no more of it.
fn fields(connection: &Connection, exact: bool) -> (Vec<Option<String>>, Option<i64>) {
    let text = |value: Option<&str>| value.map(str::to_owned);
    let extra = connection.extra().map(Secret::expose);
    let extra = match extra.map(serde_json::from_str::<serde_json::Value>) {
        Some(Ok(value)) if !exact => Some(sorted(&value).to_string()),
        _ => text(extra),
    };
    let fields = vec![
        text(connection.conn_type()),
        text(connection.description()),
        text(connection.host()),
        text(connection.schema()),
        text(connection.login()),
        text(connection.password().map(Secret::expose)),
        extra,
    ];
    (fields, connection.port())
}

/// Fields as variables tell them: an empty text is none, and a host is in lower case.
fn told(connection: &Connection) -> (Vec<Option<String>>, Option<i64>) {
    let (mut all, port) = fields(connection, false);
    for field in &mut all {
        field.take_if(|text| text.is_empty());
    }
    all[2] = all[2].take().map(|host| host.to_lowercase());
    (all, port)
}

fn sorted(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(members) => {
            let mut members: Vec<_> =
                members.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            serde_json::Value::Object(members.into_iter().collect())
        }
        serde_json::Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(one in connection(), other in connection()) {
        for form in [Form::Json, Form::Yaml, Form::Toml, Form::OwnYaml] {
            let all = [("one", &one), ("o.t/her", &other)];
            let text = form.write(all).expect("a form that holds everything");
            let read = form.read(text.expose()).unwrap_or_else(|error| panic!("{form}: {error}\n{}", text.expose()));
            prop_assert_eq!(read.len(), 2);
            for ((id, written), read) in all.iter().zip(&read) {
                let exact = matches!(form, Form::Json | Form::Yaml);
                let read = read.connection();
                prop_assert_eq!(read.id(), Some(*id));
                prop_assert_eq!(fields(read, exact), fields(written, exact), "{}:\n{}", form, text.expose());
            }
        }
    }

    /// A URI holds less; what it is read as, is written and read as the same from then on.
    #[test]
    fn what_a_uri_holds_is_read(one in connection()) {
        for form in [Form::Env, Form::DotEnv] {
            // A host or type that cannot be in a URI is refused by the core or by the form.
            let Ok(text) = form.write([("one", &one)]) else { continue };
            let Ok(read) = form.read(text.expose()) else { continue };
            let Some(read) = read.first() else { continue };
            let again = form.write([("one", read.connection())]).expect("it is read");
            let again = form.read(again.expose()).expect("it is written");
            prop_assert_eq!(told(again[0].connection()), told(read.connection()), "{}", form);
        }
    }

    #[test]
    fn a_change_leaves_all_else_as_it_is(one in connection(), other in connection()) {
        for (name, form) in [("c.json", Form::Json), ("c.yaml", Form::Yaml), ("c.toml", Form::Toml), ("o.yaml", Form::OwnYaml)] {
            let folder = Folder::new();
            let before = Connection::new().with_host("before.test");
            let text = form.write([("a", &before), ("b", &one), ("c", &before)]).unwrap();
            let file = ConnectionFile::new(folder.write(name, text.expose()));
            file.set("b", &other).unwrap();
            file.set("d", &one).unwrap();
            file.remove("a").unwrap();
            let all = file.all().unwrap();
            let ids: Vec<_> = all.iter().map(|found| found.connection().id().unwrap()).collect();
            prop_assert_eq!(ids, ["b", "c", "d"], "{}", form);
            prop_assert_eq!(fields(all[0].connection(), false), fields(&other, false), "{}", form);
            prop_assert_eq!(fields(all[2].connection(), false), fields(&one, false), "{}", form);
        }
    }
}

/// YAML knows a name by the colon behind it only where that stands near enough.
#[test]
fn a_name_of_any_length_is_read_again() {
    for name in ["n".repeat(1_022), "n".repeat(1_024), "n".repeat(1_025), "\u{8}".repeat(180)] {
        let extra = serde_json::json!({ &name: { &name: 1 }, "http_hook": { "options": {} } });
        let written = Connection::new().with_conn_type("http").with_extra(extra.to_string());
        for form in ALL {
            let text = form.write([("sales", &written)]).unwrap();
            let read = form.read(text.expose());
            let read = read.unwrap_or_else(|error| panic!("{form}, {}: {error}", name.len()));
            let (read, written) = (fields(read[0].connection(), false), fields(&written, false));
            assert_eq!(read.0.last(), written.0.last(), "{form}");
        }
    }
}

#[test]
fn what_a_uri_would_misplace_is_refused() {
    let untyped = Connection::new().with_host("https://api.test").with_password("open sesame");
    let error = Form::Env.write([("orders", &untyped)]).unwrap_err().to_string();
    assert!(error.contains("`orders`: it cannot be a URI as it is"), "{error}");
    for form in [Form::Env, Form::DotEnv] {
        let typed = untyped.clone().with_conn_type("http");
        let text = form.write([("orders", &typed)]).unwrap();
        let read = form.read(text.expose()).unwrap();
        assert_eq!(read[0].connection().password(), untyped.password(), "{form}");
        assert_eq!(read[0].connection().host(), untyped.host(), "{form}");
    }
}

#[test]
fn comments_stay() {
    let sales = Connection::new().with_host("new.test");
    let rows = [
        (
            "c.yaml",
            "# top\nA: http://a # of A\n\n# of sales\nsales:\n  host: old.test # old\n  login: x\n# of B\nB: http://b\n# end\n",
            "# top\nA: http://a # of A\n\n# of sales\nsales:\n  host: new.test # old\n# of B\nB: http://b\n# end\n",
            "# top\nA: http://a # of A\n\n# of sales\n# of B\nB: http://b\n# end\n",
        ),
        (
            "c.env",
            "# top\nA=http://a\nsales=http://old.test\n# end\nB=http://b",
            "# top\nA=http://a\nsales=//new.test\n# end\nB=http://b",
            "# top\nA=http://a\n# end\nB=http://b",
        ),
        (
            "c.toml",
            "# top\n[A]\nhost = \"a\" # of A\n\n# of sales\n[sales]\nhost = \"old.test\" # mine\nlogin = \"x\"\n\n[B]\nhost = \"b\"\n",
            "# top\n[A]\nhost = \"a\" # of A\n\n# of sales\n[sales]\nhost = \"new.test\" # mine\n\n[B]\nhost = \"b\"\n",
            "# top\n[A]\nhost = \"a\" # of A\n\n# of sales\n\n[B]\nhost = \"b\"\n",
        ),
    ];
    for (name, before, set, removed) in rows {
        let folder = Folder::new();
        let path = folder.write(name, before);
        let file = ConnectionFile::new(&path);
        file.set("sales", &sales).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), set, "{name}");
        assert!(file.remove("sales").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), removed, "{name}");
        assert!(!file.remove("sales").unwrap());
    }
}

#[test]
fn a_file_that_cannot_be_changed_in_one_place_is_left_as_it_is() {
    let rows = [
        ("flow", "c.yaml", "{A: http://a, sales: http://b}\n"),
        ("an anchor that others use", "c.yaml", "sales: &x {host: h}\nA: *x\n"),
        ("broken", "c.json", "{"),
        ("broken", "c.toml", "["),
    ];
    for (why, name, text) in rows {
        let folder = Folder::new();
        let path = folder.write(name, text);
        let error = ConnectionFile::new(&path)
            .set("sales", &Connection::new().with_host("n"))
            .expect_err(why);
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "{why}: {error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{why}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_is_its_owners_alone_and_a_link_stays_one() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new();
    let path = folder.write("real.json", "{}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let link = folder.path().join("link.json");
    symlink("real.json", &link).unwrap();
    ConnectionFile::new(&link).set("a", &Connection::new().with_host("h")).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(ConnectionFile::new(&path).find("a").unwrap().is_some());
    let new = folder.path().join("new.toml");
    Form::Toml.write_file(&new, [("a", &Connection::new())]).unwrap();
    assert_eq!(fs::metadata(&new).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_form_is_known_by_its_name() {
    for form in ALL {
        assert_eq!(form.to_string().parse::<Form>().unwrap(), form);
    }
    assert!("ini".parse::<Form>().is_err());
}
