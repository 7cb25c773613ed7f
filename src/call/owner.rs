//! Whose something stored is, and how the text of it is read.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::may::not_storable;
use crate::base::chance::digest;
use crate::base::json::position;
use crate::base::{Error, ErrorKind};
use crate::hook::Hook;

/// The mark of the hook that something was stored by: its connection, and of its origin and its base what tells neither.
///
/// A call has it in its progress, a machine over calls in its own form, whether or not a call is under way: what it sends next goes
/// to the base of the hook that takes it up.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Owner {
    pub(super) connection: Option<String>,
    /// Five hexadecimal digits made of origin and base: enough to notice a change, too few to guess either.
    pub(super) base: String,
}

impl Owner {
    pub(crate) fn of(hook: &Hook) -> Self {
        let whole = digest(&format!("{}\n{}", hook.origin(), hook.base().rest()));
        let base = whole.get(..5).unwrap_or_default().to_owned();
        Self { connection: hook.id().map(str::to_owned), base }
    }
}

/// One kind of stored text.
pub(crate) struct Stored {
    /// What is stored: `call`.
    pub(crate) noun: &'static str,
    pub(crate) is_many: bool,
    /// The longest text that is read, in bytes.
    pub(crate) longest: usize,
    /// The version that is read.
    pub(crate) version: u32,
}

impl Stored {
    /// Reads a text, and checks how long it is and which version wrote it.
    ///
    /// # Errors
    ///
    /// Kind [`Stored`](ErrorKind::Stored).
    pub(crate) fn read<'a, T: Deserialize<'a>>(
        &self,
        text: &'a str,
        version: impl FnOnce(&T) -> u32,
    ) -> Result<T, Error> {
        if text.len() > self.longest {
            return Err(self.says("is too long"));
        }
        let read = serde_json::from_str(text)
            .map_err(|error| self.says(&format!("cannot be read at {}", position(&error))))?;
        match version(&read).cmp(&self.version) {
            Ordering::Less => Err(self.says("is of an older version, which is not read any more")),
            Ordering::Greater => Err(self.says("is of a newer version than this one")),
            Ordering::Equal => Ok(read),
        }
    }

    /// Checks that it is taken up by the hook of the connection that stored it.
    ///
    /// # Errors
    ///
    /// Kind [`Stored`](ErrorKind::Stored).
    pub(crate) fn check(&self, owner: Option<&Owner>, hook: &Hook) -> Result<(), Error> {
        let own = Owner::of(hook);
        if owner.is_none_or(|owner| owner.connection != own.connection) {
            let belongs = if self.is_many { "belong" } else { "belongs" };
            return Err(self.says(&format!("{belongs} to another connection")));
        }
        if owner.is_none_or(|owner| owner.base != own.base) {
            let was = if self.is_many { "were" } else { "was" };
            let says = format!(
                "the connection has another origin or base than when the {} {was} stored",
                self.noun
            );
            return Err(Error::new(ErrorKind::Stored, says));
        }
        Ok(())
    }

    /// Lets a text be stored that [`read`](Self::read) will take.
    ///
    /// # Errors
    ///
    /// Kind [`NotStorable`](ErrorKind::NotStorable) if it is too long.
    pub(crate) fn written(&self, text: String) -> Result<String, Error> {
        if text.len() <= self.longest {
            return Ok(text);
        }
        let (noun, mebibytes) = (self.noun, self.longest >> 20);
        Err(not_storable(&format!("the {noun}, whose text has more than {mebibytes} MiB")))
    }

    #[cold]
    fn says(&self, what: &str) -> Error {
        let what = match what.strip_prefix("is ") {
            Some(what) if self.is_many => format!("are {what}"),
            _ => what.to_owned(),
        };
        Error::new(ErrorKind::Stored, format!("the stored {} {what}", self.noun))
    }
}
