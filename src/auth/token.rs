//! A token, and what a token endpoint says.

use std::time::Duration;

use http::{HeaderValue, StatusCode};
use serde_json::Value;

use crate::auth::basic::sensitive;
use crate::base::json::unmarked;
use crate::base::{Error, ErrorKind, Secret, Timestamp, size};

/// The largest answer of a token endpoint that is read, in bytes.
pub(crate) const MAX_ANSWER: u64 = 64 * 1024;
/// The longest time a token is believed to be good, whatever the server says.
const MAX_LIFE: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// A token, and how long it is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    access: Secret,
    refresh: Option<Secret>,
    expires: Option<Timestamp>,
    /// How long it was good for when it came, if that is known.
    life: Option<Duration>,
}

impl Token {
    /// Makes a token, good until `expires` or, without that, until it is refused.
    #[must_use]
    pub const fn new(access: Secret, expires: Option<Timestamp>) -> Self {
        Self { access, refresh: None, expires, life: None }
    }

    /// Reads the response of a token endpoint ([RFC 6749 §5]), received at `now`.
    ///
    /// `expires_in` counts seconds, also where it is written as text, and is cut at 400 days. A `token_type` that is missing,
    /// null or empty stands for `Bearer`. `last` is the token before this one: its refresh token stays where no newer one
    /// is handed out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Auth`] if the server refused, whatever the status, with its reason where that is a [registered] one, or if
    /// the answer is no bearer token; [`ErrorKind::Limit`] past 64 KiB. Nothing else that the server said is repeated.
    ///
    /// [RFC 6749 §5]: https://www.rfc-editor.org/rfc/rfc6749#section-5
    /// [registered]: https://www.iana.org/assignments/oauth-parameters/oauth-parameters.xhtml#extensions-error
    pub fn read(
        status: StatusCode,
        body: &[u8],
        last: Option<&Self>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        Self::read_typed(status, body, last, false, now)
    }

    /// The same; `typed`: an answer without a `token_type` is refused.
    pub(super) fn read_typed(
        status: StatusCode,
        body: &[u8],
        last: Option<&Self>,
        typed: bool,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let unusable = |why: &str| {
            let status = status.as_u16();
            Error::new(
                ErrorKind::Auth,
                format!("auth: the token answer with status {status} {why}"),
            )
        };
        if size(body.len()) > MAX_ANSWER {
            let why = format!(
                "auth: the token answer with status {} is larger than 64 KiB",
                status.as_u16()
            );
            return Err(Error::new(ErrorKind::Limit, why));
        }
        let answer = serde_json::from_slice(unmarked(body)).unwrap_or(Value::Null);
        let says_error = answer.get("error").is_some_and(|error| !is_nothing(error));
        if !status.is_success() || says_error {
            let reason = answer.get("error").and_then(Value::as_str).and_then(registered);
            let says = reason.unwrap_or("no reason that the standard knows");
            let says =
                format!("auth: the token request was refused with {}: {says}", status.as_u16());
            return Err(Error::new(ErrorKind::Auth, says));
        }
        let text =
            |name: &str| answer.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let access = text("access_token").ok_or_else(|| unusable("has no access_token"))?;
        match answer.get("token_type") {
            Some(Value::String(kind)) if kind.trim().eq_ignore_ascii_case("bearer") => {}
            kind if kind.is_none_or(is_nothing) => {
                if typed {
                    return Err(unusable("has no token_type, which the scheme requires"));
                }
            }
            Some(Value::String(_)) => return Err(unusable("is of a type other than bearer")),
            _ => return Err(unusable("has a token_type that is no text")),
        }
        let life = answer.get("expires_in").and_then(seconds);
        let token = Self {
            access: Secret::new(access),
            refresh: text("refresh_token")
                .map(Secret::new)
                .or_else(|| last.and_then(|token| token.refresh.clone())),
            expires: life.map(|life| now.after(life)),
            life,
        };
        if token.header().is_err() {
            return Err(unusable("has an access_token that no header may hold"));
        }
        Ok(token)
    }

    /// Adds a refresh token, as when a token comes out of a [cache](super::TokenCache).
    #[must_use]
    pub fn with_refresh(mut self, refresh: Secret) -> Self {
        self.refresh = Some(refresh);
        self
    }

    /// Says how long the token was good for when it came, as when it comes out of a [cache](super::TokenCache): one that was never good for
    /// as long as a scheme's [`skew`](super::OAuth2::skew) is of use until its end.
    #[must_use]
    pub const fn with_life(mut self, life: Duration) -> Self {
        self.life = Some(life);
        self
    }

    /// Returns how long it was good for when it came, if its server said.
    #[must_use]
    pub const fn life(&self) -> Option<Duration> {
        self.life
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

    /// Whether the token is good for `skew` from `now` on, as far as its server said; one that was never good for that long is
    /// taken for good until its end. One that would be good for longer than it ever was came by a clock that went wrong, and is not.
    #[must_use]
    pub fn is_fresh(&self, skew: Duration, now: Timestamp) -> bool {
        let short = self.life.is_some_and(|life| life <= skew);
        let skew = if short { Duration::ZERO } else { skew };
        self.expires
            .is_none_or(|expires| now.after(skew) < expires && expires.is_within(self.life, now))
    }

    /// Tells when the token ends, if the server said.
    #[must_use]
    pub const fn expires(&self) -> Option<Timestamp> {
        self.expires
    }
}

/// Makes `Bearer <token>`, marked as sensitive.
///
/// # Errors
///
/// The token is empty, or no header may hold it.
pub(super) fn bearer(token: &Secret) -> Result<HeaderValue, Error> {
    if token.expose().trim().is_empty() {
        return Err(Error::new(ErrorKind::Auth, "auth: the token is empty"));
    }
    sensitive(&format!("Bearer {}", token.expose()))
}

fn seconds(value: &Value) -> Option<Duration> {
    let number = match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| whole(text.parse().ok()?))
        }
        _ => None,
    };
    number.map(|seconds| Duration::from_secs(seconds).min(MAX_LIFE))
}

/// Cuts a fraction off; what is negative is no time at all.
fn whole(number: f64) -> Option<u64> {
    let life = Duration::try_from_secs_f64(number.clamp(0.0, MAX_LIFE.as_secs_f64()));
    life.ok().map(|life| life.as_secs())
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
        Value::Bool(true) => false,
    }
}

/// A reason that is registered with IANA, all of RFC 6749, 7009, 8628 and their kin: anything else might quote a secret back.
fn registered(reason: &str) -> Option<&'static str> {
    REASONS.into_iter().find(|known| known.eq_ignore_ascii_case(reason.trim()))
}

const REASONS: [&str; 43] = [
    "access_denied",
    "account_selection_required",
    "authorization_pending",
    "consent_required",
    "expired_login_hint_token",
    "expired_token",
    "incompatible_ace_profiles",
    "insufficient_scope",
    "insufficient_user_authentication",
    "interaction_required",
    "invalid_authorization_details",
    "invalid_binding_message",
    "invalid_client",
    "invalid_client_metadata",
    "invalid_dpop_proof",
    "invalid_grant",
    "invalid_redirect_uri",
    "invalid_request",
    "invalid_request_object",
    "invalid_request_uri",
    "invalid_scope",
    "invalid_software_statement",
    "invalid_target",
    "invalid_token",
    "invalid_user_code",
    "login_required",
    "missing_user_code",
    "registration_not_supported",
    "request_not_supported",
    "request_uri_not_supported",
    "server_error",
    "slow_down",
    "temporarily_unavailable",
    "transaction_failed",
    "unapproved_software_statement",
    "unauthorized_client",
    "unknown_user_id",
    "unmet_authentication_requirements",
    "unsupported_grant_type",
    "unsupported_pop_key",
    "unsupported_response_type",
    "unsupported_token_type",
    "use_dpop_nonce",
];
