//! TLS and client certificates against Apache httpd.

use http_hook::RequestPlan;
use http_hook_foreign::{PASSWORD, builder, call, file, place};
use serde_json::{Value, json};

#[test]
fn certificates_are_verified_as_the_options_say() {
    let (tls, mutual, mutual12) = (place("TLS"), place("MUTUAL"), place("MUTUAL12"));
    let elsewhere = tls.replace("127.0.0.1", "localhost");
    let (ca, stranger) = (json!(file("ca.pem")), json!(file("stranger.pem")));
    let pair = json!([file("client.pem"), file("client.key")]);
    let one = json!(file("client-and-key.pem"));
    let intruder = json!([file("intruder.pem"), file("intruder.key")]);
    let mixed = json!([file("client.pem"), file("intruder.key")]);
    let absent = json!(file("absent.pem"));
    let (none, off, on) = (Value::Null, json!(false), json!(true));
    #[rustfmt::skip]
    let rows = [
        // why                                     server      verify     cert       told
        ("the authority's file",                   &tls,       &ca,       &none,     "200 in 1"),
        ("the system does not know the authority", &tls,       &on,       &none,     "tls No in 1"),
        ("another authority",                      &tls,       &stranger, &none,     "tls No in 1"),
        ("no such file",                           &tls,       &absent,   &none,     "tls No in 1"),
        ("not verified",                           &tls,       &off,      &none,     "200 in 1"),
        ("a certificate for another name",         &elsewhere, &ca,       &none,     "tls No in 1"),
        ("another name, not verified",             &elsewhere, &off,      &none,     "200 in 1"),
        ("a client's certificate and its key",     &mutual,    &ca,       &pair,     "200 in 1"),
        ("both in one file",                       &mutual,    &ca,       &one,      "200 in 1"),
        ("TLS 1.2",                                &mutual12,  &ca,       &pair,     "200 in 1"),
        ("certificate without verification",       &mutual,    &off,      &pair,     "200 in 1"),
        ("the server is verified all the same",    &mutual,    &stranger, &pair,     "tls No in 1"),
        ("a key that is another's",                &mutual,    &ca,       &mixed,    "invalid_request No in 1"),
        ("no such certificate",                    &mutual,    &ca,       &absent,   "tls No in 1"),
        ("none, TLS 1.2",                          &mutual12,  &ca,       &none,     "tls No in 1"),
        ("a stranger's, TLS 1.2",                  &mutual12,  &ca,       &intruder, "tls No in 1"),
        // the client is done with the handshake before the server refuses: that is all that libcurl tells
        ("none, TLS 1.3",                          &mutual,    &ca,       &none,     "interrupted Maybe in 1"),
        ("a stranger's, TLS 1.3",                  &mutual,    &ca,       &intruder, "interrupted Maybe in 1"),
    ];
    for (why, server, verify, cert, told) in rows {
        let hook = builder(server, &json!({"verify": verify, "cert": cert})).build().expect(why);
        let answer = call(&hook, || RequestPlan::get("page"));
        assert_eq!(answer.sum(), told, "{why}: {answer:?}");
        let client = if told == "200 in 1" && !cert.is_null() { "client" } else { "" };
        assert_eq!(answer.header("x-client"), client, "{why}: whom the server saw");
    }
}

#[test]
fn authorities_of_the_environment_hold_where_nothing_else_is_said() {
    let environment = || [("REQUESTS_CA_BUNDLE", file("ca.pem"))];
    let rows = [
        // why                         extra                                              told
        ("nothing is said", json!({}), "200 in 1"),
        ("the connection does not trust it", json!({"trust_env": false}), "tls No in 1"),
        ("the connection says more", json!({"verify": file("stranger.pem")}), "tls No in 1"),
    ];
    for (why, extra, told) in rows {
        let hook = builder(&place("TLS"), &extra).environment(environment()).build().expect(why);
        let answer = call(&hook, || RequestPlan::get("page"));
        assert_eq!(answer.sum(), told, "{why}: {answer:?}");
    }
}

#[test]
fn passwords_go_over_tls() {
    let rows = [
        // scheme  password  endpoint       told
        ("basic", PASSWORD, "basic/page", "200 in 1"),
        ("basic", "wrong", "basic/page", "401 in 1"),
        ("digest", PASSWORD, "digest/page", "200 in 2"),
        ("digest", "wrong", "digest/page", "401 in 2"),
    ];
    for (scheme, password, endpoint, told) in rows {
        let auth = json!({"scheme": scheme, "login": "reader", "password": password});
        let extra = json!({"verify": file("ca.pem"), "http_hook": {"auth": auth}});
        let hook = builder(&place("TLS"), &extra).build().expect("a hook");
        let answer = call(&hook, || RequestPlan::get(endpoint));
        assert_eq!(answer.sum(), told, "{scheme} with {password}: {answer:?}");
    }
}
