//! Random-looking texts from a seed: nonces and boundaries that the same seed gives again.

use std::fmt::Write as _;

use crate::retry::{STEP, mix};

/// Gives 32 hexadecimal digits from `seed`; another `stream` gives others.
///
/// `SplitMix64`: each bit of the seed changes about half of the digits. Not for secrets: whoever knows the seed
/// knows the text. A client nonce and a boundary only have to differ from call to call.
pub(crate) fn hex(seed: u64, stream: u64) -> String {
    let mut state = mix(seed).wrapping_add(stream);
    let mut text = String::with_capacity(32);
    for _ in 0..2 {
        state = state.wrapping_add(STEP);
        // Writing to a String cannot fail.
        let _ = write!(text, "{:016x}", mix(state));
    }
    text
}
