//! The stored form: pinned, and taken up at once, late, twice, or under another connection.
//!
//! `HTTP_HOOK_WRITE_GOLDEN=1` writes the golden files anew; a published version is never changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http_hook::hook::Defaults;
use http_hook::options::{ClientCert, Setting, Verify};
use http_hook::retry::{Stop, Wait};
use http_hook::{
    Call, Connection, ErrorKind, Hook, Options, RequestPlan, RetryPolicy, Step, StopReason,
};

use crate::support::{self, NOW, Scenario, status};

fn connection() -> Connection {
    support::connection().with_id("orders").expect("an id").with_host("https://api.example.com/v1")
}

fn hook() -> Hook {
    Hook::new(&connection()).expect("a connection that can be used")
}

fn policy() -> RetryPolicy {
    RetryPolicy {
        wait: Wait::fixed(Duration::from_secs(10)),
        stop: Stop::after_attempt(4),
        ..RetryPolicy::default()
    }
}

/// A call that waits after a 503.
fn waiting(plan: RequestPlan) -> Call {
    Scenario::new(&hook().for_client(http_hook_mock::everything("test")), plan)
        .after([status(503)])
        .waiting()
        .0
}

fn under_way(plan: RequestPlan) -> String {
    let hook = hook();
    let attempt = Scenario::new(&hook, plan).sending().attempt;
    attempt.store(&hook).expect("nothing of it is secret")
}

/// What each golden file holds.
fn golden() -> [(&'static str, String); 6] {
    let stored = |plan| waiting(plan).store(&hook()).expect("nothing of it is secret");
    let get = || RequestPlan::get("orders").param("page", "1").retry(RetryPolicy::default());
    let mut options = Options::default();
    options.head_timeout = Setting::Set(Duration::from_millis(2_500));
    options.verify = Setting::Set(Verify::File("/ca.pem".to_owned()));
    options.max_redirects = Some(3);
    options.allow_redirects = Some(true);
    let post = RequestPlan::post("orders").idempotency_key().json(&["text", "é"]);
    [
        ("waiting", stored(get().deadline(Duration::from_secs(60)))),
        ("interrupted", under_way(get().without_header("accept"))),
        ("body", stored(post.storable_header("x-team", "sales").retry(policy()))),
        ("bytes", under_way(RequestPlan::put("orders").data(vec![0, 159, 255]))),
        ("policy", stored(RequestPlan::get("orders").retry(policy()))),
        ("options", stored(get().options(options))),
    ]
}

fn path(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/data/stored").join(format!("v2-{name}.json"))
}

#[test]
fn the_stored_form_is_pinned() {
    for (name, text) in golden() {
        if std::env::var_os("HTTP_HOOK_WRITE_GOLDEN").is_some() {
            fs::write(path(name), format!("{text}\n")).expect("a golden file");
        }
        let kept = fs::read_to_string(path(name)).expect("a golden file");
        assert_eq!(text, kept.trim_end(), "{name}: written as ever");
        let mut allowed = Options::default();
        allowed.verify = Setting::Set(Verify::File("/ca.pem".to_owned()));
        let call = Call::resume_under(&hook(), kept.trim_end(), &allowed, NOW);
        let call = call.expect("read as ever");
        let again = call.store(&hook()).expect("it was stored before");
        assert_eq!(again, kept.trim_end(), "{name}: reading loses nothing");
    }
}

#[test]
fn a_waiting_call_goes_on_whenever_and_wherever_it_is_taken_up() {
    let seconds = Duration::from_secs;
    let text = waiting(RequestPlan::get("orders").retry(policy())).store(&hook());
    let text = text.expect("nothing of it is secret");
    #[rustfmt::skip]
    let rows = [
        // why                                  taken up at                     waits still
        ("at once",                             NOW,                            Some(10)),
        ("in the middle",                       NOW.after(seconds(4)),          Some(6)),
        ("on time",                             NOW.after(seconds(10)),         None),
        ("late",                                NOW.after(seconds(86_400)),     None),
        ("after a hundred years",               NOW.after(seconds(3_155_760_000)), None),
        ("the clock went back a second",        NOW.before(seconds(1)),         Some(10)),
        ("the clock went back fifty years",     NOW.before(seconds(1_577_880_000)), Some(10)),
    ];
    for (why, now, left) in rows {
        let call = Call::resume(&hook(), &text, now).expect(why);
        assert_eq!((call.sends(), call.attempt_number()), (1, 1), "{why}");
        let step = match call.step(&hook(), now) {
            Step::Wait { call, wait, .. } => {
                assert_eq!(Some(wait.as_secs()), left, "{why}");
                call.step(&hook(), now.after(wait))
            }
            step => {
                assert_eq!(left, None, "{why}");
                step
            }
        };
        let Step::Send { attempt, .. } = step else { panic!("{why}: {step:?}") };
        assert_eq!((attempt.sends(), attempt.number()), (2, 2), "{why}: the attempts go on");
    }
}

#[test]
fn a_call_that_is_taken_up_twice_is_the_same_call_twice() {
    let plan = RequestPlan::post("orders").idempotency_key().data("text").retry(policy());
    let text = waiting(plan).store(&hook()).expect("nothing of it is secret");
    let sent = || {
        let now = NOW.after(Duration::from_secs(10));
        let call = Call::resume(&hook(), &text, now).expect("what was stored");
        match call.step(&hook(), now) {
            Step::Send { request, .. } => request,
            other => panic!("{other:?}"),
        }
    };
    let (first, second) = (sent(), sent());
    assert_eq!(first.headers(), second.headers(), "one Idempotency-Key");
    assert_eq!((first.uri(), first.body()), (second.uri(), second.body()));
}

#[test]
fn a_call_that_was_under_way_is_sent_again_only_if_that_does_no_harm() {
    let rows = [
        // plan, whether it is sent again
        (RequestPlan::get("orders"), true),
        (RequestPlan::put("orders").data("text"), true),
        (RequestPlan::post("orders").data("text"), false),
        (RequestPlan::patch("orders").data("text"), false),
        (RequestPlan::post("orders").data("text").idempotency_key(), true),
        (RequestPlan::post("orders").data("text").allow_resend(), true),
    ];
    for (plan, again) in rows {
        let why = format!("{plan:?}");
        let text = under_way(plan.retry(policy()));
        let call = Call::resume(&hook(), &text, NOW).expect(&why);
        match call.step(&hook(), NOW) {
            Step::Wait { .. } => assert!(again, "{why}"),
            Step::Done(Err(failure)) => {
                assert_eq!((failure.reason(), again), (StopReason::NotIdempotent, false), "{why}");
            }
            other => panic!("{why}: {other:?}"),
        }
    }
}

#[test]
fn a_stored_call_belongs_to_its_connection() {
    let text = waiting(RequestPlan::get("orders").retry(policy())).store(&hook());
    let text = text.expect("nothing of it is secret");
    let id = |id: &str| connection().with_id(id).expect("an id");
    #[rustfmt::skip]
    let rows = [
        // why                  the connection by now                                           why it is refused
        ("nothing changed",     connection(),                                                   None),
        ("another password",    connection().with_password("pw-2"),                             None),
        ("another login",       connection().with_login("other"),                               None),
        ("a default port",      connection().with_host("https://api.example.com:443/v1"),       None),
        ("another host",        connection().with_host("https://other.example/v1"),             Some("the connection has another origin or base than when the call was stored")),
        ("another port",        connection().with_host("https://api.example.com:8443/v1"),      Some("the connection has another origin or base than when the call was stored")),
        ("another scheme",      connection().with_host("http://api.example.com/v1"),            Some("the connection has another origin or base than when the call was stored")),
        ("another base path",   connection().with_host("https://api.example.com/v2"),           Some("the connection has another origin or base than when the call was stored")),
        ("another id",          id("other"),                                                    Some("the stored call belongs to another connection")),
    ];
    let now = NOW.after(Duration::from_secs(10));
    for (why, connection, refused) in rows {
        let hook = Hook::new(&connection).expect(why);
        match Call::resume(&hook, &text, now) {
            Ok(call) => {
                assert_eq!(refused, None, "{why}");
                let Step::Send { request, .. } = call.step(&hook, now) else { panic!("{why}") };
                let fresh = Scenario::new(&hook, RequestPlan::get("orders")).sending().request;
                assert_eq!(request.headers(), fresh.headers(), "{why}: the credentials of now");
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Stored, "{why}");
                assert_eq!(Some(error.message()), refused, "{why}");
            }
        }
    }
}

#[test]
fn a_stored_call_that_was_changed_or_cut_is_refused() {
    let text = under_way(RequestPlan::get("orders"));
    for at in 0..text.len() {
        let cut = text.get(..at).unwrap_or_default();
        assert!(Call::resume(&hook(), cut, NOW).is_err(), "cut at {at}");
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(changed) = String::from_utf8(bytes) else { continue };
        let error = Call::resume(&hook(), &changed, NOW).expect_err("changed");
        assert_eq!(error.kind(), ErrorKind::Stored, "changed at {at}");
    }
}

#[test]
fn a_stored_call_is_read_up_to_its_limit() {
    let text = under_way(RequestPlan::get("orders"));
    for (len, reads) in
        [(Call::MAX_STORED - 1, true), (Call::MAX_STORED, true), (Call::MAX_STORED + 1, false)]
    {
        let padded = format!("{text}{}", " ".repeat(len - text.len()));
        assert_eq!(Call::resume(&hook(), &padded, NOW).is_ok(), reads, "{len} bytes");
    }
}

#[test]
fn a_text_that_cannot_be_read_tells_where() {
    for (text, place) in [("", "line 1 column 0"), ("{\n  \"version\": x}", "line 2 column 14")] {
        let error = Call::resume(&hook(), text, NOW).expect_err(text);
        assert_eq!(error.message(), format!("the stored call cannot be read at {place}"));
    }
}

#[test]
fn a_call_of_the_first_form_is_refused_in_words() {
    let old = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/stored/v1-waiting.json"),
    );
    let error = Call::resume(&hook(), old.expect("a file").trim_end(), NOW).expect_err("form 1");
    assert_eq!(
        error.message(),
        "the stored call is of an older version, which is not read any more"
    );
    let newer = r#"{"version": 3, "what": "ever"}"#;
    let error = Call::resume(&hook(), newer, NOW).expect_err("form 3");
    assert_eq!(error.message(), "the stored call is of a newer version than this one");
}

#[test]
fn the_parts_are_stored_apart_and_belong_together() {
    let call =
        waiting(RequestPlan::post("orders?x=1").idempotency_key().data("S-body").retry(policy()));
    let (plan, progress) = (
        call.store_plan(&hook()).expect("a plan"),
        call.store_progress(&hook()).expect("progress"),
    );
    for word in ["orders?", "x=1", "S-body", "api.example.com", "v1"] {
        assert!(!progress.contains(word), "{word} in {progress}");
    }
    assert!(!plan.contains("example") && !plan.contains("/v1"), "{plan}");
    let none = Options::default();
    let resumed = Call::resume_parts(&hook(), &plan, &progress, &none, NOW).expect("both");
    assert_eq!(resumed.store(&hook()).ok(), call.store(&hook()).ok());
    let other = waiting(RequestPlan::post("other").idempotency_key().retry(policy()));
    let other = other.store_plan(&hook()).expect("a plan");
    let error = Call::resume_parts(&hook(), &other, &progress, &none, NOW).expect_err("mixed up");
    assert_eq!(error.kind(), ErrorKind::Stored);
}

#[test]
fn leave_to_send_again_is_that_of_the_call_as_it_was_stored() {
    let lenient =
        Hook::builder(&connection()).defaults(Defaults::airflow()).build().expect("a hook");
    let strict = hook();
    let plan = || RequestPlan::post("orders").data("text").retry(policy());
    let rows = [(&strict, &lenient, false), (&lenient, &strict, true)];
    for (stores, resumes, again) in rows {
        let attempt = Scenario::new(stores, plan()).sending().attempt;
        let text = attempt.store(stores).expect("nothing of it is secret");
        let step = Call::resume(resumes, &text, NOW).expect("a call").step(resumes, NOW);
        assert_eq!(matches!(step, Step::Wait { .. }), again, "{step:?}");
    }
}

#[test]
fn what_weakens_a_connection_is_not_taken_from_a_store() {
    let options = |change: fn(&mut Options)| {
        let mut options = Options::default();
        change(&mut options);
        options
    };
    let rows = [
        ("verify", options(|own| own.verify = Setting::Set(Verify::Off))),
        ("verify", options(|own| own.verify = Setting::Set(Verify::File("/any".to_owned())))),
        (
            "cert",
            options(|own| {
                own.cert = Setting::Set(ClientCert { cert: "/any".to_owned(), key: None });
            }),
        ),
        ("allow_downgrade", options(|own| own.allow_downgrade = Some(true))),
        ("trust_env", options(|own| own.trust_env = Some(false))),
        ("allow_redirects", options(|own| own.allow_redirects = Some(true))),
        ("max_redirects", options(|own| own.max_redirects = Some(5))),
        ("max_response_bytes", options(|own| own.max_response_bytes = Some(2_000))),
    ];
    let able = |hook: Hook| hook.for_client(http_hook_mock::everything("test"));
    let strict = options(|own| {
        own.allow_redirects = Some(false);
        own.max_redirects = Some(4);
        own.max_response_bytes = Some(1_000);
    });
    let by_defaults = || {
        let mut defaults = Defaults::default();
        defaults.options = strict.clone().over(defaults.options);
        able(Hook::builder(&connection()).defaults(defaults).build().expect("a hook"))
    };
    for (name, options) in rows {
        let plan = RequestPlan::get("orders").options(options.clone()).retry(policy());
        let told = by_defaults();
        let text = Scenario::new(&told, plan).sending().attempt.store(&told).expect("stored");
        let error = Call::resume(&told, &text, NOW).expect_err(name);
        assert!(error.message().contains(name), "{error}");
        assert!(Call::resume_under(&told, &text, &options, NOW).is_ok(), "{name}: named");
        let same = Hook::builder(&connection()).options(options).build().expect("a hook");
        assert!(Call::resume(&same, &text, NOW).is_ok(), "{name}: the hook says so, too");
    }
    // What asks for less weakens nothing.
    let less = options(|own| {
        own.allow_redirects = Some(false);
        own.max_redirects = Some(3);
        own.max_response_bytes = Some(900);
    });
    let plan = RequestPlan::get("orders").options(less).retry(policy());
    let told = by_defaults();
    let text = Scenario::new(&told, plan).sending().attempt.store(&told).expect("stored");
    assert!(Call::resume(&told, &text, NOW).is_ok());
    assert!(Call::resume(&able(hook()), &text, NOW).is_ok());
    let usual = options(|own| {
        own.allow_redirects = Some(true);
        own.max_redirects = Some(30);
        own.max_response_bytes = Some(64 << 20);
    });
    let plan = RequestPlan::get("orders").options(usual).retry(policy());
    let text = Scenario::new(&able(hook()), plan).sending().attempt.store(&hook()).expect("stored");
    assert!(Call::resume(&hook(), &text, NOW).is_ok(), "what holds for any hook");
    let error = Call::resume(&told, &text, NOW).expect_err("more than the hook's");
    assert!(error.message().contains("allow_redirects"), "{error}");
}
