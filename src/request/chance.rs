//! Random-looking texts from a seed: nonces and boundaries that the same seed gives again.

use std::fmt::Write as _;

/// Gives 32 hexadecimal digits from `seed`; another `stream` gives others.
///
/// `SplitMix64`: each bit of the seed changes about half of the digits. Not for secrets: whoever knows the seed
/// knows the text. A client nonce and a boundary only have to differ from call to call.
pub(crate) fn hex(seed: u64, stream: u64) -> String {
    let mut state = mix(seed).wrapping_add(stream);
    let mut text = String::with_capacity(32);
    for _ in 0..2 {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        // Writing to a String cannot fail.
        let _ = write!(text, "{:016x}", mix(state));
    }
    text
}

const fn mix(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
