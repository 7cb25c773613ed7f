//! The backend of an installation of Airflow, over a client: whichever it is, asked as a source.

use crate::aws::Aws;
use crate::error::SourceError;
use crate::remote::{Caller, remote};
use crate::source::{Found, Listed, Store};
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
            None => Ok(Vec::new()),
            Some(Asked::Vault(vault)) => vault.list().await,
            Some(Asked::Aws(aws)) => aws.list().await,
        }
    }

    fn as_store(&self) -> Option<&dyn Store> {
        match &self.0 {
            None => None,
            Some(Asked::Vault(vault)) => Some(vault.as_store()),
            Some(Asked::Aws(aws)) => Some(aws.as_store()),
        }
    }
}

remote!(Over);
