//! Which reply is for which request, and what was asked for that nobody scripted.

use std::time::Duration;

use http_hook::{Sent, TransportError, TransportErrorKind};

use crate::reply::{Outcome, Reply};
use crate::{Received, Unmet};

pub(crate) struct Script {
    replies: Vec<Reply>,
    order: Order,
    pub(crate) log: Vec<Received>,
    unexpected: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The first reply that is left is for the next request, whatever that is.
    Strict,
    /// The first reply that is left and fits.
    Matching,
}

impl Script {
    pub(crate) fn new(replies: Vec<Reply>, order: Order) -> Self {
        Self { replies, order, log: Vec::new(), unexpected: Vec::new() }
    }

    /// Takes the reply for a request, with the time it takes.
    pub(crate) fn take(
        &mut self,
        received: Received,
    ) -> Result<(Outcome, Duration), TransportError> {
        let order = self.order;
        let next = self
            .replies
            .iter_mut()
            .find(|reply| reply.left > 0 && (order == Order::Strict || reply.fits(&received)));
        let taken = match next {
            Some(reply) if reply.fits(&received) => Ok((reply.spend(), reply.after)),
            Some(reply) => Err(format!("{received:?}, where the script has {reply:?}")),
            None => Err(format!("{received:?}, where the script has nothing left for it")),
        };
        self.log.push(received);
        taken.map_err(|message| {
            self.unexpected.push(message.clone());
            TransportError::new(TransportErrorKind::Bug, Sent::No)
                .with_source(format!("unexpected request: {message}"))
        })
    }

    pub(crate) fn verify(&self) -> Result<(), Unmet> {
        let left = self.replies.iter().filter(|reply| reply.is_owed());
        let left = left.map(|reply| format!("{reply:?}")).collect();
        Unmet::check(self.unexpected.clone(), left)
    }
}
