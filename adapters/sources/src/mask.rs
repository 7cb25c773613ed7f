//! Takes secrets out of texts that come from elsewhere: logs, messages, answers.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use http_hook::{Connection, Secret};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use serde_json::{Map, Value};

use crate::tree::push_text;

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

/// What Python's `quote` encodes when nothing is safe, and when a slash is.
const ALL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~');
const BUT_SLASH: &AsciiSet = &ALL.remove(b'/');
/// What a form encodes, and what a URL does.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'_').remove(b'.').remove(b'-');
const URL: &AsciiSet = &ALL
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b'/')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'?')
    .remove(b'@')
    .remove(b'[')
    .remove(b']');

/// How deep values are looked into; what is deeper is masked as a whole.
const MAX_DEPTH: usize = 32;

/// Takes secrets out of texts, by Airflow's rules and in more of the forms in which they are written.
///
/// A secret is found as it is, percent-encoded, escaped for JSON, and in base64, also inside of a longer text in base64, as in
/// `Authorization: Basic …`; all in one pass, however many there are. Texts of less than 5 characters and the word `airflow` are not
/// masked, as there: they stand everywhere.
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
    /// In every form in which they are looked for.
    patterns: BTreeSet<Vec<u8>>,
    more_names: Vec<String>,
    shortest: Option<usize>,
    search: OnceLock<Option<AhoCorasick>>,
}

/// Tells how much is looked for.
impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Masker({} patterns)", self.patterns.len())
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
        let authority = host.split_once("://").map_or(host, |(_, rest)| rest);
        let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
        if let Some((_, password)) =
            authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':'))
        {
            self.add(password);
            let decoded = percent_encoding::percent_decode_str(password).decode_utf8_lossy();
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
        let found = self.find(text.as_bytes());
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = String::with_capacity(text.len());
        let mut from = 0;
        for mut place in found {
            // Base64 and percent forms are ASCII, and UTF-8 does not begin inside of itself; so this holds, and if not, more is taken.
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
        let bytes = secret.as_bytes();
        let mut forms: Vec<Vec<u8>> = vec![bytes.to_vec()];
        for set in [ALL, BUT_SLASH, FORM, URL] {
            let encoded = percent_encode(bytes, set).to_string();
            forms.push(lower_escapes(&encoded).into_bytes());
            if set == FORM || set == ALL {
                forms.push(encoded.replace("%20", "+").into_bytes());
            }
            forms.push(encoded.into_bytes());
        }
        let mut json = String::new();
        push_text(&mut json, secret);
        forms.push(json[1..json.len() - 1].into());
        if let Ok(json) = serde_json::to_string(secret) {
            forms.push(json[1..json.len() - 1].into());
        }
        let ascii = escaped(secret, false);
        forms.push(escaped(secret, true).into_bytes());
        forms.push(ascii.replace('/', "\\/").into_bytes());
        forms.push(ascii.into_bytes());
        for before in 0..3 {
            forms.extend(in_base64(bytes, before, shortest));
        }
        let whole = STANDARD.encode(bytes);
        forms.push(whole.replace('+', "-").replace('/', "_").into_bytes());
        forms.push(whole.into_bytes());
        self.patterns.extend(forms);
    }

    /// The places of secrets, in order; those that overlap are one.
    fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let search = self.search.get_or_init(|| {
            // Overlapping ones can be found by this kind alone.
            let builder =
                AhoCorasick::builder().match_kind(MatchKind::Standard).build(&self.patterns);
            builder.ok().filter(|_| !self.patterns.is_empty())
        });
        let Some(search) = search else {
            // More than can be searched for: nothing is shown.
            let all = 0..text.len();
            return if self.patterns.is_empty() || text.is_empty() {
                Vec::new()
            } else {
                vec![all]
            };
        };
        let mut places: Vec<Range<usize>> = Vec::new();
        for found in search.find_overlapping_iter(text) {
            let mut place = found.range();
            // They come by their ends, so that only the last ones can overlap.
            while let Some(last) = places.last() {
                if last.end <= place.start {
                    break;
                }
                place = last.start.min(place.start)..last.end.max(place.end);
                places.pop();
            }
            places.push(place);
        }
        places
    }
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

/// `%2F` as `%2f`.
fn lower_escapes(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        out.extend(["%", &digits.to_ascii_lowercase(), rest]);
    }
    out
}

/// As `json.dumps` writes it: ASCII only.
fn escaped(text: &str, upper: bool) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            c => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    // Writing to a String cannot fail.
                    let _ = if upper {
                        write!(out, "\\u{unit:04X}")
                    } else {
                        write!(out, "\\u{unit:04x}")
                    };
                }
            }
        }
    }
    out
}

/// What base64 has of a secret, whatever stands around it: `before` bytes into a group of three. Its ends share characters with
/// their neighbours, and are left out.
fn in_base64(secret: &[u8], before: usize, shortest: usize) -> Vec<Vec<u8>> {
    let mut padded = vec![0; before];
    padded.extend_from_slice(secret);
    let encoded = STANDARD_NO_PAD.encode(&padded);
    let from = (before * 8).div_ceil(6);
    let to = padded.len() * 8 / 6;
    match encoded.get(from..to).filter(|part| part.len() >= shortest.max(4)) {
        None => Vec::new(),
        Some(part) => {
            vec![part.replace('+', "-").replace('/', "_").into_bytes(), part.as_bytes().to_vec()]
        }
    }
}
