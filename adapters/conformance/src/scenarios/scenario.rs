//! A scenario, made of a seed: a connection, calls, and what the servers say.

use http_hook::auth::{AuthScheme, OAuth2};
use http_hook::cookies::Jar;
use http_hook::hook::{Defaults, HookBuilder};
use http_hook::retry::Event;
use http_hook::{Connection, Hook, Options, RetryPolicy, Secret};

use super::call::Planned;
use super::dice::Dice;
use super::limit::Oddity;
use super::places::{Place, Places};
use super::policy;
use super::reply::Reply;
use super::script::{Manner, script};

/// How many seeds there are between two calls that only the limit on sends ends.
const STUBBORN: u64 = 250;

/// How the connection proves who is calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Nobody,
    Basic,
    Bearer,
    KeyInHeader,
    KeyInQuery,
    Digest,
    Token,
}

const KINDS: [(u64, Kind); 7] = [
    (20, Kind::Nobody),
    (20, Kind::Basic),
    (10, Kind::Bearer),
    (8, Kind::KeyInHeader),
    (7, Kind::KeyInQuery),
    (20, Kind::Digest),
    (20, Kind::Token),
];

/// An event that ends calls by their policy, and the send at which it happens.
#[derive(Clone, Debug)]
pub(super) struct Stopper {
    pub(super) event: Event,
    pub(super) after: u32,
}

/// A scenario for one run: its hook and its calls are used up by it.
pub(super) struct Scenario {
    pub(super) seed: u64,
    pub(super) hook: Hook,
    pub(super) calls: Vec<Planned>,
    pub(super) stopper: Option<Stopper>,
    /// Whether all calls are HEAD.
    head: bool,
    scripts: [(Place, Vec<Reply>); 3],
}

impl Scenario {
    /// Makes the scenario of a seed, without some oddities. Neither they nor the addresses make a difference to what the
    /// dice say.
    pub(super) fn new(seed: u64, places: &Places, spared: &[Oddity]) -> Self {
        let dice = &mut Dice::new(seed, 0);
        let stubborn = seed % STUBBORN == STUBBORN - 1;
        // A thousand sends would be more than the script of a token endpoint has.
        let kinds: &[(u64, Kind)] = if stubborn { &KINDS[..1] } else { &KINDS };
        let kind = dice.weighted(kinds);
        let stopper = dice
            .percent(8)
            .then(|| Stopper { event: Event::new("stopper"), after: dice.one(&[1, 2, 3]) });
        let head = dice.percent(6);
        let dead = stubborn || dice.percent(2);
        let count = if stubborn { 1 } else { dice.within(1, 4) };
        let hook = hook(dice, seed, places, kind, dead, stopper.as_ref());
        let calls = (1..=count)
            .map(|_| {
                let event = stopper.as_ref().map(|stopper| &stopper.event);
                if stubborn { Planned::stubborn() } else { Planned::new(dice, head, event) }
            })
            .collect();
        let kept = Self::keeps(seed);
        let manner = Manner { kind, kept, head };
        let mut scripts = [Place::Home, Place::Other, Place::Token]
            .map(|place| (place, script(dice, place, count, manner)));
        for reply in scripts.iter_mut().flat_map(|(_, replies)| replies) {
            reply.fill(|text| places.fill(seed, text));
            reply.spare(spared);
            if kept {
                reply.keep();
            }
        }
        Self { seed, hook, calls, stopper, head, scripts }
    }

    /// Whether the connections of a scenario are kept: then none ends without a head, for clients differ there.
    pub(super) fn keeps(seed: u64) -> bool {
        Dice::new(seed, 2).percent(25)
    }

    /// Whether an answer of the connection's own origin is odd in this way.
    pub(super) fn has(&self, oddity: Oddity) -> bool {
        self.script(Place::Home).iter().any(|reply| reply.has(oddity))
    }

    /// Gives what comes of the requests to a place, one after the other.
    pub(super) fn script(&self, place: Place) -> &[Reply] {
        let found = self.scripts.iter().find(|(own, _)| *own == place);
        found.map_or(&[], |(_, replies)| replies)
    }

    /// Whether answers of a place have no bodies.
    pub(super) fn bodiless(&self, place: Place) -> bool {
        self.head && place != Place::Token
    }
}

fn hook(
    dice: &mut Dice,
    seed: u64,
    places: &Places,
    kind: Kind,
    dead: bool,
    stopper: Option<&Stopper>,
) -> Hook {
    let origin = if dead { "{dead}" } else { "{home}" };
    let host = places.fill(seed, origin) + dice.one(&["/api", "/api/", "/v1/api", "/api/v1/"]);
    let mut connection = Connection::new().with_host(host);
    if dice.percent(40) {
        connection = connection.with_extra(r#"{"X-Team": "blue", "Accept": "application/json"}"#);
    }
    if kind == Kind::Basic {
        connection = connection.with_login("reader").with_password("open sesame");
    }
    let mut builder = Hook::builder(&connection).options(options(dice));
    if dice.percent(15) {
        builder = builder.defaults(Defaults::airflow());
    }
    if dice.percent(75) {
        let event = stopper.map(|stopper| &stopper.event);
        builder = builder.policy(policy::policy(dice, event));
    } else if dice.percent(60) {
        builder = builder.policy(RetryPolicy::default());
    }
    if dice.percent(30) {
        builder = builder.gates(policy::gates(dice));
    }
    if dice.percent(30) {
        builder = builder.header("X-Program", "scenarios");
    }
    if dice.percent(30) {
        builder = builder.decode(true);
    }
    let jar = dice.one(&[Jar::default as fn() -> Jar, Jar::default, Jar::for_domains])();
    builder = match dice.within(0, 3) {
        0 => builder.cookies(jar),
        1 => builder.shared_cookies(jar),
        _ => builder,
    };
    let built = auth(builder, kind, places, seed).build();
    built.expect("a scenario's connection is sound")
}

fn auth(builder: HookBuilder, kind: Kind, places: &Places, seed: u64) -> HookBuilder {
    let secret = || Secret::new("open sesame");
    let name = "X-Key".to_owned();
    let scheme = match kind {
        Kind::Nobody | Kind::Basic => return builder,
        Kind::Bearer => AuthScheme::Bearer { token: Secret::new("b-1") },
        Kind::KeyInHeader => AuthScheme::ApiKey { name, value: secret() },
        Kind::KeyInQuery => AuthScheme::ApiKeyInQuery { name, value: secret() },
        Kind::Digest => AuthScheme::Digest { login: "reader".to_owned(), password: secret() },
        Kind::Token => {
            let url = format!("http://{}{}/token", places.other, Places::path(seed, Place::Token));
            let mut grant = OAuth2::client_credentials(url, "reader", secret());
            grant.allow_http = true;
            grant.into()
        }
    };
    builder.auth(scheme)
}

fn options(dice: &mut Dice) -> Options {
    let mut options = Options::default();
    if dice.percent(15) {
        options.allow_redirects = Some(false);
    }
    if dice.percent(25) {
        options.max_redirects = Some(dice.one(&[0, 1, 2]));
    }
    if dice.percent(12) {
        options.max_response_bytes = Some(16);
    }
    options
}
