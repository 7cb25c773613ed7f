//! A policy is checked whichever way it is read.

use http_hook::RetryPolicy;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

/// Reads a policy by the name of its type, as code that implements `Deserialize` by hand does.
fn by_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RetryPolicy, D::Error> {
    RetryPolicy::deserialize(deserializer)
}

fn by_trait<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(text)
}

#[test]
fn no_way_of_reading_leaves_out_the_check() {
    #[rustfmt::skip]
    let rows = [
        ("{}",                                                          true),
        (r#"{"stop": {"type": "after_attempt", "max_attempts": 5}}"#,   true),
        (r#"{"wait": {"type": "chain", "waits": []}}"#,                 false),
        (r#"{"hints": {"jitter": 7}}"#,                                 false),
        (r#"{"attempt_header": "content-length"}"#,                     false),
        (r#"{"when": {"type": "status", "statuses": ["99"]}}"#,         false),
    ];
    for (text, is_sound) in rows {
        assert_eq!(RetryPolicy::from_json(text).is_ok(), is_sound, "from_json: {text}");
        assert_eq!(by_trait::<RetryPolicy>(text).is_ok(), is_sound, "the trait: {text}");
        let mut reader = serde_json::Deserializer::from_str(text);
        assert_eq!(by_name(&mut reader).is_ok(), is_sound, "by name: {text}");
    }
}
