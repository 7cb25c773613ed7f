//! OAuth 2.0 for machines ([RFC 6749]): client credentials and refresh tokens.
//!
//! ```text
//! OAuth2 ──request──▶ TokenRequest ──one more send──▶ answer ──read──▶ Token ──▶ Authorization: Bearer …
//! ```
//!
//! One flight for many calls is [`TokenSlot`](super::TokenSlot)'s matter.
//!
//! [RFC 6749]: https://www.rfc-editor.org/rfc/rfc6749

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use form_urlencoded::{Serializer, byte_serialize};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;

use crate::auth::basic::{basic, sensitive};
use crate::base::Secret;
use crate::base::Timestamp;
use crate::base::url::origin::split_url;
use crate::base::url::requote::requote;
use crate::base::{Error, ErrorKind};
use crate::base::{Origin, Scheme};

/// The largest answer of a token endpoint that is read, in bytes.
pub(super) const MAX_TOKEN_ANSWER: usize = 64 * 1024;
/// The longest time a token is believed to be good, whatever the server says.
const MAX_LIFE: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// How tokens are asked for. A plain record, with secrets that are never printed.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OAuth2 {
    /// Where tokens are asked for: an absolute URL, `https` unless [`allow_http`](Self::allow_http).
    pub token_url: String,
    /// What is shown for a token.
    pub grant: Grant,
    /// The client's name.
    pub client_id: String,
    /// The client's secret; a public client has none.
    pub client_secret: Option<Secret>,
    /// Where name and secret go.
    pub client_auth: ClientAuth,
    /// The scopes, parted by blanks.
    pub scope: Option<String>,
    /// Further fields of the form, such as `audience`.
    pub fields: Vec<(String, Secret)>,
    /// How long before its end a token is taken for expired. 30 s by default.
    pub skew: Duration,
    /// Whether the client's secret may go over a connection that is not encrypted.
    pub allow_http: bool,
}

/// Tells the endpoint's origin, the client and the scopes.
impl fmt::Debug for OAuth2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth2")
            .field("origin", &self.token_url.parse::<Origin>().ok())
            .field("grant", &self.grant)
            .finish_non_exhaustive()
    }
}

/// What is shown for a token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Grant {
    /// The client's own name and secret ([RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)).
    ClientCredentials,
    /// A refresh token ([RFC 6749 §6](https://www.rfc-editor.org/rfc/rfc6749#section-6)). A newer one, handed out
    /// with a token, takes its place.
    Refresh(Secret),
}

/// Where the client's name and secret go ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// Into `Authorization`, as every server must take it.
    #[default]
    Basic,
    /// Into the form.
    Body,
}

/// A token request, to be sent by POST. A redirect of it is not followed.
#[derive(Clone)]
#[non_exhaustive]
pub struct TokenRequest {
    /// The origin of the token endpoint. Nothing of the connection goes there.
    pub origin: Origin,
    /// Path and query of the token endpoint.
    pub path: PathAndQuery,
    /// Accept, Content-Type and, as sensitive, Authorization.
    pub headers: HeaderMap,
    /// The form. It holds secrets.
    pub body: Bytes,
}

/// Tells where it goes.
impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// A token, and how long it is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    access: Secret,
    refresh: Option<Secret>,
    expires: Option<Timestamp>,
}

impl OAuth2 {
    /// Makes the grant of client credentials, with the defaults for the rest.
    pub fn client_credentials(
        token_url: impl Into<String>,
        id: impl Into<String>,
        secret: Secret,
    ) -> Self {
        Self {
            token_url: token_url.into(),
            grant: Grant::ClientCredentials,
            client_id: id.into(),
            client_secret: Some(secret),
            client_auth: ClientAuth::default(),
            scope: None,
            fields: Vec::new(),
            skew: Duration::from_secs(30),
            allow_http: false,
        }
    }

    /// Makes the grant of a refresh token, for a public client unless `client_secret` is set.
    pub fn refresh(token_url: impl Into<String>, id: impl Into<String>, token: Secret) -> Self {
        let mut own = Self::client_credentials(token_url, id, Secret::new(""));
        own.client_secret = None;
        own.grant = Grant::Refresh(token);
        own
    }

    /// Makes the token request. `last` is the token before this one: its refresh token is the one to show now.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Auth`] if the URL is none, has user info, or is `http` and that is not allowed, or if name or
    /// secret cannot be encoded.
    pub fn request(&self, last: Option<&Token>) -> Result<TokenRequest, Error> {
        let (origin, path) = self.endpoint()?;
        let mut form = Serializer::new(String::new());
        match &self.grant {
            Grant::ClientCredentials => {
                form.append_pair("grant_type", "client_credentials");
            }
            Grant::Refresh(first) => {
                let token = last.and_then(|token| token.refresh.as_ref()).unwrap_or(first);
                form.append_pair("grant_type", "refresh_token");
                form.append_pair("refresh_token", token.expose());
            }
        }
        if let Some(scope) = &self.scope {
            form.append_pair("scope", scope);
        }
        for (name, value) in &self.fields {
            form.append_pair(name, value.expose());
        }

        let mut headers = HeaderMap::with_capacity(3);
        match (&self.client_secret, self.client_auth) {
            (Some(secret), ClientAuth::Basic) => {
                let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let secret = Secret::new(encode(secret.expose()));
                headers.insert(AUTHORIZATION, basic(&encode(&self.client_id), &secret)?);
            }
            (Some(secret), ClientAuth::Body) => {
                form.append_pair("client_id", &self.client_id);
                form.append_pair("client_secret", secret.expose());
            }
            (None, _) => {
                form.append_pair("client_id", &self.client_id);
            }
        }
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, kind);
        Ok(TokenRequest { origin, path, headers, body: form.finish().into() })
    }
}

impl OAuth2 {
    /// Reads the URL of the token endpoint.
    pub(super) fn endpoint(&self) -> Result<(Origin, PathAndQuery), Error> {
        let wrong = |why: &str| Error::new(ErrorKind::Auth, format!("auth.token_url: {why}"));
        let split = split_url(&self.token_url).map_err(|error| wrong(error.message()))?;
        if split.user_info.is_some() {
            return Err(wrong("user info does not belong there"));
        }
        if split.origin.scheme() == Scheme::Http && !self.allow_http {
            return Err(wrong("would send the client's secret unencrypted"));
        }
        let path = PathAndQuery::try_from(requote(split.rest, ""));
        Ok((split.origin, path.map_err(|_| wrong("it does not make a URL"))?))
    }
}

impl Token {
    /// Makes a token, good until `expires` or, without that, until it is refused.
    #[must_use]
    pub const fn new(access: Secret, expires: Option<Timestamp>) -> Self {
        Self { access, refresh: None, expires }
    }

    /// Reads the response of a token endpoint ([RFC 6749 §5]), received at `now`.
    ///
    /// `expires_in` counts seconds, also where it is written as text, and is cut at 400 days. `last` is the token
    /// before this one: its refresh token stays where no newer one is handed out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Auth`] if the server refused, with its reason where that is one of the standard's, or if the
    /// answer is no bearer token; [`ErrorKind::Limit`] past 64 KiB.
    ///
    /// [RFC 6749 §5]: https://www.rfc-editor.org/rfc/rfc6749#section-5
    pub fn read(
        status: StatusCode,
        body: &[u8],
        last: Option<&Self>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        if body.len() > MAX_TOKEN_ANSWER {
            return Err(Error::new(
                ErrorKind::Limit,
                "auth: the token answer is larger than 64 KiB",
            ));
        }
        let answer = serde_json::from_slice(body).unwrap_or(Value::Null);
        if !status.is_success() {
            let reason = answer.get("error").and_then(Value::as_str).and_then(standard_reason);
            let says = reason.unwrap_or("no reason that the standard knows");
            let says =
                format!("auth: the token request was refused with {}: {says}", status.as_u16());
            return Err(Error::new(ErrorKind::Auth, says));
        }
        let text =
            |name: &str| answer.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let access = text("access_token").ok_or_else(|| unusable("has no access_token"))?;
        if !text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
            return Err(unusable("is of a type other than bearer"));
        }
        let token = Self {
            access: Secret::new(access),
            refresh: text("refresh_token")
                .map(Secret::new)
                .or_else(|| last.and_then(|token| token.refresh.clone())),
            expires: answer.get("expires_in").and_then(seconds).map(|life| now.after(life)),
        };
        token.header()?;
        Ok(token)
    }

    /// Adds a refresh token, as when a token comes out of a [cache](super::TokenCache).
    #[must_use]
    pub fn with_refresh(mut self, refresh: Secret) -> Self {
        self.refresh = Some(refresh);
        self
    }

    /// Returns the token itself.
    #[must_use]
    pub const fn access(&self) -> &Secret {
        &self.access
    }

    /// Returns the refresh token that came with it.
    #[must_use]
    pub const fn refresh(&self) -> Option<&Secret> {
        self.refresh.as_ref()
    }

    /// Makes the value of `Authorization`, marked as sensitive.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Auth`] if the token holds a character that no header may hold.
    pub fn header(&self) -> Result<HeaderValue, Error> {
        bearer(&self.access)
    }

    /// Whether the token is good for `skew` from `now` on, as far as its server said.
    #[must_use]
    pub fn is_fresh(&self, skew: Duration, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now.after(skew) < expires)
    }

    /// Tells when the token ends, if the server said.
    #[must_use]
    pub const fn expires(&self) -> Option<Timestamp> {
        self.expires
    }
}

/// Makes `Bearer <token>`, marked as sensitive.
pub(super) fn bearer(token: &Secret) -> Result<HeaderValue, Error> {
    sensitive(&format!("Bearer {}", token.expose()))
}

fn seconds(value: &Value) -> Option<Duration> {
    let number = match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.map(|seconds| Duration::from_secs(seconds).min(MAX_LIFE))
}

/// Cuts a fraction off; what is negative is no time at all.
fn whole(number: f64) -> Option<u64> {
    let life = Duration::try_from_secs_f64(number.clamp(0.0, MAX_LIFE.as_secs_f64()));
    life.ok().map(|life| life.as_secs())
}

/// The reasons of the standard: anything else might quote a secret back.
fn standard_reason(reason: &str) -> Option<&'static str> {
    let all = [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "invalid_target",
        "temporarily_unavailable",
        "server_error",
        "slow_down",
    ];
    all.into_iter().find(|known| *known == reason)
}

fn unusable(why: &str) -> Error {
    Error::new(ErrorKind::Auth, format!("auth: the token answer {why}"))
}
