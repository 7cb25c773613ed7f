//! Random redirect graphs, and every cell of method, status and body, through the machine.
//!
//! `HTTP_HOOK_CHAINS=1000000 cargo test --release --test redirect chains -- --nocapture` follows a million.

use http::{Method, Request};
use http_hook::body::{Payload, Replay};
use http_hook::{Hook, RequestPlan, Step, StopReason};

use crate::invariants::redirects::{Reached, follow};
use crate::support::{NOW, Scenario, Sending, response};

const CHAINS: u64 = 10_000;

/// Bytes that look like chance, the same for the same number ([SplitMix64]).
///
/// [SplitMix64]: https://prng.di.unimi.it/splitmix64.c
fn bytes(number: u64) -> Vec<u8> {
    let word = |index: u64| {
        let word = (number << 8 | index).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    };
    (0..48).flat_map(|index| word(index).to_le_bytes()).collect()
}

#[test]
fn no_secret_leaves_its_origin() {
    let chains = std::env::var("HTTP_HOOK_CHAINS");
    let chains = chains.map_or(CHAINS, |text| text.parse().expect("a number of chains"));
    let mut all = Reached::default();
    for number in 0..chains {
        all += follow(&bytes(number));
    }
    println!("{chains} chains: {all:?}");
    let rows = [
        ("to another origin", all.away),
        ("back home", all.back_home),
        ("downgrade refused", all.downgrades_refused),
        ("other scheme refused", all.schemes_refused),
        ("too many redirects", all.too_many),
        ("retry after a hop", all.retried_after_a_hop),
        ("challenge answered", all.challenged),
        ("challenge answered after a hop", all.challenged_after_a_hop),
        ("token fetched", all.tokens),
    ];
    for (what, count) in rows {
        assert!(count > 0, "{what}: the graphs never get there");
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Carries {
    Nothing,
    Text,
    Once,
}

/// A plan with that body, where the method can have it.
fn plan(method: &Method, carries: Carries) -> RequestPlan {
    let plan = RequestPlan::new(method.clone(), "a")
        .header("content-language", "en")
        .header("expect", "100-continue");
    match carries {
        Carries::Nothing => plan,
        // The data of a GET are parameters, and a HEAD drops its data: JSON is a body for both.
        Carries::Text => plan.json("text"),
        Carries::Once => plan.external(Some(4), Replay::Once),
    }
}

fn hook() -> Hook {
    Hook::to("https://api.example.com")
        .expect("a hook")
        .for_client(http_hook_mock::everything("test"))
}

/// The first request, and what comes of redirecting it.
fn redirected(plan: RequestPlan, status: u16, location: &str) -> (Request<Payload>, Step) {
    let hook = hook();
    let Sending { request, attempt, .. } = Scenario::new(&hook, plan).sending();
    let moved = response(status, &[("location", location)], "");
    (request, attempt.finish(&hook, Ok(moved), NOW))
}

#[test]
fn every_cell_of_method_status_and_body() {
    let methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
    let same = methods;
    let mut post = same;
    post[2] = "GET";
    let mut get = ["GET"; 9];
    get[1] = "HEAD";
    let rows = [
        // status, the method after each of `methods`, body kept
        (301, post, false),
        (302, get, false),
        (303, get, false),
        (307, same, true),
        (308, same, true),
    ];
    let mut cells = 0;
    for (status, after, keeps) in rows {
        for (before, after) in methods.into_iter().zip(after) {
            for carries in [Carries::Nothing, Carries::Text, Carries::Once] {
                cells += 1;
                let method: Method = before.parse().expect("a method");
                let cell = format!("{status} {before} {carries:?}");
                if (before, carries) == ("GET", Carries::Once) {
                    let error = Scenario::new(&hook(), plan(&method, carries)).step();
                    let Step::Done(Err(failure)) = error else { panic!("{cell}: {error:?}") };
                    assert_eq!(failure.reason(), StopReason::Invalid, "the data are parameters");
                    continue;
                }
                for location in ["/b", "https://other.example/b"] {
                    let (first, step) = redirected(plan(&method, carries), status, location);
                    let used_up = carries == Carries::Once && before != "HEAD";
                    if keeps && used_up {
                        let Step::Done(Err(failure)) = step else { panic!("{cell}: {step:?}") };
                        assert_eq!(failure.reason(), StopReason::Redirect, "{cell}");
                        continue;
                    }
                    let Step::Send { request, .. } = step else { panic!("{cell}: {step:?}") };
                    assert_eq!(request.method(), after, "{cell}");
                    assert_eq!(request.uri().path(), "/b", "{cell}");
                    let body = if keeps { first.body() } else { &Payload::EMPTY };
                    assert_eq!(request.body(), body, "{cell}");
                    let headers = request.headers();
                    let expected = keeps && carries == Carries::Text;
                    assert_eq!(headers.contains_key("content-type"), expected, "{cell}");
                    assert_eq!(headers.contains_key("content-language"), keeps, "{cell}");
                    let home = location.starts_with('/');
                    assert_eq!(headers.contains_key("expect"), keeps && home, "{cell}");
                }
            }
        }
    }
    assert_eq!(cells, 135);
}
