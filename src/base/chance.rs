//! Chance as arithmetic: numbers and texts that the same seed gives again.

use std::fmt::Write as _;

/// A stream of numbers, made of a seed and the number of an attempt: `SplitMix64`.
///
/// Each attempt has a stream of its own, so that a call that is resumed draws what it would have drawn. The
/// stream is the same on every platform and in every version.
///
/// # Examples
///
/// ```
/// use http_hook::retry::Random;
///
/// let first = Random::new(7, 1).draw();
/// assert_eq!(first, Random::new(7, 1).draw());
/// assert_ne!(first, Random::new(7, 2).draw());
/// assert!((0.0..1.0).contains(&first));
/// ```
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

/// The step of `SplitMix64`.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Random {
    /// Makes the stream of attempt `attempt_number` of the call with this seed.
    #[must_use]
    pub const fn new(seed: u64, attempt_number: u32) -> Self {
        let mut stream = Self { state: seed };
        let start = stream.bits();
        // Widening a u32 loses nothing; `u64::from` is not const.
        let bytes = attempt_number.to_le_bytes();
        let attempt = u64::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3], 0, 0, 0, 0]);
        Self { state: start.wrapping_add(mix(attempt.wrapping_add(STEP))) }
    }

    /// Returns the next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// Returns the next number of [0, 1), from the upper 53 bits.
    pub fn draw(&mut self) -> f64 {
        let [b0, b1, b2, b3, b4, b5, b6, b7] = self.bits().to_be_bytes();
        let high = u32::from_be_bytes([b0, b1, b2, b3]);
        let low = u32::from_be_bytes([b4, b5, b6, b7]) >> 11;
        // 32 and 21 bits: both steps are exact.
        f64::from(high) / 4_294_967_296.0 + f64::from(low) / 9_007_199_254_740_992.0
    }
}

/// The mixing of `SplitMix64`.
const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The seed of the call with this number in the series that has `seed`. Seeds of series may be steps apart: they are mixed before
/// the number is, so that no call of one has the seed of a later one of the series before.
pub(crate) const fn nth(seed: u64, number: u64) -> u64 {
    mix(mix(seed).wrapping_add(STEP.wrapping_mul(number)))
}

/// Returns 32 hexadecimal digits from `seed`; another `stream` gives others.
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

/// Returns 32 hexadecimal digits made of all of `text`: the same text gives the same digits. It is no signature, and tells a
/// short text to whoever undoes the mixing: of a secret there is [`keyed_digest`](super::keyed_digest).
pub(crate) fn digest(text: &str) -> String {
    let mut sums = [0x6a09_e667_f3bc_c908_u64, 0xbb67_ae85_84ca_a73b];
    for chunk in text.as_bytes().chunks(8) {
        let word =
            chunk.iter().fold(u64::from(u8::MAX), |word, byte| (word << 8) | u64::from(*byte));
        for sum in &mut sums {
            *sum = mix(sum.wrapping_add(STEP) ^ mix(word.wrapping_add(*sum)));
        }
    }
    format!("{:016x}{:016x}", sums[0], sums[1])
}
