//! The authentication of a call, step by step: what comes before its request, what goes on it, what answers a 401.
//!
//! ```text
//! ahead ──▶ Go | Wait (another call fetches the token) | Fetch(token request) ──fetched──▶ ahead
//! prove ──▶ the request with its proof
//! answer ─▶ whether a 401 can be answered by sending again
//! ```

use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use http::{Method, Request, StatusCode};

use crate::auth::challenge::Challenge;
#[cfg(feature = "digest")]
use crate::auth::digest::DigestSession;
use crate::auth::oauth2::OAuth2;
use crate::auth::put;
use crate::auth::ready::Auth;
use crate::auth::scheme::{AuthScheme, Credentials, asked, authorized};
use crate::auth::token::Token;
use crate::auth::token_slot::TokenStep;
use crate::auth::tokens::{Flight, Tokens};
use crate::base::{Error, Timestamp};
use crate::body::Payload;

/// After this time a call that waits for another's token looks again.
const POLL: Duration = Duration::from_millis(100);

/// What comes before the planned request.
pub(crate) enum Ahead {
    /// Nothing: send it.
    Go,
    /// Another call is fetching the token.
    Wait(Duration),
    /// A token has to be fetched.
    Fetch(Box<Request<Payload>>, Flight),
}

/// What one call has found out; never stored. Nothing is allocated for a scheme that always shows the same.
#[derive(Default)]
pub(crate) struct AuthFlow(Option<Box<Known>>);

#[derive(Default)]
struct Known {
    token: Option<Token>,
    /// Whether this attempt has fetched it: then it is used, whatever its life.
    fetched: bool,
    /// What answers the last challenge of a scheme of the caller's own.
    proof: Option<Credentials>,
    #[cfg(feature = "digest")]
    session: Option<DigestSession>,
    answers: u8,
}

/// The most challenges that one attempt answers: a first one, and one that says the nonce was stale.
const MAX_ANSWERS: u8 = 2;

impl AuthFlow {
    /// Begins an attempt: it may answer challenges again, and keeps what was learnt.
    pub(crate) fn begin(&mut self) {
        if let Some(known) = &mut self.0 {
            known.answers = 0;
            known.fetched = false;
            known.proof = None;
        }
    }

    /// Tells what comes before the planned request. `lease` is the longest time that a token request may take.
    pub(crate) fn ahead(
        &mut self,
        auth: &Auth,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Ahead, Error> {
        match (&auth.scheme, &auth.tokens) {
            (AuthScheme::OAuth2(own), Some(tokens)) => self.with_token(own, tokens, lease, now),
            _ => Ok(Ahead::Go),
        }
    }

    /// The same for a scheme with tokens, apart from what all calls do.
    #[inline(never)]
    fn with_token(
        &mut self,
        own: &OAuth2,
        tokens: &Tokens,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Ahead, Error> {
        let known = self.0.get_or_insert_default();
        let is_good = |token: &Token| known.fetched || token.is_fresh(Duration::ZERO, now);
        if known.token.as_ref().is_some_and(is_good) {
            return Ok(Ahead::Go);
        }
        match tokens.next(own.skew, lease, POLL, now)? {
            TokenStep::Use(token) => {
                known.token = Some(token);
                Ok(Ahead::Go)
            }
            TokenStep::Wait(wait) => Ok(Ahead::Wait(wait)),
            TokenStep::Fetch { flight, last } => {
                let flight = tokens.flight(flight, last);
                let asked = own.request(flight.last.as_ref())?;
                let mut request = Request::new(Payload::Bytes(asked.body));
                *request.method_mut() = Method::POST;
                *request.uri_mut() = tokens.url.clone();
                *request.headers_mut() = asked.headers;
                Ok(Ahead::Fetch(Box::new(request), flight))
            }
        }
    }

    /// Takes the response of the token endpoint.
    ///
    /// # Errors
    ///
    /// Why there is no token, and which endpoint gave none.
    pub(crate) fn fetched(
        &mut self,
        auth: &Auth,
        flight: &Flight,
        status: StatusCode,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), Error> {
        let (AuthScheme::OAuth2(own), Some(tokens)) = (&auth.scheme, &auth.tokens) else {
            return Ok(());
        };
        let typed = own.require_token_type;
        let token = Token::read_typed(status, body, flight.last.as_ref(), typed, now)
            .map_err(|error| tokens.at_endpoint(&error))?;
        tokens.keep(flight, &token)?;
        let known = self.0.get_or_insert_default();
        known.token = Some(token);
        known.fetched = true;
        Ok(())
    }

    /// Puts the proof on a request for the origin that the scheme is bound to, and tells whether it is a header that was not there.
    pub(crate) fn prove(
        &mut self,
        auth: &Auth,
        request: &mut Request<Payload>,
        seed: u64,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let known = &mut self.0;
        let proof = match &auth.scheme {
            AuthScheme::OAuth2(_) => match known.as_ref().and_then(|known| known.token.as_ref()) {
                Some(token) => Credentials::Header(AUTHORIZATION, token.header()?),
                None => Credentials::Nothing,
            },
            #[cfg(feature = "digest")]
            AuthScheme::Digest { login, password } => match session(known) {
                Some(session) => {
                    let target =
                        request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
                    let body = in_memory(request.body());
                    let value = session.answer(login, password, request.method(), target, body)?;
                    Credentials::Header(AUTHORIZATION, value)
                }
                None => Credentials::Nothing,
            },
            AuthScheme::Custom(own) => match known.as_mut().and_then(|known| known.proof.take()) {
                Some(proof) => proof,
                None => authorized(&**own, request, seed, now)?,
            },
            // A header that never changes is in the headers from the beginning: see `shown`.
            _ => match &auth.proof {
                Credentials::Header(..) => return Ok(false),
                other => other.clone(),
            },
        };
        match proof {
            Credentials::Nothing => Ok(false),
            Credentials::Header(name, value) => {
                put::header(request.headers_mut(), name, &value)?;
                Ok(true)
            }
            Credentials::Headers(all) => {
                for (name, value) in all {
                    put::header(request.headers_mut(), name, &value)?;
                }
                Ok(true)
            }
            Credentials::Query(name, value) => {
                let uri = put::query(request.uri(), &name, value.expose())?;
                *request.uri_mut() = uri;
                Ok(false)
            }
        }
    }

    /// Whether a 401 can be answered by sending the request again, at most twice an attempt. Only a scheme of the caller's own
    /// asks for what was `sent`.
    ///
    /// # Errors
    ///
    /// What keeps a scheme of the caller's own from answering.
    pub(crate) fn answer(
        &mut self,
        auth: &Auth,
        sent: impl FnOnce() -> Result<Request<Payload>, Error>,
        headers: &HeaderMap,
        seed: u64,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let known = self.0.get_or_insert_default();
        if known.answers >= MAX_ANSWERS {
            return Ok(false);
        }
        let first = known.answers == 0;
        known.answers = known.answers.saturating_add(1);
        match &auth.scheme {
            AuthScheme::OAuth2(_) if first => {
                let Some(token) = known.token.take() else { return Ok(false) };
                if let Some(tokens) = &auth.tokens {
                    tokens.refuse(&token);
                }
                Ok(true)
            }
            #[cfg(feature = "digest")]
            AuthScheme::Digest { .. } => {
                let challenges = challenges(headers);
                if known.session.as_mut().is_some_and(|session| session.renew(&challenges)) {
                    return Ok(true);
                }
                // A session of an earlier attempt may begin anew; one of this attempt was refused.
                if first {
                    known.session = DigestSession::start(&challenges, seed);
                }
                Ok(first && known.session.is_some())
            }
            AuthScheme::Custom(own) if first => {
                let (sent, challenges) = (sent()?, challenges(headers));
                known.proof = asked(|| own.answer(&sent, &challenges, seed, now))?;
                Ok(known.proof.is_some())
            }
            _ => Ok(false),
        }
    }

    /// Takes note that a token was refused with a request that cannot be sent again: the next call fetches another one, unless this
    /// one was fetched just before.
    pub(crate) fn refused(&mut self, auth: &Auth) {
        let Some(known) = self.0.as_mut().filter(|known| !known.fetched) else { return };
        if let (Some(tokens), Some(token)) = (&auth.tokens, known.token.take()) {
            tokens.refuse(&token);
        }
    }

    /// Whether there is anything to learn for.
    #[cfg(feature = "digest")]
    #[inline]
    pub(crate) fn learns(&self) -> bool {
        self.0.as_ref().is_some_and(|known| known.session.is_some())
    }

    /// Learns from a response that passes what makes the next proof cheaper.
    #[cfg(feature = "digest")]
    pub(crate) fn learn(&mut self, headers: &HeaderMap) {
        if let (Some(session), Some(info)) =
            (session(&mut self.0), headers.get("authentication-info"))
        {
            session.take_next_nonce(info.as_bytes());
        }
    }

    /// Whether the scheme has anything to say to a 401.
    pub(crate) fn may_answer(&self, auth: &Auth) -> bool {
        self.0.as_ref().is_none_or(|known| known.answers < MAX_ANSWERS)
            && matches!(
                auth.scheme,
                AuthScheme::OAuth2(_) | AuthScheme::Digest { .. } | AuthScheme::Custom(_)
            )
    }
}

#[cfg(feature = "digest")]
fn session(known: &mut Option<Box<Known>>) -> Option<&mut DigestSession> {
    known.as_mut().and_then(|known| known.session.as_mut())
}

/// All challenges of a response; one that cannot be read asks for nothing.
fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let values = headers.get_all(WWW_AUTHENTICATE).iter();
    values.filter_map(|value| Challenge::parse(value.as_bytes()).ok()).flatten().collect()
}

#[cfg(feature = "digest")]
fn in_memory(payload: &Payload) -> Option<&[u8]> {
    match payload {
        Payload::Bytes(bytes) => Some(bytes),
        Payload::External { .. } => None,
    }
}
