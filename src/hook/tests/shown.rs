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
    let of = |text: &str| AuthScheme::Bearer { token: text.into() };
    let plain = "2Hunter/é\u{1f512}";
    let latin = "pw:9~zw/xq+1";
    let rows = [
        (plain, "2Hunter/é\u{1f512}"),
        (plain, "2Hunter%2F%C3%A9%F0%9F%94%92"),
        (plain, r"\u0032Hunter\/\u00e9\ud83d\udd12"),
        (plain, r"2Hunter\/\xe9\u{1f512}"),
        (plain, "&#50;Hunter/&#xe9;&#128274;"),
        (plain, r"%5Cu0032Hunter%2F%5Cu00e9%F0%9F%94%92"),
        (latin, "pw%3A9%7Ezw%2Fxq+1"),
        ("a b c d e", "a+b+c+d+e"),
        ("a b c d e", "a%2Bb%2Bc%2Bd%2Be"),
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
    let mut own = crate::auth::OAuth2::client_credentials(
        "https://h.test/token",
        "Client-9",
        "s3cret-9".into(),
    );
    own.fields = vec![("audience".to_owned(), "ours-and-9".into())];
    let hook = knows(own.into());
    for text in ["/by/Client-9", "/by/s3cret-9", "/by/ours-and-9"] {
        assert!(hook.is_told_by(text), "{text}");
    }
}
