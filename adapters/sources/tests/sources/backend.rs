//! The backend that an installation of Airflow names.

use http_hook_mock::blocking::from_hook;
use http_hook_mock::{MockTransport, Reply};
use http_hook_sources::blocking::{Source, Sources};
use http_hook_sources::{Backend, SourceErrorKind as Kind};

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const MANAGER: &str = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend";

#[test]
fn a_vault_is_asked_as_it_is_told() {
    let value = r#"{"data": {"data": {"conn_uri": "http://u:p@h/https"}, "conn_uri": "http://u:p@h/https"}}"#;
    let login = r#"{"auth": {"client_token": "by-role", "lease_duration": 60}}"#;
    #[rustfmt::skip]
    let rows = [
        ("by itself",       r#"{"url": "https://v.test", "token": "canary"}"#,                                                    "/v1/secret/data/connections/sales"),
        ("elsewhere",       r#"{"url": "https://v.test", "token": "canary", "mount_point": "m", "connections_path": "a/b"}"#,       "/v1/m/data/a/b/sales"),
        ("in its path",     r#"{"url": "https://v.test", "token": "canary", "mount_point": null, "connections_path": "m/b"}"#,      "/v1/m/data/b/sales"),
        ("version 1",       r#"{"url": "https://v.test", "token": "canary", "kv_engine_version": 1}"#,                              "/v1/secret/connections/sales"),
        ("of others",       r#"{"url": "https://v.test", "token": "canary", "variables_path": "x", "config_path": null}"#,          "/v1/secret/data/connections/sales"),
        ("by role",         r#"{"url": "https://v.test", "auth_type": "approle", "role_id": "r", "secret_id": "canary"}"#,          "/v1/secret/data/connections/sales"),
        ("by role, there",  r#"{"url": "https://v.test", "auth_type": "approle", "role_id": "r", "secret_id": "canary", "auth_mount_point": "mine"}"#, "/v1/secret/data/connections/sales"),
    ];
    for (why, kwargs, path) in rows {
        let logins = ["/v1/auth/approle/login", "/v1/auth/mine/login"];
        let at = logins[usize::from(why.ends_with("there"))];
        let login = Reply::json(200, login).on("POST", at);
        let login = Some(login).filter(|_| why.starts_with("by role"));
        let value = Reply::json(200, value).on("GET", path);
        let script = MockTransport::new(login.into_iter().chain([value]));
        let backend = Backend::new(VAULT, kwargs).unwrap();
        assert!(!format!("{backend:?}").contains("canary"), "{why}");
        let backend = backend.over(|hook| from_hook(hook, &script)).unwrap();
        let found = backend.find("sales").unwrap_or_else(|error| panic!("{why}: {error}"));
        assert_eq!(found.unwrap().connection().login(), Some("u"), "{why}");
        let token = if why.starts_with("by role") { "by-role" } else { "canary" };
        let received = script.received();
        assert_eq!(received.last().unwrap().header("x-vault-token"), Some(token), "{why}");
    }
}

#[test]
fn a_token_of_a_file_is_shown_without_its_end_of_line() {
    let folder = crate::Folder::new();
    let path = folder.write("token", "s.file\n");
    let kwargs = serde_json::json!({"url": "https://v.test", "token_path": path}).to_string();
    let script = MockTransport::new([Reply::json(404, r#"{"errors": []}"#)]);
    let backend = Backend::new(VAULT, &kwargs).unwrap().over(|hook| from_hook(hook, &script));
    assert_eq!(backend.unwrap().find("sales").unwrap(), None);
    assert_eq!(script.received()[0].header("x-vault-token"), Some("s.file"));
}

#[test]
fn connections_that_are_not_kept_there_are_not_asked_for() {
    let kwargs = r#"{"url": "https://v.test", "token": "x", "connections_path": null}"#;
    let script = MockTransport::new([Reply::json(500, "{}").always()]);
    let backend = Backend::new(VAULT, kwargs).unwrap().over(|hook| from_hook(hook, &script));
    let sources = Sources::new().with(backend.unwrap());
    assert!(sources.find("sales").unwrap().is_none());
    assert!(script.received().is_empty());
}

#[test]
fn what_is_not_carried_out_is_an_error_that_tells_no_value() {
    #[rustfmt::skip]
    let rows = [
        ("another class",   "my.Backend",   "{}",                                                                   Kind::Unsupported),
        ("no JSON",         VAULT,          "canary",                                                               Kind::Malformed),
        ("no object",       VAULT,          r#"["canary"]"#,                                                        Kind::Malformed),
        ("unknown",         VAULT,          r#"{"url": "https://v.test", "radius_secret": "canary"}"#,              Kind::Unsupported),
        ("another login",   VAULT,          r#"{"url": "https://v.test", "auth_type": "canary"}"#,                  Kind::Unsupported),
        ("half a login",    VAULT,          r#"{"url": "https://v.test", "auth_type": "approle", "role_id": "canary"}"#, Kind::Malformed),
        ("a wrong URL",     VAULT,          r#"{"url": "canary://v.test", "token": "canary"}"#,                     Kind::Malformed),
        ("no text",         VAULT,          r#"{"url": ["canary"], "token": "canary"}"#,                            Kind::Malformed),
        ("a version",       VAULT,          r#"{"url": "https://v.test", "token": "canary", "kv_engine_version": 3}"#, Kind::Malformed),
        ("no such file",    VAULT,          r#"{"url": "https://v.test", "token_path": "/absent/x"}"#,              Kind::Io),
        ("a profile",       MANAGER,        r#"{"region_name": "eu-west-1", "profile_name": "canary"}"#,            Kind::Unsupported),
        ("a region",        MANAGER,        r#"{"region_name": "canary.test/"}"#,                                   Kind::Malformed),
        ("no keys",         MANAGER,        r#"{"region_name": "eu-west-1"}"#,                                      Kind::Unsupported),
    ];
    for (why, class, kwargs, kind) in rows {
        let made = Backend::new(class, kwargs)
            .and_then(|backend| backend.over(|hook| from_hook(hook, [Reply::json(200, "{}")])));
        let error = made.expect_err(why);
        assert_eq!(error.kind(), kind, "{why}: {error}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{why}: {error}");
    }
}

#[test]
fn a_list_without_a_client_has_no_backend() {
    let error = Sources::parse("env, backend").unwrap_err();
    assert!(error.to_string().contains("parse_over"), "{error}");
    let make = |hook| from_hook(hook, [Reply::json(200, "{}")]);
    let error = Sources::parse_over("env backend", make).unwrap_err();
    assert!(error.to_string().contains("AIRFLOW__SECRETS__BACKEND"), "{error}");
    assert!(Sources::parse_over("env backend?", make).is_ok());
}
