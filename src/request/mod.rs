//! What is sent: one call in the caller's words.

pub(crate) mod auth;
pub(crate) mod checks;
mod content;
pub(crate) mod data;
pub(crate) mod link;
pub(crate) mod plan;
mod query;
pub(crate) mod record;
pub(crate) mod resend;
pub(crate) mod shared;
pub(crate) mod take;
#[cfg(test)]
mod tests;
pub(crate) mod text;
pub(crate) mod turned;
pub(crate) mod woven;

pub use crate::base::json::to_python_json;
pub use crate::base::url::form;
pub use checks::Filter;
pub use data::Data;

pub(crate) use plan::RequestPlan;
