//! Several observers as one.

use std::sync::Arc;

use http::Method;

use crate::base::{caught, within};
use crate::hook::Hook;
use crate::observe::{Event, Observer};

/// Tells several observers, in their order.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use http_hook::observe::{Event, Observer};
///
/// let (sends, waits) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
/// let count = |counter: &Arc<AtomicU32>, which: fn(&Event<'_>) -> bool| -> Arc<dyn Observer> {
///     let counter = Arc::clone(counter);
///     Arc::new(move |event: &Event<'_>| {
///         counter.fetch_add(u32::from(which(event)), Ordering::Relaxed);
///     })
/// };
/// let both = vec![
///     count(&sends, |event| matches!(event, Event::Send { .. })),
///     count(&waits, |event| matches!(event, Event::Wait { .. })),
/// ];
/// # let (wait, reason) = (std::time::Duration::ZERO, http_hook::WaitReason::Backoff);
/// both.event(&Event::Wait { wait, reason, again: None, asked: None });
/// assert_eq!((sends.load(Ordering::Relaxed), waits.load(Ordering::Relaxed)), (0, 1));
/// ```
impl Observer for Vec<Arc<dyn Observer>> {
    fn event(&self, event: &Event<'_>) {
        for observer in self {
            // One that panics keeps no other from being told.
            let _ = caught(|| observer.event(event));
        }
    }

    /// Those that want one for each call get it; the others go on for all calls.
    fn for_call(&self, hook: &Hook, method: Option<&Method>) -> Option<Box<dyn Observer>> {
        let own =
            |observer: &Arc<dyn Observer>| caught(|| observer.for_call(hook, method)).flatten();
        let own = self.iter().map(own);
        let own: Vec<_> = own.collect();
        if own.iter().all(Option::is_none) {
            return None;
        }
        let of_call = own.into_iter().zip(self);
        let of_call = of_call.map(|(own, all)| own.map_or_else(|| Arc::clone(all), Arc::from));
        Some(Box::new(of_call.collect::<Self>()))
    }

    /// The first is outermost.
    fn within(&self, work: &mut dyn FnMut()) {
        nested(self, work);
    }
}

fn nested(observers: &[Arc<dyn Observer>], work: &mut dyn FnMut()) {
    match observers.split_first() {
        None => work(),
        Some((first, rest)) => {
            let _ = within(|inner| first.within(inner), || nested(rest, work));
        }
    }
}
