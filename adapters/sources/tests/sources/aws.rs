//! AWS, over a scripted server: the layout. The signatures are proven by the published vectors.

use std::sync::Arc;

use http_hook::auth::AuthScheme;
use http_hook::{Connection, Hook};
use http_hook_mock::blocking::from_hook;
use http_hook_mock::{MockTransport, Reply};
use http_hook_sources::SourceErrorKind as Kind;
use http_hook_sources::aws::{Aws, SigV4};
use http_hook_sources::blocking::{Source, Sources};

fn hook() -> Hook {
    let keys = SigV4::new("AKID", "canary", "eu-west-1", "ssm").session_token("canary-session");
    let endpoint = Connection::new().with_host("https://aws.test");
    Hook::builder(&endpoint).auth(AuthScheme::Custom(Arc::new(keys))).build().unwrap()
}

#[test]
fn both_services_are_asked_in_airflows_layout() {
    let secret =
        r#"{"ARN": "x", "SecretString": "{\"conn_type\": \"http\", \"host\": \"api.test\"}"}"#;
    let parameter =
        r#"{"Parameter": {"Type": "SecureString", "Value": "http://svc:secret@api.test/https"}}"#;
    let script = MockTransport::new([Reply::json(200, secret), Reply::json(200, parameter)]);
    let found = Aws::secrets_manager(from_hook(hook(), &script)).find("sales").unwrap().unwrap();
    assert_eq!(found.connection().host(), Some("api.test"));
    let found =
        Aws::ssm(from_hook(hook(), &script)).prefix("/mine/").find("sales").unwrap().unwrap();
    assert_eq!(found.connection().schema(), Some("https"));
    let received = script.received();
    assert_eq!(received[0].text(), r#"{"SecretId": "airflow/connections/sales"}"#);
    assert_eq!(received[1].text(), r#"{"Name": "/mine/sales", "WithDecryption": true}"#);
    for (one, target) in
        received.iter().zip(["secretsmanager.GetSecretValue", "AmazonSSM.GetParameter"])
    {
        assert_eq!(one.header("x-amz-target"), Some(target));
        assert_eq!(one.header("content-type"), Some("application/x-amz-json-1.1"));
        assert_eq!(one.header("x-amz-security-token"), Some("canary-session"));
        let signed = one.header("authorization").unwrap();
        let names = "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,";
        assert!(
            signed.starts_with("AWS4-HMAC-SHA256 Credential=AKID/") && signed.contains(names),
            "{signed}"
        );
    }
}

#[test]
fn an_answer_is_the_value_or_an_error_that_shows_nothing() {
    #[rustfmt::skip]
    let rows = [
        ("absent secret",       400, r#"{"__type": "ResourceNotFoundException", "message": "canary"}"#,         None),
        ("absent parameter",    400, r#"{"__type": "com.amazonaws#ParameterNotFound", "message": "canary"}"#,   None),
        ("not permitted",       400, r#"{"__type": "AccessDeniedException", "Message": "canary"}"#,             Some(Kind::Denied)),
        ("wrong signature",     403, r#"{"__type": "InvalidSignatureException", "message": "canary"}"#,         Some(Kind::Denied)),
        ("decryption failed",   400, r#"{"__type": "DecryptionFailure"}"#,                                      Some(Kind::Unavailable)),
        ("no type",             400, r#"{"__type": "canary: x"}"#,                                              Some(Kind::Unavailable)),
        ("broken",              500, "canary",                                                                  Some(Kind::Unavailable)),
        ("absent, not here",    500, r#"{"__type": "ResourceNotFoundException"}"#,                                 Some(Kind::Unavailable)),
        ("absent in moto",      404, r#"{"__type": "ResourceNotFoundException"}"#,                                 None),
        ("of a gateway",        404, r#"{"message": "no Route matched canary"}"#,                                  Some(Kind::Unavailable)),
        ("absent, forbidden",   403, r#"{"__type": "x#ParameterNotFound"}"#,                                      Some(Kind::Denied)),
        ("empty",               200, r#"{"SecretString": ""}"#,                                                 Some(Kind::Malformed)),
        ("blank",               200, r#"{"SecretString": " \n"}"#,                                              Some(Kind::Malformed)),
        ("binary",              200, r#"{"SecretBinary": "canary"}"#,                                           Some(Kind::Malformed)),
        ("no connection",       200, r#"{"SecretString": "http://h:canary"}"#,                                  Some(Kind::Malformed)),
    ];
    for (why, status, body, expected) in rows {
        let script = MockTransport::new([Reply::json(status, body).always()]);
        let sources = Sources::new().with(Aws::secrets_manager(from_hook(hook(), script)));
        match (sources.find("sales"), expected) {
            (Ok(None), None) => {}
            (Err(error), Some(kind)) => {
                let told = format!("{error} {error:?}");
                assert_eq!(error.kind(), kind, "{why}: {told}");
                assert!(
                    told.contains("aws.test")
                        && told.contains("`sales`")
                        && !told.contains("canary"),
                    "{why}: {told}"
                );
            }
            (got, _) => panic!("{why}: {got:?}"),
        }
    }
}

#[test]
fn what_is_stored_is_found_again() {
    let full = Connection::new()
        .with_conn_type("http")
        .with_host("https://api.test/v1")
        .with_login("svc")
        .with_password("p@ss/w \u{f6}\"rd\\")
        .with_port(8443)
        .with_extra(r#"{"X-Team": "sales", "timeout": 5}"#);
    let absent = r#"{"__type": "ResourceNotFoundException"}"#;
    let script = MockTransport::new([
        Reply::json(400, absent),
        Reply::json(200, "{}"),
        Reply::json(200, "{}"),
        Reply::json(200, "{}"),
        Reply::json(400, r#"{"__type": "AccessDeniedException"}"#),
    ]);
    let secrets = Aws::secrets_manager(from_hook(hook(), &script));
    secrets.put("sales", &full).unwrap();
    secrets.put("sales", &full).unwrap();
    Aws::ssm(from_hook(hook(), &script)).put("sales", &full).unwrap();
    let error = secrets.put("sales", &full).unwrap_err();
    assert_eq!((error.kind(), error.id()), (Kind::Denied, Some("sales")));
    #[rustfmt::skip]
    let rows = [
        ("secretsmanager.PutSecretValue", "SecretString", "airflow/connections/sales"),
        ("secretsmanager.CreateSecret",   "SecretString", "airflow/connections/sales"),
        ("secretsmanager.PutSecretValue", "SecretString", "airflow/connections/sales"),
        ("AmazonSSM.PutParameter",        "Value",        "/airflow/connections/sales"),
    ];
    for (sent, (target, member, name)) in script.received().iter().zip(rows) {
        assert_eq!(sent.header("x-amz-target"), Some(target));
        let body: serde_json::Value = serde_json::from_str(&sent.text()).unwrap();
        assert!(body.as_object().unwrap().values().any(|own| own == name), "{target}");
        let read = Connection::parse(body[member].as_str().unwrap()).unwrap();
        assert_eq!(read, full, "{target}");
    }
}

#[test]
fn no_redirect_is_followed_and_none_is_an_answer() {
    let secret = Connection::new().with_host("h").with_password("canary");
    for status in [300, 301, 302, 303, 307, 308] {
        for is_ssm in [false, true] {
            let answer = r#"{"SecretString": "http://evil.test", "Parameter": {"Value": "http://evil.test"}}"#;
            let away = Reply::status(status).header("location", "https://evil.test/steal");
            let script = MockTransport::new([away.times(2), Reply::json(200, answer).always()]);
            let hook = from_hook(hook(), &script);
            let aws = if is_ssm { Aws::ssm(hook) } else { Aws::secrets_manager(hook) };
            for error in [aws.find("sales").unwrap_err(), aws.put("sales", &secret).unwrap_err()] {
                assert_eq!(error.kind(), Kind::Unavailable, "{status}");
                assert!(error.to_string().contains(&format!("answers {status}")), "{error}");
            }
            assert_eq!(script.received().len(), 2, "{status}");
        }
    }
}

#[test]
fn an_empty_prefix_is_the_id_alone() {
    let secret = r#"{"SecretString": "http://h", "Parameter": {"Value": "http://h"}}"#;
    let script = MockTransport::new([Reply::json(200, secret).always()]);
    Aws::secrets_manager(from_hook(hook(), &script)).prefix("").find("sales").unwrap().unwrap();
    Aws::ssm(from_hook(hook(), &script)).prefix("/").find("sales").unwrap().unwrap();
    assert_eq!(script.received()[0].text(), r#"{"SecretId": "sales"}"#);
    assert_eq!(script.received()[1].text(), r#"{"Name": "/sales", "WithDecryption": true}"#);
}
