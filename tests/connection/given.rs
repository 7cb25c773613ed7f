//! A base URL that a program gives: what no endpoint could follow is an error with the cure, where a stored connection may have it.

use http_hook::auth::{AuthScheme, OAuth2};
use http_hook::{Connection, Hook, RequestPlan};

use crate::support::{Scenario, status};

/// What no URL of these may be repeated by an error.
const SECRET: &str = "k3y77aa";

#[test]
fn a_url_that_nothing_can_be_appended_to_is_an_error_with_the_cure() {
    let cures = [("scheme", "begin it with https://"), ("query", "give parameters to the calls")];
    #[rustfmt::skip]
    let rows = [
        ("",                                        "scheme"),
        ("api.example.com",                         "scheme"),
        ("localhost:8080",                          "scheme"),
        ("u:k3y77aa@api.example.com",               "scheme"),
        ("//api.example.com/k3y77aa",               "scheme"),
        ("https:/api.example.com",                  "scheme"),
        ("https://api.example.com/v2?x=k3y77aa",    "query"),
        ("https://api.example.com?",                "query"),
        ("https://api.example.com/v2#k3y77aa",      "query"),
        ("api.example.com/v2?x=k3y77aa",            "query"),
    ];
    for (url, lacks) in rows {
        let error = Hook::to(url).expect_err(url).to_string();
        let (_, cure) = cures.into_iter().find(|(name, _)| *name == lacks).expect("a cure");
        assert!(error.contains("base URL: it has ") && error.contains(lacks), "{url}: {error}");
        assert!(error.contains(cure) && !error.contains(SECRET), "{url}: {error}");
        assert!(Hook::builder_to(url).default_host("http://h").build().is_err(), "{url}");
    }
}

#[test]
fn a_url_is_refused_in_its_own_words() {
    for url in ["ftp://api.test", "https://", "https://api test", "http://127.1", "https://h:99999"]
    {
        let error = Hook::to(url).expect_err(url).to_string();
        assert!(error.contains("base URL: ") && !error.contains("connection."), "{url}: {error}");
    }
}

#[test]
fn what_is_stored_keeps_its_query_and_its_scheme() {
    #[rustfmt::skip]
    let rows = [
        ("https://h.test/v2?x=1",   "https://h.test/v2?x=1/a"),
        ("h.test/v2",               "http://h.test/v2/a"),
    ];
    for (host, expected) in rows {
        let hook = Hook::new(&Connection::new().with_host(host)).expect(host);
        let request = Scenario::new(&hook, RequestPlan::get("a")).sending().request;
        assert_eq!(request.uri(), expected);
    }
}

#[test]
fn a_header_of_the_program_is_named_where_it_is_refused_and_one_of_the_connection_is_not() {
    let given = || Hook::builder_to("https://h.test");
    let stored = |extra: &str| Hook::new(&Connection::new().with_host("h.test").with_extra(extra));
    let keeps = "only the transport may set it, as it keeps the connections";
    let frames = "only the transport may set it, as it frames the body";
    let proxy = "only the transport may set it; login and password of a proxy belong into its URL";
    let odd = "a character that is not visible ASCII, blank or tab";
    let rows = [
        (given().header("Connection", "close").build(), format!("header connection: {keeps}")),
        (given().default_header("TE", "x").build(), format!("header te: {frames}")),
        (given().header("X-Team", "a\nb").build(), format!("header x-team: {odd}")),
        (
            given().header("a b", "c").build(),
            "header 1: a header's name that is not a token".into(),
        ),
        (stored(r#"{"Upgrade": "x"}"#), format!("connection.extra, header upgrade: {keeps}")),
        (
            stored(r#"{"Proxy-Authorization": "x"}"#),
            format!("connection.extra, header proxy-authorization: {proxy}"),
        ),
        (stored(r#"{"k3y77aa": "a\nb"}"#), format!("connection.extra, header 1: {odd}")),
    ];
    for (built, expected) in rows {
        let error = built.expect_err(&expected).to_string();
        assert!(error.ends_with(&expected), "{error}");
    }
}

#[test]
fn what_code_gives_is_not_told_as_a_connection_s() {
    let of_http = OAuth2::client_credentials("http://id.test/token", "c", "s");
    let named = |name: &str| AuthScheme::ApiKey { name: name.to_owned(), value: "k".into() };
    #[rustfmt::skip]
    let rows: [(&str, AuthScheme); 5] = [
        ("auth: ",              AuthScheme::Bearer { token: "k3y77aa\n".into() }),
        ("auth: ",              AuthScheme::Basic { login: "\u{4e2d}".into(), password: "k3y77aa".into() }),
        ("auth.name: ",         named("X Key")),
        ("auth.name: ",         named("Host")),
        ("auth.token_url: ",    of_http.into()),
    ];
    for (place, scheme) in rows {
        let error = Hook::builder_to("https://h.test").auth(scheme).build().expect_err(place);
        let texts: Vec<_> = error.problems().iter().map(ToString::to_string).collect();
        assert!(texts.len() == 1 && texts[0].starts_with(place), "{texts:?}");
        assert!(!texts[0].contains("connection") && !texts[0].contains(SECRET), "{texts:?}");
    }
}

#[test]
fn a_main_that_returns_an_error_prints_what_it_says() {
    let hook = Hook::to("https://h.test").expect("a hook");
    let failure = Scenario::new(&hook, RequestPlan::get("a")).run(|_| Ok(status(404))).result;
    let failure = failure.expect_err("not found");
    assert_eq!(
        format!("{failure:?}"),
        "404:Not Found; GET https://h.test/a, 1 attempt; not worth a retry"
    );
    let error = Hook::to("h.test").expect_err("no scheme");
    assert_eq!(format!("{error:?}"), error.to_string());
    let error = Connection::parse("http://h:99999").expect_err("no port");
    assert_eq!(format!("{error:?}"), error.to_string());
}
