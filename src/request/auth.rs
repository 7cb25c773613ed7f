//! How a call proves who is calling, where it says so itself.

use std::sync::Arc;

use http::header::AUTHORIZATION;

use super::record::Proof;
use super::text::CallText;
use crate::auth::AuthScheme;
use crate::auth::basic::write_basic;
use crate::auth::ready::Auth;
use crate::base::Error;

/// The scheme of a call.
#[derive(Clone)]
pub(crate) enum OwnAuth {
    /// One that always shows the same header, which is among the texts of the call.
    Proof(Proof),
    /// Any other.
    Scheme(Arc<Auth>),
}

impl OwnAuth {
    /// Makes a scheme ready.
    ///
    /// # Errors
    ///
    /// What keeps it from being used.
    pub(super) fn new(scheme: AuthScheme, text: &mut CallText) -> Result<Self, Error> {
        if let AuthScheme::Basic { login, password } = &scheme {
            return Self::basic(login, password.expose(), text);
        }
        let auth = Auth::new(scheme.quiet(), None)?;
        let Some((name, value)) = auth.shown() else { return Ok(Self::Scheme(Arc::new(auth))) };
        let write = |text: &mut Vec<u8>| {
            text.extend_from_slice(value.as_bytes());
            Ok(())
        };
        let name = if *name == AUTHORIZATION { "" } else { name.as_str() };
        text.proof(name, write).map(Self::Proof)
    }

    pub(super) fn basic(login: &str, password: &str, text: &mut CallText) -> Result<Self, Error> {
        let write = |text: &mut Vec<u8>| write_basic(text, login, password);
        text.proof("", write).map(Self::Proof)
    }
}
