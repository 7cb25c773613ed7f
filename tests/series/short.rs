//! Calls in one chain go wherever plans go.

use std::time::Duration;

use bytes::Bytes;
use http_hook::blocking::Body;
use http_hook::body::multipart::{Multipart, Part};
use http_hook::body::{Replay, Upload};
use http_hook::fanout::Fanout;
use http_hook::pages::Paging;
use http_hook::poll::Polling;
use http_hook::request::Data;
use http_hook::retry::Condition;
use http_hook::{Act, Call, ErrorKind, RequestPlan, StopReason};
use http_hook_mock::blocking::connect;
use http_hook_mock::{MockTransport, Reply};

use crate::support::NOW;

const HOME: &str = "https://api.example.com";

fn server() -> MockTransport {
    MockTransport::matching([Reply::json(200, "[1]").always()])
}

#[test]
fn a_call_in_one_chain_is_the_plan_of_it() {
    let (by_chain, by_plan) = (server(), server());
    let chains = connect(HOME, &by_chain).expect("a hook");
    let plans = connect(HOME, &by_plan).expect("a hook");
    let until = || Polling::until(Condition::statuses(&[200]), Duration::from_secs(9));
    let form = || {
        let mut form = Multipart::default();
        form.file(Part::bytes("a", "b")).expect("a part");
        form
    };

    chains.pages(chains.get("p").param("a", 1), Paging::link()).for_each(drop);
    plans.pages(RequestPlan::get("p").param("a", 1), Paging::link()).for_each(drop);

    chains.poll(chains.get("p").header("x-a", "1"), until()).expect("it is there");
    plans.poll(RequestPlan::get("p").header("x-a", "1"), until()).expect("it is there");

    let call: Call = chains.prepare(chains.post("p").json(&[7]));
    chains.run_and_check(call).expect("it passes");
    plans.run_and_check(plans.prepare(RequestPlan::post("p").json(&[7]))).expect("it passes");

    chains.run_and_check(chains.prepare(chains.post("p").multipart(form()))).expect("it passes");
    plans
        .run_and_check(plans.prepare(RequestPlan::post("p").multipart(form())))
        .expect("it passes");

    let told = |server: &MockTransport| -> Vec<String> {
        server.received().iter().map(|one| format!("{one:?} {}", one.text())).collect()
    };
    assert_eq!(told(&by_chain).len(), 4);
    assert_eq!(told(&by_chain), told(&by_plan));
}

#[test]
fn a_fan_out_takes_calls_in_one_chain() {
    let api = http_hook_mock::connect(HOME, server()).expect("a hook");
    let mut results = api.fan_out((0..9).map(|id| api.get("p").param("id", id)), 3);
    let mut passed = 0;
    pollster::block_on(async {
        while let Some((_, result)) = results.next().await {
            passed += u32::from(result.is_ok());
        }
    });
    assert_eq!(passed, 9);
}

#[test]
fn a_source_does_not_go_along_and_the_plan_says_so() {
    let server = server();
    let api = connect(HOME, &server).expect("a hook");
    let file = || Upload::new(Some(1), Replay::Again, || Ok(Body::from(Bytes::from_static(b"a"))));
    let calls = [api.put("p").upload(file()), api.post("p").part("file", file())];
    for plan in calls.map(RequestPlan::from) {
        let error = plan.check().expect_err("it has a source");
        assert_eq!(error.kind(), ErrorKind::Body);
        assert!(error.to_string().contains("goes with `send`"), "{error}");
        let (hook, _) = api.get_conn();
        let mut calls = Fanout::<_, Bytes>::new(hook, [plan].into_iter(), 1, 7);
        let Some((0, Act::Done(Err(failure)))) = calls.next(NOW) else { panic!("it is refused") };
        assert_eq!((failure.reason(), failure.sends()), (StopReason::Invalid, 0));
    }
    assert!(server.received().is_empty());
}

/// What data of a GET become, parameters, nobody means who says body.
#[test]
fn a_body_is_a_body_or_an_error() {
    let server = server();
    let api = connect(HOME, &server).expect("a hook");
    for body in ["box".into(), Data::from(b"box".to_vec()), Bytes::from("box").into()] {
        api.put("v1/files").body(body).send().expect("it arrives");
    }
    for received in server.received() {
        assert_eq!((received.text().as_str(), received.headers.get("content-type")), ("box", None));
    }
    for call in [api.get("v1/files"), api.head("v1/files")] {
        let failure = call.body("box").send().expect_err("it has none");
        let says = failure.to_string();
        assert!(says.starts_with("body: GET and HEAD have none; parameters are set by"), "{says}");
    }
    assert_eq!(server.received().len(), 3, "nothing more was sent");
}
