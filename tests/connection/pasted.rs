//! What people paste in the place of a connection, and what they write and do not mean.

use http_hook::{Connection, Hook, RequestPlan};

use crate::support::Scenario;

/// Why nothing can be made of a text.
fn refused(text: &str) -> String {
    match Connection::parse(text) {
        Ok(connection) => Hook::new(&connection).expect_err(text).to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_error_says_how_it_is_written() {
    const PATH: &str = "what follows the host of a URI is the scheme here, http or https: put a path into the endpoint, or \
        write it with the host, as http://https%3A%2F%2Fapi.example.com%2Fv1";
    const NONE: &str = "connection.host: there is none (write http://api.example.com:8080, or \
        http://api.example.com/https for TLS, without quotes; a bare host, host and port, or a token is no connection)";
    #[rustfmt::skip]
    let rows = [
        // what is pasted                                                       what the error says
        ("https://api.acme.test/v1",                                            PATH),
        ("https://api.acme.test/v1/",                                           PATH),
        ("http://u:S-pw@api.acme.test:8080/v1/orders?x=S-q#S-f",                PATH),
        ("https://hooks.acme.test/services/T00-S/B00-S/XyZ-S",                  PATH),
        ("https://discord.acme.test/api/webhooks/12345-S/S-token",              PATH),
        ("http://api.acme.test/Https",                                          ""),
        (r#"{"host": "api.acme.test", "schema": "S-schema"}"#,                  PATH),
        (r#"{"host": "api.acme.test", "schema": "api/S-v1"}"#,                  PATH),
        ("api.acme.test",                                                       NONE),
        ("api.acme.test:8080",                                                  NONE),
        ("api.acme.test/v1",                                                    NONE),
        ("127.0.0.1:8077",                                                      NONE),
        ("localhost:8077",                                                      NONE),
        ("[::1]:8077",                                                          NONE),
        ("ghp_AbCdEf0123-S",                                                    NONE),
        ("token:dapi_77-S",                                                     NONE),
        ("Bearer S-token",                                                      NONE),
        ("eyJhbGciOi-S.eyJzdWIi.c2ln",                                          NONE),
        ("aws://AKIA-S@/wJalr_XU-S/tn",                                         NONE),
        ("'http://u:S-pw@api.acme.test'",                                       NONE),
        ("\"http://u:S-pw@api.acme.test\"",                                     NONE),
        ("http://",                                                             NONE),
        ("{}",                                                                  NONE),
        (r#"{"login": "u", "password": "S-pw"}"#,                               NONE),
    ];
    for (text, says) in rows {
        if says.is_empty() {
            assert!(Hook::new(&Connection::parse(text).expect("a URI")).is_ok(), "{text}");
            continue;
        }
        let error = refused(text);
        assert!(error.contains(says), "{text}: {error}");
        assert!(!error.contains("-S") && !error.contains("S-"), "{text}: {error}");
        assert!(!error.contains("acme"), "{text}: {error}");
        assert_eq!(
            error.matches("connection.schema").count(),
            usize::from(says == PATH),
            "{error}"
        );
    }
}

#[test]
fn what_ends_a_login_too_early_is_told_by_how_it_is_written() {
    const WRITE: &str = "in a login or password write `/` as `%2F`, `?` as `%3F`, `#` as `%23`, `@` as `%40`, `:` as `%3A`";
    // What may stand before and behind the character, as login, password, or both.
    let befores = ["u:S-p", "u:12", "u:", "u", "S-to", "", "u:p:S-q"];
    let behinds = ["S-w", "", "S-w=", "S/w", "S?w"];
    for kind in ["http", "https", "http://https", "my-http"] {
        for (before, behind) in befores.iter().flat_map(|one| behinds.map(|other| (one, other))) {
            for sign in ['/', '?', '#'] {
                if sign == '?' && behind.ends_with('=') {
                    continue; // an `@` in a value may be meant
                }
                let text = format!("{kind}://{before}{sign}{behind}@api.acme.test/https");
                let error = refused(&text);
                assert!(error.contains(WRITE), "{text}: {error}");
                assert!(!error.contains("S-") && !error.contains("acme"), "{text}: {error}");
                let escape = |sign: char| format!("%{:02X}", u32::from(sign));
                let encoded: String = format!("{before}{sign}{behind}")
                    .chars()
                    .map(|one| if "/?#=".contains(one) { escape(one) } else { one.into() })
                    .collect();
                let connection =
                    Connection::parse(&format!("{kind}://{encoded}@api.acme.test/https"));
                let host = connection.expect("as the error says").host().map(str::to_owned);
                assert!(host.is_some_and(|host| host.ends_with("api.acme.test")), "{text}");
            }
        }
    }
    // These stand as they are: the last `@` and the first `:` part them.
    for (text, login, password) in [
        ("http://u:p@w@api.acme.test/https", "u", "p@w"),
        ("http://u:p:w@api.acme.test/https", "u", "p:w"),
        ("http://u@x:p@api.acme.test/https", "u@x", "p"),
        ("http://u:p@api.acme.test/https?mail=a@b.test", "u", "p"),
    ] {
        let connection = Connection::parse(text).expect("a connection");
        assert_eq!(connection.login(), Some(login), "{text}");
        assert_eq!(connection.password().map(http_hook::Secret::expose), Some(password), "{text}");
    }
    for text in
        ["http://api.acme.test/https?mail=a@b.test", "http://h:80/?__extra__={\"mail\": \"a@b\"}"]
    {
        assert!(Hook::new(&Connection::parse(text).expect(text)).is_ok(), "{text}");
    }
}

#[test]
fn what_is_written_and_not_meant_is_told() {
    let places = |text: &str| -> Vec<String> {
        let hook = Hook::new(&Connection::parse(text).expect("a connection")).expect("a hook");
        let told = hook.explain(&RequestPlan::get("a")).expect("it can be sent");
        assert_eq!(told.warnings, hook.warnings(), "{text}");
        for warning in hook.warnings() {
            assert!(told.to_string().contains(&format!("warning: {warning}")), "{text}");
            assert!(!warning.to_string().contains("S-"), "{text}: {warning}");
        }
        let place = |warning: &http_hook::connection::Problem| {
            let place = warning.place().trim_start_matches("connection.extra.");
            format!("{place}: {}", warning.hint().unwrap_or_default())
        };
        hook.warnings().iter().map(place).collect()
    };
    #[rustfmt::skip]
    let rows: [(&str, &[&str]); 34] = [
        // connection                                                           what is told
        ("http://h/?verify=false&check_response=true&cert=/c.pem",              &[]),
        ("http://h/?verify=/ca.pem",                                            &[]),
        ("http://h/?verify=False",                                              &["verify: write false for the value"]),
        ("http://h/?verify=no",                                                 &["verify: write false for the value"]),
        ("http://h/?verify_ssl=True",                                           &["verify_ssl: write true for the value"]),
        ("http://h/?verify=None",                                               &["verify: write null for the value"]),
        ("http://h/?verify=",                                                   &["verify: write true, or leave it out"]),
        ("http://h/?cert=None",                                                 &["cert: write null for the value"]),
        ("http://h/?check_response=False",                                      &["check_response: write false"]),
        ("http://h/?check_response=off&stream=No",                              &["check_response: write false", "stream: write false"]),
        ("http://h/?allow_redirects=S-x",                                       &["allow_redirects: write true or false"]),
        ("http://h/?trust_env=FALSE",                                           &["trust_env: write false"]),
        (r#"{"host": "h", "extra": {"verify": "False"}}"#,                      &["verify: write false for the value"]),
        (r#"{"host": "h", "extra": {"check_response": "false"}}"#,              &["check_response: write false"]),
        (r#"{"host": "h", "extra": {"verify": false, "stream": 0}}"#,           &[]),
        ("http://h/?verify=0",                                                  &["verify: write false for that, else true"]),
        ("http://h/?verify_ssl=[]",                                             &["verify_ssl: write false for that, else true"]),
        (r#"{"host": "h", "extra": {"verify": 0.0}}"#,                          &["verify: write false for that, else true"]),
        (r#"{"host": "h", "extra": {"verify": {}}}"#,                           &["verify: write false for that, else true"]),
        (r#"{"host": "h", "extra": {"verify": null}}"#,                         &[]),
        ("http://h/?Verify=S-x",                                                &["verify: the option is written `verify`"]),
        ("http://h/?allow-redirects=S-x",                                       &["allow_redirects: the option is written `allow_redirects`"]),
        ("http://h/?checkResponse=S-x",                                         &["check_response: the option is written `check_response`"]),
        ("http://h/?auth_type=S-x",                                             &[r#"auth_type: schemes of authentication are set by {"http_hook": {"auth": {"scheme": "bearer"}}}"#]),
        ("http://h/?Auth_Type=S-x",                                             &[r#"auth_type: schemes of authentication are set by {"http_hook": {"auth": {"scheme": "bearer"}}}"#]),
        ("http://h/?token=S-x",                                                 &[r#"token: schemes of authentication are set by {"http_hook": {"auth": {"scheme": "bearer"}}}"#]),
        ("http://h/?AuthType=S-x",                                              &[r#"auth_type: schemes of authentication are set by {"http_hook": {"auth": {"scheme": "bearer"}}}"#]),
        (r#"{"host": "h", "extra": {"retries": "3"}}"#,                         &[r#"retries: retries are set by {"http_hook": {"retry": {…}}}"#]),
        ("http://h/?headers=S-x",                                               &["headers: the options are stream, cert, proxies, proxy, timeout, verify, verify_ssl, allow_redirects, max_redirects, trust_env, check_response"]),
        ("http://h/?tcp_keep_alive=true",                                       &["tcp_keep_alive: the options are stream, cert, proxies, proxy, timeout, verify, verify_ssl, allow_redirects, max_redirects, trust_env, check_response"]),
        ("http://h/?Authorization=S-x&X-Token=S-x&apikey=S-x&Host=h&Accept=a",  &[]),
        ("http://h/?X-Api-Key=S-x&api-key=S-x&X-Auth-Token=S-x&User-Agent=a",   &[]),
        (r#"{"host": "h", "extra": {"token": null}}"#,                          &[]),
        (r#"{"host": "h", "extra": {"http_hook": {"auth": {"scheme": "none"}}}}"#, &[]),
    ];
    for (text, expected) in rows {
        assert_eq!(places(text), expected, "{text}");
    }
    let connection = Connection::parse("http://h/?token=S-x").expect("a connection");
    let hook = Hook::new(&connection).expect("a hook");
    let request = Scenario::new(&hook, RequestPlan::get("a")).sending().request;
    assert_eq!(request.headers()["token"], "S-x", "it is sent all the same, as in Airflow");
}

#[test]
fn an_extra_that_is_no_json_is_told() {
    for (extra, is_told) in
        [("verify=False S-x", true), ("{'verify': False}", true), ("", false), (" ", false)]
    {
        let hook = Hook::new(&Connection::new().with_host("http://h").with_extra(extra));
        let warnings = hook.expect(extra).warnings().to_vec();
        assert_eq!(!warnings.is_empty(), is_told, "{extra}");
        assert!(warnings.iter().all(|warning| !warning.to_string().contains("S-x")), "{extra}");
    }
}

/// Names that say how a connection is made, wherever people have them from, are told; names of headers are not.
#[test]
fn what_sounds_like_an_option_and_is_sent_as_a_header_is_told() {
    #[rustfmt::skip]
    let told = [
        "tls_verify", "TLS-Verify", "tlsVerify", "skip_verify", "allow_insecure", "insecure", "insecureSkipVerify", "ssl_no_verify", "verify_peer",
        "verify_hostname", "validate_certs", "client_cert", "clientCert", "client-key", "ca", "CA", "cafile", "ca_certs", "cacert", "follow",
        "follow_redirects", "proxy_url", "request_timeout", "timeout_ms", "use_ssl", "http_hook.retry", "http_hook.auth", "http_hook_retry", "retry_count",
        "max_tries", "status_forcelist", "basic_auth", "auth_scheme", "rejectUnauthorized", "trust_all", "ssl_verification", "disable_tls",
        "extra__http__verify", "extra__http__timeout", "auth_token", "api_token", "bearer_auth", "user_password", "sslContext", "TLS_version",
        "trustAllCerts", "hostname_verification", "http_proxy_host",
    ];
    #[rustfmt::skip]
    let silent = [
        "X-Verify", "Host", "Accept", "Cookie", "Location", "X-CA", "Cache-Control", "Referer", "Origin", "X-Client-Cert", "Keep-Alive-X", "API-Version",
        "X-Retry-Count", "Retry-After", "Key", "Prefer", "Warning", "Forwarded", "DNT", "TE-X", "If-Match", "Range",
        "X-SSL-Client", "SSL-Client-Verify", "X_Real_Ip", "trusted", "X-Forwarded-Ssl",
    ];
    for (names, is_told) in [(&told[..], true), (&silent[..], false)] {
        for name in names {
            let extra = serde_json::json!({ *name: "S-x" }).to_string();
            let hook = Hook::new(&Connection::new().with_host("http://h").with_extra(extra));
            let warnings = hook.expect(name).warnings().to_vec();
            assert_eq!(!warnings.is_empty(), is_told, "{name}");
            assert!(warnings.iter().all(|warning| !warning.to_string().contains("S-x")), "{name}");
        }
    }
}
