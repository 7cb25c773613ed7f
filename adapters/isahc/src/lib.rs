//! isahc.
