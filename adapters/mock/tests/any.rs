//! What is drawn covers what can happen, begins plain, and can be pasted into a test.

use std::collections::BTreeSet;
use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use bytes::Bytes;
use http_hook::transport::TimeoutPhase;
use http_hook::{Sent, TransportErrorKind};
use http_hook_mock::{
    Conversation, MockTransport, Reply, any_conversation, any_error, any_reply, any_response,
    any_script, blocking, connect,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::RngAlgorithm::ChaCha;
use proptest::test_runner::{TestError, TestRng, TestRunner};

/// The words that some thousand values of a strategy are printed with.
fn words<T: std::fmt::Debug>(strategy: &impl Strategy<Value = T>) -> BTreeSet<String> {
    let mut runner = TestRunner::deterministic();
    let texts = (0..20_000).map(|_| {
        let value = strategy.new_tree(&mut runner).unwrap().current();
        format!("{value:#?}")
    });
    let words = texts.flat_map(|text| {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "_-:".contains(c)));
        words.map(str::to_owned).collect::<Vec<_>>()
    });
    words.collect()
}

#[test]
fn everything_comes_up() {
    let errors = "Dns Connect Tls Proxy Timeout Interrupted Protocol Body Limit InvalidRequest \
        Cancelled Bug TimeoutPhase::Connect TimeoutPhase::Head TimeoutPhase::Body TimeoutPhase::Total \
        Sent::No Sent::Maybe Sent::Yes";
    let statuses = "200 201 204 206 301 302 303 304 307 308 400 401 404 409 429 500 502 503 504";
    let headers = "location www-authenticate retry-after content-type content-encoding set-cookie etag link \
        ratelimit date pieces breaks_off body vec";
    let turns =
        "Interrupted Connect Dns Timeout Reply::hang 307 401 503 retry-after takes always 404";
    let rows = [
        ("errors", words(&any_error()), vec![errors]),
        ("responses", words(&any_response()), vec![statuses, headers]),
        (
            "replies",
            words(&any_reply()),
            vec![errors, statuses, headers, "Reply::hang takes times 7200"],
        ),
        ("conversations", words(&any_conversation()), vec![turns]),
    ];
    for (what, words, expected) in rows {
        let mut expected = expected.iter().flat_map(|line| line.split_whitespace());
        let has = |word: &str| {
            words
                .iter()
                .any(|own| own == word || own.strip_prefix("TransportErrorKind::") == Some(word))
        };
        assert_eq!(expected.find(|word| !has(word)), None, "{what}");
    }
}

#[test]
fn nothing_chosen_is_plain() {
    let mut none = Unstructured::new(&[]);
    let shown = |value: &dyn std::fmt::Debug| format!("{value:#?}");
    let rows = [
        (shown(&Reply::arbitrary(&mut none).unwrap()), "Reply::status(200)"),
        (shown(&Vec::<Reply>::arbitrary(&mut none).unwrap()), "[]"),
        (shown(&Reply::arbitrary_response(&mut none).unwrap()), "Reply::status(200)"),
        (
            shown(&Reply::arbitrary_error(&mut none).unwrap()),
            "Reply::error(TransportErrorKind::Interrupted, Sent::Maybe)",
        ),
        (
            shown(&Conversation::arbitrary(&mut none).unwrap()),
            "[\n    Reply::status(200).header(\"content-type\", \"application/json\").body(\"{}\").always(),\n]",
        ),
    ];
    for (own, expected) in rows {
        assert_eq!(own, expected);
    }
}

/// The code on the left prints as itself.
#[test]
fn a_reply_prints_as_the_code_that_makes_it() {
    macro_rules! rows {
        ($($reply:expr;)+) => { [$((stringify!($reply), $reply)),+] };
    }
    let rows = rows! {
        Reply::status(204);
        Reply::status(200).reason("Fine").header("x-a", "1").header("x-a", "\"2\"").body("[1]");
        Reply::status(200).body(&b"\xff\x00"[..]).breaks_off();
        Reply::status(200).body(vec![0x5b; 4096]);
        Reply::status(200).pieces([Bytes::from("ab"), Bytes::from("c")]).times(3);
        Reply::error(TransportErrorKind::Dns, Sent::No).always();
        Reply::error(TransportErrorKind::Timeout(TimeoutPhase::Head), Sent::Maybe);
        Reply::hang().takes(Duration::new(1, 500));
        Reply::error(TransportErrorKind::Connect, Sent::No).takes(Duration::from_secs(90));
        Reply::hang().takes(Duration::from_millis(1500)).on("GET", "/v1/orders?page=2");
    };
    let plain = |text: &str| text.replace(char::is_whitespace, "");
    for (code, reply) in rows {
        assert_eq!(plain(&format!("{reply:#?}")), plain(code));
    }
}

#[test]
fn what_is_found_shrinks_to_what_matters() {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(ChaCha));
    let breaks = |reply: &Reply| format!("{reply:?}").contains("interrupted");
    let found = runner.run(&any_script(), |script| {
        prop_assert!(!script.iter().any(breaks));
        Ok(())
    });
    let Err(TestError::Fail(_, script)) = found else { panic!("{found:?}") };
    let shown = format!("{script:#?}");
    assert_eq!(shown, "[\n    Reply::error(TransportErrorKind::Interrupted, Sent::Maybe),\n]");
}

const BASE: &str = "https://api.example.test";

proptest! {
    /// A script that any server might play is the same for both faces.
    #[test]
    fn both_faces_see_the_same(script in any_script(), retries in 0_u32..6) {
        let (one, other) = (MockTransport::new(script.clone()), MockTransport::new(script));
        let result = blocking::connect(BASE, &one).unwrap().get("v1/orders").retries(retries).send();
        let api = connect(BASE, &other).unwrap();
        let again = pollster::block_on(api.get("v1/orders").retries(retries).send());
        prop_assert_eq!(format!("{result:?}"), format!("{again:?}"));
        prop_assert_eq!(format!("{:?}", one.received()), format!("{:?}", other.received()));
    }

    /// However many calls there are.
    #[test]
    fn a_conversation_never_runs_out(server in any_conversation(), retries in 0_u32..6) {
        let api = blocking::connect(BASE, server).unwrap();
        for _ in 0..3 {
            let _ = api.get("v1/orders").retries(retries).send();
        }
        let unmet = api.get_conn().1.verify().err().map(|unmet| unmet.to_string());
        let unmet = unmet.unwrap_or_default();
        prop_assert!(!unmet.contains("unexpected"), "{}", unmet);
    }
}
