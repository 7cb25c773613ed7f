//! From words and options to a plan, and to where its body is from.

mod body;
mod curl;
pub(crate) mod item;
mod plan;
mod words;

pub(crate) use body::Source;
pub(crate) use curl::quoted;
pub(crate) use plan::{Planned, limited, of_client, of_limits, proxies, read_policy, scheme};
pub(crate) use words::{Words, method_of};
