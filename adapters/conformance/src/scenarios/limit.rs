//! What a client cannot take, or tells otherwise, and is spared: as data, with the reason.

/// Something in an answer that not every client takes as the others do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Oddity {
    /// A status that is in no list: 299, 499, 520, 599. In its place comes the first of its class.
    UnlistedStatus,
    /// An interim answer before the answer. In its place comes nothing.
    Interim,
    /// A body that ends with the connection. In its place comes one that has a length.
    CloseDelimited,
    /// What is no HTTP, and so no right answer either. In its place the connection is closed.
    Garbage,
}

/// An oddity that a client cannot take, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What its scenarios go without.
    pub oddity: Oddity,
    /// What the client does instead, and why that cannot be mended.
    pub reason: &'static str,
}

/// The oddities that are spared a client with these limits, save one.
pub(super) fn spared(limits: &[Limit], but: Option<Oddity>) -> Vec<Oddity> {
    limits.iter().map(|limit| limit.oddity).filter(|own| Some(*own) != but).collect()
}
