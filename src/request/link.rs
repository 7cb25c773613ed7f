//! Where an earlier response leads.

use http::uri::PathAndQuery;

use crate::base::Origin;

/// Where a response said that the next request goes, in the place of endpoint and parameters.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) origin: Origin,
    pub(crate) target: PathAndQuery,
    /// Whether the response that said so came over https.
    pub(crate) secure: bool,
}
