//! Takes secrets out of texts that come from elsewhere: logs, messages, answers.

mod forms;
mod search;
mod undone;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;

use http_hook::{Connection, Secret};
use serde_json::{Map, Value};

use search::Search;

/// What stands in the place of a secret.
const MASK: &str = "***";

/// What a name holds that sounds secret, to Airflow.
const NAMES: [&str; 22] = [
    "access_key",
    "access_token",
    "api_key",
    "apikey",
    "auth_header",
    "authorization",
    "bearer",
    "connection_string",
    "dsn",
    "passphrase",
    "passwd",
    "password",
    "private_key",
    "proxy",
    "proxy_password",
    "proxies",
    "secret",
    "service_account",
    "service_key",
    "token",
    "keyfile_dict",
    "webhook_url",
];

/// How deep values are looked into; what is deeper is masked as a whole.
const MAX_DEPTH: usize = 32;

/// Takes secrets out of texts, by Airflow's rules and in more of the forms in which they are written.
///
/// A secret is found as it is, with any of its characters escaped (by percent encoding, for JSON, a program or HTML), once or in each
/// other, and in base64, also inside of a longer text in base64, as in `Authorization: Basic …`, in UTF-8 and Latin-1. That takes time in
/// proportion to the text, however many secrets there are. A secret of more than 256 bytes is found by these, and hidden in its length.
/// What is escaped more than 16 times over is hidden as a whole. Texts of less than 5 characters and the word `airflow` are not masked,
/// as there: they stand everywhere. Base64 that is parted by line's ends is not looked into.
///
/// # Examples
///
/// ```
/// use http_hook::Connection;
/// use http_hook_sources::Masker;
///
/// let connection = Connection::parse("http://svc:open%20sesame@api.example.test/https?X-Api-Key=k-123456&X-Team=sales")?;
/// let masker = Masker::new().connection(&connection);
/// assert_eq!(
///     masker.text("GET /?p=open+sesame, X-Api-Key: k-123456, X-Team: sales, Basic c3ZjOm9wZW4gc2VzYW1l"),
///     "GET /?p=***, X-Api-Key: ***, X-Team: sales, Basic c3ZjOm***"
/// );
/// # Ok::<(), http_hook::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Masker {
    /// The secrets in every form in which they are looked for.
    forms: BTreeSet<Vec<u8>>,
    more_names: Vec<String>,
    shortest: Option<usize>,
    search: OnceLock<Search>,
}

/// Tells how much is looked for.
impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Masker({} patterns)", self.forms.len())
    }
}

impl Masker {
    /// The shortest text that is masked, in characters, unless it is said otherwise.
    pub const SHORTEST: usize = 5;

    /// Makes a masker that knows no secret yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the shortest text that is masked, in characters. It counts for secrets that come after it.
    #[must_use]
    pub const fn shortest(mut self, characters: usize) -> Self {
        self.shortest = Some(characters);
        self
    }

    /// Takes one more part of a name for one that sounds secret: `[core] sensitive_var_conn_names` of Airflow.
    #[must_use]
    pub fn sensitive_name(mut self, part: &str) -> Self {
        self.more_names.push(plain(part.trim()));
        self
    }

    /// Masks a text.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> Self {
        self.add(secret);
        self
    }

    /// Masks the texts of a value that stand under a name that sounds secret, at any depth.
    #[must_use]
    pub fn members(mut self, value: &Value) -> Self {
        self.add_members(value, false, 0);
        self
    }

    /// Masks the texts of a value if its name sounds secret, and else as [`members`](Self::members).
    #[must_use]
    pub fn named(mut self, name: &str, value: &Value) -> Self {
        let sounds = self.sounds_secret(name);
        self.add_members(value, sounds, 0);
        self
    }

    /// Masks what is secret of a connection: its password, the user info of its host, and what stands in its extra under names that
    /// sound secret. Its login is not, as in Airflow.
    #[must_use]
    pub fn connection(mut self, connection: &Connection) -> Self {
        if let Some(password) = connection.password() {
            self.add(password.expose());
        }
        let host = connection.host().unwrap_or_default();
        for secret in in_user_info(host) {
            self.add(secret);
            let decoded = percent_encoding::percent_decode_str(secret).decode_utf8_lossy();
            self.add(&decoded);
        }
        let extra = connection.extra().map_or("", Secret::expose);
        if let Ok(extra) = serde_json::from_str::<Value>(extra) {
            return self.members(&extra);
        }
        // Whatever it is, it is nobody's business.
        self.add(extra);
        self
    }

    /// Tells whether a name sounds secret: in lower case, with `_` for what is no letter, it holds one of Airflow's words.
    #[must_use]
    pub fn sounds_secret(&self, name: &str) -> bool {
        let name = plain(name.trim());
        NAMES.iter().any(|part| name.contains(part))
            || self.more_names.iter().any(|part| name.contains(part.as_str()))
    }

    /// Puts `***` in the place of every secret.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let search = self.search.get_or_init(|| Search::new(&self.forms));
        let found = search.places(text.as_bytes());
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = String::with_capacity(text.len());
        let mut from = 0;
        for mut place in found {
            // UTF-8 does not begin inside of itself; so this holds, and if not, more is taken.
            while !text.is_char_boundary(place.start) {
                place.start -= 1;
            }
            while !text.is_char_boundary(place.end) {
                place.end += 1;
            }
            masked.push_str(text.get(from..place.start).unwrap_or_default());
            masked.push_str(MASK);
            from = from.max(place.end);
        }
        masked.push_str(&text[from..]);
        Cow::Owned(masked)
    }

    /// Puts `***` in the place of every secret in a value, and of every text under a name that sounds secret. Numbers, `true`, `false`
    /// and `null` stay.
    #[must_use]
    pub fn value(&self, value: &Value) -> Value {
        self.redacted(value, false, 0)
    }

    /// The same for a value that has a name.
    #[must_use]
    pub fn value_of(&self, name: &str, value: &Value) -> Value {
        self.redacted(value, self.sounds_secret(name), 0)
    }

    fn redacted(&self, value: &Value, hidden: bool, depth: usize) -> Value {
        match value {
            Value::String(_) if hidden => MASK.into(),
            Value::String(text) => self.text(text).into(),
            Value::Array(_) | Value::Object(_) if depth == MAX_DEPTH => MASK.into(),
            Value::Array(items) => {
                items.iter().map(|item| self.redacted(item, hidden, depth + 1)).collect()
            }
            Value::Object(members) => {
                let redacted = members.iter().map(|(name, value)| {
                    let hidden = hidden || self.sounds_secret(name);
                    (self.text(name).into_owned(), self.redacted(value, hidden, depth + 1))
                });
                Value::Object(redacted.collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }

    fn add_members(&mut self, value: &Value, hidden: bool, depth: usize) {
        match value {
            Value::String(text) if hidden => self.add(text),
            Value::Array(items) if depth < MAX_DEPTH => {
                for item in items {
                    self.add_members(item, hidden, depth + 1);
                }
            }
            Value::Object(members) if depth < MAX_DEPTH => {
                for (name, value) in members {
                    let hidden = hidden || self.sounds_secret(name);
                    self.add_members(value, hidden, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, secret: &str) {
        let shortest = self.shortest.unwrap_or(Self::SHORTEST);
        let is_short = secret.chars().count() < shortest;
        if secret.is_empty() || is_short || secret.eq_ignore_ascii_case("airflow") {
            return;
        }
        self.search = OnceLock::new();
        self.forms.extend(forms::forms(secret, shortest));
    }
}

/// What is secret before the `@` of a host: the password, or all of it where there is no colon, since a token stands there, too. A slash
/// may be part of a password that somebody did not encode.
fn in_user_info(host: &str) -> impl Iterator<Item = &str> {
    let rest = host.split_once("://").map_or(host, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let of_authority = rest[..end].rsplit_once('@').map(|(user, _)| user);
    let of_authority = of_authority.map(|user| user.split_once(':').map_or(user, |two| two.1));
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let beyond =
        rest[..end].split_once(':').filter(|(_, text)| !is_port(text)).and_then(|(user, _)| {
            let (before, _) = rest.rsplit_once('@').filter(|_| of_authority.is_none())?;
            before.get(user.len() + 1..)
        });
    of_authority.into_iter().chain(beyond)
}

fn plain(name: &str) -> String {
    let mut plain = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            c if c.is_alphanumeric() || c == '_' => plain.push(c),
            _ if plain.ends_with('_') => {}
            _ => plain.push('_'),
        }
    }
    plain
}
