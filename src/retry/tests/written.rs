//! How the parts of a policy are written.

use crate::RetryPolicy;
use crate::retry::{Condition, Seconds};

#[test]
fn ranges_print_as_they_read() {
    let of = |range| Condition::Status { statuses: vec![range] };
    let json = |text: &str| format!(r#"{{"type":"status","statuses":[{text}]}}"#);
    for (range, text) in [
        (503..=503, "503"),
        (500..=599, "\"5xx\""),
        (500..=598, "\"500-598\""),
        (450..=549, "\"450-549\""),
    ] {
        assert_eq!(serde_json::to_string(&of(range.clone())).unwrap(), json(text));
        assert_eq!(serde_json::from_str::<Condition>(&json(text)).unwrap(), of(range));
    }
    let quoted = serde_json::from_str::<Condition>(&json("\"503\""));
    assert_eq!(quoted.unwrap(), of(503..=503));
    let beyond = serde_json::to_string(&of(1000..=1099)).unwrap();
    assert_eq!(beyond, json("\"1000-1099\""), "no class has two digits");
}

#[test]
fn seconds_print_as_they_read() {
    for (seconds, text) in [
        (Seconds::new(1.5), "1.5"),
        (Seconds::new(-3.0), "-3.0"),
        (Seconds::INFINITE, "\"inf\""),
        (Seconds::new(f64::NEG_INFINITY), "\"-inf\""),
    ] {
        assert_eq!(serde_json::to_string(&seconds).unwrap(), text);
        assert_eq!(serde_json::from_str::<Seconds>(text).unwrap(), seconds);
    }
    assert_eq!(serde_json::from_str::<Seconds>("-3").unwrap(), Seconds::new(-3.0));
    for text in ["\"1\"", "true", "null", "[]"] {
        let error = serde_json::from_str::<Seconds>(text).unwrap_err().to_string();
        assert!(error.contains("number of seconds"), "{text}: {error}");
    }
}

/// A policy that could not tell a number from its neighbours is refused, wherever it is read.
#[test]
fn a_number_in_a_policy_equals_none_but_itself() {
    let rows = [
        ("0", true),
        ("18446744073709551615", true),
        ("18446744073709551616", false),
        ("18446744073709551617", false),
        ("12345678901234567890123", false),
        ("-9223372036854775808", true),
        ("-9223372036854775809", false),
        ("1e300", false),
        ("0.1", true),
        ("-2.5e3", true),
    ];
    for (number, is_told) in rows {
        for equals in [number.to_owned(), format!("[{number}]"), format!(r#"{{"a": [{number}]}}"#)]
        {
            let when = format!(r#"{{"type": "body_json", "pointer": "", "equals": {equals}}}"#);
            let text = format!(r#"{{"when": {{"type": "not", "condition": {when}}}}}"#);
            match RetryPolicy::from_json(&text) {
                Ok(policy) => {
                    assert!(is_told, "{text}");
                    let again = serde_json::to_string(&policy).unwrap();
                    let again = RetryPolicy::from_json(&again).unwrap();
                    assert_eq!(again.when, policy.when, "{text}");
                }
                Err(error) => {
                    assert!(!is_told && error.message().contains("64 bits"), "{text}: {error}");
                }
            }
        }
    }
}
