//! Stored calls as hostile input: refused, or taken up and harmless, and never more than a fresh call may.

use std::time::Duration;

use http::Method;
use http_hook::body::{Payload, Replay};
use http_hook::options::{ClientCert, KeepAlive, Setting, Verify};
use http_hook::{Call, Connection, Hook, Options, RequestPlan, RetryPolicy, Step, Timestamp};
use serde_json::{Value, json};

use super::{Choices, MARKER, everything};

const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));

/// The hook that the calls in the corpus belong to.
pub(crate) fn hook() -> Hook {
    thread_local! {
        static HOOK: Hook = made();
    }
    HOOK.with(Hook::clone)
}

fn made() -> Hook {
    let connection = Connection::new()
        .with_id("orders")
        .expect("an id")
        .with_host("https://api.example.com/v1")
        .with_login("svc")
        .with_password(MARKER);
    Hook::new(&connection).expect("a connection").for_client(everything())
}

/// The text as it stands, once more with digests that fit, and a plan made of it beside the same plan fresh.
pub(crate) fn state(bytes: &[u8]) {
    compare(&Planned::of(bytes));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    take_up(text);
    if let Some(signed) = serde_json::from_str(text).ok().and_then(signed) {
        take_up(&signed);
    }
}

fn take_up(text: &str) {
    let hook = hook();
    let call = match Call::resume(&hook, text, NOW) {
        Ok(call) => call,
        Err(error) => return assert!(!format!("{error} {error:?}").contains(MARKER)),
    };
    assert!(call.sends() <= Call::MAX_SENDS);
    if let Ok(stored) = call.store(&hook) {
        assert!(!stored.contains(MARKER) || text.contains(MARKER), "a secret is stored");
        let again = Call::resume(&hook, &stored, NOW).expect("what was stored");
        assert_eq!(again.store(&hook).ok(), Some(stored), "storing is stable");
    }
    let sends = call.sends();
    let step = match call.step(&hook, NOW) {
        Step::Wait { call, wait, .. } => call.step(&hook, NOW.after(wait)),
        other => other,
    };
    if let Step::Send { request, attempt, .. } = step {
        assert!(attempt.sends() > sends && attempt.sends() <= Call::MAX_SENDS);
        assert_eq!(request.uri().authority(), Some(hook.origin().authority()));
    }
}

/// The digests are no secret: whoever changes a stored call can make new ones.
pub(crate) fn signed(mut form: Value) -> Option<String> {
    let plan = digest(&serde_json::to_string(form.get("plan")?).ok()?);
    let progress = form.get_mut("progress")?;
    *progress.get_mut("plan")? = plan.into();
    *progress.get_mut("digest")? = "".into();
    let own = digest(&serde_json::to_string(progress).ok()?);
    *progress.get_mut("digest")? = own.into();
    serde_json::to_string(&form).ok()
}

pub(crate) fn digest(text: &str) -> String {
    let mix = |value: u64| {
        let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    };
    let mut sums = [0x6a09_e667_f3bc_c908_u64, 0xbb67_ae85_84ca_a73b];
    for chunk in text.as_bytes().chunks(8) {
        let word = chunk.iter().fold(255, |word: u64, byte| (word << 8) | u64::from(*byte));
        for sum in &mut sums {
            let step = 0x9e37_79b9_7f4a_7c15;
            *sum = mix(sum.wrapping_add(step) ^ mix(word.wrapping_add(*sum)));
        }
    }
    format!("{:016x}{:016x}", sums[0], sums[1])
}

/// A plan in parts, which a program can make, or a store can hold.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) method: String,
    pub(crate) endpoint: String,
    pub(crate) params: String,
    /// Name, value or none, whether it is marked as storable.
    pub(crate) headers: Vec<(String, Option<String>, bool)>,
    pub(crate) body: Content,
    pub(crate) options: Option<Options>,
    pub(crate) policy: Option<RetryPolicy>,
    pub(crate) resend: u8,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    None,
    Json(String),
    External(Option<u64>),
}

impl Default for Planned {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            endpoint: "orders".to_owned(),
            params: String::new(),
            headers: Vec::new(),
            body: Content::None,
            options: None,
            policy: None,
            resend: 0,
        }
    }
}

impl Planned {
    /// Makes one of bytes: some choices, then lines of text.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut from = Choices(bytes);
        let method =
            from.one_of(&["GET", "POST", "PUT", "HEAD", "PATCH", "X-own", "get", "A B", ""]);
        let resend = from.byte() % 3;
        let body = from.byte();
        let options = from.flag().then(|| options(&mut from));
        let policy = from.flag().then(RetryPolicy::default);
        let times = from.one_of(&[1, 1, 1, 1, 3, 255, 256, 257]);
        let text = String::from_utf8_lossy(from.0).into_owned();
        let mut lines = text.split('\n').map(str::to_owned);
        let endpoint = lines.next().unwrap_or_default();
        let params = lines.next().unwrap_or_default();
        let body = match body % 4 {
            0 => Content::External(Some(u64::from(body))),
            1 => Content::External(None),
            2 => Content::Json(lines.next().unwrap_or_default()),
            _ => Content::None,
        };
        let mut headers: Vec<_> = lines
            .take(64)
            .map(|line| match line.split_once(':') {
                Some((name, value)) => {
                    (name.to_owned(), Some(value.to_owned()), name.len() % 2 == 0)
                }
                None => (line, None, false),
            })
            .collect();
        if let (Some(last), true) = (headers.last().cloned(), times > 1) {
            headers.extend(vec![last; times - 1]);
        }
        Self { method: method.to_owned(), endpoint, params, headers, body, options, policy, resend }
    }

    /// The plan as a program makes it.
    fn fresh(&self) -> Option<RequestPlan> {
        let method = Method::from_bytes(self.method.as_bytes()).ok()?;
        let mut plan = RequestPlan::new(method, self.endpoint.as_str()).params_text(&self.params);
        for (name, value, storable) in &self.headers {
            plan = match value {
                None => plan.without_header(name),
                Some(value) if *storable => plan.storable_header(name, value),
                Some(value) => plan.header(name, value),
            };
        }
        plan = match &self.body {
            Content::None => plan,
            Content::Json(text) => plan.json_text(text.clone()),
            // The data of a GET are parameters: a program cannot plan that.
            Content::External(_) if ["GET", "HEAD"].contains(&self.method.as_str()) => return None,
            Content::External(len) => plan.external(*len, Replay::Again),
        };
        plan = match self.resend {
            0 => plan,
            1 => plan.idempotency_key(),
            _ => plan.allow_resend(),
        };
        if let Some(options) = &self.options {
            plan = plan.options(options.clone());
        }
        if let Some(policy) = &self.policy {
            plan = plan.retry(policy.clone());
        }
        Some(plan)
    }

    /// The same as a store holds it, before its first send.
    pub(crate) fn stored(&self, hook: &Hook) -> String {
        let any =
            Call::new(hook, RequestPlan::get(""), 7, NOW).store(hook).expect("it holds nothing");
        let mut form: Value = serde_json::from_str(&any).expect("JSON");
        let headers: Vec<Value> = self
            .headers
            .iter()
            .map(|(name, value, storable)| match storable {
                true => json!({"name": name, "value": value, "storable": true}),
                false => json!({"name": name, "value": value}),
            })
            .collect();
        let body = match &self.body {
            Content::None => json!({"text": ""}),
            Content::Json(text) => json!({"text": text, "content_type": "application/json"}),
            Content::External(len) => json!({"external": {"len": len}}),
        };
        let resend = ["by_method", "keyed", "allowed"].get(usize::from(self.resend));
        form["plan"] = json!({
            "version": 2, "method": self.method, "endpoint": self.endpoint, "params": self.params,
            "headers": headers, "body": body, "options": self.options, "policy": self.policy,
            "resend": resend.unwrap_or(&"allowed"),
        });
        signed(form).expect("a stored call")
    }

    /// Whether it says what a stored call may not say by itself.
    fn weakens(&self, hook: &Hook) -> bool {
        let Some(own) = &self.options else { return false };
        let long = |limit: &Setting<Duration>| match limit {
            Setting::Set(limit) => limit.is_zero() || *limit > Options::MAX_TIMEOUT,
            _ => false,
        };
        let keep_alive = match &own.keep_alive {
            Setting::Set(own) => {
                [own.idle, own.interval].iter().any(|limit| long(&Setting::Set(*limit)))
            }
            _ => false,
        };
        let hooks = hook.options();
        [own.connect_timeout, own.head_timeout, own.idle_timeout].iter().any(long)
            || keep_alive
            || own.verify != Setting::Inherit && own.verify != hooks.verify
            || own.cert != Setting::Inherit && own.cert != hooks.cert
            || own.allow_downgrade == Some(true)
            || own.trust_env == Some(false)
    }
}

fn options(from: &mut Choices<'_>) -> Options {
    let mut options = Options::default();
    let limits = [1, 0, 1_000, Options::MAX_TIMEOUT.as_secs(), 1_000_000_001, u64::MAX];
    let limit = |from: &mut Choices<'_>| match from.byte() % 3 {
        0 => Setting::Inherit,
        1 => Setting::Unset,
        _ => Setting::Set(Duration::from_secs(from.one_of(&limits))),
    };
    options.connect_timeout = limit(from);
    options.head_timeout = limit(from);
    options.idle_timeout = limit(from);
    options.verify = from.one_of(&[
        Setting::Inherit,
        Setting::Inherit,
        Setting::Unset,
        Setting::Set(Verify::Off),
        Setting::Set(Verify::System),
        Setting::Set(Verify::File("/any".to_owned())),
    ]);
    let cert = ClientCert { cert: "/any".to_owned(), key: None };
    options.cert = from.one_of(&[Setting::Inherit, Setting::Unset, Setting::Set(cert)]);
    if from.flag() {
        let idle = Duration::from_secs(from.one_of(&limits));
        options.keep_alive = Setting::Set(KeepAlive { idle, ..KeepAlive::default() });
    }
    let some = [None, None, Some(true), Some(false)];
    options.stream = from.one_of(&some);
    options.allow_redirects = from.one_of(&some);
    options.allow_downgrade = from.one_of(&some);
    options.trust_env = from.one_of(&some);
    options.check_response = from.one_of(&some);
    options
}

/// What is sent at once, or why nothing is.
fn first(hook: &Hook, call: Call) -> Result<(http::Request<Payload>, String), String> {
    match call.step(hook, NOW) {
        Step::Send { request, options, .. } => Ok((request, format!("{options:?}"))),
        Step::Done(Err(failure)) => Err(failure.to_string()),
        other => panic!("a call that is due neither sends nor ends: {other:?}"),
    }
}

/// A stored plan is taken up as the fresh one would be sent, or is refused.
pub(crate) fn compare(planned: &Planned) {
    let hook = hook();
    let text = planned.stored(&hook);
    let resumed = Call::resume(&hook, &text, NOW).map_err(|error| error.to_string());
    let resumed = resumed.and_then(|call| first(&hook, call));
    let Some(plan) = planned.fresh() else {
        // What no program can plan is at least no other origin's.
        if let Ok((request, _)) = resumed {
            assert_eq!(request.uri().authority(), Some(hook.origin().authority()));
        }
        return;
    };
    match (first(&hook, Call::new(&hook, plan, 7, NOW)), resumed) {
        (Ok((fresh, options)), Ok((own, own_options))) => {
            assert!(!planned.weakens(&hook), "taken from a store: {planned:?}");
            assert_eq!((fresh.method(), fresh.uri()), (own.method(), own.uri()), "{planned:?}");
            assert_eq!(fresh.headers(), own.headers(), "{planned:?}");
            assert_eq!(format!("{:?}", fresh.body()), format!("{:?}", own.body()), "{planned:?}");
            assert_eq!(options, own_options, "{planned:?}");
        }
        (Ok(_), Err(why)) => assert!(planned.weakens(&hook), "{why}: {planned:?}"),
        (Err(why), Ok(_)) => panic!("a fresh call is refused, {why}: {planned:?}"),
        (Err(_), Err(_)) => {}
    }
}
