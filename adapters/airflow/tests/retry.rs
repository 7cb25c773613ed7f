//! tenacity's arguments as policies.

use std::time::Duration;

use http::Response;
use http_hook::retry::{Condition, RetryOutcome, Stop, Wait};
use http_hook::transport::TimeoutPhase;
use http_hook::{
    Call, Hook, Options, RequestPlan, RetryPolicy, Sent, Step, Timestamp, TransportError,
    TransportErrorKind as Kind,
};
use http_hook_airflow::RetryArguments;
use serde_json::{Value, json};

/// What an attempt came to: a status, with a place that it leads to, or an error.
enum Seen {
    Status(u16),
    Error(Kind),
}

/// Whether an attempt that came to this is made again.
fn again(retry: &Value, seen: &Seen) -> bool {
    again_under(RetryArguments::from_json(retry).expect("a policy").policy.when, seen)
}

fn again_under(when: Condition, seen: &Seen) -> bool {
    let (once, stop) = (Condition::Never, Stop::Never);
    let policy = RetryPolicy { when, once, stop, wait: Wait::None, ..RetryPolicy::default() };
    let mut options = Options::default();
    options.max_redirects = Some(0);
    let plan = RequestPlan::get("a").retry(policy).options(options);
    let (hook, now) = (Hook::to("https://api.example.com").expect("a hook"), Timestamp::default());
    let Step::Send { attempt, .. } = Call::new(&hook, plan, 7, now).step(&hook, now) else {
        panic!("nothing is sent")
    };
    let answer = match seen {
        Seen::Status(status) => {
            let response = Response::builder().status(*status).header("location", "/b");
            Ok(response.body("".into()).expect("a response"))
        }
        Seen::Error(kind) => Err(TransportError::new(*kind, Sent::Maybe)),
    };
    matches!(attempt.finish(&hook, answer, now), Step::Wait { .. })
}

#[test]
fn conditions_are_classes_of_errors_and_results() {
    let outcomes = [
        Seen::Status(200),
        Seen::Status(202),
        Seen::Status(503),
        Seen::Status(302),
        Seen::Error(Kind::Dns),
        Seen::Error(Kind::Timeout(TimeoutPhase::Connect)),
        Seen::Error(Kind::Timeout(TimeoutPhase::Head)),
        Seen::Error(Kind::Timeout(TimeoutPhase::Total)),
        Seen::Error(Kind::Body),
        Seen::Error(Kind::Bug),
    ];
    #[rustfmt::skip]
    let rows = [
        // condition                                                     200 202 503 302 dns con hea tot bod bug
        (json!({"retry_always": true}),                                  "yes yes yes yes yes yes yes yes yes yes"),
        (json!({"retry_never": true}),                                   "no  no  no  no  no  no  no  no  no  no"),
        (Value::Null,                                                    "no  no  yes yes yes yes yes yes yes yes"),
        (json!({"retry_if_exception_type": "Exception"}),                "no  no  yes yes yes yes yes yes yes yes"),
        (json!({"retry_if_exception_type": "AirflowException"}),         "no  no  yes no  no  no  no  no  no  no"),
        (json!({"retry_if_exception_type": "requests.ConnectionError"}), "no  no  no  no  yes yes no  no  no  no"),
        (json!({"retry_if_exception_type": ["Timeout"]}),                "no  no  no  no  no  yes yes yes no  no"),
        (json!({"retry_if_exception_type": "requests.ReadTimeout"}),     "no  no  no  no  no  no  yes yes no  no"),
        (json!({"retry_if_exception_type": {"$tuple": ["ConnectTimeout", "ChunkedEncodingError"]}}), "no no no no no yes no no yes no"),
        (json!({"retry_if_exception_type": "requests.TooManyRedirects"}), "no no no yes no no no no no no"),
        (json!({"retry_if_exception_type": "requests.HTTPError"}),       "no  no  no  no  no  no  no  no  no  no"),
        (json!({"retry_if_not_exception_type": "OSError"}),              "no  no  yes no  no  no  no  no  no  yes"),
        (json!({"retry_unless_exception_type": "OSError"}),              "yes yes yes no  no  no  no  no  no  yes"),
        (json!({"retry_if_exception_message": {"match": "5\\d\\d:"}}),   "no  no  yes no  no  no  no  no  no  no"),
        (json!({"retry_if_exception_message": {"message": "503:Service Unavailable"}}), "no no yes no no no no no no no"),
        (json!({"retry_if_not_exception_message": {"match": "503"}}),    "yes yes no  yes yes yes yes yes yes yes"),
        (json!({"retry_if_result": {"status_in": [202, 503]}}),          "no  yes no  no  no  no  no  no  no  no"),
        (json!({"retry_if_not_result": {"status_in": [202]}}),           "yes no  no  no  no  no  no  no  no  no"),
        (json!({"retry_any": [{"retry_if_result": {"status_in": [200]}}, {"retry_if_exception_type": "ConnectTimeout"}]}), "yes no no no no yes no no no no"),
        (json!({"retry_all": [{"retry_if_exception_type": "OSError"}, {"retry_if_exception_type": "Timeout"}]}), "no no no no no yes yes yes no no"),
    ];
    for (condition, expected) in rows {
        let retry = json!({"retry": condition});
        let found =
            outcomes.iter().map(|outcome| if again(&retry, outcome) { "yes" } else { "no" });
        let expected: Vec<_> = expected.split_whitespace().collect();
        assert_eq!(found.collect::<Vec<_>>(), expected, "{condition}");
    }
}

#[test]
fn waits_and_stops_have_tenacitys_names() {
    let retry = json!({
        "wait": {"wait_combine": [{"wait_fixed": 3}, {"wait_chain": [{"wait_none": true}, {"wait_incrementing": {"start": 1, "increment": 2}}]}]},
        "stop": {"stop_any": [{"stop_after_attempt": 10}, {"stop_all": [{"stop_after_delay": 3.5}, {"stop_never": true}]}]},
        "reraise": true,
        "enabled": false,
        "retry_error_callback": {"return": 5},
    });
    let arguments = RetryArguments::from_json(&retry).expect("a policy");
    let waits: Vec<_> = (1..4).map(|n| arguments.policy.wait.after(n, &mut || 0.5)).collect();
    assert_eq!(waits, [3, 6, 8].map(Duration::from_secs));
    let Stop::Any { stops } = &arguments.policy.stop else { panic!("one of several") };
    assert_eq!(stops[0], Stop::after_attempt(10));
    assert!(arguments.reraise && !arguments.enabled);
    assert_eq!(arguments.retry_error_callback, Some(json!({"return": 5})));
    // All of it is data.
    let json = serde_json::to_string(&arguments.policy).expect("a policy is data");
    assert_eq!(RetryPolicy::from_json(&json).expect("the same"), arguments.policy);

    let usual = RetryArguments::from_json(&json!({})).expect("nothing need be given");
    assert_eq!((&usual.policy.wait, &usual.policy.stop), (&Wait::None, &Stop::Never));
    assert!(usual.enabled && !usual.reraise && usual.retry_error_callback.is_none());
}

#[test]
fn the_texts_of_errors_can_be_told() {
    let retry = json!({"retry": {"retry_if_exception_message": {"match": ".*refused"}}});
    let texts =
        |outcome: &dyn RetryOutcome| outcome.failed().then(|| "connection refused".to_owned());
    let arguments = RetryArguments::with_texts(&retry, texts).expect("a policy");
    let refused = Seen::Error(Kind::Connect);
    assert!(again_under(arguments.policy.when.clone(), &refused));
    assert!(!again(&retry, &refused), "the default knows no text of an error");
    assert!(!arguments.policy.is_storable());
}

#[test]
fn what_cannot_be_taken_is_named_and_not_repeated() {
    let mut deep = json!({"stop_never": true});
    for _ in 0..40 {
        deep = json!({"stop_any": [deep]});
    }
    #[rustfmt::skip]
    let rows = [
        // argument      retry
        ("retry",        json!("s3cret")),
        ("retry",        json!({"s3cret": "s3cret"})),
        ("retry",        json!({"stop": {"stop_any": vec![json!({"stop_never": true}); 600]}})),
        ("retry.stop",   json!({"stop": {"s3cret": 5}})),
        ("retry.stop",   json!({"stop": {"stop_s3cret": 5}})),
        ("retry.stop",   json!({"stop": {"stop_after_attempt": "s3cret"}})),
        ("retry.stop",   json!({"stop": "s3cret"})),
        ("retry.stop",   json!({"stop": deep})),
        ("retry.wait",   json!({"wait": {"wait_fixed": "s3cret"}})),
        ("retry.wait",   json!({"wait": {"wait_fixed": 1, "wait_s3cret": 1}})),
        ("retry.wait",   json!({"wait": {"wait_exponential": {"s3cret": 1}}})),
        ("retry.wait",   json!({"wait": {"wait_chain": []}})),
        ("retry.retry",  json!({"retry": {"exception_class": "s3cret"}})),
        ("retry.retry",  json!({"retry": {"retry_s3cret": true}})),
        ("retry.retry",  json!({"retry": {"retry_any": "s3cret"}})),
        ("retry.retry",  json!({"retry": {"retry_if_exception_type": [5, "s3cret"]}})),
        ("retry.retry",  json!({"retry": {"retry_if_result": "s3cret"}})),
        ("retry.retry",  json!({"retry": {"retry_if_exception_message": {"match": "(s3cret"}}})),
    ];
    for (argument, retry) in rows {
        let error = RetryArguments::from_json(&retry).err();
        let error = error.unwrap_or_else(|| panic!("{retry} is taken"));
        assert_eq!(error.argument(), argument, "{retry}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
    }
}
