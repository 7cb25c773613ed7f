//! Secrets planted in every place that holds one show in no `Debug`, no message and no stored call.

use std::error::Error as StdError;
use std::fmt::{Debug, Display};
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_hook::auth::{AuthScheme, OAuth2, Token};
use http_hook::blocking::{self, Body, Clock};
use http_hook::body::multipart::{Multipart, Part};
use http_hook::cookies::Jar;
use http_hook::observe::Event;
use http_hook::options::{Proxy, Setting};
use http_hook::redirect::History;
use http_hook::transport::TimeoutPhase;
use http_hook::{
    Call, Connection, Failure, Hook, Options, Origin, RequestPlan, RetryPolicy, Run, Secret, Sent,
    Step, Timestamp, TransportError, TransportErrorKind,
};

use crate::invariants::taint::Traces;
use crate::support::NOW;

const WORD: &str = "Q7zz9Planted";

/// A secret: with what percent escapes, JSON and base64 change.
fn secret() -> String {
    format!("{WORD} +/?&=\"é")
}

/// Looks through texts, and keeps those that tell the secret.
struct Told {
    traces: Traces,
    found: Mutex<Vec<String>>,
}

impl Default for Told {
    fn default() -> Self {
        Self { traces: Traces::of([WORD]), found: Mutex::default() }
    }
}

impl Told {
    fn text(&self, what: &str, text: impl Into<String>) {
        let text = text.into();
        let mut found = self.found.lock().expect("no panic");
        if self.traces.find(&text).is_some() && found.len() < 20 {
            found.push(format!("{what}: {text}"));
        }
    }

    fn debug(&self, what: &str, value: &impl Debug) {
        self.text(what, format!("{value:?}"));
    }

    /// An error with all its causes.
    fn error<E: StdError + 'static>(&self, what: &str, error: &E) {
        self.debug(what, error);
        let mut next: Option<&(dyn StdError + 'static)> = Some(error);
        while let Some(error) = next {
            self.text(what, format!("{error} {error:?}"));
            next = error.source();
        }
    }

    fn result<T: Debug, E: StdError + 'static>(&self, what: &str, result: Result<T, E>) {
        match result {
            Ok(value) => self.debug(what, &value),
            Err(error) => self.error(what, &error),
        }
    }

    fn nothing(self) {
        let found = self.found.into_inner().expect("no panic");
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn each_form_is_found() {
    let rows = [
        ("as it is", WORD.to_owned(), true),
        ("inside", format!("x{WORD}y"), true),
        ("escaped", WORD.replacen("Q7zz", "%51%37%7a%7A", 1), true),
        ("login and password as base64", base64("svc:", ""), true),
        ("shifted by one", base64("a:", ""), true),
        ("shifted by two", base64("ab", "!"), true),
        ("escaped base64", base64("svc:", "??").replace('=', "%3D"), true),
        ("a part only", WORD[..7].to_owned(), false),
        ("something else", "%Q7zz%".to_owned(), false),
    ];
    let traces = Traces::of([WORD]);
    for (why, text, expected) in rows {
        assert_eq!(traces.find(&text).is_some(), expected, "{why}: {text}");
    }
}

fn base64(before: &str, behind: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(format!("{before}{WORD}{behind}"))
}

/// The secret in each place of a connection; `auth` is the member of the extra.
fn connection(auth: &str) -> Connection {
    let extra = serde_json::json!({
        "X-Team": format!("{WORD}-team"),
        "Accept": WORD,
        "proxies": {"https": format!("http://user:{WORD}@proxy.example:3128")},
    });
    let mut extra = extra;
    if !auth.is_empty() {
        let auth: serde_json::Value = serde_json::from_str(auth).expect("JSON");
        extra["http_hook"] = serde_json::json!({ "auth": auth });
    }
    Connection::new()
        .with_id("orders")
        .expect("an id")
        .with_host("https://api.example.com/v1")
        .with_login("svc")
        .with_password(secret())
        .with_extra(extra.to_string())
}

fn schemes() -> [String; 8] {
    [
        String::new(),
        r#"{"scheme": "basic", "login": "svc"}"#.to_owned(),
        format!(r#"{{"scheme": "bearer", "token": "{WORD}.t"}}"#),
        format!(r#"{{"scheme": "api_key", "name": "X-Key", "value": "{WORD}"}}"#),
        format!(r#"{{"scheme": "api_key", "in": "query", "name": "k", "value": "{WORD}"}}"#),
        r#"{"scheme": "digest"}"#.to_owned(),
        format!(
            r#"{{"scheme": "oauth2_client_credentials", "token_url": "https://id.example.com/t?k={WORD}",
                "client_secret": "{WORD}", "audience": "{WORD}", "client_auth": "body"}}"#
        ),
        format!(
            r#"{{"scheme": "oauth2_refresh", "token_url": "https://id.example.com/t",
                "refresh_token": "{WORD}", "client_secret": "{WORD}"}}"#
        ),
    ]
}

fn plans() -> Vec<(&'static str, RequestPlan)> {
    let scheme = AuthScheme::Bearer { token: Secret::new(WORD) };
    let mut form = Multipart::default();
    form.field("f", secret()).expect("a field");
    form.file(Part::bytes("g", secret()).with_header("X-Part", WORD)).expect("a part");
    let endpoint = format!("orders?token={WORD}");
    vec![
        ("query", RequestPlan::get(endpoint.as_str())),
        ("query", RequestPlan::get("orders").param("q", "x").param("session", secret())),
        ("params", RequestPlan::get("orders").param("api_key", secret())),
        ("authorization", RequestPlan::post("orders").header("authorization", WORD)),
        ("header", RequestPlan::post("orders").secret_header("X-Own", WORD)),
        ("plain header", RequestPlan::post("orders").header("X-Api-Key", WORD)),
        ("cookie header", RequestPlan::put("orders").header("cookie", WORD)),
        ("cookie", RequestPlan::get("orders").cookie("own", WORD)),
        ("auth", RequestPlan::get("orders").auth(scheme)),
        ("data", RequestPlan::post("orders").data(secret())),
        ("form", RequestPlan::post("orders").form([("password", secret())])),
        ("json", RequestPlan::post("orders").json(&[secret()])),
        ("multipart", RequestPlan::post("orders").multipart(form)),
        ("broken header", RequestPlan::get("orders").header("x-a", &format!("{WORD}\n"))),
        ("broken cookie", RequestPlan::get("orders").cookie("own", format!("{WORD};"))),
        ("data and parameters", RequestPlan::get("orders").param("a", WORD).data(secret())),
        ("bytes", RequestPlan::get("orders").data(secret().into_bytes())),
    ]
}

#[derive(Clone, Debug)]
enum Comes {
    Status(u16, &'static str, String),
    Broken(TransportErrorKind),
}

fn answers() -> Vec<Comes> {
    let plain = |status: u16| Comes::Status(status, "x-a", "b".to_owned());
    let mut answers: Vec<Comes> = [200, 400, 401, 403, 404, 407, 429, 500, 503].map(plain).into();
    let leads = |status, to: String| Comes::Status(status, "location", to);
    let other = format!("https://other.example/x?token={WORD}#{WORD}");
    answers.extend([
        leads(302, other.clone()),
        leads(307, other.replace("https", "http")),
        leads(302, other.replace("https", "ftp")),
        leads(302, format!("https://u:{WORD}@other.example:99999/")),
        leads(302, format!("/{WORD}\t")),
        leads(302, format!("https://{WORD}\\x/")),
        leads(302, "/v1/again".to_owned()),
        Comes::Status(503, "retry-after", WORD.to_owned()),
        Comes::Status(401, "www-authenticate", format!("Digest realm=\"{WORD}\", nonce=\"n\"")),
        Comes::Status(200, "set-cookie", format!("a={WORD}; Expires={WORD}")),
        Comes::Status(200, "content-encoding", format!("gzip, {WORD}")),
        Comes::Status(200, "content-encoding", "gzip".to_owned()),
        Comes::Status(200, "content-length", "3".to_owned()),
    ]);
    let kinds = [
        TransportErrorKind::Dns,
        TransportErrorKind::Connect,
        TransportErrorKind::Tls,
        TransportErrorKind::Proxy,
        TransportErrorKind::Timeout(TimeoutPhase::Total),
        TransportErrorKind::Interrupted,
        TransportErrorKind::Protocol,
        TransportErrorKind::Body,
        TransportErrorKind::Limit,
        TransportErrorKind::InvalidRequest,
        TransportErrorKind::RequestBody,
        TransportErrorKind::Cancelled,
        TransportErrorKind::Bug,
    ];
    answers.extend(kinds.map(Comes::Broken));
    answers
}

impl Comes {
    fn given(&self) -> Result<Response<Body>, TransportError> {
        match self {
            Self::Status(status, name, value) => {
                let body = format!(r#"{{"error": "{WORD}", "detail": "{WORD}"}}"#);
                let answer = Response::builder().status(*status).header(*name, value);
                Ok(answer.body(Body::Bytes(body.into())).expect("an answer"))
            }
            Self::Broken(kind) => Err(TransportError::new(*kind, Sent::No)),
        }
    }
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

/// All schemes, plans and answers: by hand, where each step is looked at, and by a driver with an observer.
#[test]
fn nothing_that_a_call_comes_by_tells_a_secret() {
    let told = Told::default();
    for auth in schemes() {
        let connection = connection(&auth);
        told.debug("connection", &connection);
        let builder = Hook::builder(&connection).header("x-p", WORD).decode(true);
        told.debug("builder", &builder);
        let hook = builder.build().expect("a connection that can be used");
        let hook = hook.for_client(http_hook_mock::everything("test"));
        told.debug("hook", &hook);
        for (what, plan) in plans() {
            told.debug(what, &plan);
            if let Err(error) = plan.check() {
                told.error(what, error);
            }
            let plan = plan.retry(RetryPolicy::default());
            for answer in answers() {
                by_hand(&told, &hook, plan.clone(), &answer);
                driven(&told, &hook, plan.clone(), &answer);
            }
        }
    }
    told.nothing();
}

fn by_hand(told: &Told, hook: &Hook, plan: RequestPlan, answer: &Comes) {
    let call = Call::new(hook, plan, 7, NOW);
    told.debug("call", &call);
    let mut now = NOW;
    let mut step = call.step(hook, now);
    for _ in 0..6 {
        told.debug("step", &step);
        step = match step {
            Step::Send { options, attempt, .. } => {
                told.debug("options", &options);
                told.debug("history", &attempt.history());
                // The body is stored as it is: no place for secrets.
                if let Err(error) = attempt.store(hook) {
                    told.error("store", &error);
                }
                let answer = answer.given().map(|it| it.map(|body| body.collect(100)));
                let answer = answer.map(|it| it.map(|body| body.expect("a body")));
                attempt.finish(hook, answer, now)
            }
            Step::Wait { call, wait, .. } => {
                now = now.after(wait);
                call.step(hook, now)
            }
            Step::Done(result) => {
                if let Err(failure) = result {
                    ended(told, &failure);
                }
                return;
            }
        };
    }
}

fn ended(told: &Told, failure: &Failure) {
    told.error("failure", failure);
    told.debug("cause", failure.cause());
}

fn driven(told: &Told, hook: &Hook, plan: RequestPlan, answer: &Comes) {
    let transport = blocking::from_fn(http_hook_mock::everything("test"), |_, _| answer.given());
    let observer = |event: &Event<'_>| told.debug("event", event);
    let clock = Later(Mutex::new(NOW));
    let run = Run::new(hook, Call::new(hook, plan, 7, NOW)).observer(&observer);
    let result = blocking::drive(run, &transport, &clock);
    if let Some(history) = result.as_ref().ok().and_then(History::of) {
        told.debug("history", history);
    }
}

#[test]
fn no_stored_call_tells_a_secret_of_the_connection() {
    let told = Told::default();
    for auth in schemes() {
        let hook = Hook::new(&connection(&auth)).expect("a connection that can be used");
        let plan = RequestPlan::get("orders").param("page", "1").retry(RetryPolicy::default());
        let mut step = Call::new(&hook, plan, 7, NOW).step(&hook, NOW);
        for _ in 0..4 {
            step = match step {
                Step::Send { attempt, .. } => {
                    told.text("stored attempt", attempt.store(&hook).expect("it can be stored"));
                    let token = format!(r#"{{"access_token": "{WORD}", "token_type": "bearer"}}"#);
                    let answer = Response::builder()
                        .status(if attempt.sends() == 1 { 200 } else { 503 })
                        .body(token.into());
                    attempt.finish(&hook, Ok(answer.expect("an answer")), NOW)
                }
                Step::Wait { call, .. } => {
                    let text = call.store(&hook).expect("it can be stored");
                    told.debug("resumed", &Call::resume(&hook, &text, NOW));
                    told.text("stored call", text);
                    call.step(&hook, NOW.after(Duration::from_secs(99)))
                }
                done @ Step::Done(_) => done,
            };
        }
    }
    // What the call itself holds may be secret: then it is not stored, and the error names the place.
    let hook = Hook::new(&connection("")).expect("a connection that can be used");
    let refused = [
        "query",
        "params",
        "authorization",
        "header",
        "plain header",
        "cookie header",
        "cookie",
        "auth",
    ];
    for (what, plan) in plans() {
        let stored = Call::new(&hook, plan, 7, NOW).store(&hook);
        assert!(stored.is_err() || !refused.contains(&what), "{what} is stored");
        if let Err(error) = stored {
            told.error(what, &error);
        }
    }
    told.nothing();
}

#[test]
fn no_message_about_what_was_written_wrong_repeats_it() {
    let told = Told::default();
    let extras = [
        format!(r#"["{WORD}"]"#),
        format!(r#"{{"x-a": ["{WORD}"]}}"#),
        format!(r#"{{"x-a": "{WORD}\n"}}"#),
        format!(r#"{{"x-a": "{WORD}"#),
        format!(r#"{{"timeout": "{WORD}"}}"#),
        format!(r#"{{"timeout": ["{WORD}", 1, 2]}}"#),
        format!(r#"{{"verify": ["{WORD}"]}}"#),
        format!(r#"{{"cert": ["{WORD}", "a", "b"]}}"#),
        format!(r#"{{"cert": {{"{WORD}": 1}}}}"#),
        format!(r#"{{"proxies": "{WORD}"}}"#),
        format!(r#"{{"proxies": {{"https": "ftp://u:{WORD}@p"}}}}"#),
        format!(r#"{{"proxies": {{"https": "http://u:{WORD}@p:x"}}}}"#),
        format!(r#"{{"proxies": {{"https": ["{WORD}"]}}}}"#),
        format!(r#"{{"proxy": "http://u:{WORD}@"}}"#),
        format!(r#"{{"max_redirects": "{WORD}"}}"#),
        format!(
            r#"{{"allow_redirects": "{WORD}", "stream": "{WORD}", "check_response": "{WORD}"}}"#
        ),
        format!(r#"{{"http_hook": {{"auth": "{WORD}"}}}}"#),
        format!(r#"{{"http_hook": {{"auth": {{"scheme": "{WORD}"}}}}}}"#),
        format!(r#"{{"http_hook": {{"auth": {{"scheme": "bearer", "token": "{WORD}\n"}}}}}}"#),
        format!(r#"{{"http_hook": {{"auth": {{"scheme": "bearer", "token": ["{WORD}"]}}}}}}"#),
        format!(
            r#"{{"http_hook": {{"auth": {{"scheme": "api_key", "name": "a b", "value": "{WORD}"}}}}}}"#
        ),
        format!(
            r#"{{"http_hook": {{"auth": {{"scheme": "oauth2_refresh", "token_url": "http://u:{WORD}@h"}}}}}}"#
        ),
        format!(
            r#"{{"http_hook": {{"auth": {{"scheme": "oauth2_client_credentials",
                "token_url": "ftp://h/?{WORD}", "client_secret": "{WORD}"}}}}}}"#
        ),
        format!(r#"{{"http_hook": {{"retry": "{WORD}"}}}}"#),
        format!(r#"{{"http_hook": {{"retry": {{"stop": "{WORD}"}}}}}}"#),
        format!(r#"{{"http_hook": {{"retry": {{"attempt_header": "{WORD}\n"}}}}}}"#),
    ];
    for extra in extras {
        let connection = Connection::new().with_host("https://a.test").with_login("u");
        let connection = connection.with_password("p").with_extra(extra.as_str());
        told.debug("connection", &connection);
        told.result(&extra, Hook::new(&connection));
        if let Err(error) = Hook::new(&connection) {
            error.problems().iter().for_each(|it| tell(&told, "problem", it));
        }
        if let Ok(serde_json::Value::Object(members)) = serde_json::from_str(&extra) {
            match Options::from_json(&members) {
                Ok(options) => told.debug("options", &options),
                Err(problems) => problems.iter().for_each(|it| tell(&told, "problem", it)),
            }
        }
    }
    let hosts = [
        format!("https://u:{WORD}@a b"),
        format!("https://u:{WORD}@a:99999"),
        format!("ftp://u:{WORD}@a"),
        format!("https://u:{WORD}@"),
        format!("https://u:{WORD}@a?q={WORD}"),
        format!("https://u:{WORD}\n@a"),
    ];
    for host in hosts {
        told.result(&host, Hook::new(&Connection::new().with_host(host.as_str())));
        told.result(&host, Connection::from_uri(&host));
        told.result(&host, Connection::from_json(&format!(r#"{{"password": "{host}""#)));
        told.result(&host, Connection::from_json(&format!(r#"{{"password": ["{host}"]}}"#)));
        told.result(&host, Proxy::parse(&host));
        told.result(&host, host.parse::<Origin>());
        let environment = [("https_proxy", host.as_str())];
        let connection = Connection::new().with_host("https://a.test");
        told.result(&host, Hook::builder(&connection).environment(environment).build());
    }
    let netrc = |text: &str| Hook::builder(&Connection::new().with_host("h")).netrc(text);
    told.result("netrc", netrc(&format!("machine a.test login u password {WORD}")));
    told.result("netrc", netrc(&format!("machine a.test login u password x {WORD}")));
    told.result("policy", RetryPolicy::from_json(&format!(r#"{{"wait": {{"{WORD}": 1}}}}"#)));
    told.result("policy", RetryPolicy::from_json(&format!(r#"{{"wait": "{WORD}""#)));
    let hook = Hook::to("https://a.test").expect("a hook");
    for text in
        [WORD.to_owned(), format!(r#"{{"{WORD}": 1}}"#), format!(r#"{{"version": "{WORD}"}}"#)]
    {
        told.result("resume", Call::resume(&hook, &text, NOW));
    }
    told.nothing();
}

fn tell(told: &Told, what: &str, value: &(impl Debug + Display)) {
    told.text(what, format!("{value} {value:?}"));
}

#[test]
fn no_part_that_holds_a_secret_tells_it() {
    let told = Told::default();
    let mut oauth2 = OAuth2::client_credentials("https://id.test/t", "id", Secret::new(secret()));
    oauth2.fields.push(("audience".to_owned(), Secret::new(WORD)));
    told.debug("oauth2", &oauth2);
    told.result("token request", oauth2.request(None));
    let token = Token::new(Secret::new(WORD), None).with_refresh(Secret::new(WORD));
    told.debug("token", &token);
    told.result("token header", Token::new(Secret::new(format!("{WORD}\n")), None).header());
    told.result("token header", token.header());
    let mut jar = Jar::default();
    jar.insert(&"https://a.test".parse().expect("an origin"), "a", &Secret::new(WORD))
        .expect("a cookie");
    told.debug("jar", &jar);
    told.debug("secret", &Secret::new(WORD));
    for auth in schemes().into_iter().skip(1) {
        let auth = serde_json::from_str(&auth).expect("JSON");
        let scheme = AuthScheme::from_json(&auth, Some("u"), Some(&Secret::new(secret())));
        let scheme = scheme.expect("a scheme");
        told.debug("scheme", &scheme);
        told.result("proof", scheme.credentials());
    }
    let mut form = Multipart::default();
    form.field("f", secret()).expect("a field");
    told.debug("multipart", &form);
    told.debug("multipart", &form.write(7).expect("a body"));
    let mut options = Options::default();
    let proxy = Proxy::parse(&format!("http://u:{WORD}@p.test:1")).expect("a proxy");
    options.proxies = Setting::Set(http_hook::options::Proxies {
        by_target: vec![("all".to_owned(), proxy)],
        no_proxy: None,
    });
    told.debug("options", &options);
    told.debug("bytes", &http_hook::body::Payload::from(Bytes::from(secret())));
    told.nothing();
}
