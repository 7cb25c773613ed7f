//! Redirect graphs through the machine: what belongs to an origin is seen there and nowhere else.
//!
//! Four schemes, four hosts, four ports; retries, challenges and tokens in between. Each secret is a marker, and each
//! request is searched for all of them: those of the connection and the call may be at its origin, those of the OAuth
//! client at the token's, a cookie where it was set.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri};
use http_hook::auth::AuthScheme;
use http_hook::body::Payload;
use http_hook::hook::Defaults;
use http_hook::options::{ClientCert, SendOptions, Setting};
use http_hook::retry::{Stop, Wait};
use http_hook::{
    Call, Connection, Hook, Options, RequestPlan, RetryPolicy, Secret, SendCause, Sent, Step,
    StopReason, Timestamp, TransportError, TransportErrorKind,
};

use super::taint::Traces;
use super::{Choices, counts};

const START: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));
const SCHEMES: [&str; 4] = ["http", "https", "ftp", "file"];
const HOSTS: [&str; 4] = ["api.example.com", "example.com", "notapi.example.com", "[::1]"];
/// 0 stands for none.
const PORTS: [u16; 4] = [0, 80, 443, 8443];
const MAX_ATTEMPTS: u32 = 3;
const MAX_REDIRECTS: u32 = 10;
/// In each attempt the redirects, the first send, two answers to challenges, and two tokens.
const MAX_SENDS: u32 = MAX_ATTEMPTS * (MAX_REDIRECTS + 5);

/// In every secret of the connection and of the call.
const OWN: &str = "Q7zz9Planted";
/// In the secret of the OAuth client, which is for the token's origin.
const CLIENT: &str = "W3kk8Client";
/// In each token.
const TOKEN: &str = "T5mm2Token";
/// In each cookie that a server sets; two digits behind it say which server.
const COOKIE: &str = "K1bb4Cookie";

static SECRETS: LazyLock<[Traces; 3]> =
    LazyLock::new(|| [OWN, CLIENT, TOKEN].map(|word| Traces::of([word])));

/// Any bytes are a graph, and every graph keeps the rules.
pub(crate) fn redirect(bytes: &[u8]) {
    let reached = follow(bytes);
    counts::note(|counts| {
        counts.sends += reached.sends;
        counts.tokens += reached.tokens;
        counts.cookies += reached.cookies;
        counts.redirects += reached.hops;
        counts.challenges += reached.challenged;
        counts.bodies += reached.bodies;
    });
    counts::script();
}

/// What a call came by.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reached {
    pub(crate) sends: u64,
    pub(crate) away: u64,
    pub(crate) back_home: u64,
    pub(crate) downgrades_refused: u64,
    pub(crate) schemes_refused: u64,
    pub(crate) too_many: u64,
    pub(crate) retried_after_a_hop: u64,
    pub(crate) challenged: u64,
    pub(crate) challenged_after_a_hop: u64,
    pub(crate) tokens: u64,
    pub(crate) cookies: u64,
    pub(crate) hops: u64,
    pub(crate) bodies: u64,
}

impl AddAssign for Reached {
    fn add_assign(&mut self, other: Self) {
        self.sends += other.sends;
        self.away += other.away;
        self.back_home += other.back_home;
        self.downgrades_refused += other.downgrades_refused;
        self.schemes_refused += other.schemes_refused;
        self.too_many += other.too_many;
        self.retried_after_a_hop += other.retried_after_a_hop;
        self.challenged += other.challenged;
        self.challenged_after_a_hop += other.challenged_after_a_hop;
        self.tokens += other.tokens;
        self.cookies += other.cookies;
        self.hops += other.hops;
        self.bodies += other.bodies;
    }
}

/// Scheme, host and port as this test reads them, a default port written out.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    scheme: &'static str,
    host: &'static str,
    port: u16,
}

impl Place {
    fn any(from: &mut Choices<'_>, schemes: &[&'static str]) -> Self {
        Self { scheme: from.one_of(schemes), host: from.one_of(&HOSTS), port: from.one_of(&PORTS) }
    }

    fn effective(&self) -> (&str, &str, u16) {
        let default = if self.scheme == "http" { 80 } else { 443 };
        (self.scheme, self.host, if self.port == 0 { default } else { self.port })
    }

    fn is(&self, other: &Self) -> bool {
        self.effective() == other.effective()
    }

    fn is_of(&self, uri: &Uri) -> bool {
        let scheme = uri.scheme_str().unwrap_or_default();
        let default = if scheme == "http" { 80 } else { 443 };
        let host = uri.host().unwrap_or_default();
        (scheme, host, uri.port_u16().unwrap_or(default)) == self.effective()
    }

    /// Two digits for each origin.
    fn number(&self) -> usize {
        let (scheme, host, port) = self.effective();
        let host = HOSTS.iter().position(|own| *own == host).unwrap_or_default();
        let port = PORTS.iter().position(|own| *own == port).unwrap_or_default();
        10 + host * 8 + port * 2 + usize::from(scheme == "http")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        if self.port == 0 { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scheme {
    None,
    Basic,
    OfHost,
    Bearer,
    KeyInHeader,
    KeyInQuery,
    Digest,
    OAuth2,
}

impl Scheme {
    /// As the extra has it.
    fn setting(self, token: &Place) -> Option<String> {
        Some(match self {
            Self::Basic | Self::OfHost => return None,
            Self::None => r#"{"scheme": "none"}"#.to_owned(),
            Self::Bearer => format!(r#"{{"scheme": "bearer", "token": "{OWN}.bearer"}}"#),
            Self::KeyInHeader => {
                format!(r#"{{"scheme": "api_key", "name": "X-Key", "value": "{OWN}!key"}}"#)
            }
            Self::KeyInQuery => format!(
                r#"{{"scheme": "api_key", "in": "query", "name": "key", "value": "{OWN}/key"}}"#
            ),
            Self::Digest => r#"{"scheme": "digest"}"#.to_owned(),
            Self::OAuth2 => format!(
                r#"{{"scheme": "oauth2_client_credentials", "token_url": "{token}/token", "client_id": "app",
                    "client_secret": "{CLIENT}+secret", "allow_http": true}}"#
            ),
        })
    }
}

/// A call, decided beforehand.
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
struct Script {
    home: Place,
    token: Place,
    scheme: Scheme,
    by_call: bool,
    downgrade: bool,
    own_cookie: bool,
    cookie_header: bool,
    method: http::Method,
    seed: u64,
}

impl Script {
    fn decode(from: &mut Choices<'_>) -> Self {
        let schemes = [
            Scheme::Basic,
            Scheme::OfHost,
            Scheme::Bearer,
            Scheme::KeyInHeader,
            Scheme::KeyInQuery,
            Scheme::Digest,
            Scheme::OAuth2,
            Scheme::None,
        ];
        let methods =
            [http::Method::GET, http::Method::POST, http::Method::PUT, http::Method::HEAD];
        Self {
            home: Place::any(from, &SCHEMES[..2]),
            token: Place::any(from, &SCHEMES[..2]),
            scheme: from.one_of(&schemes),
            by_call: from.flag(),
            downgrade: from.flag(),
            own_cookie: from.flag(),
            cookie_header: from.flag(),
            method: from.one_of(&methods),
            seed: from.byte().into(),
        }
    }

    /// The hook; one that keeps no token is shared by all scripts.
    fn hook(&self) -> Hook {
        thread_local! {
            static HOOKS: RefCell<BTreeMap<(usize, Scheme), Hook>> = const { RefCell::new(BTreeMap::new()) };
        }
        if self.scheme == Scheme::OAuth2 && !self.by_call {
            return self.make();
        }
        let of_hook = if self.by_call { Scheme::Digest } else { self.scheme };
        let scheme = if self.scheme == Scheme::OfHost { Scheme::OfHost } else { of_hook };
        let by_call = if self.by_call { 1000 } else { 0 };
        let port = PORTS.iter().position(|port| *port == self.home.port).unwrap_or_default();
        let key = (by_call + 100 * port + self.home.number(), scheme);
        HOOKS.with_borrow_mut(|hooks| hooks.entry(key).or_insert_with(|| self.make()).clone())
    }

    fn make(&self) -> Hook {
        let user_info = if self.scheme == Scheme::OfHost {
            format!("//{OWN}-user:{OWN}-pass@")
        } else {
            "//".to_owned()
        };
        let setting = if self.by_call { None } else { self.scheme.setting(&self.token) };
        let setting =
            setting.map_or(String::new(), |auth| format!(r#", "http_hook": {{"auth": {auth}}}"#));
        let mut connection = Connection::new()
            .with_host(self.home.to_string().replacen("//", &user_info, 1))
            .with_extra(format!(
                r#"{{"X-Team": "{OWN}-team", "Accept": "a/{OWN}", "User-Agent": "{OWN}/1",
                    "Content-Type": "b/{OWN}", "Range": "{OWN}", "cert": "/{OWN}.pem"{setting}}}"#
            ));
        if self.scheme != Scheme::OfHost {
            let login = format!("{OWN}@login");
            connection = connection.with_login(login).with_password(format!("{OWN}: pässword"));
        }
        Hook::builder(&connection)
            .defaults(Defaults::airflow())
            .header("x-program", format!("{OWN} program"))
            .build()
            .expect("a connection that can be used")
            .for_client(super::everything())
    }

    fn plan(&self) -> RequestPlan {
        let mut options = Options::default();
        options.max_redirects = Some(MAX_REDIRECTS);
        options.allow_downgrade = Some(self.downgrade);
        options.cert = Setting::Set(ClientCert { cert: format!("/{OWN}.call.pem"), key: None });
        let policy = RetryPolicy {
            wait: Wait::fixed(Duration::from_secs(1)),
            stop: Stop::after_attempt(MAX_ATTEMPTS),
            ..RetryPolicy::default()
        };
        let mut plan = RequestPlan::new(self.method.clone(), "v1/a")
            .param("token", format!("{OWN}?&query"))
            .header("X-Api-Key", &format!("{OWN}-x-api-key"))
            .header("Authorization", &format!("Own {OWN}"))
            .secret_header("X-Own", OWN)
            .header("Accept-Language", "en")
            .options(options)
            .retry(policy)
            .allow_resend();
        if self.method == http::Method::POST {
            plan = plan.json(&["body"]);
        }
        if self.own_cookie {
            plan = plan.cookie("own", format!("{OWN}-cookie"));
        }
        if self.cookie_header {
            plan = plan.header("Cookie", &format!("own={OWN}"));
        }
        match (self.by_call, self.scheme.setting(&self.token)) {
            (true, Some(setting)) => {
                let setting = serde_json::from_str(&setting).expect("JSON");
                let login = format!("{OWN}@login");
                let scheme = AuthScheme::from_json(&setting, Some(&login), Some(&Secret::new(OWN)));
                plan.auth(scheme.expect("a scheme"))
            }
            _ => plan,
        }
    }
}

/// What is true of a call so far.
struct Seen<'a> {
    script: &'a Script,
    /// Where the next request has to go.
    at: Place,
    hops: u32,
    first: Option<HeaderMap>,
    digest: bool,
    tokens: u32,
    reached: Reached,
}

/// Follows a graph to its end, and tells what it came by.
pub(crate) fn follow(bytes: &[u8]) -> Reached {
    let mut from = Choices(bytes);
    let script = Script::decode(&mut from);
    let hook = script.hook();
    let mut now = START;
    let mut seen = Seen {
        script: &script,
        at: script.home.clone(),
        hops: 0,
        first: None,
        digest: false,
        tokens: 0,
        reached: Reached::default(),
    };
    let (mut expected, mut led_on) = (None, false);
    let mut step = Call::new(&hook, script.plan(), script.seed, now).step(&hook, now);
    loop {
        step = match step {
            Step::Send { request, options, attempt } => {
                assert_eq!(expected, None, "sent although it should have ended");
                seen.reached.sends += 1;
                assert!(attempt.sends() <= MAX_SENDS, "{} sends", attempt.sends());
                let answer = if attempt.cause() == SendCause::Token {
                    (expected, led_on) = (None, false);
                    seen.token_request(&request);
                    seen.token_answer(&mut from)
                } else {
                    seen.request(&request, &options, attempt.cause());
                    let hops = seen.hops;
                    let (answer, end) = seen.answer(&mut from);
                    (expected, led_on) = (end, seen.hops > hops);
                    answer
                };
                attempt.finish(&hook, answer, now)
            }
            Step::Wait { call, wait, .. } => {
                assert!(!led_on, "a redirect was not followed");
                seen.reached.retried_after_a_hop += u64::from(seen.hops > 0);
                (seen.at, seen.hops) = (script.home.clone(), 0);
                now = now.after(wait);
                call.step(&hook, now)
            }
            Step::Done(result) => {
                let reason = result.as_ref().err().map(http_hook::Failure::reason);
                if expected.is_some() {
                    assert_eq!(reason, expected);
                }
                assert!(!led_on, "a redirect was not followed: {result:?}");
                let text =
                    format!("{result:?} {:?}", result.as_ref().err().map(ToString::to_string));
                for secret in SECRETS.iter() {
                    assert_eq!(secret.find(&text), None, "in the result: {text}");
                }
                return seen.reached;
            }
        };
    }
}

impl Seen<'_> {
    fn is_home(&self) -> bool {
        self.at.is(&self.script.home)
    }

    /// Nothing but the client's own name and secret goes to the token's origin.
    fn token_request(&mut self, request: &Request<Payload>) {
        self.reached.tokens += 1;
        assert!(self.script.token.is_of(request.uri()), "{}", request.uri());
        let text = text(request);
        let [own, client, token] = &*SECRETS;
        assert!(client.find(&text).is_some(), "the client shows who it is: {text}");
        assert_eq!((own.find(&text), token.find(&text)), (None, None), "{text}");
        assert!(!text.contains(COOKIE), "{text}");
    }

    fn request(&mut self, request: &Request<Payload>, options: &SendOptions, cause: SendCause) {
        assert!(self.at.is_of(request.uri()), "{} instead of {}", request.uri(), self.at);
        let text = text(request);
        let [own, client, token] = &*SECRETS;
        assert_eq!(client.find(&text), None, "{text}");
        self.reached.hops += u64::from(cause == SendCause::Redirect);
        self.reached.cookies += u64::from(text.contains(COOKIE));
        self.reached.bodies += u64::from(!request.body().is_empty());
        let number = self.at.number().to_string();
        for cookie in text.split(COOKIE).skip(1) {
            assert!(cookie.starts_with(&number), "a cookie of another origin: {text}");
        }
        assert_eq!(options.client.cert.is_some(), self.is_home(), "the client's certificate");
        if !self.is_home() {
            self.reached.away += 1;
            assert_eq!(
                (own.find(&text), token.find(&text)),
                (None, None),
                "at {}: {text}",
                self.at
            );
            return;
        }
        self.reached.back_home += u64::from(self.hops > 0 && cause == SendCause::Redirect);
        self.reached.challenged += u64::from(cause == SendCause::Challenge);
        self.reached.challenged_after_a_hop +=
            u64::from(cause == SendCause::Challenge && self.hops > 0);
        self.all_is_there(request);
    }

    /// What belongs to this origin is in each request to it, on whatever way the call came there.
    fn all_is_there(&mut self, request: &Request<Payload>) {
        let headers = request.headers();
        let text_of = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let authorization = text_of("authorization").unwrap_or_default();
        let script = self.script;
        match script.scheme {
            Scheme::OAuth2 => assert_eq!(authorization, format!("Bearer {TOKEN}{}", self.tokens)),
            Scheme::Digest if self.digest => assert!(authorization.starts_with("Digest ")),
            Scheme::Basic | Scheme::OfHost => assert!(authorization.starts_with("Basic ")),
            Scheme::Bearer => assert_eq!(authorization, format!("Bearer {OWN}.bearer")),
            _ => assert_eq!(authorization, format!("Own {OWN}")),
        }
        if script.scheme == Scheme::KeyInHeader {
            assert_eq!(text_of("x-key"), Some(&*format!("{OWN}!key")));
        }
        if script.scheme == Scheme::KeyInQuery {
            let query = request.uri().query().unwrap_or_default();
            assert!(query.contains(&format!("key={OWN}%2Fkey")), "{query}");
        }
        let cookie = text_of("cookie").unwrap_or_default();
        assert!(cookie.contains(OWN) || !(script.own_cookie || script.cookie_header), "{cookie}");
        let mut steady = headers.clone();
        for name in ["authorization", "content-type", "cookie"] {
            steady.remove(name);
        }
        let first = self.first.get_or_insert_with(|| steady.clone());
        assert_eq!(*first, steady);
        for name in ["x-team", "x-program", "x-own", "x-api-key", "accept", "range"] {
            assert!(text_of(name).is_some_and(|value| value.contains(OWN)), "{name}");
        }
    }

    fn token_answer(&mut self, from: &mut Choices<'_>) -> Result<Response<Bytes>, TransportError> {
        match from.byte() % 8 {
            7 => Err(TransportError::new(TransportErrorKind::Connect, Sent::No)),
            6 => Ok(answer(503, &[], Bytes::new())),
            5 => Ok(answer(307, &[("location", "https://example.com/".to_owned())], Bytes::new())),
            _ => {
                self.tokens += 1;
                let number = self.tokens;
                let lives =
                    ["", ", \"expires_in\": 0", ", \"expires_in\": 1", ", \"expires_in\": 3600"];
                let life = from.one_of(&lives);
                let body = format!(
                    r#"{{"access_token": "{TOKEN}{number}", "token_type": "bearer"{life}}}"#
                );
                let cookie = ("set-cookie", format!("t={COOKIE}00; Path=/"));
                Ok(answer(200, &[cookie], body.into()))
            }
        }
    }

    /// An answer, and why the call has to end with it if that is certain.
    fn answer(
        &mut self,
        from: &mut Choices<'_>,
    ) -> (Result<Response<Bytes>, TransportError>, Option<StopReason>) {
        let number = self.at.number();
        let domain = from.one_of(&["", "; Domain=example.com", "; Secure"]);
        let cookie = ("set-cookie", format!("s{number}={COOKIE}{number}; Path=/{domain}"));
        match from.byte() % 16 {
            0 => (Ok(answer(200, &[cookie], Bytes::new())), None),
            1 => (Ok(answer(503, &[cookie], Bytes::new())), None),
            2 => (Err(TransportError::new(TransportErrorKind::Interrupted, Sent::Maybe)), None),
            3 | 4 => {
                let challenges = [
                    r#"Basic realm="x""#,
                    r#"Digest realm="r", nonce="n1", qop="auth", algorithm=SHA-256"#,
                    r#"Digest realm="r", nonce="n2", stale=true"#,
                    r#"Bearer error="invalid_token""#,
                ];
                let challenge = from.one_of(&challenges);
                self.digest |= self.is_home() && challenge.starts_with("Digest");
                let challenge = ("www-authenticate", challenge.to_owned());
                (Ok(answer(401, &[cookie, challenge], Bytes::new())), None)
            }
            _ => {
                let (location, end) = self.lead_on(from);
                let status = from.one_of(&[301, 302, 303, 307, 308]);
                (Ok(answer(status, &[cookie, ("location", location)], Bytes::new())), end)
            }
        }
    }

    /// A `Location`, and why it must not be followed.
    fn lead_on(&mut self, from: &mut Choices<'_>) -> (String, Option<StopReason>) {
        let home = self.script.home.clone();
        let other = Place::any(from, &SCHEMES);
        let user = from.one_of(&["", "u:p@", "api.example.com@"]);
        let absolute = |place: &Place| place.to_string().replacen("//", &format!("//{user}"), 1);
        let at = &self.at;
        let (location, next) = match from.byte() % 16 {
            0..=3 => (format!("{}/v1/a?x=1", absolute(&home)), home),
            4 => (format!("{}/h#f", absolute(&home).replacen("http", "HTTP", 1)), home),
            5 => ("/rooted?x=2".to_owned(), at.clone()),
            6 => ("../b".to_owned(), at.clone()),
            7 => ("#f".to_owned(), at.clone()),
            8 => ("?y".to_owned(), at.clone()),
            9 => {
                let next = Place { scheme: at.scheme, ..other };
                let text = next.to_string();
                (text[text.find("//").unwrap_or_default()..].to_owned(), next)
            }
            10..=12 => {
                let mut next = other;
                next.scheme = SCHEMES[usize::from(from.flag())];
                (format!("{}/c", absolute(&next)), next)
            }
            _ => (format!("{}/d", absolute(&other)), other),
        };
        if self.hops >= MAX_REDIRECTS {
            self.reached.too_many += 1;
            return (location, Some(StopReason::Redirect));
        }
        if !SCHEMES[..2].contains(&next.scheme) {
            self.reached.schemes_refused += 1;
            return (location, Some(StopReason::Redirect));
        }
        if self.at.scheme == "https" && next.scheme == "http" && !self.script.downgrade {
            self.reached.downgrades_refused += 1;
            return (location, Some(StopReason::Redirect));
        }
        (self.at, self.hops) = (next, self.hops + 1);
        (location, None)
    }
}

fn answer(status: u16, headers: &[(&str, String)], body: Bytes) -> Response<Bytes> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(body).expect("an answer")
}

/// All of a request: what is marked as sensitive, too.
fn text(request: &Request<Payload>) -> String {
    let mut text = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        text.push_str(name.as_str());
        text.push_str(": ");
        text.push_str(&String::from_utf8_lossy(value.as_bytes()));
        text.push('\n');
    }
    if let Payload::Bytes(body) = request.body() {
        text.push_str(&String::from_utf8_lossy(body));
    }
    text
}
