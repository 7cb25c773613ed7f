//! A secret shows in no masked text, in none of the forms in which it is written; and what has none stays as it is.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_hook_sources::Masker;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.splitn(3, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (secret, before, after) = (line(), line(), line());
    let masker = Masker::new().secret(secret);
    if secret.chars().count() < Masker::SHORTEST || secret.eq_ignore_ascii_case("airflow") {
        assert_eq!(masker.text(&text), text);
        return;
    }
    let json = serde_json::to_string(secret).expect("a text");
    let forms = [
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        STANDARD.encode(secret),
        STANDARD.encode(format!("{before}{secret}")),
    ];
    for form in forms {
        let masked = masker.text(&format!("{before}{form}{after}")).into_owned();
        assert!(masked.contains("***"));
    }
    let masked = masker.text(&text).into_owned();
    // What stands around it can make it up again only out of the mask itself.
    assert!(!masked.replace("***", "\u{0}").contains(secret));
    let value = serde_json::json!({"password": {"a": secret}, "b": [secret]});
    assert_eq!(masker.value(&value), serde_json::json!({"password": {"a": "***"}, "b": ["***"]}));
});
