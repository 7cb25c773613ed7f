//! A scheme made ready for a hook: what all its calls share.

use std::fmt;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};

use crate::auth::places::Places;
use crate::auth::scheme::{AuthScheme, Credentials};
use crate::auth::token_slot::{TokenCache, TokenKey};
use crate::auth::tokens::Tokens;
use crate::base::{Error, Origin, Secret, TransportError};
use crate::options::Verify;
use crate::options::in_force::InForce;

/// A scheme made ready, with what its calls share.
pub(crate) struct Auth {
    pub(super) scheme: AuthScheme,
    /// What the scheme shows without being asked.
    pub(super) proof: Credentials,
    pub(super) tokens: Option<Box<Tokens>>,
    /// Of a plan's: itself for each hook that it is used through.
    places: Places<Self>,
}

/// Where the tokens of a scheme outlive the hook, and what they belong to.
pub(crate) struct Kept<'a> {
    pub(crate) cache: Arc<dyn TokenCache>,
    pub(crate) id: &'a str,
    pub(crate) origin: &'a Origin,
    pub(crate) in_force: &'a InForce,
}

impl Auth {
    /// Makes a scheme ready. `kept` is where its tokens outlive the hook.
    ///
    /// # Errors
    ///
    /// What keeps it from being used.
    pub(crate) fn new(scheme: AuthScheme, kept: Option<Kept<'_>>) -> Result<Self, Error> {
        let tokens = match &scheme {
            AuthScheme::OAuth2(own) => {
                own.request(None)?;
                let (origin, path) = own.endpoint()?;
                let url = origin.join(path)?;
                let cache = kept.and_then(|kept| {
                    let verify = own.verify.as_ref();
                    let verify = verify.unwrap_or_else(|| kept.in_force.verify_at(&origin));
                    let key = TokenKey::of(kept.id, kept.origin, &url, verify, own)?;
                    Some((kept.cache, key))
                });
                Some(Box::new(Tokens::new(origin, url, cache)))
            }
            #[cfg(not(feature = "digest"))]
            AuthScheme::Digest { .. } => {
                let message = "auth: digest needs the feature `digest` of http-hook";
                return Err(Error::new(crate::base::ErrorKind::Auth, message));
            }
            _ => None,
        };
        let proof = scheme.credentials()?;
        Ok(Self { scheme, proof, tokens, places: Places::none() })
    }

    /// A plan's scheme for the calls through a hook of this origin, of which `in_force` holds.
    pub(crate) fn placed(self: Arc<Self>, origin: &Origin, in_force: &InForce) -> Arc<Self> {
        let (AuthScheme::OAuth2(own), Some(tokens)) = (&self.scheme, &self.tokens) else {
            return self;
        };
        let verify = own.verify.as_ref().unwrap_or_else(|| in_force.verify_at(&tokens.endpoint));
        self.places.take(origin, verify, || Self {
            scheme: self.scheme.clone(),
            proof: Credentials::Nothing,
            tokens: Some(Box::new(tokens.elsewhere())),
            places: Places::none(),
        })
    }

    /// The header that is always the same.
    pub(crate) fn shown(&self) -> Option<(&HeaderName, &HeaderValue)> {
        match &self.proof {
            Credentials::Header(name, value) => Some((name, value)),
            Credentials::Nothing | Credentials::Headers(_) | Credentials::Query(..) => None,
        }
    }

    /// How the certificate of the token endpoint is verified, where the scheme says it.
    pub(crate) fn verify(&self) -> Option<&Verify> {
        match &self.scheme {
            AuthScheme::OAuth2(own) => own.verify.as_ref(),
            _ => None,
        }
    }

    /// How the scheme was told.
    pub(crate) const fn scheme(&self) -> &AuthScheme {
        &self.scheme
    }

    /// An error of the way to the token endpoint, with the endpoint: nothing else of a failed call would name it.
    #[cold]
    pub(crate) fn unreached(&self, lost: TransportError) -> TransportError {
        let Some(tokens) = &self.tokens else { return lost };
        let message = format!("no token could be had at {}: {lost}", tokens.shown());
        lost.with_message(message)
    }

    /// The tokens that are known, which the scheme does not tell.
    pub(crate) fn tokens_at_hand(&self) -> Vec<Secret> {
        self.tokens.as_ref().map(|tokens| tokens.at_hand()).unwrap_or_default()
    }

    /// The pair that the scheme adds to the query.
    pub(crate) fn pair(&self) -> Option<(&str, &Secret)> {
        match &self.proof {
            Credentials::Query(name, value) => Some((name, value)),
            Credentials::Nothing | Credentials::Header(..) | Credentials::Headers(_) => None,
        }
    }
}

/// What is done beside showing a header that is always the same.
pub(crate) static NOTHING: Auth = Auth {
    scheme: AuthScheme::None,
    proof: Credentials::Nothing,
    tokens: None,
    places: Places::none(),
};

/// Names nothing: every part may be secret.
impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Auth")
    }
}
