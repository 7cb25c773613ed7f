//! What is recorded plays again, and holds no secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use http_hook::blocking::HttpHook;
use http_hook::options::{ClientOptions, SendOptions, Timeouts};
use http_hook::pages::Paging;
use http_hook::transport::Transport;
use http_hook::{
    Connection, ErrorKind, Hook, RequestPlan, RetryPolicy, Sent, TransportErrorKind as Kind,
    blocking,
};
use http_hook_cassette::{Cassette, MAX_CASSETTE_BYTES, Recorder, Replay};
use http_hook_mock::{MockTransport, Reply, VirtualClock};

const MARKER: &str = "m4rk3r-s3cr3t";

fn options() -> SendOptions {
    SendOptions::new(Timeouts::default(), ClientOptions::default())
}

/// Sends `method url`, and tells status and body, or kind and sent of the error.
fn call(
    transport: &impl blocking::Transport,
    method: &str,
    url: &str,
) -> Result<(u16, Bytes), (Kind, Sent)> {
    let request = Request::builder().method(method).uri(url).body(blocking::Body::default());
    let answer = transport.send(request.expect("a request"), &options());
    let answer = answer.map_err(|error| (error.kind(), error.sent()))?;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect(1_000).map_err(|error| (error.kind(), error.sent()))?;
    Ok((status, body))
}

/// The same in the async way.
fn call_async(transport: &impl Transport, url: &str) -> Result<(u16, Bytes), (Kind, Sent)> {
    let request = Request::get(url).body(http_hook::body::Body::default()).expect("a request");
    pollster::block_on(async {
        let answer = transport.send(request, &options()).await;
        let answer = answer.map_err(|error| (error.kind(), error.sent()))?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect(1_000).await;
        Ok((status, body.map_err(|error| (error.kind(), error.sent()))?))
    })
}

fn replayed(recorder: &Recorder<MockTransport>) -> Cassette {
    Cassette::from_json(&recorder.cassette().to_json()).expect("a cassette")
}

#[test]
fn what_was_recorded_plays_again() {
    let replies = || {
        [
            Reply::status(204),
            Reply::status(999).reason("Gone fishing").header("x-a", "1").body("abc"),
            Reply::status(200).body(vec![0, 159, 146, 150]),
            Reply::status(200).header("x-latin", "caf\u{e9}").body("ok"),
            Reply::status(200).body("part").breaks_off(),
            Reply::error(Kind::Dns, Sent::No),
            Reply::error(Kind::Interrupted, Sent::Maybe),
        ]
    };
    for asynchronous in [false, true] {
        let recorder = Recorder::new(MockTransport::new(replies()));
        let send = |transport: &Replay| {
            if asynchronous {
                call_async(transport, "http://h/a")
            } else {
                call(transport, "GET", "http://h/a")
            }
        };
        let first: Vec<_> = (0..7)
            .map(|_| {
                if asynchronous {
                    call_async(&recorder, "http://h/a")
                } else {
                    call(&recorder, "GET", "http://h/a")
                }
            })
            .collect();
        assert_eq!(first[6], Err((Kind::Interrupted, Sent::Maybe)));
        for server in [replayed(&recorder).strict(), replayed(&recorder).lenient()] {
            let again: Vec<_> = (0..7).map(|_| send(&server)).collect();
            assert_eq!(again, first, "async: {asynchronous}");
            server.assert_done();
        }
    }
}

/// Why, the requests, whether they are played strictly, whether leniently.
type Row<'a> = (&'a str, Vec<(&'a str, &'a str)>, bool, bool);

#[test]
fn requests_are_matched() {
    let requests = [("GET", "http://h/a?x=1"), ("GET", "http://h/b"), ("POST", "http://h/b")];
    let recorder = Recorder::new(MockTransport::new([200, 201, 202].map(Reply::status)));
    for (method, url) in requests {
        call(&recorder, method, url).expect("an answer");
    }
    let (a, b, post) = (("GET", "http://h/a?x=2"), requests[1], requests[2]);
    #[rustfmt::skip]
    let rows: [Row<'_>; 7] = [
        // why                                    requests                                 strict  lenient
        ("as recorded; values are redacted",      vec![a, b, post],                        true,   true),
        ("another order",                         vec![b, a, post],                        false,  true),
        ("another origin",                        vec![("GET", "https://o:1/a?x=1"), b, post], false, true),
        ("another path",                          vec![("GET", "http://h/c")],             false,  false),
        ("another method",                        vec![("PUT", "http://h/b")],             false,  false),
        ("another name in the query",             vec![("GET", "http://h/a?y=1")],         false,  false),
        ("one too many",                          vec![a, b, post, b],                     false,  false),
    ];
    for (why, requests, strict, lenient) in rows {
        let cassette = replayed(&recorder);
        for (server, expected) in [(cassette.strict(), strict), (cassette.lenient(), lenient)] {
            let all = requests.iter().all(|(method, url)| call(&server, method, url).is_ok());
            assert_eq!(all && server.verify().is_ok(), expected, "{why}");
        }
    }
    let left = replayed(&recorder).strict().verify().expect_err("all of it").to_string();
    assert_eq!(left, "the recording still has: 200 for GET /a; 201 for GET /b; 202 for POST /b");
}

#[test]
fn what_differs_is_told() {
    let recorder = Recorder::new(MockTransport::new([Reply::status(200)]));
    call(&recorder, "GET", "http://h/a?x=1").expect("an answer");
    let rows = [
        ("GET", "http://h/a?y=1", ", recorded with the query x=***; "),
        ("GET", "http://o:1/a?x=1", ", recorded at another origin; "),
        ("GET", "http://h/b?x=1", "http://h/b?x=***; "),
        ("PUT", "http://h/a?x=1", "http://h/a?x=***; "),
    ];
    for (method, url, told) in rows {
        let server = replayed(&recorder).strict();
        for _ in 0..2 {
            call(&server, method, url).expect_err("another request");
        }
        let unmet = server.verify().expect_err("another request").to_string();
        assert_eq!(unmet.matches(told).count(), 2, "{method} {url}: {unmet}");
        assert_eq!(unmet.matches("200 for GET /a").count(), 1, "{method} {url}: {unmet}");
    }
}

#[test]
fn what_is_kept_is_compared() {
    let recorder = Recorder::new(MockTransport::new([200, 201].map(Reply::status)));
    let recorder = recorder.keep_query("page");
    for page in 1..3 {
        call(&recorder, "GET", &format!("http://h/a?page={page}&key=x")).expect("an answer");
    }
    let server = replayed(&recorder).lenient();
    assert_eq!(call(&server, "GET", "http://h/a?page=2&key=y"), Ok((201, Bytes::new())));
    assert!(call(&server, "GET", "http://h/a?page=3&key=y").is_err());
}

/// A marker is put in every place that can hold a secret; the server echoes all of them.
#[test]
fn no_secret_is_written() {
    let basic = STANDARD.encode(format!("user:{MARKER}"));
    let json = format!(
        r#"{{"access_token":"other-token","token_type":"Bearer","deep":[{{"password":"pw"}}],"echo":"{MARKER} {basic}"}}"#
    );
    let length = json.len().to_string();
    let replies = [
        Reply::json(200, json).header("content-length", &length),
        Reply::status(302)
            .header("location", &format!("/next?code={MARKER}#{MARKER}"))
            .header("set-cookie", "sid=0pen-sesame; Path=/; HttpOnly")
            .header("x-api-key", "k3y-of-the-api")
            .header("x-echo", MARKER)
            .header("www-authenticate", "Bearer realm=\"api\""),
        Reply::status(200).body(format!("0pen-sesame k3y-of-the-api {MARKER} kn0wn")),
    ];
    let recorder = Recorder::new(MockTransport::new(replies)).hide("kn0wn");
    let send = |url: &str, header: (&str, &str)| {
        let request = Request::get(url).header("accept", "text/plain").header(header.0, header.1);
        let body = blocking::Body::Bytes(Bytes::from(MARKER));
        let request = request.body(body).expect("a request");
        blocking::Transport::send(&recorder, request, &options()).expect("an answer");
    };
    send("http://h/token", ("authorization", &format!("Basic {basic}")));
    send(&format!("http://h/a?{MARKER}&code={MARKER}"), ("cookie", &format!("a={MARKER}")));
    send("http://h/b?kn0wn=1", ("x-team", &format!("Key {MARKER}")));
    let json = recorder.cassette().to_json();
    let places = [MARKER, &basic, "other-token", "\"pw", "0pen-sesame", "k3y-of-the-api", "kn0wn"];
    for secret in places {
        assert!(!json.contains(secret), "{secret} is in {json}");
    }
    let kept = ["text/plain", "Bearer realm", "/next?code=***", "sid=***; Path=/", "token_type"];
    for harmless in kept {
        assert!(json.contains(harmless), "{harmless} is not in {json}");
    }
    assert!(!format!("{recorder:?} {:?}", recorder.cassette()).contains("h/token"));
    let server = replayed(&recorder).strict();
    let (status, body) = call(&server, "GET", "http://h/token").expect("an answer");
    assert!(status == 200 && body.len() < length.parse().expect("a number"), "redacted");
}

/// The length that was told is the length of what is left, or the hook would call the answer broken.
#[test]
fn a_hook_plays_what_a_hook_recorded() {
    let connection = Connection::parse("http://reader:0penSesame@h/http").expect("a connection");
    let hook = || Hook::new(&connection).expect("a hook");
    let body = r#"{"password": "0penSesame"}"#;
    let real = MockTransport::new([
        Reply::status(503).header("retry-after", "3"),
        Reply::json(200, body).header("content-length", &body.len().to_string()),
    ]);
    let run = |transport: &dyn blocking::Transport, clock: VirtualClock| {
        let plan = RequestPlan::get("a").param("q", "1").retry(RetryPolicy::default());
        let transport = blocking::from_fn(transport.capabilities(), |request, options| {
            transport.send(request, options)
        });
        HttpHook::new(hook(), transport, clock.clone()).run(plan).map(|answer| {
            assert!(clock.sleeps()[0].as_secs() >= 3, "as long as the server asked");
            answer.into_body()
        })
    };
    let recorder = Recorder::new(real.clone());
    assert_eq!(run(&recorder, real.clock()).expect("an answer"), body);
    let server = replayed(&recorder).strict();
    assert_eq!(run(&server, VirtualClock::new()).expect("an answer"), r#"{"password":"***"}"#);
    server.assert_done();
}

#[test]
fn pages_by_links_are_played_to_their_end() {
    let page = |next: &str| {
        Reply::status(200).header("link", &format!("<https://h/p?after={next}>; rel=\"next\""))
    };
    let real = MockTransport::new([
        page("f1rst-cursor"),
        page("s3cond-cursor"),
        page("th1rd-cursor"),
        Reply::status(200),
    ]);
    let count = |transport: &dyn blocking::Transport| {
        let hook = Hook::to("https://h").expect("a hook");
        let transport = blocking::from_fn(transport.capabilities(), |request, options| {
            transport.send(request, options)
        });
        let api = HttpHook::new(hook, transport, VirtualClock::new());
        let pages = api.pages(RequestPlan::get("p"), Paging::link());
        pages.collect::<Result<Vec<_>, _>>().expect("pages").len()
    };
    let recorder = Recorder::new(real.clone());
    assert_eq!(count(&recorder), 4);
    let cassette = replayed(&recorder);
    assert!(!cassette.to_json().contains("cursor"), "what tells the pages apart is not written");
    for server in [cassette.strict(), cassette.lenient()] {
        assert_eq!(count(&server), 4);
        server.assert_done();
    }
}

#[test]
fn a_dropped_exchange_was_cancelled() {
    let recorder = Recorder::new(MockTransport::new([Reply::hang()]));
    let request =
        Request::get("http://h/").body(http_hook::body::Body::default()).expect("a request");
    let options = options();
    let mut sending = Box::pin(Transport::send(&recorder, request, &options));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(sending.as_mut().poll(&mut context).is_pending());
    drop(sending);
    let answer = call(&replayed(&recorder).strict(), "GET", "http://h/");
    assert_eq!(answer, Err((Kind::Cancelled, Sent::Maybe)));
}

#[test]
fn limits_hold() {
    let recorder = Recorder::new(MockTransport::new([Reply::status(200).body("12345")]));
    let answer = call(&recorder.max_body_bytes(4), "GET", "http://h/");
    assert_eq!(answer, Err((Kind::Limit, Sent::Yes)));
    let long = " ".repeat(MAX_CASSETTE_BYTES + 1);
    assert_eq!(Cassette::from_json(&long).expect_err("too long").kind(), ErrorKind::Limit);
}

/// What is counted is counted while it is read: nothing behind is looked at, and no memory taken for it.
#[test]
fn no_cassette_is_read_further_than_it_goes() {
    let exchange = |headers: &str| {
        format!(
            r#"{{"request":{{"method":"GET","url":"http://h/","headers":{headers}}},"outcome":{{"answer":{{"status":200,"headers":{headers},"body":{{"text":""}}}}}}}}"#
        )
    };
    let cassette = |exchanges: &str| format!(r#"{{"version":1,"exchanges":[{exchanges}]}}"#);
    let one = exchange("[]");
    let exchanges = |count: usize| vec![one.as_str(); count].join(",");
    let headers = |count: usize| format!("[{}]", vec![r#"["a","b"]"#; count].join(","));
    let begin = |json: &str| json[..json.len() / 2].to_owned();
    assert!(Cassette::from_json(&cassette(&exchanges(10_000))).is_ok());
    assert!(Cassette::from_json(&cassette(&exchange(&headers(20_000)))).is_ok());
    // Half of it is enough to know: what comes behind is no JSON any more.
    let rows = [
        ("exchanges", begin(&cassette(&exchanges(40_000)))),
        ("headers", begin(&cassette(&exchange(&headers(200_000))))),
    ];
    for (what, json) in rows {
        let error = Cassette::from_json(&json).expect_err(what);
        assert_eq!(error.kind(), ErrorKind::Limit, "{what}: {error}");
    }
}

#[test]
fn a_cassette_is_checked() {
    let with = |request: &str, outcome: &str| {
        format!(r#"{{"version":1,"exchanges":[{{"request":{request},"outcome":{outcome}}}]}}"#)
    };
    let request = r#"{"method":"GET","url":"http://h/","headers":[]}"#;
    let told = |fields: &str| with(request, &format!(r#"{{"answer":{{{fields}}}}}"#));
    let error =
        |kind: &str| with(request, &format!(r#"{{"error":{{"kind":"{kind}","sent":"no"}}}}"#));
    let method = request.replace("GET", "G T");
    let url = request.replace("http:", "http:\\u0007");
    let fine = r#""status":200,"headers":[],"body":{"text":""}"#;
    let many: Vec<_> = (0..40_000).map(|number| format!(r#"["a{number}","b"]"#)).collect();
    let many = format!("[{}]", many.join(","));
    let asked = |headers: &str| {
        with(&request.replace("[]", headers), r#"{"error":{"kind":"dns","sent":"no"}}"#)
    };
    #[rustfmt::skip]
    let rows = [
        // why                   json                                                        message
        ("too many headers",     told(&fine.replace("[]", &many)),                           Some("too many exchanges or headers at line 1")),
        ("of a request, too",    asked(&many),                                               Some("too many exchanges or headers at line 1")),
        ("its header's name",    asked(r#"[["a b","c"]]"#),                                  Some("exchange 1: header name")),
        ("its header's value",   asked(r#"[["a","\u0000"]]"#),                               Some("exchange 1: header value")),
        ("a reason",             told(&format!(r#""reason":"a\nb",{fine}"#)),                Some("exchange 1: reason")),
        ("fine",                 told(fine),                                                 None),
        ("an error",             error("dns"),                                               None),
        ("no JSON",              "s3cret".to_owned(),                                        Some("line 1")),
        ("another version",      r#"{"version":2,"exchanges":[]}"#.to_owned(),               Some("version 2")),
        ("an unknown field",     told(&format!(r#""x":1,{fine}"#)),                          Some("line 1")),
        ("a method",             with(&method, r#"{"error":{"kind":"dns","sent":"no"}}"#),   Some("exchange 1: method")),
        ("a URL",                with(&url, r#"{"error":{"kind":"dns","sent":"no"}}"#),      Some("exchange 1: url")),
        ("a kind",               error("s3cret"),                                            Some("exchange 1: kind")),
        ("a status",             told(&fine.replace("200", "99")),                           Some("exchange 1: status")),
        ("base64",               told(&fine.replace(r#""text":"""#, r#""base64":"!""#)),     Some("exchange 1: body")),
        ("a header's name",      told(&fine.replace("[]", r#"[["a b","c"]]"#)),              Some("exchange 1: header name")),
        ("a header's value",     told(&fine.replace("[]", r#"[["a","\n"]]"#)),               Some("exchange 1: header value")),
        ("beyond Latin-1",       told(&fine.replace("[]", r#"[["a","\u20ac"]]"#)),           Some("exchange 1: header value")),
    ];
    for (why, json, message) in rows {
        let error = Cassette::from_json(&json).err().map(|error| error.to_string());
        let found = error.as_deref().unwrap_or_default();
        assert_eq!(error.is_some(), message.is_some(), "{why}: {found}");
        assert!(found.contains(message.unwrap_or_default()), "{why}: {found}");
        assert!(!found.contains("s3cret"), "{why}: {found}");
    }
}

#[test]
fn the_path_of_a_connection_is_written_nowhere() {
    let bases = ["https://hooks.example.com/services/T0SECRET/B%20SECRET", "http://h/SECRET"];
    for base in bases {
        let connection = Connection::new().with_host(base);
        let hook = || Hook::new(&connection).expect("a hook");
        let path = base.splitn(4, '/').last().expect("a path");
        let replies = [
            Reply::status(307).header("location", &format!("/{path}/orders/1")),
            Reply::status(200).header("link", &format!("</{path}/next>; rel=\"next\"")).body(path),
        ];
        let recorder = Recorder::new(MockTransport::new(replies)).hide_base(&hook());
        let api = HttpHook::new(hook(), recorder.clone(), VirtualClock::default());
        api.run(RequestPlan::get("orders")).expect("an answer");
        let written = recorder.cassette().to_json();
        let long = path.len() > 8;
        let told = written.matches("SECRET").count();
        assert_eq!(told, usize::from(!long), "only a body has what is short: {written}");
        assert!(written.contains("/***/orders"), "{written}");

        let replay = Cassette::from_json(&written).expect("a cassette").strict().hide_base(&hook());
        let api = HttpHook::new(hook(), replay.clone(), VirtualClock::default());
        api.run(RequestPlan::get("orders")).expect("the answer");
        let failure = api.run(RequestPlan::get("orders/2")).expect_err("it is not recorded");
        let told = format!("{failure:?} {failure} {}", replay.verify().expect_err("one too many"));
        assert!(told.contains("/***/orders/2") && !told.contains("SECRET"), "{told}");
    }
}
