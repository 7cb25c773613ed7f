//! Who said what, and the same as a command of curl; neither tells a secret.

use http_hook::auth::AuthScheme;
use http_hook::hook::Layer;
use http_hook::options::Setting;
use http_hook::{Connection, Hook, Options, RequestPlan};

fn hook() -> Hook {
    let connection = Connection::new()
        .with_host("api.example.com")
        .with_schema("https")
        .with_port(8443)
        .with_login("svc")
        .with_password("pw-5b0c9e")
        .with_extra(r#"{"X-Key": "k-77", "Accept": "a/b", "timeout": 20}"#);
    let mut program = Options::default();
    program.verify = Setting::Set(http_hook::options::Verify::Off);
    Hook::builder(&connection)
        .header("X-Key", "k-78")
        .without_header("User-Agent")
        .options(program)
        .build()
        .expect("a connection that can be used")
}

fn plan() -> RequestPlan {
    RequestPlan::post("v1/it's?token=t-1").param("n", "1 2").header("accept", "c/d").data("body")
}

#[test]
fn every_part_names_its_layer_and_what_it_overrides() {
    let told = hook().explain(&plan()).expect("a plan that can be sent");
    let extra = Layer::Connection("extra");
    let rows: [(&str, Option<&str>, Layer, &[Layer]); 11] = [
        ("url.scheme", Some("https"), Layer::Connection("schema"), &[]),
        ("url.host", Some("api.example.com"), Layer::Connection("host"), &[]),
        ("url.port", Some("8443"), Layer::Connection("port"), &[]),
        ("url.path", Some("/v1/it's"), Layer::Call, &[]),
        ("url.query", Some("token=***&n=***"), Layer::Call, &[]),
        ("header accept", Some("c/d"), Layer::Call, &[Layer::Default, extra]),
        ("header x-key", Some("***"), Layer::Program, &[extra]),
        ("header user-agent", None, Layer::Program, &[Layer::Default]),
        ("header authorization", Some("***"), Layer::Scheme, &[]),
        ("option connect_timeout", Some("20s"), extra, &[Layer::Default]),
        ("option verify", Some("Off"), Layer::Program, &[]),
    ];
    for (what, value, layer, overrides) in rows {
        let fact = told.get(what).unwrap_or_else(|| panic!("{what}: nothing is told"));
        assert_eq!(fact.value.as_deref(), value, "{what}");
        assert_eq!((fact.layer, fact.overrides.as_slice()), (layer, overrides), "{what}");
    }
}

#[test]
fn nothing_that_is_told_is_secret() {
    let told = format!("{0} {0:?}", hook().explain(&plan()).expect("a plan that can be sent"));
    let curl = hook().to_curl(&plan()).expect("a plan that can be sent");
    for secret in ["pw-5b0c9e", "c3ZjOnB3LTViMGM5ZQ", "k-77", "k-78", "t-1"] {
        assert!(!told.contains(secret), "{secret} in {told}");
        assert!(!curl.contains(secret), "{secret} in {curl}");
    }
}

#[test]
fn curl_gets_variables_in_the_place_of_secrets() {
    let expected = "curl --request POST --header 'accept: c/d' --header 'accept-encoding: identity' \
        --header \"x-key: $HTTP_HOOK_X_KEY\" --header \"authorization: $HTTP_HOOK_AUTHORIZATION\" \
        --data-binary @body \
        'https://api.example.com:8443/v1/it'\\''s?''token='\"$HTTP_HOOK_TOKEN\"'&''n=1+2'";
    assert_eq!(hook().to_curl(&plan()).expect("a plan that can be sent"), expected);
}

#[test]
fn a_scheme_of_the_call_and_a_plan_that_cannot_be_sent() {
    let plan = RequestPlan::get("a").auth(AuthScheme::Bearer { token: "t".into() });
    let told = hook().explain(&plan).expect("a plan that can be sent");
    assert_eq!(told.get("header authorization").map(|fact| fact.layer), Some(Layer::Scheme));
    let error = hook().explain(&RequestPlan::get("a").header("x", "\n")).expect_err("a line break");
    assert_eq!(error.kind(), http_hook::ErrorKind::Header);
}
