//! The arithmetic of waits.
//!
//! All sums are done in `f64` with `+ - * /` alone, so that they are the same everywhere.

use crate::retry::seconds::Seconds;

/// Returns `multiplier * base^(n - 1)`, infinite where no number is large enough.
pub(super) fn grown(multiplier: Seconds, base: f64, n: u32) -> f64 {
    if multiplier.get() == 0.0 {
        // However often nothing grows: also where the power is too large for a number.
        return 0.0;
    }
    let grown = multiplier.get() * power(base, n.saturating_sub(1));
    // An infinite multiplier, of which a power of nothing makes no number: it counts as larger than any maximum.
    if grown.is_nan() { f64::INFINITY } else { grown }
}

/// Returns `base^exponent` by squaring: `powf` may differ in its last bit from platform to platform.
fn power(base: f64, exponent: u32) -> f64 {
    let (mut result, mut square, mut rest) = (1.0, base, exponent);
    loop {
        if rest & 1 == 1 {
            result *= square;
        }
        rest >>= 1;
        if rest == 0 {
            return result;
        }
        square *= square;
    }
}

/// Returns `start + step * times`, `start` where there is nothing to add.
pub(super) fn stepped(start: Seconds, step: Seconds, times: u32) -> f64 {
    if times == 0 { start.get() } else { start.get() + step.get() * f64::from(times) }
}

pub(super) fn clip(seconds: f64, min: Seconds, max: Seconds) -> f64 {
    seconds.min(max.get()).max(min.get().max(0.0))
}

/// Takes one draw. Two ends without an end between them give the first.
pub(super) fn uniform(from: f64, to: f64, draw: &mut dyn FnMut() -> f64) -> f64 {
    let part = draw();
    let number = from + (to - from) * part;
    if number.is_nan() { from } else { number }
}
