//! A canary in every field of every source: it shows in no message, no `Debug`, and no file but the one it belongs to.

use std::fs;

use http_hook::Connection;
use http_hook_sources::blocking::{Source, Sources};
use http_hook_sources::{ConnectionFile, Env, Form, Masker, SecretsDir};

use crate::Folder;

const CANARY: &str = "c4n4ry-9f";

/// All that a program could print of a source.
fn shown(source: impl Source + std::fmt::Debug + 'static, id: &str) -> String {
    let mut all = vec![format!("{source:?} {source:#?} {}", source.name())];
    let found = source.find(id);
    all.push(format!("{found:?} {found:#?}"));
    if let Err(error) = &found {
        all.push(format!("{error} {error:#}"));
    }
    all.push(format!("{:?}", source.ids()));
    let sources = Sources::new().with(source);
    let told = (sources.get(id), sources.origin(id), sources.list());
    all.push(format!("{sources:?} {told:?}"));
    match sources.hook(id) {
        Ok(builder) => {
            all.push(format!("{builder:?}"));
            // What a hook shows is the core's business: its origin, for one.
            if let Err(error) = builder.build() {
                all.push(format!("{error} {error:?}"));
            }
        }
        Err(error) => all.push(format!("{error} {error:?}")),
    }
    all.join(" ")
}

#[test]
fn no_source_shows_a_value() {
    let fields = [
        "conn_type",
        "description",
        "host",
        "schema",
        "login",
        "password",
        "port",
        "extra",
        "extra_dejson",
        "uri",
        CANARY,
    ];
    let mut values: Vec<String> = Vec::new();
    for field in fields {
        for value in [
            format!("\"{CANARY}\""),
            format!("[\"{CANARY}\"]"),
            format!("{{\"{CANARY}\": \"{CANARY}\"}}"),
            format!("\"{{\\\"{CANARY}\\\": \\\"{CANARY}\\\"}}\""),
        ] {
            values.push(format!("{{\"{field}\": {value}}}"));
        }
    }
    for uri in [
        "x://x:x@x:x/x?x=x#x",
        "x",
        "x://x",
        "http://h:x",
        "http://x:x@h/x?x=x&__extra__=x",
        "http://[x",
        "a://b://c://x",
        "http://h/?__extra__={x",
        "x\n",
    ] {
        values.push(uri.replace('x', CANARY));
    }
    let mut texts = Vec::new();
    for value in &values {
        let quoted = serde_json::to_string(value).unwrap();
        let own = value.replace("conn_type", "type").replace("extra_dejson", "options");
        texts.push((".env", format!("id={value}\n{CANARY}\n")));
        texts.push((".env", format!("id={value}\n")));
        texts.push((".json", format!("{{\"id\": {value}}}")));
        texts.push((".json", format!("{{\"id\": {quoted}}}")));
        texts.push((".yaml", format!("id: {value}\n")));
        texts.push((".yaml", format!("id: {quoted}\n")));
        texts.push((".yaml", format!("http_hook: 1\nid: {own}\n")));
        texts.push((".toml", format!("id = {}\n", own.replace(": ", " = "))));
    }
    let folder = Folder::new();
    // Their names may be shown, the canary is in none of them.
    for (index, (end, text)) in texts.iter().enumerate() {
        let path = folder.write(&format!("f{index}{end}"), text);
        let shown = shown(ConnectionFile::new(&path), "id");
        assert!(!shown.contains(CANARY), "{text}\n{shown}");
    }
    for (index, value) in values.iter().enumerate() {
        let dotenv = folder.write(&format!("e{index}"), &format!("AIRFLOW_CONN_ID='{value}'\n"));
        folder.write(&format!("d{index}/id"), value);
        for field in ["host", "login", "password", "port", "extra", "uri"] {
            folder.write(&format!("d{index}/{field}/{field}"), value);
        }
        let secrets = folder.path().join(format!("d{index}"));
        let mut all = shown(Env::of([("AIRFLOW_CONN_ID", value.as_str())]), "id");
        all += &shown(Env::file(&dotenv), "id");
        for id in ["id", "host", "login", "password", "port", "extra", "uri"] {
            all += &shown(SecretsDir::new(&secrets), id);
        }
        assert!(!all.contains(CANARY), "{value}\n{all}");
    }
}

/// What each column of the table may hold: a text, a connection, JSON, bytes.
#[cfg(feature = "sqlite")]
#[test]
fn no_metastore_shows_a_value() {
    use http_hook_sources::Fernet;
    use http_hook_sources::metastore::Sqlite;
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let columns = [
        "conn_type",
        "description",
        "host",
        "schema",
        "login",
        "password",
        "port",
        "extra",
        "is_encrypted",
        "is_extra_encrypted",
    ];
    let json = format!("'{{\"{CANARY}\": \"{CANARY}\"}}'");
    let (text, blob) = (format!("'{CANARY}'"), format!("CAST('{CANARY}' AS BLOB)"));
    for column in columns {
        for value in [&text, &json, &blob] {
            for flags in [0, 1] {
                let statements = format!(
                    "INSERT INTO connection (conn_id, conn_type, is_encrypted, is_extra_encrypted) VALUES ('id', 'http', {flags}, {flags});\
                     UPDATE connection SET {column} = {value}"
                );
                let (_folder, path) =
                    crate::metastore::database(crate::metastore::TABLE, &statements);
                let keys = Fernet::new(key).unwrap();
                for store in [Sqlite::new(&path), Sqlite::new(&path).keys(keys)] {
                    let rotated = format!("{:?}", store.rotate());
                    let shown = shown(store, "id") + &rotated;
                    assert!(!shown.contains(CANARY), "{column} {value}\n{shown}");
                }
            }
        }
    }
}

/// What a server may have under an id, in both layouts.
#[cfg(feature = "backend")]
#[test]
fn no_server_shows_a_value() {
    use http_hook_mock::{MockTransport, Reply, blocking::connect};
    use http_hook_sources::Vault;
    use http_hook_sources::aws::Aws;
    use serde_json::json;
    let mut stored = vec![json!(CANARY), json!([CANARY]), json!({ CANARY: CANARY })];
    for field in [
        "conn_type",
        "description",
        "host",
        "schema",
        "login",
        "password",
        "port",
        "extra",
        "conn_uri",
    ] {
        for value in [
            json!(CANARY),
            json!([CANARY]),
            json!({ CANARY: CANARY }),
            json!(format!("a://{CANARY}:{CANARY}@h:{CANARY}")),
        ] {
            stored.push(json!({ field: value }));
        }
    }
    for value in stored {
        let server = |body: serde_json::Value| {
            let script = MockTransport::new([Reply::json(200, body.to_string()).always()]);
            connect("https://store.test", script).unwrap()
        };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut all =
            shown(Vault::new(server(json!({"data": {"data": value}}))).token(CANARY), "id");
        all += &shown(Vault::new(server(json!({"data": value}))).version_1(), "id");
        all += &shown(Aws::secrets_manager(server(json!({"SecretString": text}))), "id");
        all += &shown(Aws::ssm(server(json!({"Parameter": {"Value": text}}))), "id");
        assert!(!all.contains(CANARY), "{value}\n{all}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_written_stands_nowhere_else() {
    use std::os::unix::fs::PermissionsExt;
    let connection = Connection::new().with_host("h").with_password(CANARY);
    for form in ["json", "yaml", "env", "toml"] {
        let folder = Folder::new();
        let path = folder.path().join(format!("c.{form}"));
        let file = ConnectionFile::new(&path);
        file.set("a", &connection).unwrap();
        file.set("b", &connection).unwrap();
        // A folder in its place: it cannot be replaced, and nothing is left behind.
        let taken = folder.path().join(format!("taken.{form}"));
        fs::create_dir_all(taken.join("x")).unwrap();
        let error =
            Form::of_path(&taken).unwrap().write_file(&taken, [("a", &connection)]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(CANARY));
        let entries: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(entries.len(), 2, "{entries:?}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(fs::read_to_string(&path).unwrap().contains(CANARY));
    }
}

#[test]
fn a_masked_text_has_the_secret_in_none_of_its_forms() {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let secret = "p/ä\"ss wörd+\\1";
    let connection = Connection::new()
        .with_login("svc")
        .with_password(secret)
        .with_extra(format!(r#"{{"x-api-key": "{CANARY}", "other": "plain-text"}}"#));
    let hides = Masker::new().connection(&connection);
    let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let forms = [
        secret.to_owned(),
        encoded.replace('+', "%20"),
        connection.to_uri().expose().to_owned(),
        encoded,
        serde_json::to_string(secret).unwrap(),
        connection.to_json().expose().to_owned(),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        STANDARD.encode(format!("svc:{secret}")),
        STANDARD.encode(format!("a:{secret}:b")),
        STANDARD.encode(format!("ab:{secret}")),
        format!("{CANARY}{CANARY}"),
    ];
    for form in &forms {
        let text = format!("before {form} after");
        let masked = hides.text(&text);
        assert!(masked.contains("***"), "{form}");
        assert!(masked.starts_with("before ") && masked.ends_with(" after"), "{masked}");
        assert!(
            !masked.contains(CANARY) && !masked.contains("rd%2B") && !masked.contains("ss w"),
            "{masked}"
        );
        assert_eq!(hides.text(&masked), masked, "a second time changes nothing");
    }
    assert_eq!(hides.text("plain-text"), "plain-text");
    let overlapping = Masker::new().secret("abcdefgh").secret("efghijkl");
    assert_eq!(overlapping.text("-abcdefghijkl-"), "-***-");
    assert!(!format!("{hides:?}").contains(CANARY));
}
