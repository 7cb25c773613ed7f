//! Names that sound secret to the core sound so to a cassette: what stands under one is not written, whatever the form of the
//! text that it stands in, and neither is the user info of a URL.

use http::Request;
use http_hook::blocking::{self, Body};
use http_hook::observe::sounds_secret;
use http_hook::options::{ClientOptions, SendOptions, Timeouts};
use http_hook_cassette::{Cassette, Recorder};
use http_hook_mock::{MockTransport, Reply};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use proptest::sample::{Index, select};

const SECRET: &str = "Q7zz9Planted";

/// A part, a word, an end of a word, and names that go on and on.
fn names() -> Vec<String> {
    let names = [
        "token",
        "api_key",
        "key",
        "pass",
        "userpass",
        "mypwd",
        "code",
        "sid",
        "pw",
        "sas",
        "pat",
        "csrf",
        "hmac",
        "passcode",
        "X-Amz-Signature",
        "clientSecret",
        "authKey",
        "dbPass",
        "otp",
        "user[password]",
        "session_id",
        "nonce",
    ];
    let long = [format!("{}_token", "a".repeat(200)), format!("pass_{}", "b".repeat(300))];
    names.into_iter().map(str::to_owned).chain(long).collect()
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn json(text: &str) -> String {
    serde_json::to_string(text).expect("JSON")
}

fn html(text: &str) -> String {
    text.chars().fold(String::new(), |all, c| format!("{all}&#{:05}", u32::from(c)))
}

/// A secret under a name as texts have it, what each is, and whether it holds a line of its own alone.
fn texts(name: &str) -> Vec<(&'static str, String)> {
    let pair = format!("{name}={SECRET}");
    let url = format!("https://h.test/x?a=1&{pair}");
    let login = format!("https://reader:{SECRET}@h.test/x");
    let bare = name.replace(['[', ']'], "_");
    vec![
        ("JSON", format!("{{\"a\": 1, {}: {}}}", json(name), json(SECRET))),
        ("JSON, a list", format!("{{{}: [1, [{}]]}}", json(name), json(SECRET))),
        ("JSON, a comment before", format!("{{\"{name}\"/* \" : */:\"{SECRET}\"}}")),
        ("JSON, a comment behind", format!("{{\"{name}\":/**/ // \"\n \"{SECRET}\"}}")),
        ("JSON of scripts", format!("{{{bare}: '{SECRET}', 'b': 1}}")),
        ("JSON of scripts, quoted", format!("{{'{name}': {{'b': \"{SECRET}\"}}}}")),
        ("JSON in JSON", json(&format!("{{\"{name}\": \"{SECRET}\"}}"))),
        ("pairs", format!("a=1&{pair}&b=2")),
        ("pairs, parted otherwise", format!("a=1;{pair};b=2")),
        ("with blanks", format!("{pair} {SECRET}")),
        ("with commas", format!("{pair},{SECRET}; {SECRET}\nb=1")),
        ("blanks around", format!("{bare} = {SECRET}")),
        ("lines", format!("a: 1\n{bare}: {SECRET} {SECRET}\nb: 2")),
        ("an attribute", format!("<a {bare}='x {SECRET}' b=\"c\">")),
        ("a hash", format!("{{\"{name}\" => \"{SECRET}\"}}")),
        ("a URL", format!("see {url} now")),
        ("a URL in JSON", json(&url)),
        ("a URL in a URL", format!("https://h.test/?next={}", escaped(&url))),
        ("a URL in HTML", format!("<a href={}>", html(&url))),
        ("user info", format!("{{\"url\": {}}}", json(&login))),
        ("user info, slashes", format!("{{\"url\": {}}}", json(&login).replace('/', "\\/"))),
        ("user info, escaped", format!("next={}", escaped(&login))),
        ("user info alone", format!("//{SECRET}@h.test")),
        ("user info, one slash", format!("(https:/u:{SECRET}@h.test)")),
    ]
}

/// The texts as they are, and escaped.
fn written(name: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (what, text) in texts(name) {
        all.push((format!("{what}, JSON"), json(&text)));
        all.push((format!("{what}, percent"), escaped(&text)));
        all.push((format!("{what}, percent twice"), escaped(&escaped(&text))));
        all.push((format!("{what}, HTML"), html(&text)));
        all.push((what.to_owned(), text));
    }
    all
}

fn recorded(request: http::request::Builder, body: &str, reply: Reply) -> String {
    let recorder = Recorder::new(MockTransport::new([reply]));
    let request = request.body(Body::from(bytes::Bytes::from(body.to_owned()))).expect("a request");
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    blocking::Transport::send(&recorder, request, &options).expect("an answer");
    let json = recorder.cassette().to_json();
    Cassette::from_json(&json).expect("a cassette");
    json
}

fn get() -> http::request::Builder {
    Request::get("http://h.test/")
}

/// Headers of all kinds that a value may stand in.
const HEADERS: [&str; 13] = [
    "server",
    "user-agent",
    "etag",
    "alt-svc",
    "content-disposition",
    "location",
    "link",
    "refresh",
    "access-control-allow-origin",
    "host",
    "www-authenticate",
    "proxy-authenticate",
    "vary",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_stands_under_a_secret_name_is_not_written(name in select(names()), which in any::<Index>()) {
        let written = written(&name);
        let (what, text) = which.get(&written);
        let told = recorded(get(), "", Reply::status(200).body(text.clone()));
        prop_assert!(!told.contains(SECRET), "{what} in a body: {told}");
        // What a request holds is looked for in its answer.
        let told = recorded(get(), text, Reply::status(200).body(format!("[{SECRET}]")));
        prop_assert!(!told.contains(SECRET), "{what} teaches nothing: {told}");
    }

    #[test]
    fn a_form_is_written_without_it_and_teaches_it(name in select(names())) {
        let form = "application/x-www-form-urlencoded";
        let text = format!("a=1&{}={SECRET};b&c=2", escaped(&name));
        let reply = Reply::status(200).header("content-type", form).body(text.clone());
        let told = recorded(get(), "", reply);
        prop_assert!(!told.contains(SECRET), "{told}");
        let sent = get().header("content-type", form);
        let told = recorded(sent, &text.replace(";b", ""), Reply::status(200).body(SECRET));
        prop_assert!(!told.contains(SECRET), "{told}");
    }

    #[test]
    fn no_header_has_it(name in select(names()), header in select(&HEADERS[..]), which in any::<Index>()) {
        // A challenge's nonce is none.
        prop_assume!(name != "nonce" || !header.ends_with("authenticate"));
        let written = written(&name);
        let (what, text) = which.get(&written);
        // Behind a comment of a line there is no other line.
        let text = text.replace("// \"\n", "").replace('\n', " ");
        let told = recorded(get(), "", Reply::status(200).header(header, &text));
        prop_assert!(!told.contains(SECRET), "{what} in {header}: {told}");
        let told = recorded(get().header(header, &text), "", Reply::status(200));
        prop_assert!(!told.contains(SECRET), "{what} in {header}: {told}");
    }

    #[test]
    fn no_url_has_it(name in select(names()), which in any::<Index>()) {
        let written = written(&name);
        let (what, text) = which.get(&written);
        for url in [format!("http://h.test/?q={}", escaped(text)), format!("http://h.test/{}", escaped(text))] {
            let told = recorded(Request::get(url), "", Reply::status(200));
            prop_assert!(!told.contains(SECRET), "{what}: {told}");
        }
    }
}

#[test]
fn headers_of_their_own_form() {
    #[rustfmt::skip]
    let rows = [
        // header               value                                                   written
        ("www-authenticate",    "Negotiate Q7zz9Planted==",                             "Negotiate ***"),
        ("www-authenticate",    "NTLM Q7zz9Planted",                                    "NTLM ***"),
        ("www-authenticate",    "Negotiate",                                            "Negotiate"),
        ("www-authenticate",    "Q7zz9Planted",                                         "***"),
        ("www-authenticate",    "Bearer realm=\"a, b\", token=\"Q7zz9Planted\"",        "Bearer realm=\"a, b\", token=***"),
        ("www-authenticate",    "Basic realm=\"a\",Negotiate Q7zz9Planted=, NTLM",      "Basic realm=\"a\",Negotiate ***, NTLM"),
        ("www-authenticate",    "Digest qop=\"auth,auth-int\", nonce=\"b\", opaque=c",  "Digest qop=\"auth,auth-int\", nonce=\"b\", opaque=c"),
        ("proxy-authenticate",  "Own Q7zz9Planted",                                     "*** ***"),
        ("link",                "</a>; rel=preload, https://h/?token=Q7zz9Planted",     "</a>; rel=preload, ***"),
        ("link",                "</a>; rel=\"next https://u:Q7zz9Planted@h/\"; as=style", "</a>; rel=\"next https://***@h/\"; as=style"),
        ("link",                "</a,b;c>; anchor=\"/x?a=Q7zz9Planted\"; own=Q7zz9Planted", "</a,b;***>; anchor=\"/x?a=***\"; ***"),
        ("access-control-allow-origin", "https://u:Q7zz9Planted@h",                     "https://***@h"),
        ("access-control-allow-origin", "https://h:8443",                               "https://h:8443"),
        ("access-control-allow-origin", "*",                                            "*"),
        ("host",                "key:8080",                                             "key:8080"),
        ("host",                "u:Q7zz9Planted@h",                                     "***@h"),
        ("server",              "a (+https://u:Q7zz9Planted@h/)",                       "a (+https://***@h/)"),
    ];
    for (name, value, written) in rows {
        let told = recorded(get(), "", Reply::status(200).header(name, value));
        let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        let header = &told["exchanges"][0]["outcome"]["answer"]["headers"][0][1];
        assert_eq!(header, written, "{name}: {value}");
    }
}

#[test]
fn each_name_sounds_secret() {
    for name in names() {
        assert!(sounds_secret(&name), "{name}");
    }
}
