//! What is shown of what a server said.

use crate::auth::AuthScheme;
use crate::{Connection, Hook};

#[test]
fn nothing_of_the_connection_is_shown_of_what_a_server_said() {
    let connection = Connection::new().with_host("https://h.test/hooks/T0/P4TH?k=QU3RY");
    let hook = Hook::builder(&connection)
        .auth(AuthScheme::ApiKeyInQuery { name: "appid".to_owned(), value: "K3Y/of=m&e".into() })
        .header("x-team", "5ecret of ours")
        .build()
        .expect("a hook");
    for (said, shown) in [
        ("", ""),
        ("/items?page=2", "/items?page=2"),
        ("/hooks/T0", "/hooks/T0"),
        ("/hooks/T0/other", "/hooks/T0/other"),
        // The path of the base, where a path begins.
        ("/hooks/T0/P4TH", "/***"),
        ("/hooks/T0/P4TH/items?page=2", "/***/items?page=2"),
        ("/hooks//T%30/P4TH?page=2", "/***?page=2"),
        ("https://h.test/hooks/T0/P4TH/items", "https://h.test/***/items"),
        ("//h.test:8443/hooks/T0/P4TH#a", "//h.test:8443/***#a"),
        ("<https://u@h.test/hooks/T0/P4TH>; rel=\"next\"", "<https://u@h.test/***>; rel=\"next\""),
        ("5; url=/hooks/T0/P4TH", "5; url=/***"),
        ("at \"/hooks/T0/P4TH\"", "at \"/***\""),
        ("</a>, </hooks/T0/P4TH/b>", "</a>, </***/b>"),
        // What is more than a word of it, wherever it stands.
        ("/other/hooks/T0/P4TH/items", "/other/hooks/T0/***/items"),
        ("/a?of=P4TH&page=2", "/a?of=***&page=2"),
        ("https:/P4TH", "https:/***"),
        ("/a?k=QU3RY&page=2", "/a?k=***&page=2"),
        ("/a?k=%51U3RY&page=2", "/a?k=***&page=2"),
        ("/a?k=%2551U3RY&page=2", "/a?k=***&page=2"),
        ("/a?appid=K3Y%2Fof%3Dm%26e&page=2", "/a?appid=***&page=2"),
        // What marks stand in is in no part.
        ("/a?appid=K3Y/of=m&e&page=2", "***"),
        ("the 5ecret of ours", "***"),
    ] {
        assert_eq!(hook.shown(said), shown, "{said}");
        assert_eq!(hook.shown(shown), shown, "it stays so");
    }
    let bare = Hook::builder_to("https://h.test/v1").show_base(true).build().expect("a hook");
    assert_eq!(bare.shown("/v1/items"), "/v1/items");
    let root = Hook::to("https://h.test").expect("a hook");
    assert_eq!(root.shown("//h.test//a/*** é\\b"), "//h.test//a/*** é\\b");
}

fn knows(scheme: AuthScheme) -> Hook {
    Hook::builder_to("https://h.test").auth(scheme).build().expect("a hook")
}

#[test]
fn a_credential_is_found_in_every_form() {
    // In a query, for a header holds no more than visible ASCII.
    let of = |text: &str| AuthScheme::ApiKeyInQuery { name: "q".to_owned(), value: text.into() };
    let plain = "2Hunter/é\u{1f512}";
    let latin = "pw:9~zw/xq+1";
    let rows = [
        // the secret, and a form of it
        (plain, "2Hunter/é\u{1f512}"),
        (plain, "2Hunter%2F%C3%A9%F0%9F%94%92"),
        (plain, r"\u0032Hunter\/\u00e9\ud83d\udd12"),
        (plain, r"2Hunter\/\xe9\u{1f512}"),
        (plain, "&#50;Hunter/&#xe9;&#128274;"),
        (plain, r"2Hunter/\xc3\xa9\xf0\x9f\x94\x92"),
        (plain, r"\062Hunter\057\303\251\360\237\224\222"),
        (plain, r"2Hunter\057\351\u{1f512}"),
        (plain, "2Hunter/%u00e9%ud83d%udd12"),
        ("it's \\mine", r"it\'s \\mine"),
        (plain, r"%5Cu0032Hunter%2F%5Cu00e9%F0%9F%94%92"),
        (latin, "pw%3A9%7Ezw%2Fxq+1"),
        ("a b c d e", "a+b+c+d+e"),
        ("a b c d e", "a%2Bb%2Bc%2Bd%2Be"),
        ("a b+c d e", "a+b%2Bc+d+e"),
        ("a b+c d e", "a%2Bb%252Bc%2Bd%2Be"),
        ("pw\u{fc}rd-9", "pw%FCrd-9"),
        ("pw&'\"<9>", "pw&amp;&apos;&quot;&lt;9&gt;"),
        ("pw\u{fc}rd-9", "pw%u00FCrd-9"),
        ("2Hunter/9", "Mkh1bnRlci85"),
        ("2Hunter/9", "TWtoMWJuUmxjaTg1"),
        ("2Hunter/9", "MiU0OHVudGVyLzk"),
        // In UTF-16, as Windows has texts.
        ("pw\u{fc}rd-9", "cAB3APwAcgBkAC0AOQA"),
        ("2Hunter/9", "003200480075006e007400650072002f0039"),
    ];
    for (secret, written) in rows {
        let hook = knows(of(secret));
        for text in
            [written.to_owned(), format!("/next?of={written}&page=2"), format!("x{written}y")]
        {
            assert!(hook.is_told_by(&text), "{secret} in {text}");
            assert!(!hook.shown(&text).contains(written), "{secret} in {text}");
        }
    }
}

#[test]
fn a_credential_is_found_in_what_base64_and_hexadecimal_say() {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    let login = "svc-orders-9";
    let hook = knows(AuthScheme::Basic { login: login.to_owned(), password: "pw>9~zw?xq".into() });
    for before in ["", "a", "ab", "abc", "svc-orders-9:"] {
        for after in ["", "!", "!!", "!!!"] {
            let text = format!("{before}pw>9~zw?xq{after}");
            let digit = |value: u8| char::from_digit(u32::from(value), 16);
            let hex = text.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
            let hex = hex.flatten().collect::<String>();
            let forms =
                [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text), hex.to_uppercase(), hex];
            for form in forms {
                for text in [
                    form.clone(),
                    format!("/next?of={form}"),
                    format!("at-{form}"),
                    format!("state_x{form}"),
                ] {
                    assert!(hook.is_told_by(&text), "{text}");
                }
            }
        }
    }
    let digits = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
    assert!(!hook.is_told_by(digits) && !hook.is_told_by("0123456789abcdef0123"));
}

#[test]
fn what_is_encoded_in_itself_is_looked_into_in_time_and_is_hidden_beyond() {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    let hook = knows(AuthScheme::Basic { login: "svc-9".to_owned(), password: "pw>9~zw".into() });
    // Each `+` and each level of escapes is one more text to read, in each of the encodings.
    let levels = format!("%{}41+", "25".repeat(6));
    let mut text = "z~".repeat(1_000);
    for _ in 0..3 {
        text = format!("{levels}{}", URL_SAFE_NO_PAD.encode(text));
    }
    assert_eq!(hook.shown(&text), "***");
    let cursor = r#"{"after": "2026-11-30T12:00:00Z", "id": 7351, "sort": ["name", "+id"]}"#;
    let noise = (0..4_096_u32).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0]);
    let noise = noise.collect::<Vec<u8>>();
    let hexadecimal = "00112233445566778899aabbccddeeff0123456789abcdef".repeat(100);
    for plain in [cursor.repeat(100).as_bytes(), &noise, hexadecimal.as_bytes()] {
        let once = STANDARD.encode(plain);
        let twice = STANDARD.encode(&once).replace('=', "%3D");
        for open in [once.replace('+', "%2B").replace('/', "%2F"), twice] {
            assert!(!hook.is_told_by(&open), "{open}");
        }
    }
    assert!(!hook.is_told_by(&hexadecimal));
}

#[test]
fn a_login_is_found_as_a_word_where_it_is_more_than_one() {
    let of =
        |login: &str| AuthScheme::Digest { login: login.to_owned(), password: "pw>9~zw".into() };
    let rows = [
        ("svc-orders-9", "/by/svc-orders-9?page=2", true),
        ("ann@h.test", "/by?who=ann%40h.test", true),
        ("R3ader", "YnkgUjNhZGVyOg", true),
        ("R3ader", "/R3aders", false),
        ("R3ader", "/aR3ader", false),
        // Such a word stands in other texts, too.
        ("reader", "/by/reader?page=2", false),
        ("R3a", "/by/R3a", false),
    ];
    for (login, text, told) in rows {
        assert_eq!(knows(of(login)).is_told_by(text), told, "{login} in {text}");
    }
}

#[test]
fn what_a_header_shows_behind_its_scheme_is_known_and_so_is_what_a_client_is() {
    let hook = Hook::builder_to("https://h.test").header("authorization", "Token  t0ken-of-9");
    let hook = hook.build().expect("a hook");
    assert!(hook.is_told_by("/next?of=t0ken-of-9"));
    let mut own =
        crate::auth::OAuth2::client_credentials("https://h.test/token", "Client-9", "s3cret-9");
    own.fields = vec![("audience".to_owned(), "ours-and-9".into())];
    let hook = knows(own.into());
    for text in ["/by/Client-9", "/by/s3cret-9", "/by/ours-and-9"] {
        assert!(hook.is_told_by(text), "{text}");
    }
}

#[test]
fn login_and_password_are_found_as_they_go_out_in_latin_1() {
    let of = |login: &str, password: &str| AuthScheme::Basic {
        login: login.to_owned(),
        password: password.into(),
    };
    let hook = knows(of("j\u{fc}rgen-9", "pw\u{e9}9~"));
    let mut sent = http::Request::get("https://h.test").body(()).expect("a request");
    *sent.headers_mut() = header_of(&hook);
    let value = sent.headers()["authorization"].to_str().expect("a text").to_owned();
    let encoded = value.trim_start_matches("Basic ").trim_end_matches('=').to_owned();
    for text in
        [value.clone(), encoded.clone(), format!("/next?of={encoded}"), format!("at_{encoded}")]
    {
        assert!(hook.is_told_by(&text), "{text}");
    }
}

/// The headers that a request goes out with.
fn header_of(hook: &Hook) -> http::HeaderMap {
    let now = crate::Timestamp::default();
    match crate::Call::new(hook, crate::RequestPlan::get("a"), 7, now).step(hook, now) {
        crate::Step::Send { request, .. } => request.headers().clone(),
        _ => panic!("it is sent"),
    }
}

#[test]
fn parts_of_values_are_known_too() {
    let basic = "Basic c3ZjLW9yZGVycy05OnB3Pjl+enc/eHE=";
    let rows = [
        ("authorization", basic, "c3ZjLW9yZGVycy05OnB3Pjl+enc/eHE"),
        ("authorization", basic, "/by/svc-orders-9"),
        ("authorization", basic, "pw%3E9~zw%3Fxq"),
        ("cookie", "a=b; sid=S3ssion-of-9; c=d", "/next?s=S3ssion-of-9"),
        ("x-auth", "Bearer t0ken-of-9", "t0ken-of-9"),
        ("x-own", "key=\"k3y-of-9-9\", at=1", "k3y-of-9-9"),
    ];
    for (name, value, said) in rows {
        let hook = Hook::builder_to("https://h.test").header(name, value).build().expect("a hook");
        assert!(hook.is_told_by(said), "{said} of {name}: {value}");
        assert!(!hook.is_told_by("/v1/orders?page=2&by=reader"), "{value}");
    }
    let hook =
        knows(AuthScheme::ApiKey { name: "x-key".to_owned(), value: "Token t0ken-of-9".into() });
    assert!(hook.is_told_by("t0ken-of-9"));
    let hook = Hook::builder(&Connection::new().with_host("https://h.test?QU3RY-9")).build();
    assert!(hook.expect("a hook").is_told_by("/a?QU3RY-9"));
    let extra = r#"{"proxies": {"https": "http://me-at-9:pr0xy-pw@proxy.test:3128"}}"#;
    let hook =
        Hook::builder(&Connection::new().with_host("https://h.test").with_extra(extra)).build();
    let hook = hook.expect("a hook");
    assert!(hook.is_told_by("/a?pr0xy-pw") && hook.is_told_by("via me-at-9"));
    let hook = Hook::to("https://h.test/bot123456:AAk3yOf9/20261130/v1.20").expect("a hook");
    assert!(
        hook.is_told_by("/a?AAk3yOf9")
            && hook.is_told_by("/a/20261130")
            && !hook.is_told_by("v1.20")
    );
    let hook = Hook::builder_to("https://h.test")
        .netrc("machine h.test login R3ader-9 password n3trc-pw")
        .expect("a netrc")
        .build()
        .expect("a hook");
    assert!(hook.is_told_by("/a?n3trc-pw") && hook.is_told_by("by R3ader-9"));
    let hook = Hook::builder_to("http://h.test")
        .environment([("http_proxy", "http://me:pr0xy-pw@p.test:1")]);
    assert!(hook.build().expect("a hook").is_told_by("/a?pr0xy-pw"));
    let own = crate::auth::OAuth2::client_credentials(
        "https://id.test/t3nant-9/token?sig=S1g-of-9",
        "me",
        "s3cret-9",
    );
    let hook = knows(own.into());
    assert!(
        hook.is_told_by("/a?t3nant-9")
            && hook.is_told_by("/a?S1g-of-9")
            && !hook.is_told_by("/token")
    );
}

#[test]
fn a_credential_is_found_in_capitals_and_in_small_letters() {
    let secret = "6F9619ff-8b86-D011-b42d";
    let hooks = [
        Hook::to(&format!("https://h.test/hooks/{secret}")),
        Hook::builder_to("https://h.test").header("x-team", secret).build(),
        Hook::builder_to("https://h.test")
            .auth(AuthScheme::Bearer { token: secret.into() })
            .build(),
        Hook::new(&Connection::new().with_host(format!("https://u:{secret}@h.test"))),
        Hook::builder_to("http://h.test")
            .environment([("http_proxy", format!("http://me:{secret}@p.test:1"))])
            .build(),
    ];
    for hook in hooks {
        let hook = hook.expect("a hook");
        for said in [secret.to_owned(), secret.to_uppercase(), secret.to_lowercase()] {
            for said in [format!("/a?of={said}"), format!("/a?of={said}").replace('-', "%2d")] {
                assert_eq!(hook.shown(&said), "/a?of=***", "{said}");
            }
        }
        assert_eq!(hook.shown("/a?of=6f9619"), "/a?of=6f9619");
    }
    // Words are as they are written: others have them, too.
    let hook = Hook::to("https://h.test/Services/Reports").expect("a hook");
    assert_eq!(hook.shown("/a/services"), "/a/services");
}

#[cfg(feature = "cookies")]
#[test]
fn cookies_are_known_too() {
    let mut jar = crate::cookies::Jar::default();
    let origin = "https://h.test".parse().expect("an origin");
    jar.insert(&origin, "sid", &"S3ssion-of-9".into()).expect("a cookie");
    jar.insert(&origin, "theme", &"dark".into()).expect("a cookie");
    let hook = Hook::builder_to("https://h.test").cookies(jar).build().expect("a hook");
    assert!(hook.is_told_by("/a?S3ssion-of-9") && !hook.is_told_by("/dark"));
}
