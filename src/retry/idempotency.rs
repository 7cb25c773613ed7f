//! Whether a request may be sent twice.

use http::{HeaderValue, Method};

use crate::base::Sent;
use crate::base::chance::Random;

/// Whether doing it twice is the same as doing it once
/// ([RFC 9110 §9.2.2](https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2)): GET, HEAD, OPTIONS, TRACE, PUT, DELETE, and QUERY
/// (draft-ietf-httpbis-safe-method-w-body), which is safe although it has a body.
#[must_use]
pub fn is_idempotent(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE, Method::PUT, Method::DELETE]
        .contains(method)
        || method.as_str() == "QUERY"
}

/// Whether a request may be sent again: its method is idempotent, it was certainly not acted on, it has a key, or
/// the caller allows it.
#[must_use]
pub(crate) fn may_resend(method: &Method, sent: Sent, keyed: bool, allowed: bool) -> bool {
    is_idempotent(method) || sent == Sent::No || keyed || allowed
}

/// Makes the `Idempotency-Key` of the call with this seed: a quoted string in the form of a random UUID
/// (draft-ietf-httpapi-idempotency-key-header-07, [RFC 9562 §5.4](https://www.rfc-editor.org/rfc/rfc9562#section-5.4)).
///
/// The same seed gives the same key, on every attempt and after resuming. The key is as hard to guess as the seed.
#[must_use]
pub(crate) fn key(seed: u64) -> HeaderValue {
    // A stream of its own: attempts count from 1.
    let mut random = Random::new(seed, 0);
    let mut text = *b"\"xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx\"";
    let (mut bits, mut left) = (0, 0_u32);
    for place in &mut text {
        if !matches!(*place, b'x' | b'v') {
            continue;
        }
        if left == 0 {
            (bits, left) = (random.bits(), 16);
        }
        let digit = bits & 0xf;
        *place = hex(if *place == b'v' { digit & 0x3 | 0x8 } else { digit });
        (bits, left) = (bits >> 4, left.saturating_sub(1));
    }
    HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

fn hex(digit: u64) -> u8 {
    let index = usize::try_from(digit).unwrap_or_default();
    b"0123456789abcdef".get(index).copied().unwrap_or(b'0')
}
