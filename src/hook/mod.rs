//! A connection made ready once: everything that is the same for all its calls.

mod base_url;
mod builder;
mod defaults;
mod digits;
mod error;
mod given;
mod headers;
mod known;
pub(crate) mod layers;
pub(crate) mod made;
mod make;
mod shown;
#[cfg(test)]
mod tests;

pub use builder::HookBuilder;
pub use defaults::Defaults;
pub use error::HookError;
pub use layers::Layer;

pub(crate) use made::Hook;
