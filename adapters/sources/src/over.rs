//! The backend of an installation of Airflow, over a client: whichever it is, asked as a source.

use async_trait::async_trait;
use http_hook::transport::{Clock, Transport};
use http_hook::{HttpHook, blocking};
use pollster::block_on;

use crate::aws::Aws;
use crate::error::SourceError;
use crate::remote::Caller;
use crate::source::{BlockingSource, Found, Listed, Source};
use crate::vault::Vault;

/// What names it where nothing of it is asked.
pub(crate) const PLACE: &str = "backend";

/// A [`Backend`](crate::Backend) over a client: a source. One whose installation keeps no connections in it has none.
#[derive(Debug)]
pub struct Over<H>(pub(crate) Option<Asked<H>>);

#[derive(Debug)]
pub(crate) enum Asked<H> {
    Vault(Vault<H>),
    Aws(Aws<H>),
}

#[expect(private_bounds, reason = "either face of the hook, and nothing else")]
impl<H: Caller> Over<H> {
    fn label(&self) -> String {
        match &self.0 {
            None => PLACE.to_owned(),
            Some(Asked::Vault(vault)) => vault.label(),
            Some(Asked::Aws(aws)) => aws.label(),
        }
    }

    async fn look_up(&self, id: &str) -> Result<Option<Found>, SourceError> {
        match &self.0 {
            None => Ok(None),
            Some(Asked::Vault(vault)) => vault.look_up(id).await,
            Some(Asked::Aws(aws)) => aws.look_up(id).await,
        }
    }

    async fn list(&self) -> Result<Vec<Listed>, SourceError> {
        match &self.0 {
            Some(Asked::Vault(vault)) => vault.list().await,
            // AWS is not asked for what there is.
            None | Some(Asked::Aws(_)) => Ok(Vec::new()),
        }
    }
}

#[async_trait]
impl<T: Transport + 'static, C: Clock + 'static> Source for Over<HttpHook<T, C>> {
    fn name(&self) -> String {
        self.label()
    }

    async fn find(&self, id: &str) -> Result<Option<Found>, SourceError> {
        self.look_up(id).await
    }

    async fn ids(&self) -> Result<Vec<Listed>, SourceError> {
        self.list().await
    }
}

impl<T: blocking::Transport, C: blocking::Clock> BlockingSource for Over<blocking::HttpHook<T, C>> {
    fn name(&self) -> String {
        self.label()
    }

    fn find(&self, id: &str) -> Result<Option<Found>, SourceError> {
        block_on(self.look_up(id))
    }

    fn ids(&self) -> Result<Vec<Listed>, SourceError> {
        block_on(self.list())
    }
}
