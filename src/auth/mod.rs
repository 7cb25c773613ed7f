//! Who sends the request: schemes, and the small machines behind them.
//!
//! ```text
//! Basic, Bearer, ApiKey  ──proof──▶ Credentials, with each request
//! Digest                 ──401, Challenge──▶ DigestSession ──answer──▶ header
//! OAuth2                 ──TokenSlot: one flight for all──▶ Token ──▶ header
//! Netrc                  ──find(host)──▶ as Basic
//! ```
//!
//! Each is bound to the origin it belongs to.

pub(crate) mod basic;
mod challenge;
#[cfg(feature = "digest")]
mod digest;
pub(crate) mod flow;
mod netrc;
mod oauth2;
mod places;
mod put;
pub(crate) mod ready;
mod scheme;
mod stored;
#[cfg(test)]
mod tests;
pub(crate) mod token;
mod token_slot;
pub(crate) mod tokens;

pub use challenge::Challenge;
pub(crate) use netrc::Netrc;
pub use oauth2::OAuth2;
pub use scheme::{AuthScheme, Authenticate, Credentials};
pub use token::Token;
pub use token_slot::TokenCache;
