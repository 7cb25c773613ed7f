//! Cookies: what is kept, how long, and where it goes back to.

use http_hook::cookies::Jar;
use http_hook::{ErrorKind, Origin, Secret, Timestamp};

use crate::support::at;

/// 1 January 2026, midnight.
const NOW: u64 = 1_767_225_600;

fn origin(url: &str) -> Origin {
    url.parse().unwrap()
}

fn sent(jar: &Jar, url: &str, path: &str, now: u64) -> Option<String> {
    let value = jar.header(&origin(url), path, at(now));
    value
        .inspect(|value| assert!(value.is_sensitive()))
        .map(|value| value.to_str().unwrap().to_owned())
}

#[test]
fn a_cookie_is_kept_or_ignored() {
    let big = format!("a={}", "b".repeat(4095));
    let too_big = format!("a={}", "b".repeat(4096));
    let long_path = format!("a=1; Path=/{}", "z".repeat(1023));
    let too_long_path = format!("a=1; Path=/{}", "z".repeat(1024));
    #[rustfmt::skip]
    let rows = [
        // why                              Set-Cookie, by https://a.b.test/x/y     sent back to the same URL
        ("a pair",                          "a=1",                                  Some("a=1")),
        ("blanks",                          " a = 1 ; Path=/",                      Some("a=1")),
        ("an inner blank",                  "a=x y",                                Some("a=x y")),
        ("more than one =",                 "a=b=c",                                Some("a=b=c")),
        ("quotes stay",                     "a=\"1\"",                              Some("a=\"1\"")),
        ("no value",                        "a=",                                   Some("a=")),
        ("no name",                         "=1",                                   Some("1")),
        ("no =",                            "flag",                                 Some("flag")),
        ("nothing",                         "",                                     None),
        ("only an =",                       "=",                                    None),
        ("only attributes",                 "; Path=/",                             None),
        ("unknown attributes",              "a=1; Priority=High; SameSite=Strict; HttpOnly", Some("a=1")),
        ("a control character",             "a=1\u{1}",                             None),
        ("beyond ASCII",                    "a=é",                                  None),
        ("4,096 bytes",                     &big,                                   Some(&big)),
        ("4,097 bytes",                     &too_big,                               None),
        ("own path",                        "a=1; Path=/x",                         Some("a=1")),
        ("another path",                    "a=1; Path=/z",                         None),
        ("a path is whole segments",        "a=1; Path=/x/yy",                      None),
        ("a path that is none",             "a=1; Path=x",                          Some("a=1")),
        ("another path of 1,024 bytes",     &long_path,                             None),
        ("of 1,025 bytes it is passed over", &too_long_path,                        Some("a=1")),
        ("the last path counts",            "a=1; Path=/z; Path=/",                 Some("a=1")),
        ("own domain",                      "a=1; Domain=a.b.test",                 Some("a=1")),
        ("a domain above",                  "a=1; Domain=.B.test",                  Some("a=1")),
        ("a domain below",                  "a=1; Domain=c.a.b.test",               None),
        ("another domain",                  "a=1; Domain=evil.test",                None),
        ("part of a label",                 "a=1; Domain=.b.tes",                   None),
        ("a single label",                  "a=1; Domain=test",                     None),
        ("an empty domain",                 "a=1; Domain=",                         Some("a=1")),
        ("secure",                          "a=1; Secure",                          Some("a=1")),
        ("__Secure- without Secure",        "__Secure-a=1",                         None),
        ("__secure- without Secure",        "__secure-a=1",                         None),
        ("__Secure-",                       "__Secure-a=1; Secure",                 Some("__Secure-a=1")),
        ("__Host-",                         "__Host-a=1; Secure; Path=/",           Some("__Host-a=1")),
        ("__Host- without Path",            "__Host-a=1; Secure",                   None),
        ("__Host- with Domain",             "__Host-a=1; Secure; Path=/; Domain=a.b.test", None),
        ("__Host- as a value",              "=__Host-a=1",                          None),
        ("over already",                    "a=1; Max-Age=0",                       None),
        ("over long ago",                   "a=1; Max-Age=-5",                      None),
        ("an age that is none",             "a=1; Max-Age=5x",                      Some("a=1")),
        ("a date gone by",                  "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Max-Age beats Expires",           "a=1; Max-Age=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT", Some("a=1")),
        ("a date that is none",             "a=1; Expires=never",                   Some("a=1")),
    ];
    let url = "https://a.b.test";
    for (why, set_cookie, expected) in rows {
        let mut jar = Jar::default();
        jar.set(&origin(url), "/x/y", set_cookie.as_bytes(), at(NOW));
        assert_eq!(sent(&jar, url, "/x/y", NOW).as_deref(), expected, "{set_cookie:?}: {why}");
    }
}

#[test]
fn dates_are_read_leniently() {
    let in_june = 1_782_000_000; // 21 June 2026, midnight
    #[rustfmt::skip]
    let rows = [
        // why                      date                                        the second it ends, from 1970
        ("as the standard has it",  "Sun, 21 Jun 2026 00:00:00 GMT",            Some(in_june)),
        ("with dashes",             "Sunday, 21-Jun-26 00:00:00 GMT",           Some(in_june)),
        ("as asctime writes it",    "Sun Jun 21 00:00:00 2026",                 Some(in_june)),
        ("in any order",            "2026 00:00:00 jUNe 21",                    Some(in_june)),
        ("single digits",           "21 Jun 2026 0:0:1",                        Some(in_june + 1)),
        ("no zone is looked at",    "21 Jun 2026 01:00:00 +0100",               Some(in_june + 3600)),
        ("a leap day",              "29 Feb 2028 00:00:00",                     Some(NOW + 400 * 86_400)),
        ("cut at 400 days",         "31 Dec 9999 23:59:59",                     Some(NOW + 400 * 86_400)),
        ("no leap day",             "29 Feb 2027 00:00:00",                     None),
        ("no such hour",            "21 Jun 2026 24:00:00",                     None),
        ("no such day",             "31 Jun 2026 00:00:00",                     None),
        ("no time",                 "21 Jun 2026",                              None),
        ("no year",                 "21 Jun 00:00:00",                          None),
        ("no hour, and no second one",  "Sat, 15-Apr-27 91:22:33 21:01:22",     None),
        ("hour 24 before another",  "21 Jun 2026 24:00:00 21:01:22",            None),
        ("minute 60 before another", "21 Jun 2026 10:60:00 21:01:22",           None),
        ("second 60 before another", "21 Jun 2026 10:00:60 21:01:22",           None),
        ("the first time counts",   "21 Jun 2026 00:00:00 91:22:33",            Some(in_june)),
        ("no form of a time",       "21 Jun 2026 100:00:00 00:00:00",           Some(in_june)),
        ("day 32 before another",   "32 21 Jun 2026 00:00:00",                  None),
        ("a second day is a year",  "21 26 Jun 2031 00:00:00",                  Some(in_june)),
        ("too early a year",        "21 Jun 1600 00:00:00",                     None),
    ];
    let url = "https://a.test";
    for (why, date, end) in rows {
        let mut jar = Jar::default();
        assert!(jar.set(&origin(url), "/", format!("a=1; Expires={date}").as_bytes(), at(NOW)));
        let last = end.unwrap_or(u64::MAX) - 1;
        assert!(sent(&jar, url, "/", last).is_some(), "{date:?}: {why}: too short");
        if let Some(end) = end {
            assert!(sent(&jar, url, "/", end).is_none(), "{date:?}: {why}: too long");
        }
    }
}

#[test]
fn no_cookie_is_kept_longer_than_it_was_to_be_when_the_clock_was_wrong() {
    let url = origin("https://api.test");
    let ahead = NOW + 50 * 365 * 24 * 60 * 60;
    let mut jar = Jar::default();
    assert!(jar.set(&url, "/", b"a=1; Max-Age=60", at(ahead)));
    assert!(jar.header(&url, "/", at(ahead + 59)).is_some());
    assert!(jar.header(&url, "/", at(ahead - 50)).is_some(), "a clock that was set");
    assert!(jar.header(&url, "/", at(NOW)).is_none(), "a clock that is right again");
}

#[test]
fn ages_are_cut() {
    let days_400 = 400 * 24 * 60 * 60;
    let rows = [
        ("1", 1),
        ("34559999", days_400 - 1),
        ("34560001", days_400),
        ("99999999999999999999999999", days_400),
    ];
    for (age, seconds) in rows {
        let mut jar = Jar::default();
        let text = format!("a=1; Max-Age={age}");
        assert!(jar.set(&origin("http://a.test"), "/", text.as_bytes(), at(NOW)));
        assert!(sent(&jar, "http://a.test", "/", NOW + seconds - 1).is_some(), "{age}");
        assert!(sent(&jar, "http://a.test", "/", NOW + seconds).is_none(), "{age}");
    }
}

#[test]
fn a_cookie_goes_back_to_where_it_came_from() {
    let set_by = "https://api.x.test";
    #[rustfmt::skip]
    let rows = [
        // Set-Cookie                       request to                  by origin   by domain
        ("a=1",                             "https://api.x.test",       true,       true),
        ("a=1",                             "https://api.x.test:8443",  false,      true),
        ("a=1",                             "http://api.x.test",        false,      true),
        ("a=1; Secure",                     "http://api.x.test",        false,      false),
        ("a=1",                             "https://b.api.x.test",     false,      false),
        ("a=1; Domain=api.x.test",          "https://b.api.x.test",     false,      true),
        ("a=1; Domain=x.test",              "https://other.x.test",     false,      true),
        ("a=1; Domain=x.test",              "https://evilx.test",       false,      false),
        ("a=1; Domain=x.test",              "https://x.test.evil",      false,      false),
    ];
    for (set_cookie, url, by_origin, by_domain) in rows {
        let jars =
            [("origin", Jar::default(), by_origin), ("domain", Jar::for_domains(), by_domain)];
        for (by, mut jar, expected) in jars {
            assert!(jar.set(&origin(set_by), "/", set_cookie.as_bytes(), at(NOW)));
            let goes = sent(&jar, url, "/", NOW).is_some();
            assert_eq!(goes, expected, "{set_cookie:?} to {url} by {by}");
        }
    }
    let mut jar = Jar::for_domains().with_public_suffixes(|domain| domain == "co.test");
    assert!(!jar.set(&origin("https://a.co.test"), "/", b"a=1; Domain=co.test", at(NOW)));
    assert!(jar.set(&origin("https://co.test"), "/", b"a=1; Domain=co.test", at(NOW)));
    assert_eq!(sent(&jar, "https://a.co.test", "/", NOW), None, "of the suffix's own host only");
}

#[test]
fn a_cookie_crosses_to_no_host_that_another_spelling_makes_of_it() {
    #[rustfmt::skip]
    let rows = [
        // set by                   Domain              request to                      goes
        ("http://evil.com.",        "com.",             "http://bank.com.",             false),
        ("http://evil.com.",        "com",              "http://bank.com",              false),
        ("http://evil.com",         ".com.",            "http://bank.com.",             false),
        ("http://a.x.test.",        "x.test",           "http://b.x.test",              true),
        ("http://a.x.test",         "X.Test.",          "http://b.x.test.",             true),
        ("http://a.x.test",         "a.x.test.",        "http://a.x.test.:81",          true),
        ("http://127.0.0.1",        "0.0.1",            "http://10.0.0.1",              false),
        ("http://127.0.0.1",        "0.1",              "http://10.0.0.1",              false),
        ("http://127.0.0.1",        "1",                "http://10.0.0.1",              false),
        ("http://127.0.0.1",        "0x7f.1",           "http://127.0.0.1",             false),
        ("http://127.0.0.1",        "127.0.0.1",        "http://127.0.0.1:81",          true),
        ("http://a.x.09",           "x.09",             "http://b.x.09",                false),
        ("http://a.x.0x1f",         "x.0x1f",           "http://b.x.0x1f",              false),
        ("http://a.x.09",           "a.x.09",           "http://a.x.09",                true),
        ("http://[::ffff:1.2.3.4]", "[0::ffff:1.2.3.4]", "http://[::ffff:102:304]",     true),
        ("http://[::1]",            "1]",               "http://[2::1]",                false),
        ("http://a.test",           "a test",           "http://a.test",                false),
    ];
    for (set_by, domain, url, goes) in rows {
        let mut jar = Jar::for_domains();
        let set = format!("a=1; Domain={domain}");
        jar.set(&origin(set_by), "/", set.as_bytes(), at(NOW));
        assert_eq!(sent(&jar, url, "/", NOW).is_some(), goes, "{set_by}, {domain}, to {url}");
    }
}

/// Whatever the scope: what the caller puts in is bound to scheme, host and port.
#[test]
fn the_caller_s_own_cookies_stay_with_their_origin() {
    for (by, mut jar) in [("origin", Jar::default()), ("domain", Jar::for_domains())] {
        jar.insert(&origin("https://api.test."), "a", &Secret::new("1")).unwrap();
        for url in ["https://api.test", "https://API.test:443", "https://api.test."] {
            assert_eq!(sent(&jar, url, "/x", NOW).as_deref(), Some("a=1"), "{by}: {url}");
        }
        for url in [
            "http://api.test",
            "http://api.test:8080",
            "http://api.test:443",
            "https://api.test:8443",
            "https://b.api.test",
            "https://test",
        ] {
            assert_eq!(sent(&jar, url, "/x", NOW), None, "{by}: {url}");
        }
    }
}

/// Only what is set for the whole host takes the place of the caller's own: elsewhere both would go along.
#[test]
fn a_cookie_for_the_whole_host_takes_the_place_of_the_caller_s_own() {
    for (set_cookie, expected) in [
        ("a=2; Path=/", "a=2"),
        ("a=2; Path=/x", "a=2; a=1"),
        ("a=2; Path=/; Domain=api.test", "a=1; a=2"),
        ("b=2; Path=/", "a=1; b=2"),
    ] {
        let mut jar = Jar::default();
        let url = origin("https://api.test");
        jar.insert(&url, "a", &Secret::new("1")).unwrap();
        assert!(jar.set(&url, "/", set_cookie.as_bytes(), at(NOW)), "{set_cookie}");
        assert_eq!(
            sent(&jar, "https://api.test", "/x", NOW).as_deref(),
            Some(expected),
            "{set_cookie}"
        );
    }
}

/// A host has one jar for all its ports, but what is bound to one of them replaces nothing of another.
#[test]
fn a_cookie_replaces_only_its_own_kind() {
    let mut jar = Jar::default();
    for url in ["https://api.test", "https://api.test:8443"] {
        assert!(jar.set(&origin(url), "/", format!("a={}", url.len()).as_bytes(), at(NOW)));
    }
    assert_eq!(sent(&jar, "https://api.test", "/", NOW).as_deref(), Some("a=16"));
    assert_eq!(sent(&jar, "https://api.test:8443", "/", NOW).as_deref(), Some("a=21"));
    let url = origin("https://api.test");
    for text in ["a=1", "b=2", "a=3", "b=4"] {
        assert!(jar.set(&url, "/", text.as_bytes(), at(NOW)));
    }
    assert_eq!(sent(&jar, "https://api.test", "/", NOW).as_deref(), Some("a=3; b=4"));
}

#[test]
fn the_order_is_the_longest_path_first() {
    let mut jar = Jar::default();
    let url = origin("https://a.test");
    for text in ["a=1; Path=/", "b=2; Path=/x/y", "c=3; Path=/x", "d=4; Path=/x/y", "a=5; Path=/"] {
        assert!(jar.set(&url, "/", text.as_bytes(), at(NOW)));
    }
    assert_eq!(sent(&jar, "https://a.test", "/x/y/z", NOW).as_deref(), Some("b=2; d=4; c=3; a=5"));
    assert_eq!(sent(&jar, "https://a.test", "/xx", NOW).as_deref(), Some("a=5"));
    assert!(jar.set(&url, "/", b"c=; Path=/x; Max-Age=0", at(NOW)));
    assert_eq!(sent(&jar, "https://a.test", "/x", NOW).as_deref(), Some("a=5"), "c was taken back");
}

#[test]
fn a_path_that_is_not_given_is_the_folder() {
    let rows = [
        ("/", "/z", true),
        ("/x", "/z", true),
        ("/x/y", "/x", true),
        ("/x/y", "/xy", false),
        ("/x/", "/z", false),
    ];
    for (set_at, path, expected) in rows {
        let mut jar = Jar::default();
        assert!(jar.set(&origin("https://a.test"), set_at, b"a=1", at(NOW)));
        assert_eq!(sent(&jar, "https://a.test", path, NOW).is_some(), expected, "{set_at} {path}");
    }
}

#[test]
fn clear_text_does_not_overwrite_what_is_secure() {
    let mut jar = Jar::for_domains();
    assert!(jar.set(&origin("https://a.test"), "/", b"s=1; Secure; Path=/", at(NOW)));
    assert!(!jar.set(&origin("http://a.test"), "/", b"s=2; Path=/", at(NOW)));
    assert!(!jar.set(&origin("http://a.test"), "/", b"s=2; Path=/; Secure", at(NOW)));
    assert!(jar.set(&origin("http://a.test"), "/", b"t=2; Path=/", at(NOW)), "another name");
    assert!(jar.set(&origin("http://b.test"), "/", b"s=2; Path=/", at(NOW)), "another host");
    assert_eq!(sent(&jar, "https://a.test", "/", NOW).as_deref(), Some("s=1; t=2"));
}

#[test]
fn jars_have_limits() {
    let url = origin("https://a.test");
    let mut jar = Jar::default();
    for (len, fits) in [(4095, true), (4096, false), (5000, false)] {
        let value = Secret::new("v".repeat(len));
        assert_eq!(jar.insert(&url, "a", &value).is_ok(), fits, "{len} and one more");
    }

    let mut jar = Jar::default();
    for index in 0..51 {
        assert!(jar.set(&url, "/", format!("c{index}=1").as_bytes(), at(NOW)));
    }
    assert_eq!(jar.len(), 50);
    assert!(!sent(&jar, "https://a.test", "/", NOW).unwrap().contains("c0="), "the oldest went");

    for host in 0..100 {
        for index in 0..40 {
            let url = origin(&format!("https://h{host}.test"));
            assert!(jar.set(&url, "/", format!("c{index}=1").as_bytes(), at(NOW)));
        }
    }
    assert_eq!(jar.len(), 3000);

    let mut jar = Jar::default();
    for index in 0..20 {
        let text = format!("c{index}={}", "v".repeat(4000));
        assert!(jar.set(&url, "/", text.as_bytes(), at(NOW)));
    }
    let header = jar.header(&url, "/", at(NOW)).expect("those that fit");
    assert!((12_000..=16 * 1024).contains(&header.len()), "{}", header.len());

    let before = 3 * 4097 + 2 * 2;
    for (len, sent) in [(16 * 1024 - 1, true), (16 * 1024, true), (16 * 1024 + 1, false)] {
        let mut jar = Jar::default();
        for name in ["a", "b", "c"] {
            jar.insert(&url, name, &Secret::new("v".repeat(4095))).unwrap();
        }
        let last = len - before - "; d=".len();
        jar.insert(&url, "d", &Secret::new("v".repeat(last))).unwrap();
        let header = jar.header(&url, "/", at(NOW)).unwrap();
        assert_eq!(header.len(), if sent { len } else { before }, "{len}");
    }
}

#[test]
fn the_caller_puts_cookies_in() {
    let url = origin("https://a.test");
    let mut jar = Jar::default();
    for (name, value) in [("a", "1"), ("b", "x y"), ("a", "2")] {
        jar.insert(&url, name, &Secret::new(value)).unwrap();
    }
    assert_eq!(sent(&jar, "https://a.test", "/x", NOW).as_deref(), Some("a=2; b=x y"));
    assert_eq!(sent(&jar, "https://b.test", "/x", NOW), None);
    assert_eq!(format!("{jar:?}"), "Jar(2 cookies)");
    for (name, value) in [("a;b", "1"), ("a", "1; c=2"), ("a", "1\r\n"), ("a=b", "1"), ("", "1")] {
        let error = jar.insert(&url, name, &Secret::new(value)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Header, "{name:?} {value:?}");
    }
}

proptest::proptest! {
    #[test]
    fn any_set_cookie_is_kept_or_ignored(
        text in "([a-c]=|[a-c]|;|; *(Path|Domain|Max-Age|Expires|Secure)=?|/|[.]test|[0-9]{1,4}|:|Jan|__Host-| |é|\x01){0,16}",
    ) {
        let mut jar = Jar::default();
        let kept = jar.set(&origin("https://a.test"), "/x", text.as_bytes(), at(NOW));
        assert!(kept || jar.is_empty(), "{text:?}");
        for url in ["https://a.test:1", "http://a.test", "https://b.a.test"] {
            assert_eq!(sent(&jar, url, "/x", NOW), None, "{text:?} went to {url}");
        }
    }
}

#[cfg(feature = "public-suffixes")]
#[test]
fn no_cookie_is_set_for_a_public_suffix() {
    let rows = [
        ("a.example.co.uk", "co.uk", false),
        ("a.example.co.uk", "example.co.uk", true),
        ("user.github.io", "github.io", false),
        ("a.internal.corp", "internal.corp", true),
    ];
    for (host, domain, expected) in rows {
        let origin = format!("https://{host}").parse().expect("an origin");
        let mut jar = Jar::for_domains().with_public_suffix_list();
        let set = format!("s=1; Domain={domain}");
        assert_eq!(
            jar.set(&origin, "/", set.as_bytes(), Timestamp::default()),
            expected,
            "{host} {domain}"
        );
    }
}

#[test]
fn a_cookie_header_of_the_caller_s_own_is_left_as_it_is() {
    use crate::support::{Scenario, connection, response};
    use http_hook::RequestPlan;

    let own = |plan: RequestPlan| {
        let hook = http_hook::Hook::builder(&connection()).cookies(Jar::default());
        let hook = hook.build().expect("a hook");
        let sets = response(302, &[("location", "/b"), ("set-cookie", "jar=1; Path=/")], "");
        let request = Scenario::new(&hook, plan).after([sets]).sending().request;
        let values: Vec<_> = request.headers().get_all("cookie").iter().cloned().collect();
        values
    };
    assert_eq!(own(RequestPlan::get("a")), ["jar=1"]);
    assert_eq!(own(RequestPlan::get("a").header("cookie", "own=2")), ["own=2"]);
    assert_eq!(own(RequestPlan::get("a").secret_header("cookie", "own=2")), ["own=2"]);
}
