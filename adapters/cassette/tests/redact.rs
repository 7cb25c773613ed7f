//! What is written of headers, URLs and bodies, row by row.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use http_hook::blocking;
use http_hook::options::{ClientOptions, SendOptions, Timeouts};
use http_hook_cassette::{Cassette, Recorder};
use http_hook_mock::{MockTransport, Reply};
use serde_json::Value;

type Rules = fn(Recorder<MockTransport>) -> Recorder<MockTransport>;

/// Records a GET of `url` that is answered by `reply`, reads the cassette again, and asks it the same.
fn record(url: &str, headers: &[(&str, &str)], reply: Reply, rules: Rules) -> Value {
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    let request = || {
        let mut request = Request::get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(blocking::Body::default()).expect("a request")
    };
    let recorder = rules(Recorder::new(MockTransport::new([reply])));
    blocking::Transport::send(&recorder, request(), &options).expect("an answer");
    let json = recorder.cassette().to_json();
    let cassette = Cassette::from_json(&json).expect("a cassette");
    for replay in [cassette.strict(), cassette.lenient()] {
        blocking::Transport::send(&replay, request(), &options).expect("the same request");
        replay.assert_done();
    }
    let written: Value = serde_json::from_str(&json).expect("JSON");
    written["exchanges"][0].clone()
}

fn recorded(reply: Reply) -> Value {
    record("http://h/", &[], reply, |recorder| recorder)["outcome"]["answer"].clone()
}

#[test]
fn headers_are_written_by_name() {
    #[rustfmt::skip]
    let rows = [
        // header               value                                      written
        ("content-type",        "application/json; charset=utf-8",         "application/json; charset=utf-8"),
        ("retry-after",         "120",                                     "120"),
        ("x-ratelimit-reset",   "60",                                      "60"),
        ("www-authenticate",    "Digest realm=\"a\", nonce=\"b\"",         "Digest realm=\"a\", nonce=\"b\""),
        ("x-request-id",        "7f3a",                                    "***"),
        ("authorization",       "Bearer abc",                              "***"),
        ("x-team",              "sales",                                   "***"),
        ("cookie",              "a=1; b=2",                                "***"),
        ("set-cookie",          "sid=abc; Path=/; HttpOnly; SameSite=Lax", "sid=***; Path=/; HttpOnly; SameSite=Lax"),
        ("set-cookie",          "abc",                                     "=***"),
        ("set-cookie",          "a=b; X-Own=c; secure",                    "a=***;***; secure"),
    ];
    for (name, value, written) in rows {
        let told = recorded(Reply::status(200).header(name, value));
        assert_eq!(told["headers"][0][1], written, "answered {name}: {value}");
        if name != "set-cookie" {
            let all =
                record("http://h/", &[(name, value)], Reply::status(200), |recorder| recorder);
            assert_eq!(all["request"]["headers"][0][1], written, "sent {name}: {value}");
        }
    }
    let keep: Rules = |recorder| recorder.keep_header("X-Team");
    let team = [("x-team", "sales")];
    let all = record("http://h/", &team, Reply::status(200).header("x-team", "ops"), keep);
    assert_eq!(all["request"]["headers"][0][1], "sales");
    assert_eq!(all["outcome"]["answer"]["headers"][0][1], "ops");
}

#[test]
fn urls_are_written_in_one_way() {
    #[rustfmt::skip]
    let rows = [
        // header             value                                         written
        ("location",          "/next",                                      "/next"),
        ("location",          "https://o.test:8443/a/b?",                   "https://o.test:8443/a/b?"),
        ("location",          "https://o.test/a?b=c&d=&e#f",                "https://o.test/a?b=***&d=***&***#***"),
        ("location",          "https://u:p@o.test/a",                       "https://***@o.test/a"),
        ("location",          "https://u@p@o.test",                         "https://***@o.test"),
        ("location",          "//u:p@o.test/a",                             "//***@o.test/a"),
        ("location",          "https:\\\\u:p@o.test\\a",                    "https:\\\\***@o.test\\a"),
        ("location",          "https:/u:p@o.test/a",                        "https:/***@o.test/a"),
        ("location",          "/a/@me?x",                                   "/a/@me?***"),
        ("location",          "a/b;v=1;w/c",                                "a/b;v=***;***/c"),
        ("location",          "?page=2&b=3;page=4",                         "?page=2&b=***;page=4"),
        ("location",          "?p%61ge=2",                                  "?p%61ge=2"),
        ("location",          "#",                                          "#"),
        ("content-location",  "/a?b=c",                                     "/a?b=***"),
        ("referer",           "http://h/?b=c",                              "http://h/?b=***"),
        ("link",              "</a?b=c>; rel=\"next\", <//u@o/?page=3#x>; rel=last", "</a?b=***>; rel=\"next\", <//***@o/?page=3#***>; rel=last"),
        ("link",              "</a?b=c",                                    "</a?b=***"),
        ("link",              "a?b=c",                                      "***"),
        ("refresh",           "5",                                          "5"),
        ("refresh",           "0; URL=/a?b=c",                              "0; URL=/a?b=***"),
        ("refresh",           "0;/a?b=c",                                   "0;/a?b=***"),
    ];
    let keep: Rules = |recorder| recorder.keep_query("page");
    for (name, value, written) in rows {
        let all = record("http://h/", &[], Reply::status(200).header(name, value), keep);
        assert_eq!(all["outcome"]["answer"]["headers"][0][1], written, "{name}: {value}");
    }
    let rows = [
        ("http://h/a?b=c&page=2", "http://h/a?b=***&page=2"),
        ("http://u:p@h:81/a;v=1/b", "http://***@h:81/a;v=***/b"),
        ("http://[::1]:81/?a", "http://[::1]:81/?***"),
    ];
    for (url, written) in rows {
        assert_eq!(record(url, &[], Reply::status(200), keep)["request"]["url"], written, "{url}");
    }
}

#[test]
fn bodies_are_written_without_what_sounds_secret() {
    let form = "application/x-www-form-urlencoded";
    #[rustfmt::skip]
    let rows = [
        // why                              type    body                                            written
        ("a text",                          "",     r#"{"password": "abcd", "a": 1}"#,              r#"{"password":"***", "a": 1}"#),
        ("a number",                        "",     r#"{"pin":1234,"a":1}"#,                        r#"{"pin":"***","a":1}"#),
        ("a list",                          "",     r#"{"tokens":["a",["b]"],{}],"a":[1]}"#,        r#"{"tokens":"***","a":[1]}"#),
        ("an object",                       "",     r#"{"credentials":{"a":"}","b":{}},"a":{}}"#,   r#"{"credentials":"***","a":{}}"#),
        ("deep inside",                     "",     r#"[{"a":{"clientSecret":"x"}}]"#,              r#"[{"a":{"clientSecret":"***"}}]"#),
        ("nothing is not secret",           "",     r#"{"next_token":null,"token":"","session":[ ]}"#, r#"{"next_token":null,"token":"","session":[ ]}"#),
        ("nor is yes or no",                "",     r#"{"has_password":true,"auth":false}"#,        r#"{"has_password":true,"auth":false}"#),
        ("nor is the kind of a token",      "",     r#"{"token_type":"Bearer","max_tokens":5}"#,    r#"{"token_type":"Bearer","max_tokens":5}"#),
        ("names are what counts",           "",     r#"["password",{"a":"token"}]"#,                r#"["password",{"a":"token"}]"#),
        ("a word inside another",           "",     r#"{"author":"a","shipping":1,"design":2}"#,    r#"{"author":"a","shipping":1,"design":2}"#),
        ("an escaped name",                 "",     r#"{"pass\u0077ord":"x"}"#,                     r#"{"pass\u0077ord":"***"}"#),
        ("kept by name",                    "",     r#"{"nextPageToken":"x"}"#,                     r#"{"nextPageToken":"x"}"#),
        ("lines",                           "",     "{\"a\":1}\n{\"jwt\":\"x\"}\n{\"jwt\":\"y\"}",  "{\"a\":1}\n{\"jwt\":\"***\"}\n{\"jwt\":\"***\"}"),
        ("behind a mark",                   "",     "\u{feff}{\"jwt\":\"x\"}",                      "\u{feff}{\"jwt\":\"***\"}"),
        ("broken off in a text",            "",     r#"{"jwt":"x"#,                                 r#"{"jwt":"***""#),
        ("broken off in a list",            "",     r#"{"jwt":["x","#,                              r#"{"jwt":"***""#),
        ("an event",                        "",     "data: {\"jwt\": \"x\"}\n\n",                   "data: {\"jwt\":\"***\"}\n\n"),
        ("after an odd quote",              "",     r#"say ": {"jwt":"x"}"#,                        r#"say ": {"jwt":"***"}"#),
        ("JSON in JSON",                    "",     r#"{"a":"{\"jwt\":\"x\\\"y\",\"b\":1}"}"#,      r#"{"a":"{\"jwt\":\"***\",\"b\":1}"}"#),
        ("a number in JSON in JSON",        "",     r#"{"a":"{\"pin\":123}"}"#,                     r#"{"a":"{\"pin\":\"***\"}"}"#),
        ("a form",                          form,   "a=1&access_token=x;y%26z&b=",                  "a=1&access_token=***&b="),
        ("an escaped name of a form",       form,   "user%5Bpassword%5D=x&a=b",                     "user%5Bpassword%5D=***&a=b"),
        ("a form by another name",          "",     "access_token=x&a=b",                           "access_token=***&a=b"),
        ("a URL",                           "",     r#"{"next":"https://o/?a=b\u0026sig=x"}"#,      r#"{"next":"https://o/?a=b\u0026sig=***"}"#),
        ("an attribute",                    "",     "<a password='x y' b=\"c\">",                   "<a password='***' b=\"c\">"),
        ("a comment in what was skipped",   "",     "\"a\"//1\n/*\"jwt\"//2\n:\"x\"*/ //3\n",      "\"a\"//1\n/*\"jwt\"//2\n:\"***\"*/ //3\n"),
        ("a comparison",                    "",     "if (token == other) { }",                      "if (token == other) { }"),
    ];
    let keep: Rules = |recorder| recorder.keep_field("next_page_token");
    for (why, content_type, body, written) in rows {
        let reply = Reply::status(200).header("content-type", content_type).body(body);
        let all = record("http://h/", &[], reply, keep);
        assert_eq!(all["outcome"]["answer"]["body"]["text"], written, "{why}");
    }
}

/// Were each name looked behind for its value, whatever the name, this would take hours.
#[test]
fn what_is_nested_is_looked_through_once() {
    let (depth, few) = (150_000, 15_000);
    let nested = "{\"a\":[".repeat(depth) + "{\"jwt\":\"x\"}" + &"]}".repeat(depth);
    let open = "{\"token\":[".repeat(depth);
    let rows = [
        (nested, "{\"jwt\":\"***\"}"),
        (open, "{\"token\":\"***\""),
        // What is learnt begins at the first name, too.
        ("token=".repeat(depth), "***"),
        ("\"token\":  ".repeat(depth), "\"***\""),
        ("{\"name\":\"token\",\"value\":".repeat(few), "***"),
        ("{\"value\":[1,{\"name\":\"token\",\"v\":\"S\",\"value\":".repeat(few), "***"),
        ("<token>".repeat(few), "***"),
        ("<token a=\"".repeat(few), "***"),
        ("<key>token</key><string>".repeat(few), "***"),
        ("<a name='token'>x</".repeat(few), "***"),
        ("-----BEGIN PRIVATE KEY-----\n".repeat(few) + "x", "***"),
        ("token:\n - ".repeat(few) + "x", "***"),
        ("token=\"\"\"x".repeat(few), "***"),
        ("Content-Disposition: x; name=\"token\"\r\n\r\n".repeat(few) + "x", "***"),
        ("a,token\nx,y\n".repeat(few), "***"),
        ("a,token\n".repeat(few) + "\"x", "***"),
        ("<tr><th>token<td>".repeat(few) + "x", "***"),
        ("s:5:\"token\";a:1:{".repeat(few), "***"),
        ("curl -u a:b ".repeat(few), "***"),
        ("token=abcdefgh ".to_owned() + &"YWJj".repeat(few), "***"),
        ("token=abcdefgh ".to_owned() + &"616263".repeat(few), "***"),
        ("token=abcdefgh ".to_owned() + &"%25".repeat(few), "***"),
    ];
    for (body, written) in rows {
        let told = recorded(Reply::status(200).body(body));
        assert!(
            told["body"]["text"].as_str().is_some_and(|text| text.contains(written)),
            "{written}"
        );
    }
}

/// Were the work on a text not counted, each of these would be gone through thousands of times for each of its bytes.
#[test]
fn a_text_that_takes_too_much_work_is_hidden() {
    // At each level of escapes the digits are others.
    let mut nested = "A".repeat(64);
    for _ in 0..3 {
        let digits = STANDARD.encode(&nested);
        let escaped = |(at, byte): (usize, u8)| {
            let level = (at % 4 == 0).then_some(at / 4).filter(|level| *level < 16);
            let byte_of = |level: usize| format!("%{}{byte:02x}", "25".repeat(level));
            level.map_or_else(|| char::from(byte).to_string(), byte_of)
        };
        nested = digits.bytes().enumerate().map(escaped).collect();
    }
    let blanks = "\"//".repeat(2_000) + "\n" + &" ".repeat(8_000) + "password=p@ss/word";
    for (what, body) in [("digits in digits under escapes", nested), ("blanks", blanks)] {
        let header = ("x-token", "s3cretS3CRET");
        let reply = Reply::status(200).header("etag", "p@ss/word").body(body);
        let all = record("http://h/", &[header], reply, |recorder| recorder);
        let told = &all["outcome"]["answer"];
        assert_eq!(told["body"]["text"], "***", "{what}");
        // What it may have said is looked for all the same.
        let is_hidden = told["headers"][0][1] == "***";
        assert_eq!(is_hidden, what == "blanks");
    }
    let hidden = Reply::status(302).header("location", &"/token=***".repeat(2_000));
    assert_eq!(recorded(hidden)["headers"][0][1], "***", "what is hidden already");

    // A picture in JSON in JSON in JSON, and digits in digits, are no such texts.
    let mut state = 7_u32;
    let picture: Vec<u8> = (0..30_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .collect();
    let mut inner =
        format!("{{\"picture\": \"{}\", \"line\": \"a\\nb\"}}", STANDARD.encode(picture));
    for _ in 0..3 {
        inner = serde_json::json!({ "inner": inner }).to_string();
    }
    let mut digits = "a text of some length, many times ".repeat(500);
    for _ in 0..4 {
        digits = STANDARD.encode(digits);
    }
    for body in [inner, digits] {
        let header = ("x-token", "s3cretS3CRET");
        let reply = Reply::status(200).body(body.clone());
        let all = record("http://h/", &[header], reply, |recorder| recorder);
        assert_eq!(all["outcome"]["answer"]["body"]["text"], body);
    }
}

/// More secrets than are looked for: no text is written, and what is can be read again.
#[test]
fn where_nothing_can_be_told_from_secrets_nothing_is_written() {
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    let reply = Reply::status(200).reason("Fine").header("etag", "e").body("anything");
    let mut recorder = Recorder::new(MockTransport::new([reply]));
    for count in 0..300_000 {
        let told: String = format!("{count:012}").chars().rev().collect();
        recorder = recorder.hide(&told);
    }
    let request = Request::get("http://h:81/path?a").body(blocking::Body::default());
    blocking::Transport::send(&recorder, request.expect("a request"), &options).expect("an answer");
    let json = recorder.cassette().to_json();
    Cassette::from_json(&json).expect("a cassette");
    let written: Value = serde_json::from_str(&json).expect("JSON");
    let exchange = &written["exchanges"][0];
    let told = &exchange["outcome"]["answer"];
    assert_eq!(exchange["request"]["url"], "http://***/");
    assert_eq!([&told["reason"], &told["body"]["text"], &told["headers"][0][1]], ["***"; 3]);
}

#[test]
fn what_says_nothing_is_not_looked_for() {
    #[rustfmt::skip]
    let rows = [
        // why                           header                               body                    written
        ("a short one under any name",   ("x-cache", "Miss"),                 "Miss",                 "Miss"),
        ("a longer one",                 ("x-cache", "Miss from 7f3a"),       "a Miss from 7f3a b",   "a *** b"),
        ("a short one that is secret",   ("x-token", "7f3a"),                 "a7f3ab",               "a***b"),
        ("one that is too short",        ("x-token", "7f3"),                  "a7f3b",                "a7f3b"),
        ("a number under any name",      ("x-total-count", "12345678"),       "12345678",             "12345678"),
        ("a number that is secret",      ("x-token", "123456"),               "[1234567]",            "[***7]"),
        ("yes or no",                    ("x-token", "true"),                 "true",                 "true"),
        ("a media type",                 ("x-kind", "application/json"),      "application/json",     "application/json"),
        ("what a proof says besides",    ("authorization", "Digest uri=\"/v1/orders\", response=\"01234567af\""), "/v1/orders 01234567af", "/v1/orders ***"),
        ("login and password",           ("authorization", "Basic cmVhZGVyLW9uZTpwNHNz"), "reader-one p4ss", "*** ***"),
        ("them in Latin-1",              ("authorization", "basic cmVhZGVyLW9uZTpw5HNzd/ZyZC05"), "reader-one pässwörd-9", "*** ***"),
        ("them without padding",         ("proxy-authorization", "Basic cmVhZGVyLW9uZTpwNHNzdw"), "reader-one p4ssw", "*** ***"),
        ("the first of several cookies", ("cookie", "sid=S3ss10n-9; theme=dark-9"), "S3ss10n-9 dark-9", "*** ***"),
        ("cookies without a blank",      ("cookie", "sid=S3ss10n-9;theme=dark-9"), "S3ss10n-9 dark-9", "*** ***"),
        ("parts without a scheme",       ("x-auth", "key=K3y-9abc; user=\"r3ader-9\""), "K3y-9abc r3ader-9", "*** ***"),
        ("parts behind one",             ("authorization", "Own key=K3y-9abc, realm=\"r3alm-9x\""), "K3y-9abc r3alm-9x", "*** r3alm-9x"),
        ("a realm right behind it",      ("authorization", "Own realm=\"r3alm-9x\", key=K3y-9abc"), "K3y-9abc r3alm-9x", "*** r3alm-9x"),
        ("a tab behind the scheme",      ("authorization", "Bearer\tK3y-9abc"), "K3y-9abc", "***"),
        ("in base64, all of it",         ("x-token", "p4ss"),                 "a cDRzcw== b",         "a ***== b"),
        ("in base64, inside",            ("x-token", "p4ssword"),             "eyJhIjoicDRzc3dvcmQifQ==", "eyJhIjoi***ifQ=="),
        ("in base64 that is cut in front", ("x-token", "p4ssword"),           "XA0c3N3b3Jk JwNHNzd29yZA==", "*** ***=="),
        ("on two lines",                 ("x-token", "p4ssword"),             "cDRzc\r\n3dvcmQ=",     "***="),
    ];
    for (why, header, body, written) in rows {
        let all =
            record("http://h/", &[header], Reply::status(200).body(body), |recorder| recorder);
        assert_eq!(all["outcome"]["answer"]["body"]["text"], written, "{why}");
    }
}

#[test]
fn a_told_secret_is_taken_out_of_every_place() {
    let reply = Reply::status(200)
        .reason("no k\u{e9}y")
        .header("server", "k\u{e9}y")
        .header("etag", "k%C3%A9y")
        .body(&b"\xff k\xc3\xa9y k\xe9y \xff"[..]);
    let all =
        record("http://k-e-y.test/k%c3%a9y?a=b", &[("accept", "k\u{e9}y")], reply, |recorder| {
            recorder.hide("k\u{e9}y").hide("").hide("k-e-y")
        });
    assert_eq!(all["request"]["url"], "http://***.test/***?a=***");
    assert_eq!(all["request"]["headers"][0][1], "***");
    let told = &all["outcome"]["answer"];
    assert_eq!(told["reason"], "no ***");
    assert_eq!([&told["headers"][0][1], &told["headers"][1][1]], ["***", "***"]);
    assert_eq!(told["body"]["base64"], "/yAqKiogKioqIP8=", "neither in UTF-8 nor in Latin-1");
}

#[test]
fn a_secret_is_taken_out_of_a_body_in_utf_16() {
    let said = "you sent p\u{e4}ssw\u{f6}rd-9!";
    let bodies = [u16::to_le_bytes, u16::to_be_bytes]
        .map(|bytes| said.encode_utf16().flat_map(bytes).collect::<Vec<u8>>());
    for body in bodies {
        let reply =
            Reply::status(200).header("content-type", "text/plain; charset=utf-16").body(body);
        let all = record("http://h/", &[], reply, |recorder| recorder.hide("p\u{e4}ssw\u{f6}rd-9"));
        let body = &all["outcome"]["answer"]["body"];
        let written = match body["base64"].as_str() {
            Some(text) => STANDARD.decode(text).expect("base64"),
            None => body["text"].as_str().expect("a text").as_bytes().to_vec(),
        };
        let written: Vec<u8> = written.into_iter().filter(|byte| *byte != 0).collect();
        assert_eq!(written, b"you sent ***!");
    }
}

/// Whatever is a secret, the cassette can be read again.
#[test]
fn a_url_stays_one_without_its_secrets() {
    #[rustfmt::skip]
    let rows = [
        // secret                   written
        ("http",                    "http://***/ab?c=***"),
        ("p://h",                   "http://***/ab?c=***"),
        ("http://h.test:8080/ab",   "http://***?c=***"),
        ("h.test",                  "http://***:8080/ab?c=***"),
        ("h.test:8080",             "http://***/ab?c=***"),
        ("8080",                    "http://h.test:***/ab?c=***"),
        (":80",                     "http://h.test***80/ab?c=***"),
        ("80/a",                    "http://h.test:80***b?c=***"),
        ("/ab",                     "http://h.test:8080***?c=***"),
        ("?c",                      "http://h.test:8080/ab***=***"),
        ("*",                       "http://h.test:8080/ab?c=***"),
    ];
    for (secret, written) in rows {
        let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
        let recorder = Recorder::new(MockTransport::new([Reply::status(200)])).hide(secret);
        let request = Request::get("http://h.test:8080/ab?c=d").body(blocking::Body::default());
        let request = request.expect("a request");
        blocking::Transport::send(&recorder, request, &options).expect("an answer");
        let json = recorder.cassette().to_json();
        Cassette::from_json(&json).unwrap_or_else(|error| panic!("{secret}: {error}"));
        let json: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(json["exchanges"][0]["request"]["url"], written, "{secret}");
    }
}

/// Two secrets that overlap are both gone, and so is the longer of two that begin alike.
#[test]
fn secrets_that_overlap_leave_nothing() {
    let reply = Reply::status(200).body("1abcdefgh2 3abcdefX4 5abc6");
    let all = record("http://h/", &[], reply, |recorder| {
        recorder.hide("abcdef").hide("defgh").hide("abc")
    });
    assert_eq!(all["outcome"]["answer"]["body"]["text"], "1***2 3***X4 5***6");
}

#[test]
fn a_coded_body_is_written_plain_or_not_at_all() {
    let zlib = Bytes::from_static(b"x\x9c\xab\xca,(HMQ(I\xad(\x01\x00\x1a\xf1\x04r");
    let length = zlib.len().to_string();
    #[rustfmt::skip]
    let rows = [
        // why               coding            body              written
        ("a known coding",   "deflate",        zlib.clone(),     "zipped text"),
        ("an unknown one",   "x-own",          zlib.clone(),     "***"),
        ("one of two",       "deflate, x-own", zlib.clone(),     "***"),
        ("not what it says", "gzip",           zlib.clone(),     "***"),
        ("none",             "identity",       "plain".into(),   "plain"),
        ("no body",          "gzip",           Bytes::new(),     ""),
    ];
    for (why, coding, body, written) in rows {
        let reply = Reply::status(200).header("content-encoding", coding);
        let told = recorded(reply.header("content-length", &length).body(body));
        assert_eq!(told["body"]["text"], written, "{why}");
        let headers = told["headers"].as_array().expect("headers");
        if ["identity", "gzip"].contains(&coding) && why != "not what it says" {
            assert_eq!(headers.len(), 2, "{why}");
        } else {
            assert_eq!(headers.len(), 1, "{why}");
            assert_eq!(headers[0][1], written.len().to_string(), "{why}");
        }
    }
}

/// What stands beside its name, in markup, or over lines, goes; what only looks so stays.
#[test]
fn values_that_are_named_beside_in_markup_or_over_lines_are_not_written() {
    let rows = [
        (
            "<SecretAccessKey>S3CRETVALUE</SecretAccessKey>",
            "<SecretAccessKey>***</SecretAccessKey>",
        ),
        ("<p>open</p><code>404</code>", "<p>open</p><code>404</code>"),
        (
            "<dict><key>token</key><string>S3CRETVALUE</string></dict>",
            "<dict><key>token</key><string>***</string></dict>",
        ),
        (
            "<dict><key>name</key><string>open</string></dict>",
            "<dict><key>name</key><string>open</string></dict>",
        ),
        (r#"{"name":"password","value":"S3CRETVALUE"}"#, r#"{"name":"password","value":"***"}"#),
        (
            r#"{"value":{"a":["S3CRETVALUE"]},"name":"password"}"#,
            r#"{"value":"***","name":"password"}"#,
        ),
        (r#"{"name":"page","value":"open"}"#, r#"{"name":"page","value":"open"}"#),
        (r#"[["token","S3CRETVALUE"]]"#, r#"[["token","***"]]"#),
        (r#"{"required":["password","email"]}"#, r#"{"required":["password","email"]}"#),
        (
            r#"<input name="csrf_token" value="S3CRETVALUE">"#,
            r#"<input name="csrf_token" value="***">"#,
        ),
        (
            r#"<meta name="csrf-token" content="S3CRETVALUE">"#,
            r#"<meta name="csrf-token" content="***">"#,
        ),
        (r#"<input name="q" value="open">"#, r#"<input name="q" value="open">"#),
        ("token: >-\n  S3CRETVALUE\nb: 2\n", "token: >-\n  ***\nb: 2\n"),
        ("token:\n- S3CRETVALUE\nb: 2\n", "token:\n- ***\nb: 2\n"),
        ("page:\n- open\n", "page:\n- open\n"),
        ("token = \"\"\"\nS3CRETVALUE\n\"\"\"\nb = 2\n", "token = \"\"\"***\"\"\"\nb = 2\n"),
        (
            "-----BEGIN PRIVATE KEY-----\nS3CRETVALUE\n-----END PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\n***\n-----END PRIVATE KEY-----\n",
        ),
    ];
    for (body, expected) in rows {
        let written = recorded(Reply::status(200).body(body));
        let written = written["body"]["text"].as_str();
        assert_eq!(written, Some(expected), "{body}");
    }
}

/// What stands under its name in a column, behind it in what PHP writes, or in a command.
#[test]
#[rustfmt::skip]
fn values_in_tables_and_commands_are_not_written() {
    let rows = [
        ("user,password,city\nann,S3CRETVALUE,Rome\nbob,S3CRETVALUE2,Oslo\n", "user,password,city\nann,***,Rome\nbob,***,Oslo\n"),
        ("\u{feff}API Key;user\r\n\"S3CRET;VALUE\";ann\r\n", "\u{feff}API Key;user\r\n\"***\";ann\r\n"),
        ("user\ttoken\nann\tS3CRETVALUE\n\nopen\ttext\n", "user\ttoken\nann\t***\n\nopen\ttext\n"),
        ("\"user\",\"password\"\n\"ann\",\"S3CRET\"\"VALUE\nS3CRET\"\n\"bob\",\"S3CRET2\"\n", "\"user\",\"password\"\n\"ann\",\"***\"\n\"bob\",\"***\"\n"),
        ("| user | password |\n|---|---|\n| ann | S3CRETVALUE |\n", "| user | password |\n|---|---|\n| ann | *** |\n"),
        ("user,city\nann,Rome\n", "user,city\nann,Rome\n"),
        ("<table><tr><th>user<th><b>Password</b><tr><td>ann<td>S3CRETVALUE</table>", "<table><tr><th>user<th><b>Password</b><tr><td>ann<td>***</table>"),
        ("<tr><th>user</th><th>password</th></tr><tr><td>ann</td><td class=\"x\">S3CRETVALUE</td></tr><tr><td>bob</td><td>S3CRET2</td></tr>",
            "<tr><th>user</th><th>password</th></tr><tr><td>ann</td><td class=\"x\">***</td></tr><tr><td>bob</td><td>***</td></tr>"),
        ("<tr><td>user</td><td>password</td></tr><tr><td>ann</td><td>S3CRETVALUE</td></tr>", "<tr><td>user</td><td>password</td></tr><tr><td>ann</td><td>***</td></tr>"),
        ("<tr><th>password</th><td>S3CRETVALUE</td></tr><tr><th>user</th><td>ann</td></tr>", "<tr><th>password</th><td>***</td></tr><tr><th>user</th><td>ann</td></tr>"),
        ("<dl><dt>password</dt><dd>S3CRETVALUE</dd></dl>", "<dl><dt>password</dt><dd>***</dd></dl>"),
        ("<tr><th>user</th></tr><tr><td>ann</td></tr>", "<tr><th>user</th></tr><tr><td>ann</td></tr>"),
        ("a:2:{s:8:\"password\";s:8:\"S3C\";RET\";s:4:\"user\";s:3:\"ann\";}", "a:2:{s:8:\"password\";s:8:\"***\";s:4:\"user\";s:3:\"ann\";}"),
        ("a:1:{s:5:\"token\";i:123456789;}", "a:1:{s:5:\"token\";i:***;}"),
        ("O:1:\"A\":1:{s:11:\"\0*\0password\";s:6:\"S3CRET\";}", "O:1:\"A\":1:{s:11:\"\0*\0password\";s:6:\"***\";}"),
        ("user|s:3:\"ann\";password|s:6:\"S3CRET\";", "user|s:3:\"ann\";password|s:6:\"***\";"),
        ("curl -u ann:S3CRETVALUE https://h/", "curl -u *** https://h/"),
        ("curl -sSu 'ann:S3CRET VALUE' https://h/", "curl -sSu '***' https://h/"),
        ("curl --user=\"ann:S3CRETVALUE\" https://h/", "curl --user=\"***\" https://h/"),
        ("curl -uann:S3CRETVALUE https://h/", "curl -u*** https://h/"),
        ("curl --proxy-user ann:S3CRETVALUE -x p https://h/", "curl --proxy-user *** -x p https://h/"),
        ("docker run -u 1000:1000 image", "docker run -u 1000:1000 image"),
        ("curl -u ann https://h/", "curl -u ann https://h/"),
    ];
    let mut wrong = Vec::new();
    for (body, expected) in rows {
        let written = recorded(Reply::status(200).body(body));
        let written = written["body"]["text"].as_str().unwrap_or_default();
        if written != expected {
            wrong.push(format!("{body:?}\n    is  {written:?}\n    not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What has more levels of escapes than anyone undoes may hold anything, and goes as a whole.
#[test]
fn what_is_escaped_too_often_is_not_written() {
    let body = format!("a%{}41b", "25".repeat(40));
    let written = recorded(Reply::status(200).body(body));
    assert_eq!(written["body"]["text"].as_str(), Some("***"));
}
