//! Redirects, cookies and content codings against httpbin and Apache httpd.

use http_hook::cookies::Jar;
use http_hook::redirect::History;
use http_hook::{RequestPlan, StopReason};
use http_hook_foreign::{PASSWORD, builder, call, file, place};
use serde_json::{Value, json};

type Planned<'a> = &'a dyn Fn() -> RequestPlan;

#[test]
fn redirects_are_followed_to_their_end() {
    let bin = place("BIN");
    let get = |endpoint: &'static str| move || RequestPlan::get(endpoint);
    let post = |endpoint: &'static str| move || RequestPlan::post(endpoint).data("box");
    #[rustfmt::skip]
    let rows: [(&str, Planned, Value, &str, usize, &str); 9] = [
        // why                     plan                                                     extra                      told       hops method
        ("a relative chain",       &get("relative-redirect/3"),                             json!({}),                 "200 in 4", 3,  "GET"),
        ("an absolute chain",      &get("absolute-redirect/3"),                             json!({}),                 "200 in 4", 3,  "GET"),
        ("one too many",           &get("relative-redirect/4"),                             json!({"max_redirects": 3}), "redirect in 4", 0, ""),
        ("not wanted",             &get("relative-redirect/3"),                             json!({"allow_redirects": false}), "302 in 1", 0, ""),
        ("302 makes a POST a GET", &post("redirect-to?url=/anything&status_code=302"),      json!({}),                 "200 in 2", 1,  "GET"),
        ("303 makes a POST a GET", &post("redirect-to?url=/anything&status_code=303"),      json!({}),                 "200 in 2", 1,  "GET"),
        ("307 keeps a POST",       &post("redirect-to?url=/anything&status_code=307"),      json!({}),                 "200 in 2", 1,  "POST"),
        ("308 keeps a POST",       &post("redirect-to?url=/anything&status_code=308"),      json!({}),                 "200 in 2", 1,  "POST"),
        ("another scheme",         &get("redirect-to?url=ftp://127.0.0.1/a"),               json!({}),                 "redirect in 1", 0, ""),
    ];
    for (why, plan, extra, told, hops, method) in rows {
        let hook = builder(&bin, &extra).build().expect(why);
        let answer = call(&hook, plan);
        assert_eq!(answer.sum(), told, "{why}: {answer:?}");
        let seen = answer.result.as_ref().ok().and_then(History::of);
        assert_eq!(seen.map_or(0, |history| history.hops().len()), hops, "{why}");
        if hops == 1 {
            let echo = answer.json();
            assert_eq!(echo["method"], method, "{why}: {echo}");
            assert_eq!(echo["data"], if method == "POST" { "box" } else { "" }, "{why}: {echo}");
        }
    }
}

#[test]
fn nothing_of_the_connection_goes_to_another_origin() {
    let bin = place("BIN");
    let elsewhere = bin.replace("127.0.0.1", "localhost");
    let auth = json!({"scheme": "bearer", "token": "t0ken"});
    let extra = json!({"X-Team": "blue", "http_hook": {"auth": auth}});
    let hook = builder(&bin, &extra).build().expect("a hook");
    for (why, to, sees) in [("the same", &bin, true), ("another", &elsewhere, false)] {
        let plan = || RequestPlan::get("redirect-to").param("url", format!("{to}/headers"));
        let answer = call(&hook, plan);
        assert_eq!(answer.sum(), "200 in 2", "{why}: {answer:?}");
        let headers = &answer.json()["headers"];
        for name in ["Authorization", "X-Team"] {
            assert_eq!(headers.get(name).is_some(), sees, "{why}: {name} in {headers}");
        }
    }
}

#[test]
fn https_does_not_lead_to_http_unless_allowed() {
    let auth = json!({"scheme": "basic", "login": "reader", "password": PASSWORD});
    let extra = json!({"verify": file("ca.pem"), "http_hook": {"auth": auth}});
    let hook = builder(&place("TLS"), &extra).build().expect("a hook");
    let answer = call(&hook, || RequestPlan::get("downgrade"));
    assert_eq!(answer.sum(), "redirect in 1", "{answer:?}");
    let reason = answer.result.expect_err("it is refused").reason();
    assert_eq!(reason, StopReason::Redirect);
    let answer = call(&hook, || {
        let mut options = http_hook::Options::default();
        options.allow_downgrade = Some(true);
        RequestPlan::get("downgrade").options(options)
    });
    assert_eq!(answer.sum(), "401 in 2", "the password stays behind: {answer:?}");
}

#[test]
fn cookies_are_kept_over_the_hops_of_a_call() {
    let hook = builder(&place("BIN"), &json!({})).cookies(Jar::default()).build().expect("a hook");
    #[rustfmt::skip]
    let rows: [(&str, Planned, Value); 4] = [
        ("set by a hop",            &|| RequestPlan::get("cookies/set?a=1&b=2"),              json!({"a": "1", "b": "2"})),
        ("nothing is left over",    &|| RequestPlan::get("cookies"),                          json!({})),
        ("the caller's own",        &|| RequestPlan::get("cookies").cookie("c", "3"),         json!({"c": "3"})),
        ("taken back by a hop",     &|| RequestPlan::get("cookies/delete?c").cookie("c", "3"), json!({})),
    ];
    for (why, plan, cookies) in rows {
        let answer = call(&hook, plan);
        assert_eq!(answer.json()["cookies"], cookies, "{why}: {answer:?}");
    }
    let shared = builder(&place("BIN"), &json!({})).shared_cookies(Jar::default());
    let shared = shared.build().expect("a hook");
    let _ = call(&shared, || RequestPlan::get("cookies/set?a=1"));
    let answer = call(&shared, || RequestPlan::get("cookies"));
    assert_eq!(answer.json()["cookies"], json!({"a": "1"}), "one jar for all calls");
}

#[test]
fn codings_are_undone() {
    let rows = [("gzip", "gzipped"), ("deflate", "deflated"), ("brotli", "brotli")];
    let hook = builder(&place("BIN"), &json!({})).decode(true).build().expect("a hook");
    for (endpoint, says) in rows {
        let answer = call(&hook, || RequestPlan::get(endpoint));
        assert_eq!(answer.sum(), "200 in 1", "{endpoint}: {answer:?}");
        assert_eq!(answer.json()[says], true, "{endpoint}");
        assert_eq!(answer.header("content-encoding"), "", "{endpoint}: it speaks of another body");
    }
}
