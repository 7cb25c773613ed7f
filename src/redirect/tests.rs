//! Redirects: resolution, method and body, and what may cross to another origin.

use super::rewrite::{Rewrite, crosses, describes_body, location, rewrite, target};
use crate::base::{ErrorKind, Origin};
use crate::body::{Payload, Replay};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

#[test]
fn locations_are_resolved() {
    let long = format!("/{}", "a".repeat(65_000));
    let long_fragment = format!("/a#{}", "a".repeat(65_000));
    #[rustfmt::skip]
    let rows = [
        // why                              location                            origin and target, or the error
        ("absolute path",                   "/next",                            Ok("https://a.test/next")),
        ("relative to the folder",          "next",                             Ok("https://a.test/v1/next")),
        ("recorded: a dot",                 ".",                                Ok("https://a.test/v1/")),
        ("one up",                          "../x",                             Ok("https://a.test/x")),
        ("never above the root",            "../../../x",                       Ok("https://a.test/x")),
        ("only a query",                    "?page=2",                          Ok("https://a.test/v1/items?page=2")),
        ("only a fragment: the same URL",   "#f",                               Ok("https://a.test/v1/items?q=1")),
        ("no query is inherited",           "items",                            Ok("https://a.test/v1/items")),
        ("same scheme, another host",       "//b.test/x",                       Ok("https://b.test/x")),
        ("absolute, in upper case",         "HTTPS://B.test/x",                 Ok("https://b.test/x")),
        ("no path",                         "https://b.test",                   Ok("https://b.test/")),
        ("no path, a query",                "https://b.test?x=1",               Ok("https://b.test/?x=1")),
        ("explicit default port",           "https://a.test:443/x",             Ok("https://a.test/x")),
        ("another port",                    "https://a.test:8443/x",            Ok("https://a.test:8443/x")),
        ("user info is ignored",            "https://u:p@a.test/x",             Ok("https://a.test/x")),
        ("a host within user info",         "https://a.test@b.test/x",          Ok("https://b.test/x")),
        ("a colon behind the first slash",  "/a:b",                             Ok("https://a.test/a:b")),
        ("a colon in a query",              "?next=http://b.test/",             Ok("https://a.test/v1/items?next=http://b.test/")),
        ("recorded: a bad escape",          "/a%2fb%7e?x=%zz",                  Ok("https://a.test/a%252fb%257e?x=%25zz")),
        ("unreserved escapes are undone",   "/%7eu%2fx",                        Ok("https://a.test/~u%2Fx")),
        ("blanks are escaped",              "/a b",                             Ok("https://a.test/a%20b")),
        ("UTF-8 is escaped",                "/é",                               Ok("https://a.test/%C3%A9")),
        ("a backslash is no slash",         "/\\b.test/x",                      Ok("https://a.test/%5Cb.test/x")),
        ("nor are two of them",             "\\\\b.test/x",                     Ok("https://a.test/v1/%5C%5Cb.test/x")),
        ("dots of an absolute URL",         "https://b.test/a/../c",            Ok("https://b.test/c")),
        ("IPv6",                            "http://[::1]:8080/x",              Ok("http://[::1]:8080/x")),
        ("empty segments merge",            "b//c",                             Ok("https://a.test/v1/b/c")),
        ("file",                            "file:///tmp/x",                    Err(ErrorKind::UnsupportedScheme)),
        ("mailto",                          "mailto:a@example.com",             Err(ErrorKind::UnsupportedScheme)),
        ("javascript",                      "javascript:alert(1)",              Err(ErrorKind::UnsupportedScheme)),
        ("no host",                         "http:///x",                        Err(ErrorKind::Url)),
        ("no authority",                    "http:x",                           Err(ErrorKind::Url)),
        ("nothing at all",                  "//",                               Err(ErrorKind::Url)),
        ("broken IPv6",                     "http://[bad/x",                    Err(ErrorKind::Url)),
        ("port too big",                    "https://a.test:70000/",            Err(ErrorKind::Url)),
        ("port is no number",               "https://a.test:8x/",               Err(ErrorKind::Url)),
        ("backslash in the authority",      "https://a.test\\@b.test/",         Err(ErrorKind::Url)),
        ("line feed",                       "/x\n/y",                           Err(ErrorKind::Url)),
        ("NUL",                             "/x\0",                             Err(ErrorKind::Url)),
        ("C1 control character",            "/x\u{85}",                         Err(ErrorKind::Url)),
        ("name that is not ASCII",          "https://é.test/",                  Err(ErrorKind::Url)),
        ("too long",                        &long,                              Err(ErrorKind::Limit)),
        ("too long a fragment",             &long_fragment,                     Err(ErrorKind::Limit)),
    ];
    let origin: Origin = "https://a.test".parse().unwrap();
    let current = "/v1/items?q=1".parse().unwrap();
    for (why, location, expected) in rows {
        let next = target(&origin, &current, location.as_bytes());
        let next = next.map(|next| format!("{}{}", next.origin, next.path));
        let next = next.map_err(|error| error.kind());
        assert_eq!(next, expected.map(str::to_owned), "{location:?}: {why}");
    }
    let bytes = target(&origin, &current, b"/\xe9").map_err(|error| error.kind());
    assert_eq!(bytes.err(), Some(ErrorKind::Url), "not UTF-8");
}

#[test]
fn fragments_are_kept_apart() {
    let origin = "http://a.test".parse().unwrap();
    let rows = [("/x", None), ("/x#", None), ("/x#f", Some("f")), ("/x?y#f#g", Some("f#g"))];
    for (location, expected) in rows {
        let next = target(&origin, &"/".parse().unwrap(), location.as_bytes()).unwrap();
        assert_eq!(next.fragment.as_deref(), expected, "{location:?}");
        assert!(!next.path.as_str().contains('#'), "{location:?}");
    }
}

#[test]
fn encryption_is_not_given_up_unnoticed() {
    let rows = [
        ("https://a.test", "http://a.test/", true),
        ("https://a.test", "https://b.test/", false),
        ("http://a.test", "https://a.test/", false),
        ("http://a.test", "/", false),
    ];
    for (from, location, expected) in rows {
        let from: Origin = from.parse().unwrap();
        let next = target(&from, &"/".parse().unwrap(), location.as_bytes()).unwrap();
        assert_eq!(next.downgrades(&from), expected, "{from} {location}");
    }
}

#[test]
fn every_cell_of_method_and_body() {
    let methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
    let bodies = [
        Payload::EMPTY,
        Payload::from(Bytes::from_static(b"b")),
        Payload::External { len: Some(1), replay: Replay::Once },
    ];
    #[rustfmt::skip]
    let rows = [
        // status, the method after each of `methods`, body kept
        (301, ["GET", "HEAD", "GET",  "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"], false),
        (302, ["GET", "HEAD", "GET",  "GET", "GET",    "GET",     "GET",     "GET",   "GET"],   false),
        (303, ["GET", "HEAD", "GET",  "GET", "GET",    "GET",     "GET",     "GET",   "GET"],   false),
        (307, ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"], true),
        (308, ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"], true),
    ];
    let mut cells = 0;
    for (status, after, keep_body) in rows {
        let status = StatusCode::from_u16(status).unwrap();
        for (before, after) in methods.into_iter().zip(after) {
            for (index, body) in bodies.iter().enumerate() {
                let method: Method = after.parse().unwrap();
                let expected = if keep_body && index == 2 {
                    Rewrite::CannotReplay
                } else {
                    Rewrite::Follow { method, keep_body }
                };
                let next = rewrite(status, &before.parse().unwrap(), body);
                assert_eq!(next, Some(expected), "{status} {before} {body:?}");
                cells += 1;
            }
        }
    }
    assert_eq!(cells, 135);
    for status in [200, 201, 300, 304, 305, 306, 309, 399, 404, 503] {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(rewrite(status, &Method::GET, &Payload::EMPTY), None, "{status}");
    }
}

#[test]
fn headers_cross_only_if_they_are_listed() {
    let rows = [
        // name, crosses, goes with the body
        ("accept", true, false),
        ("user-agent", true, false),
        ("range", true, false),
        ("if-range", true, false),
        ("if-match", false, false),
        ("content-type", true, true),
        ("content-length", false, true),
        ("content-digest", false, true),
        ("transfer-encoding", false, true),
        ("expect", false, true),
        ("authorization", false, false),
        ("proxy-authorization", false, false),
        ("cookie", false, false),
        ("x-api-key", false, false),
        ("host", false, false),
        ("referer", false, false),
        ("origin", false, false),
        ("idempotency-key", false, false),
        ("x-anything-new", false, false),
    ];
    for (name, crossing, body) in rows {
        let name: HeaderName = name.parse().unwrap();
        assert_eq!((crosses(&name), describes_body(&name)), (crossing, body), "{name}");
    }
}

#[test]
fn one_location_counts() {
    #[expect(clippy::type_complexity, reason = "a table")]
    let rows: [(&str, &[&'static str], Result<Option<&str>, ()>); 5] = [
        ("none", &[], Ok(None)),
        ("empty is no redirect", &[""], Ok(None)),
        ("one", &["/a"], Ok(Some("/a"))),
        ("twice the same", &["/a", "/a"], Ok(Some("/a"))),
        ("two that differ", &["/a", "/b"], Err(())),
    ];
    for (why, values, expected) in rows {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("location", HeaderValue::from_static(value));
        }
        let got = location(&headers).map_err(|_| ());
        assert_eq!(got, expected.map(|text| text.map(str::as_bytes)), "{why}");
    }
}

proptest::proptest! {
    #[test]
    fn any_location_is_a_clean_target_or_none(
        location in "(https?:|//|/|[.]{1,2}/|[?#@:%]|\\\\|\\[|\\]|%2[eEfF]|[a-z0-9 é\t]){0,12}",
    ) {
        let origin: Origin = "https://a.test:8443".parse().unwrap();
        let current = "/v1/items?q=1".parse().unwrap();
        let Ok(next) = target(&origin, &current, location.as_bytes()) else { return Ok(()) };
        let path = next.path.as_str();
        assert!(path.starts_with('/'), "{location:?}");
        assert!(path.bytes().all(|byte| matches!(byte, b'!'..=b'~')), "{location:?}");
        assert!(!next.path.path().split('/').any(|part| matches!(part, "." | "..")), "{location:?}");
        let names_a_host = location.trim_start().starts_with("//") || location.contains(':');
        assert!(names_a_host || next.origin == origin, "{location:?} left the origin");
        let whole = format!("{}{path}", next.origin);
        let again = target(&origin, &current, whole.as_bytes()).unwrap();
        assert_eq!((again.origin, again.path), (next.origin, next.path), "{whole:?} is not stable");
    }
}
