//! Arrivals and delays by chance, the same on every platform: no function of the system's mathematics is called.

use std::time::Duration;

use http_hook::retry::Random;

/// Draws the time to the next arrival of a Poisson process.
pub(crate) fn until_next(per_second: f64, random: &mut Random) -> Duration {
    Duration::from_secs_f64(minus_ln(1.0 - random.draw()) / per_second)
}

/// Draws the milliseconds of one way through the network: `|N(10, 2)|`, as a sum of twelve.
pub(crate) fn leg(random: &mut Random) -> Duration {
    let normal = (0..12).map(|_| random.draw()).sum::<f64>() - 6.0;
    Duration::from_secs_f64((10.0 + 2.0 * normal).abs() / 1_000.0)
}

/// Returns the negative natural logarithm of a number of (0, 1]: halved until the series is short.
fn minus_ln(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 0.5 {
        x *= 2.0;
        sum += std::f64::consts::LN_2;
    }
    let y = (1.0 - x) / (1.0 + x);
    let (mut power, mut series) = (y, 0.0);
    for odd in (1..40).step_by(2) {
        series += power / f64::from(odd);
        power *= y * y;
    }
    sum + 2.0 * series
}
