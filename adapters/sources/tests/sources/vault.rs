//! Vault, over a scripted server.

use http_hook::{Connection, Secret};
use http_hook_mock::blocking::connect;
use http_hook_mock::{MockTransport, Reply};
use http_hook_sources::blocking::{Source, Sources};
use http_hook_sources::{SourceErrorKind as Kind, Vault};

const KV2: &str = r#"{"data": {"data": {"conn_type": "http", "host": "api.test", "port": "8443", "extra": {"X-Team": "sales"}}, "metadata": {}}}"#;

fn server(replies: impl IntoIterator<Item = Reply>) -> MockTransport {
    MockTransport::new(replies)
}

#[test]
fn both_versions_are_read_in_airflows_layout() {
    let kv1 = r#"{"data": {"conn_uri": "http://svc:secret@api.test/https", "other": 5}}"#;
    let script = server([
        Reply::json(200, KV2).on("GET", "/v1/secret/data/connections/sales"),
        Reply::json(200, kv1).on("GET", "/v1/kv/airflow/conns/a%20b/c"),
    ]);
    let hook = |script: &MockTransport| connect("https://vault.test", script).unwrap();
    let two = Vault::new(hook(&script)).token("s.canary").namespace("ns");
    let found = two.find("sales").unwrap().unwrap().into_connection();
    assert_eq!((found.host(), found.port()), (Some("api.test"), Some(8443)));
    assert_eq!(found.extra().map(Secret::expose), Some(r#"{"X-Team": "sales"}"#));
    let one =
        Vault::new(hook(&script)).token("s.canary").mount("kv").path("airflow/conns").version_1();
    assert_eq!(one.find("a b/c").unwrap().unwrap().connection().login(), Some("svc"));
    script.assert_done();
    let received = script.received();
    assert_eq!(received[0].header("x-vault-token"), Some("s.canary"));
    assert_eq!(received[0].header("x-vault-namespace"), Some("ns"));
    assert!(!format!("{two:?} {one:?}").contains("canary"));
    assert_eq!(two.find("../../sys/seal").unwrap(), None, "no id leads elsewhere");
}

#[test]
fn an_answer_is_the_value_or_an_error_that_shows_nothing() {
    #[rustfmt::skip]
    let rows = [
        // why              status  body                                                                        kind; none: not there
        ("not there",       404,    r#"{"errors": []}"#,                                                        None),
        ("deleted",         404,    r#"{"data": {"data": null, "metadata": {"deletion_time": "x"}}}"#,          None),
        ("no such mount",   404,    r#"{"errors": ["no handler for route canary"]}"#,                           Some(Kind::Unsupported)),
        ("other version",   404,    r#"{"warnings": ["Invalid path for a versioned K/V canary"]}"#,             Some(Kind::Unsupported)),
        ("not Vault",       404,    "<html>canary</html>",                                                      Some(Kind::Unsupported)),
        ("a gateway",       404,    r#"{"message": "no Route matched with those values canary"}"#,              Some(Kind::Unsupported)),
        ("a framework",     404,    r#"{"detail": "Not Found canary"}"#,                                        Some(Kind::Unsupported)),
        ("nothing",         404,    "{}",                                                                       Some(Kind::Unsupported)),
        ("null",            404,    "null",                                                                     Some(Kind::Unsupported)),
        ("a list",          404,    "[]",                                                                       Some(Kind::Unsupported)),
        ("a text",          404,    r#""canary""#,                                                              Some(Kind::Unsupported)),
        ("errors as text",  404,    r#"{"errors": "canary"}"#,                                                  Some(Kind::Unsupported)),
        ("errors by name",  404,    r#"{"errors": {"canary": 1}}"#,                                             Some(Kind::Unsupported)),
        ("null alone",      404,    r#"{"data": {"data": null}}"#,                                              Some(Kind::Unsupported)),
        ("null, 200",       200,    r#"{"data": {"data": null}}"#,                                              Some(Kind::Malformed)),
        ("deleted, 200",    200,    r#"{"data": {"data": null, "metadata": {"deletion_time": "x"}}}"#,          None),
        ("no fields",       200,    r#"{"data": {"data": {}, "metadata": {}}}"#,                                Some(Kind::Malformed)),
        ("no value",        200,    r#"{"data": {"data": {"conn_uri": null, "host": "canary"}}}"#,              Some(Kind::Malformed)),
        ("empty",           200,    r#"{"data": {"data": {"conn_uri": ""}}}"#,                                  Some(Kind::Malformed)),
        ("null fields",     200,    r#"{"data": {"data": {"host": null}}}"#,                                    Some(Kind::Malformed)),
        ("wrong token",     403,    r#"{"errors": ["canary"]}"#,                                                Some(Kind::Denied)),
        ("sealed",          503,    r#"{"errors": ["Vault is sealed canary"]}"#,                                Some(Kind::Unavailable)),
        ("broken",          500,    r#"{"errors": ["canary"]}"#,                                                Some(Kind::Unavailable)),
        ("version 1",       200,    r#"{"data": {"host": "canary"}}"#,                                          Some(Kind::Malformed)),
        ("not JSON",        200,    "canary",                                                                   Some(Kind::Malformed)),
        ("no connection",   200,    r#"{"data": {"data": {"canary": "canary"}}}"#,                              Some(Kind::Malformed)),
        ("no URI",          200,    r#"{"data": {"data": {"conn_uri": "http://h:canary"}}}"#,                   Some(Kind::Malformed)),
    ];
    for (why, status, body, expected) in rows {
        let script = server([Reply::json(status, body).always()]);
        let sources = Sources::new()
            .with(Vault::new(connect("https://vault.test", script).unwrap()).token("t"));
        match (sources.find("sales"), expected) {
            (Ok(None), None) => {}
            (Err(error), Some(kind)) => {
                assert_eq!(error.kind(), kind, "{why}: {error}");
                let told = format!("{error} {error:?}");
                assert!(
                    told.contains("vault https://vault.test") && told.contains("`sales`"),
                    "{why}: {told}"
                );
                assert!(!told.contains("canary"), "{why}: {told}");
            }
            (got, _) => panic!("{why}: {got:?}"),
        }
    }
    let script = server([Reply::refused()]);
    let error =
        Vault::new(connect("https://vault.test", script).unwrap()).find("sales").unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
}

/// What asks a server something, and its error.
type Asks = fn(Vault<http_hook_mock::blocking::HttpHook>) -> Option<http_hook_sources::SourceError>;

fn secret() -> Connection {
    Connection::new().with_host("h").with_password("canary")
}

#[test]
fn no_redirect_is_followed_and_none_is_an_answer() {
    let elsewhere = |status| Reply::status(status).header("location", "https://evil.test/steal");
    let login = r#"{"auth": {"client_token": "t1", "lease_duration": 3600}}"#;
    for status in [300, 301, 302, 303, 307, 308] {
        // What is behind it would be believed.
        let script = || {
            let ends = [Reply::json(200, login), Reply::json(200, KV2), Reply::json(404, "{}")];
            server([vec![elsewhere(status)], ends.to_vec()].concat())
        };
        let asks: [(&str, Asks); 4] = [
            ("a login", |vault| vault.app_role("role", "canary").find("sales").err()),
            ("a look-up", |vault| vault.token("canary").find("sales").err()),
            ("a list", |vault| vault.token("canary").ids().err()),
            ("a put", |vault| vault.token("canary").put("sales", &secret()).err()),
        ];
        for (what, ask) in asks {
            let script = script();
            let error = ask(Vault::new(connect("https://vault.test", &script).unwrap()));
            let error = error.unwrap_or_else(|| panic!("{what} {status}"));
            assert_eq!(error.kind(), Kind::Unavailable, "{what} {status}");
            assert_eq!(script.received().len(), 1, "{what} {status}");
        }
        let vault = Vault::new(connect("https://vault.test", script()).unwrap());
        let error = Sources::new().with(vault).find("sales").unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "vault https://vault.test: connection `sales`: the server answers {status}, which leads elsewhere"
            )
        );
    }
}

#[test]
fn stray_slashes_and_an_empty_path_are_one_place_and_no_absence() {
    #[rustfmt::skip]
    let rows = [
        ("secret",   "connections/",   "/v1/secret/data/connections/sales"),
        ("/secret",  "/connections",   "/v1/secret/data/connections/sales"),
        ("secret//", "//connections/", "/v1/secret/data/connections/sales"),
        ("a/b/",     "",               "/v1/a/b/data/sales"),
        ("secret",   "/",              "/v1/secret/data/sales"),
    ];
    for (mount, path, asked) in rows {
        let script = server([Reply::json(200, KV2).on("GET", asked), Reply::json(503, "{}")]);
        let vault = Vault::new(connect("https://vault.test", &script).unwrap()).token("t");
        let vault = vault.mount(mount).path(path);
        let place = vault.find("sales").unwrap().unwrap().place().to_owned();
        assert_eq!(place, format!("vault https://vault.test {}", asked[4..].replace("data/", "")));
        let error = vault.find("sales").unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable, "{mount:?} {path:?}");
    }
    for (mount, path) in [("", "connections"), ("a//b", "c"), ("..", "c"), ("secret", "a/../b")] {
        let vault = Vault::new(connect("https://vault.test", server([])).unwrap()).token("t");
        let vault = vault.mount(mount).path(path);
        for error in [vault.find("sales").unwrap_err(), vault.ids().unwrap_err()] {
            assert_eq!(error.kind(), Kind::Unsupported, "{mount:?} {path:?}");
        }
    }
    let script = server([Reply::json(503, "{}")]);
    let vault = Vault::new(connect("https://vault.test", &script).unwrap());
    let _ = vault.app_role("r", "s").auth_mount("/approle/").find("sales");
    assert_eq!(script.received()[0].target(), "/v1/auth/approle/login");
}

#[test]
fn a_role_logs_in_once_and_again_when_its_token_is_refused() {
    let login = |token: &str| {
        let text = format!(r#"{{"auth": {{"client_token": "{token}", "lease_duration": 3600}}}}"#);
        Reply::json(200, text).on("POST", "/v1/auth/approle/login")
    };
    let get = |status, body: &'static str| {
        Reply::json(status, body).on("GET", "/v1/secret/data/connections/sales")
    };
    let script = server([
        login("t1"),
        get(200, KV2),
        get(200, KV2),
        get(403, "{}"),
        login("t2"),
        get(200, KV2),
    ]);
    let vault =
        Vault::new(connect("https://vault.test", &script).unwrap()).app_role("role", "canary");
    for _ in 0..3 {
        assert!(vault.find("sales").unwrap().is_some());
    }
    script.assert_done();
    let tokens: Vec<_> = script
        .received()
        .iter()
        .filter_map(|one| one.header("x-vault-token").map(str::to_owned))
        .collect();
    assert_eq!(tokens, ["t1", "t1", "t1", "t2"]);
    assert_eq!(script.received()[0].text(), r#"{"role_id": "role", "secret_id": "canary"}"#);

    let script = server([Reply::json(400, r#"{"errors": ["invalid role canary"]}"#)]);
    let vault =
        Vault::new(connect("https://vault.test", &script).unwrap()).app_role("role", "canary");
    let error = vault.find("sales").unwrap_err();
    assert!(error.kind() == Kind::Denied && !error.to_string().contains("canary"), "{error}");
}

#[test]
fn ids_are_listed_where_that_is_permitted_and_connections_stored() {
    let script = server([
        Reply::json(200, r#"{"data": {"keys": ["sales", "folder/"]}}"#)
            .on("GET", "/v1/secret/metadata/connections?list=true"),
        Reply::status(403),
        Reply::json(200, "{}").on("POST", "/v1/secret/data/connections/sales").times(2),
    ]);
    let vault = Vault::new(connect("https://vault.test", &script).unwrap()).token("t");
    let ids: Vec<_> = vault.ids().unwrap().into_iter().map(|one| one.id).collect();
    assert_eq!(ids, ["sales"]);
    assert!(vault.ids().unwrap().is_empty());
    vault.put("sales", &Connection::new().with_host("h").with_extra(r#"{"a": 1}"#)).unwrap();
    assert_eq!(script.received()[2].text(), r#"{"data": {"host": "h", "extra": "{\"a\": 1}"}}"#);
    let sources = Sources::new().with(vault);
    sources.put(&[("sales", &Connection::new().with_host("i"))]).unwrap();
    assert_eq!(script.received()[3].text(), r#"{"data": {"host": "i"}}"#);
    assert_eq!(sources.remove("sales").unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(sources.rotate().unwrap(), None);
    script.assert_done();
}

#[test]
fn the_async_face_asks_the_same() {
    use http_hook_sources::{Source as _, Sources};
    let script = server([Reply::json(200, KV2).times(2)]);
    let vault =
        Vault::new(http_hook_mock::connect("https://vault.test", &script).unwrap()).token("t");
    let sources = pollster::block_on(async {
        assert!(vault.find("sales").await.unwrap().is_some());
        Sources::new().with(vault).get("sales").await
    });
    assert_eq!(sources.unwrap().connection().host(), Some("api.test"));
}
