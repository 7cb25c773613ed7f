//! Digest authentication ([RFC 7616]): proves the password without sending it.
//!
//! ```text
//! 401, Digest realm nonce  ─▶  DigestSession  ──answer──▶  Authorization: Digest response="…"
//!          stale, nextnonce ──────▲  (nonce changes, count starts again)
//! ```
//!
//! [RFC 7616]: https://www.rfc-editor.org/rfc/rfc7616

use std::fmt;
use std::fmt::Write as _;

use http::{HeaderValue, Method};
use md5::{Digest as _, Md5};
use sha2::{Sha256, Sha512_256};

use crate::auth::basic::sensitive;
use crate::auth::challenge::{Challenge, parameters};
use crate::base::Secret;
use crate::base::chance;
use crate::base::{Error, ErrorKind};

/// What a session of Digest authentication knows: the challenge, and how often its nonce was used.
///
/// It belongs to the origin that challenged, and goes nowhere else.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct DigestSession {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Option<Algorithm>,
    qop: Option<Qop>,
    userhash: bool,
    count: u32,
    seed: u64,
    fixed: Option<String>,
    /// The nonces that `-sess` was started with: they stay while the session lasts.
    first: Option<(String, String)>,
}

/// Tells neither nonce nor realm: they are the server's to publish.
impl fmt::Debug for DigestSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigestSession")
            .field("algorithm", &self.algorithm)
            .field("qop", &self.qop)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Md5,
    Sha256,
    Sha512_256,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Algorithm {
    hash: Hash,
    session: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Qop {
    Auth,
    AuthInt,
}

impl DigestSession {
    /// Takes up the first challenge that can be answered, as [RFC 7616 §3.7] wants; none gives `None`.
    ///
    /// Algorithms: MD5, SHA-256, SHA-512-256, each also as `-sess`, compared without case; no algorithm is MD5.
    /// Quality of protection: `auth`, else `auth-int`, else none where the server names none.
    /// `seed` decides the client's nonces.
    ///
    /// [RFC 7616 §3.7]: https://www.rfc-editor.org/rfc/rfc7616#section-3.7
    #[must_use]
    pub(super) fn start(challenges: &[Challenge], seed: u64) -> Option<Self> {
        challenges.iter().find_map(|challenge| Self::read(challenge, seed))
    }

    fn read(challenge: &Challenge, seed: u64) -> Option<Self> {
        if challenge.scheme != "digest" {
            return None;
        }
        // What is empty is as good as missing, as in the original.
        let said = |name: &str| {
            challenge
                .parameter(name)
                .filter(|value| !value.trim_matches([',', ' ', '\t']).is_empty())
        };
        Some(Self {
            realm: challenge.parameter("realm")?.to_owned(),
            nonce: challenge.parameter("nonce")?.to_owned(),
            opaque: said("opaque").map(str::to_owned),
            algorithm: match said("algorithm") {
                Some(name) => Some(Algorithm::read(name)?),
                None => None,
            },
            qop: match said("qop") {
                Some(offered) => Some(Qop::choose(offered)?),
                None => None,
            },
            userhash: is_true(challenge.parameter("userhash")),
            count: 0,
            seed,
            fixed: None,
            first: None,
        })
    }

    /// Uses this client nonce in place of those from the seed, as a test vector needs it.
    #[cfg(test)]
    pub(super) fn with_client_nonce(mut self, nonce: impl Into<String>) -> Self {
        self.fixed = Some(nonce.into());
        self
    }

    /// Takes a new nonce from a challenge that says the old one is `stale`, and tells whether it did.
    ///
    /// `false` means that login or password are wrong: asking again would be of no use.
    pub(super) fn renew(&mut self, challenges: &[Challenge]) -> bool {
        let stale = challenges.iter().find_map(|challenge| {
            let fresh = Self::read(challenge, self.seed)?;
            let same = fresh.realm == self.realm && fresh.nonce != self.nonce;
            (same && is_true(challenge.parameter("stale"))).then_some(fresh)
        });
        match stale {
            Some(fresh) => {
                let seed = self.seed.wrapping_add(u64::from(self.count)).wrapping_add(1);
                *self = Self { seed, fixed: self.fixed.take(), ..fresh };
                true
            }
            None => false,
        }
    }

    /// Takes the `nextnonce` of an `Authentication-Info` field ([RFC 7616 §3.5]); anything else changes nothing.
    ///
    /// [RFC 7616 §3.5]: https://www.rfc-editor.org/rfc/rfc7616#section-3.5
    pub(super) fn take_next_nonce(&mut self, authentication_info: &[u8]) {
        let Ok(all) = parameters(authentication_info) else { return };
        let next = all.into_iter().find(|(name, _)| name == "nextnonce");
        if let Some((_, nonce)) = next.filter(|(_, nonce)| !nonce.is_empty()) {
            self.seed = self.seed.wrapping_add(u64::from(self.count)).wrapping_add(1);
            self.nonce = nonce;
            self.count = 0;
        }
    }

    /// Makes the value of `Authorization` for one request, marked as sensitive.
    ///
    /// `target` is path and query as sent. `body` is `None` if it is not at hand.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Auth`] if the server wants the body protected (`auth-int`) and it is not at hand, or if a
    /// text cannot stand in a header.
    pub(super) fn answer(
        &mut self,
        login: &str,
        password: &Secret,
        method: &Method,
        target: &str,
        body: Option<&[u8]>,
    ) -> Result<HeaderValue, Error> {
        self.count = self.count.saturating_add(1);
        // A session keeps its client nonce: servers differ in whether they take the first or the latest one.
        let client = match (&self.fixed, &self.first) {
            (Some(fixed), _) => fixed.clone(),
            (None, Some((_, first))) => first.clone(),
            (None, None) => chance::hex(self.seed, u64::from(self.count)),
        };
        let hash = self.algorithm.map_or(Hash::Md5, |algorithm| algorithm.hash);

        let mut who = hash.of(&[login, &self.realm, password.expose()]);
        if self.algorithm.is_some_and(|algorithm| algorithm.session) {
            let first = self.first.get_or_insert_with(|| (self.nonce.clone(), client.clone()));
            who = hash.of(&[&who, &first.0, &first.1]);
        }
        let what = match self.qop {
            Some(Qop::AuthInt) => {
                let body = body.ok_or_else(|| {
                    let says = "digest: the server wants the body protected, and it is not at hand";
                    Error::new(ErrorKind::Auth, says)
                })?;
                hash.of(&[method.as_str(), target, &hash.of_bytes(body)])
            }
            _ => hash.of(&[method.as_str(), target]),
        };
        let count = format!("{:08x}", self.count);
        let response = match self.qop {
            Some(qop) => hash.of(&[&who, &self.nonce, &count, &client, qop.name(), &what]),
            None => hash.of(&[&who, &self.nonce, &what]),
        };

        let mut text = String::from("Digest ");
        if self.userhash {
            quoted(&mut text, "username", &hash.of(&[login, &self.realm]));
        } else if login.is_ascii() {
            quoted(&mut text, "username", login);
        } else {
            extended(&mut text, login);
        }
        for (name, value) in [("realm", &*self.realm), ("nonce", &self.nonce), ("uri", target)] {
            text.push_str(", ");
            quoted(&mut text, name, value);
        }
        text.push_str(", ");
        quoted(&mut text, "response", &response);
        if let Some(algorithm) = self.algorithm {
            text.push_str(", algorithm=");
            text.push_str(algorithm.name());
        }
        if let Some(opaque) = &self.opaque {
            text.push_str(", ");
            quoted(&mut text, "opaque", opaque);
        }
        if let Some(qop) = self.qop {
            // Writing to a String cannot fail.
            let _ = write!(text, ", qop={}, nc={count}, ", qop.name());
            quoted(&mut text, "cnonce", &client);
        } else if self.first.is_some() {
            text.push_str(", ");
            quoted(&mut text, "cnonce", &client);
        }
        if self.userhash {
            text.push_str(", userhash=true");
        }
        // What the server sent is sent back: clients fail on anything else in a header.
        if !text.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')) {
            let says =
                "digest: the challenge holds characters that no header of a request may hold";
            return Err(Error::new(ErrorKind::Auth, says));
        }
        sensitive(&text)
    }
}

impl Algorithm {
    fn read(name: &str) -> Option<Self> {
        let all = [
            ("MD5", Hash::Md5, false),
            ("MD5-sess", Hash::Md5, true),
            ("SHA-256", Hash::Sha256, false),
            ("SHA-256-sess", Hash::Sha256, true),
            ("SHA-512-256", Hash::Sha512_256, false),
            ("SHA-512-256-sess", Hash::Sha512_256, true),
        ];
        let found = all.into_iter().find(|(own, ..)| own.eq_ignore_ascii_case(name));
        found.map(|(_, hash, session)| Self { hash, session })
    }

    const fn name(self) -> &'static str {
        match (self.hash, self.session) {
            (Hash::Md5, false) => "MD5",
            (Hash::Md5, true) => "MD5-sess",
            (Hash::Sha256, false) => "SHA-256",
            (Hash::Sha256, true) => "SHA-256-sess",
            (Hash::Sha512_256, false) => "SHA-512-256",
            (Hash::Sha512_256, true) => "SHA-512-256-sess",
        }
    }
}

impl Qop {
    fn choose(offered: &str) -> Option<Self> {
        let has = |name: &str| offered.split(',').any(|one| one.trim().eq_ignore_ascii_case(name));
        [Self::Auth, Self::AuthInt].into_iter().find(|qop| has(qop.name()))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
}

impl Hash {
    /// Hashes texts with colons between.
    fn of(self, texts: &[&str]) -> String {
        self.of_bytes(texts.join(":").as_bytes())
    }

    fn of_bytes(self, bytes: &[u8]) -> String {
        match self {
            Self::Md5 => hex(Md5::digest(bytes).as_ref()),
            Self::Sha256 => hex(Sha256::digest(bytes).as_ref()),
            Self::Sha512_256 => hex(Sha512_256::digest(bytes).as_ref()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn is_true(value: Option<&str>) -> bool {
    value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

fn quoted(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push_str("=\"");
    for character in value.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}

/// Writes `username*` for a login beyond ASCII ([RFC 7616 §3.4](https://www.rfc-editor.org/rfc/rfc7616#section-3.4)).
fn extended(out: &mut String, login: &str) {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    out.push_str("username*=UTF-8''");
    out.extend(utf8_percent_encode(login, NON_ALPHANUMERIC));
}
