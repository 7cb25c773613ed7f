//! One call of a scenario: the plan, its body, and how the answer is taken.

use bytes::Bytes;
use http::Method;
use http_hook::auth::AuthScheme;
use http_hook::body::Replay;
use http_hook::retry::Event;
use http_hook::{RequestPlan, Secret};

use super::dice::Dice;
use super::policy;

/// One call of a scenario.
pub(super) struct Planned {
    pub(super) plan: RequestPlan,
    pub(super) seed: u64,
    /// Whether the caller streams the body of the answer.
    pub(super) stream: bool,
    /// The body of the request, if the driver holds it.
    pub(super) source: Option<Source>,
}

/// A body that the driver holds.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) bytes: Bytes,
    /// Whether its length is told.
    pub(super) measured: bool,
    /// Whether it cannot be opened.
    pub(super) fails: bool,
}

impl Planned {
    pub(super) fn new(dice: &mut Dice, head: bool, stopper: Option<&Event>) -> Self {
        let method = if head { Method::HEAD } else { dice.one(&METHODS) };
        let has_body = !matches!(method, Method::GET | Method::HEAD);
        let endpoint = dice.one(&[
            "",
            "orders",
            "/orders/7",
            "orders?limit=2",
            "a b/\u{fc}",
            "files/%7euser/./x/../y",
        ]);
        let mut plan = RequestPlan::new(method, endpoint);
        if dice.percent(30) {
            plan = plan.param("q", "two words");
        }
        plan = headers(dice, plan);
        let mut source = None;
        if has_body {
            (plan, source) = body(dice, plan);
            if dice.percent(30) {
                plan = plan.idempotency_key();
            } else if dice.percent(20) {
                plan = plan.allow_resend();
            }
        } else if dice.percent(15) {
            plan = plan.form([("name", "a value"), ("page", "1")]);
        }
        if dice.percent(35) {
            plan = plan.deadline(dice.millis(&[3_000, 10_000, 30_000, 120_000]));
        }
        if dice.percent(12) {
            plan = plan.check_response(false);
        }
        if dice.percent(25) {
            plan = plan.retry(policy::policy(dice, stopper));
        }
        Self { plan, seed: dice.bits(), stream: dice.percent(25), source }
    }

    /// Makes the call that goes on for as long as any call may.
    pub(super) fn stubborn() -> Self {
        let plan = RequestPlan::get("for/ever").retry(policy::stubborn());
        Self { plan, seed: 0, stream: false, source: None }
    }
}

const METHODS: [Method; 10] = [
    Method::GET,
    Method::GET,
    Method::GET,
    Method::GET,
    Method::POST,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

fn headers(dice: &mut Dice, mut plan: RequestPlan) -> RequestPlan {
    if dice.percent(30) {
        plan = plan.header("x-call", "one").header("accept-language", "de");
    }
    if dice.percent(10) {
        plan = plan.secret_header("x-secret", "open sesame");
    }
    if dice.percent(10) {
        plan = plan.without_header("x-team");
    }
    if dice.percent(2) {
        plan = plan.header("x-broken", "a\nb");
    }
    if dice.percent(12) {
        plan = plan.cookie("own", "7");
    }
    if dice.percent(4) {
        let (login, password) = ("other".to_owned(), Secret::new("open sesame"));
        plan = plan.auth(AuthScheme::Basic { login, password });
    }
    plan
}

fn body(dice: &mut Dice, plan: RequestPlan) -> (RequestPlan, Option<Source>) {
    let plan = match dice.weighted(&[(20, 0), (20, 1), (25, 2), (15, 3), (5, 4), (15, 5)]) {
        0 => plan,
        1 => plan.data("a small body"),
        2 => plan.json(&[("name", "box"), ("note", "caf\u{e9}")]),
        3 => plan.form([("name", "a box"), ("note", "")]),
        4 => plan.data(vec![b'x'; 100_000]),
        _ => {
            let source = Source {
                bytes: Bytes::from_static(b"a body that the driver holds"),
                measured: dice.percent(50),
                fails: dice.percent(15),
            };
            let len = source.measured.then_some(source.bytes.len() as u64);
            let replay = dice.one(&[Replay::Again, Replay::Once]);
            return (plan.external(len, replay), Some(source));
        }
    };
    (plan, None)
}
