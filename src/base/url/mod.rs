//! The grammar of URLs: origins, targets, forms.

mod class;
pub mod form;
pub(crate) mod host;
pub(crate) mod joint;
pub(crate) mod origin;
pub(crate) mod requote;
