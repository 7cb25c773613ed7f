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
use http::{HeaderMap, HeaderValue};

use crate::auth::basic::basic;
use crate::auth::token::Token;
use crate::base::Secret;
use crate::base::url::origin::split_url;
use crate::base::url::requote::requote;
use crate::base::{Error, ErrorKind};
use crate::base::{Origin, Scheme};
use crate::options::Verify;

/// How tokens are asked for. A plain record, with secrets that are never printed.
///
/// A token is fetched before the first call, once for all calls of the [hook](crate::hook::HookBuilder::auth) and its clones, and anew before it
/// expires. One that the API refuses by a 401 is fetched anew as well, and the request is sent once more, without any retries being set, if
/// its body can be sent again. [`token_cache`](crate::hook::HookBuilder::token_cache) keeps tokens for other processes.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OAuth2 {
    /// Where tokens are asked for: an absolute URL, `https` unless [`allow_http`](Self::allow_http).
    pub token_url: String,
    /// The refresh token that is shown for a token ([RFC 6749 §6](https://www.rfc-editor.org/rfc/rfc6749#section-6)); a newer one,
    /// handed out with a token, takes its place. `None`: the client's own name and secret are shown
    /// ([§4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)).
    pub refresh_token: Option<Secret>,
    /// The client's name.
    pub client_id: String,
    /// The client's secret; a public client has none.
    pub client_secret: Option<Secret>,
    /// Whether name and secret go into the form ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)). By
    /// default they go into `Authorization`, as every server must take it.
    pub secret_in_form: bool,
    /// The scopes, parted by blanks.
    pub scope: Option<String>,
    /// Further fields of the form, such as `audience` and `resource`.
    pub fields: Vec<(String, Secret)>,
    /// How long before its end a token is taken for expired. 30 s by default. One that lives no longer than this is used until
    /// its end.
    pub skew: Duration,
    /// How the certificate of the token endpoint is verified; `None`, the default: as the hook says, not the call. A check that is
    /// switched off for the API holds at the API's origin alone.
    pub verify: Option<Verify>,
    /// Whether an answer without a `token_type` is refused. By default it stands for a bearer token.
    pub require_token_type: bool,
    /// Whether the client's secret may go over a connection that is not encrypted.
    pub allow_http: bool,
}

/// Tells the endpoint's origin, the client and the scopes.
impl fmt::Debug for OAuth2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth2")
            .field("origin", &self.token_url.parse::<Origin>().ok())
            .field("refresh_token", &self.refresh_token)
            .finish_non_exhaustive()
    }
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

impl OAuth2 {
    /// Makes the grant of client credentials, with the defaults for the rest, which are fields to be set.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::Hook;
    /// use http_hook::auth::OAuth2;
    ///
    /// let mut reader = OAuth2::client_credentials("https://id.example.com/token", "reader", "secret");
    /// reader.scope = Some("orders:read".to_owned());
    /// let hook = Hook::builder_to("https://api.example.com").auth(reader).build()?; // for `from_hook`
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn client_credentials(
        token_url: impl Into<String>,
        id: impl Into<String>,
        secret: impl Into<Secret>,
    ) -> Self {
        Self {
            token_url: token_url.into(),
            refresh_token: None,
            client_id: id.into(),
            client_secret: Some(secret.into()),
            secret_in_form: false,
            scope: None,
            fields: Vec::new(),
            skew: Duration::from_secs(30),
            verify: None,
            require_token_type: false,
            allow_http: false,
        }
    }

    /// Makes the grant of a refresh token, for a public client unless `client_secret` is set.
    pub fn refresh(
        token_url: impl Into<String>,
        id: impl Into<String>,
        token: impl Into<Secret>,
    ) -> Self {
        let mut own = Self::client_credentials(token_url, id, "");
        own.client_secret = None;
        own.refresh_token = Some(token.into());
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
        match &self.refresh_token {
            None => {
                form.append_pair("grant_type", "client_credentials");
            }
            Some(first) => {
                let token = last.and_then(Token::refresh).unwrap_or(first);
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
        match (&self.client_secret, self.secret_in_form) {
            (Some(secret), false) => {
                let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let secret = Secret::new(encode(secret.expose()));
                headers.insert(AUTHORIZATION, basic(&encode(&self.client_id), &secret)?);
            }
            (Some(secret), true) => {
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
            return Err(wrong(
                "it is http, and would send the client's secret unencrypted; write https, or set `allow_http`",
            ));
        }
        let path = PathAndQuery::try_from(requote(split.rest, ""));
        Ok((split.origin, path.map_err(|_| wrong("it does not make a URL"))?))
    }
}
