//! Calls in one chain: each setter is the plan's, `send` is `run`, and bodies from sources go out whole with each send.

use std::time::Duration;

use bytes::Bytes;
use http_hook::body::multipart::Multipart;
use http_hook::body::{Body, Replay, Upload};
use http_hook::retry::Condition;
use http_hook::{
    CallBuilder, Cause, ErrorKind, Hook, HttpHook, Options, RequestPlan, RetryPolicy, StopReason,
    blocking,
};
use http_hook_mock::{MockTransport, Received, Reply, VirtualClock};
use serde_json::json;

use crate::support::connection;

type Api = blocking::HttpHook<MockTransport, VirtualClock>;
type Chain<'a> = CallBuilder<'a, Api, blocking::Body>;
type AsyncApi = HttpHook<MockTransport, VirtualClock>;
type AsyncChain<'a> = CallBuilder<'a, AsyncApi, Body>;

fn made(hook: Hook, replies: Vec<Reply>) -> (Api, MockTransport) {
    let server = MockTransport::new(replies);
    (blocking::HttpHook::new(hook, server.clone(), server.clock()).with_seed(7), server)
}

fn api(replies: Vec<Reply>) -> (Api, MockTransport) {
    made(Hook::new(&connection()).expect("a hook"), replies)
}

fn async_api(replies: Vec<Reply>) -> (AsyncApi, MockTransport) {
    let server = MockTransport::new(replies);
    let hook = Hook::new(&connection()).expect("a hook");
    (HttpHook::new(hook, server.clone(), server.clock()).with_seed(7), server)
}

/// What arrived, but for the time.
fn seen(server: &MockTransport) -> Vec<String> {
    let line = |one: Received| {
        format!("{} {} {:?} {:?} {:?}", one.method, one.uri, one.headers, one.body, one.options)
    };
    server.received().into_iter().map(line).collect()
}

#[test]
fn a_chain_is_the_plan_of_the_same_setters() {
    type Row = (
        &'static str,
        fn(RequestPlan) -> RequestPlan,
        fn(Chain<'_>) -> Chain<'_>,
        fn(AsyncChain<'_>) -> AsyncChain<'_>,
    );
    macro_rules! rows {
        ($($name:ident($($argument:expr),*),)+) => {
            [$((
                stringify!($name),
                |plan| plan.$name($($argument),*),
                |chain| chain.$name($($argument),*),
                |chain| chain.$name($($argument),*),
            ),)+]
        };
    }
    let rows: [Row; 23] = rows![
        param("page", 17),
        query(&json!({"tag": [1, 2]})),
        header("x-team", "sales"),
        storable_header("x-team", "sales"),
        secret_header("x-key", "k"),
        without_header("user-agent"),
        data("box"),
        body("box"),
        form([("a", "b c")]),
        json(&[7, 8]),
        json_text("[9]"),
        body_with_type("a,b", "text/csv"),
        options(Options::default().max_redirects(1)),
        check_response(false),
        retries(2),
        retry(RetryPolicy::default()),
        timeout(Duration::from_secs(3)),
        deadline(Duration::from_secs(60)),
        allow_resend(),
        idempotency_key(),
        basic("own", "pw"),
        bearer("t0ken"),
        multipart(Multipart::default()),
    ];
    let replies = || vec![Reply::status(503), Reply::status(503), Reply::status(503)];
    for (name, plan, chain, async_chain) in rows {
        let (api, server) = api(replies());
        let by_plan = api.run(plan(RequestPlan::post("v1/orders")));
        let expected = (seen(&server), format!("{by_plan:?}"));
        assert!(!expected.0.is_empty(), "{name}");

        let (api, server) = self::api(replies());
        let by_chain = chain(api.post("v1/orders")).send();
        assert_eq!((seen(&server), format!("{by_chain:?}")), expected, "{name}");

        let (api, server) = async_api(replies());
        let by_chain = pollster::block_on(async_chain(api.post("v1/orders")).send());
        assert_eq!((seen(&server), format!("{by_chain:?}")), expected, "{name}, async");
    }
}

#[test]
fn retries_are_further_attempts_under_the_policy_in_force() {
    let teapots = RetryPolicy { when: Condition::statuses(&[418]), ..RetryPolicy::default() };
    let policies: [(&str, Option<RetryPolicy>, Option<RetryPolicy>); 3] = [
        ("none", None, None),
        ("of the hook", Some(teapots.clone()), None),
        ("of the call", None, Some(teapots)),
    ];
    for (whose, of_hook, of_call) in policies {
        let own = whose != "none";
        for status in [418, 503] {
            for retries in [0, 1, 3] {
                let mut hook = Hook::builder(&connection());
                if let Some(policy) = of_hook.clone() {
                    hook = hook.policy(policy);
                }
                let hook = hook.build().expect("a hook");
                for retries_first in [false, true] {
                    let (api, server) = made(hook.clone(), vec![Reply::status(status).always()]);
                    let mut call = api.get("a");
                    if retries_first {
                        call = call.retries(retries);
                    }
                    if let Some(policy) = of_call.clone() {
                        call = call.retry(policy);
                    }
                    if !retries_first {
                        call = call.retries(retries);
                    }
                    let failure = call.send().expect_err("it stays so");
                    let again = own == (status == 418);
                    let sends = 1 + if again { retries } else { 0 };
                    let count = server.received().len();
                    assert_eq!(count, sends as usize, "{whose}, {status}, {retries}");
                    let reason = if again { StopReason::Attempts } else { StopReason::Rejected };
                    assert_eq!(failure.reason(), reason, "{whose}, {status}, {retries}");
                }
            }
        }
    }
}

#[test]
fn a_time_limit_is_that_of_connecting_head_and_pause() {
    let (api, server) = api(vec![Reply::status(200)]);
    api.get("a").timeout(Duration::from_secs(3)).send().expect("an answer");
    let limits = server.received()[0].options.timeouts;
    let three = Some(Duration::from_secs(3));
    assert_eq!((limits.connect, limits.head, limits.idle), (three, three, three));
    assert_eq!(limits.total, None, "each send has its own");
}

#[test]
fn a_body_from_a_source_goes_out_whole_with_each_send() {
    let (api, server) = api(vec![Reply::status(503), Reply::status(201)]);
    let mut opened = 0;
    let text = "a,b\n1,2\n";
    let upload = Upload::new(Some(8), Replay::Again, move || {
        opened += 1;
        assert!(opened <= 2);
        Ok(blocking::Body::reader(Some(8), text.as_bytes()))
    });
    api.put("v1/files").upload(upload).retries(3).send().expect("it arrives");
    let bodies: Vec<_> = server.received().into_iter().map(|one| one.body).collect();
    assert_eq!(bodies, [Bytes::from(text), Bytes::from(text)]);

    let (api, server) = self::api(vec![Reply::status(503), Reply::status(201)]);
    let once = Upload::new(None, Replay::Once, || Ok(blocking::Body::reader(None, &b"pipe"[..])));
    let failure = api.put("v1/files").upload(once).retries(3).send().expect_err("sent once");
    assert_eq!(failure.reason(), StopReason::BodyNotReplayable);
    assert_eq!(server.received().len(), 1);
}

#[test]
fn parts_from_sources_stand_beside_those_in_memory() {
    let part = |text: &'static str| {
        let len = u64::try_from(text.len()).ok();
        let open = move || Ok(blocking::Body::reader(len, text.as_bytes()));
        Upload::new(len, Replay::Again, open).with_filename("of/day.csv")
    };
    let (api, server) = api(vec![Reply::status(503), Reply::status(201)]);
    let mut form = Multipart::new();
    form.field("kind", "report").expect("a field");
    let call = api.post("v1/files").multipart(form).part("file", part("1,2"));
    let call = call.part("more", part("3").with_content_type("text/x-3")).field("of", "July");
    call.idempotency_key().retries(1).send().expect("it arrives");
    let received = server.received();
    assert_eq!(received[0].body, received[1].body, "the boundary stays");
    let text = received[0].text();
    for piece in [
        "name=\"kind\"",
        "report",
        "name=\"file\"; filename=\"of/day.csv\"",
        "1,2",
        "name=\"more\"; filename=\"of/day.csv\"\r\nContent-Type: text/x-3\r\n\r\n3",
        "name=\"of\"\r\n\r\nJuly",
    ] {
        assert!(text.contains(piece), "{piece}: {text}");
    }
    let length = received[0].header("content-length").map(str::to_owned);
    assert!(length.is_none_or(|length| length == text.len().to_string()));

    let failure = api.post("v1/files").part("a\0b", part("1")).send().expect_err("no such name");
    assert!(matches!(failure.cause(), Cause::Request(_)), "{failure:?}");
    assert_eq!(server.received().len(), 2);
}

/// Why, what sets a body, and what is sent then, if anything is.
type Bodies = (&'static str, Box<dyn Fn(Chain<'_>) -> Chain<'_>>, Option<&'static [&'static str]>);

#[test]
fn of_two_bodies_none_is_lost_without_a_word() {
    let of = |text: &'static str| {
        let len = u64::try_from(text.len()).ok();
        let open = move || Ok(blocking::Body::reader(len, text.as_bytes()));
        Upload::new(len, Replay::Again, open)
    };
    let form = || {
        let mut form = Multipart::default();
        form.field("kind", "report").expect("a field");
        form
    };
    let pairs = [("kind", "report")];
    let rows: [Bodies; 15] = [
        (
            "part, field",
            Box::new(move |call| call.part("b", of("two")).field("kind", "report")),
            Some(&["report", "two"]),
        ),
        (
            "upload, field",
            Box::new(move |call| call.upload(of("one")).field("kind", "report")),
            None,
        ),
        (
            "form, part",
            Box::new(move |call| call.multipart(form()).part("b", of("two"))),
            Some(&["report", "two"]),
        ),
        (
            "part, part",
            Box::new(move |call| call.part("a", of("one")).part("b", of("two"))),
            Some(&["one", "two"]),
        ),
        ("upload, upload", Box::new(move |call| call.upload(of("one")).upload(of("two"))), None),
        ("upload, part", Box::new(move |call| call.upload(of("one")).part("b", of("two"))), None),
        ("part, upload", Box::new(move |call| call.part("b", of("two")).upload(of("one"))), None),
        ("part, form", Box::new(move |call| call.part("b", of("two")).multipart(form())), None),
        ("upload, form", Box::new(move |call| call.upload(of("one")).multipart(form())), None),
        ("pairs, part", Box::new(move |call| call.form(pairs).part("b", of("two"))), None),
        ("part, pairs", Box::new(move |call| call.part("b", of("two")).form(pairs)), None),
        ("JSON, upload", Box::new(move |call| call.json("one").upload(of("two"))), None),
        ("form, JSON", Box::new(move |call| call.multipart(form()).json("one")), None),
        ("upload, body", Box::new(move |call| call.upload(of("one")).body("two")), None),
        ("upload, data", Box::new(move |call| call.upload(of("one")).data("two")), None),
    ];
    for (why, set, holds) in rows {
        let (api, server) = api(vec![Reply::status(201)]);
        let sent = set(api.post("v1/files")).send();
        let Some(holds) = holds else {
            let failure = sent.expect_err(why);
            assert!(failure.to_string().starts_with("body: it is given twice"), "{why}: {failure}");
            assert!(server.received().is_empty(), "{why}");
            continue;
        };
        sent.unwrap_or_else(|failure| panic!("{why}: {failure:?}"));
        let text = server.received()[0].text();
        assert!(holds.iter().all(|piece| text.contains(piece)), "{why}: {text}");
    }
}

#[test]
fn a_body_is_left_to_be_streamed() {
    let (api, _server) = api(vec![Reply::status(200).body("box")]);
    let body = api.get("a").stream().expect("an answer").into_body();
    assert_eq!(std::io::read_to_string(body).expect("a text"), "box");

    let (api, _server) = async_api(vec![Reply::status(200).body("box")]);
    let pieces = pollster::block_on(async {
        let mut body = api.get("a").stream().await.expect("an answer").into_body();
        let mut pieces = Vec::new();
        while let Some(piece) = body.chunk().await.expect("a piece") {
            pieces.push(piece);
        }
        pieces.concat()
    });
    assert_eq!(pieces, b"box");

    let broken = Reply::status(200).body("box").breaks_off();
    let (api, _server) = async_api(vec![broken]);
    let after = pollster::block_on(async {
        let mut body = api.get("a").stream().await.expect("an answer").into_body();
        while let Ok(piece) = body.chunk().await {
            assert!(piece.is_some(), "what broke off is not the end");
        }
        body.chunk().await.expect("no more")
    });
    assert_eq!(after, None);
}

#[test]
fn fields_become_parameters_or_an_error_that_names_them() {
    #[derive(serde::Serialize)]
    struct Filter {
        state: &'static str,
        tag: Vec<u32>,
        after: Option<u8>,
        open: bool,
        share: f64,
    }
    let filter = Filter { state: "a b", tag: vec![1, 2], after: None, open: true, share: 0.5 };
    let ok = |target: &'static str| Ok(target);
    let rows: [(serde_json::Value, Result<&str, &str>); 9] = [
        (
            serde_json::to_value(filter).expect("JSON"),
            ok("?state=a+b&tag=1&tag=2&open=true&share=0.5"),
        ),
        (json!([["a", 1], ["a", "x&y"]]), ok("?a=1&a=x%26y")),
        (json!({}), ok("")),
        (json!(null), ok("")),
        (json!({"big": 18_446_744_073_709_551_615_u64}), ok("?big=18446744073709551615")),
        (json!({"inner": {"secret": "5b0c9e"}}), Err("query: `inner` has members of its own")),
        (json!({"inner": [["5b0c9e"]]}), Err("query: `inner` has members of its own")),
        (json!("5b0c9e"), Err("query: it is neither a struct, a map nor a list of pairs")),
        (json!([["a", 1, 2]]), Err("query: it is neither a struct, a map nor a list of pairs")),
    ];
    for (value, expected) in rows {
        let (api, server) = api(vec![Reply::status(200)]);
        let answer = api.get("a").query(&value).send();
        match expected {
            Ok(query) => {
                answer.expect("an answer");
                assert_eq!(server.received()[0].target(), format!("/a{query}"));
            }
            Err(says) => {
                let failure = answer.expect_err("no parameters");
                let Cause::Request(error) = failure.cause() else { panic!("{failure:?}") };
                assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Url, says));
                assert!(server.received().is_empty());
            }
        }
    }
}

#[test]
fn a_value_that_fails_to_display_is_no_parameter() {
    struct Broken;
    impl std::fmt::Display for Broken {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("5b0c9e")?;
            Err(std::fmt::Error)
        }
    }
    let (api, server) = api(Vec::new());
    let failure = api.get("a").param("page", Broken).send().expect_err("no parameter");
    let says = "param: the value of `page` fails to display";
    assert!(failure.to_string().starts_with(says), "{failure}");
    assert!(server.received().is_empty() && !format!("{failure:?}").contains("5b0c9e"));
}

#[test]
fn clones_share_what_calls_share_and_show_no_secret() {
    fn shared<T: Clone + Send + Sync + std::fmt::Debug>(api: &T) -> (T, String) {
        (api.clone(), format!("{api:?}"))
    }
    let (api, server) = api(vec![Reply::status(200).always()]);
    let (other, shown) = shared(&api);
    assert!(!shown.contains("pw-5b0c9e") && !shown.contains("svc"), "{shown}");
    for api in [&api, &other, &api] {
        api.post("a").idempotency_key().send().expect("an answer");
    }
    let keys: std::collections::HashSet<_> = server
        .received()
        .iter()
        .map(|one| one.header("idempotency-key").map(str::to_owned))
        .collect();
    assert_eq!(keys.len(), 3, "no two calls draw the same chances");
    shared(&async_api(Vec::new()).0);
}
