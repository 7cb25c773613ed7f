//! Stored calls as hostile input: refused, or taken up and harmless.

use std::time::Duration;

use http_hook::{Call, Connection, Hook, Step, Timestamp};
use serde_json::Value;

use super::MARKER;

const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));

/// The hook that the calls in the corpus belong to.
pub(crate) fn hook() -> Hook {
    let connection = Connection::new()
        .with_id("orders".parse().expect("an id"))
        .with_host("https://api.example.com/v1")
        .with_login("svc")
        .with_password(MARKER);
    Hook::new(&connection).expect("a connection")
}

/// The text as it stands, and once more with a digest that fits.
pub(crate) fn state(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    take_up(text);
    if let Some(signed) = signed(text) {
        take_up(&signed);
    }
}

fn take_up(text: &str) {
    let hook = hook();
    let call = match Call::resume(&hook, text, NOW) {
        Ok(call) => call,
        Err(error) => return assert!(!format!("{error} {error:?}").contains(MARKER)),
    };
    assert!(call.sends() <= Call::MAX_SENDS);
    if let Ok(stored) = call.store(&hook) {
        assert!(!stored.contains(MARKER) || text.contains(MARKER), "a secret is stored");
        let again = Call::resume(&hook, &stored, NOW).expect("what was stored");
        assert_eq!(again.store(&hook).ok(), Some(stored), "storing is stable");
    }
    let sends = call.sends();
    let step = match call.step(&hook, NOW) {
        Step::Wait { call, wait, .. } => call.step(&hook, NOW.after(wait)),
        other => other,
    };
    if let Step::Send { request, attempt, .. } = step {
        assert!(attempt.sends() > sends && attempt.sends() <= Call::MAX_SENDS);
        assert_eq!(request.uri().authority(), Some(hook.origin().authority()));
    }
}

/// The digest is no secret: whoever changes a stored call can make a new one.
fn signed(text: &str) -> Option<String> {
    let mut form: Value = serde_json::from_str(text).ok()?;
    *form.get_mut("digest")? = "".into();
    let bytes = serde_json::to_vec(&form).ok()?;
    let digest = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| {
        (digest ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    *form.get_mut("digest")? = format!("{digest:016x}").into();
    serde_json::to_string(&form).ok()
}
