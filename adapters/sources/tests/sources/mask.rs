//! The masker: the forms in which a secret is written, and what is secret of a connection.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http_hook::Connection;
use http_hook_sources::Masker;

fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(c).unwrap()).collect()
}

#[test]
fn a_secret_is_found_however_it_is_written() {
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    let latin = format!("Basic {}", STANDARD.encode(latin_1("svc:pässwörd-ü")));
    let latin_url = URL_SAFE_NO_PAD.encode(latin_1("xpässwörd-ü"));
    #[rustfmt::skip]
    let rows: &[(&str, &str, &str)] = &[
        ("Basic in Latin-1",        "pässwörd-ü",   &latin),
        ("the same without ends",   "pässwörd-ü",   &latin_url),
        ("Basic in UTF-8",          "pässwörd-ü",   &basic("svc:pässwörd-ü")),
        ("percent of Latin-1",      "pässwörd-ü",   "p%E4ssw%F6rd-%fc"),
        ("JSON of Go",              "pa&ss<word",   r#"{"p":"pa\u0026ss\u003cword"}"#),
        ("JSON of PHP",             "pä/sswd",      r#"{"p":"pä\/sswd"}"#),
        ("JSON of Python",          "pä/sswd\u{1f511}", r#"{"p":"p\u00e4/sswd\ud83d\udd11"}"#),
        ("JSON in JSON",            "pa\"ssword",   r#"{"body":"{\"p\": \"pa\\\"ssword\"}"}"#),
        ("encodeURIComponent",      "it's me!/x",   "p=it's%20me!%2Fx&q=1"),
        ("user info of WHATWG",     "p!ss/w:rd",    "https://u:p!ss%2Fw%3Ard@h/"),
        ("query of WHATWG",         "a|b c{d}",     "?q=a|b%20c{d}&r=1"),
        ("segment of a path",       "pass:w/rd@1",  "/x/pass:w%2Frd@1/y"),
        ("digits of both cases",    "a/b+c/d!",     "a%2Fb%2bc%2fd%21"),
        ("every byte",              "secret",       "%73%65%63%72%65%74"),
        ("percent twice",           "open sesame",  "open%2520sesame"),
        ("a form",                  "open+ sesame", "p=open%2B+sesame"),
        ("HTML",                    "a<b>&\"c'd",   "<p>a&lt;b&gt;&amp;&quot;c&#39;d</p>"),
        ("a program",               "it's\tme",     r"p='it\'s\x09me'"),
        ("of a percent itself",     "50%25 off",    "50%2525%20off"),
        ("raw, with an escape",     r"C:\name%41",  r"C:\name%41"),
        ("raw, in JSON",            "C:\\na\"e%41", r#"{"p": "C:\\na\"e%41"}"#),
        ("decoded of its own",      "open%20sesame", "open sesame"),
        ("base64 in JSON of PHP",   "s\u{fe}\u{ff}?>?>~~", &STANDARD.encode("s\u{fe}\u{ff}?>?>~~").replace('/', "\\/")),
    ];
    for (what, secret, text) in rows {
        let masked = Masker::new().secret(secret).text(text).into_owned();
        assert!(masked.contains("***"), "{what}: {masked}");
        // What base64 has of its neighbours stays.
        let rest = masked.replace("***", "");
        assert!(rest.len() + 5 <= text.len(), "{what}: {masked}");
        for part in ["%E4", "%2", "u0026", "3Ard", "ssw", "&lt;", "Ard", "\\x09", "sesame"] {
            assert!(!rest.contains(part), "{what}: {masked}");
        }
    }
}

#[test]
fn what_is_not_secret_stays_as_it_is() {
    let masker = Masker::new().secret("open sesame").secret("%41%42%43%44");
    for text in [
        "a%20b \\n \\u0026 &amp; ABCD",
        "opensesame",
        "open\\nsesame",
        "%",
        "\\",
        "&#x;&#99999999999;",
    ] {
        assert_eq!(masker.text(text), text);
    }
    assert_eq!(Masker::new().text("%2525%20"), "%2525%20");
    // What overlaps is one, what is apart is two; an escape goes whole.
    let masker = Masker::new().secret("abcdefgh").secret("efghijkl").secret("ghijk");
    assert_eq!(masker.text("-abcdefghijkl-ghijk-abcd%65fgh%69"), "-***-***-***%69");
}

#[test]
fn a_long_secret_is_hidden_in_its_length_and_what_is_escaped_without_end_is_hidden() {
    let key = (0..800).map(|at| format!("{at:04x}")).collect::<Vec<_>>().concat();
    let masker = Masker::new().secret(&key);
    assert_eq!(masker.text(&format!("<{key}>")), "<***>");
    assert_eq!(masker.text(&format!("<{}>", &key[..300])), "<***");
    assert!(masker.text(&STANDARD.encode(&key)).len() < 9);
    let deep = format!("%{}41", "25".repeat(40));
    assert_eq!(masker.text(&deep), "***");
    // More than there is room for: nothing is shown.
    let odd = |at: u64| format!("{:016x}", at.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let many = (0..70_000).fold(Masker::new(), |masker, at| masker.secret(&odd(at)));
    assert_eq!(many.text("plain"), "***");
}

#[test]
fn all_user_info_that_may_be_secret_is() {
    #[rustfmt::skip]
    let rows = [
        ("https://open-sesame-token@h",     "open-sesame-token",    "***"),
        ("https://open%20sesame@h/p",       "open sesame",          "***"),
        ("svc:pa/ssword1@h",                "pa/ssword1",           "***"),
        ("https://svc:pa/ss:word1@h:80/p",  "pa/ss:word1",          "***"),
        ("https://svc:open-sesame@h",       "svc-login open-sesame", "svc-login ***"),
        ("https://open:se@same@h",          "open:se@same",         "open:***"),
        ("https://h:8080/people/a@b",       "8080/people/a",        "8080/people/a"),
        ("https://h.test/people/a@b",       "h.test/people/a",      "h.test/people/a"),
    ];
    for (host, text, expected) in rows {
        let masker = Masker::new().connection(&Connection::new().with_host(host));
        assert_eq!(masker.text(text), expected, "{host}");
    }
}
