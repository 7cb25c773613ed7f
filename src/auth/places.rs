//! A scheme that a plan brings: its calls may go through several hooks, and a token is for those alone that would have asked for it
//! in the same way.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::Origin;
use crate::options::Verify;

/// For how many places a scheme is kept; the oldest makes room.
const MOST: usize = 16;

/// What a scheme is in each place: for the origin that is shown its token, and by how the endpoint is verified.
pub(super) struct Places<T>(Mutex<VecDeque<(Origin, Verify, Arc<T>)>>);

impl<T> Places<T> {
    pub(super) const fn none() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    pub(super) fn take(&self, at: &Origin, by: &Verify, make: impl FnOnce() -> T) -> Arc<T> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.iter().find(|(origin, verify, _)| origin == at && verify == by);
        if let Some((.., known)) = known {
            return Arc::clone(known);
        }
        if all.len() >= MOST {
            all.pop_front();
        }
        let new = Arc::new(make());
        all.push_back((at.clone(), by.clone(), Arc::clone(&new)));
        new
    }
}
