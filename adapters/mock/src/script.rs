//! Which reply is for which request, and what was asked for that nobody scripted.

use std::time::Duration;

use http_hook::{Sent, TransportError, TransportErrorKind};

use crate::reply::{ALWAYS, Outcome, Reply};
use crate::{Received, Unmet};

pub(crate) struct Script {
    replies: Vec<Reply>,
    order: Order,
    pub(crate) log: Vec<Received>,
    unexpected: Vec<String>,
    /// How many replies there were; `None`: one has no end.
    total: Option<u64>,
    used: u64,
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
        let endless = replies.iter().any(|reply| reply.left == ALWAYS);
        let total = replies.iter().map(|reply| u64::from(reply.left)).sum();
        let total = (!endless).then_some(total);
        Self { replies, order, log: Vec::new(), unexpected: Vec::new(), total, used: 0 }
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
        let (taken, next) = match next {
            Some(reply) if reply.fits(&received) => {
                self.used += 1;
                (Ok((reply.spend(), reply.after)), String::new())
            }
            Some(reply) => (
                Err(format!("{received:?}, where the script has {reply:?}")),
                format!(", but {reply:?}"),
            ),
            None => (
                Err(format!("{received:?}, where the script has nothing left for it")),
                String::new(),
            ),
        };
        let says =
            || format!("no reply was scripted for {}{next} ({})", asked(&received), self.counts());
        let taken = taken.map_err(|message| {
            let error = TransportError::new(TransportErrorKind::Bug, Sent::No).with_message(says());
            (error.with_source(format!("unexpected request: {message}")), message)
        });
        self.log.push(received);
        taken.map_err(|(error, message)| {
            self.unexpected.push(message);
            error
        })
    }

    /// How far the script was played.
    fn counts(&self) -> String {
        match self.total {
            Some(total) => format!("{} of {total} used", self.used),
            None => format!("{} used", self.used),
        }
    }

    pub(crate) fn verify(&self) -> Result<(), Unmet> {
        let left = self.replies.iter().filter(|reply| reply.is_owed());
        let left = left.map(|reply| format!("{reply:?}")).collect();
        Unmet::check("script", self.unexpected.clone(), left)
    }
}

/// The request in a few words; what stands in its query may be secret.
fn asked(received: &Received) -> String {
    let query = if received.uri.query().is_some() { "?***" } else { "" };
    format!("{} {}{query}", received.method, received.uri.path())
}
