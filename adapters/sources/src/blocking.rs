//! The blocking face: the same names, for programs without a runtime.

use std::sync::Arc;
use std::time::Duration;

use http_hook::Connection;
#[cfg(feature = "backend")]
use http_hook::Hook;
#[cfg(feature = "backend")]
use http_hook::blocking::{Clock, HttpHook, Transport};
use http_hook::hook::HookBuilder;
use pollster::block_on;

use crate::chain::{Answer, Known, Origin};
use crate::error::SourceError;
use crate::process::Process;
use crate::source::Found;

pub use crate::source::BlockingSource as Source;

/// Sources in an order: the first that has a connection gives it. The blocking twin of [`Sources`](crate::Sources), which says more.
///
/// # Examples
///
/// ```
/// use http_hook_sources::{Env, blocking::Sources};
///
/// let sources = Sources::new().with(Env::of([("AIRFLOW_CONN_SALES", "http://api.example.test/https")]));
/// let hook = sources.hook("sales")?.build()?;
/// assert_eq!(hook.base_url(), "https://api.example.test");
///
/// let error = sources.hook("orders").unwrap_err();
/// assert_eq!(error.to_string(), "env: connection `orders`: is not defined; the environment has no AIRFLOW_CONN_ORDERS");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sources(crate::chain::Sources);

impl Sources {
    /// Makes a chain without sources.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the chain that the environment asks for: see [`Sources::standard`](crate::Sources::standard).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn standard() -> Result<Self, SourceError> {
        crate::chain::Sources::standard().map(Self)
    }

    /// Makes a chain of a list: see [`Sources::parse`](crate::Sources::parse).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn parse(list: &str) -> Result<Self, SourceError> {
        crate::chain::Sources::parse(list).map(Self)
    }

    /// Makes the chain that the environment asks for, with the word `backend`, too: see
    /// [`Sources::standard_over`](crate::Sources::standard_over).
    ///
    /// # Errors
    ///
    /// As there.
    #[cfg(feature = "backend")]
    pub fn standard_over<T, C>(
        make: impl FnOnce(Hook) -> HttpHook<T, C>,
    ) -> Result<Self, SourceError>
    where
        T: Transport + 'static,
        C: Clock + 'static,
    {
        crate::chain::Sources::standard_by(|list| Ok(Self::parse_over(list, make)?.0)).map(Self)
    }

    /// Makes a chain of a list, with the word `backend`, too: see [`Sources::parse_over`](crate::Sources::parse_over).
    ///
    /// # Errors
    ///
    /// As there.
    #[cfg(feature = "backend")]
    pub fn parse_over<T, C>(
        list: &str,
        make: impl FnOnce(Hook) -> HttpHook<T, C>,
    ) -> Result<Self, SourceError>
    where
        T: Transport + 'static,
        C: Clock + 'static,
    {
        let mut make = Some(make);
        let backend = || crate::backend::of_airflow_over(make.take());
        crate::chain::Sources::parse_by(list, backend).map(Self)
    }

    /// Adds a source behind the others.
    #[must_use]
    pub fn with(self, source: impl Source + 'static) -> Self {
        Self(self.0.with(source))
    }

    /// Asks the next source where one fails.
    #[must_use]
    pub fn going_on(self) -> Self {
        Self(self.0.going_on())
    }

    /// Keeps what was found for a time, and as long that nothing was.
    #[must_use]
    pub fn kept_for(self, time: Duration) -> Self {
        Self(self.0.kept_for(time))
    }

    /// Gives every [`hook`](Self::hook) what the process has for all of them.
    #[must_use]
    pub fn with_process(self, process: Process) -> Self {
        Self(self.0.with_process(process))
    }

    /// Forgets what is kept.
    pub fn forget(&self) {
        self.0.forget();
    }

    /// Looks a connection up. `None`: no source has it.
    ///
    /// # Errors
    ///
    /// As [`Sources::find`](crate::Sources::find).
    pub fn find(&self, id: &str) -> Result<Option<Arc<Found>>, SourceError> {
        match self.0.kept(id) {
            Some(kept) => Ok(kept.into_found()),
            None => block_on(self.0.find(id)),
        }
    }

    /// Looks up a connection that has to be there.
    ///
    /// # Errors
    ///
    /// As [`Sources::get`](crate::Sources::get).
    pub fn get(&self, id: &str) -> Result<Arc<Found>, SourceError> {
        match self.0.kept(id) {
            Some(Answer::Found(found)) => Ok(found),
            _ => block_on(self.0.get(id)),
        }
    }

    /// Begins the hook of a connection.
    ///
    /// # Errors
    ///
    /// As [`Sources::hook`](crate::Sources::hook).
    pub fn hook(&self, id: &str) -> Result<HookBuilder, SourceError> {
        self.0.dressed(&*self.get(id)?)
    }

    /// Tells what every source says of an id.
    ///
    /// # Errors
    ///
    /// As [`Sources::origin`](crate::Sources::origin).
    pub fn origin(&self, id: &str) -> Result<Origin, SourceError> {
        block_on(self.0.origin(id))
    }

    /// Lists all ids that the sources can tell, in the order of the alphabet.
    ///
    /// # Errors
    ///
    /// As [`Sources::list`](crate::Sources::list).
    pub fn list(&self) -> Result<Vec<Known>, SourceError> {
        block_on(self.0.list())
    }

    /// Names the sources, in their order.
    #[must_use]
    pub fn names(&self) -> String {
        self.0.names()
    }

    /// Takes the chain apart: see [`Sources::each`](crate::Sources::each).
    pub fn each(&self) -> impl Iterator<Item = Self> {
        self.0.each().map(Self)
    }

    /// Tells whether connections can be stored in one of the sources.
    #[must_use]
    pub fn is_store(&self) -> bool {
        self.0.is_store()
    }

    /// Stores connections: see [`Sources::put`](crate::Sources::put).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn put(&self, connections: &[(&str, &Connection)]) -> Result<(), SourceError> {
        block_on(self.0.put(connections))
    }

    /// Takes a connection out: see [`Sources::remove`](crate::Sources::remove).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn remove(&self, id: &str) -> Result<bool, SourceError> {
        block_on(self.0.remove(id))
    }

    /// Encrypts anew what is encrypted: see [`Sources::rotate`](crate::Sources::rotate).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn rotate(&self) -> Result<Option<usize>, SourceError> {
        block_on(self.0.rotate())
    }
}
