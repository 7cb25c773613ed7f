//! An adaptive fan-out against servers whose capacity it was not told: what it must keep, beside fixed limits.
//!
//! `cargo test -p http-hook-sim --test capacity -- --nocapture` prints the figures.

use std::time::Duration;

use http_hook_sim::{Capacity, Limit, Server, capacity};

const ADAPTIVE: Limit = Limit::Adaptive(1_000);

/// How many requests a server works on at once, and how many seeds are tried.
const SERVERS: [(u32, u64); 3] = [(4, 5), (16, 2), (64, 1)];

fn run(server: Server, at_once: u32, limit: Limit, seed: u64) -> Capacity {
    let found = capacity(server, at_once, limit, seed).unwrap();
    println!("{server:?} of {at_once}, {limit:?}, seed {seed}: {found:.3?}");
    found
}

/// 90 % of what the server can do within 30 s, from the beginning and after each change; never more than 1.2 times what it can work on for
/// 5 s; and no less than this share of it later on.
fn keeps_its_bars(server: Server, share: f64) {
    for (at_once, seeds) in SERVERS {
        for seed in 1..=seeds {
            let found = run(server, at_once, ADAPTIVE, seed);
            let reached = found.reached.unwrap_or(Duration::MAX);
            assert!(reached <= Duration::from_secs(30), "{server:?} {at_once} {seed}: {reached:?}");
            assert!(found.over < Duration::from_secs(5), "{server:?} {at_once} {seed}: {found:?}");
            assert!(found.throughput >= share, "{server:?} {at_once} {seed}: {found:?}");
            assert!(found.failed < 0.001, "{server:?} {at_once} {seed}: {found:?}");
        }
    }
}

#[test]
fn a_server_that_lets_others_wait() {
    keeps_its_bars(Server::Queue, 0.97);
}

#[test]
fn a_server_that_refuses_what_is_too_much() {
    keeps_its_bars(Server::Rate, 0.95);
}

#[test]
fn a_server_that_can_do_half_as_much_for_a_while() {
    keeps_its_bars(Server::Halves, 0.97);
}

#[test]
fn a_server_that_takes_very_different_times() {
    keeps_its_bars(Server::Noisy, 0.90);
}

#[test]
fn no_fixed_limit_is_right_for_every_server() {
    let share = |at_once, limit| run(Server::Queue, at_once, limit, 1).throughput;
    assert!(share(64, Limit::Fixed(8)) < 0.2, "too low a limit is as slow as it is low");
    let high = run(Server::Queue, 4, Limit::Fixed(64), 1);
    assert!(high.throughput < 0.5 && high.failed > 0.1, "too high a one fails: {high:?}");
    assert!(high.over > Duration::from_secs(100) && high.reached.is_none(), "{high:?}");
    for at_once in [4, 64] {
        let (told, found) =
            (Limit::Fixed(usize::try_from(at_once).unwrap()), share(at_once, ADAPTIVE));
        assert!(found > share(at_once, told) - 0.03, "{at_once}: {found}");
    }
}

#[test]
fn one_seed_gives_one_result() {
    let again = |seed| run(Server::Noisy, 16, ADAPTIVE, seed);
    assert_eq!(again(7), again(7));
    assert_ne!(again(7), again(8));
}
