//! Basic and Digest authentication against Apache httpd and httpbin.

use http_hook::RequestPlan;
use http_hook::cookies::Jar;
use http_hook_foreign::{PASSWORD, builder, call, place};
use serde_json::json;

#[test]
fn passwords_are_shown_as_the_server_asks() {
    let (apache, bin) = (place("HTTP"), place("BIN"));
    #[rustfmt::skip]
    let rows = [
        // why                                       server   scheme    password  endpoint                              told
        ("Basic goes out at once",                   &apache, "basic",  PASSWORD, "basic/page",                         "200 in 1"),
        ("Basic with another password",              &apache, "basic",  "wrong",  "basic/page",                         "401 in 1"),
        ("Digest answers a challenge: MD5, auth",    &apache, "digest", PASSWORD, "digest/page",                        "200 in 2"),
        ("the query is part of what is hashed",      &apache, "digest", PASSWORD, "digest/page?a=1&b=%20x",             "200 in 2"),
        ("Digest with another password",             &apache, "digest", "wrong",  "digest/page",                        "401 in 2"),
        ("Digest where nobody asks",                 &apache, "digest", PASSWORD, "page",                               "200 in 1"),
        ("Digest where Basic is asked for",          &apache, "digest", PASSWORD, "basic/page",                         "401 in 1"),
        ("nobody asks for a quality (RFC 2069)",     &bin,    "digest", "sesame", "digest-auth/none/reader/sesame/MD5", "200 in 2"),
        ("MD5, auth",                                &bin,    "digest", "sesame", "digest-auth/auth/reader/sesame/MD5", "200 in 2"),
        ("MD5, auth-int",                            &bin,    "digest", "sesame", "digest-auth/auth-int/reader/sesame/MD5", "200 in 2"),
        ("SHA-256, auth",                            &bin,    "digest", "sesame", "digest-auth/auth/reader/sesame/SHA-256", "200 in 2"),
        ("SHA-256, auth-int",                        &bin,    "digest", "sesame", "digest-auth/auth-int/reader/sesame/SHA-256", "200 in 2"),
        ("an algorithm that no RFC has",             &bin,    "digest", "sesame", "digest-auth/auth/reader/sesame/SHA-512", "401 in 1"),
        ("SHA-256 with another password",            &bin,    "digest", "wrong",  "digest-auth/auth/reader/sesame/SHA-256", "401 in 2"),
        ("a nonce that is always stale: two answers", &bin,   "digest", "sesame", "digest-auth/auth/reader/sesame/SHA-256/0", "401 in 3"),
    ];
    for (why, server, scheme, password, endpoint, told) in rows {
        let auth = json!({"scheme": scheme, "login": "reader", "password": password});
        let hook = builder(server, &json!({"http_hook": {"auth": auth}}));
        // httpbin counts the uses of a nonce in a cookie
        let hook = hook.cookies(Jar::default()).build().expect(why);
        let answer = call(&hook, || RequestPlan::get(endpoint));
        assert_eq!(answer.sum(), told, "{why}: {answer:?}");
    }
}
