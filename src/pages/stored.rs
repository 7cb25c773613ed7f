//! Pages stored between two acts: how they are found, the plan of the first one, the call of the next one, and what was read.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde::{Deserialize, Serialize};

use super::paging::{Paging, Read};
use super::places::written_items;
use super::{KNOWN, Known, Next, Pages};
use crate::base::chance::digest;
use crate::base::json::at_most;
use crate::base::{Error, Timestamp};
use crate::call::Call;
use crate::call::may::{not_storable, stored};
use crate::call::owner::{Owner, Stored};
use crate::drive::Run;
use crate::hook::Hook;

const VERSION: u32 = 2;

const PAGES: Stored =
    Stored { noun: "pages", is_many: true, longest: Call::MAX_STORED, version: VERSION };

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    /// `None` before version 2.
    #[serde(default)]
    owner: Option<Owner>,
    paging: Paging,
    /// Of the first page, as [`Call::store_plan`] writes it.
    plan: String,
    deadline: Option<Duration>,
    /// Of the next page, as [`Call::store`] writes it; empty if there is none, but items are left.
    call: String,
    /// Sixteen hexadecimal digits.
    seed: String,
    read: Read,
    #[serde(deserialize_with = "at_most::<KNOWN, _, _>")]
    known: Vec<String>,
    mark: String,
    /// The items of the page before that were not taken yet: an array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rest: Option<String>,
    digest: String,
}

impl<B: From<Bytes>> Pages<'_, B> {
    /// Writes what is pending, and all that the further pages are made of, as JSON: an attempt as under way, a call as waiting.
    ///
    /// # Errors
    ///
    /// As [`Run::store`]; for a [`Paging::custom`]; and for a cursor that repeats what is the connection's, as of a link.
    pub fn store(&self) -> Result<String, Error> {
        self.store_with(&self.rest)
    }

    /// The same with items of the page before.
    pub(super) fn store_with(&self, rest: &[Bytes]) -> Result<String, Error> {
        let call = match &self.next {
            Next::Page(run) => run.store()?,
            Next::Over if !rest.is_empty() => String::new(),
            _ => return Err(not_storable("nothing is pending")),
        };
        let rest = (!rest.is_empty()).then(|| array(rest));
        if rest.as_ref().is_some_and(|rest| self.hook.is_told_by(rest)) {
            return Err(not_storable("an item that repeats what is the connection's"));
        }
        if !self.paging.is_storable() {
            return Err(not_storable("the code that finds the next page"));
        }
        let led = self.paging.cursor_param().filter(|_| self.read.pages > 0);
        let cursor = led.and_then(|param| self.place.as_ref()?.param(param));
        if cursor.is_some_and(|cursor| self.hook.is_told_by(&cursor)) {
            return Err(not_storable("a cursor that repeats what is the connection's"));
        }
        let mut base = self.base.clone();
        let deadline = base.rare().deadline;
        let first = Call::new(&self.hook, base, self.seed, Timestamp::default());
        let form = Form {
            version: VERSION,
            owner: Some(Owner::of(&self.hook)),
            paging: self.paging.clone(),
            plan: first.store_plan(&self.hook)?,
            deadline,
            call,
            seed: format!("{:016x}", self.seed),
            read: self.read,
            known: self.known.last.iter().cloned().collect(),
            mark: self.known.mark.clone(),
            rest,
            digest: String::new(),
        };
        PAGES.written(text_of(&Form { digest: digest(&text_of(&form)?), ..form })?)
    }

    /// Takes stored pages up, at `now`, as [`Call::resume`] takes up a call.
    ///
    /// # Errors
    ///
    /// As [`Call::resume`].
    pub fn resume(hook: &Hook, text: &str, now: Timestamp) -> Result<Self, Error> {
        let mut form: Form = PAGES.read(text, |form: &Form| form.version)?;
        let own = std::mem::take(&mut form.digest);
        if own != digest(&text_of(&form)?) {
            return Err(stored("the stored pages were changed"));
        }
        PAGES.check(form.owner.as_ref(), hook)?;
        form.paging.validate()?;
        let seed =
            u64::from_str_radix(&form.seed, 16).map_err(|_| stored("the seed is not one"))?;
        let mut base = Call::restore_plan(hook, &form.plan)?;
        base.rare().deadline = form.deadline;
        let rest = form.rest.map(|rest| written_items(&Response::new(rest.into()), "")).transpose();
        let rest = rest.map_err(|_| stored("the items that are left are no array"))?;
        let rest = rest.unwrap_or_default();
        let (mut place, mut next) = (None, Next::Over);
        if rest.is_empty() || !form.call.is_empty() {
            let call = Call::resume(hook, &form.call, now)?;
            place = call.place(hook);
            next = Next::Page(Box::new(Run::new(hook, call)));
        }
        Ok(Self {
            hook: hook.clone(),
            paging: form.paging,
            base,
            seed,
            observer: None,
            place,
            last: None,
            next,
            read: form.read,
            known: Known { last: form.known.into(), mark: form.mark },
            rest,
        })
    }
}

/// Writes items as an array, as they are written.
fn array(items: &[Bytes]) -> String {
    let items: Vec<_> = items.iter().map(|item| String::from_utf8_lossy(item)).collect();
    format!("[{}]", items.join(","))
}

fn text_of(form: &Form) -> Result<String, Error> {
    serde_json::to_string(form).map_err(|_| not_storable("the pages"))
}
