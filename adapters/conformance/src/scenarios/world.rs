//! Where the scripts of a scenario are played: on loopback, or in the mock.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use http::Uri;
use http_hook::options::Capabilities;
use http_hook::{Sent, TransportErrorKind as Kind};
use http_hook_mock::{MockTransport, Reply};
use socket2::{Domain, Socket, Type};

use super::journal::{Journal, digest};
use super::places::{Place, Places};
use super::scenario::Scenario;
use super::trace::What;
use crate::server::{Route, Server, serve};

const SCRIPTED: [Place; 3] = [Place::Home, Place::Other, Place::Token];

/// How many scenarios share their servers.
const SHARED: u64 = 50;

/// The servers of a run. All live until it ends, so that no port is used again; scenarios that keep their connections
/// have servers of their own, so that no other ever gets a kept one.
#[derive(Default)]
pub(super) struct Worlds(BTreeMap<(bool, u64), Loopback>);

impl Worlds {
    pub(super) fn of(&mut self, seed: u64) -> &Loopback {
        let key = (Scenario::keeps(seed), seed / SHARED);
        self.0.entry(key).or_insert_with(Loopback::new)
    }
}

/// Two servers, and an address that refuses.
pub(super) struct Loopback {
    home: Server,
    other: Server,
    dead: SocketAddr,
    /// Bound, and not listening: nobody else gets the port meanwhile.
    _bound: Socket,
}

impl Loopback {
    pub(super) fn new() -> Self {
        let bound = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        bound.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a free port");
        let dead = bound.local_addr().ok().and_then(|addr| addr.as_socket());
        let dead = dead.expect("a bound socket has an address");
        Self { home: serve(), other: serve(), dead, _bound: bound }
    }

    pub(super) fn places(&self) -> Places {
        Places {
            home: self.home.addr().to_string(),
            other: self.other.addr().to_string(),
            dead: self.dead.to_string(),
        }
    }

    /// Lays the scripts of a scenario out.
    pub(super) fn open(&self, scenario: &Scenario) -> Vec<(Place, Route)> {
        let open = |place| {
            let server = if place == Place::Home { &self.home } else { &self.other };
            let replies = scenario.script(place).iter();
            let replies = replies.map(|reply| reply.served(scenario.bodiless(place)));
            (place, server.route_at(&Places::path(scenario.seed, place), replies))
        };
        SCRIPTED.into_iter().map(open).collect()
    }
}

/// Notes what the servers saw of a scenario.
pub(super) fn note_routes(journal: &Journal, routes: &[(Place, Route)]) {
    for (place, route) in routes {
        for (index, seen) in route.requests().iter().enumerate() {
            journal.seen(*place, index, seen);
        }
    }
}

/// Makes the mock that plays the scripts of a scenario, and can do what a transport can.
pub(super) fn mock(scenario: &Scenario, places: &Places, capable: Capabilities) -> MockTransport {
    let seed = scenario.seed;
    let at = |place: Place| {
        let places = places.clone();
        move |uri: &Uri| places.of(seed, uri) == Some(place)
    };
    let refuse = at(Place::Dead);
    let refuse = Reply::error(Kind::Connect, Sent::No).when(move |got| refuse(&got.uri)).always();
    let scripted = SCRIPTED.into_iter().flat_map(|place| {
        scenario.script(place).iter().map(move |reply| {
            let here = at(place);
            reply.told(scenario.bodiless(place)).when(move |got| here(&got.uri))
        })
    });
    MockTransport::matching(scripted.chain([refuse])).with_capabilities(capable)
}

/// Notes what the mock was sent in a scenario, in the order in which servers are asked.
pub(super) fn note_received(journal: &Journal, seed: u64, mock: &MockTransport) {
    let received = mock.received();
    for place in SCRIPTED {
        for got in &received {
            if journal.places().of(seed, &got.uri) == Some(place) {
                journal.note(What::Seen {
                    place: format!("{place:?}"),
                    line: format!("{} {}", got.method, got.target()),
                    body: digest(&got.body),
                });
            }
        }
    }
}
