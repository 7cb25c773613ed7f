//! Any token is refused that was not made with a key; one that was is opened, and rotated.

#![no_main]

use http_hook_sources::{Fernet, SourceErrorKind};

const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let both = Fernet::new(&format!("{NEW},{OLD}")).expect("keys");
    assert_eq!(both.decrypt(&text).unwrap_err().kind(), SourceErrorKind::Token);
    let _ = Fernet::new(&text);
    let old = Fernet::new(OLD).expect("a key");
    let token = old.encrypt(&text).expect("random numbers");
    assert_eq!(both.decrypt(&token).expect("a token").expose(), text);
    let new = both.rotate(&token).expect("a token");
    assert_eq!(Fernet::new(NEW).expect("a key").decrypt(&new).expect("a token").expose(), text);
    assert!(old.decrypt(&new).is_err());
    // One bit turned, wherever it is.
    if let Some(first) = bytes.first() {
        let mut changed = token.into_bytes();
        let at = usize::from(*first) % changed.len();
        changed[at] ^= 1;
        if let Ok(changed) = String::from_utf8(changed) {
            assert!(old.decrypt(&changed).is_err());
        }
    }
});
