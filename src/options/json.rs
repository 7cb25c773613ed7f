//! Reads options out of JSON: of a connection's extra, or of a call.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::base::url::origin::split_url;
use crate::base::{Error, ErrorKind};
use crate::base::{Problem, Secret};
use crate::options::proxy::{check_no_proxy, check_target};
use crate::options::{ClientCert, Options, Proxies, Proxy, Setting, Verify};

/// The names of options in an extra; any other name there is a header.
pub(crate) const OPTION_NAMES: [&str; 11] = [
    "stream",
    "cert",
    "proxies",
    "proxy",
    "timeout",
    "verify",
    "verify_ssl",
    "allow_redirects",
    "max_redirects",
    "trust_env",
    "check_response",
];

/// How many redirects are followed if a call sets `max_redirects` to null.
const MAX_REDIRECTS: u32 = 30;

impl Options {
    /// The longest time limit that can be set: a billion seconds, about 32 years.
    pub const MAX_TIMEOUT: Duration = Duration::from_secs(1_000_000_000);

    /// Reads the options of a call, named as Airflow's `extra_options`. Other names are passed over.
    ///
    /// | name | value | null |
    /// | --- | --- | --- |
    /// | `timeout` | seconds, above 0, for connecting and for reading; or `[connect, read]` | no limit |
    /// | `verify` or `verify_ssl` | true, false, or the path of a file with authorities | the client's authorities |
    /// | `cert` | the path of a client certificate, or `[certificate, key]` | none |
    /// | `proxies` or `proxy` | an object: target to URL, as `{"https": "http://user:pass@proxy:3128"}`; `no_proxy` | none |
    /// | `max_redirects` | a whole number | 30 |
    /// | `stream`, `allow_redirects`, `trust_env`, `check_response` | anything, as Python takes it for true or false | false |
    ///
    /// Of two names for one option the first decides. A name that is there beats the connection's, null or not.
    ///
    /// # Errors
    ///
    /// Every problem there is, with its name; values are not repeated.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use http_hook::Options;
    /// use http_hook::options::Setting;
    ///
    /// let given = serde_json::json!({"timeout": [3, 27.5], "check_response": false});
    /// let options = Options::from_json(given.as_object().expect("an object")).expect("no problems");
    /// assert_eq!(options.connect_timeout, Setting::Set(Duration::from_secs(3)));
    /// assert_eq!(options.head_timeout, Setting::Set(Duration::from_millis(27_500)));
    /// assert_eq!(options.check_response, Some(false));
    /// ```
    pub fn from_json(options: &Map<String, Value>) -> Result<Self, Vec<Problem>> {
        Reader { members: options, place: "extra_options", null_counts: true, problems: Vec::new() }
            .read()
    }

    /// Reads the options of a connection, where null is as good as absent.
    pub(crate) fn from_extra(options: &Map<String, Value>) -> Result<Self, Vec<Problem>> {
        Reader {
            members: options,
            place: "connection.extra",
            null_counts: false,
            problems: Vec::new(),
        }
        .read()
    }
}

impl Proxy {
    /// Reads a proxy's URL. Without a scheme it is `http`; path, query and fragment mean nothing.
    ///
    /// User info becomes the credential if it has both a login and a `:`, as in Airflow.
    ///
    /// # Errors
    ///
    /// Kind [`Option`](ErrorKind::Option) if it is not the URL of an HTTP proxy. No part of it is repeated.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::options::Proxy;
    ///
    /// let proxy = Proxy::parse("http://me:p%40ss@proxy.example.org:3128/")?;
    /// assert_eq!(proxy.uri, "http://proxy.example.org:3128");
    /// assert_eq!(proxy.credential, Some(("me".to_owned(), "p@ss".into())));
    /// # Ok::<(), http_hook::Error>(())
    /// ```
    pub fn parse(url: &str) -> Result<Self, Error> {
        let with_scheme;
        let url = if url.contains("://") {
            url
        } else {
            with_scheme = format!("http://{url}");
            &with_scheme
        };
        let split = split_url(url).map_err(|error| {
            Error::new(ErrorKind::Option, format!("proxy: {}", error.message()))
        })?;
        let uri = format!("{}://{}", split.origin.scheme(), split.origin.authority());
        let credential = match split.user_info.and_then(|user| user.split_once(':')) {
            None | Some(("", _)) => None,
            Some((login, password)) => Some((decode(login), Secret::new(decode(password)))),
        };
        Ok(Self { uri, credential })
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

struct Reader<'a> {
    members: &'a Map<String, Value>,
    place: &'static str,
    /// Whether null is a value, or as good as absent.
    null_counts: bool,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn read(mut self) -> Result<Options, Vec<Problem>> {
        let (connect_timeout, read_timeout) = self.timeout();
        let options = Options {
            connect_timeout,
            head_timeout: read_timeout,
            idle_timeout: read_timeout,
            verify: self.verify(),
            cert: self.cert(),
            proxies: self.proxies(),
            stream: self.flag("stream"),
            allow_redirects: self.flag("allow_redirects"),
            max_redirects: self.max_redirects(),
            trust_env: self.flag("trust_env"),
            check_response: self.flag("check_response"),
            ..Options::default()
        };
        if self.problems.is_empty() { Ok(options) } else { Err(self.problems) }
    }

    /// Returns the member of the first of two names that is there, with the name it has.
    fn first(&self, name: &'static str, alias: &'static str) -> Option<(&'static str, &'a Value)> {
        let member = |name| self.members.get(name).map(|value| (name, value));
        member(name)
            .or_else(|| member(alias))
            .filter(|(_, value)| self.null_counts || !value.is_null())
    }

    fn member(&self, name: &'static str) -> Option<&'a Value> {
        self.first(name, name).map(|(_, value)| value)
    }

    fn refuse(&mut self, name: &str, message: &str, hint: &str) {
        self.problems.push(Problem::new(format!("{}.{name}", self.place), message).with_hint(hint));
    }

    fn flag(&self, name: &'static str) -> Option<bool> {
        self.member(name).map(is_truthy)
    }

    /// Returns the limits for connecting and for reading.
    fn timeout(&mut self) -> (Setting<Duration>, Setting<Duration>) {
        let Some(value) = self.member("timeout") else {
            return (Setting::Inherit, Setting::Inherit);
        };
        let limits = match value.as_array().map(Vec::as_slice) {
            None => to_limit(value).map(|limit| (limit, limit)),
            Some([connect, read]) => to_limit(connect).zip(to_limit(read)),
            Some(_) => None,
        };
        limits.unwrap_or_else(|| {
            self.refuse(
                "timeout",
                "not a number of seconds",
                "a number above 0, or [connect, read]",
            );
            (Setting::Inherit, Setting::Inherit)
        })
    }

    fn verify(&mut self) -> Setting<Verify> {
        match self.first("verify", "verify_ssl") {
            None => Setting::Inherit,
            Some((_, Value::Null)) => Setting::Unset,
            Some((_, Value::Bool(true))) => Setting::Set(Verify::System),
            Some((_, Value::String(path))) if !path.is_empty() => {
                Setting::Set(Verify::File(path.clone()))
            }
            Some((_, value)) if !is_truthy(value) => Setting::Set(Verify::Off),
            Some((name, _)) => {
                self.refuse(
                    name,
                    "of another type",
                    "true, false, or the path of a file with authorities",
                );
                Setting::Inherit
            }
        }
    }

    fn cert(&mut self) -> Setting<ClientCert> {
        let Some(value) = self.member("cert") else { return Setting::Inherit };
        if !is_truthy(value) {
            return Setting::Unset;
        }
        let cert = match value {
            Value::String(cert) => Some(ClientCert { cert: cert.clone(), key: None }),
            Value::Array(pair) => match pair.as_slice() {
                [Value::String(cert), Value::String(key)]
                    if !cert.is_empty() && !key.is_empty() =>
                {
                    Some(ClientCert { cert: cert.clone(), key: Some(key.clone()) })
                }
                [Value::String(cert), Value::Null] if !cert.is_empty() => {
                    Some(ClientCert { cert: cert.clone(), key: None })
                }
                _ => None,
            },
            _ => None,
        };
        cert.map_or_else(
            || {
                self.refuse("cert", "of another type", "a path, or [certificate, key]");
                Setting::Inherit
            },
            Setting::Set,
        )
    }

    fn proxies(&mut self) -> Setting<Proxies> {
        let members = match self.first("proxies", "proxy") {
            None => return Setting::Inherit,
            Some((_, Value::Null)) => return Setting::Unset,
            Some((_, Value::Object(members))) => members,
            Some((name, _)) => {
                self.refuse(name, "not an object", "as {\"all\": \"http://proxy:3128\"}");
                return Setting::Inherit;
            }
        };
        let mut proxies = Proxies::default();
        for (target, value) in members {
            match (target.as_str(), value) {
                (_, Value::Null) => {}
                ("no_proxy", Value::String(targets)) => match check_no_proxy(targets) {
                    Ok(()) => proxies.no_proxy = Some(targets.clone()),
                    Err(error) => self.refuse("proxies", error.message(), "as 10.1.2.3"),
                },
                (_, Value::String(url)) => {
                    match check_target(target).and_then(|()| Proxy::parse(url)) {
                        Ok(proxy) => proxies.by_target.push((target.clone(), proxy)),
                        Err(error) => {
                            self.refuse(
                                "proxies",
                                error.message(),
                                "as {\"all\": \"http://proxy:3128\"}",
                            );
                        }
                    }
                }
                _ => self.refuse("proxies", "a proxy that is not a text", "the URL of the proxy"),
            }
        }
        Setting::Set(proxies)
    }

    fn max_redirects(&mut self) -> Option<u32> {
        let count = match self.member("max_redirects")? {
            Value::Null => Some(MAX_REDIRECTS),
            Value::Bool(value) => Some(u32::from(*value)),
            // A negative limit is reached at once, as 0 is.
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(count), _) => Some(u32::try_from(count.max(0)).unwrap_or(u32::MAX)),
                (None, Some(_)) => Some(u32::MAX),
                (None, None) => None,
            },
            _ => None,
        };
        if count.is_none() {
            self.refuse("max_redirects", "not a whole number", "as 30");
        }
        count
    }
}

/// Reads one time limit; null is none.
fn to_limit(value: &Value) -> Option<Setting<Duration>> {
    if value.is_null() {
        return Some(Setting::Unset);
    }
    let limit = Duration::try_from_secs_f64(value.as_f64()?).ok()?;
    let is_legal = !limit.is_zero() && limit <= Options::MAX_TIMEOUT;
    is_legal.then_some(Setting::Set(limit))
}

/// Whether Python takes the value for true.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}
