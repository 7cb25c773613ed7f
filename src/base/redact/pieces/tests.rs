//! What a path and a query may tell, and how much work it is to see.

use std::cell::Cell;

use super::{Piece, path, query};

thread_local! {
    pub(super) static LOOKED: Cell<u64> = const { Cell::new(0) };
}

fn shown(of: impl FnOnce(&mut dyn FnMut(Piece<'_>))) -> String {
    let mut text = String::new();
    of(&mut |piece| match piece {
        Piece::Open(open) => text.push_str(open),
        Piece::Hidden(_) => text.push_str("***"),
    });
    text
}

#[test]
fn what_a_query_may_tell() {
    #[rustfmt::skip]
    let rows = [
        // query                                    shown
        ("",                                        ""),
        ("page=2&q=a+b",                            "page=2&q=a+b"),
        ("since=2026-01-01T00:00:00Z",              "since=2026-01-01T00:00:00Z"),
        ("token=S&a=1",                             "token=***&a=1"),
        ("%74oken=S",                               "%74oken=***"),
        ("%2574oken=S",                             "%2574oken=***"),
        ("\\164oken=S",                             "\\164oken=***"),
        ("a=1;token=S",                             "a=1;token=***"),
        ("token=S;a=S&b=1",                         "token=***&b=1"),
        ("a=1?token=S",                             "a=1?token=***"),
        ("token:S",                                 "token:***"),
        ("a=1;token:S&b=2",                         "a=1;token:***&b=2"),
        ("a=1,token:S",                             "a=***"),
        ("a=x%26token%3DS&b",                       "a=***&b"),
        ("token%3DS",                               "***"),
        ("a=1;token%3DS",                           "a=1;***"),
        ("f={\"\\u0074oken\":\"S\"}",               "f=***"),
        ("f=%7B%22%5Cu0074oken%22%3A%22S%22%7D",    "f=***"),
        ("f=%7B%22\\u{74}oken%22%3A%22S%22%7D",     "f=***"),
        ("f=\\x74oken=S",                           "f=***"),
        ("f=%26%23116;oken%3DS",                    "f=***"),
        ("f=%26%23x74;oken%3DS",                    "f=***"),
        ("a=%25252525252525252574oken=S",           "a=***"),
        ("a=%252525252525252525252525252574oken=S", "a=***"),
        ("to%C2%ADken=S",                           "to%C2%ADken=***"),
        ("pa%C2%ADss=S&p%E2%80%8Bw=S",              "pa%C2%ADss=***&p%E2%80%8Bw=***"),
        ("to,ken=S&to/ken=S",                       "to,ken=***&to/ken=***"),
        ("token%00=S&pa%00ss=S",                    "token%00=***&pa%00ss=***"),
        ("%EF%BD%94oken=S",                         "%EF%BD%94oken=***"),
        ("%EF%BD%90%EF%BD%97=S",                    "%EF%BD%90%EF%BD%97=***"),
        ("f=<token>S</token>",                      "f=***"),
        ("f=%3Cns:password%20a%3E%3Cv%3ES%3C/v%3E", "f=***"),
        ("f=<p>open</p><token/><token></token>",    "f=<p>open</p><token/><token></token>"),
        ("f={%22name%22:%22token%22,%22value%22:%22S%22}", "f=***"),
        ("f={%22name%22:%22page%22,%22value%22:%22S%22}", "f={%22name%22:%22page%22,%22value%22:%22S%22}"),
        ("u=https://u:pa/S@h/x",                    "u=***"),
        ("u=https://u:pa%2FS@h/x",                  "u=***"),
        ("u=https://u:pa?S@h/x",                    "u=***"),
        ("u=https://h:8080/@me&v=http://[::1]/@me", "u=https://h:8080/@me&v=http://[::1]/@me"),
        ("f={%22token%22:%22S%22}",                 "f=***"),
        ("u=https://u:S@h/x",                       "u=***"),
        ("u=https%3A%2F%2Fu%3AS%40h",               "u=***"),
        ("u=https://u;x:S@h",                       "u=***"),
        ("https://u:S@h",                           "https:***"),
        ("u=https:/u@h",                            "u=***"),
        ("u=https:\\\\u@h",                         "u=***"),
        ("u=//u:S@h",                               "u=***"),
        ("u=https://h/x?token=S",                   "u=https://h/x?token=***"),
        ("u=https://h/@me&mail=a@b.test",           "u=https://h/@me&mail=a@b.test"),
        ("token",                                   "token"),
        ("%7B%22token%22%3A%22S%22%7D=",            "***"),
        ("a=1;%7B%22token%22%3A%22S%22%7D=1&b=2",   "a=1;***&b=2"),
        ("https%3A%2F%2Fu%3AS%40h%2F=1",            "***"),
        ("https%3A%2F%2Fu%3AS=S@h",                 "***"),
        ("u=https://u:S;token=S@h",                 "u=***"),
        ("token%3DS=1",                             "***"),
        ("token%3AS=1",                             "***"),
        ("token%20S=1&Bearer+S=1",                  "***&***"),
        ("%3Ctoken%3ES%3C/token%3E=1",              "***"),
        ("{\"value\":\"S=1\",\"name\":\"token\"}",  "***"),
    ];
    for (text, expected) in rows {
        assert_eq!(shown(|show| query(text, show)), expected, "{text}");
    }
}

#[test]
fn what_a_path_may_tell() {
    #[rustfmt::skip]
    let rows = [
        // path                                     shown
        ("/v1/orders",                              "/v1/orders"),
        ("/v1/keys:rotate/@me/a=1",                 "/v1/keys:rotate/@me/a=1"),
        ("/users/ann@h.test/x",                     "/users/ann@h.test/x"),
        ("/a;jsessionid=S/b",                       "/a;jsessionid=***/b"),
        ("/a;v=1;sid=S;x=S/b",                      "/a;v=1;sid=***/b"),
        ("/token=S/b",                              "/token=***/b"),
        ("/token%3DS/b",                            "/***/b"),
        ("/proxy/https://u:S@h/x",                  "/proxy/https://***@h/x"),
        ("/proxy/https:/u:S@h/x",                   "/proxy/https:/***@h/x"),
        ("/proxy/https%3A%2F%2Fu%3AS%40h/x",        "/proxy/***/x"),
        ("//u:S@h/x",                               "//***@h/x"),
        ("/proxy/https://u:pa/S@h/x",               "/proxy/https://***"),
        ("/proxy/https://h:80/@me/a=1",             "/proxy/https://h:80/@me/a=1"),
        ("/to%C2%ADken=S/b",                        "/to%C2%ADken=***/b"),
        ("/x/{\"token\":\"S\"}",                    "/x/***"),
        ("/x/{'token':'S'}",                        "/x/***"),
        ("/x/{\\\"token\\\":\\\"S\\\"}",            "/x/***"),
        ("/x/<token>S</token>",                     "/x/***/token>"),
        ("/x/token\\u003dS",                        "/x/***"),
        ("/x/token&#61;S",                          "/x/***"),
        ("/x/token%3DS=1",                          "/x/***"),
        ("/x/%7B%22token%22:%22S%22%7D=",           "/x/***"),
        ("/x/%7B%22token%22%3A%22S%22%7D;v=1",      "/x/***"),
        ("/x/{\"token\":\"S\",\"q\":\"b=c\"}",      "/x/***"),
        ("/x/a;https%3A%2F%2Fu%3AS=1%40h",          "/x/a;***"),
        ("/x/<p>/it's/a&b\\c/\"d\"",                 "/x/<p>/it's/a&b\\c/\"d\""),
    ];
    for (text, expected) in rows {
        assert_eq!(shown(|show| path(text, show)), expected, "{text}");
    }
}

/// Twice the text takes about twice the looks, whatever it is made of.
#[test]
fn work_grows_with_the_text() {
    type Shows = fn(&str);
    let shows: [(&str, Shows); 2] =
        [("path", |text| path(text, &mut |_| {})), ("query", |text| query(text, &mut |_| {}))];
    #[rustfmt::skip]
    let parts = [
        "//a:b", "/a:b", "//a:b@", "/@", "//", ":", "\\", "\\u{", "\\u{0", "\\U{00", "\\x{", "&#", "&#0", "&#x0", "\"name\":",
        "name\\:", "\"", "'", "<", "<a", "<a>", "<a/", "</", " ", ";", "?", "a;", "=", "a=", "%25", "%2F%2Fa:b", "&", "a.", "../", "./",
    ];
    for (what, show) in shows {
        for part in parts {
            for end in ["", "@", "%20", "}\"", "token=S", "/u:x@h"] {
                let looks = |count: usize| {
                    LOOKED.set(0);
                    show(&format!("/x/{}{end}", part.repeat(count)));
                    LOOKED.get()
                };
                let (once, twice) = (looks(150), looks(300));
                assert!(twice <= once * 5 / 2 + 99, "{what} {part:?} {end:?}: {once}, {twice}");
            }
        }
    }
}
