//! A target whose parts need no change.

/// What is put around an endpoint to make it a target: nothing of it needs a change.
#[derive(Clone, Copy)]
pub(crate) struct Joint<'a> {
    /// What stands before the endpoint.
    pub(crate) before: [&'a str; 2],
    /// How much of the endpoint there is.
    pub(crate) endpoint: usize,
    /// What stands before the first parameter, if there is one.
    pub(crate) sign: &'static str,
}
