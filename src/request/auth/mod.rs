pub(crate) mod basic;
