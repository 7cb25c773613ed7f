//! Pages and polls through the blocking face.

use bytes::Bytes;
use http::Response;
use serde::de::DeserializeOwned;

use super::{Body, Clock, HttpHook, Transport, drive_from};
use crate::pages::{ItemIter, PageIter};
use crate::poll::{Poll, Polling, Turn};
use crate::request::RequestPlan;
use crate::response::Failure;

impl<T: Transport, C: Clock> Iterator for PageIter<'_, HttpHook<T, C>, Body> {
    type Item = Result<Response<Bytes>, Failure>;

    /// Reads the next page; `None` if there is none.
    fn next(&mut self) -> Option<Self::Item> {
        if self.pages.is_over() {
            return None;
        }
        let face = self.on.face();
        let result = match self.pages.take_run() {
            Ok(run) => {
                let page = drive_from(face.clock.now(), run, &*face.transport, &*face.clock);
                self.pages.took(page, face.clock.now())
            }
            Err(failure) => Err(failure),
        };
        Some(result)
    }
}

impl<T: Transport, C: Clock, I: DeserializeOwned> Iterator
    for ItemIter<'_, HttpHook<T, C>, Body, I>
{
    type Item = Result<I, Failure>;

    /// Returns the next item, reading the next page if it has to be; `None` if there is none.
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.at_hand() {
                return Some(item);
            }
            match self.pages.next()? {
                Ok(page) => {
                    if let Err(failure) = self.page(&page) {
                        return Some(Err(failure));
                    }
                }
                Err(failure) => return Some(Err(failure)),
            }
        }
    }
}

impl<T: Transport, C: Clock> HttpHook<T, C> {
    /// Asks until what is polled for has come.
    ///
    /// # Errors
    ///
    /// A [`Failure`]: of a call, or of a poll that ended unsatisfied. Its [reason](Failure::reason) is
    /// [`Check`](crate::StopReason::Check) where [`fail_if`](Polling::fail_if) holds, its [response](Failure::response) being the one
    /// for which it does, and [`Deadline`](crate::StopReason::Deadline) where the time is over.
    pub fn poll(
        &self,
        plan: impl Into<RequestPlan>,
        polling: Polling,
    ) -> Result<Response<Bytes>, Failure> {
        self.run_poll(self.begin_poll(plan, polling))
    }

    /// Goes on with a poll that was begun, or [stored](Poll::store).
    ///
    /// # Errors
    ///
    /// As [`poll`](Self::poll).
    pub fn run_poll(&self, mut poll: Poll<'_, Body>) -> Result<Response<Bytes>, Failure> {
        let face = self.face();
        let (transport, clock) = (&*face.transport, &*face.clock);
        poll.check(&face.hook)?;
        loop {
            match poll.turn(clock.now()) {
                Turn::Run(run) => {
                    let result = drive_from(clock.now(), run, transport, clock);
                    if let Some(result) = poll.took(result, clock.now()) {
                        return result;
                    }
                }
                Turn::Sleep(wait) => clock.sleep(wait),
                Turn::Done(result) => return result,
            }
        }
    }
}
