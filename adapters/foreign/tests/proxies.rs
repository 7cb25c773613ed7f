//! Proxies against tinyproxy and squid. Each goes out by an address of its own, which Apache tells.

use http_hook::RequestPlan;
use http_hook_foreign::{builder, call, file, place};
use serde_json::{Value, json};

const DIRECT: &str = "127.0.0.1";
const TINY: &str = "127.0.0.2";
const GUARDED: &str = "127.0.0.3";
const SQUID: &str = "127.0.0.4";

fn with_login(proxy: &str, login: &str) -> String {
    proxy.replace("http://", &format!("http://{login}@"))
}

#[test]
fn requests_go_through_the_proxy_of_the_options() {
    let (http, tls) = (place("HTTP"), place("TLS"));
    let (tiny, guarded, squid) = (place("TINY"), place("GUARDED"), place("SQUID"));
    let all = |url: &str| json!({"all": url});
    let known = all(&with_login(&guarded, "reader:sesame"));
    let unknown = all(&with_login(&guarded, "reader:wrong"));
    let squid_known = all(&with_login(&squid, "reader:open%20sesame"));
    let squid_unknown = all(&with_login(&squid, "reader:wrong"));
    let host = format!("http://{}", http.trim_start_matches("http://").split(':').next().unwrap());
    #[rustfmt::skip]
    let rows: [(&str, &str, Value, &str, &str); 20] = [
        // why                                target proxies                               told        from
        ("none",                              &http, json!({}),                            "200 in 1", DIRECT),
        ("http",                              &http, all(&tiny),                           "200 in 1", TINY),
        ("CONNECT",                           &tls,  all(&tiny),                           "200 in 1", TINY),
        ("for http only: http",               &http, json!({"http": tiny}),                "200 in 1", TINY),
        ("for http only: https",              &tls,  json!({"http": tiny}),                "200 in 1", DIRECT),
        ("for https only: https",             &tls,  json!({"https": tiny}),               "200 in 1", TINY),
        ("for the host",                      &http, json!({host: tiny, "all": squid}),    "200 in 1", TINY),
        ("credentials, http",                 &http, known.clone(),                        "200 in 1", GUARDED),
        ("credentials, CONNECT",              &tls,  known,                                "200 in 1", GUARDED),
        ("no credentials, http: an answer",   &http, all(&guarded),                        "407 in 1", ""),
        ("no credentials, CONNECT: no tunnel", &tls, all(&guarded),                        "proxy No in 1", ""),
        // tinyproxy says 401 here, as an origin would
        ("other credentials, http",           &http, unknown.clone(),                      "401 in 1", ""),
        ("other credentials, CONNECT",        &tls,  unknown,                              "proxy No in 1", ""),
        ("squid, http",                       &http, squid_known.clone(),                  "200 in 1", SQUID),
        ("squid, CONNECT",                    &tls,  squid_known,                          "200 in 1", SQUID),
        ("squid, no credentials, http",       &http, all(&squid),                          "407 in 1", ""),
        ("squid, no credentials, CONNECT",    &tls,  all(&squid),                          "proxy No in 1", ""),
        ("squid, other credentials, http",    &http, squid_unknown.clone(),                "407 in 1", ""),
        ("squid, other credentials, CONNECT", &tls,  squid_unknown,                        "proxy No in 1", ""),
        ("nobody listens",                    &http, all("http://127.0.0.1:1"),            "proxy No in 1", ""),
    ];
    for (why, target, proxies, told, from) in rows {
        let extra = json!({"verify": file("ca.pem"), "proxies": proxies});
        let hook = builder(target, &extra).build().expect(why);
        let answer = call(&hook, || RequestPlan::get("page"));
        assert_eq!((&*answer.sum(), &*answer.header("x-from")), (told, from), "{why}: {answer:?}");
    }
}

#[test]
fn proxies_of_the_environment_have_exceptions() {
    let (http, tiny, squid) = (place("HTTP"), place("TINY"), place("SQUID"));
    #[rustfmt::skip]
    let rows = [
        // why                              no_proxy          extra                               from
        ("the environment's",               "",               json!({}),                          TINY),
        ("an exception",                    "127.0.0.1",      json!({}),                          DIRECT),
        ("an exception by network",         "127.0.0.0/8",    json!({}),                          DIRECT),
        ("an exception for others",         "10.0.0.0/8,a.b", json!({}),                          TINY),
        ("the environment is not trusted",  "",               json!({"trust_env": false}),        DIRECT),
        ("the options' has no exceptions",  "127.0.0.1",      json!({"proxies": {"http": tiny}}), TINY),
    ];
    for (why, no_proxy, extra, from) in rows {
        let of_environment = if why.contains("options") { &squid } else { &tiny };
        let variables = [("http_proxy", of_environment.as_str()), ("no_proxy", no_proxy)];
        let hook = builder(&http, &extra).environment(variables);
        let answer = call(&hook.build().expect(why), || RequestPlan::get("page"));
        assert_eq!((&*answer.sum(), &*answer.header("x-from")), ("200 in 1", from), "{why}");
    }
}
