//! Signature version 4 of AWS, as a scheme of the core.

use std::fmt::{self, Write as _};

use hmac::{Hmac, KeyInit, Mac};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Request};
use http_hook::auth::{Authenticate, Credentials};
use http_hook::body::Payload;
use http_hook::{Error, ErrorKind, Secret, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest, Sha256};

/// What stays as it is: RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~');
const IN_PATH: &AsciiSet = &ENCODED.remove(b'/');

/// Signs requests as AWS asks for it ([signature version 4](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html)).
///
/// Each attempt is signed anew, with its own time. Signed are the method, path, query, body, host, `Content-Type` and all `x-amz-`
/// headers. The body has to be in memory. S3 signs paths in another way, and is not supported.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use http_hook::{Connection, Hook};
/// use http_hook::auth::AuthScheme;
/// use http_hook_sources::aws::SigV4;
///
/// let keys = SigV4::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "iam");
/// let connection = Connection::new().with_host("https://iam.amazonaws.com");
/// let hook = Hook::builder(&connection).auth(AuthScheme::Custom(Arc::new(keys))).build()?;
/// # let _ = hook;
/// # Ok::<(), http_hook::hook::HookError>(())
/// ```
#[derive(Clone)]
pub struct SigV4 {
    key_id: String,
    key: Secret,
    session: Option<Secret>,
    region: String,
    service: String,
}

/// Names region and service.
impl fmt::Debug for SigV4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigV4")
            .field("region", &self.region)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

impl SigV4 {
    /// Takes an access key, and the region and service that it is used for.
    pub fn new(
        key_id: impl Into<String>,
        key: impl Into<Secret>,
        region: impl Into<String>,
        service: impl Into<String>,
    ) -> Self {
        Self {
            key_id: key_id.into(),
            key: key.into(),
            session: None,
            region: region.into(),
            service: service.into(),
        }
    }

    /// Sends the token of a session with temporary keys.
    #[must_use]
    pub fn session_token(mut self, token: impl Into<Secret>) -> Self {
        self.session = Some(token.into());
        self
    }
}

impl Authenticate for SigV4 {
    fn authorize(
        &self,
        request: &Request<Payload>,
        _seed: u64,
        now: Timestamp,
    ) -> Result<Credentials, Error> {
        let wrong = |message: &'static str| Error::new(ErrorKind::Auth, message);
        let Payload::Bytes(body) = request.body() else {
            return Err(wrong("sigv4: the body has to be in memory"));
        };
        let date = date(now);
        let day = date.get(..8).unwrap_or_default();
        let mut added: Vec<(HeaderName, HeaderValue)> = Vec::new();
        let mut add = |name: &'static str, value: &str| {
            let value = HeaderValue::from_str(value)
                .map_err(|_| wrong("sigv4: not the value of a header"))?;
            added.push((HeaderName::from_static(name), value));
            Ok::<(), Error>(())
        };
        add("x-amz-date", &date)?;
        if let Some(session) = &self.session {
            add("x-amz-security-token", session.expose())?;
        }
        let uri = request.uri();
        let host = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok());
        let host = host.or_else(|| uri.authority().map(http::uri::Authority::as_str));
        let host = host.ok_or_else(|| wrong("sigv4: the request has no host"))?;
        let host = default_port_off(host, uri.scheme_str());

        let mut headers = vec![("host".to_owned(), host.to_ascii_lowercase())];
        for (name, value) in
            request.headers().iter().chain(added.iter().map(|(name, value)| (name, value)))
        {
            let is_new = |(own, _): &&(HeaderName, HeaderValue)| own == name;
            let is_replaced =
                added.iter().find(is_new).is_some_and(|(_, new)| !std::ptr::eq(new, value));
            if (name.as_str().starts_with("x-amz-") || name == CONTENT_TYPE) && !is_replaced {
                let value =
                    value.to_str().map_err(|_| wrong("sigv4: a header that is not ASCII"))?;
                let words: Vec<&str> = value.split(' ').filter(|word| !word.is_empty()).collect();
                headers.push((name.as_str().to_owned(), words.join(" ")));
            }
        }
        // The values of a name that comes several times are one, in their order.
        headers.sort_by(|(one, _), (other, _)| one.cmp(other));
        headers.dedup_by(|(name, value), (last, all)| {
            let is_one = name == last;
            if is_one {
                all.extend([",", value]);
            }
            is_one
        });
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let mut canonical = format!(
            "{}\n{}\n{}\n",
            request.method(),
            canonical_path(uri.path()),
            canonical_query(uri.query().unwrap_or_default())
        );
        for (name, value) in &headers {
            // Writing to a String cannot fail.
            let _ = writeln!(canonical, "{name}:{value}");
        }
        let _ = write!(canonical, "\n{names}\n{}", hex(&Sha256::digest(body)));
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let to_sign =
            format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let mut key = sign(format!("AWS4{}", self.key.expose()).as_bytes(), day);
        for part in [self.region.as_str(), self.service.as_str(), "aws4_request"] {
            key = sign(&key, part);
        }
        let signature = hex(&sign(&key, &to_sign));
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.key_id
        );
        let value =
            HeaderValue::from_str(&value).map_err(|_| wrong("sigv4: not the value of a header"))?;
        added.push((AUTHORIZATION, value));
        Ok(Credentials::Headers(added))
    }
}

/// As it stands in `Host`: without the port that the scheme has anyway.
fn default_port_off<'a>(host: &'a str, scheme: Option<&str>) -> &'a str {
    let port = match scheme {
        Some("https") => ":443",
        Some("http") => ":80",
        _ => return host,
    };
    host.strip_suffix(port).unwrap_or(host)
}

fn canonical_path(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1).filter(|segment| !matches!(*segment, "" | ".")) {
        if segment == ".." {
            segments.pop();
        } else {
            segments.push(segment);
        }
    }
    let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    // What the request has is encoded once already; the second time is asked for.
    percent_encode(format!("/{}{end}", segments.join("/")).as_bytes(), IN_PATH).to_string()
}

fn canonical_query(query: &str) -> String {
    let again = |text: &str| {
        percent_encode(&percent_decode_str(text).collect::<Vec<u8>>(), ENCODED).to_string()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<(String, String)> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (again(name), again(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    // A key of any length will do, so that this cannot fail.
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("any length is one");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// A time as `20150830T123600Z`.
fn date(now: Timestamp) -> String {
    let seconds = now.since_epoch().as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days into years of 400, 100, 4 and 1, from the first of March of the year 0 on.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, year) = (day - (153 * month + 2) / 5 + 1, year + era * 400);
    let (month, year) = if month < 10 { (month + 3, year) } else { (month - 9, year + 1) };
    format!(
        "{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// 30 August 2015, 12:36:00.
    const THEN: Timestamp = Timestamp::new(Duration::from_secs(1_440_938_160));

    /// The test suite of AWS's signature version 4 (`aws-sig-v4-test-suite`), as far as requests can be written so.
    #[test]
    fn signatures_are_those_of_the_published_vectors() {
        let keys = SigV4::new(
            "AKIDEXAMPLE",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "us-east-1",
            "service",
        );
        let form = Some("application/x-www-form-urlencoded");
        #[rustfmt::skip]
        let rows = [
            ("get-vanilla", "GET", "/", None, "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1", None, "", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
            ("get-vanilla-empty-query-key", "GET", "/?Param1=value1", None, "", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
            ("get-unreserved", "GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", None, "", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
            ("get-slash", "GET", "//", None, "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("get-relative", "GET", "/example/..", None, "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("post-vanilla", "POST", "/", None, "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            ("post-vanilla-query", "POST", "/?Param1=value1", None, "", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
            ("post-x-www-form-urlencoded", "POST", "/", form, "Param1=value1", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
        ];
        for (name, method, target, kind, body, signature) in rows {
            let request = Request::builder()
                .method(method)
                .uri(format!("https://example.amazonaws.com{target}"));
            let request = kind
                .into_iter()
                .fold(request, |request, kind| request.header("content-type", kind));
            let request = request.body(Payload::from(bytes::Bytes::from(body))).unwrap();
            assert_eq!(signature_of(&keys, &request), signature, "{name}");
        }
    }

    /// The example of AWS's documentation.
    #[test]
    fn the_signature_of_the_documented_request_is_the_documented_one() {
        let keys = SigV4::new(
            "AKIDEXAMPLE",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "us-east-1",
            "iam",
        );
        let request =
            Request::get("https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08")
                .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
                .body(Payload::EMPTY)
                .unwrap();
        let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        assert_eq!(signature_of(&keys, &request), signature);
    }

    fn signature_of(keys: &SigV4, request: &Request<Payload>) -> String {
        let Credentials::Headers(headers) = keys.authorize(request, 0, THEN).unwrap() else {
            panic!("no headers")
        };
        assert_eq!(headers[0].1, "20150830T123600Z");
        let (_, value) = headers.last().unwrap();
        value.to_str().unwrap().rsplit_once("Signature=").unwrap().1.to_owned()
    }

    #[test]
    fn what_comes_several_times_is_signed_as_one() {
        let keys = SigV4::new("AKIDEXAMPLE", "wJalrXUtnFEMI", "us-east-1", "service");
        let signature = |values: &[&str]| {
            let mut request = Request::get("https://h.test/").header("x-amz-a", "0");
            for value in values {
                request = request.header("x-amz-meta", *value);
            }
            signature_of(&keys, &request.body(Payload::EMPTY).unwrap())
        };
        assert_eq!(signature(&["b", "a  c"]), signature(&["b,a c"]));
        assert_ne!(signature(&["b", "a"]), signature(&["a", "b"]));
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        let rows = [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (4_107_542_400, "21000301T000000Z"),
        ];
        for (seconds, text) in rows {
            assert_eq!(date(Timestamp::new(Duration::from_secs(seconds))), text);
        }
    }

    #[test]
    fn nothing_of_the_keys_is_shown() {
        let keys = SigV4::new("AKID-canary", "canary", "us-east-1", "iam").session_token("canary");
        assert!(!format!("{keys:?}").contains("canary"));
    }
}
