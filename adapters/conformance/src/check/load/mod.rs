//! Many at once: each gets its own answer, none is sent twice, whatever dies around it.

mod history;

use std::time::{Duration, Instant};

use http::{Method, Request};
use http_hook::Sent;
use http_hook::body::Body;

use super::probe::{Probe, Told, drop_unless, get, request};
use super::row::Check;
use crate::server::{Reply, Route};

type Step = Result<(), String>;

pub(super) fn checks() -> Vec<Check> {
    vec![
        Check::new("load-64-at-once", None, "each its own answer, sent once", |probe| {
            Box::pin(at_once(probe))
        }),
        Check::new("load-deaths", 9, "each told what the server saw, sent once", |probe| {
            Box::pin(deaths(probe))
        }),
        Check::new("load-drops", 40, "sent once at most, then clean answers", |probe| {
            Box::pin(drops(probe))
        })
        .drops_future(),
        Check::new("load-history", 9, "rules a to e of a history", |probe| {
            Box::pin(history::calls(probe))
        }),
    ]
}

/// Chances that follow from a seed: `SplitMix64`.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    fn millis(&mut self, end: u64) -> Duration {
        Duration::from_millis(self.below(end))
    }
}

/// An answer that names its request, after a while.
fn answer(id: &str, after: Duration) -> Reply {
    let length = id.len();
    Reply::silent()
        .wait(after)
        .write(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{id}"))
}

async fn at_once(probe: &Probe<'_>) -> Step {
    const CALLS: u64 = 64;
    let mut chance = Chance(64);
    // The second time there are connections that were kept.
    for round in 1..=2_usize {
        let calls: Vec<(String, Route)> = (0..CALLS)
            .map(|number| {
                let id = format!("{round}-{number}");
                let route = probe.route([answer(&id, chance.millis(40))]);
                (id, route)
            })
            .collect();
        let requests = calls.iter().map(|(id, route)| post(route, id)).collect();
        for ((id, route), told) in calls.iter().zip(probe.send_all(requests).await) {
            told.answer(200, id.as_bytes()).map_err(|why| format!("{id}: {why}"))?;
            match route.requests().as_slice() {
                [seen] if seen.body == id.as_bytes() => {}
                seen => return Err(format!("{id} came as {seen:?}")),
            }
        }
        let (seen, sent) = (probe.server.requests().len(), calls.len() * round);
        if seen != sent {
            return Err(format!("{sent} were sent, {seen} came"));
        }
    }
    Ok(())
}

fn post(route: &Route, body: &str) -> Request<Body> {
    request(Method::POST, route.url(), body.to_owned())
}

/// Ways in which an answer does not come whole.
const DEATHS: [fn(&str) -> Reply; 6] = [
    |_| Reply::silent().close(),
    |_| Reply::silent().reset(),
    |_| Reply::deaf().close(),
    |_| Reply::deaf().reset(),
    |id| answer(id, Duration::ZERO).without_last(1).close(),
    |id| answer(id, Duration::ZERO).without_last(1).reset(),
];
/// Ways in which one does; after the second a connection dies that seems to be alive.
const ANSWERS: [fn(&str) -> Reply; 3] = [
    |id| answer(id, Duration::ZERO),
    |id| answer(id, Duration::ZERO).close(),
    |id| answer(id, Duration::from_millis(5)),
];

fn pick(ways: &[fn(&str) -> Reply], chance: &mut Chance, id: &str) -> Reply {
    let index = usize::try_from(chance.below(ways.len() as u64)).unwrap_or_default();
    ways[index](id)
}

async fn deaths(probe: &Probe<'_>) -> Step {
    const CALLS: usize = 200;
    const AT_ONCE: usize = 8;
    let mut chance = Chance(200);
    let (mut answered, mut maybe, mut unsent) = (0, 0, 0);
    for batch in 0..CALLS / AT_ONCE {
        let calls: Vec<(String, bool, Route)> = (0..AT_ONCE)
            .map(|number| {
                let id = format!("{batch}-{number}");
                let dies = chance.below(2) == 0;
                let ways = if dies { DEATHS.as_slice() } else { &ANSWERS };
                let reply = pick(ways, &mut chance, &id);
                let route = probe.route([reply, Reply::ok(b"sent again")]);
                (id, dies, route)
            })
            .collect();
        let requests = calls.iter().map(|(id, _, route)| post(route, id)).collect();
        for ((id, dies, route), told) in calls.iter().zip(probe.send_all(requests).await) {
            let right = told.agrees_with(&route.requests()).and_then(|()| match told.error() {
                Some(_) => Ok(()),
                None if *dies => Err(format!("was told {}", told.summary())),
                None => told.answer(200, id.as_bytes()).map(|_| ()),
            });
            right.map_err(|why| format!("{id}: {why}"))?;
            match sent(&told) {
                Sent::Yes => answered += 1,
                Sent::Maybe => maybe += 1,
                Sent::No => unsent += 1,
            }
        }
    }
    let seen = probe.server.requests().len();
    if (answered..=answered + maybe).contains(&seen) && answered > CALLS / 4 {
        return Ok(());
    }
    Err(format!("{seen} came; answered {answered}, perhaps sent {maybe}, not sent {unsent}"))
}

fn sent(told: &Told) -> Sent {
    match &told.head {
        Ok(_) => Sent::Yes,
        Err(error) => error.sent(),
    }
}

async fn drops(probe: &Probe<'_>) -> Step {
    const DROPS: u64 = 60;
    let mut chance = Chance(60);
    let mut dropped = 0;
    for number in 0..DROPS {
        let id = number.to_string();
        let route = probe.route([answer(&id, chance.millis(16)), Reply::ok(b"sent again")]);
        let end = Instant::now() + chance.millis(16);
        match drop_unless(probe.send(post(&route, &id)), || Instant::now() >= end).await {
            None => dropped += 1,
            Some(told) => told.answer(200, id.as_bytes()).map(|_| ())?,
        }
        let own = probe.route([answer("own", chance.millis(4))]);
        probe.send(get(own.url())).await.answer(200, b"own")?;
        match route.requests().len() {
            0 | 1 => {}
            times => return Err(format!("one that was dropped came {times} times")),
        }
    }
    if dropped == 0 { Err("nothing was dropped".to_owned()) } else { Ok(()) }
}
