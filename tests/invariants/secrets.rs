//! A canary in every field of a connection and of every input; every output is searched for it in every written form.

use std::cell::RefCell;
use std::error::Error as StdError;
use std::fmt::Debug;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use http::Response;
use http_hook::auth::AuthScheme;
use http_hook::blocking::{self, Body, Clock};
use http_hook::observe::Event;
use http_hook::options::Proxy;
use http_hook::{
    Call, Connection, Hook, Origin, RequestPlan, ResponseExt as _, RetryPolicy, Run, Secret, Sent,
    Step, Timestamp, TransportError, TransportErrorKind,
};
use http_hook_mock::cassette::Recorder;

use super::counts::{self, note};
use super::taint::Traces;
use super::{Choices, everything};

const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));
/// In everything that belongs to the connection, or that the caller marks as secret.
const OWN: &str = "Q7zz9Planted";
/// In what servers say beside that: shown neither, but in the answer itself.
const SERVERS: &str = "V8qq4Answered";

static TRACES: LazyLock<[Traces; 2]> =
    LazyLock::new(|| [Traces::of([OWN, SERVERS]), Traces::of([OWN])]);

/// Bytes choose what is planted where, what stands around it, and what servers answer.
pub(crate) fn secrets(bytes: &[u8]) {
    let mut from = Choices(bytes);
    let mut field = Field::of(&mut from);
    let connection = connection(&mut from, &mut field);
    debug("connection", &connection);
    texts(&connection, &mut field);
    let builder = Hook::builder(&connection).decode(from.flag()).show_base(false);
    let builder = builder.header("x-program", field.next());
    let builder =
        if from.flag() { builder.default_header("x-below", field.next()) } else { builder };
    let netrc = format!("machine api.example.com login {} password {}", field.next(), field.next());
    let builder = match builder.clone().netrc(&netrc) {
        Ok(with) if from.flag() => with,
        Ok(_) => builder,
        Err(error) => {
            tell("netrc", &error);
            builder
        }
    };
    debug("builder", &builder);
    let hook = match builder.build() {
        Ok(hook) => hook.for_client(everything()),
        Err(error) => {
            tell("hook", &error);
            counts::script();
            return;
        }
    };
    debug("hook", &hook);
    for warning in hook.warnings() {
        text("warning", &format!("{warning} {warning:?}"));
    }
    let plan = plan(&mut from, &mut field);
    debug("plan", &plan);
    match hook.explain(&plan) {
        Ok(told) => text("explain", &format!("{told} {told:?}")),
        Err(error) => tell("explain", &error),
    }
    match hook.to_curl(&plan) {
        Ok(told) => text("curl", &told),
        Err(error) => tell("curl", &error),
    }
    let answers: Vec<u8> = from.0.iter().copied().take(16).collect();
    by_hand(&hook, plan.clone(), &answers);
    driven(&hook, plan, &answers);
    counts::script();
}

/// What stands around the canary, in a field of the input's choice; in the others it stands alone.
struct Field {
    number: u8,
    chosen: u8,
    before: String,
    behind: String,
}

impl Field {
    fn of(from: &mut Choices<'_>) -> Self {
        let chosen = from.byte() % 40;
        let pieces = [
            "", "+", "/", "%", "\"", "\\", "é", "@", ":", "?", "#", "&", "=", " ", "\n", "\r\n",
            "\0", ";", ",", "'", "{", "}", "[", "]", "%2F", "%zz", "\u{202e}", "../", "//", "\t",
        ];
        let mut some = || {
            let pieces: Vec<&str> = (0..from.byte() % 4).map(|_| from.one_of(&pieces)).collect();
            pieces.concat()
        };
        Self { number: 0, chosen, before: some(), behind: some() }
    }

    /// The canary for the next field.
    fn next(&mut self) -> String {
        self.number += 1;
        if self.number == self.chosen {
            format!("{}{OWN}{}", self.before, self.behind)
        } else {
            format!("{OWN}{}", self.number)
        }
    }
}

fn connection(from: &mut Choices<'_>, field: &mut Field) -> Connection {
    let mut user = field.next();
    user.push(':');
    user.push_str(&field.next());
    user.push('@');
    let (path, query) = (field.next(), field.next());
    let in_host = from.flag();
    let mut host = format!("https://{}api.example.com", if in_host { &user } else { "" });
    if from.flag() {
        host.extend(["/", &path]);
    }
    if from.byte() % 4 == 3 {
        host.extend(["?k=", &query]);
    }
    let mut connection = Connection::new().with_host(host);
    if !in_host && from.byte() % 4 != 3 {
        connection = connection.with_login(field.next()).with_password(field.next());
    }
    if from.byte() % 8 == 7 {
        connection = connection.with_schema(field.next());
    }
    if from.flag() {
        connection = connection.with_id("orders").expect("an id");
    }
    connection.with_extra(extra(from, field))
}

fn extra(from: &mut Choices<'_>, field: &mut Field) -> String {
    let mut extra = serde_json::json!({ "X-Team": field.next(), "Accept": field.next() });
    let proxy = format!("http://{}:{}@proxy.example:3128", field.next(), field.next());
    let options = [
        ("proxies", serde_json::json!({ "https": proxy })),
        ("cert", field.next().into()),
        ("verify", field.next().into()),
        ("timeout", field.next().into()),
        ("max_redirects", field.next().into()),
        ("headers", serde_json::json!({ "X-Sub": field.next() })),
        ("token", field.next().into()),
        ("auth_type", field.next().into()),
        ("no_proxy", field.next().into()),
    ];
    let mask = u16::from(from.byte()) | u16::from(from.byte()) << 8;
    for (index, (name, value)) in options.into_iter().enumerate() {
        // The first three are sound more often than not.
        if mask >> index & 1 == 1 && (index < 3 || mask >> 12 == 0) {
            extra[name] = value;
        }
    }
    let url = "https://id.example.com/t";
    let auth = match from.byte() % 10 {
        0..=2 => None,
        3 => Some(serde_json::json!({ "scheme": "bearer", "token": field.next() })),
        4 => {
            Some(serde_json::json!({ "scheme": "api_key", "name": "X-Key", "value": field.next() }))
        }
        5 => Some(
            serde_json::json!({ "scheme": "api_key", "in": "query", "name": "key", "value": field.next() }),
        ),
        6 => Some(serde_json::json!({ "scheme": "digest" })),
        7 => Some(serde_json::json!({ "scheme": "oauth2_client_credentials", "client_id": "app",
            "token_url": format!("{url}?k={}", field.next()), "client_secret": field.next(),
            "audience": field.next(), "client_auth": "body" })),
        8 => Some(
            serde_json::json!({ "scheme": "oauth2_refresh", "client_id": "app", "token_url": url,
            "refresh_token": field.next(), "client_secret": field.next() }),
        ),
        _ => Some(serde_json::json!({ "scheme": field.next() })),
    };
    if let Some(auth) = auth {
        extra["http_hook"] = serde_json::json!({ "auth": auth });
    }
    let mut text = extra.to_string();
    if from.byte() % 16 == 15 {
        text.truncate(
            (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0),
        );
    }
    text
}

/// The connection as text, and its parts as texts of other kinds: read, or refused without a word of them.
fn texts(connection: &Connection, field: &mut Field) {
    debug("uri", &connection.to_uri());
    debug("json", &connection.to_json());
    let cut = |text: &str, by: usize| text.chars().take(text.chars().count() * by / 4).collect();
    let (uri, json) = (connection.to_uri(), connection.to_json());
    for by in [2, 3, 4] {
        let (uri, json): (String, String) = (cut(uri.expose(), by), cut(json.expose(), by));
        result("from uri", Connection::from_uri(&uri));
        result("from json", Connection::from_json(&json));
        result("parsed", Connection::parse(&uri));
    }
    result("extra", Hook::new(connection));
    let url = format!("https://{}:{}@{}", field.next(), field.next(), field.next());
    result("proxy", Proxy::parse(&url));
    debug("origin", &url.parse::<Origin>().map_err(|error| tell("origin", &error)).is_ok());
    debug("environment", &Hook::builder(connection).environment([("https_proxy", url.as_str())]));
    result("policy", RetryPolicy::from_json(&field.next()));
}

fn plan(from: &mut Choices<'_>, field: &mut Field) -> RequestPlan {
    let mut plan = match from.byte() % 4 {
        0 => RequestPlan::get("orders"),
        1 => RequestPlan::post("orders").form([("password", field.next())]),
        2 => RequestPlan::put(format!("orders?token={}", escaped(&field.next())))
            .json(&[field.next()]),
        _ => RequestPlan::post("orders").data(field.next()),
    };
    let mask = from.byte();
    let is = |bit: u32| mask >> bit & 1 == 1;
    if is(0) {
        plan = plan.param("session", field.next());
    }
    if is(1) {
        plan = plan.header("X-Api-Key", &field.next());
    }
    if is(2) {
        plan = plan.secret_header("X-Own", &field.next());
    }
    if is(3) {
        plan = plan.cookie("own", field.next());
    }
    if is(4) {
        plan = plan.auth(AuthScheme::Bearer { token: Secret::new(field.next()) });
    }
    if is(5) {
        plan = plan.basic(&field.next(), &field.next());
    }
    if is(6) {
        plan = plan.header("Authorization", &field.next());
    }
    if let Err(error) = plan.check() {
        tell("plan", error);
    }
    plan.retry(RetryPolicy::default()).allow_resend()
}

/// What a program that builds an endpoint does with a value.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |all, byte| {
        if byte.is_ascii_alphanumeric() {
            all + &char::from(byte).to_string()
        } else {
            format!("{all}%{byte:02X}")
        }
    })
}

fn given(answer: u8, token: bool) -> Result<Response<Body>, TransportError> {
    let response = |status, name: &str, value: String, body: String| {
        let answer = Response::builder().status(status).header(name, value);
        Ok(answer.body(Body::Bytes(body.into())).expect("an answer"))
    };
    let text = || format!(r#"{{"error": "{SERVERS}", "id": "{SERVERS}"}}"#);
    if token && answer % 8 < 6 {
        let body = format!(
            r#"{{"access_token": "{OWN}.t", "token_type": "bearer", "refresh_token": "{OWN}.r"}}"#
        );
        return response(200, "x-a", "b".to_owned(), body);
    }
    match answer % 16 {
        0 | 1 => response(503, "retry-after", SERVERS.to_owned(), text()),
        2 => response(
            302,
            "location",
            format!("https://other.example/x?token={SERVERS}#{SERVERS}"),
            text(),
        ),
        3 => {
            response(302, "location", format!("https://u:{SERVERS}@api.example.com:99999/"), text())
        }
        4 => response(307, "location", format!("/{SERVERS}"), text()),
        5 => response(307, "location", format!("ftp://{SERVERS}/"), text()),
        6 => response(
            401,
            "www-authenticate",
            format!("Digest realm=\"{SERVERS}\", nonce=\"n\""),
            text(),
        ),
        7 => response(401, "www-authenticate", format!("Digest realm=\"{SERVERS}"), text()),
        8 => response(503, "set-cookie", format!("sid={SERVERS}; Path=/"), text()),
        9 => response(200, "content-encoding", format!("gzip, {SERVERS}"), text()),
        10 => response(200, "content-length", "3".to_owned(), text()),
        11 => response(404, "x-a", SERVERS.to_owned(), text()),
        12 => Err(TransportError::new(TransportErrorKind::Interrupted, Sent::Maybe)),
        13 => Err(TransportError::new(TransportErrorKind::Tls, Sent::No)),
        _ => response(200, "set-cookie", format!("sid={SERVERS}"), text()),
    }
}

fn by_hand(hook: &Hook, plan: RequestPlan, answers: &[u8]) {
    let call = Call::new(hook, plan, 7, NOW);
    debug("call", &call);
    // What the call itself brings is stored with it, if that is not refused; nothing of the connection is.
    let mut answers = answers.iter();
    let mut step = call.step(hook, NOW);
    loop {
        debug("step", &step);
        step = match step {
            Step::Send { request, options, attempt } => {
                note(|counts| counts.sends += 1);
                debug("options", &options);
                debug("history", &attempt.history());
                debug("url", &attempt.shown_url(hook, request.uri()).to_string());
                match attempt.store(hook) {
                    Ok(stored) => is_stored(hook, &stored),
                    Err(error) => tell("store", &error),
                }
                let token = attempt.cause() == http_hook::SendCause::Token;
                note(|counts| counts.tokens += u64::from(token));
                let answer = given(answers.next().copied().unwrap_or_default(), token);
                let answer = answer.map(|it| it.map(|body| body.collect(1_000).expect("a body")));
                attempt.finish(hook, answer, NOW)
            }
            Step::Wait { call, .. } => {
                match call.store(hook) {
                    Ok(stored) => is_stored(hook, &stored),
                    Err(error) => tell("store", &error),
                }
                let due = call.due();
                call.step(hook, due)
            }
            Step::Done(Ok(response)) => {
                if let Err(error) = response.json::<Vec<u64>>() {
                    tell("json", &error);
                }
                return;
            }
            Step::Done(Err(failure)) => {
                tell("failure", &failure);
                return debug("cause", failure.cause());
            }
        };
    }
}

/// The body of the call is stored as it is; the rest is no secret.
fn is_stored(hook: &Hook, stored: &str) {
    note(|counts| counts.stored += 1);
    result("resumed", Call::resume(hook, stored, NOW));
    let mut form: serde_json::Value = serde_json::from_str(stored).expect("JSON");
    form["plan"]["body"] = serde_json::Value::Null;
    text("stored", &form.to_string());
}

struct Later(Mutex<Timestamp>);

impl Clock for Later {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no panic")
    }

    fn sleep(&self, wait: Duration) {
        let mut now = self.0.lock().expect("no panic");
        *now = now.after(wait);
    }
}

/// By a driver: events, spans, and what a recorder writes.
fn driven(hook: &Hook, plan: RequestPlan, answers: &[u8]) {
    let number = Mutex::new(0);
    let transport = blocking::from_fn(everything(), |request: http::Request<Body>, _| {
        let mut number = number.lock().expect("no panic");
        let answer = answers.get(*number).copied().unwrap_or_default();
        *number += 1;
        given(answer, request.uri().host() == Some("id.example.com"))
    });
    let recorder = Recorder::new(transport);
    let observer = |event: &Event<'_>| debug("event", event);
    let clock = Later(Mutex::new(NOW));
    let run = Run::new(hook, Call::new(hook, plan, 7, NOW)).observer(&observer);
    let drive = || _ = blocking::drive(run, &recorder, &clock);
    #[cfg(feature = "tracing")]
    spans::searched(drive);
    #[cfg(not(feature = "tracing"))]
    drive();
    // A recorder sees a URL, and cannot know which part of its path is the connection's.
    if hook.base_url().matches('/').count() == 2 {
        let json = recorder.cassette().to_json();
        assert_eq!(TRACES[1].find(&json), None, "cassette: {json}");
    }
}

fn debug(what: &str, value: &impl Debug) {
    use std::fmt::Write as _;
    thread_local! { static TEXT: RefCell<String> = const { RefCell::new(String::new()) }; }
    TEXT.with_borrow_mut(|all| {
        all.clear();
        let _ = write!(all, "{value:?}");
        text(what, all);
    });
}

/// An error with all its causes.
fn tell(what: &str, error: &(dyn StdError + 'static)) {
    let mut next = Some(error);
    while let Some(error) = next {
        text(what, &format!("{error} {error:?}"));
        next = error.source();
    }
}

fn result<T: Debug, E: StdError + 'static>(what: &str, result: Result<T, E>) {
    match result {
        Ok(value) => debug(what, &value),
        Err(error) => tell(what, &error),
    }
}

fn text(what: &str, text: &str) {
    assert_eq!(TRACES[0].find(text), None, "{what}: {text}");
}

#[cfg(feature = "tracing")]
mod spans {
    use std::fmt::Debug;

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    struct Searching;

    impl Visit for Searching {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            super::text(field.name(), &format!("{value:?}"));
        }
    }

    impl Subscriber for Searching {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, span: &Attributes<'_>) -> Id {
            span.record(&mut Searching);
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, values: &Record<'_>) {
            values.record(&mut Searching);
        }

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            event.record(&mut Searching);
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    /// Searches the fields of all spans and events that the code makes.
    pub(super) fn searched(code: impl FnOnce()) {
        tracing::subscriber::with_default(Searching, code);
    }
}
