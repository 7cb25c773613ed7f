//! The base URL, joining and escaping, row by row.

use crate::base::{Error, ErrorKind, Origin};
use crate::hook::base_url::{BaseParts, BaseUrl};
use crate::request::text::CallText;
use http::uri::PathAndQuery;

fn base(host: &str, schema: &str, port: i64) -> Result<BaseUrl, Vec<Error>> {
    let mut parts = BaseParts::default();
    (parts.host, parts.schema, parts.port) = (Some(host), Some(schema), Some(port));
    BaseUrl::new(&parts)
}

fn told(errors: &[Error]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The whole URL of a request.
pub(super) fn whole(base: &BaseUrl, endpoint: &str, params: &str) -> Result<http::Uri, Error> {
    base.origin().join(target(base, endpoint, params)?)
}

/// The target of a call with parameters that are given as text.
pub(super) fn target(base: &BaseUrl, endpoint: &str, params: &str) -> Result<PathAndQuery, Error> {
    let mut text = CallText::new(endpoint);
    text.params_text(params)?;
    base.target(text).map(|(_, target)| target)
}

#[test]
fn a_base_is_read() {
    let long = format!("{}.example.com", "a".repeat(63));
    #[rustfmt::skip]
    let rows = [
        // why                        host                       schema    port  text, url of `v1`
        ("plain",                     "api.example.com",         "",       0,    "http://api.example.com", "http://api.example.com/v1"),
        ("the schema is the scheme",  "api.example.com",         "https",  8443, "https://api.example.com:8443", "https://api.example.com:8443/v1"),
        ("letter case is kept in the text only", "API.X",        "HTTPS",  0,    "HTTPS://API.X", "https://api.x/v1"),
        ("blanks before a scheme",    "h",                       " http",  0,    "http://h", "http://h/v1"),
        ("a slash at the end",        "h/",                      "",       0,    "http://h/", "http://h/v1"),
        ("a URL beats the schema",    "http://h/api",            "https",  0,    "http://h/api", "http://h/api/v1"),
        ("D4: the port is the host's", "http://h/api/",          "",       8080, "http://h:8080/api/", "http://h:8080/api/v1"),
        ("D4: the same port twice",   "h:8080",                  "",       8080, "http://h:8080", "http://h:8080/v1"),
        ("an empty port is none",     "h:",                      "",       0,    "http://h:", "http://h/v1"),
        ("zeros before a port",       "h:0080",                  "",       0,    "http://h:0080", "http://h:80/v1"),
        ("a default port that is written is kept", "h:80",       "",       0,    "http://h:80", "http://h:80/v1"),
        ("IPv6",                      "[::1]",                   "",       8080, "http://[::1]:8080", "http://[::1]:8080/v1"),
        ("IPv6 without brackets",     "::1",                     "",       8080, "http://[::1]:8080", "http://[::1]:8080/v1"),
        ("a full name",               "api.example.com.",        "",       0,    "http://api.example.com.", "http://api.example.com/v1"),
        ("a query is lengthened",     "http://h/api?k=1",        "",       0,    "http://h/api?k=1", "http://h/api?k=1/v1"),
        ("a fragment swallows",       "http://h#x",              "",       0,    "http://h#x", "http://h/"),
        ("D18: user info is no part", "https://u:p@h/api",       "",       0,    "https://h/api", "https://h/api/v1"),
        ("an at sign in a path",      "http://h/@x",             "",       0,    "http://h/@x", "http://h/@x/v1"),
        ("63 letters in a label",     &long,                     "",       0,    &format!("http://{long}"), &format!("http://{long}/v1")),
    ];
    for (why, host, schema, port, text, url) in rows {
        let base =
            base(host, schema, port).unwrap_or_else(|errors| panic!("{why}: {}", told(&errors)));
        assert_eq!(base.text(), text, "{host:?}: {why}");
        assert_eq!(whole(&base, "v1", "").unwrap().to_string(), url, "{host:?}: {why}");
    }
}

#[test]
fn a_bad_base_is_refused() {
    use ErrorKind::{BaseUrl as Bad, UnsupportedScheme as Scheme};
    #[rustfmt::skip]
    let rows = [
        // why                        host                        schema     port   kind    message
        ("no host (D19)",             "",                         "",        0,     Bad,    "connection.host: there is none"),
        ("no host in a URL",          "http:///x",                "",        0,     Bad,    "connection.host: there is no host"),
        ("only user info",            "http://u:p@",              "",        0,     Bad,    "connection.host: there is no host"),
        ("no scheme",                 "://api.example.com",       "",        0,     Bad,    "Invalid base URL: Missing scheme (connection.host: begin it with http or https)"),
        ("a path as schema",          "api.example.com",          "api/v1",  80,    Bad,    "Invalid base URL: Missing scheme (connection.schema: begin it with http or https)"),
        ("a blank behind the scheme", "h",                        " https ", 0,     Bad,    "Invalid base URL: Missing scheme (connection.schema: begin it with http or https)"),
        ("nothing of it is told", "://u:s3cret@h?k=s3cret",   "",        0,     Bad,    "Invalid base URL: Missing scheme (connection.host: begin it with http or https)"),
        ("another scheme",            "h",                        "ftp",     0,     Scheme, "connection.schema: only http and https are supported"),
        ("another scheme in a URL",   "ftp://h",                  "",        0,     Scheme, "connection.host: only http and https are supported"),
        ("D1: user info",             "u:s3cret@h",               "",        0,     Bad,    "connection.host: a host without a scheme cannot hold any of @ # ? \\; write https://…"),
        ("D1: a backslash",           "h\\x",                     "",        0,     Bad,    "connection.host: a host without a scheme cannot hold any of @ # ? \\; write https://…"),
        ("a backslash in a URL",      "http://a\\@h",             "",        0,     Bad,    "connection.host: there is a backslash before the path"),
        ("a control character",       "h\nX-More: 2",             "",        0,     Bad,    "connection.host: there is a control character"),
        ("and in a path",             "http://h/\tx",             "",        0,     Bad,    "connection.host: there is a control character"),
        ("a blank",                   " 127.0.0.1 ",              "",        0,     Bad,    "connection.host: a character that no name of a host has"),
        ("an escape",                 "http://a%2eb",             "",        0,     Bad,    "connection.host: a character that no name of a host has"),
        ("a wildcard",                "*.example.com",            "",        0,     Bad,    "connection.host: a character that no name of a host has"),
        ("D18: IDN",                  "bücher.example",           "",        0,     Bad,    "connection.host: a name that is not ASCII: write its IDNA form (xn--…)"),
        ("an empty label",            "a..example.com",           "",        0,     Bad,    "connection.host: a part of the name is empty or longer than 63 characters"),
        ("a dot first",               ".example.com",             "",        0,     Bad,    "connection.host: a part of the name is empty or longer than 63 characters"),
        ("a dot alone",               ".",                        "",        0,     Bad,    "connection.host: a part of the name is empty or longer than 63 characters"),
        ("64 letters in a label",     &"a".repeat(64),            "",        0,     Bad,    "connection.host: a part of the name is empty or longer than 63 characters"),
        ("too long a name",           &"a.".repeat(128),          "",        0,     Bad,    "connection.host: the name of the host is too long"),
        ("a bracket open",            "[::1",                     "",        0,     Bad,    "connection.host: not an IPv6 address in brackets"),
        ("a zone",                    "[fe80::7%lan]",            "",        0,     Bad,    "connection.host: not an IPv6 address in brackets"),
        ("IPv6 without brackets in a URL", "http://::1",          "",        0,     Bad,    "connection.host: more than one port, or an IPv6 address without brackets"),
        ("a port that is a word",     "h:https",                  "",        0,     Bad,    "connection.host: the port is not a number from 1 to 65535"),
        ("a port with a sign",        "h:+80",                    "",        0,     Bad,    "connection.host: the port is not a number from 1 to 65535"),
        ("a port too large",          "h:65536",                  "",        0,     Bad,    "connection.host: the port is not a number from 1 to 65535"),
        ("port 0 in the host",        "h:0",                      "",        0,     Bad,    "connection.host: there is no port 0"),
        ("a port field too large",    "h",                        "",        65536, Bad,    "connection.port: not from 1 to 65535"),
        ("a port field below 0",      "h",                        "",        -1,    Bad,    "connection.port: not from 1 to 65535"),
        ("D4: two ports",             "h:80",                     "",        81,    Bad,    "connection.port: the host has another port already"),
    ];
    for (why, host, schema, port, kind, message) in rows {
        let errors = base(host, schema, port).expect_err(why);
        assert_eq!(told(&errors), message, "{host:?}: {why}");
        assert_eq!(errors[0].kind(), kind, "{host:?}: {why}");
    }
}

#[test]
fn every_problem_is_told_at_once() {
    let errors = base("u@h", "ftp", 70_000).unwrap_err();
    let places: Vec<_> = errors.iter().map(|error| error.message().split(':').next()).collect();
    assert_eq!(places, ["connection.port", "connection.host", "connection.schema"].map(Some));
}

#[test]
fn a_type_of_https_stands_for_an_empty_schema() {
    #[rustfmt::skip]
    let rows = [
        // why                     type           schema         scheme
        ("D5: a URI without one",  Some("https"), Some(""),      "https"),
        ("D5: in any case",        Some("HTTPS"), Some(""),      "https"),
        ("absent: not from a URI", Some("https"), None,          "http"),
        ("the schema decides",     Some("https"), Some("http"),  "http"),
        ("any other type is http", Some("sftp"),  None,          "http"),
        ("no type is http",        None,          None,          "http"),
    ];
    for (why, conn_type, schema, scheme) in rows {
        let mut parts = BaseParts::default();
        (parts.conn_type, parts.schema, parts.default_host) = (conn_type, schema, "h");
        let base = BaseUrl::new(&parts).unwrap();
        assert_eq!(base.origin().to_string(), format!("{scheme}://h"), "{why}");
    }
}

#[test]
fn user_info_is_unescaped_and_hidden() {
    #[rustfmt::skip]
    let rows = [
        // why                        user info      login   password
        ("both",                      "u:s3cret@",   Some(("u", "s3cret"))),
        ("the last at sign",          "u:s@3cret@",  Some(("u", "s@3cret"))),
        ("the first colon",           "u:s:3cret@",  Some(("u", "s:3cret"))),
        ("escapes, and a plus",       "u%40x:a+%2F@", Some(("u@x", "a+/"))),
        ("an empty password",         "u:@",         Some(("u", ""))),
        ("a login alone is none",     "u@",          None),
        ("nothing",                   ":@",          None),
        ("none",                      "",            None),
    ];
    for (why, user_info, expected) in rows {
        let base = base(&format!("https://{user_info}h"), "", 0).unwrap();
        let found = base.user_info().map(|(login, password)| (login, password.expose()));
        assert_eq!(found, expected, "{why}");
        assert_eq!(whole(&base, "x", "").unwrap().to_string(), "https://h/x", "{why}");
        let shown =
            format!("{base:?} {} {:?} {}", base.text(), base.origin(), base.url_from_endpoint("x"));
        assert!(!shown.contains("s3cret") && !shown.contains("u%40"), "{why}: {shown}");
    }
}

#[test]
fn an_endpoint_is_joined_and_escaped() {
    #[rustfmt::skip]
    let rows = [
        // why                        base            endpoint             params          target
        ("no endpoint",               "h",            "",                  "",             "/"),
        ("a slash",                   "h",            "/",                 "",             "/"),
        ("a slash between",           "h/api",        "x",                 "",             "/api/x"),
        ("both slashes stay",         "h/",           "/a",                "",             "//a"),
        ("two slashes are a path",    "h",            "//other.example/x", "",             "//other.example/x"),
        ("a URL is a path",           "h",            "http://o.example/", "",             "/http://o.example/"),
        ("an at sign is a path",      "h",            "@o.example/",       "",             "/@o.example/"),
        ("digits are no port",        "h:80",         "88/items",          "",             "/88/items"),
        ("backslashes",               "h",            "\\\\o.example\\x",  "",             "/%5C%5Co.example%5Cx"),
        ("a blank",                   "h",            "a b",               "",             "/a%20b"),
        ("UTF-8",                     "h",            "straße/日本",       "",             "/stra%C3%9Fe/%E6%97%A5%E6%9C%AC"),
        ("kept",                      "h",            "a:@!$&'()*+,;=~b",  "",             "/a:@!$&'()*+,;=~b"),
        ("escaped",                   "h",            "<>{}|^`\"[]",       "",             "/%3C%3E%7B%7D%7C%5E%60%22%5B%5D"),
        ("controls",                  "h",            "a\0\t\n\r\u{7f}b",  "",             "/a%00%09%0A%0D%7Fb"),
        ("hex digits",                "h",            "a%2fb%c3",          "",             "/a%2Fb%C3"),
        ("unreserved",                "h",            "%41%7e%2d",         "",             "/A~-"),
        ("one bad escape",            "h",            "a%20b%zz",          "",             "/a%2520b%25zz"),
        ("hex digits, even literal",  "h",            "a%c3%",             "",             "/a%25C3%25"),
        ("a bad escape in text makes all literal", "h", "a%20b",           "x=%zz",        "/a%2520b?x=%25zz"),
        ("a sign alone in text: what had to be escaped is twice", "h", "a", "x=ü%",        "/a?x=%25C3%25BC%25"),
        ("a sign alone",              "h",            "100%",              "",             "/100%25"),
        ("each part for itself",      "h",            "a%20b?x=%zz",       "",             "/a%20b?x=%25zz"),
        ("dots",                      "h",            "../../etc",         "",             "/etc"),
        ("dots of the base",          "h/a/b",        "../x",              "",             "/a/x"),
        ("dots at the end",           "h",            "a/b/..",            "",             "/a/"),
        ("dots alone",                "h",            ".",                 "",             "/"),
        ("dots in a name",            "h",            ".well-known/..x",   "",             "/.well-known/..x"),
        ("escaped dots stay",         "h",            "a/%2e%2e/b",        "",             "/a/../b"),
        ("dots in a query",           "h",            "a?x=/../y",         "",             "/a?x=/../y"),
        ("a fragment",                "h",            "a?x=1#f?y",         "",             "/a?x=1"),
        ("a fragment and parameters", "h",            "a?x=1#f",           "y=2",          "/a?x=1&y=2"),
        ("a query alone",             "h",            "?x=1",              "",             "/?x=1"),
        ("a question in a query",     "h",            "a?x=?&y=/",         "",             "/a?x=?&y=/"),
        ("a blank in a query",        "h",            "a?x=1 2&y=ü",       "",             "/a?x=1%202&y=%C3%BC"),
        ("nothing behind a question", "h",            "a?",                "",             "/a"),
        ("parameters behind it",      "h",            "a?",                "y=2",          "/a?y=2"),
        ("parameters",                "h",            "a",                 "y=2",          "/a?y=2"),
        ("parameters for the root",   "h",            "",                  "y=2",          "/?y=2"),
        ("parameters appended",       "h",            "a?x=1",             "y=2",          "/a?x=1&y=2"),
        ("form data stays",           "h",            "a",                 "q=a+b%26%2A",  "/a?q=a+b%26%2A"),
        ("text is escaped",           "h",            "a",                 "two words",    "/a?two%20words"),
        ("brackets in text",          "h",            "a",                 "a[]=1",        "/a?a%5B%5D=1"),
        ("a fragment in text",        "h",            "a",                 "x=1#f",        "/a?x=1"),
        ("only a fragment in text",   "h",            "a",                 "#f",           "/a"),
        ("a bad escape in text",      "h",            "a",                 "x=5%",         "/a?x=5%25"),
        ("text is unescaped too",     "h",            "a",                 "x=%41%2f",     "/a?x=A%2F"),
    ];
    for (why, host, endpoint, params, target) in rows {
        let base = base(host, "", 0).unwrap();
        let found = self::target(&base, endpoint, params).unwrap();
        assert_eq!(found.as_str(), target, "{host:?} {endpoint:?} {params:?}: {why}");
    }
}

#[test]
fn url_from_endpoint_escapes_nothing() {
    let base = base("h/", "", 8080).unwrap();
    assert_eq!(base.url_from_endpoint("a b?c=d#e"), "http://h:8080/a b?c=d#e");
    assert_eq!(base.url_from_endpoint("/a"), "http://h:8080//a");
}

#[test]
fn a_target_has_a_limit() {
    let base = base(&format!("{}.example:65535", "a".repeat(63)), "https", 0).unwrap();
    #[rustfmt::skip]
    let rows = [
        ("as long as can be",      64_999, "",  true),
        ("a byte more",            65_000, "",  false),
        ("parameters count",       64_999, "x", false),
        ("escapes count as three", 64_997, "ü", false),
    ];
    for (why, len, params, fits) in rows {
        let result = whole(&base, &"x".repeat(len), params);
        match &result {
            Ok(url) => assert_eq!(url.to_string().parse::<http::Uri>().unwrap(), *url, "{why}"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Limit, "{why}"),
        }
        assert_eq!(result.is_ok(), fits, "{why}");
    }
}

#[test]
fn a_base_and_parameters_have_limits_too() {
    let head = "http://h/";
    for (len, fits) in
        [(64_999, true), (65_000, true), (65_001, false), (65_002, false), (70_000, false)]
    {
        let read = base(&format!("{head}{}", "x".repeat(len - head.len())), "", 0);
        let kind = read.map(|base| base.text().len()).map_err(|errors| errors[0].kind());
        assert_eq!(kind, if fits { Ok(len) } else { Err(ErrorKind::Limit) }, "{len}");
    }
    // Escapes of what needs none go: what comes out is a third as long.
    let base = base("h", "", 0).unwrap();
    for (len, fits) in
        [(64_999, true), (65_000, true), (65_001, false), (65_002, false), (90_000, false)]
    {
        let params = format!("{}{}", "a".repeat(len % 3), "%41".repeat(len / 3));
        let kind = target(&base, "x", &params).map(|target| target.as_str().len());
        let expected = if fits { Ok(len % 3 + len / 3 + 3) } else { Err(ErrorKind::Limit) };
        assert_eq!(kind.map_err(|error| error.kind()), expected, "{len}");
    }
}

#[test]
fn a_base_shows_its_origin_and_path() {
    for (host, shown) in [
        ("https://u:s3cret@h/api/v1?k=s3cret", "BaseUrl(https://h/api/v1)"),
        ("https://h:8443#s3cret", "BaseUrl(https://h:8443)"),
    ] {
        assert_eq!(format!("{:?}", base(host, "", 0).unwrap()), shown);
    }
}

#[test]
fn origins_are_equal_by_scheme_host_and_port() {
    #[rustfmt::skip]
    let rows = [
        // why                        one              other                  equal
        ("letter case",               "http://h",      "HTTP://H/x",          true),
        ("the default port",          "https://h",     "https://h:443",       true),
        ("user info, path, query",    "http://h",      "http://u:p@h/x?y#z",  true),
        ("scheme",                    "http://h:80",   "https://h:80",        false),
        ("port",                      "http://h",      "http://h:81",         false),
        ("host",                      "http://h",      "http://g",            false),
        ("a dot at the end",          "http://h",      "http://h.",           true),
        ("a way to write IPv6",       "http://[::1]",  "http://[0:0:0::01]",  true),
    ];
    for (why, one, other, equal) in rows {
        let (one, other) = (one.parse::<Origin>().unwrap(), other.parse::<Origin>().unwrap());
        assert_eq!(one == other, equal, "{why}");
    }
}

#[test]
fn host_and_authority_differ_in_the_default_port() {
    #[rustfmt::skip]
    let rows = [
        // why                          URL                  authority      Host
        ("none",                        "http://H",          "h",           "h"),
        ("the default one, written",    "http://h:80",       "h:80",        "h"),
        ("another",                     "http://h:443",      "h:443",       "h:443"),
        ("a dot at the end",            "https://h.:8443",   "h:8443",      "h:8443"),
        ("IPv6",                        "https://[::A]:443", "[::a]:443",   "[::a]"),
    ];
    for (why, url, authority, host) in rows {
        let origin: Origin = url.parse().unwrap();
        assert_eq!(origin.authority().as_str(), authority, "{why}");
        assert_eq!(origin.host_header().as_str(), host, "{why}");
    }
}
