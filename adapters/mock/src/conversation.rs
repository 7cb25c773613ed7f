//! What a server does until a call is over.

use std::{fmt, vec};

use crate::{MockTransport, Reply};

/// What a sound server does until a call is over: some turns of trouble (too busy, a redirect within the API, a challenge, a
/// connection that breaks, silence), then one response to all that is still asked.
///
/// It never runs out of replies. Made by the strategy `any_conversation` of the feature `proptest`, or by a fuzzer, with the
/// feature `arbitrary`. It plays as a [`MockTransport`], or becomes one that is kept.
#[derive(Clone)]
pub struct Conversation(pub(crate) Vec<Reply>);

impl IntoIterator for Conversation {
    type Item = Reply;
    type IntoIter = vec::IntoIter<Reply>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Conversation> for MockTransport {
    fn from(conversation: Conversation) -> Self {
        Self::new(conversation)
    }
}

/// As its replies.
impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
