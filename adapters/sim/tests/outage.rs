//! The default policy and gates in the simulation: what they must keep, and how they rank.
//!
//! `cargo test -p http-hook-sim --test outage -- --nocapture` prints the figures.

use std::time::Duration;

use http_hook::gates::GateSettings;
use http_hook::retry::Wait;
use http_hook_sim::{Answers, Experiment, Figures, Strategy, contention, crowd};

fn run(experiment: Experiment, strategy: &Strategy, seed: u64) -> Figures {
    experiment.run(strategy, seed).unwrap()
}

/// The figures of some runs, one a seed.
fn runs(experiment: Experiment, strategy: &Strategy, seeds: u64) -> Vec<Figures> {
    (1..=seeds).map(|seed| run(experiment, strategy, seed)).collect()
}

fn worst(figures: &[Figures], figure: impl Fn(&Figures) -> f64) -> f64 {
    figures.iter().map(figure).fold(0.0, f64::max)
}

fn least(figures: &[Figures]) -> f64 {
    figures.iter().map(|figures| figures.success).fold(1.0, f64::min)
}

fn mean(figures: &[Figures]) -> f64 {
    let count = f64::from(u32::try_from(figures.len()).unwrap());
    figures.iter().map(|figures| figures.success).sum::<f64>() / count
}

fn recovery(figures: &Figures) -> f64 {
    figures.recovery.map_or(f64::INFINITY, |time| time.as_secs_f64())
}

#[test]
fn the_default_keeps_its_bars() {
    let strategy = Strategy::default();
    let single = runs(Experiment::A1, &strategy, 10);
    let many = runs(Experiment::A2, &strategy, 10);
    let partial = runs(Experiment::A3, &strategy, 10);
    let half = runs(Experiment::partial(0.5), &strategy, 10);
    let overload = runs(Experiment::B, &strategy, 3);
    let amp = |figures: &Figures| figures.amp;
    println!("worst of 10 seeds (B: 3), RetryPolicy::default() with the default gates:");
    println!("A1 amp {:.3}, success {:.3}", worst(&single, amp), least(&single));
    println!("A2 amp {:.3}, success {:.3}", worst(&many, amp), least(&many));
    println!("A3 success {:.4}, mean {:.4}", least(&partial), mean(&partial));
    println!("at 50 % failures success {:.4}, mean {:.4}", least(&half), mean(&half));
    println!("B recovered after {} s", worst(&overload, recovery));
    let rows = [
        // what                                   figure                   bar
        ("A1: attempts a request", worst(&single, amp), 0.10),
        ("A2: attempts a request", worst(&many, amp), 0.20),
        ("A3: share of failures", 1.0 - least(&partial), 0.01),
        ("B: seconds to recover", worst(&overload, recovery), 10.0),
    ];
    for (what, figure, bar) in rows {
        assert!(figure <= bar, "{what}: {figure:.4}, and the bar is {bar}");
    }
}

/// The ranking of an independent model, whose figures stand beside each row.
#[test]
fn strategies_rank_as_they_should() {
    let usual = Strategy::usual();
    let figures = |name: &str| {
        let (_, strategy) = usual.iter().find(|(found, _)| *found == name).unwrap();
        [Experiment::A1, Experiment::A2, Experiment::A3, Experiment::B]
            .map(|experiment| run(experiment, strategy, 1))
    };
    let rows = [
        // strategy               A1 amp        A2 amp        A3 success      B recovery, s
        ("no retry", 1.0..=1.0, 1.0..=1.0, 0.91..=0.94, 110.0..=140.0),
        ("no gates", 3.7..=4.0, 3.7..=4.0, 0.99..=1.0, f64::INFINITY..=f64::INFINITY),
        ("bucket 500 (AWS)", 1.01..=1.02, 1.30..=1.36, 0.99..=1.0, 110.0..=140.0),
        ("bucket 500 (AWS 2.1)", 1.00..=1.01, 1.08..=1.16, 0.94..=0.97, 110.0..=140.0),
        ("bucket 100", 1.00..=1.01, 1.05..=1.08, 0.99..=1.0, 110.0..=140.0),
        ("bucket 100 + breaker", 0.07..=0.10, 0.13..=0.19, 0.99..=1.0, 3.0..=10.0),
    ];
    for (name, single, many, partial, overload) in rows {
        let [a1, a2, a3, b] = figures(name);
        let found = (a1.amp, a2.amp, a3.success, recovery(&b));
        println!("{name:22} {found:.3?}");
        assert!(single.contains(&found.0), "{name}, A1: {:.3}", found.0);
        assert!(many.contains(&found.1), "{name}, A2: {:.3}", found.1);
        assert!(partial.contains(&found.2), "{name}, A3: {:.3}", found.2);
        assert!(overload.contains(&found.3), "{name}, B: {}", found.3);
    }
}

#[test]
fn jitter_makes_room() {
    let (base, cap) = (Duration::from_millis(10), Duration::from_secs(2));
    let run = |wait| contention(&wait, 100, 5, 1).unwrap();
    let plain = run(Wait::exponential(base, cap));
    let full = run(Wait::full_jitter(base, cap));
    let none = run(Wait::None);
    println!("100 clients: none {none:?}, exponential {plain:?}, full jitter {full:?}");
    assert!(full.calls <= 0.5 * plain.calls, "{full:?} {plain:?}");
    assert!(full.seconds <= 0.1 * plain.seconds, "{full:?} {plain:?}");
    assert!(none.calls > plain.calls && none.seconds < full.seconds, "{none:?} {full:?}");
    assert!(none.lost + plain.lost + full.lost < 0.5, "each client writes in the end");
}

#[test]
fn one_seed_gives_one_result() {
    let strategy = Strategy::default();
    let again = |seed| run(Experiment::A2, &strategy, seed);
    assert_eq!(again(7), again(7));
    assert_ne!(again(7).series, again(8).series);
}

#[test]
fn whoever_is_told_to_come_back_waits_and_comes_back() {
    let strategy = Strategy { gates: GateSettings::none(), ..Strategy::default() };
    let told = crowd(&strategy, 2_000, Answers::InAMinute, 1).unwrap();
    assert_eq!(told.waiting, 2_000, "all wait at the end of the outage");
    assert!((told.good - 2_000.0).abs() < 0.5 && (told.sends - 4_000.0).abs() < 0.5, "{told:?}");
    let careful = crowd(&Strategy::default(), 2_000, Answers::Busy, 1).unwrap();
    assert!(careful.sends < 200.0, "{} sends for 2000 calls", careful.sends);
}
