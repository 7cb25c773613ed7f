//! Scripts of calls: a hook, a plan, and what every server answers, decided beforehand by bytes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response};
use http_hook::auth::{AuthScheme, OAuth2};
use http_hook::body::Replay;
use http_hook::cookies::Jar;
use http_hook::gates::{BreakerSettings, Budget, GateSettings, Gates, RateSettings};
use http_hook::hook::Defaults;
use http_hook::retry::{Condition, HintMode, Hints, Seconds, Stop, Wait};
use http_hook::transport::TimeoutPhase;
use http_hook::{
    Connection, Hook, Options, RequestPlan, RetryPolicy, Secret, Sent, TransportError,
    TransportErrorKind,
};

use super::purse::Purse;
use super::{Choices, MARKER, everything};

pub(crate) const MAX_ATTEMPTS: u32 = 6;
pub(crate) const MAX_REDIRECTS: u32 = 3;
/// In an attempt: the first send, its redirects, two answers to challenges, two tokens.
pub(crate) const MAX_SENDS: u32 = MAX_ATTEMPTS * (MAX_REDIRECTS + 5);
/// In each cookie that a server sets.
pub(crate) const COOKIE: &str = "K1bb4Cookie";
/// In each token.
pub(crate) const TOKEN: &str = "T5mm2Token";
/// The secret of the OAuth client.
pub(crate) const CLIENT: &str = "W3kk8Client";
pub(crate) const TOKEN_HOST: &str = "id.example.com";
/// Of the connection.
pub(crate) const HOST: &str = "api.example.com";

/// What happens to a call.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) method: Method,
    pub(crate) body: Body,
    pub(crate) policy: RetryPolicy,
    pub(crate) deadline: Option<Duration>,
    pub(crate) leave: Leave,
    pub(crate) airflow: bool,
    pub(crate) scheme: Scheme,
    pub(crate) jar: Kept,
    pub(crate) decode: bool,
    pub(crate) gates: Gate,
    pub(crate) max_response_bytes: Option<u64>,
    pub(crate) redirects: bool,
    pub(crate) seed: u64,
    pub(crate) at: u8,
    pub(crate) events: Vec<Event>,
    pub(crate) tokens: Vec<TokenAnswer>,
    /// Where tokens come from: another host, or that of the connection, through its gates.
    pub(crate) token_host: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Body {
    None,
    Text,
    Json,
    Again,
    Once,
}

/// Leave to send again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Leave {
    ByMethod,
    Keyed,
    Allowed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scheme {
    Basic,
    Digest,
    Client,
    Refresh,
    None,
}

/// Where cookies are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kept {
    Nowhere,
    InTheCall,
    InTheHook,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Gate {
    None,
    Budget,
    Breaker,
    Rate,
    All,
}

/// One answer, and how the clock stands when it comes.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) answer: Answer,
    pub(crate) took: Duration,
    pub(crate) back: Duration,
}

/// The server is not there for now.
impl Default for Event {
    fn default() -> Self {
        let content = Content::Text;
        let answer = Answer::Given { status: 503, hint: None, cookie: true, content };
        Self { answer, took: Duration::ZERO, back: Duration::ZERO }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Given {
        status: u16,
        hint: Option<(&'static str, &'static str)>,
        cookie: bool,
        content: Content,
    },
    Leads {
        status: u16,
        location: &'static str,
    },
    Challenge(&'static str),
    Broken(TransportErrorKind, Sent),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Content {
    Text,
    Busy,
    Done,
    Empty,
    Large,
    Cut,
    Coded,
    Garbled,
}

#[derive(Clone, Debug)]
pub(crate) enum TokenAnswer {
    /// What is written behind the token itself.
    Token(&'static str),
    Refused(u16, &'static str),
    Broken(TransportErrorKind, Sent),
}

impl Script {
    /// Reads a script out of bytes; any are one.
    pub(crate) fn decode(bytes: &[u8]) -> Self {
        let mut from = Choices(bytes);
        let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        let method = from.one_of(&methods);
        let body = from.one_of(&[Body::Text, Body::Json, Body::Again, Body::Once, Body::None]);
        let policy = policy(&mut from);
        let deadline = (from.byte() % 4 == 1).then(|| Duration::from_millis(from.milliseconds()));
        let leave = from.one_of(&[Leave::ByMethod, Leave::Keyed, Leave::Allowed]);
        let airflow = from.flag();
        let scheme = from.one_of(&[
            Scheme::Basic,
            Scheme::Client,
            Scheme::Digest,
            Scheme::Client,
            Scheme::Refresh,
            Scheme::None,
        ]);
        let jar = from.one_of(&[Kept::Nowhere, Kept::InTheHook, Kept::InTheCall]);
        let decode = from.flag();
        let gates = from.one_of(&[Gate::None, Gate::Budget, Gate::Rate, Gate::Breaker, Gate::All]);
        let max_response_bytes = (from.byte() % 8 == 7).then_some(16);
        let redirects = from.byte() % 8 != 7;
        let (seed, at) = (u64::from(from.byte()), from.byte());
        let tokens = (0..from.byte() % 5).map(|_| token(&mut from)).collect();
        let mut events = Vec::new();
        while !from.is_empty() && events.len() < 32 {
            events.push(event(&mut from));
        }
        Self {
            method,
            body,
            policy,
            deadline,
            leave,
            airflow,
            scheme,
            jar,
            decode,
            gates,
            max_response_bytes,
            redirects,
            seed,
            at,
            events,
            tokens,
            token_host: TOKEN_HOST,
        }
    }

    /// The same, where tokens are refused and not to be had, gates are near their ends, and calls go on for long.
    pub(crate) fn short_of_tokens(bytes: &[u8]) -> Self {
        let mut from = Choices(bytes);
        let scheme = from.one_of(&[Scheme::Client, Scheme::Refresh]);
        let gates = from.one_of(&[Gate::All, Gate::Budget, Gate::Rate, Gate::Breaker, Gate::All]);
        let wait = from.one_of(&[0, 1, 2]);
        let attempts = from.one_of(&[MAX_ATTEMPTS, MAX_ATTEMPTS, 5, 3]);
        let unlike = from.byte();
        let token_host = from.one_of(&[TOKEN_HOST, TOKEN_HOST, TOKEN_HOST, HOST]);
        let answers: Vec<_> = (0..12).map(|_| from.byte()).collect();
        let mut own = Self::decode(from.0);
        (own.scheme, own.gates, own.token_host) = (scheme, gates, token_host);
        own.policy.when = Condition::Always;
        own.policy.wait = Wait::fixed(Duration::from_secs(wait));
        own.policy.stop = Stop::after_attempt(attempts);
        if unlike % 4 != 3 {
            (own.method, own.body, own.deadline) = (Method::GET, Body::None, None);
            (own.jar, own.max_response_bytes) = (Kept::Nowhere, None);
        }
        let lost = TokenAnswer::Broken(TransportErrorKind::Connect, Sent::No);
        let tokens = [TokenAnswer::Token(""), lost, TokenAnswer::Refused(503, "")];
        own.tokens = answers.iter().map(|answer| tokens[usize::from(answer % 3)].clone()).collect();
        own.events.resize(answers.len(), Event::default());
        for (event, answer) in own.events.iter_mut().zip(answers) {
            match answer / 3 % 8 {
                0..=2 => event.answer = Answer::Challenge(r#"Bearer error="invalid_token""#),
                3..=5 => *event = Event::default(),
                _ => {}
            }
        }
        own
    }

    pub(crate) fn clock_goes_back(&self) -> bool {
        self.events.iter().any(|event| !event.back.is_zero())
    }

    /// Whether a call that is taken up has forgotten what it knew before: a session, a token near its end, its own cookies.
    pub(crate) fn forgets(&self) -> bool {
        let lasts = |token: &TokenAnswer| match token {
            TokenAnswer::Token(life) => !life.contains("expires_in"),
            TokenAnswer::Refused(..) | TokenAnswer::Broken(..) => true,
        };
        match self.scheme {
            Scheme::Digest => return true,
            Scheme::Client | Scheme::Refresh if !self.tokens.iter().all(lasts) => return true,
            _ => {}
        }
        self.jar == Kept::InTheCall
    }

    /// Whether some body is not what its head promises, or is more than the call allows.
    pub(crate) fn has_bad_bodies(&self) -> bool {
        let is_bad = |event: &Event| match event.answer {
            Answer::Given { content, .. } => {
                matches!(content, Content::Cut | Content::Garbled | Content::Coded)
            }
            _ => false,
        };
        self.max_response_bytes.is_some() || self.events.iter().any(is_bad)
    }

    /// Whether the policy decides by bodies.
    pub(crate) fn reads_bodies(&self) -> bool {
        self.policy.reads_body()
    }

    /// The hook, and the budget that its calls pay from. What keeps nothing is shared by all scripts.
    pub(crate) fn hook(&self) -> (Hook, Option<Arc<Purse>>) {
        thread_local! {
            static HOOKS: RefCell<BTreeMap<(bool, Scheme, Kept, bool), Hook>> = const { RefCell::new(BTreeMap::new()) };
        }
        let key = (self.airflow, self.scheme, self.jar, self.decode);
        let keeps = self.gates != Gate::None
            || self.jar == Kept::InTheHook
            || matches!(self.scheme, Scheme::Client | Scheme::Refresh);
        if keeps {
            let bucket =
                matches!(self.gates, Gate::Budget | Gate::All).then(|| Arc::new(Purse::default()));
            return (self.make(bucket.clone()), bucket);
        }
        let made = |hooks: &mut BTreeMap<_, Hook>| {
            hooks.entry(key).or_insert_with(|| self.make(None)).clone()
        };
        (HOOKS.with_borrow_mut(made), None)
    }

    /// The same, of its own, with the policy that else is the plan's.
    pub(crate) fn hook_with_policy(&self) -> (Hook, Option<Arc<Purse>>) {
        let bucket =
            matches!(self.gates, Gate::Budget | Gate::All).then(|| Arc::new(Purse::default()));
        (self.make_with(bucket.clone(), Some(&self.policy)), bucket)
    }

    fn make(&self, bucket: Option<Arc<Purse>>) -> Hook {
        self.make_with(bucket, None)
    }

    fn make_with(&self, bucket: Option<Arc<Purse>>, policy: Option<&RetryPolicy>) -> Hook {
        let mut connection = Connection::new().with_host("https://api.example.com/v1");
        if matches!(self.scheme, Scheme::Basic) {
            connection = connection.with_login("svc").with_password(MARKER);
        }
        let defaults = if self.airflow { Defaults::airflow() } else { Defaults::default() };
        let mut builder = Hook::builder(&connection).defaults(defaults).decode(self.decode);
        let url = format!("https://{}/token", self.token_host);
        builder = match self.scheme {
            Scheme::Digest => builder.auth(AuthScheme::Digest {
                login: "svc".to_owned(),
                password: Secret::new(MARKER),
            }),
            Scheme::Client => {
                let own = OAuth2::client_credentials(url, "app", Secret::new(CLIENT));
                builder.auth(AuthScheme::OAuth2(Box::new(own)))
            }
            Scheme::Refresh => {
                let own = OAuth2::refresh(url, "app", Secret::new(CLIENT));
                builder.auth(AuthScheme::OAuth2(Box::new(own)))
            }
            Scheme::Basic | Scheme::None => builder,
        };
        builder = match self.jar {
            Kept::Nowhere => builder,
            Kept::InTheCall => builder.cookies(Jar::default()),
            Kept::InTheHook => builder.shared_cookies(Jar::for_domains()),
        };
        if let Some(policy) = policy {
            builder = builder.policy(policy.clone());
        }
        let mut settings = GateSettings { seed: 7, ..GateSettings::none() };
        if matches!(self.gates, Gate::Breaker | Gate::All) {
            settings.breaker = Some(BreakerSettings { min_calls: 3, ..BreakerSettings::default() });
        }
        if matches!(self.gates, Gate::Rate | Gate::All) {
            settings.rate = Some(RateSettings { per_second: 0.25, burst: 1 });
        }
        let gates = match bucket {
            Some(bucket) => Gates::with_budget(&settings, bucket as Arc<dyn Budget>),
            None => Gates::new(&settings),
        };
        let hook = builder.gates(gates.expect("gates that make sense")).build();
        hook.expect("a connection").for_client(everything())
    }

    /// The plan without its policy.
    pub(crate) fn plan(&self) -> RequestPlan {
        let mut options = Options::default();
        options.max_redirects = Some(MAX_REDIRECTS);
        options.allow_redirects = Some(self.redirects);
        options.max_response_bytes = self.max_response_bytes;
        let mut plan =
            RequestPlan::new(self.method.clone(), "orders").param("page", "1").options(options);
        if self.method != Method::GET {
            plan = match self.body {
                Body::None => plan,
                Body::Text => plan.data("text"),
                Body::Json => plan.json(&["text"]),
                Body::Again => plan.external(Some(9), Replay::Again),
                Body::Once => plan.external(None, Replay::Once),
            };
        }
        if let Some(deadline) = self.deadline {
            plan = plan.deadline(deadline);
        }
        match self.leave {
            Leave::ByMethod => plan,
            Leave::Keyed => plan.idempotency_key(),
            Leave::Allowed => plan.allow_resend(),
        }
    }

    /// Whether sending twice does no harm, whatever became of the first.
    pub(crate) fn is_harmless(&self) -> bool {
        let idempotent = !matches!(self.method, Method::POST | Method::PATCH);
        idempotent || self.airflow || self.leave != Leave::ByMethod
    }

    /// Whether the body of the request is gone once it was sent.
    pub(crate) fn is_used_up(&self) -> bool {
        self.method != Method::GET && self.body == Body::Once
    }
}

fn policy(from: &mut Choices<'_>) -> RetryPolicy {
    let second = Duration::from_secs(1);
    let usual = RetryPolicy::default();
    let busy = Condition::BodyContains { text: "busy".to_owned() };
    let is_busy = Condition::BodyJson { pointer: "/state".to_owned(), equals: "busy".into() };
    let when = from.one_of(&[
        usual.when.clone(),
        usual.when.clone() | is_busy,
        usual.when.clone() | busy.clone() | Condition::CheckFailed,
        Condition::CheckFailed | Condition::Error | Condition::RateLimited,
        Condition::CheckFailed | Condition::Error | busy.clone(),
        Condition::Always,
    ]);
    let by_body = Wait::When {
        when: busy,
        then: Box::new(Wait::fixed(2 * second)),
        otherwise: Box::new(Wait::fixed(second)),
    };
    let wait = from.one_of(&[
        Wait::fixed(Duration::ZERO),
        Wait::fixed(second),
        Wait::exponential(second, 20 * second),
        Wait::full_jitter(second / 10, 20 * second),
        by_body,
    ]);
    let stop = from.one_of(&[MAX_ATTEMPTS, 5, 4, 3, 6, u32::MAX, 2, 1, u32::MAX, 0]);
    let stop = Stop::after_attempt(stop) | Stop::after_attempt(MAX_ATTEMPTS);
    let mut hints = if from.byte() % 4 == 3 { Hints::none() } else { Hints::default() };
    hints.give_up_over_cap = from.one_of(&[true, false]);
    let within = HintMode::Within { seconds: Seconds::new(5.0) };
    hints.mode = from.one_of(&[HintMode::AtLeast, HintMode::Replace, within]);
    let return_when_exhausted = from.one_of(&[false, true]);
    let attempt_header = from.flag().then(|| "x-attempt".to_owned());
    RetryPolicy { when, wait, stop, hints, return_when_exhausted, attempt_header, ..usual }
}

fn event(from: &mut Choices<'_>) -> Event {
    let fails = [503, 429, 500, 408, 504, 502, 404, 421, 425, 400, 403, 600, 999, 101, 304, 401];
    let hints = [
        None,
        Some(("retry-after", "1")),
        Some(("retry-after", "59")),
        Some(("retry-after", "61")),
        Some(("retry-after", "-1")),
        Some(("retry-after", "99999999999999999999")),
        Some(("ratelimit", "limit=10, remaining=0, reset=3")),
        Some(("retry-after-ms", "2500")),
        Some(("x-ratelimit-reset-after", "0.5")),
    ];
    let locations = [
        "/v1/moved",
        "https://other.example/x",
        "https://api.example.com/v1/orders",
        "next?page=2",
        "/v1/elsewhere?a=b",
        "//id.example.org/y",
        "http://api.example.com/",
        "ftp://h/",
        "//[bad",
    ];
    let challenges = [
        r#"Digest realm="r", nonce="n1", qop="auth", algorithm=SHA-256"#,
        r#"Digest realm="r", nonce="n2", stale=true"#,
        r#"Bearer error="invalid_token""#,
        "Digest realm=",
    ];
    let contents = [
        Content::Text,
        Content::Busy,
        Content::Done,
        Content::Empty,
        Content::Coded,
        Content::Large,
        Content::Cut,
        Content::Garbled,
    ];
    let answer = match from.byte() % 8 {
        0..=2 => Answer::Given {
            status: from.one_of(&fails),
            hint: from.one_of(&hints),
            cookie: from.flag(),
            content: from.one_of(&contents),
        },
        3 => Answer::Given {
            status: from.one_of(&[200, 204, 202]),
            hint: None,
            cookie: from.flag(),
            content: from.one_of(&contents),
        },
        4 | 5 => Answer::Leads {
            status: from.one_of(&[307, 302, 301, 303, 308, 300]),
            location: from.one_of(&locations),
        },
        6 => Answer::Challenge(from.one_of(&challenges)),
        _ => {
            let (kind, sent) = broken(from);
            Answer::Broken(kind, sent)
        }
    };
    let took = Duration::from_millis(from.milliseconds());
    let back = if from.byte() < 250 { 0 } else { from.milliseconds() };
    Event { answer, took, back: Duration::from_millis(back) }
}

fn broken(from: &mut Choices<'_>) -> (TransportErrorKind, Sent) {
    let kinds = [
        TransportErrorKind::Interrupted,
        TransportErrorKind::Dns,
        TransportErrorKind::Connect,
        TransportErrorKind::Tls,
        TransportErrorKind::Timeout(TimeoutPhase::Head),
        TransportErrorKind::Timeout(TimeoutPhase::Total),
        TransportErrorKind::Body,
        TransportErrorKind::Limit,
    ];
    (from.one_of(&kinds), from.one_of(&[Sent::No, Sent::Maybe, Sent::Yes]))
}

fn token(from: &mut Choices<'_>) -> TokenAnswer {
    let lives = [
        "",
        r#", "expires_in": 0"#,
        r#", "expires_in": 1"#,
        r#", "expires_in": 29"#,
        r#", "expires_in": 30"#,
        r#", "expires_in": 31"#,
        r#", "expires_in": 3600"#,
        r#", "expires_in": 18446744073709551615"#,
        r#", "expires_in": 1e300"#,
        r#", "expires_in": -5"#,
        r#", "expires_in": "60""#,
        r#", "expires_in": "soon""#,
        r#", "expires_in": null"#,
        r#", "token_type": "bearer", "refresh_token": "W3kk8Client2""#,
    ];
    match from.byte() % 16 {
        0..=13 => TokenAnswer::Token(from.one_of(&lives)),
        14 => {
            let (status, text) = from.one_of(&[
                (503, ""),
                (200, r#"{"access_token": "T5mm2Token", "token_type": "mac"}"#),
                (200, r#"{"access_token": "T5mm2Token", "error": "invalid_grant"}"#),
                (400, r#"{"error": "invalid_client"}"#),
                (429, "busy"),
                (307, ""),
                (200, "[]"),
            ]);
            TokenAnswer::Refused(status, text)
        }
        _ => {
            let (kind, sent) = broken(from);
            TokenAnswer::Broken(kind, sent)
        }
    }
}

type Given = Result<Response<Bytes>, TransportError>;

impl TokenAnswer {
    /// The answer, and the token if it has one; `number` tells tokens apart.
    pub(crate) fn given(&self, number: u32) -> Given {
        let (status, text) = match *self {
            Self::Token(rest) => (200, format!(r#"{{"access_token": "{TOKEN}{number}"{rest}}}"#)),
            Self::Refused(status, text) => (status, text.to_owned()),
            Self::Broken(kind, sent) => return Err(TransportError::new(kind, sent)),
        };
        let answer = Response::builder().status(status).header("location", "/elsewhere");
        Ok(answer.body(text.into()).expect("a response"))
    }

    /// Whether it gives a token that can be used.
    pub(crate) fn is_good(&self) -> bool {
        matches!(self, Self::Token(_))
    }
}

impl Answer {
    pub(crate) fn given(&self) -> Given {
        match *self {
            Self::Given { status, hint, cookie, content } => {
                let mut response = Response::builder().status(status);
                if let Some((name, value)) = hint {
                    response = response.header(name, value);
                }
                if cookie {
                    response = response.header("set-cookie", format!("sid={COOKIE}; Path=/"));
                }
                let (coding, length, body) = content.parts();
                if let Some(coding) = coding {
                    response = response.header("content-encoding", coding);
                }
                if let Some(length) = length {
                    response = response.header("content-length", length);
                }
                Ok(response.body(body).expect("a response"))
            }
            Self::Leads { status, location } => {
                let response = Response::builder().status(status).header("location", location);
                Ok(response.body(Bytes::new()).expect("a response"))
            }
            Self::Challenge(challenge) => {
                let response =
                    Response::builder().status(401).header("www-authenticate", challenge);
                Ok(response.body(Bytes::new()).expect("a response"))
            }
            Self::Broken(kind, sent) => Err(TransportError::new(kind, sent)),
        }
    }

    /// Whether the server may have acted on the request that it answers.
    pub(crate) fn acted(&self) -> bool {
        match self {
            Self::Given { status, .. } => !matches!(status, 421 | 425),
            Self::Leads { .. } | Self::Challenge(_) => true,
            Self::Broken(_, sent) => *sent != Sent::No,
        }
    }
}

impl Content {
    /// Coding, length and bytes.
    fn parts(self) -> (Option<&'static str>, Option<&'static str>, Bytes) {
        static LARGE: [u8; 80_000] = [b'x'; 80_000];
        // `text`, by gzip, in a stored block.
        const CODED: &[u8] =
            b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x04\0\xfb\xfftext\xc7\xa7\x8b\x3b\x04\0\0\0";
        match self {
            Self::Text => (None, None, Bytes::from_static(b"text")),
            Self::Busy => (None, None, Bytes::from_static(br#"{"state": "busy"}"#)),
            Self::Done => (None, None, Bytes::from_static(br#"{"state": "done"}"#)),
            Self::Empty => (None, None, Bytes::new()),
            Self::Large => (None, None, Bytes::from_static(&LARGE)),
            Self::Cut => (None, Some("9"), Bytes::from_static(b"text")),
            Self::Coded => (Some("gzip"), None, Bytes::from_static(CODED)),
            Self::Garbled => (Some("gzip"), None, Bytes::from_static(b"text")),
        }
    }
}
