//! Servers that nobody here wrote, over isahc: `bash adapters/foreign/openbao` and `bash adapters/foreign/moto` start one and run these.

use std::env;
use std::sync::Arc;

use http_hook::auth::AuthScheme;
use http_hook::{Connection, Hook, RequestPlan, Secret};
use http_hook_isahc::blocking::{HttpHook, from_hook};
use http_hook_sources::aws::{Aws, SigV4};
use http_hook_sources::blocking::{Source, Sources};
use http_hook_sources::{Backend, SourceErrorKind as Kind, Vault};

fn hook() -> HttpHook {
    from_hook(Hook::to(&env::var("OPENBAO").expect("the address of the server")).unwrap()).unwrap()
}

fn root() -> Vault<HttpHook> {
    Vault::new(hook()).token("root")
}

fn tell(method: http::Method, path: &str, body: &str) -> serde_json::Value {
    let plan =
        RequestPlan::new(method, path).secret_header("x-vault-token", "root").data(body.to_owned());
    let answer = hook().run(plan).unwrap_or_else(|failure| panic!("{path}: {failure}"));
    serde_json::from_slice(answer.body()).unwrap_or_default()
}

fn full() -> Connection {
    Connection::new()
        .with_conn_type("http")
        .with_description("who sells")
        .with_host("https://api.test/v1")
        .with_login("svc")
        .with_password("p@ss/w ö\"rd\\")
        .with_port(8443)
        .with_extra(r#"{"X-Team": "sales", "timeout": 5}"#)
}

/// In one test, as it seals the server at its end.
#[test]
#[ignore = "needs a server: bash adapters/foreign/openbao"]
fn openbao_gives_the_value_or_an_error_that_names_source_and_id() {
    use http::Method;
    tell(Method::POST, "v1/sys/mounts/one", r#"{"type": "kv", "options": {"version": "1"}}"#);
    let one = || root().mount("one").version_1();
    for (name, store) in [("version 2", root()), ("version 1", one())] {
        assert_eq!(store.find("sales").unwrap(), None, "{name}");
        store.put("sales", &full()).unwrap();
        store.put("fol/der ä", &full()).unwrap();
        for id in ["sales", "fol/der ä"] {
            assert_eq!(store.find(id).unwrap().unwrap().into_connection(), full(), "{name}");
        }
        let ids: Vec<_> = store.ids().unwrap().into_iter().map(|one| one.id).collect();
        assert_eq!(ids, ["sales"], "{name}");
    }
    // In the layout of Airflow's backend.
    tell(
        Method::POST,
        "v1/secret/data/connections/uri",
        r#"{"data": {"conn_uri": "http://u:p@h/https"}}"#,
    );
    assert_eq!(root().find("uri").unwrap().unwrap().connection().schema(), Some("https"));
    tell(Method::DELETE, "v1/secret/data/connections/uri", "");
    assert_eq!(root().find("uri").unwrap(), None, "a version that was deleted");

    tell(Method::POST, "v1/sys/auth/approle", r#"{"type": "approle"}"#);
    tell(
        Method::PUT,
        "v1/sys/policies/acl/reader",
        r#"{"policy": "path \"secret/data/connections/*\" { capabilities = [\"read\"] }"}"#,
    );
    tell(
        Method::POST,
        "v1/auth/approle/role/reader",
        r#"{"token_policies": "reader", "token_ttl": "60s"}"#,
    );
    let role = tell(Method::GET, "v1/auth/approle/role/reader/role-id", "");
    let secret = tell(Method::POST, "v1/auth/approle/role/reader/secret-id", "");
    let role = role["data"]["role_id"].as_str().unwrap().to_owned();
    let secret = Secret::from(secret["data"]["secret_id"].as_str().unwrap());
    let reader = Vault::new(hook()).app_role(&role, secret.clone());
    for _ in 0..2 {
        assert_eq!(reader.find("sales").unwrap().unwrap().into_connection(), full());
    }
    assert!(reader.ids().unwrap().is_empty(), "to list is not permitted, to read is");
    assert_eq!(reader.put("sales", &full()).unwrap_err().kind(), Kind::Denied);

    let rows = [
        ("a wrong token", Vault::new(hook()).token("canary"), Kind::Denied),
        ("a wrong role", Vault::new(hook()).app_role("canary", "canary"), Kind::Denied),
        ("a wrong secret", Vault::new(hook()).app_role(&role, "canary"), Kind::Denied),
        ("not permitted", Vault::new(hook()).app_role("x", "x").token("canary"), Kind::Denied),
        ("no such mount", root().mount("absent"), Kind::Unsupported),
        ("version 1 for 2", root().version_1(), Kind::Unsupported),
    ];
    let check = |why: &str, store: Vault<HttpHook>, kind: Kind| {
        let error = Sources::new().with(store).find("sales").expect_err(why);
        let told = format!("{error} {error:?}");
        assert_eq!(error.kind(), kind, "{why}: {told}");
        assert!(
            told.contains("vault http://127.0.0.1") && told.contains("`sales`"),
            "{why}: {told}"
        );
        assert!(!told.contains("canary") && !told.contains(secret.expose()), "{why}: {told}");
    };
    for (why, store, kind) in rows {
        check(why, store, kind);
    }
    let kwargs = serde_json::json!({
        "url": env::var("OPENBAO").unwrap(), "auth_type": "approle", "role_id": role, "secret_id": secret.expose(),
    });
    let class = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
    let backend = Backend::new(class, &kwargs.to_string()).unwrap();
    let backend = backend.over(|hook| from_hook(hook).unwrap()).unwrap();
    assert_eq!(backend.find("sales").unwrap().unwrap().into_connection(), full());
    tell(Method::PUT, "v1/sys/seal", "");
    check("sealed", root(), Kind::Unavailable);
}

#[test]
#[ignore = "needs a server: bash adapters/foreign/moto"]
fn amazon_s_services_give_the_value_or_nothing() {
    let server = env::var("MOTO").expect("the address of the server");
    let source = |class: &str| {
        let kwargs = serde_json::json!({"endpoint_url": server, "region_name": "eu-west-1"});
        let class = format!("airflow.providers.amazon.aws.secrets.{class}");
        let backend = Backend::new(&class, &kwargs.to_string()).unwrap();
        backend.over(|hook| from_hook(hook).unwrap()).unwrap()
    };
    let manager = source("secrets_manager.SecretsManagerBackend");
    let ssm = source("systems_manager.SystemsManagerParameterStoreBackend");
    let found = manager.find("uri").unwrap().unwrap();
    assert_eq!(found.connection().schema(), Some("https"));
    let found = manager.find("json").unwrap().unwrap();
    assert_eq!(found.connection().extra().unwrap().expose(), r#"{"X-A": "b"}"#);
    for kind in ["String", "SecureString"] {
        let found = ssm.find(kind).unwrap().unwrap();
        assert_eq!(found.connection().password().unwrap().expose(), "p", "{kind}");
    }
    assert_eq!(manager.find("binary").unwrap_err().kind(), Kind::Malformed);
    for id in ["gone", "never"] {
        assert_eq!(manager.find(id).unwrap(), None, "{id}");
        assert_eq!(ssm.find(id).unwrap(), None, "{id}");
    }
    let calls = |service: &str| {
        let keys = SigV4::new("AKID", "any", "eu-west-1", service);
        let endpoint = Connection::new().with_host(&server);
        let hook = Hook::builder(&endpoint).auth(AuthScheme::Custom(Arc::new(keys)));
        from_hook(hook.build().unwrap()).unwrap()
    };
    let own = (Aws::secrets_manager(calls("secretsmanager")), Aws::ssm(calls("ssm")));
    for _ in 0..2 {
        own.0.put("sales", &full()).unwrap();
        own.1.put("sales", &full()).unwrap();
    }
    assert_eq!(manager.find("sales").unwrap().unwrap().into_connection(), full());
    assert_eq!(ssm.find("sales").unwrap().unwrap().into_connection(), full());
}
